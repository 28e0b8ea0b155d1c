"""Flows: what sites, routers and the manager say to each other, as rates.

A set is made from the sites and a seed, or read from a file. A flow goes one way; its answer is a flow of its own.
GDOI itself is none: its messages are the machines'.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from getvpn_ops.lab.packets.matching import Packet
from getvpn_ops.lab.packets.places import PROVIDER, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from getvpn_ops.lab.packets.places import Box, Site, Sites

LIMIT = 2000
_ANY_PORT = 1024, 65535
_SIZES = 64, 128, 256, 512, 576, 1024, 1280, 1400, 1500
_LARGEST_UDP = 1200  # that asks for no fragments: nobody tells its sender that ESP needs room
_APPLICATIONS = (443, 1414, 1433, 1521, 445, 8443, 3389)
_GROUP = IPv4Address("239.10.0.1")
_SHARE_OF_APPLICATIONS = 6
_BRANCHES_OF_A_BRANCH = 2
_HEARERS = 12


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets from one place to another.

    Attributes:
        number: counts from 1.
        kind: what it is for, such as ``application``.
        source: where it begins.
        destination: where it ends; for multicast one of the sites that listen.
        packet: each of its packets.
        rate: packets per second, in thousandths; a whole number, so that sums are exact.
        vrf: in which it travels.
        replica: a further listener of the same multicast packets: they leave the sender once.
    """

    number: int
    kind: str
    source: Place
    destination: Place
    packet: Packet
    rate: int
    vrf: str = ""
    replica: bool = False

    @property
    def text(self) -> str:
        """``tcp 10.1.0.5:40000 -> 10.12.0.9:443``."""
        packet = self.packet
        ends = [
            str(IPv4Address(address)) + (f":{port}" if port is not None else "")
            for address, port in (
                (packet.source, packet.source_port),
                (packet.destination, packet.destination_port),
            )
        ]
        return f"{packet.protocol} {' -> '.join(ends)}"


def flow(  # noqa: PLR0913 -- all of these make a flow
    kind: str,
    source: Place,
    destination: Place,
    protocol: str,
    ports: tuple[int | None, int | None] = (None, None),
    *,
    size: int = 100,
    df: bool = False,
    rate: float = 1.0,
    vrf: str = "",
    group: IPv4Address | None = None,
    replica: bool = False,
) -> Flow:
    """Make a flow without a number.

    Args:
        kind: what it is for.
        source: where it begins.
        destination: where it ends.
        protocol: as a list spells it.
        ports: of the source and of the destination.
        size: bytes of a packet, with its IP header.
        df: whether it must not be fragmented.
        rate: packets per second; at least one in 1,000 seconds.
        vrf: in which it travels.
        group: the multicast address to which it goes instead of the destination's own.
        replica: a further listener of the same packets.
    """
    packet = Packet(int(source.address), int(group or destination.address), protocol, *ports, size, df)
    return Flow(0, kind, source, destination, packet, max(1, round(rate * 1000)), vrf, replica)


def answer(asked: Flow, *, size: int | None = None, rate: float | None = None) -> Flow:
    """The flow back: the same ports, the other way."""
    packet = asked.packet
    back = replace(
        packet,
        source=packet.destination,
        destination=packet.source,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
        size=size or packet.size,
    )
    milli = asked.rate if rate is None else max(1, round(rate * 1000))
    return replace(asked, number=0, source=asked.destination, destination=asked.source, packet=back, rate=milli)


def numbered(flows: Sequence[Flow]) -> tuple[Flow, ...]:
    """The flows with their numbers."""
    return tuple(replace(item, number=number) for number, item in enumerate(flows, 1))


def standard_flows(sites: Sites, seed: int = 0, limit: int = LIMIT) -> tuple[Flow, ...]:
    """The usual set of a fleet; the same sites, seed and limit give the same flows.

    Args:
        sites: of the fleet.
        seed: of the chance in it.
        limit: flows at most. Above it each kind gives up its share, applications last, but every site keeps one.
    """
    chance = random.Random(f"flows:{seed}")  # noqa: S311 -- a run must be repeatable
    maker = _Maker(sites, chance)
    kinds: list[list[Flow]] = [list(make()) for make in maker.kinds()]
    if sum(map(len, kinds)) > limit:
        kinds = _thinned(kinds, limit, chance)
    return numbered([item for kind in kinds for item in kind])


def _thinned(kinds: list[list[Flow]], limit: int, chance: random.Random) -> list[list[Flow]]:
    """At most so many flows: one for each site first, then the kinds take turns."""
    kept: list[set[int]] = [set() for _ in kinds]
    seen: set[str] = set()
    left = limit
    for at, item in enumerate(kinds[0]):
        sites = {item.source.site, item.destination.site}
        if not sites <= seen and left:
            kept[0].add(at)
            seen |= sites
            left -= 1
    orders = []
    for kind, chosen in zip(kinds, kept, strict=True):
        order = [at for at in range(len(kind)) if at not in chosen]
        chance.shuffle(order)
        orders.append(order)
    while left and any(orders):
        for which, order in enumerate(orders):
            turn = _SHARE_OF_APPLICATIONS if which == 0 else 1
            taken, orders[which] = order[: min(turn, left)], order[min(turn, left) :]
            kept[which].update(taken)
            left -= len(taken)
    return [[item for at, item in enumerate(kind) if at in chosen] for kind, chosen in zip(kinds, kept, strict=True)]


@dataclass(slots=True)
class _Maker:
    """Makes flows of each kind."""

    sites: Sites
    chance: random.Random

    def kinds(self) -> tuple[Callable[[], Iterator[Flow]], ...]:
        """The makers, applications first."""
        return self.centres, self.branches, self.outside, self.vrfs, self.multicast, self.ssh, self.services, self.bgp

    def centres(self) -> Iterator[Flow]:
        """Applications of each site in the data centres."""
        centres = self.sites.centres()
        for number, site in enumerate(self._insiders()):
            for centre in [*centres[number % max(1, len(centres)) :], *centres[: number % max(1, len(centres))]]:
                if centre is not site:
                    yield from self._conversation("application", site, centre)

    def branches(self) -> Iterator[Flow]:
        """Applications and voice among branches."""
        centres = self.sites.centres()
        branches = [site for site in self._insiders() if site not in centres]
        for number, site in enumerate(branches):
            for step in range(1, min(_BRANCHES_OF_A_BRANCH, (len(branches) - 1) // 2) + 1):
                other = branches[(number + step) % len(branches)]
                yield from self._conversation("branch", site, other)
            if len(branches) == _BRANCHES_OF_A_BRANCH and number == 0:
                yield from self._conversation("branch", site, branches[1])

    def outside(self) -> Iterator[Flow]:
        """Between sites of which one is outside the group."""
        insiders = list(self._insiders())
        for site in self.sites:
            if site.is_outside and insiders and any(not lan.vrf for lan in site.lans):
                for other in [*self.sites.centres(), self.chance.choice(insiders)]:
                    yield from self._conversation("outside", site, other)

    def vrfs(self) -> Iterator[Flow]:
        """Within each VRF, every site with every other."""
        names = sorted({lan.vrf for site in self.sites for lan in site.lans if lan.vrf})
        for vrf in names:
            there = [site for site in self.sites if any(lan.vrf == vrf for lan in site.lans)]
            for at, site in enumerate(there):
                for other in there[at + 1 :]:
                    yield from self._conversation(vrf.lower(), site, other, vrf=vrf)

    def multicast(self) -> Iterator[Flow]:
        """From the first data centre to some branches: the packets leave once, and each listener counts."""
        source = next(iter(self.sites.centres()), None)
        if source is None:
            return
        begins = source.place(next(lan for lan in source.lans if not lan.vrf), 4)
        hearers = [site for site in self._insiders() if site is not source][:_HEARERS]
        for at, site in enumerate(hearers):
            hears = site.place(next(lan for lan in site.lans if not lan.vrf), 4)
            yield flow("multicast", begins, hears, "udp", (5004, 5004), size=1000, rate=20,
                       group=_GROUP, replica=at > 0)  # fmt: skip

    def ssh(self) -> Iterator[Flow]:
        """The manager's sessions with every router."""
        for station, place, _ in self._managed():
            ports = (self._port(), 22)
            asked = flow("ssh", station, place, "tcp", ports, size=96, df=True, rate=0.5)
            yield from (asked, answer(asked, size=576))

    def services(self) -> Iterator[Flow]:
        """Between routers and where they report and ask, as they are configured; else at the manager's."""
        for station, place, box in self._managed():
            poll = flow("snmp", station, place, "udp", (self._port(), 161), size=120, rate=0.2)
            yield from (poll, answer(poll, size=900))
            for kind, protocol, ports, size, rate, answers in (
                ("syslog", "udp", (514, 514), 180, 0.05, False),
                ("ntp", "udp", (123, 123), 76, 1 / 64, True),
                ("tacacs", "tcp", (self._port(), 49), 120, 0.02, True),
            ):
                for address in dict.fromkeys(ip for name, ip in box.services if name == kind) or [station.address]:
                    server = self.sites.find(address)
                    if server is not None and server.site != place.site:
                        asked = flow(kind, place, server, protocol, ports, size=size, rate=rate)
                        yield asked
                        if answers:
                            yield answer(asked)

    def bgp(self) -> Iterator[Flow]:
        """Between each router and its provider: on the link, through no other member."""
        for site in self.sites:
            for box in site.boxes:
                for link in box.uplinks:
                    ours = Place(site.name, link.address, (box.name,), box.name)
                    theirs = Place(PROVIDER, link.neighbour)
                    asked = flow("bgp", ours, theirs, "tcp", (self._port(), 179), size=59, rate=1 / 30, vrf=link.vrf)
                    yield from (asked, answer(asked))

    def _insiders(self) -> Iterator[Site]:
        return (site for site in self.sites if not site.is_outside and any(not lan.vrf for lan in site.lans))

    def _managed(self) -> Iterator[tuple[Place, Place, Box]]:
        """The station, and each router elsewhere that it manages."""
        manager = self.sites.manager
        if manager is None or not manager.lans:
            return
        trapped = (ip for site in self.sites for box in site.boxes for kind, ip in box.services if kind == "snmp")
        station = next((found for ip in trapped if (found := self.sites.find(ip)) and found.site == manager.name), None)
        station = station or manager.place(manager.lans[-1], 9)
        for site in self.sites:
            for box in site.boxes:
                if site is not manager and (place := site.router(box)) is not None:
                    yield station, place, box

    def _conversation(self, kind: str, site: Site, other: Site, vrf: str = "") -> Iterator[Flow]:
        """An application's two flows, between hosts of all their networks by chance."""
        ends = [
            end.place(self.chance.choice([lan for lan in end.lans if lan.vrf == vrf]), self.chance.randrange(8, 60))
            for end in (site, other)
        ]
        voice = kind == "branch" and self.chance.random() < 1 / 3
        size = 200 if voice else self.chance.choice(_SIZES)
        protocol = "udp" if voice or self.chance.random() < 1 / 6 else "tcp"
        df = protocol == "tcp" if self.chance.random() < 4 / 5 else size <= _LARGEST_UDP
        ports = (16384, 16384) if voice else (self._port(), self.chance.choice(_APPLICATIONS))
        rate = 50 if voice else round(self.chance.uniform(2, 80), 1)
        asked = flow(kind, ends[0], ends[1], protocol, ports, size=size, df=df, rate=rate, vrf=vrf)
        back = size if voice or protocol == "udp" else self.chance.choice(_SIZES)
        yield from (asked, answer(asked, size=back))

    def _port(self) -> int:
        return self.chance.randint(*_ANY_PORT)
