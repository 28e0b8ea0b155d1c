"""When text in a file was shown: by the router's own clock where the text says it clearly, else by the file's time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(
    r"(?P<mark>[*.]?)(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<part>\d{1,6}))? "
    r"(?P<zone>[A-Za-z][\w+-]*) [A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<year>\d{4})"
)
_STAMP = re.compile(r"Time source is .+?, (?=[*.]?\d\d:\d\d:\d\d)")
_ZONE = re.compile(r"^clock timezone (?P<name>\S+) (?P<hours>-?\d{1,2})(?: (?P<minutes>\d{1,2}))?\s*$", re.MULTILINE)
_SUMMER = re.compile(r"^clock summer-time (?P<name>\S+) ", re.MULTILINE)
_SCRIPT = re.compile(r"Script started on (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d)")
_HEAD = 400  # characters of an output in which the stamps of its prompt stand
_UTC_NAMES = {"UTC": timedelta(), "GMT": timedelta()}
_YEARS = range(1970, 3000)  # what lies beyond is no time of a capture, and cannot be reckoned with
_STEP = timedelta(microseconds=1)  # keeps the order of what has one time in common


def zones(texts: Sequence[str]) -> Mapping[str, timedelta]:
    """Names of time zones -> offset, as configurations define them; UTC and GMT are always known."""
    found = dict(_UTC_NAMES)
    for text in texts:
        if (zone := _ZONE.search(text)) is None:
            continue
        hours = int(zone["hours"])
        minutes = int(zone["minutes"] or 0) * (-1 if hours < 0 else 1)
        found[zone["name"]] = timedelta(hours=hours, minutes=minutes)
        if summer := _SUMMER.search(text):
            found[summer["name"]] = found[zone["name"]] + timedelta(hours=1)
    return found


def clock(command: str, text: str, offsets: Mapping[str, timedelta]) -> datetime | None:
    """The time that an output itself tells: as ``show clock``, or by ``terminal exec prompt timestamp``.

    None if there is none, the clock was never set (``*``), or its zone's offset is not known.
    """
    head = text[:_HEAD]
    stamp = _STAMP.search(head)
    if stamp is None and not command.startswith("show clock"):
        return None
    found = _TIME.search(head, stamp.end() if stamp else 0)
    if found is None or found["mark"] == "*" or found["zone"] not in offsets or found["month"] not in _MONTHS:
        return None
    try:
        local = datetime(
            int(found["year"]),
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            int(found["second"]),
            int((found["part"] or "0").ljust(6, "0")),
            tzinfo=timezone(offsets[found["zone"]]),
        )
    except ValueError:  # such as 30 February, or an offset of a hundred hours
        return None
    return local.astimezone(UTC) if local.year in _YEARS else None


def script_start(text: str) -> datetime | None:
    """The time in the first line of a log of ``script``, if it has an offset."""
    found = _SCRIPT.match(text[:_HEAD])
    try:
        told = datetime.fromisoformat(found["time"]) if found else None
    except ValueError:  # such as the 32nd
        return None
    return told.astimezone(UTC) if told is not None and told.year in _YEARS else None


def of_file(seconds: float, otherwise: datetime) -> datetime:
    """The time of a file by its seconds since 1970.

    Args:
        seconds: as a file system, or an archive, has them; may be anything.
        otherwise: what counts if they are no time.
    """
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
    return moment if moment.year in _YEARS else otherwise


def spread(told: Sequence[tuple[str, datetime | None]], start: datetime | None, modified: datetime) -> list[datetime]:
    """Give every output of a file a time, in their order.

    What has no time of its own has that of the nearest output before it on the same device, else of the nearest behind
    it there. On a device that never tells a time, any device of the file may stand in, else the file's own time does.

    Args:
        told: device and own time of each output, in the order of the file.
        start: when the log began, if it says so.
        modified: the file's time.
    """
    timed = {device for device, own in told if own is not None}
    times: list[datetime] = []
    latest: dict[str, datetime] = {}
    newest = start
    for place, (device, own) in enumerate(told):
        near = _after(latest.get(device)) or (_behind(told, place, device) if device in timed else None)
        if own is not None:
            moment = newest = own
        elif device in timed and near is not None:
            moment = near
        else:
            any_ahead = _behind(told, place, None) if timed else None
            moment = _after(newest) or any_ahead or modified - (len(told) - place) * _STEP
            moment = max(moment, near or moment)
        if newest is not None:
            newest = max(newest, moment)
        latest[device] = moment
        times.append(moment)
    return times


def _after(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment + _STEP


def _behind(told: Sequence[tuple[str, datetime | None]], place: int, device: str | None) -> datetime | None:
    """The nearest time behind a place, on a device or on any, less a step for each output between."""
    for index in range(place + 1, len(told)):
        name, own = told[index]
        if own is not None and device in {None, name}:
            return own - (index - place) * _STEP
    return None
