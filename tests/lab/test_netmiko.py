"""Netmiko, unmodified: with the paramiko of today on new releases, with paramiko 4 on the old one.

Netmiko mostly waits, so it walks on all releases at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netmiko
import netmiko_walk
import pytest
from netmiko import ssh_autodetect

from getvpn_ops.lab.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab_routers import Port

ROOT = Path(__file__).parents[2]
OLD_PARAMIKO = ROOT / ".venv" / "paramiko4"


def _walk_in_another_process(port: int) -> dict[str, Any]:
    """The walk with paramiko 4, the last that speaks to routers of 12.4: it cannot live beside the current one."""
    if not (OLD_PARAMIKO / "paramiko").is_dir():
        pytest.fail(f"paramiko 4 is missing in {OLD_PARAMIKO}: `rm -f .venv/.installed && make test` installs it")
    paths = os.pathsep.join((str(OLD_PARAMIKO), str(ROOT / "tests")))
    done = subprocess.run(
        [sys.executable, netmiko_walk.__file__, str(port)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["paramiko"].startswith("4.")
    return seen


WALKS = {"12.4": _walk_in_another_process, "15": netmiko_walk.walk, "17": netmiko_walk.walk}


def test_a_whole_session(start: Callable[..., Port], figure: Callable[[str], None]) -> None:
    ports = {release: start(release) for release in WALKS}
    for port in ports.values():
        port.router.faults.arm(fault("drop-before", line="show privilege"))
    with ThreadPoolExecutor(len(WALKS)) as pool:
        walks = {release: pool.submit(walk, ports[release].number) for release, walk in WALKS.items()}
    for release, port in ports.items():
        seen = walks[release].result()
        figure(f"client: Netmiko {seen['netmiko']} with paramiko {seen['paramiko']} on {port.router.release.text}")
        _is_right(seen, port, "gdoi" if release == "12.4" else "gkm")


def _is_right(seen: dict[str, Any], port: Port, word: str) -> None:
    assert (seen["prompt"], seen["enabled"], seen["alive"]) == ("BR-7>", "BR-7#", True)
    assert port.router.serial in seen["version"]
    assert seen["version"].rstrip().endswith("Configuration register is 0x2102")
    by_name = {row["interface"]: row for row in seen["brief"]}
    assert by_name["GigabitEthernet0/0/0"]["ip_address"] == "10.20.1.1"
    assert by_name["GigabitEthernet0/0/1"]["status"] == "administratively down"
    assert "% Invalid input detected at '^' marker." in seen["wrong"]
    assert "UTC" in seen["timing"]
    assert seen["timing"].endswith("BR-7#")
    assert len(seen["page"].splitlines()) == 8
    assert seen["left"].endswith("BR-7#")

    assert seen["in configuration"] == [True, "BR-7(config)#"]
    assert f"BR-7(config-{word}-group)#foo bar" in seen["block"]
    assert seen["block"].count("% Invalid input") == 1
    assert "foo bar" in seen["stopped"]
    assert seen["logging"].strip() == "logging buffered 20001"
    assert seen["logging again"].strip() == "logging buffered 9000"
    assert seen["list"].splitlines()[0] == "Extended IP access list BRANCHES"
    assert seen["list"].splitlines()[-1] == "    1000 permit ip host 10.30.99.1 any"
    assert len(seen["list"].splitlines()) == 1 + netmiko_walk.ENTRIES
    assert seen["long"].strip() == f"description {netmiko_walk.LONG}"
    assert "Staff of the branch only.\nAll is logged.\n^C" in seen["banner"]
    assert seen["renamed"] == "BR-8#"
    assert "Success rate is 100 percent (100/100)" in seen["ping"]
    assert all("[OK]" in text for text in seen["saved"])
    assert "show foo" in seen["log"]
    assert "pass-1" not in seen["log"]
    assert "dropped" in seen
    assert not seen["alive at the end"]

    group = port.router.running.find("crypto gdoi group WAN")
    assert group is not None
    assert [line.text for line in group.lines] == [
        "identity number 5",
        "server address ipv4 10.9.0.1",
        "server address ipv4 10.9.0.2",
    ]
    assert port.router.startup is not None
    assert list(port.router.startup.lines()) == list(port.router.running.lines())


DETECTED = {"15": "cisco_ios", "17": "cisco_xe"}


def test_autodetect(start: Callable[..., Port], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the kinds of device that Netmiko looks for, those it knows by ``show version``; all would take minutes."""
    short = [(kind, how) for kind, how in ssh_autodetect.SSH_MAPPER_BASE if how.get("cmd") == "show version"]
    assert set(DETECTED.values()) <= {kind for kind, _ in short}
    monkeypatch.setattr(ssh_autodetect, "SSH_MAPPER_BASE", short)
    ports = {release: start(release).number for release in DETECTED}

    def detect(release: str) -> str | None:
        guesser = netmiko.SSHDetect(
            device_type="autodetect",
            host="127.0.0.1",
            port=ports[release],
            username="ops",
            password="pass-1",  # noqa: S106 -- of a simulated router
        )
        return guesser.autodetect()

    with ThreadPoolExecutor(len(DETECTED)) as pool:
        assert dict(zip(DETECTED, pool.map(detect, DETECTED), strict=True)) == DETECTED


def test_the_right_enable_secret_is_needed(start: Callable[..., Port]) -> None:
    with netmiko_walk.open_netmiko(start().number, read_timeout_override=2) as device:
        device.secret = "wrong"  # noqa: S105 -- of a simulated router
        with pytest.raises((ValueError, netmiko.ReadTimeout)):
            device.enable()


def test_the_current_paramiko_cannot_log_in_to_the_old_release(start: Callable[..., Port]) -> None:
    """A stock client must feel the difference: paramiko 5 has no SHA-1 key exchange."""
    with pytest.raises(netmiko.NetmikoTimeoutException):
        netmiko_walk.open_netmiko(start("12.4").number)
