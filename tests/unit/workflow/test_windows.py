"""When windows open, across midnight, weeks, freezes and a clock that jumps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from getvpn_ops.model.plan_times import PlannedFreeze, PlannedWindow
from getvpn_ops.workflow.windows import opening, why_closed

NIGHT = PlannedWindow(("sat", "sun"), "22:00", "05:00", "Europe/London")
DAILY = PlannedWindow((), "09:00", "17:00", "America/New_York")
LATE = PlannedWindow(("sun",), "05:00", "06:00", "Europe/London")
JUMP = PlannedWindow((), "01:30", "02:30", "Europe/London")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


FREEZE = PlannedFreeze(at("2026-03-07T23:00"), at("2026-03-08T00:30"), "audit")
LONG = PlannedFreeze(at("2026-01-01T00:00"), at("2050-01-01T00:00"), "for ever")

CASES = {
    # 2026-03-07 is a Saturday
    "before it": ((NIGHT,), (), "2026-03-07T12:00", "2026-03-07T22:00", "2026-03-08T05:00"),
    "inside, before midnight": ((NIGHT,), (), "2026-03-07T23:00", "2026-03-07T23:00", "2026-03-08T05:00"),
    "inside, after midnight": ((NIGHT,), (), "2026-03-08T04:59", "2026-03-08T04:59", "2026-03-08T05:00"),
    "its end is outside": ((NIGHT,), (), "2026-03-08T05:00", "2026-03-08T22:00", "2026-03-09T05:00"),
    "a week to go": ((NIGHT,), (), "2026-03-09T05:00", "2026-03-14T22:00", "2026-03-15T05:00"),
    "another zone": ((DAILY,), (), "2026-03-03T13:00", "2026-03-03T14:00", "2026-03-03T22:00"),
    "two that join": ((NIGHT, LATE), (), "2026-03-08T04:00", "2026-03-08T04:00", "2026-03-08T06:00"),
    "a freeze ends it early": ((NIGHT,), (FREEZE,), "2026-03-07T22:30", "2026-03-07T22:30", "2026-03-07T23:00"),
    "in a freeze within it": ((NIGHT,), (FREEZE,), "2026-03-07T23:30", "2026-03-08T00:30", "2026-03-08T05:00"),
    "no window and no freeze": ((), (), "2026-03-07T12:00", "2026-03-07T12:00", None),
    "only a freeze": ((), (FREEZE,), "2026-03-07T23:30", "2026-03-08T00:30", None),
    # on 2026-03-29 01:00 becomes 02:00 in London; 02:30 there is then 01:30 UTC
    "half of it does not exist": ((JUMP,), (), "2026-03-29T00:00", "2026-03-30T00:30", "2026-03-30T01:30"),
}


@pytest.mark.parametrize(("windows", "freezes", "now", "begins", "ends"), CASES.values(), ids=CASES)
def test_next_opening(
    windows: tuple[PlannedWindow, ...], freezes: tuple[PlannedFreeze, ...], now: str, begins: str, ends: str | None
) -> None:
    found = opening(windows, freezes, at(now))
    assert found is not None
    assert (found.begins, found.ends) == (at(begins), None if ends is None else at(ends))
    assert (why_closed(windows, freezes, at(now)) == "") is (found.begins == at(now))


def test_what_is_said_of_a_closed_window() -> None:
    said = why_closed((DAILY,), (), at("2026-07-04T22:00"))
    assert said == (
        "its window is closed (every day 09:00-17:00 America/New_York); "
        "it opens Sun 2026-07-05 09:00 America/New_York (2026-07-05 13:00 UTC)"
    )
    frozen = why_closed((), (FREEZE,), at("2026-03-07T23:30"))
    assert frozen == "it is frozen until Sun 2026-03-08 00:30 UTC: audit; it opens Sun 2026-03-08 00:30 UTC"


def test_who_never_opens_again_is_no_loop() -> None:
    weeks = tuple(
        PlannedFreeze(at(f"20{year}-01-01T00:00"), at(f"20{year + 1}-01-01T00:00"), "a year") for year in range(26, 60)
    )
    found = opening((NIGHT,), weeks, at("2026-03-07T12:00"))
    assert found is not None
    assert found.begins.year == 2060
    assert opening((NIGHT,), (LONG,), at("2026-03-07T12:00")) is not None
