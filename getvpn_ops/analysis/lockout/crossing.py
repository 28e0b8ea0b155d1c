"""One packet from one address to another, through the routers between: whether it arrives, and which line says so.

A packet is filtered where it enters a router, encrypted or not where it leaves for the provider, taken or not where it
comes from there. ESP keeps the addresses of the packet (guide, "IP header preservation"), so filters at the provider's
side see ESP between the same two ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import Origin
from getvpn_ops.analysis.lockout.routers import IMPLICIT, Blame, Door, Filter, Holder
from getvpn_ops.analysis.packets.flow import Flow
from getvpn_ops.analysis.packets.match import InexpressibleError
from getvpn_ops.analysis.traffic.facts import Known
from getvpn_ops.analysis.traffic.fates import Fate, Outcome, Path, Reason, met
from getvpn_ops.analysis.traffic.members import Member, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.analysis.lockout.routers import Router
    from getvpn_ops.analysis.lockout.whereabouts import Edge, Whereabouts

_ESP = 50
_OPEN = Path(esp=Known.YES, mtu=1500)
"""Whether the provider carries ESP is another question (``analysis.encrypt_gate``)."""


class Verdict(StrEnum):
    """Of what a router needs; the later the worse."""

    SAFE = "safe"
    """It arrives in clear, or does not leave its site."""
    RIDES = "rides on the SA"
    """It arrives encrypted: lost whenever the SA is."""
    UNKNOWN = "unknown"
    CUT = "cut"


RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of one packet, or of all packets of a need.

    Attributes:
        verdict: of it.
        reason: in words; empty if it is safe.
        by: the line that decides; None if no line does.
        also: the line at the other end that it does not agree with.
        flow: the packet; None if none is known.
        closed: the member that has not registered yet; empty: all have.
    """

    verdict: Verdict
    reason: str = ""
    by: Blame | None = None
    also: Blame | None = None
    flow: Flow | None = None
    closed: str = ""


SAFE = Answer(Verdict.SAFE)


def worst(answers: Iterator[Answer] | list[Answer]) -> Answer:
    """The worst of some that all must hold; safe if there is none."""
    return max(answers, key=lambda item: RANK[item.verdict], default=SAFE)


def any_of(answers: list[Answer], which: str) -> Answer:
    """Of some of which any may be the one: a cut only if all of them are cut.

    Args:
        answers: at least one.
        which: what is not known, for the reason.
    """
    last = worst(answers)
    if last.verdict is Verdict.CUT and any(item.verdict is not Verdict.CUT for item in answers):
        return replace(last, verdict=Verdict.UNKNOWN, reason=f"{which}; if so: {last.reason}")
    return last


@dataclass(frozen=True, slots=True)
class Crossing:
    """How packets travel in a fleet.

    Attributes:
        where: its addresses are.
        vrf: of the packets.
        closed: name of a member that is taken as not registered yet; empty: all are as they are.
    """

    where: Whereabouts
    vrf: str = ""
    closed: str = ""

    def between(self, flow: Flow, *, opening: bool) -> Answer:
        """What becomes of a packet.

        Args:
            flow: as its source sends it.
            opening: whether it may be the first of a TCP session.
        """
        ones, others = self.where.edges(flow.source, self.vrf), self.where.edges(flow.destination, self.vrf)
        for edges, address in ((ones, flow.source), (others, flow.destination)):
            if not edges:
                return self._nowhere(flow, ones, f"no router and no prefix of the inventory has {address}")
        if (apart := self._apart(flow, (*ones, *others))) is not None:
            return apart
        if self.where.is_local(ones, others):
            return self._unseen(flow, (*ones, *others)) or self._at_home(flow, opening=opening)
        found = [self._over(flow, one, other, opening=opening) for one, other in product(ones, others)]
        return any_of(found, "packets may go by another router of the site")

    def on_link(self, flow: Flow, router: Router, door: Door, *, arriving: bool, opening: bool) -> Answer:
        """What becomes of a packet from or to a neighbour on an interface.

        Args:
            flow: as its source sends it.
            router: whose neighbour it is.
            door: the interface.
            arriving: whether the neighbour sends it.
            opening: whether it may be the first of a TCP session.
        """
        outside = Member("the neighbour", applied=False), Door("")
        ours = self._member(router, door, flow, arriving=arriving), door
        ends = [
            (self._member(other, theirs, flow, arriving=not arriving), theirs)
            for other, theirs in self.where.neighbours(router, door)
            if not self._is_other(flow, arriving, theirs)
        ]
        found = []
        for far in ends or [outside]:
            begin, end = (far, ours) if arriving else (ours, far)
            found.append(self._sent(flow, begin, end, own=True, opening=opening))
        return any_of(found, "which neighbour it is is not known")

    @staticmethod
    def _is_other(flow: Flow, arriving: bool, theirs: Door) -> bool:  # noqa: FBT001 -- told by the caller
        """Whether a neighbour's interface is not the one that the packet is from or to."""
        address = flow.source if arriving else flow.destination
        own = {item.ip for item in theirs.addresses}
        return not address.is_multicast and address not in own

    # -- parts of the way

    def _nowhere(self, flow: Flow, ones: tuple[Edge, ...], reason: str) -> Answer:
        """One end is not known: say at least which line would encrypt what goes there."""
        for edge in ones:
            router = self.where.routers[edge.router]
            for door in self.where.outer(router, edge.vrf):
                member = self._member(router, door, flow, arriving=False)
                if member.word(flow) is Word.ENCRYPT:
                    by = _line(member, door, flow, arriving=False)
                    return Answer(Verdict.UNKNOWN, f"{reason}, and it would be encrypted", by, None, flow)
        return Answer(Verdict.UNKNOWN, reason, flow=flow)

    def _apart(self, flow: Flow, edges: tuple[Edge, ...]) -> Answer | None:
        """What is to be said if the ends are in different VRFs: only a provider leads a group's VRF to others."""
        if len({edge.vrf for edge in edges}) == 1:
            return None
        for edge in edges:
            if edge.vrf and not self.where.routers[edge.router].is_member(edge.vrf):
                reason = f"{edge.router}: how packets leave VRF {edge.vrf} is not known"
                return Answer(Verdict.UNKNOWN, reason, flow=flow)
        return None

    def _unseen(self, flow: Flow, edges: tuple[Edge, ...]) -> Answer | None:
        """What is to be said if a router on the way was not seen."""
        for edge in edges:
            router = self.where.routers[edge.router]
            if router.unseen:
                return Answer(Verdict.UNKNOWN, f"{router.name}: {router.unseen}", flow=flow)
        return None

    def _at_home(self, flow: Flow, *, opening: bool) -> Answer:
        """It does not leave its site: what is left are filters between a router and its own networks."""
        owner = self.where.routers.get(self.where.owner(flow.destination, self.vrf))
        if owner is None:
            return replace(SAFE, flow=flow)
        near = [
            door
            for door in owner.doors
            if door.vrf == self.vrf
            and any(a.version == flow.version and flow.source in a.network for a in door.addresses)
        ]
        return worst([_filtered(door.inbound, flow, opening=opening) for door in near] or [replace(SAFE, flow=flow)])

    def _over(self, flow: Flow, one: Edge, other: Edge, *, opening: bool) -> Answer:
        if (unseen := self._unseen(flow, (one, other))) is not None:
            return unseen
        sender, receiver = self.where.routers[one.router], self.where.routers[other.router]
        inside = [_filtered(one.inner.inbound, flow, opening=opening)] if one.inner is not None else []
        after = [_filtered(other.inner.outbound, flow, opening=opening)] if other.inner is not None else []
        after += [_filtered(other.last.inbound, flow, opening=opening)] if other.last is not None else []
        found = []
        for leaves, enters in product(self.where.outer(sender, one.vrf), self.where.outer(receiver, other.vrf)):
            ends = (
                (self._member(sender, leaves, flow, arriving=False), leaves),
                (self._member(receiver, enters, flow, arriving=True), enters),
            )
            sent = self._sent(flow, *ends, own=one.own, opening=opening)
            found.append(worst([*inside, sent, *after]))
        return any_of(found, "packets may go by another link of the router")

    def _sent(
        self, flow: Flow, begin: tuple[Member, Door], end: tuple[Member, Door], *, own: bool, opening: bool
    ) -> Answer:
        """Over the network of the provider."""
        (sender, leaves), (receiver, enters) = begin, end
        for door, packet in ((leaves, flow), (enters, flow.mirrored())):
            for tunnel in door.tunnels:
                passes, by = tunnel.judge(packet, opening=opening)
                if passes is not Known.NO:
                    return Answer(Verdict.UNKNOWN, "it may go into a tunnel of the same crypto map", by, None, flow)
        fate = met((sender, sender.word(flow)), (receiver, receiver.word(flow, arriving=True)), _OPEN)
        crypto = _answer(fate, flow, begin, end)
        if crypto.verdict is Verdict.CUT:
            return crypto
        found = [crypto]
        wire = Flow(flow.source, flow.destination, _ESP) if fate.outcome is Outcome.ENCRYPTED else flow
        if not own and leaves.outbound is not None:
            seen = {_filtered(leaves.outbound, packet, opening=opening) for packet in (flow, wire)}
            found.append(any_of(list(seen), "releases differ on whether the list sees the packet or its ESP"))
        found.append(_filtered(enters.inbound, wire, opening=opening))
        return worst(found)

    def _member(self, router: Router, door: Door, flow: Flow, *, arriving: bool) -> Member:
        """What a router is on an interface; of several groups of one map the first whose list speaks of the packet."""
        if router.unseen:
            return Member(router.name, unseen=router.unseen)
        if not door.crypto:
            return Member(router.name, applied=False)
        closing = router.closing.get(door.crypto)
        if router.name == self.closed and closing is not None:
            return closing
        members = router.members.get(door.crypto, ())
        if len(members) == 1:
            return members[0]
        speaking = [item for item in members if item.word(flow, arriving=arriving) is not Word.LEAVE]
        return next(iter([*speaking, *members]), Member(router.name, unseen="its group is not known"))


def _filtered(filtered: Filter | None, flow: Flow, *, opening: bool) -> Answer:
    if filtered is None:
        return replace(SAFE, flow=flow)
    passes, by = filtered.judge(flow, opening=opening)
    if passes is Known.YES:
        return replace(SAFE, flow=flow)
    what = "ESP" if flow.protocol == _ESP else "the packet"
    if passes is Known.NO:
        return Answer(Verdict.CUT, f"{by.holder.value} drops {what}", by, None, flow)
    return Answer(Verdict.UNKNOWN, f"whether {what} passes {by.holder.value} cannot be told", by, None, flow)


_BY_SENDER = frozenset({Reason.NOT_A_MEMBER, Reason.NOT_REGISTERED, Reason.UNKNOWN_SPI, Reason.NO_SA})


def _answer(fate: Fate, flow: Flow, begin: tuple[Member, Door], end: tuple[Member, Door]) -> Answer:
    if fate.outcome is Outcome.CLEAR:
        return Answer(Verdict.SAFE, flow=flow)
    sends, takes = _line(*begin, flow, arriving=False), _line(*end, flow, arriving=True)
    if fate.outcome is Outcome.ENCRYPTED:
        return Answer(Verdict.RIDES, "encrypted from end to end", sends, None, flow)
    if fate.outcome is Outcome.UNKNOWN:
        return Answer(Verdict.UNKNOWN, fate.assumption, None, None, flow)
    reason = fate.reason.value if fate.reason is not None else "dropped"
    first = fate.reason in _BY_SENDER
    if fate.reason in {Reason.FAIL_CLOSE, Reason.LOCAL_PERMIT}:
        first = begin[0].word(flow) in {Word.CLOSE, Word.REFUSE}
    by, also = (sends, takes) if first else (takes, sends)
    if fate.assumption:
        return Answer(Verdict.UNKNOWN, f"{reason}: {fate.assumption}", by, also, flow)
    return Answer(Verdict.CUT, reason, by, also, flow)


def _line(member: Member, door: Door, flow: Flow, *, arriving: bool) -> Blame | None:
    """The line of a member that speaks of a packet; None if it asks no list."""
    word = member.word(flow, arriving=arriving)
    asked = flow.mirrored() if arriving and not flow.destination.is_multicast else flow
    if word in {Word.CLOSE, Word.BYPASS}:
        name = door.lists.get(Holder.FAIL_CLOSE, "")
        return Filter(member.name, Holder.FAIL_CLOSE, name, member.bypass or None).judge(asked, opening=True)[1]
    if word in {Word.ANYTHING, Word.UNSEEN} or member.lists is None:
        return None
    try:
        found = member.lists.decide(asked)
    except InexpressibleError:
        return None
    holder = Holder.LOCAL if found.origin is Origin.LOCAL else Holder.GROUP
    line = found.ace.text if found.ace is not None else IMPLICIT
    return Blame(member.name, holder, door.lists.get(holder, ""), line, found.place)
