"""What the lab shows, the product reads: two sides that share no code must agree on every screen."""

from __future__ import annotations

from functools import cache

import pytest
from bank import Bank
from screens import Screen

from getvpn_ops.errors import ParseFailure
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.parse import known_commands

DEVICES = {
    "ks-17": "lds-ks1",
    "gm-17": "lds-gm1",
    "gm-15": "ork-gm1",
    "gm-12.4": "nor-gm1",
    "two-vrfs": "bir-gm1",
    "fail-close": "lis-gm1",
    "dual-homed": "man-gm1",
}
DISPUTED = {
    "Local address: Loopback0": "no capture shows how a gdoi map prints it",
    "State: fail-close mode is not in effect": "no capture of the command exists",
    "Rekeys received": "12.4 without a capture of `gm`: taken from its `show crypto gdoi`",
    "Cumulative          : 1": "the same",
    "After registration  : 1": "the same",
}
"""Lines on which the sides differ, and why neither can be called right."""
NEEDS_MORE = ("interface", "local", "remote", "ping")  # commands that end so want a name behind


@cache
def bank() -> Bank:
    return Bank(minutes=130)


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
def test_every_screen_is_read_whole(device: str) -> None:
    screen = Screen(router=bank().world.routers[device])
    left: dict[str, list[str]] = {}
    read = 0
    for command in known_commands():
        if command.endswith(NEEDS_MORE):
            continue
        shown = screen.enter(command)
        body = shown.partition("\r\n")[2].rpartition("\r\n")[0]
        if not body.strip() or "% Invalid input" in body or "% Incomplete command" in body:
            continue
        try:
            result = parse(command, f"{body}\r\n")
        except ParseFailure as failure:
            if "nothing is left" not in str(failure):
                left[command] = [str(failure)]
            continue
        read += 1
        if unknown := [line.text for line in result.unrecognized if line.text.strip() not in DISPUTED]:
            left[command] = unknown
    assert left == {}
    assert read > 30
