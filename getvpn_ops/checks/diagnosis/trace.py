"""The event trace of GDOI as diagnosis reads it: what means something, of whom, how long ago.

It stands beside the log and never in its place: a trace that was not asked for, is refused by a release, empty or not
understood says nothing, for a cause or against it. What it does say is quoted, since the words of its events are free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.cause import against, look, speaks_for
from getvpn_ops.checks.diagnosis.log import DONE, in_words
from getvpn_ops.checks.logbook import ages
from getvpn_ops.dialect.trace_words import Meaning, meaning_of
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.diagnosis import Weight
from getvpn_ops.model.state.event_trace import EventTrace, TraceEvent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.checks.diagnosis.scene import GroupScene
    from getvpn_ops.checks.diagnosis.server_scene import ServerScene
    from getvpn_ops.checks.diagnosis.witness import Witness
    from getvpn_ops.model.diagnosis import Clue
    from getvpn_ops.model.fleet import DeviceState
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.values import Address

_OLD = timedelta(days=2)
_QUOTED = 160
"""Characters of an event that a clue quotes."""
REFUSALS = frozenset({Meaning.BAD_KEY, Meaning.BAD_MODE, Meaning.BAD_RIGHTS, Meaning.BAD_GROUP, Meaning.REFUSED_POLICY})
"""What a key server says of a registration that it got and did not complete."""
GOOD = frozenset({Meaning.DONE, Meaning.REKEYED})
"""What shows that a fault is over."""


@dataclass(frozen=True, slots=True)
class Traced:
    """An event that means something.

    Attributes:
        meaning: of it.
        event: as it was read.
        age: by the router's own clock; None if the stamp or the clock cannot be read.
    """

    meaning: Meaning
    event: TraceEvent
    age: timedelta | None

    @property
    def quote(self) -> str:
        """The event as a clue quotes it, with its age."""
        text = self.event.text
        cut = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."
        return f"`{cut}`{'' if self.age is None else f', {in_words(self.age)} ago'}"


class Trace:
    """The event trace of one router, newest two days."""

    def __init__(self, state: DeviceState) -> None:
        """Read it.

        Raises:
            EvidenceMissingError: it was not asked for, was refused, or is empty.
        """
        sample = state.latest(EventTrace)
        events = sample.value.events
        self.seen: Seen = sample.seen
        self.told = tuple(
            Traced(meaning, event, age)
            for event, age in zip(events, ages(state, sample, events), strict=True)
            if (age is None or age <= _OLD) and (meaning := meaning_of(event.name, event.text)) is not None
        )

    def last(
        self, meanings: Collection[Meaning], addresses: Collection[Address] = (), hostname: str = ""
    ) -> Traced | None:
        """The newest event of some meanings. In doubt a fault is over: a good event that nobody can date is the newest.

        Args:
            meanings: of it.
            addresses: one of them must be named, if there are any.
            hostname: does as well as an address.
        """
        name = hostname.casefold()
        fit = [
            item
            for item in self.told
            if item.meaning in meanings
            and (
                not (addresses or name)
                or not {*addresses}.isdisjoint(item.event.addresses)
                or (name and name in item.event.text.casefold().split())
            )
        ]
        return min(fit, key=_recency, default=None)


def _recency(item: Traced) -> tuple[timedelta, bool]:
    """Less is newer."""
    unknown = timedelta() if item.meaning in GOOD else timedelta.max
    return (unknown if item.age is None else item.age), item.meaning not in GOOD


def trace_of(witness: Witness) -> Trace | None:
    """The trace of a router; None if there is none to read, which never counts."""
    try:
        return witness.trace
    except EvidenceMissingError:
        return None


def refusals(member: MemberScene) -> Iterator[tuple[ServerScene, Trace, Traced]]:
    """By key server whose trace speaks of a member: the last event, if it is no completed registration.

    What the key server's log shows to be over is left out.
    """
    for server in member.group.servers:
        trace = trace_of(server)
        last = trace.last(REFUSALS | {Meaning.DONE}, member.addresses, member.device) if trace else None
        if trace is None or last is None or last.meaning is Meaning.DONE:
            continue
        if last.event.group in {None, server.view.local_name, member.local_name} and not _is_over(server, member, last):
            yield server, trace, last


def _is_over(server: ServerScene, member: MemberScene, last: Traced) -> bool:
    """Whether the key server logged a registration of the member that may be later than an event."""
    if not server.has_log:
        return False
    done = [item for item in server.log.words(member.addresses, member.device) if item.name in DONE]
    return any(item.age is None or last.age is None or item.age <= last.age for item in done)


@look
def traced(member: MemberScene, meaning: Meaning, names: Collection[str] = ()) -> Iterator[Clue]:
    """What traces of key servers say last of the member's registration, if it is what is asked for.

    Args:
        member: whose registration.
        meaning: that points to the cause.
        names: log messages of the same meaning: what the log says already counts little a second time.
    """
    logged = {server.device for server, event, _ in member.last_words if event.name in names}
    for server, trace, last in refusals(member):
        if last.meaning is meaning:
            again = server.device in logged or not member.is_out
            weight = Weight.HINT if again or last.age is None else Weight.STRONG
            yield speaks_for(weight, f"the event trace of {server.device} says of it: {last.quote}", trace.seen)


@look
def hears(member: MemberScene) -> Iterator[Clue]:
    """Traces of key servers that got a registration of the member: something passes between them."""
    for server, trace, last in refusals(member):
        if last.age is not None:
            says = f"{server.device} hears it, by its event trace: {last.quote}"
            yield against(Weight.STRONG, says, trace.seen)


@look
def unanswered(member: MemberScene) -> Iterator[Clue]:
    """The member's own trace says that a key server does not answer, though one of its list serves the group."""
    trace = trace_of(member)
    serving = [item for item in member.group.servers if item.serves and item.addresses & member.wanted_servers]
    if trace is None or not member.is_out or not serving:
        return
    last = trace.last({Meaning.NO_ANSWER, Meaning.DONE}, member.wanted_servers)
    if last is not None and last.meaning is Meaning.NO_ANSWER:
        yield speaks_for(Weight.HINT, f"its event trace says: {last.quote}", trace.seen)


def own(
    witness: Witness, meanings: Collection[Meaning], over: Iterable[Meaning], addresses: Collection[Address] = ()
) -> tuple[Trace, Traced] | None:
    """The last of some events in a router's own trace, if nothing later says that it is over."""
    trace = trace_of(witness)
    last = trace.last({*meanings, *over}, addresses) if trace else None
    return (trace, last) if trace and last and last.meaning in meanings else None


@look
def signatures(group: GroupScene) -> Iterator[Clue]:
    """Members whose traces say that a rekey bears a signature they do not know."""
    for member in group.members:
        found = own(member, {Meaning.BAD_SIGNATURE}, GOOD)
        if found is not None:
            trace, last = found
            says = f"the event trace of {member.device} says: {last.quote}"
            yield speaks_for(Weight.HINT if last.age is None else Weight.STRONG, says, trace.seen)


@look
def takes_no_rekey(member: MemberScene) -> Iterator[Clue]:
    """The member's trace says that rekeys come, and that it cannot take them: then they are not lost."""
    found = own(member, {Meaning.BAD_SIGNATURE, Meaning.BAD_REKEY}, GOOD)
    if found is not None and found[1].age is not None:
        says = f"rekeys come, and it cannot take them, by its event trace: {found[1].quote}"
        yield against(Weight.STRONG, says, found[0].seen)


@look
def peers_lost(server: ServerScene) -> Iterator[Clue]:
    """The key server's trace says that it lost a peer which does not answer it now either."""
    gone = {address for address, status in server.peers_seen.value.items() if status.casefold() != "alive"}
    found = own(server, {Meaning.PEER_LOST}, (), gone) if gone else None
    if found is not None:
        yield speaks_for(Weight.HINT, f"its event trace says: {found[1].quote}", found[0].seen)
