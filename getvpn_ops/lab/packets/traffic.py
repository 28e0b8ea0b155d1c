"""Traffic: which fate each flow meets now, and what that moves.

Nothing happens packet by packet. A flow keeps its fate until a member's state, a path or a key's end changes it; what
it sent meanwhile is its rate times that time. So a change costs as much as there are flows that touch it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.lab.packets.fate import End, Fate, Outcome, Reason, Way, fate
from getvpn_ops.lab.packets.matching import Packet, Verdict, judge
from getvpn_ops.lab.packets.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from ipaddress import IPv4Address

    from getvpn_ops.lab.clock import Clock
    from getvpn_ops.lab.gdoi.state import Counters, MemberState
    from getvpn_ops.lab.packets.flows import Flow
    from getvpn_ops.lab.packets.ledger import Ledger
    from getvpn_ops.lab.packets.places import Place, Sites
    from getvpn_ops.lab.packets.sites import Settings
    from getvpn_ops.lab.packets.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class _Edge:
    """The router that is used before a place.

    Attributes:
        name: of it; empty: none of the lab.
        end: how packets meet it, with its first group.
        members: its groups in the VRF, in the order of its crypto maps.
        meters: of these.
    """

    name: str
    end: End
    members: tuple[MemberState, ...] = ()
    meters: tuple[Meter, ...] = ()

    def for_packet(self, packet: Packet, *, mirrored: bool) -> tuple[End, Meter | None]:
        """The end with the group that has a line for a packet, the first one if none has, and that one's meter."""
        if len(self.members) <= 1:
            return self.end, self.meters[0] if self.meters else None
        verdicts = (judge(member, packet, mirrored=mirrored)[0] for member in self.members)
        at = next((at for at, verdict in enumerate(verdicts) if verdict is not Verdict.LEAVE), 0)
        return replace(self.end, member=self.members[at]), self.meters[at]


@dataclass(slots=True)
class _Running:
    """A flow with what it meets now."""

    flow: Flow
    local: bool
    fate: Fate | None = None
    sender: Meter | None = None
    receiver: Meter | None = None


@dataclass(frozen=True, slots=True)
class Echo:
    """What came of one echo request.

    Attributes:
        answered: whether its reply came back.
        reason: why not; None if it was answered, or if nobody has the address.
        by_reply: whether the reply was lost, and not the request.
    """

    answered: bool
    reason: Reason | None = None
    by_reply: bool = False


class Traffic:
    """All flows of a lab. Whoever changes a member, a path or a configuration tells it at that moment."""

    def __init__(self, flows: Iterable[Flow], sites: Sites, around: Surroundings, clock: Clock, ledger: Ledger) -> None:
        """Let the flows begin.

        Args:
            flows: with their numbers.
            sites: of the fleet.
            around: what to ask.
            clock: of the lab.
            ledger: told of every change.
        """
        self.ledger = ledger
        self.decided = 0
        """Fates decided so far: what the work has cost."""
        self._sites, self._around, self._clock = sites, around, clock
        self._running: dict[int, _Running] = {}
        self._touching: dict[str, list[_Running]] = defaultdict(list)
        self._meters: dict[tuple[str, str, str], Meter] = {}
        self._settings: dict[tuple[str, str], Settings] = {}
        self._vrfs: dict[str, set[str]] = defaultdict(set)
        self._ends: dict[datetime, set[str]] = {}
        self.add(flows)

    @property
    def flows(self) -> list[Flow]:
        """The flows, by their numbers."""
        return [running.flow for running in self._running.values()]

    def add(self, flows: Iterable[Flow]) -> None:
        """Let more flows begin. Their numbers must be new.

        Raises:
            ValueError: a number is taken.
        """
        made = [_Running(flow, self._sites.is_local(flow.source, flow.destination, flow.vrf)) for flow in flows]
        if any(running.flow.number in self._running for running in made):
            raise ValueError("a flow needs a number of its own")
        for running in made:
            self._running[running.flow.number] = running
            ends = running.flow.source, running.flow.destination
            for name in {name for place in ends for name in (*place.edges, place.box) if name}:
                self._touching[name].append(running)
                self._vrfs[name].add(running.flow.vrf)
        self._decide(made)
        self._await(self._touching)

    def clear(self) -> None:
        """No flow sends anything more; the ledger keeps what was."""
        now = self._clock.now()
        for running in self._running.values():
            self._turn(running, None, None, None, now)
            self.ledger.note(running.flow, None, at=now)
        self._running.clear()
        self._touching.clear()
        self._vrfs.clear()

    # -- what others tell

    def changed(self, router: str) -> None:
        """A member's state has changed on a router, or the router went down or came up."""
        self._decide(self._touching.get(router, ()))
        self._await((router,))

    def configured(self, router: str) -> None:
        """A router's configuration has changed in whatever way; nothing is decided anew unless packets meet it."""
        read = {vrf: self._around.settings(router, vrf) for vrf in self._vrfs.get(router, ())}
        new = {(router, vrf): found for vrf, found in read.items() if self._settings.get((router, vrf)) != found}
        self._settings.update(new)
        if new:
            self.changed(router)

    def path_changed(self, routers: Iterable[str] | None = None) -> None:
        """The paths of some routers have changed, or any paths."""
        names = set(self._touching if routers is None else routers)
        found = {running.flow.number: running for name in names for running in self._touching.get(name, ())}
        self._decide(list(found.values()))

    def settle(self, router: str | None = None) -> None:
        """Bring the counters of a router, or of all, up to now: before someone reads them."""
        now = self._clock.now()
        for (name, *_), meter in self._meters.items():
            if router in {None, name}:
                meter.accrue(now)

    def shown(self, router: str, member: MemberState) -> Counters:
        """What a screen of a router may show of a member's counters now: late on IOS-XE."""
        now = self._clock.now()
        meter = self._meter(router, member, now)
        meter.accrue(now)
        return meter.shown(now) if self._around.is_late(router) else replace(member.counters)

    # -- fates

    def fate_of(self, number: int) -> Fate | None:
        """What the packets of a flow meet now; None if there is no such flow."""
        found = self._running.get(number)
        return found.fate if found is not None else None

    def _decide(self, flows: Sequence[_Running]) -> None:
        now = self._clock.now()
        ends: dict[tuple[Place, str], _Edge] = {}
        for running in flows:
            flow = running.flow
            edges = self._end(flow.source, flow.vrf, now, ends), self._end(flow.destination, flow.vrf, now, ends)
            self.decided += 1
            found, sender, receiver = self._meet(flow.packet, *edges, now, local=running.local)
            if found == running.fate and running.sender is sender and running.receiver is receiver:
                continue
            self._turn(running, found, sender, receiver, now)
            self.ledger.note(flow, found.outcome, found.reason, now)

    def _end(self, place: Place, vrf: str, now: datetime, known: dict[tuple[Place, str], _Edge]) -> _Edge:
        """The router before a place; ``known`` are those that were looked up for this change already."""
        found = known.get((place, vrf))
        if found is None:
            found = known[place, vrf] = self._look(place, vrf, now)
        return found

    def _look(self, place: Place, vrf: str, now: datetime) -> _Edge:
        if not place.edges:
            return _Edge("", End())
        edge = next((name for name in place.edges if self._around.up(name)), None)
        if edge is None or (place.box and not self._around.up(place.box)):
            return _Edge(edge or place.edges[0], End(up=False))
        said = self._settings.get((edge, vrf))
        if said is None:
            said = self._settings[edge, vrf] = self._around.settings(edge, vrf)
        members = tuple(self._around.members_at(edge, vrf))
        meters = tuple(self._meter(edge, member, now) for member in members)
        end = End(members[0] if members else None, said.linked, said.df_bit, said.clamp, said.mtu)
        return _Edge(edge, end, members, meters)

    def _meet(
        self, packet: Packet, sender: _Edge, receiver: _Edge, now: datetime, *, local: bool
    ) -> tuple[Fate, Meter | None, Meter | None]:
        """What a packet meets, with the meters of both ends; within a site it meets no crypto map."""
        one, sends = sender.for_packet(packet, mirrored=False)
        other, receives = receiver.for_packet(packet, mirrored=True)
        if local:
            reason = Reason.SENDER_DOWN if not one.up else None if other.up else Reason.RECEIVER_DOWN
            return Fate(Outcome.CLEAR if reason is None else Outcome.LOST, reason), sends, receives
        return fate(packet, one, other, self._way(sender.name, receiver.name), now), sends, receives

    def _way(self, sender: str, receiver: str) -> Way:
        if not sender or not receiver or sender == receiver:
            return _FREE
        around = self._around
        return Way(around.reaches(sender, receiver), around.esp_passes(sender, receiver), around.mtu(sender, receiver))

    def _meter(self, router: str, member: MemberState, now: datetime) -> Meter:
        """The meter of a member; a new one where the member has new counters, as after a reload."""
        key = router, member.vrf, member.group
        meter = self._meters.get(key)
        if meter is None or meter.counters is not member.counters:
            meter = self._meters[key] = Meter(member.counters, now)
        return meter

    def _turn(
        self, running: _Running, found: Fate | None, sender: Meter | None, receiver: Meter | None, now: datetime
    ) -> None:
        """A flow meets another fate from now on: other counters move. A replica does not leave its sender again."""
        rate, old, changes = running.flow.rate, running.fate, []
        if old is not None:
            changes += [(running.sender, old.at_sender, -rate), (running.receiver, old.at_receiver, -rate)]
        if found is not None:
            changes += [(sender, found.at_sender, rate), (receiver, found.at_receiver, rate)]
        for at, (meter, name, change) in enumerate(changes):
            leaves = at % 2 == 0
            if meter is not None and name and not (leaves and running.flow.replica):
                meter.accrue(now)
                meter.turn(name, change)
        running.fate, running.sender, running.receiver = found, sender, receiver

    def _await(self, routers: Iterable[str]) -> None:
        """Look again when the next key of a member ends: one event for each such moment, however many members."""
        now = self._clock.now()
        for name in routers:
            for vrf in self._vrfs.get(name, ()):
                teks = (tek for member in self._around.members_at(name, vrf) for tek in member.teks)
                ends = min((tek.ends for tek in teks if tek.ends > now), default=None)
                if ends is None:
                    continue
                if ends not in self._ends:
                    self._ends[ends] = set()
                    self._clock.at(ends, lambda moment=ends: self._ended(moment))  # type: ignore[misc]
                self._ends[ends].add(name)

    def _ended(self, moment: datetime) -> None:
        names = self._ends.pop(moment)
        self.path_changed(names)
        self._await(names)

    # -- probes

    def ping(  # noqa: PLR0913 -- all that the command can say
        self,
        router: str,
        destination: IPv4Address,
        *,
        source: IPv4Address | None = None,
        size: int = 100,
        df: bool = False,
        count: int = 5,
        vrf: str = "",
    ) -> Echo:
        """Send echo requests from a router, and look whether their replies come back. Counters move, the ledger not.

        Args:
            router: which sends.
            destination: to whom.
            source: from which of its addresses; that of its link to the provider, or its own, if absent.
            size: bytes of a request and of its reply.
            df: whether requests must not be fragmented; replies may be.
            count: how many; all meet the same fate.
            vrf: in which.
        """
        begin = self._sites.router(router, vrf, source)
        end = self._sites.find(destination, vrf)
        if begin is None or end is None:
            return Echo(answered=False)
        request = Packet(int(begin.address), int(destination), "icmp", size=size, df=df, icmp="echo")
        if (found := self._send(begin, end, request, vrf, count)) is not None:
            return Echo(answered=False, reason=found)
        back = Packet(int(destination), int(begin.address), "icmp", size=size, icmp="echo-reply")
        found = self._send(end, begin, back, vrf, count)
        return Echo(answered=found is None, reason=found, by_reply=found is not None)

    def answers(
        self, router: str, destination: IPv4Address, source: IPv4Address | None, options: tuple[int, bool, int, str]
    ) -> bool:
        """``ping`` for ``GdoiState.ping``: ``options`` are size, DF, count and VRF."""
        size, df, count, vrf = options
        return self.ping(router, destination, source=source, size=size, df=df, count=count, vrf=vrf).answered

    def _send(self, begin: Place, end: Place, packet: Packet, vrf: str, count: int) -> Reason | None:
        """Send some packets now; returns why they were lost, or None."""
        now = self._clock.now()
        edges = self._look(begin, vrf, now), self._look(end, vrf, now)
        found, sender, receiver = self._meet(packet, *edges, now, local=self._sites.is_local(begin, end, vrf))
        for meter, name in ((sender, found.at_sender), (receiver, found.at_receiver)):
            if meter is not None and name:
                meter.accrue(now)
                setattr(meter.counters, name, getattr(meter.counters, name) + count)
        return found.reason


_FREE = Way()
