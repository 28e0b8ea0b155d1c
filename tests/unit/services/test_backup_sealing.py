"""Secrets in backups: sealed where the redactor found them, opened again only with the key, in their place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.errors import UsageError
from getvpn_ops.model.config.secret import placeholder
from getvpn_ops.services.backup.sealing import Sealer, shown, unopened

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(40))
COMMAND = "show running-config"

LINES = {
    "one": (b"crypto isakmp key Wharf-17 address 10.4.0.1", b"Wharf-17"),
    "one with its type": (b"enable secret 9 $9$abc$def", b"$9$abc$def"),
    "with blanks": (b"username kim password 0 two words", b"two words"),
    "words of the line itself": (b" pre-shared-key address 10.4.0.2 key address key x", b"address key x"),
    "no UTF-8": (b"snmp-server community caf\xe9-3 RO", b"caf\xe9-3"),
    "in a URL": (b" path ftp://saver:Pier-9@10.0.0.6/x", b"Pier-9"),
    "two of them": (b"snmp-server user u g v3 auth sha Alpha-11 priv aes 128 Beta-22", b"Alpha-11"),
    "it ends as the line does": (b"ntp authentication-key 1 md5 abc7 7", b"abc7"),
    "a placeholder of somebody": (b"tacacs-server key <redacted sha256:0123456789ab>", b""),
}


@pytest.mark.parametrize(("line", "secret"), LINES.values(), ids=LINES)
def test_sealed_and_opened(line: bytes, secret: bytes) -> None:
    printed = b"hostname r1\r\n" + line + b"\r\nend\r\n"
    clean = Redactor().capture(printed, COMMAND)
    sealed = Sealer(KEY).seal("r1", printed, clean)
    assert not secret or secret not in sealed.split(b"\n")[1]
    assert b"<redacted" not in sealed or not secret
    opened = Sealer(KEY).open("r1", sealed.decode(errors="surrogateescape"))
    assert opened.text.encode(errors="surrogateescape") == (printed.replace(b"\r\n", b"\n"))
    assert opened.closed == ()
    assert secret.decode(errors="replace") not in repr(opened) or not secret


def test_the_same_text_for_the_same_secret() -> None:
    printed = LINES["one"][0]
    clean = Redactor().capture(printed, COMMAND)
    assert Sealer(KEY).seal("r1", printed, clean) == Sealer(KEY).seal("r1", printed, clean)
    assert Sealer(KEY).seal("r1", printed, clean) != Sealer(KEY).seal("r2", printed, clean)
    assert Sealer(KEY).seal("r1", printed, clean) != Sealer(KEY[1:]).seal("r1", printed, clean)


def test_a_value_whose_place_nobody_knows_stays_a_placeholder() -> None:
    redactor = Redactor()
    redactor.know(SecretStr("Quay-31/x"))
    printed = b"! quoted as Quay-31%2Fx in a URL"
    clean = redactor.capture(printed, COMMAND)
    assert clean == b"! quoted as " + placeholder("Quay-31/x").encode() + b" in a URL"
    assert Sealer(KEY).seal("r1", printed, clean) == clean
    assert Sealer(KEY).seal("r1", b"a\nb", b"a") == b"a"


def _sealed(line: str = "crypto isakmp key Wharf-17 address 10.4.0.1", device: str = "r1") -> str:
    clean = Redactor().capture(line.encode(), COMMAND)
    return Sealer(KEY).seal(device, line.encode(), clean).decode()


def _flipped(text: str) -> str:
    at = text.index(">") - 9
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


CLOSED = {
    "another key": (Sealer(KEY[::-1]), "r1", _sealed(), "another key"),
    "changed": (Sealer(KEY), "r1", _flipped(_sealed()), "it was changed"),
    "of another device": (Sealer(KEY), "r2", _sealed(), "for another device"),
    "moved to another line": (Sealer(KEY), "r1", "description " + _sealed().split(" ")[3], "in another line"),
    "cut off": (Sealer(KEY), "r1", "key <sealed:AAAAA>", "damaged"),
}


@pytest.mark.parametrize(("sealer", "device", "text", "reason"), CLOSED.values(), ids=CLOSED)
def test_what_does_not_open(sealer: Sealer, device: str, text: str, reason: str) -> None:
    opened = sealer.open(device, f"hostname r1\n{text}\nend\n")
    assert len(opened.closed) == 1
    line, why = opened.closed[0]
    assert line == shown(text)
    assert reason in why
    assert "<sealed:" not in opened.text  # or it would be typed
    assert "<redacted sha256:" in opened.text


def test_without_a_key() -> None:
    opened = unopened(f"a\n{_sealed()}\n")
    assert [line for line, _ in opened.closed] == [shown(_sealed())]
    assert "backup.key_file" in opened.closed[0][1]
    assert "<sealed" not in opened.text


def test_what_people_see_tells_secrets_apart() -> None:
    one, other = _sealed(), _sealed("crypto isakmp key Wharf-18 address 10.4.0.1")
    assert shown(one) != shown(other)
    assert shown(one) == shown(_sealed())
    assert one.split(":", 1)[1][:20] not in shown(one)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x00"), min_size=1, max_size=30))
def test_any_secret(secret: str) -> None:
    printed = f"crypto isakmp key {secret} address 10.4.0.1\nend\n".encode()
    clean = Redactor().capture(printed, COMMAND)
    sealed = Sealer(KEY).seal("r1", printed, clean)
    assert Sealer(KEY).open("r1", sealed.decode()).text.encode() == printed or b"<redacted" in sealed
    if clean == f"crypto isakmp key {placeholder(secret)} address 10.4.0.1\nend\n".encode():
        assert b"<redacted" not in sealed


FILES = {
    "absent": (None, 0o600, "is not there"),
    "short": (b"x" * 31, 0o600, "32 to 4096 bytes"),
    "long": (b"x" * 5000, 0o600, "32 to 4096 bytes"),
    "open to others": (KEY, 0o640, "chmod 600"),
}


@pytest.mark.parametrize(("content", "mode", "said"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_key(tmp_path: Path, content: bytes | None, mode: int, said: str) -> None:
    path = tmp_path / "seal.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(UsageError, match=said):
        Sealer.from_file(path, tmp_path / "backups")


def test_a_key_file(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for path in (tmp_path / "seal.key", folder / "seal.key"):
        path.write_bytes(KEY)
        path.chmod(0o600)
    printed = LINES["one"][0]
    clean = Redactor().capture(printed, COMMAND)
    assert Sealer.from_file(tmp_path / "seal.key", folder).seal("r", printed, clean) == Sealer(KEY).seal(
        "r", printed, clean
    )
    with pytest.raises(UsageError, match="lies among them"):
        Sealer.from_file(folder / "seal.key", folder)
    if os.getuid():  # root reads everything
        (tmp_path / "seal.key").chmod(0)
        with pytest.raises(UsageError, match="cannot read"):
            Sealer.from_file(tmp_path / "seal.key", folder)
