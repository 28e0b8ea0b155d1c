"""Times of a router: its zone, and how it writes moments and spans."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.lab.ios.configuration.config import Configuration

_UNITS = (("year", 525600), ("week", 10080), ("day", 1440), ("hour", 60), ("minute", 1))


def zone(running: Configuration) -> tuple[str, timedelta]:
    """The zone's name and its distance from UTC, as ``clock timezone`` sets them; summer time is not reckoned."""
    block = running.find("clock timezone ")
    if block is None:
        return "UTC", timedelta()
    name, hours, *minutes = block.text.split()[2:]
    sign = -1 if hours.startswith("-") else 1
    return name, timedelta(hours=int(hours), minutes=sign * int(minutes[0]) if minutes else 0)


def stamp(running: Configuration, moment: datetime) -> str:
    """``10:44:12 CET Mon Mar 1 2021``."""
    name, distance = zone(running)
    local = moment + distance
    return f"{local:%H:%M:%S} {name} {local:%a %b} {local.day} {local.year}"


def date(running: Configuration, moment: datetime) -> str:
    """``10:44:12 CET Mar 1 2021``, as keys and certificates carry it."""
    name, distance = zone(running)
    local = moment + distance
    return f"{local:%H:%M:%S} {name} {local:%b} {local.day} {local.year}"


def log_stamp(running: Configuration, moment: datetime, booted: datetime, mark: str = "*") -> str:
    """What stands before a log message, its blank included: as ``service timestamps log`` says.

    Without a word of the configuration it is ``*Mar  1 10:44:12.345: ``; the mark says that no NTP server has set the
    clock. Switched off, it is empty.
    """
    lines = [block.text for block in running.all("service timestamps log")]
    words = lines[0].split()[3:] if lines else ["datetime", "msec"]
    if running.find("no service timestamps log") is not None:
        return ""
    if "datetime" not in words:
        return f"{idle(moment - booted)}: "
    name, distance = zone(running) if "localtime" in words else ("UTC", timedelta())
    local = moment + distance
    year = f" {local.year}" if "year" in words else ""
    thousandths = f".{local.microsecond // 1000:03d}" if "msec" in words else ""
    shown = f" {name}" if "show-timezone" in words else ""
    return f"{mark}{local:%b} {local.day:>2}{year} {local:%H:%M:%S}{thousandths}{shown}: "


def clock(running: Configuration, moment: datetime) -> str:
    """``10:44:12.345 CET Mon Mar 1 2021``, as ``show clock`` writes it."""
    local = moment + zone(running)[1]
    return stamp(running, moment).replace(" ", f".{local.microsecond // 1000:03d} ", 1)


def uptime(span: timedelta) -> str:
    """``1 week, 2 days, 3 hours, 4 minutes``."""
    minutes = max(0, int(span.total_seconds() // 60))
    parts: list[str] = []
    for unit, size in _UNITS:
        count, minutes = divmod(minutes, size)
        if count or (unit == "minute" and not parts):
            parts.append(f"{count} {unit}{'s' if count != 1 else ''}")
    return ", ".join(parts)


def idle(span: timedelta) -> str:
    """``00:01:30``, ``1d02h``: how long nothing happened."""
    seconds = max(0, int(span.total_seconds()))
    days, rest = divmod(seconds, 86400)
    if days:
        return f"{days}d{rest // 3600:02d}h"
    return f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


def idle_limit(seconds: float) -> str:
    """``00:10:00``, or ``never`` for 0."""
    return idle(timedelta(seconds=seconds)) if seconds else "never"
