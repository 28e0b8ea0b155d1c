"""``getvpn-ops init``, ``inventory`` and ``hostkeys`` as a new user types them, with routers that answer."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import shutil
import stat
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from getvpn_ops.cli.app import main
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.lab.ssh import host_key
from getvpn_ops.lab.workspace import Workspace as LabPlace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTS = (
    "ks1: {hostname: 10.0.0.1, data: {role: ks, site: dc1, gdoi_groups: [WAN], gdoi_addresses: [10.0.0.1]}}\n"
    'gm1: {hostname: 10.0.0.2, data: {role: gm, site: "=b1", gdoi_groups: [WAN], release: "12.4(22)T5",\n'
    "  gdoi_addresses: [10.0.0.2]}}\n"
)


class Place:
    """A folder with a workspace of real devices, and a lab that runs in it."""

    def __init__(self, root: Path, lab: Background) -> None:
        self.root = root
        self.lab = lab
        self.known_hosts = root / ".getvpn-ops" / "known_hosts"

    def run(self, *words: str, code: int = 0, typed: tuple[str, ...] = (), **environment: str) -> tuple[str, str]:
        """Run the program in this process; with something typed, at a terminal. Returns stdout and stderr."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        master, slave = pty.openpty()
        os.write(master, "".join(f"{line}\n" for line in typed).encode())
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            os.fdopen(slave) as terminal,
            open(os.devnull, encoding="utf-8") as nothing,  # noqa: PTH123 -- a device
        ):
            patch.chdir(self.root)
            patch.setattr(sys, "argv", ["getvpn-ops", *words])
            patch.setattr(sys, "stdin", terminal if typed else nothing)
            for name, value in environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        os.close(master)
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read())
        assert (ended.value.code or 0) == code, "".join(said)
        return said[0], said[1]

    def ask(self, *words: str, code: int = 0) -> Any:  # noqa: ANN401 -- JSON
        return json.loads(self.run(*words, "-o", "json", code=code)[0])

    def pinned(self) -> dict[str, str]:
        return {item["device"]: item["fingerprint"] for item in self.ask("hostkeys", "list")}


@pytest.fixture(autouse=True)
def _unpinned(place: Place) -> None:
    place.known_hosts.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("workspace")
    source = root / "source"
    (source / "gdoi_groups").mkdir(parents=True)
    (source / "hosts.yaml").write_text(HOSTS)
    (source / "gdoi_groups" / "WAN.yaml").write_text("name: WAN\nidentity: 4711\nkey_servers: [ks1]\n")
    with Background(Settings(source, seed=3, password="lab-pass-1")) as lab:  # noqa: S106 -- of simulated routers
        published = LabPlace(root)
        published.prepare()
        lab.call(published.publish, lab.fleet)
        shutil.copytree(published.folder / "inventory", root / "inventory")
        (root / "inventory" / "defaults.yaml").unlink()
        (root / "getvpn-ops.yaml").write_text("schema: 1\n")
        yield Place(root, lab)


def test_the_labs_inventory_is_whole(place: Place) -> None:
    found = place.ask("inventory", "check", "--lab")
    assert found == {
        "mistakes": [],
        "notes": [],
        "devices": 2,
        "gdoi_groups": {"WAN": {"key_servers": ["ks1"], "members": 1, "intent": True, "whole": False}},
    }
    assert "0 of 1 GDOI group described whole" in place.run("inventory", "check", "--lab", "-o", "table")[1]
    assert place.ask("hostkeys", "list", "--lab")[1]["algorithm"] == "ssh-rsa"


def test_list(place: Place) -> None:
    devices = place.ask("inventory", "list", "--filter", "role=gm")
    assert [(item["name"], item["hostname"], item["role"]) for item in devices] == [("gm1", "127.0.0.1", "gm")]
    assert devices[0]["gdoi_addresses"] == ["10.0.0.2"]
    shown, said = place.run("inventory", "list", "-o", "table", "--limit", "1")
    assert shown.splitlines()[0].split() == ["name", "address", "role", "GDOI", "groups", "site"]
    assert "1 of 2 devices" in said
    rows = list(csv.DictReader(io.StringIO(place.run("inventory", "list", "-o", "csv")[0])))
    assert [(row["name"], row["site"]) for row in rows] == [("ks1", "dc1"), ("gm1", "'=b1")]
    assert "site is one of dc1, =b1" in place.run("inventory", "list", "--filter", "site=x", code=2)[1]
    shown, _ = place.run("inventory", "list", "-o", "yaml", GETVPN_OPS_INVENTORY_LIST_FILTER="role=gm")
    assert ("- name: gm1" in shown, "- name: ks1" in shown) == (True, False)


def test_import(place: Place) -> None:
    table = place.root / "new.csv"
    table.write_text("name,ip,role,group,serial\ngm1,10.9.9.9,gm,WAN,X\ngm2,10.0.0.9,gm,WAN,00123\n")
    file = place.root / "inventory" / "hosts.yaml"
    before = file.read_text()
    shown, said = place.run("inventory", "import", "new.csv")
    assert "gm2:\n  hostname: 10.0.0.9\n" in shown
    assert "left as they are: gm1" in said
    assert "nothing is written yet: add --write" in said
    assert file.read_text() == before
    assert "1 host written" in place.run("inventory", "import", "new.csv", "--write")[1]
    assert file.read_text().startswith(before.rstrip())
    assert place.ask("inventory", "list", "-l", "gm2")[0]["serial"] == "00123"
    assert "nothing new" in place.run("inventory", "import", "new.csv", "--write")[1]
    table.write_text("name,ip,role,serial\ngm3,10.0.0.9,gm,Y\ngm4,10.0.0.10,gm,00123\ngm5,10/8,boss,\n")
    said = place.run("inventory", "import", "new.csv", "--write", code=2)[1]
    assert "new.csv:2: hostname: gm3 has the address and port of gm2" in said
    assert "new.csv:3: serial: gm4 has the serial number of gm2" in said
    assert "new.csv:4: role: expected one of ks, gm, ce, found 'boss'" in said
    assert "new.csv:4: hostname: expected an IP address or a DNS name, found '10/8'" in said
    file.write_text(before)


def test_mistakes_are_told_to_machines_too(place: Place) -> None:
    file = place.root / "inventory" / "groups.yaml"
    before = file.read_text()
    file.write_text("x: {data: {serail: 1}}\n")
    hosts = place.root / "inventory" / "hosts.yaml"
    hosts_before = hosts.read_text()
    hosts.write_text(f"{hosts_before}gm9: {{groups: [x]}}\n")
    try:
        found = place.ask("inventory", "check", code=2)
    finally:
        file.write_text(before)
        hosts.write_text(hosts_before)
    assert found["mistakes"] == [
        "inventory/groups.yaml:1: x.data.serail: this key means nothing here; did you mean serial?"
    ]


def test_host_keys_are_pinned_shown_and_rotated(place: Place) -> None:
    true = {item["device"]: item["fingerprint"] for item in place.ask("hostkeys", "list", "--lab")}
    assert {item["state"] for item in place.ask("hostkeys", "list")} == {"not pinned"}
    said = place.run("hostkeys", "pin", code=2)[1]
    assert "there is nobody to ask" in said
    assert not place.known_hosts.exists()

    shown, said = place.run("hostkeys", "pin", "ks1", typed=("n",), code=2)
    assert true["ks1"] in shown + said
    assert "Pin 1 key?" in said
    assert "nothing is pinned" in said
    assert not place.known_hosts.exists()
    assert "1 key pinned" in place.run("hostkeys", "pin", "ks1", typed=("y",))[1]
    assert stat.S_IMODE(place.known_hosts.stat().st_mode) == 0o600
    pinned = place.ask("hostkeys", "pin", "--yes")
    assert [(item["device"], item["state"], item["fingerprint"]) for item in pinned] == [("gm1", "pinned", true["gm1"])]
    assert place.pinned() == true
    assert place.ask("hostkeys", "pin", "--yes") == []

    assert "nothing has changed" in place.run("hostkeys", "rotate", "ks1")[1]
    old = true["ks1"]
    place.known_hosts.write_text(place.known_hosts.read_text().replace(*_keys(place)))
    other = place.pinned()["ks1"]
    assert other != old
    said = place.run("hostkeys", "rotate", "ks1", code=2)[1]
    assert f"pinned: ssh-ed25519 {other}" in said
    assert f"shown:  ssh-ed25519 {old}" in said
    assert (
        "another key than --fingerprint says"
        in place.run("hostkeys", "rotate", "ks1", "--fingerprint", other, code=4)[1]
    )
    assert "not confirmed" in place.run("hostkeys", "rotate", "ks1", typed=("gm1",), code=2)[1]
    assert place.pinned()["ks1"] == other
    assert "Type ks1 to trust the new key" in place.run("hostkeys", "rotate", "ks1", typed=("ks1",))[1]
    assert place.pinned() == true
    assert "there is no device of this name" in place.run("hostkeys", "rotate", "ks9", code=2)[1]
    assert "name one device: ks1, gm1" in place.run("hostkeys", "rotate", "*1", code=2)[1]


def _keys(place: Place) -> tuple[str, str]:
    """The key of ks1 in the file, and another one of the same kind."""
    line = next(line for line in place.known_hosts.read_text().splitlines() if line.endswith(" ks1"))
    kind, blob = line.split()[1:3]
    made = host_key(next(iter(place.lab.fleet.stations.values())).host.release).export_public_key().decode().split()
    assert made[0] == kind
    return blob, made[1]


def test_host_keys_of_a_file_that_is_trusted(place: Place) -> None:
    trusted = str(place.root / ".getvpn-ops" / "lab" / "known_hosts")
    pinned = place.ask("hostkeys", "pin", "gm1", "--from", trusted, "--yes")
    assert [item["device"] for item in pinned] == ["gm1"]
    empty = place.root / "empty"
    empty.write_text("")
    found = place.ask("hostkeys", "pin", "--from", str(empty), "--yes", code=3)
    assert [(item["device"], item["state"]) for item in found] == [("ks1", "no key")]


def test_a_device_that_does_not_answer_keeps_no_other_from_being_pinned(place: Place) -> None:
    hosts = place.root / "inventory" / "hosts.yaml"
    before = hosts.read_text()
    hosts.write_text(f"{before}gone: {{hostname: 127.0.0.1, port: 1}}\n")
    try:
        found = place.ask("hostkeys", "pin", "--yes", code=3)
    finally:
        hosts.write_text(before)
    assert {item["device"]: item["state"] for item in found} == {"ks1": "pinned", "gm1": "pinned", "gone": "no key"}
    assert found[2]["reason"]


def test_a_new_user_answers_four_questions(place: Place) -> None:
    asked: pexpect.spawn[str] = pexpect.spawn(
        sys.executable, ["-m", "getvpn_ops", "init", "mine"], cwd=str(place.root), encoding="utf-8", timeout=30
    )
    for question, answer in (
        ("Table of hosts", ""),
        ("User who logs in", "ops"),
        ("Where the password is", "sesame"),
        ("expected prompt.*Where the password is", "environment:ROUTERS"),
        ("Jump host", "me@bastion"),
    ):
        asked.expect(f"(?s){question}.*?: ?")
        asked.sendline(answer)
    asked.expect("inventory check -w mine")
    asked.expect(pexpect.EOF)
    assert asked.wait() == 0
    text = (place.root / "mine" / "getvpn-ops.yaml").read_text()
    assert 'jump: "ssh -W %h:%p me@bastion"' in text
    assert "password: [{from: environment, name: ROUTERS}]" in text
    assert "there is no host in it" in place.run("inventory", "check", "-w", "mine", code=2)[1]
