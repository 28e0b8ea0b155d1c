"""Secrets of routers that are changed, at the highest verbosity: they appear in no artefact of any command.

Pre-shared keys, a community, the enable secret, private keys in all forms, and the passphrases of their way from one
key server to another: all are looked for in what was said, logged and written, in the database and in git's objects.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import small_bank
import small_wan
import yaml
from canaries import forms, leaks
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from worksites import PASSWORD, Worksite

from getvpn_ops.devices.ssh.terminal import Terminal
from getvpn_ops.services.backup.repository import Message, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = Path(__file__).parents[1] / "crashing.py"
MEMBER, GROUP, PRIMARY = "abe-gm1", "WAN", "hub-ks1"
COMMUNITY, FORMER, ROTATED = "CANARYcomm", "Kq7-", "Vb3-turned-over"
LABEL = "NEXT_REKEY"
_PASSPHRASE = re.compile(rb"^crypto key (?:export rsa \S+ pem terminal \S+|import rsa \S+ pem .*terminal) (\S+)")
_PART = re.compile(rb"^[A-Za-z0-9+/]{40,}={0,2}$", re.MULTILINE)


class Said:
    """All that commands said and logged."""

    def __init__(self, site: Worksite, caplog: pytest.LogCaptureFixture) -> None:
        self._site = site
        self._caplog = caplog
        self.texts: list[str] = []

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command; returns its stdout."""
        code, out, err = self._site.run(*words, "--lab", GETVPN_OPS_DEBUG="1")
        self.texts += [out, err, self._caplog.text]
        self._caplog.clear()
        assert code in codes, out + err
        return out

    def plan(self, *words: str) -> tuple[str, list[str]]:
        """Make a plan, and show it in every form."""
        made = json.loads(self.run(*words, "-o", "json"))
        assert (made["refused"], made["empty"]) == (False, False), made
        for form in ("table", "markdown", "sheet"):
            self.run("plan", "show", made["plan"]["id"], "-o", form)
        return made["plan"]["id"], ["--yes", *(["--accept-loss"] if made["loses"] else [])]

    def apply(self, *words: str) -> str:
        """Plan and apply; returns the run."""
        plan, flags = self.plan(*words)
        done = json.loads(self.run("apply", plan, *flags, "-o", "json"))
        return str(done["run"]["id"])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Worksite]:
    source = tmp_path / "source"
    inventory = small_wan.loaded(source)
    for name in inventory.devices:
        text = small_bank.configuration(inventory, name, f"snmp-server community {COMMUNITY} RO\n")
        (source / f"{name}.cfg").write_text("\n".join(text) + "\n", encoding="utf-8")
    root = tmp_path / "ops"
    keys = root / "keys" / "psk"
    keys.mkdir(parents=True, mode=0o700)
    for name in ("abe-gm1", "bat-gm1", "fal-ks2-hub-ks1", "hub-ks1-fal-ks2"):
        secret(keys / name, small_wan.key_of(f"psk/{name}"))
    with Worksite(root, source, source) as made:
        made.lab.advance(600)
        settings(made)
        yield made


def secret(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def settings(site: Worksite, **backup: str) -> None:
    site.settings(
        secrets=[{"from": "file", "path": "keys/{name}"}], ssh={"transcripts": True}, change={"registration": 60},
        **({"backup": backup} if backup else {}),
    )  # fmt: skip


def intend(site: Worksite, size: int) -> None:
    path = site.published / "inventory" / "hosts.yaml"
    hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
    group = hosts[MEMBER]["data"]["getvpn"][GROUP]
    group["adjust_mss"] = dict.fromkeys(group["adjust_mss"], size)
    path.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")


def killed(site: Worksite, plan: str, flags: list[str]) -> list[str]:
    """Apply a plan until the process kills itself behind the line; returns what it said."""
    done = subprocess.run(
        [sys.executable, str(DRIVER), "typed:ip tcp adjust-mss", "1", "after", "apply", plan, *flags, "--lab"],
        cwd=site.root, env={**os.environ, "GETVPN_OPS_DEBUG": "1"}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    return [done.stdout, done.stderr]


def private_forms(site: Worksite, label: str) -> list[bytes]:
    """A private key as it may stand in a file: lines of PEM without a passphrase, and its numbers."""
    private: Any = site.lab.call(lambda: site.lab.router(PRIMARY).keys.held[label].private)
    texts = []
    for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        pem = private.private_bytes(Encoding.PEM, form, NoEncryption())
        der = private.private_bytes(Encoding.DER, form, NoEncryption())
        texts += [*_PART.findall(pem), der[-64:], base64.b64encode(der)[-96:-8]]
    numbers = private.private_numbers()
    return [*texts, *(f"{number:x}".encode() for number in (numbers.d, numbers.p, numbers.q))]


@pytest.mark.parametrize("count", [1, 70], ids=["loose", "packed"])
def test_a_secret_in_git_would_be_found(tmp_path: Path, count: int) -> None:
    message = Message("why\n", "Kim <kim@example.net>", datetime(2026, 3, 2, tzinfo=UTC))
    files = {f"r{number}.cfg": f"{number} {ROTATED}\n".encode() for number in range(count)}
    Repository(tmp_path / "kept").commit(files, message)
    for path in (tmp_path / "kept").glob("*.cfg"):
        path.unlink()
    assert "kept/.git" in leaks(tmp_path, [ROTATED.encode()])
    assert leaks(tmp_path, [b"another"]) == {}


def test_no_command_that_changes_routers_leaves_a_secret_behind(
    site: Worksite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    typed = bytearray()
    write = Terminal.write

    def listening(self: Terminal, data: bytes) -> None:
        typed.extend(data)
        write(self, data)

    monkeypatch.setattr(Terminal, "write", listening)
    caplog.set_level(logging.DEBUG)
    said = Said(site, caplog)

    said.run("backup", "-o", "json")
    intend(site, 1352)
    plan, flags = said.plan("plan", "push", MEMBER)
    said.texts += killed(site, plan, flags)
    run = json.loads(said.run("resume", "last-apply", "-o", "json"))["run"]["id"]
    for words in (("show", run), ("show", run, "-o", "json"), ("runs", "-o", "json"), ("runs", "verify")):
        said.run(*words)
    intend(site, 1360)
    said.apply("plan", "rollback", run)

    secret(site.root / "keys" / "psk" / MEMBER, ROTATED)
    said.apply("plan", "action", "psk-rotate", MEMBER)
    said.apply(
        "plan", "action", "rsa-key", GROUP, "--set", f"label={LABEL}", "--set", "rotate=true", "--set", "modulus=1024"
    )

    secret(site.root / "seal.key", os.urandom(32).hex())
    settings(site, secrets="seal", key_file="seal.key")
    said.run("backup", "-o", "json")
    site.lab.call(site.lab.router(MEMBER).running.load, ("interface GigabitEthernet0/0/1", " ip tcp adjust-mss 1300"))
    said.apply("config", "restore", MEMBER)
    said.run("backup", "list", "-o", "json")
    said.run("backup", "show", MEMBER)
    said.run("runs", "verify", "-o", "json")

    phrases = {found[1] for line in typed.splitlines() if (found := _PASSPHRASE.match(line))}
    pasted = set(_PART.findall(bytes(typed).replace(b"\r", b"\n")))
    assert (len(phrases), len(pasted) > 10) == (1, True), "a private key went from router to router"
    assert ROTATED.encode() in typed
    sealed = pasted - _public_parts(bytes(typed))
    needles = [b"CANARY", b"BEGIN RSA PRIVATE", *private_forms(site, LABEL), *phrases, *sealed]
    needles += [
        form for text in (FORMER + MEMBER, FORMER + "bat", ROTATED, COMMUNITY, PASSWORD) for form in forms(text)
    ]
    of_lab = {site.published / "password", site.published / "inventory" / "defaults.yaml"}
    planted = {site.root / "keys", site.root / "seal.key", *of_lab}
    assert leaks(site.root, needles) != {}, "those that were planted are found"
    assert leaks(site.root, needles, planted) == {}
    whole = "\n".join(said.texts).encode()
    assert b"DEBUG" in whole
    assert [needle for needle in needles if needle in whole] == []
    open_to_others = [path for path in site.root.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert {path for path in open_to_others if ".getvpn-ops" in path.parts} == set()


def _public_parts(typed: bytes) -> set[bytes]:
    """Lines of public keys that were pasted: those are no secret."""
    blocks = re.findall(
        rb"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", typed.replace(b"\r", b"\n"), re.DOTALL
    )
    return {line.strip() for block in blocks for line in block.splitlines()}
