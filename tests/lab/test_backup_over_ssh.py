"""``getvpn-ops backup`` on routers of 12.4, 15 and 17: what they hold, line by line, without their secrets."""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from worksites import Worksite, part_of_example

from getvpn_ops.dialect.volatile import stable
from getvpn_ops.services.backup import History, Sealer, restored
from getvpn_ops.services.backup.sealing import unopened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEVICES = {"edi-gm1": "17.6.5", "ork-gm1": "15.2(4)M11", "nor-gm1": "12.4(22)T5"}
KEY_SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
PSK = "CANARYwharf-41"
COMMUNITY = "CANARYcomm"
PLANTED = (
    f"crypto isakmp key {PSK} address 10.255.0.77",
    f"snmp-server community {COMMUNITY} RO",
    "banner motd ^C",
    "Time source is the pier",
    "caf\u00e9 ! Last configuration change at noon",
    "^C",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("backups")
    with Worksite(root / "ops", part_of_example(root / "inventory", (*DEVICES, *KEY_SERVERS))) as made:
        for name in DEVICES:
            made.lab.call(made.lab.router(name).running.load, PLANTED)
        yield made


@pytest.fixture
def folder(site: Worksite) -> Iterator[Path]:
    """The repository, empty for each test."""
    place = site.root / ".getvpn-ops" / "lab-backups"
    yield place
    site.settings()
    site.heal()
    if place.exists():
        place.rename(place.with_name(f"of-{len(list(place.parent.iterdir()))}"))


def take(site: Worksite, *words: str) -> tuple[int, dict[str, Any]]:
    code, said, _ = site.ask("backup", "--limit", ",".join(DEVICES), *words)
    return code, said


def held(site: Worksite, device: str) -> list[str]:
    """What a router holds, as the lab has it; comments say nothing."""
    return [line for line in site.lab.call(site.lab.router(device).running.lines) if line.strip("! ")]


def every_byte(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
            with contextlib.suppress(zlib.error):
                yield zlib.decompress(path.read_bytes())


def test_line_by_line_and_only_what_changed(site: Worksite, folder: Path) -> None:
    code, said = take(site)
    assert (code, set(said["changed"]), said["unread"]) == (0, set(DEVICES), [])
    assert sorted(path.name for path in folder.glob("*.cfg")) == sorted(f"{name}.cfg" for name in DEVICES)
    for name in DEVICES:
        text = (folder / f"{name}.cfg").read_text(encoding="latin-1")  # as the lab sends it: no UTF-8
        assert stable(text) == text
        assert "Time source is the pier\ncaf\u00e9 ! Last configuration change at noon\n" in text
        lines = [line for line in text.split("\n") if line.strip("! ")]
        there = [line for line in held(site, name) if "CANARY" not in line]
        assert [line for line in there if line not in lines and "secret" not in line and " key " not in line] == []
        assert sum("<redacted sha256:" in line for line in lines) >= 2
        assert lines[-1] == "end"
    assert not any(b"CANARY" in piece for piece in every_byte(folder))

    site.lab.advance(3600)
    code, said = take(site)
    assert (code, said["commit"], said["changed"]) == (0, "", [])

    router = site.lab.router("ork-gm1")
    site.lab.call(router.running.load, ("interface Loopback9", " description the pier"))
    before = said["head"]
    code, said = take(site, "--reason", "after the night shift")
    assert (code, said["changed"]) == (0, ["ork-gm1"])
    code, out, _ = site.run("backup", "diff", "ork-gm1", "--lab")
    assert code == 0
    changed = {line for line in out.splitlines()[3:] if line[:1] in {"+", "-"}}
    assert changed - {"+!"} == {"+interface Loopback9", "+ description the pier", "+ no ip address"}
    assert site.run("backup", "show", "ork-gm1", "--at", before, "--lab")[1].count("Loopback9") == 0
    assert "Loopback9" in site.run("backup", "show", "ork-gm1", "--lab")[1]
    listed = json.loads(site.run("backup", "list", "--lab", "-o", "json")[1])["backups"]
    assert [(item["devices"], item["reason"]) for item in listed] == [
        (["ork-gm1"], "after the night shift"),
        (sorted(DEVICES), "on demand"),
    ]
    assert [
        item["commit"]
        for item in json.loads(site.run("backup", "list", "nor-gm1", "--lab", "-o", "json")[1])["backups"]
    ] == [before]


def test_sealed(site: Worksite, folder: Path) -> None:
    key = os.urandom(32)
    (site.root / "seal.key").write_bytes(key)
    (site.root / "seal.key").chmod(0o600)
    site.settings(backup={"secrets": "seal", "key_file": "seal.key"})
    assert take(site)[0] == 0
    assert take(site)[1]["changed"] == []
    assert not any(b"CANARY" in piece for piece in every_byte(folder))
    history = History(folder)
    for name in DEVICES:
        stored = history.stored(name, history.at())
        assert "<sealed:" in stored
        opened = Sealer(key).open(name, stored)
        assert opened.closed == ()
        lines = opened.text.encode(errors="surrogateescape").decode("latin-1").split("\n")
        assert [line for line in held(site, name) if line not in lines] == []
        assert f"crypto isakmp key {PSK} address 10.255.0.77" in lines
        found = restored(history, name, history.at(), Sealer(key))
        assert any(PSK in secret.reveal() for secret in found.secrets)
        assert PSK not in repr(found)
        assert len(unopened(stored).closed) == stored.count("<sealed:")
        code, out, _ = site.run("backup", "show", name, "--lab")
        assert (code, "<sealed:" in out, "<sealed sha256:" in out) == (0, False, True)
    other = restored(history, "ork-gm1", history.at(), Sealer(os.urandom(32)))
    assert other.secrets == ()
    assert all("another key" in reason for _, reason in other.closed)


BROKEN = {
    "cut off": ("truncate", "show running-config", "no whole configuration"),
    "refused": ("reject", "show running-config", "% Invalid input"),
    "dropped": ("drop-before", "show running-config", "dropped"),
    "another device": ("wrong-device", None, "prompt"),
}


@pytest.mark.parametrize(("fault", "line", "said"), BROKEN.values(), ids=BROKEN)
def test_who_cannot_be_read_keeps_its_file(
    site: Worksite, folder: Path, fault: str, line: str | None, said: str
) -> None:
    take(site)
    before = (folder / "nor-gm1.cfg").read_bytes()
    site.lab.call(site.lab.router("nor-gm1").running.load, ("interface Loopback8", f" description {fault}"))
    options = {"device": "dub-ks1"} if fault == "wrong-device" else {}
    site.arm("nor-gm1", fault, line, None if fault == "wrong-device" else 2, **options)
    code, answer = take(site)
    assert code == 3
    assert [item["device"] for item in answer["unread"]] == ["nor-gm1"]
    assert said in answer["unread"][0]["reason"]
    assert (answer["changed"], (folder / "nor-gm1.cfg").read_bytes()) == ([], before)
    site.heal()
    assert take(site)[1]["changed"] == ["nor-gm1"]


WRONG = {
    "no backup yet": (("backup", "show", "nor-gm1"), "no backup yet"),
    "no commit": (("backup", "show", "nor-gm1", "--at", "zzz"), "no backup zzz"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_what_is_not_there(site: Worksite, folder: Path, words: tuple[str, ...], said: str) -> None:
    assert not folder.exists()
    code, _, err = site.run(*words, "--lab")
    assert (code, said in err) == (2, True), err


LOST = tuple(f"crypto isakmp key lab-psk-ork-gm1 address 10.255.0.{number}" for number in (1, 2, 3))


def lose(site: Worksite) -> None:
    router = site.lab.router("ork-gm1")
    site.lab.call(router.running.load, (*(f"no {line}" for line in LOST), "crypto isakmp policy 10", " lifetime 3000"))
    assert not set(LOST) & set(held(site, "ork-gm1"))


def test_a_member_goes_back_to_a_sealed_backup(site: Worksite, folder: Path) -> None:
    (site.root / "seal.key").write_bytes(bytes(range(32)))
    (site.root / "seal.key").chmod(0o600)
    site.settings(backup={"secrets": "seal", "key_file": "seal.key"})
    wanted = sorted(held(site, "ork-gm1"))
    first = take(site)[1]["commit"]
    lose(site)
    take(site)
    code, out, err = site.run("config", "restore", "ork-gm1", "--at", first[:10], "--lab", "-o", "json")
    assert code == 0, err
    assert "crypto isakmp key <redacted sha256:" in out
    assert "lab-psk" not in out
    code, out, err = site.run("apply", "last", "--lab", "--yes", "-o", "json")
    assert code == 0, (out, err)
    assert sorted(held(site, "ork-gm1")) == wanted
    assert take(site)[1]["changed"] == []
    code, out, _ = site.run("config", "restore", "ork-gm1", "--at", first, "--lab", "-o", "json")
    assert (code, json.loads(out)["plan"]["waves"]) == (0, [])
    written = (piece for path in (folder, folder.with_name("lab-plans")) for piece in every_byte(path))
    assert not any(b"lab-psk" in piece for piece in written)


def test_a_secret_that_nobody_has_refuses_the_plan(site: Worksite, folder: Path) -> None:
    take(site)
    lose(site)
    try:
        code, out, err = site.run("config", "restore", "ork-gm1", "--lab", "-o", "json")
        assert code == 4, err
        refusals = json.loads(out)["plan"]["refusals"]
        assert [text for text in refusals if "the backup has no secrets" in text and "address 10.255.0.2" in text]
        assert site.run("apply", "last", "--lab", "--yes")[0] == 4
        assert not set(LOST) & set(held(site, "ork-gm1"))
    finally:
        site.lab.call(site.lab.router("ork-gm1").running.load, LOST)
    assert folder.exists()


def test_a_key_server_is_not_restored(site: Worksite, folder: Path) -> None:
    assert site.run("backup", "--limit", "dub-ks1", "--lab")[0] == 0
    code, out, err = site.run("config", "restore", "dub-ks1", "--lab")
    assert (code, out) == (2, "")
    assert "plan push" in err
    assert sorted(path.name for path in folder.glob("*.cfg")) == ["dub-ks1.cfg"]
