"""Lock-out: what each router needs the network for, held against lists, fail-close, filters and crypto maps.

What a router needs is cut when one side sends clear what the other wants encrypted, when ESP goes to who is no member,
or when fail-close, an access group or an access class drops it. What is encrypted from end to end is not cut, and rides
on the SA. What was not seen is unknown, never safe. Steady states are judged; ``analysis.timeline`` has what happens
while a change spreads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.crossing import SAFE, Answer, Crossing, Verdict, any_of, worst
from getvpn_ops.analysis.lockout.needs import CLIENT_PORT, Service, ports_of
from getvpn_ops.analysis.lockout.routers import Blame, Holder, port_edges
from getvpn_ops.analysis.lockout.whereabouts import Whereabouts
from getvpn_ops.analysis.traffic.facts import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.analysis.lists.effective import EffectiveList
    from getvpn_ops.analysis.lockout.needs import Conversation, NeededFlow
    from getvpn_ops.analysis.lockout.routers import Router
    from getvpn_ops.analysis.packets.flow import Flow

__all__ = ["Cut", "Verdict", "lockouts"]

_OPTIONS = "it may use other addresses and ports, and which it does is not known"
_FIRST_CLIENT, _LAST_PORT = 1024, 65535
_NO_SA_YET = frozenset({Service.GDOI})
"""What fetches the SA cannot travel in it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One thing that a router needs, and what becomes of it.

    Attributes:
        device: that needs it.
        service: what for.
        verdict: of it.
        line: of its configuration, which says that it needs it.
        number: of that line; None if it was not read from a text.
        flow: a packet of it; None if none is known.
        reason: in words; empty if it is safe.
        by: the line that decides; None if no line does.
        also: the line at the other end that it does not agree with.
        closed: the member that has not registered yet when this holds; empty: all have.
    """

    device: str
    service: Service
    verdict: Verdict
    line: str
    number: int | None = None
    flow: Flow | None = None
    reason: str = ""
    by: Blame | None = None
    also: Blame | None = None
    closed: str = ""

    @property
    def text(self) -> str:
        """``nor-gm1: NTP (ntp server 10.1.250.11): cut: ...``."""
        parts = [f"{self.device}: {self.service.value} ({self.line}): {self.verdict.value}"]
        if self.reason:
            parts.append(self.reason)
        if self.by is not None:
            parts.append(f"by {self.by.text}")
        if self.also is not None:
            parts.append(f"against {self.also.text}")
        if self.closed:
            parts.append(f"until {self.closed} has registered")
        if self.flow is not None and self.verdict is not Verdict.SAFE:
            parts.append(f"such as {self.flow}")
        return "; ".join(parts)


def lockouts(routers: Iterable[Router], needs: Mapping[str, tuple[NeededFlow, ...]]) -> tuple[Cut, ...]:
    """What becomes of everything that routers need.

    Args:
        routers: of the fleet, all of them: who is not here is not known to have an address.
        needs: of each device that is asked about; a device without any is asked about in vain, and has one unknown.

    Returns:
        One for each need, in the order of devices and needs.
    """
    where = Whereabouts(routers)
    judge = _Judge(where)
    return tuple(found for device, wanted in needs.items() for found in judge.device(device, wanted))


class _Judge:
    """Judges needs in one fleet; lists that several routers share are looked at once."""

    def __init__(self, where: Whereabouts) -> None:
        self._where = where
        self._edges: dict[int, tuple[EffectiveList, frozenset[int]]] = {}
        self._ports: dict[str, frozenset[int]] = {}

    def device(self, name: str, wanted: tuple[NeededFlow, ...]) -> Iterator[Cut]:
        router = self._where.routers.get(name)
        if router is None or router.unseen:
            reason = f"{name}: {router.unseen if router is not None else 'it is not known'}"
            yield Cut(name, Service.SSH, Verdict.UNKNOWN, "", reason=reason)
            return
        for need in wanted:
            found = self._need(router, need)
            yield Cut(
                name,
                need.service,
                found.verdict,
                need.line,
                need.number,
                found.flow or _first_flow(need),
                found.reason,
                found.by,
                found.also,
                found.closed,
            )

    def _need(self, router: Router, need: NeededFlow) -> Answer:
        if not need.options:
            return Answer(Verdict.UNKNOWN, need.unknown or "where it goes is not known")
        found = [self._option(router, need, option, "") for option in need.options]
        open_ = any_of(found, _OPTIONS)
        if open_.verdict is Verdict.RIDES and need.service in _NO_SA_YET:
            return replace(open_, verdict=Verdict.CUT, reason="it would travel in the SA that it is to fetch")
        if open_.verdict is not Verdict.SAFE:
            return open_
        closed = [self._closed(router, need, name) for name in self._closing(need)]
        return worst([open_, *closed])

    def _closed(self, router: Router, need: NeededFlow, name: str) -> Answer:
        found = [self._option(router, need, option, name) for option in need.options]
        answer = any_of(found, _OPTIONS)
        return replace(answer, closed=name) if answer.verdict is not Verdict.SAFE else answer

    def _closing(self, need: NeededFlow) -> tuple[str, ...]:
        """Members with fail-close on the way."""
        flows = [flow for option in need.options for flow in (option.out, option.back) if flow is not None]
        ends = {address for flow in flows for address in (flow.source, flow.destination)}
        edges = [edge for address in ends for edge in self._where.edges(address, need.vrf)]
        names = dict.fromkeys(edge.router for edge in edges)
        return tuple(name for name in names if self._where.routers[name].closing)

    def _option(self, router: Router, need: NeededFlow, option: Conversation, closed: str) -> Answer:
        crossing = Crossing(self._where, need.vrf, closed)
        found = []
        for talk in ports_of(option, self._clients(router, option, need)):
            ways = ((talk.out, False), (talk.back, True))
            for flow, arriving in ways if talk.we_open else reversed(ways):  # who opens is told first
                if flow is not None:
                    found.append(self._packet(crossing, router, need, flow, (arriving, talk.we_open != arriving)))
        return worst(found)

    @staticmethod
    def _packet(crossing: Crossing, router: Router, need: NeededFlow, flow: Flow, how: tuple[bool, bool]) -> Answer:
        arriving, opening = how
        door = router.door(need.port) if need.port else None
        if need.port and door is None:
            return Answer(Verdict.UNKNOWN, f"{router.name}: interface {need.port} is not up", flow=flow)
        if door is not None:
            found = crossing.on_link(flow, router, door, arriving=arriving, opening=opening)
        else:
            found = crossing.between(flow, opening=opening)
        if need.service is Service.SSH and arriving:
            return worst([found, _let_in(router, flow)])
        return found

    def _clients(self, router: Router, option: Conversation, need: NeededFlow) -> tuple[int, ...]:
        """Ports of a client that stand for all: one for each range that lists on the way tell apart."""
        flows = [flow for flow in (option.out, option.back) if flow is not None]
        names = {router.name}
        for flow in flows:
            for address in (flow.source, flow.destination):
                names |= {edge.router for edge in self._where.edges(address, need.vrf)}
        edges = frozenset().union(*(self._told_apart(name) for name in names))
        told = sorted(edge for edge in edges if _FIRST_CLIENT < edge <= _LAST_PORT)
        return (CLIENT_PORT, *((_FIRST_CLIENT, *told) if told else ()))

    def _told_apart(self, name: str) -> frozenset[int]:
        if name not in self._ports:
            router = self._where.routers[name]
            filters = [item for door in router.doors for item in (door.inbound, door.outbound, *door.tunnels)]
            entries = [item.entries or () for item in (*filters, *router.vty) if item is not None]
            entries += [member.bypass for member in router.closing.values()]
            members = [member for found in router.members.values() for member in found]
            shared = [self._of_list(member.lists) for member in members if member.lists is not None]
            self._ports[name] = frozenset().union(*map(port_edges, entries), *shared)
        return self._ports[name]

    def _of_list(self, lists: EffectiveList) -> frozenset[int]:
        if id(lists) not in self._edges:
            self._edges[id(lists)] = (lists, port_edges((*lists.local, *lists.downloaded)))
        return self._edges[id(lists)][1]


def _first_flow(need: NeededFlow) -> Flow | None:
    return next((flow for option in need.options for flow in (option.out, option.back) if flow is not None), None)


def _let_in(router: Router, flow: Flow) -> Answer:
    """Whether the VTY lines take a session: the first free one does, with its own access class."""
    if router.no_ssh:
        return Answer(
            Verdict.CUT, "no VTY line takes SSH", Blame(router.name, Holder.VTY, "", router.no_ssh), None, flow
        )
    found = []
    for access in router.vty:
        passes, by = access.judge(flow, opening=True) if access is not None else (Known.YES, None)
        what = f"whether {Holder.ACCESS_CLASS.value} takes the session cannot be told"
        if passes is Known.YES:
            found.append(replace(SAFE, flow=flow))
        elif passes is Known.NO:
            found.append(Answer(Verdict.CUT, f"{Holder.ACCESS_CLASS.value} refuses the session", by, None, flow))
        else:
            found.append(Answer(Verdict.UNKNOWN, what, by, None, flow))
    return any_of(found, "which VTY line is free is not known") if found else replace(SAFE, flow=flow)
