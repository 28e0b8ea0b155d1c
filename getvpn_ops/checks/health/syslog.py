"""What routers logged of GETVPN since the last look (guide: Table 5)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks import logbook
from getvpn_ops.checks.health.verdict import verdict
from getvpn_ops.dialect.syslog_catalogue import look_up
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.checks.device_view import DeviceView
    from getvpn_ops.dialect.syslog_catalogue import CatalogueEntry
    from getvpn_ops.model.syslog import SyslogMessage

_SERIOUS = frozenset({Severity.MAJOR, Severity.CRITICAL})
_FIRST_ELECTION = re.compile(r"Previous Primary\s*=\s*NONE", re.IGNORECASE)
_KINDS = 5


class LogParams(FrozenModel):
    """What to read.

    Attributes:
        minutes: of the log, where no earlier run says how far to look back.
        others: messages that the catalogue does not know count from this severity of IOS on: 0 emergency, 1 alert,
            2 critical; -1 leaves them out.
    """

    minutes: int = Field(default=60, ge=1)
    others: int = Field(default=2, ge=-1, le=7)


def serious(device: DeviceView, params: LogParams) -> Iterator[Finding]:
    """What a router logs as an error of its group it will not say again.

    Counters and states show what is; the log shows what was, and healed by itself, and will come back.
    """
    yield from _judge(device, params, "errors in the log", lambda message: _is_serious(message, params.others))


def hostile(device: DeviceView, params: LogParams) -> Iterator[Finding]:
    """Messages behind which an attack may be.

    Registrations by strangers, acknowledgements nobody asked for, a key server that is not ours: most are mistakes, and
    each must be looked up.
    """
    yield from _judge(device, params, "hostile messages in the log", _is_hostile)


def _is_serious(message: SyslogMessage, others: int) -> bool:
    entry = look_up(message.entry) if message.entry else None
    if entry is None:
        return message.severity <= others
    if entry.mnemonic == "COOP_KS_TRANS_TO_PRI" and _FIRST_ELECTION.search(message.text):
        return False  # the group came up: no primary was lost
    return entry.severity in _SERIOUS and not entry.hostile


def _is_hostile(message: SyslogMessage) -> bool:
    entry = look_up(message.entry) if message.entry else None
    return entry is not None and entry.hostile


def _judge(
    device: DeviceView, params: LogParams, message: str, matters: Callable[[SyslogMessage], bool]
) -> Iterator[Finding]:
    span = timedelta(minutes=params.minutes)
    log = logbook.recent(device.state, device.fleet.earlier, span, logbook.NOTICES)
    since = f"in {_words(log.span)}"
    found = [item for item, _ in log.messages if matters(item)]
    counts = Counter(item.entry or item.mnemonic for item in found)
    for name, count in counts.most_common(_KINDS):
        last = next(item for item in reversed(found) if (item.entry or item.mnemonic) == name)
        entry = look_up(name)
        yield verdict(
            device,
            good=False,
            message=f"{message} {since}",
            expected="none",
            actual=f"{count} x {_quoted(last)}",
            seen=[log.seen],
            next_steps=_steps(entry, name),
        )
    if len(counts) > _KINDS:
        yield verdict(
            device,
            good=False,
            message=f"{message} {since}",
            expected="none",
            actual=f"{len(counts) - _KINDS} kinds more: {', '.join(list(counts)[_KINDS:])}",
            seen=[log.seen],
        )
    if not found or log.gap:
        yield verdict(
            device,
            Status.UNKNOWN if log.gap else Status.PASS,
            f"{message} {since}",
            expected="none",
            actual=log.gap or "none",
            seen=[log.seen],
            next_steps=("ask the syslog server", "a larger buffer: logging buffered 65536 informational"),
        )


def _quoted(message: SyslogMessage) -> str:
    return f"%{message.facility}-{message.severity}-{message.mnemonic}: {message.text}"


def _steps(entry: CatalogueEntry | None, name: str) -> tuple[str, ...]:
    if entry is None:
        return ("show logging", f"what does the vendor say of {name}?")
    return (entry.meaning, *entry.next_steps)


def _words(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:  # noqa: PLR2004 -- two hours
        return f"the last {minutes} min"
    return f"the last {minutes // 60} h"


DEVICE_CHECKS = (
    Spec(
        id="syslog-errors",
        title="No errors were logged since the last look",
        severity=Severity.MAJOR,
        params=LogParams,
        examine=serious,
        tags=frozenset({"device", "log", "growing"}),
    ),
    Spec(
        id="syslog-hostile",
        title="Nothing hostile was logged since the last look",
        severity=Severity.CRITICAL,
        params=LogParams,
        examine=hostile,
        tags=frozenset({"device", "log", "security"}),
    ),
)
