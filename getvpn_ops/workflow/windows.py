"""Windows and freezes of a plan: whether forward steps may be done at a moment, and when that is so next (P13).

A window opens by the clock of its time zone: where that clock jumps, the window is an hour shorter or longer, and a
time that does not exist counts as the moment to which the clock jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.model.plan_times import PlannedFreeze, PlannedWindow

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = 8
"""Days in which every window opens at least once; one more than a week."""
_TRIES = 500
"""Freezes and closed windows that are looked behind; then it never opens, as far as anybody cares."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Time in which forward steps may be done.

    Attributes:
        begins: of it, UTC; it may have begun before.
        ends: of it, UTC; None: never.
    """

    begins: datetime
    ends: datetime | None


def opening(windows: Sequence[PlannedWindow], freezes: Sequence[PlannedFreeze], now: datetime) -> Opening | None:
    """The time in which forward steps may be done now or next.

    Args:
        windows: of a plan; without any, only freezes close it.
        freezes: likewise.
        now: with a time zone.

    Returns:
        One that has begun if they may be done now; None if no window opens any more.
    """
    moment = now.astimezone(UTC)
    for _ in range(_TRIES):
        if (frozen := next((item for item in freezes if item.start <= moment < item.end), None)) is not None:
            moment = frozen.end.astimezone(UTC)
            continue
        ends: datetime | None = None
        if windows:
            spans = [span for window in windows for span in _spans(window, moment)]
            held = [end for begin, end in spans if begin <= moment < end]
            if not held:
                later = [begin for begin, _ in spans if begin > moment]
                if not later:
                    return None
                moment = min(later)
                continue
            ends = _joined(spans, max(held))
        starts = [item.start.astimezone(UTC) for item in freezes if item.start > moment]
        first = min(starts, default=None)
        if first is not None and (ends is None or first < ends):
            ends = first
        return Opening(moment, ends)
    return None


def why_closed(windows: Sequence[PlannedWindow], freezes: Sequence[PlannedFreeze], now: datetime) -> str:
    """Why no forward step may be begun now, with the next opening in the time zone of its window; empty if one may."""
    found = opening(windows, freezes, now)
    if found is not None and found.begins <= now:
        return ""
    frozen = next((item for item in freezes if item.start <= now < item.end), None)
    zone = ZoneInfo(windows[0].zone) if windows else UTC
    if frozen is not None:
        why = f"it is frozen until {in_zone(frozen.end, zone)}: {frozen.reason}"
    else:
        why = f"its window is closed ({'; '.join(map(window_words, windows))})"
    if found is None:
        return f"{why}; it does not open any more"
    for window in windows:  # said in the zone of the window that opens then
        if any(begin <= found.begins < end for begin, end in _spans(window, found.begins)):
            zone = ZoneInfo(window.zone)
            break
    return f"{why}; it opens {in_zone(found.begins, zone)}"


def window_words(window: PlannedWindow) -> str:
    """``sat, sun 22:00-05:00 Europe/London``."""
    days = ", ".join(window.days) or "every day"
    return f"{days} {window.start}-{window.end} {window.zone}"


def in_zone(moment: datetime, zone: ZoneInfo | object = UTC) -> str:
    """A moment in a time zone, and in UTC where that is another one."""
    utc = moment.astimezone(UTC)
    if not isinstance(zone, ZoneInfo) or zone.key == "UTC":
        return f"{utc:%a %Y-%m-%d %H:%M} UTC"
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M} {zone.key} ({utc:%Y-%m-%d %H:%M} UTC)"


def _spans(window: PlannedWindow, near: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When a window is open, from the day before a moment to a week after it; UTC."""
    zone = ZoneInfo(window.zone)
    start, end = time.fromisoformat(window.start), time.fromisoformat(window.end)
    today = near.astimezone(zone).date()
    for days in range(-1, _WEEK + 1):
        day = today + timedelta(days=days)
        if window.days and DAYS[day.weekday()] not in window.days:
            continue
        last = day if end > start else day + timedelta(days=1)
        begins = datetime.combine(day, start, zone).astimezone(UTC)
        ends = datetime.combine(last, end, zone).astimezone(UTC)
        if begins < ends:
            yield begins, ends


def _joined(spans: Sequence[tuple[datetime, datetime]], ends: datetime) -> datetime:
    """The end of windows that follow each other without a gap."""
    for begin, end in sorted(spans):
        if begin <= ends < end:
            ends = end
    return ends
