"""By which names captures are told apart: never by one that two devices have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from getvpn_ops.cli.sources import from_captures

if TYPE_CHECKING:
    from pathlib import Path

SAID = "{}#show clock\n10:45:00.000 UTC Sun Mar 1 2026\n{}#\n"
HOSTS = {
    "its name": ("r1: {hostname: 10.0.0.1}\n", "R1", "r1"),
    "its host name": ("r1: {hostname: 10.0.0.1, data: {expected_hostname: LON1}}\n", "lon1", "r1"),
    "its address is a name": ("r1: {hostname: lon1.example}\n", "LON1.example", "r1"),
    "a host name that two have": (
        "r1: {hostname: a, data: {expected_hostname: X}}\nr2: {hostname: b, data: {expected_hostname: x}}\n",
        "X",
        "X",
    ),
    "the name goes before the host name of another": (
        "r1: {hostname: 10.0.0.1}\nr2: {hostname: 10.0.0.2, data: {expected_hostname: r1}}\n",
        "r1",
        "r1",
    ),
}


@pytest.mark.parametrize("case", HOSTS)
def test_whose_capture_it_is(case: str, tmp_path: Path) -> None:
    hosts, shown, device = HOSTS[case]
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yaml").write_text(hosts)
    (tmp_path / "log.txt").write_text(SAID.format(shown, shown))
    state, _ = from_captures(tmp_path / "log.txt", None, tmp_path / "inventory")
    assert [name for name, item in state.devices.items() if item.visit is not None and item.visit.commands] == [device]
