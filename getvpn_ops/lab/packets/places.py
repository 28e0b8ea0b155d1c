"""Where traffic comes from and goes to: sites with their networks, and the routers before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network  # noqa: TC003 -- of dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROVIDER = "provider"
"""Name of the place at the other end of a router's link: no site, and no router of the lab."""


@dataclass(frozen=True, slots=True)
class Lan:
    """A network of a site.

    Attributes:
        network: its addresses.
        vrf: its VRF; empty: the global table.
    """

    network: IPv4Network
    vrf: str = ""

    def host(self, number: int) -> IPv4Address:
        """A host of it; numbers that go beyond its end begin anew."""
        usable = max(1, self.network.num_addresses - 2)
        return self.network.network_address + (1 + number % usable if self.network.prefixlen < 31 else 0)  # noqa: PLR2004 -- a link


@dataclass(frozen=True, slots=True)
class Uplink:
    """A router's link to its provider.

    Attributes:
        address: of the router on it.
        neighbour: of the provider on it.
        vrf: the VRF that it carries.
    """

    address: IPv4Address
    neighbour: IPv4Address
    vrf: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A router as an end of traffic of its own.

    Attributes:
        name: of its host.
        role: ``gm``, ``ks`` or ``ce``.
        address: by which it is managed.
        vrfs: in which it has interfaces.
        uplinks: to its provider.
        services: where it logs, takes its time, asks for permission and reports to, by kind.
    """

    name: str
    role: str
    address: IPv4Address | None
    vrfs: frozenset[str] = frozenset({""})
    uplinks: tuple[Uplink, ...] = ()
    services: tuple[tuple[str, IPv4Address], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """An end of traffic.

    Attributes:
        site: name of the site.
        address: of the host or router.
        edges: routers before it, the one that is used first; empty: no router of the lab.
        box: the router that it is itself; empty: a host.
    """

    site: str
    address: IPv4Address
    edges: tuple[str, ...] = ()
    box: str = ""


@dataclass(slots=True)
class Site:
    """A place with routers.

    Attributes:
        name: of it.
        boxes: its routers, in the order of the inventory.
        lans: its networks.
        manager: whether the management station stands there.
    """

    name: str
    boxes: list[Box] = field(default_factory=list)
    lans: list[Lan] = field(default_factory=list)
    manager: bool = False

    @property
    def is_outside(self) -> bool:
        """Whether none of its routers is a member or key server by the inventory."""
        return all(box.role not in {"gm", "ks"} for box in self.boxes)

    @property
    def has_key_server(self) -> bool:
        """Whether a key server stands there."""
        return any(box.role == "ks" for box in self.boxes)

    def edges(self, vrf: str = "") -> tuple[str, ...]:
        """The routers before its networks in a VRF: those that are no key servers, if there are such."""
        there = [box for box in self.boxes if vrf in box.vrfs]
        return tuple(box.name for box in there if box.role != "ks") or tuple(box.name for box in there)

    def edges_of(self, box: Box, vrf: str = "") -> tuple[str, ...]:
        """The routers before one of its routers: itself, but for a key server that has no provider of its own."""
        if box.role != "ks" or box.uplinks:
            return (box.name,)
        return self.edges(vrf)

    def place(self, lan: Lan, number: int) -> Place:
        """A host of one of its networks."""
        return Place(self.name, lan.host(number), self.edges(lan.vrf))

    def router(self, box: Box) -> Place | None:
        """One of its routers, by the address by which it is managed; None if it has none."""
        return None if box.address is None else Place(self.name, box.address, self.edges_of(box), box.name)


class Sites:
    """All sites of a fleet."""

    def __init__(self, sites: Iterable[Site]) -> None:
        """Know them by name."""
        self.by_name = {site.name: site for site in sites}
        self._boxes: dict[tuple[str, IPv4Address], Place] = {}
        for site in self:
            for box in site.boxes:
                for link in box.uplinks:
                    self._boxes[link.vrf, link.address] = Place(site.name, link.address, (box.name,), box.name)
                    self._boxes.setdefault((link.vrf, link.neighbour), Place(PROVIDER, link.neighbour))
                if box.address is not None:
                    self._boxes["", box.address] = Place(site.name, box.address, site.edges_of(box), box.name)
        lans = [(site, lan) for site in self for lan in site.lans]
        self._lans = sorted(lans, key=lambda item: -item[1].network.prefixlen)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)

    @property
    def manager(self) -> Site | None:
        """The site of the management station."""
        return next((site for site in self if site.manager), None)

    def centres(self, count: int = 3) -> list[Site]:
        """The data centres: sites with networks, those with key servers first, then the largest."""
        with_lans = [site for site in self if any(not lan.vrf for lan in site.lans) and not site.is_outside]
        size = {site.name: sum(lan.network.num_addresses for lan in site.lans if not lan.vrf) for site in with_lans}
        return sorted(with_lans, key=lambda site: (not site.has_key_server, -size[site.name]))[:count]

    def router(self, name: str, vrf: str = "", address: IPv4Address | None = None) -> Place | None:
        """A router as the end of packets of its own in a VRF; None if there is no such router, or no address.

        Args:
            name: of its host.
            vrf: in which.
            address: which of its own; that of its link to the provider, or the one by which it is managed, if absent.
        """
        for site in self:
            for box in site.boxes:
                if box.name == name:
                    links = [link.address for link in box.uplinks if link.vrf == vrf]
                    own = address or next(iter(links), box.address)
                    return None if own is None else Place(site.name, own, site.edges_of(box, vrf), name)
        return None

    def is_local(self, one: Place, other: Place, vrf: str = "") -> bool:
        """Whether packets between two places do not leave their site."""
        if not one.edges or one.site != other.site:
            return False
        site = self.by_name.get(one.site)
        ends = {*one.edges, *other.edges}
        return bool(set(one.edges) & set(other.edges)) or (site is not None and ends <= set(site.edges(vrf)))

    def find(self, address: IPv4Address, vrf: str = "") -> Place | None:
        """Who has an address: a router, or a host of a site's network; None if nobody of the lab."""
        if (place := self._boxes.get((vrf, address))) is not None:
            return place
        for site, lan in self._lans:
            if lan.vrf == vrf and address in lan.network:
                return Place(site.name, address, site.edges(vrf))
        return None
