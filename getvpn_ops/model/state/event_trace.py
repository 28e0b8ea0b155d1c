"""What a router's event trace of GDOI holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """One event: ``STAMP: [TRACE:] [NAME:] text``.

    Attributes:
        text: all behind the stamp, single blanks.
        trace: the trace it comes from, where the line names one (``GDOI_REKEY_EVENT``).
        name: of the event, where the line has one (``REKEY_RCVD``).
        entry: mnemonic under which the syslog catalogue explains an event of this name, or None if it does not.
        group: GDOI group that the text names.
        addresses: that the text names, in order, each once.
        mark: ``*`` the router's clock is not set, ``.`` it has lost its NTP server; None: the clock is good.
        stamp: time of the router; text such as ``Mar 1 00:01:02.123`` where it has no year.
        zone: name of the time zone, which each router defines for itself.
        uptime: in place of a time: how long the router had been up.
        sequence: number of the event, where the trace counts them.
    """

    text: str
    trace: str | None = None
    name: str | None = None
    entry: str | None = None
    group: str | None = None
    addresses: tuple[Address, ...] = ()
    mark: str | None = None
    stamp: datetime | str | None = None
    zone: str | None = None
    uptime: timedelta | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class TraceBuffer:
    """A trace.

    Attributes:
        name: of its heading (``gdoi_coop``); None where events come without a heading.
        state: where the heading says that tracing is off (``disabled, from exec command``).
        events: in the order of the screen, which need not be that of time.
        tracebacks: of exit traces, with ``detail``; addresses in the image that only its vendor can read.
    """

    name: str | None = None
    state: str | None = None
    events: tuple[TraceEvent, ...] = ()
    tracebacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventTrace:
    """``show monitor event-trace gdoi``, of one trace or of all (15.1(3)T and later)."""

    buffers: tuple[TraceBuffer, ...] = ()

    @property
    def events(self) -> tuple[TraceEvent, ...]:
        """Of all traces."""
        return tuple(event for buffer in self.buffers for event in buffer.events)
