"""Screens follow the state: by typing, by time and by fault, the right fields change on each device that would know.

``tests/data/lab/screens.yaml`` names, for each event, device and command, the labels whose values change, as a person
has read them. ``python tests/unit/lab/gdoi/test_screens_follow.py`` writes what changes now, to be read again.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from bank import Bank
from screens import Screen

from getvpn_ops.lab.faults import kind
from getvpn_ops.lab.gdoi.harms import HARMS

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED = Path(__file__).parents[3] / "data" / "lab" / "screens.yaml"
DEVICES = ("lds-ks1", "ams-ks1", "lds-gm1", "ork-gm1", "nor-gm1")
COMMANDS = tuple(
    f"show crypto {rest}"
    for rest in (
        "gdoi", "gdoi group WAN", "gdoi detail", "gdoi gm", "gdoi gm acl", "gdoi gm rekey", "gdoi gm rekey detail",
        "gdoi gm replay", "gdoi gm pubkey", "gdoi gm identifier", "gdoi gm dataplane counters", "gdoi ipsec sa",
        "gdoi rekey sa", "gdoi ks", "gdoi ks acl", "gdoi ks coop", "gdoi ks coop version", "gdoi ks identifier",
        "gdoi ks members", "gdoi ks members summary", "gdoi ks policy", "gdoi ks rekey", "gdoi ks replay",
        "gdoi feature", "isakmp sa", "isakmp sa count", "ipsec sa", "session", "session detail", "map",
        "engine connections active", "key mypubkey rsa",
    )
)  # fmt: skip


def typed(bank: Bank) -> None:
    """The group turns receive-only, and the primary rekeys."""
    for name in ("dub-ks1", "ams-ks1", "lds-ks1"):
        Screen(router=bank.world.routers[name]).enter(
            "conf t", "crypto gdoi group WAN", "server local", "sa receive-only", "end"
        )
    Screen(router=bank.world.routers["lds-ks1"]).enter("crypto gdoi ks rekey")
    bank.pass_time(seconds=5)


def listed(bank: Bank) -> None:
    """A line more stands in the group's list, on the secondaries first, and the primary rekeys."""
    for name in ("dub-ks1", "ams-ks1", "lds-ks1"):
        Screen(router=bank.world.routers[name]).enter(
            "conf t", "ip access-list extended GETVPN_WAN_POLICY", "5 deny ip host 10.4.0.9 host 10.3.0.9", "end"
        )
    Screen(router=bank.world.routers["lds-ks1"]).enter("crypto gdoi ks rekey")
    bank.pass_time(seconds=5)


def timed(bank: Bank) -> None:
    """A rekey passes, and the old key ends."""
    bank.pass_time(hours=2, minutes=5)


def harmed(bank: Bank) -> None:
    """Nobody of these hears GDOI any more, for longer than a key lives."""
    HARMS["udp-848-blocked"](bank.world, "ork-gm1", dict(kind("udp-848-blocked").options))
    HARMS["split"](bank.world, "ams-ks1", dict(kind("split").options))
    bank.pass_time(hours=3)


EVENTS: dict[str, Callable[[Bank], None]] = {"typed": typed, "listed": listed, "timed": timed, "harmed": harmed}


def look(bank: Bank) -> dict[tuple[str, str], list[str]]:
    """Every screen of every device."""
    shown = {}
    for device in DEVICES:
        screen = Screen(router=bank.world.routers[device])
        for command in COMMANDS:
            body = screen.enter(command).partition("\r\n")[2].rpartition("\r\n")[0]
            if body.strip() and "% Invalid" not in body:
                shown[device, command] = body.split("\r\n")
    return shown


def label(line: str) -> str:
    """What a line is about: its words before the value, numbers and addresses left out."""
    head = re.split(r"\s*[:=]\s", f"{line.strip()} ")[0]
    return re.sub(r"\b(?:0x)?[0-9A-F]*\d[\w./:]*", "N", head).strip(" ,")[:40]


@cache
def changes(event: str) -> dict[str, dict[str, list[str]]]:
    """Device -> command -> labels of the lines that are not what they were."""
    bank = Bank()
    before = look(bank)
    EVENTS[event](bank)
    after = look(bank)
    found: dict[str, dict[str, list[str]]] = {}
    for device, command in sorted({*before, *after}):
        old, new = before.get((device, command), []), after.get((device, command), [])
        changed = {label(line) for line in (*set(new) - set(old), *set(old) - set(new)) if line.strip()}
        if changed:
            found.setdefault(device, {})[command] = sorted(changed)
    return found


@cache
def expected() -> dict[str, Any]:
    return dict(yaml.safe_load(EXPECTED.read_text(encoding="utf-8")))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("event", EVENTS)
def test_the_right_fields_change(event: str, device: str) -> None:
    assert changes(event).get(device, {}) == expected()[event].get(device, {})


def test_every_command_follows_something() -> None:
    moved = {command for event in EVENTS for found in changes(event).values() for command in found}
    fixed = {
        "show crypto gdoi gm identifier", "show crypto gdoi ks identifier", "show crypto map",
        "show crypto gdoi ks coop version", "show crypto key mypubkey rsa",
        "show crypto gdoi gm dataplane counters",  # moved by packets, of which there are none here
    }  # fmt: skip
    assert set(COMMANDS) - moved <= fixed


if __name__ == "__main__":
    text = yaml.safe_dump({event: changes(event) for event in EVENTS}, width=200)
    EXPECTED.write_text(
        f"# Written by test_screens_follow.py, then read by a person: event -> device -> command -> labels.\n{text}"
    )
