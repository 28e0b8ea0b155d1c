"""Sites, the routers before them, and what becomes of the traffic between two of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from itertools import product
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.sets import PacketSet
from getvpn_ops.analysis.traffic.fates import UNPROBED, Fate, fate, partition, worst
from getvpn_ops.analysis.traffic.sizes import SMALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.analysis.traffic.fates import Path
    from getvpn_ops.analysis.traffic.members import Member
    from getvpn_ops.analysis.traffic.sizes import Shape
    from getvpn_ops.model.values import Network

Parts = tuple[tuple[PacketSet, Fate], ...]
"""Sets of packets that are apart from each other, with what becomes of each."""


ROUTED_MULTICAST: tuple[Network, ...] = (
    *IPv4Network("224.0.0.0/4").address_exclude(IPv4Network("224.0.0.0/24")),
    *(IPv6Network(f"ff0{scope}::/16") for scope in "3456789abcde"),
)
"""Groups whose packets cross a router: not those of one link (RFC 5771, section 4; RFC 4291, section 2.7)."""


@dataclass(frozen=True, slots=True)
class Site:
    """Networks and the routers before them.

    Attributes:
        name: of it.
        prefixes: behind its routers.
        members: readings of its routers, of which any may be the one that packets meet: several routers that back each
            other up, or one router whose screens leave two readings (``Member.assumes`` says on what each rests).
        listens: multicast groups that somebody behind it may hear; all that routers forward unless somebody knows.
    """

    name: str
    prefixes: tuple[Network, ...]
    members: tuple[Member, ...]
    listens: tuple[Network, ...] = ROUTED_MULTICAST


@dataclass(frozen=True, slots=True)
class Paths:
    """What is known of the ways between routers.

    Attributes:
        usual: of every pair that is not named.
        known: by the names of two devices, in any order.
    """

    usual: Path = UNPROBED
    known: Mapping[frozenset[str], Path] = field(default_factory=dict)

    def between(self, one: str, other: str) -> Path:
        """The way between two devices."""
        return self.known.get(frozenset({one, other}), self.usual)


NOTHING_PROBED = Paths()


def traffic(sender: Site, receiver: Site) -> PacketSet:
    """All packets from one site to another, those to multicast groups included."""
    return PacketSet.sent_by(sender.prefixes) & (PacketSet.sent_to(receiver.prefixes) | _heard(receiver.listens))


@lru_cache(maxsize=256)
def _heard(groups: tuple[Network, ...]) -> PacketSet:
    return PacketSet.sent_to(groups)


def site_fate(flow: Flow, sender: Site, receiver: Site, paths: Paths = NOTHING_PROBED, shape: Shape = SMALL) -> Fate:
    """What becomes of the packets of one flow between two sites."""
    found = [
        (pair, fate(flow, *pair, paths.between(pair[0].name, pair[1].name), shape))
        for pair in product(sender.members, receiver.members)
    ]
    return any_of(found)


def fates(sender: Site, receiver: Site, paths: Paths = NOTHING_PROBED, shape: Shape = SMALL) -> Parts:
    """What becomes of all packets from one site to another: the parts together are exactly ``traffic``."""
    asked = traffic(sender, receiver)
    pairs = list(product(sender.members, receiver.members))
    each = [partition(*pair, asked, paths.between(pair[0].name, pair[1].name), shape) for pair in pairs]
    found = refined(each, lambda row: any_of(list(zip(pairs, row, strict=True))))
    return tuple(found)


def refined(each: Iterable[Parts], join: Callable[[tuple[Fate, ...]], Fate]) -> Iterator[tuple[PacketSet, Fate]]:
    """Partitions of the same packets laid over each other, the fates of each overlap joined to one."""
    joined: dict[Fate, PacketSet] = {}
    for part, row in overlaid(each):
        became = join(row)
        joined[became] = joined[became] | part if became in joined else part
    return ((part, became) for became, part in joined.items())


def overlaid(each: Iterable[Parts]) -> list[tuple[PacketSet, tuple[Fate, ...]]]:
    """Partitions of the same packets laid over each other: every overlap with its fate in each partition."""
    rows: list[tuple[PacketSet, tuple[Fate, ...]]] | None = None
    for parts in each:
        if rows is None:
            rows = [(part, (became,)) for part, became in parts]
            continue
        rows = [
            (overlap, (*row, became))
            for part, row in rows
            for other, became in parts
            if not (overlap := part & other).is_empty
        ]
    return rows or []


def any_of(found: list[tuple[tuple[Member, Member], Fate]]) -> Fate:
    """The worst of what may come, with the reading on which it rests where the readings differ."""
    last = worst(became for _, became in found)
    if len({became.outcome for _, became in found}) == 1:
        return last
    by = next(pair for pair, became in found if became.outcome is last.outcome)
    reading = "; ".join(f"{member.name}: {member.assumes}" for member in by if member.assumes)
    names = " -> ".join(member.name for member in by)
    assumed = "; ".join(filter(None, (last.assumption, reading or f"packets may go by {names}")))
    return replace(last, assumption=assumed)
