"""The truth about traffic, outside the routers' view: what was sent, what arrived and how, what was lost and why.

Each flow's fate is kept as intervals; what is sent in one is its rate times its length. Both are whole numbers
(thousandths of a packet per second, microseconds), so that what is sent is exactly what arrives plus what is lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from getvpn_ops.lab.packets.fate import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.lab.packets.flows import Flow

PACKET = 1_000_000_000
"""Parts of a packet in which the ledger counts: thousandths of a packet per second times microseconds."""
_MICROSECOND = timedelta(microseconds=1)
_STEPS_MAX = 10_000
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Interval:
    """A time in which the packets of a flow all met the same fate.

    Attributes:
        flow: which.
        begin: first moment.
        end: the moment after the last.
        outcome: of its packets.
        reason: why they were lost; None if they were not.
    """

    flow: Flow
    begin: datetime
    end: datetime
    outcome: Outcome
    reason: Reason | None

    @property
    def parts(self) -> int:
        """What was sent in it, in parts of a packet."""
        return self.flow.rate * ((self.end - self.begin) // _MICROSECOND)


@dataclass(slots=True)
class Totals:
    """Sums, in parts of a packet.

    Attributes:
        clear: delivered as they were.
        encrypted: delivered encrypted, and opened.
        reasons: lost, by reason.
    """

    clear: int = 0
    encrypted: int = 0
    reasons: dict[Reason, int] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Lost, for whatever reason."""
        return sum(self.reasons.values())

    @property
    def sent(self) -> int:
        """Sent by their sources."""
        return self.clear + self.encrypted + self.lost

    def add(self, outcome: Outcome, reason: Reason | None, parts: int) -> None:
        """Some more."""
        if outcome is Outcome.CLEAR:
            self.clear += parts
        elif outcome is Outcome.ENCRYPTED:
            self.encrypted += parts
        elif reason is not None:
            self.reasons[reason] = self.reasons.get(reason, 0) + parts

    def plain(self) -> dict[str, Any]:
        """As JSON has it: in packets."""
        return {
            "sent": packets(self.sent),
            "clear": packets(self.clear),
            "encrypted": packets(self.encrypted),
            "lost": packets(self.lost),
            "reasons": {
                _named(reason): packets(parts)
                for reason, parts in sorted(self.reasons.items(), key=lambda item: -item[1])
                if parts
            },
        }


def packets(parts: int) -> float:
    """Packets, to the thousandth."""
    return round(parts / PACKET, 3)


@dataclass(slots=True)
class _Record:
    """What became of one flow: since when it had which fate; the last one holds on."""

    since: list[datetime] = field(default_factory=list)
    fates: list[tuple[Outcome, Reason | None]] = field(default_factory=list)


class Ledger:
    """What became of every flow."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Begin with none.

        Args:
            now: the lab's clock.
        """
        self._now = now
        self._records: dict[int, tuple[Flow, _Record]] = {}

    def note(
        self, flow: Flow, outcome: Outcome | None, reason: Reason | None = None, at: datetime | None = None
    ) -> None:
        """From now on the packets of a flow meet this fate; ``outcome`` None: it sends nothing more.

        A fate that lasted no time is forgotten, and one that goes on is not a new one. ``at`` is the moment, so that
        what changes together does so at the same one though the clock runs on; one before the last change is that one.
        """
        _, record = self._records.setdefault(flow.number, (flow, _Record()))
        now = max([at or self._now(), *record.since[-1:]])
        if record.since and record.since[-1] == now:
            record.since.pop()
            record.fates.pop()
        found = (outcome, reason) if outcome is not None else _SILENT
        if not record.fates or record.fates[-1] != found:
            record.since.append(now)
            record.fates.append(found)

    # -- queries

    def intervals(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[Interval]:
        """What happened between two moments, a flow after the other; the intervals are cut at these moments."""
        end = min(until, self._now()) if until is not None else self._now()
        for flow, record in self._records.values():
            first = 0 if since is None else max(0, bisect_right(record.since, since) - 1)
            for at in range(first, len(record.since)):
                begin = record.since[at] if since is None else max(since, record.since[at])
                stop = min(end, record.since[at + 1]) if at + 1 < len(record.since) else end
                outcome, reason = record.fates[at]
                if begin < stop and (outcome, reason) != _SILENT:
                    yield Interval(flow, begin, stop, outcome, reason)

    def totals(self, since: datetime | None = None, until: datetime | None = None) -> Totals:
        """Sums over all flows."""
        return _sum(self.intervals(since, until))

    def by_pair(self, since: datetime | None = None, until: datetime | None = None) -> dict[tuple[str, str], Totals]:
        """Sums by the sites of the sender and of the receiver."""
        return _grouped(self.intervals(since, until), lambda item: (item.flow.source.site, item.flow.destination.site))

    def by_flow(self, since: datetime | None = None, until: datetime | None = None) -> dict[Flow, Totals]:
        """Sums by flow."""
        return _grouped(self.intervals(since, until), lambda item: item.flow)

    def losses(self, since: datetime | None = None, until: datetime | None = None) -> list[Interval]:
        """When which flow lost its packets, the earliest first."""
        found = (item for item in self.intervals(since, until) if item.outcome is Outcome.LOST)
        return sorted(found, key=lambda item: (item.begin, item.flow.number))

    def timeline(
        self, since: datetime, step: timedelta, until: datetime | None = None
    ) -> list[tuple[datetime, Totals]]:
        """Sums for each step of time.

        Raises:
            ValueError: the step is none, or there would be too many.
        """
        end = min(until, self._now()) if until is not None else self._now()
        if step <= timedelta() or (end - since) / step > _STEPS_MAX:
            raise ValueError("choose a longer step")
        edges = [since + step * at for at in range(-(-max(timedelta(), end - since) // step))]
        sums = [Totals() for _ in edges]
        for item in self.intervals(since, end):
            for at in range((item.begin - since) // step, -(-(item.end - since) // step)):
                begin, stop = max(item.begin, edges[at]), min(item.end, edges[at] + step)
                sums[at].add(item.outcome, item.reason, item.flow.rate * ((stop - begin) // _MICROSECOND))
        return list(zip(edges, sums, strict=True))

    # -- JSON

    def summary(self, since: datetime | None = None) -> dict[str, Any]:
        """The sums alone, for a status."""
        return {"flows": len(self._records), **self.totals(since).plain()}

    def plain(
        self, since: datetime | None = None, until: datetime | None = None, step: timedelta | None = None
    ) -> dict[str, Any]:
        """Everything, as ``lab ledger -o json`` has it.

        Args:
            since: the moment from which to count; all if absent.
            until: the moment up to which to count; now if absent.
            step: of the timeline; none without it.
        """
        known = [record.since[0] for _, record in self._records.values() if record.since]
        begin = since or min(known, default=self._now())
        lost_flows = [(flow, sums) for flow, sums in self.by_flow(since, until).items() if sums.lost]
        return {
            "since": begin.isoformat(),
            "until": (min(until, self._now()) if until is not None else self._now()).isoformat(),
            "flows": len(self._records),
            "totals": self.totals(since, until).plain(),
            "pairs": [
                {"from": pair[0], "to": pair[1], **sums.plain()}
                for pair, sums in sorted(self.by_pair(since, until).items())
            ],
            "losing_flows": [
                {**_described(flow), **sums.plain()}
                for flow, sums in sorted(lost_flows, key=lambda item: (-item[1].lost, item[0].number))
            ],
            "losses": [
                {
                    "flow": item.flow.number,
                    "begin": item.begin.isoformat(),
                    "end": item.end.isoformat(),
                    "reason": _named(item.reason),
                    "packets": packets(item.parts),
                }
                for item in self.losses(since, until)
            ],
            "reasons": {_named(reason): reason.value for reason in Reason},
            "timeline": [
                {"from": moment.isoformat(), **sums.plain()} for moment, sums in self.timeline(begin, step, until)
            ]
            if step is not None
            else [],
        }


_SILENT: tuple[Outcome, Reason | None] = (Outcome.LOST, None)  # a flow that has ended


def _named(reason: Reason | None) -> str:
    return reason.name.lower().replace("_", "-") if reason is not None else ""


def _described(flow: Flow) -> dict[str, Any]:
    return {
        "flow": flow.number,
        "kind": flow.kind,
        "from": flow.source.site,
        "to": flow.destination.site,
        "packet": flow.text,
        "vrf": flow.vrf,
        "size": flow.packet.size,
        "df": flow.packet.df,
        "rate": flow.rate / 1000,
    }


def _sum(items: Iterable[Interval]) -> Totals:
    sums = Totals()
    for item in items:
        sums.add(item.outcome, item.reason, item.parts)
    return sums


def _grouped(items: Iterable[Interval], key: Callable[[Interval], _Key]) -> dict[_Key, Totals]:
    grouped: dict[_Key, Totals] = defaultdict(Totals)
    for item in items:
        grouped[key(item)].add(item.outcome, item.reason, item.parts)
    return dict(grouped)
