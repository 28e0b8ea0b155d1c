"""Moments as a router writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from screens import RELEASES

from getvpn_ops.lab.ios import times
from getvpn_ops.lab.ios.configuration.config import Configuration
from getvpn_ops.lab.ios.releases import release

MOMENT = datetime(2026, 3, 1, 23, 44, 12, 345678, tzinfo=UTC)
BOOTED = MOMENT - timedelta(days=2, hours=3)


def holds(*lines: str) -> Configuration:
    made = Configuration(release(RELEASES["15"]))
    assert made.load(lines) == []
    return made


STAMPS = {
    "usual": ([], "*Mar  1 23:44:12.345: "),
    "without-thousandths": (["service timestamps log datetime"], "*Mar  1 23:44:12: "),
    "year": (["service timestamps log datetime msec year"], "*Mar  1 2026 23:44:12.345: "),
    "local-but-no-zone": (["service timestamps log datetime localtime"], "*Mar  1 23:44:12: "),
    "local": (
        ["service timestamps log datetime msec localtime show-timezone", "clock timezone CET 1 0"],
        "*Mar  2 00:44:12.345 CET: ",
    ),
    "zone-without-local": (
        ["service timestamps log datetime msec show-timezone", "clock timezone CET 1 0"],
        "*Mar  1 23:44:12.345 UTC: ",
    ),
    "uptime": (["service timestamps log uptime"], "2d03h: "),
    "none": (["no service timestamps log"], ""),
}


@pytest.mark.parametrize(("lines", "stamp"), STAMPS.values(), ids=STAMPS)
def test_stamps_of_log_messages(lines: list[str], stamp: str) -> None:
    assert times.log_stamp(holds(*lines), MOMENT, BOOTED) == stamp


ZONES = {
    "utc": ([], "23:44:12 UTC Sun Mar 1 2026", "23:44:12 UTC Mar 1 2026"),
    "east": (["clock timezone CET 1"], "00:44:12 CET Mon Mar 2 2026", "00:44:12 CET Mar 2 2026"),
    "west": (["clock timezone NST -3 30"], "20:14:12 NST Sun Mar 1 2026", "20:14:12 NST Mar 1 2026"),
}


@pytest.mark.parametrize(("lines", "stamp", "date"), ZONES.values(), ids=ZONES)
def test_zones(lines: list[str], stamp: str, date: str) -> None:
    running = holds(*lines)
    assert times.stamp(running, MOMENT) == stamp
    assert times.date(running, MOMENT) == date
    assert times.clock(running, MOMENT) == stamp.replace("12 ", "12.345 ", 1)
