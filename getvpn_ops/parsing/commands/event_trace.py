"""``show monitor event-trace gdoi``: a frame of headings and stamps around events in free words."""

from __future__ import annotations

import re
from datetime import timedelta

from getvpn_ops.dialect.syslog_catalogue import look_up
from getvpn_ops.model.state.event_trace import EventTrace, TraceBuffer, TraceEvent
from getvpn_ops.parsing.command import Command
from getvpn_ops.parsing.syslog import parse_syslog

_SECONDS = re.compile(r"(?:(?P<sequence>\d{1,10}):\s+)?(?P<seconds>\d{1,9}\.\d{3}):\s*(?P<text>\S.*)")
_CLOCK = r"\d\d:\d\d:\d\d"
_STAMPED = re.compile(
    rf"(?P<stamp>[*.]?(?:\d{{4}} )?[A-Z][a-z]{{2}} +\d{{1,2}} (?:\d{{4}} )?{_CLOCK}(?:\.\d{{1,9}})?(?: [A-Z][\w+\-]*)?"
    rf"|{_CLOCK}|\d+[ywdh](?:\d+[ywdhm])?):\s+(?P<text>\S.*)"
)
_COLON = re.compile(r"(?<=\d):(?=\s|$)")
"""Behind an address; it would hide it."""
_TRACE = re.compile(r"(?P<trace>GDOI_[A-Z0-9_]+|GKM_[A-Z0-9_]+):\s*(?P<rest>\S.*)")
_NAME = re.compile(r"(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+):(?:\s|$)")


def trace_event(line: str) -> TraceEvent:
    """Read one event.

    Stamp, group and addresses are written as in a log message, so they are read as of one.

    Raises:
        ValueError: no stamp that can be read, or no text behind it.
    """
    sequence, uptime = None, None
    if found := _SECONDS.fullmatch(line):
        stamp, uptime = "", timedelta(seconds=float(found["seconds"]))
        sequence = int(found["sequence"]) if found["sequence"] else None
    elif found := _STAMPED.fullmatch(line):
        stamp = f"{found['stamp']}: "
    else:
        msg = f"{line!r} is no event with a stamp"
        raise ValueError(msg)
    text = " ".join(found["text"].split())
    message = parse_syslog(f"{stamp}%GDOI-7-TRACE: {_COLON.sub(' ', text)}")
    if message is None or (message.stamp is None and message.uptime is None and uptime is None):
        msg = f"the stamp of {line!r} cannot be read"
        raise ValueError(msg)
    of_trace = _TRACE.fullmatch(text)
    if of_trace and look_up(of_trace["trace"]):  # ``GDOI_REKEY_FAILURE`` is an event, and no trace
        of_trace = None
    named = _NAME.match(of_trace["rest"] if of_trace else text)
    entry = look_up(named["name"]) if named else None
    return TraceEvent(
        text=text,
        trace=of_trace["trace"] if of_trace else None,
        name=named["name"] if named else None,
        entry=entry.mnemonic if entry else None,
        group=message.group,
        addresses=message.addresses,
        mark=message.mark,
        stamp=message.stamp,
        zone=message.zone,
        uptime=message.uptime if uptime is None else uptime,
        sequence=sequence,
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        template="show_monitor_event_trace_gdoi.textfsm",
        model=EventTrace,
        converters={TraceEvent: trace_event},
        records={"Start": TraceBuffer},
    ),
)
