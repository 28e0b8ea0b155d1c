"""What a router logged since a moment: the log buffer, with stamps read by the router's own clock.

A stamp has no year on most routers, and may be local or UTC without saying so; a router that was never told the time
stamps its first messages with nonsense. So messages are dated by their age, and one that cannot be dated is taken to be
as old as the next message that can: buffers are in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from getvpn_ops.checks.device_view import restarted_since
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.state.logging import Logging
from getvpn_ops.model.state.system import Clock
from getvpn_ops.model.state.version import Version
from getvpn_ops.model.syslog import SyslogMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from getvpn_ops.model.fleet import DeviceState, FleetState, Sample
    from getvpn_ops.model.outcome import Seen

_FUTURE = timedelta(minutes=-2)
"""A message this far ahead was not stamped by the clock it is compared with."""
_MINUTE = timedelta(minutes=1)
_SECONDS = timedelta(seconds=2)
_UNIVERSAL = frozenset({"UTC", "GMT", "Z"})
_TOO_SHORT = frozenset({"emergencies", "alerts", "critical"})
"""Levels of a buffer that keeps next to nothing of GETVPN."""
_LEVELS = {"errors": 3, "warnings": 4, "notifications": 5}
"""Levels of a buffer that keeps some of it: the least urgent severity that is kept."""
WARNINGS, NOTICES = 4, 5
"""Severities of IOS: lost packets and repeated registrations are warnings, a change of roles is a notice."""
_STAMP = re.compile(r"(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)")
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11,
    "Dec": 12,
}  # fmt: skip


class Stamped(Protocol):
    """Whatever bears a router's stamp: a log message, an event of a trace."""

    @property
    def mark(self) -> str | None:
        """``*`` where the clock was not set."""

    @property
    def stamp(self) -> datetime | str | None:
        """Time of the router."""

    @property
    def zone(self) -> str | None:
        """Its time zone."""

    @property
    def uptime(self) -> timedelta | None:
        """In place of a time."""


@dataclass(frozen=True, slots=True)
class Log:
    """Messages of a router since a moment.

    Attributes:
        messages: with their age if it is known, oldest first.
        seen: where they were read.
        gap: why they may not be all, for a person; empty if they are.
        span: back to which the log was asked for.
        guessed: places of messages whose age is only that of the next one: they may be older than the span.
    """

    messages: tuple[tuple[SyslogMessage, timedelta | None], ...]
    seen: Seen
    gap: str
    span: timedelta
    guessed: frozenset[int] = frozenset()

    def of(self, *mnemonics: str) -> tuple[SyslogMessage, ...]:
        """The messages of some entries of the syslog catalogue."""
        return tuple(message for message, _ in self.messages if message.entry in mnemonics)

    def surely(self, *mnemonics: str) -> tuple[SyslogMessage, ...]:
        """Those that can be dated themselves: an excuse must not rest on a message that may be of last year."""
        return tuple(
            message
            for place, (message, _) in enumerate(self.messages)
            if place not in self.guessed and message.entry in mnemonics
        )


def _last_look(state: DeviceState, earlier: FleetState | None, otherwise: timedelta) -> timedelta:
    """How far the last look at a device's log lies behind this one, and a little more.

    Stamps may be of whole seconds: a message is better told twice than never.

    Args:
        state: of the device, now.
        earlier: the run to compare with.
        otherwise: if there is no such run, or it did not look.

    Raises:
        EvidenceMissingError: the log is missing now.
    """
    now = state.latest(Logging).taken_at
    before = _look_before(state, earlier)
    if before is None or before > now:  # an "earlier" run that lies ahead is none
        return otherwise
    return now - before + _SECONDS


def _look_before(state: DeviceState, earlier: FleetState | None) -> datetime | None:
    before = earlier.devices.get(state.name) if earlier is not None else None
    return before.latest(Logging).taken_at if before is not None and before.has(Logging) else None


def recent(state: DeviceState, earlier: FleetState | None, otherwise: timedelta, least: int = WARNINGS) -> Log:
    """What a router logged since the last look.

    A router that started since then lost what it had logged: that nothing is there then proves nothing.

    Args:
        state: of the device, now.
        earlier: the run to compare with.
        otherwise: how far to look back if there is no such run, or it did not look.
        least: the least urgent severity that is looked for.

    Raises:
        EvidenceMissingError: the log is missing, or the router keeps none.
    """
    log = since(state, _last_look(state, earlier, otherwise), least)
    before = _look_before(state, earlier)
    if log.gap or before is None or not restarted_since(state, before):
        return log
    return replace(log, gap="the router has started since the last look, and its buffer began anew")


def since(state: DeviceState, span: timedelta, least: int = WARNINGS) -> Log:
    """What a router logged in the time before it was asked.

    Args:
        state: of the device.
        span: the time.
        least: the least urgent severity that is looked for: a buffer may be set to keep urgent messages only.

    Raises:
        EvidenceMissingError: the log is missing, or the router keeps none.
    """
    sample = state.latest(Logging)
    buffer = next((item for item in sample.value.destinations if item.name == "Buffer"), None)
    if sample.value.state == "disabled" or (buffer is not None and buffer.state == "disabled"):
        msg = f"{state.name} keeps no log: buffer logging is off (`logging buffered`)"
        raise EvidenceMissingError(msg)
    if buffer is not None and buffer.level in _TOO_SHORT:
        msg = f"{state.name} keeps messages of level {buffer.level} only (`logging buffered informational`)"
        raise EvidenceMissingError(msg)
    if buffer is None and not sample.value.messages:
        msg = f"{state.name}: {sample.seen.command} shows no buffer and no message"
        raise EvidenceMissingError(msg)
    messages = [item for item in sample.value.messages if isinstance(item, SyslogMessage)]
    dated = _ages(messages, _dating(state, sample, messages))
    chosen = [
        (message, age, own) for message, (age, own) in zip(messages, dated, strict=True) if age is None or age <= span
    ]
    return Log(
        tuple((message, age) for message, age, _ in chosen),
        sample.seen,
        _gap(sample, [age for age, _ in dated], span, least),
        span,
        frozenset(place for place, (_, _, own) in enumerate(chosen) if not own),
    )


def ages(state: DeviceState, sample: Sample[Any], events: Sequence[Stamped]) -> tuple[timedelta | None, ...]:
    """How old events are by their own stamps; None where a stamp cannot be read. Their order tells nothing."""
    dating = _dating(state, sample, events)
    return tuple(min(dating.read(event, None), default=None) for event in events)


def _gap(sample: Sample[Logging], ages: Sequence[timedelta | None], span: timedelta, least: int) -> str:
    buffer = next((item for item in sample.value.destinations if item.name == "Buffer"), None)
    doubts = [doubt for doubt in sample.doubts if not doubt.endswith("each counts")]
    if doubts:
        return f"the log may not be whole: {doubts[0]}"
    level = buffer.level if buffer is not None else None
    if level is not None and _LEVELS.get(level, least) < least:
        return f"the buffer keeps messages of level {level} only (`logging buffered informational`)"
    logged = buffer.logged if buffer is not None else None
    if logged is None or logged <= len(sample.value.messages):
        return ""
    oldest = next((age for age in ages if age is not None), None)
    if oldest is None or oldest < span:
        return f"the buffer holds the last {len(sample.value.messages)} of {logged} messages"
    return ""


@dataclass(frozen=True, slots=True)
class _Dating:
    """How stamps of a router can be read.

    Attributes:
        ways: each tells the age of a message, or nothing.
        is_set: the clock is known to be right now; a star then marks a stamp of before it was.
        oldest: how long the router has been up; None if it does not tell.
    """

    ways: tuple[Callable[[Stamped], timedelta | None], ...]
    is_set: bool
    oldest: timedelta | None

    def read(self, message: Stamped, later: timedelta | None) -> list[timedelta]:
        """Ages that a message may have.

        A stamp of before the clock was set counts only where it fits: between the start and the next message.
        """
        found = [age for way in self.ways if (age := way(message)) is not None and age >= _FUTURE]
        if not (self.is_set and message.mark == "*"):
            return found
        least = later if later is not None else _FUTURE
        return [age for age in found if self.oldest is not None and least <= age <= self.oldest + _MINUTE]


def _ages(messages: Sequence[SyslogMessage], dating: _Dating) -> list[tuple[timedelta | None, bool]]:
    """The age of each message, and whether its own stamp tells it; the least age where there are several readings."""
    found: list[tuple[timedelta | None, bool]] = []
    later: timedelta | None = None
    for message in reversed(messages):
        read = dating.read(message, later)
        later = min(read, default=later)
        found.append((later, bool(read)))
    return found[::-1]


def _dating(state: DeviceState, sample: Sample[Any], messages: Sequence[Stamped]) -> _Dating:
    """The ways in which stamps of this router can be read."""
    now = sample.taken_at
    clock = state.latest(Clock) if state.has(Clock) else None
    version = state.latest(Version) if state.has(Version) else None
    here = clock.value.now.time + (now - clock.taken_at) if clock is not None else None
    zone = clock.value.now.zone if clock is not None else None
    is_set = clock is not None and clock.value.now.mark is None

    def by(reading: datetime | None, message: Stamped) -> timedelta | None:
        if reading is None or message.stamp is None:
            return None
        stamp = message.stamp if isinstance(message.stamp, datetime) else _dated(message.stamp, reading)
        return reading - stamp if stamp is not None else None

    def local(message: Stamped) -> timedelta | None:
        return by(here, message) if message.zone in {None, zone} else None

    def universal(message: Stamped) -> timedelta | None:
        if message.zone is not None and (message.zone not in _UNIVERSAL or message.zone == zone):
            return None
        return by(now.astimezone(UTC).replace(tzinfo=None), message)

    def running(message: Stamped) -> timedelta | None:
        return up - message.uptime if up is not None and message.uptime is not None else None

    up = version.value.uptime + (now - version.taken_at) if version and version.value.uptime is not None else None
    ways = [local, universal]
    if here is not None and zone in _UNIVERSAL:
        ways.remove(universal)  # the router's own clock, right or wrong, is what stamped them
    for way in tuple(ways):
        sure = (message for message in messages if not (is_set and message.mark == "*"))
        bare = (way(message) for message in sure if message.zone is None)
        if len(ways) > 1 and any(age is not None and age < _FUTURE for age in bare):
            ways.remove(way)  # it would put some message into the future
    return _Dating((*ways, running), is_set, up)


def _dated(text: str, now: datetime) -> datetime | None:
    """A stamp without a year: the last such day before now, or the next within two days."""
    found = _STAMP.match(text)
    if found is None or found["month"] not in _MONTHS:
        return None
    day, hour, minute, second = (int(found[name]) for name in ("day", "hour", "minute", "second"))
    for year in (now.year + 1, now.year, now.year - 1):
        try:
            moment = now.replace(year, _MONTHS[found["month"]], day, hour, minute, second)
        except ValueError:
            continue  # the 29th of February
        if moment - now < timedelta(days=2):
            return moment
    return None
