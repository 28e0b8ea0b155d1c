"""Who has an address, and through which routers packets to it come from the provider's network.

By interfaces where configurations were seen, else by the networks that the inventory puts behind a router. A router
without a crypto map of its own that shares a network with a member, or stands in a network behind one, lies behind it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.routers import Door, Router

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.values import Address, Network

_NO_DOOR = Door("")


@dataclass(frozen=True, slots=True)
class Edge:
    """A router between an address and the provider's network.

    Attributes:
        router: name.
        vrf: in which packets pass it.
        own: whether the address is the router's own.
        inner: its interface towards the address; None: its own, or not known which.
        last: interface of another router that has the address, by which packets come to it.
        last_router: that router; empty: a host, or the router itself.
    """

    router: str
    vrf: str = ""
    own: bool = False
    inner: Door | None = None
    last: Door | None = None
    last_router: str = ""


class Whereabouts:
    """Where the addresses of a fleet are."""

    def __init__(self, routers: Iterable[Router]) -> None:
        """Know the routers by their addresses, networks and prefixes."""
        self.routers = {router.name: router for router in routers}
        self._owners: dict[tuple[str, Address], tuple[Router, Door | None]] = {}
        self._networks: defaultdict[tuple[str, Network], list[tuple[Router, Door]]] = defaultdict(list)
        self._prefixes: defaultdict[tuple[str, Network], list[Router]] = defaultdict(list)
        for router in self.routers.values():
            for address in router.addresses:
                self._owners.setdefault(("", address), (router, None))
            for door in router.doors:
                for address in door.addresses:
                    self._owners[door.vrf, address.ip] = (router, door)
                    if not door.loopback and address.network.num_addresses > 1:
                        self._networks[door.vrf, address.network].append((router, door))
            for vrf, prefix in router.prefixes:
                self._prefixes[vrf, prefix].append(router)
        self._lengths = sorted({net.prefixlen for _, net in (*self._networks, *self._prefixes)}, reverse=True)
        self._known: dict[tuple[str, Address], tuple[Edge, ...]] = {}
        self._behind: dict[tuple[str, str], tuple[Edge, ...]] = {}

    def edges(self, address: Address, vrf: str = "") -> tuple[Edge, ...]:
        """The routers before an address; several back each other up. Empty if nobody is known to have it."""
        key = (vrf, address)
        if key not in self._known:
            found = self._edges(address, vrf)
            # what a VRF does not know may be led into it, as the addresses of key servers are
            self._known[key] = found if found or not vrf else self._edges(address, "")
        return self._known[key]

    def neighbours(self, router: Router, door: Door) -> tuple[tuple[Router, Door], ...]:
        """Routers of the fleet in the networks of an interface."""
        found = [item for a in door.addresses for item in self._networks.get((door.vrf, a.network), ())]
        return tuple(item for item in found if item[0] is not router)

    def owner(self, address: Address, vrf: str) -> str:
        """The router that has an address itself; empty if none has."""
        found = self._owners.get((vrf, address)) or self._owners.get(("", address))
        return found[0].name if found is not None else ""

    def outer(self, router: Router, vrf: str) -> tuple[Door, ...]:
        """Its interfaces towards the provider; one without a name if none is known."""
        there = [door for door in router.doors if door.vrf == vrf and not door.loopback and door.addresses]
        with_map = [door for door in there if door.crypto]
        return tuple(with_map or [door for door in there if not self._is_inner(router, door)]) or (_NO_DOOR,)

    def is_local(self, ones: tuple[Edge, ...], others: tuple[Edge, ...]) -> bool:
        """Whether packets need not leave a site: one router is before both, or two with a prefix in common."""
        names = {(edge.router, edge.vrf) for edge in others}
        if any((edge.router, edge.vrf) in names for edge in ones):
            return True
        prefixes = {prefix for edge in ones for prefix in self.routers[edge.router].prefixes}
        return any(prefix in prefixes for edge in others for prefix in self.routers[edge.router].prefixes)

    def _edges(self, address: Address, vrf: str) -> tuple[Edge, ...]:
        owner = self._owners.get((vrf, address))
        if owner is not None:
            return self._before(owner[0], vrf)
        for holders in self._holding(address, vrf):
            busy = [item for item in holders if not item[0].idle] or holders
            members = [item for item in busy if not item[1] or not item[1].crypto]
            if members:
                return tuple(Edge(router.name, vrf, inner=door) for router, door in members)
        return ()

    def _holding(self, address: Address, vrf: str) -> Iterator[list[tuple[Router, Door | None]]]:
        """Who has a network with the address, the longest prefix first; prefixes of a whole site before one's link."""
        full = address.max_prefixlen
        bits = int(address)
        for length in self._lengths:
            if length > full:
                continue
            base = bits >> (full - length) << (full - length)
            network = _network(address, base, length)
            links: list[tuple[Router, Door | None]] = list(self._networks.get((vrf, network), ()))
            owners = self._prefixes.get((vrf, network), [])
            inner = {router.name: door for router, door in links}
            if links:
                yield [item for router, door in links if door is not None for item in self._mates(router, door, vrf)]
            if owners:
                yield [(router, inner.get(router.name) or self._inner(router, address, vrf)) for router in owners]

    def _mates(self, router: Router, door: Door, vrf: str) -> list[tuple[Router, Door | None]]:
        """A router on whose link an address is, else the members before it."""
        edges = self._before(router, vrf)
        return [(self.routers[edge.router], door if edge.router == router.name else edge.inner) for edge in edges]

    def _inner(self, router: Router, address: Address, vrf: str) -> Door | None:
        return next(
            (
                door
                for door in router.doors
                if door.vrf == vrf
                and not door.crypto
                and any(a.version == address.version and address in a.network for a in door.addresses)
            ),
            None,
        )

    def _before(self, router: Router, vrf: str) -> tuple[Edge, ...]:
        """The routers before one: itself if it is a member, or has a link of its own to the provider."""
        key = (vrf, router.name)
        if key not in self._behind:
            self._behind[key] = self._find_before(router, vrf)
        return self._behind[key]

    def _find_before(self, router: Router, vrf: str) -> tuple[Edge, ...]:
        itself = Edge(router.name, vrf, own=True)
        if router.unseen or router.is_member(vrf):
            return (itself,)
        found: dict[str, Edge] = {}
        free = False
        for door in router.doors:
            if door.vrf != vrf or door.loopback or not door.addresses:
                continue
            before = [
                Edge(other.name, vrf, inner=there, last=door, last_router=router.name)
                for other, there in self.neighbours(router, door)
                if other.is_member(vrf) and not there.crypto
            ]
            before = before or [
                Edge(other.name, vrf, last=door, last_router=router.name)
                for other in self._owners_of(door, vrf)
                if other is not router and (other.unseen or other.is_member(vrf))
            ]
            found |= {edge.router: edge for edge in before}
            free |= not before and not self._is_inner(router, door)
        return (*found.values(), itself) if free and found else tuple(found.values()) or (itself,)

    def _owners_of(self, door: Door, vrf: str) -> Iterator[Router]:
        """Routers with a prefix around a network of an interface."""
        for address in door.addresses:
            for length in self._lengths:
                if length <= address.network.prefixlen:
                    yield from self._prefixes.get((vrf, address.network.supernet(new_prefix=length)), ())

    def _is_inner(self, router: Router, door: Door) -> bool:
        """Whether an interface leads into networks behind its own router."""
        return any(
            vrf == door.vrf and prefix.version == address.version and address.network.overlaps(prefix)
            for address in door.addresses
            for vrf, prefix in router.prefixes
        )


def _network(address: Address, base: int, length: int) -> Network:
    return IPv4Network((base, length)) if address.version == 4 else IPv6Network((base, length))  # noqa: PLR2004 -- IPv4
