"""Who is in which GDOI group: routers agree on its identity; its name is each router's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.engine.adopt.majority import most
from getvpn_ops.engine.adopt.told import Kind
from getvpn_ops.model.intent.written import OBJECT_NAME
from getvpn_ops.model.inventory import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from getvpn_ops.engine.adopt.seen import Router
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.config.crypto import CryptoMap, CryptoMapEntry
    from getvpn_ops.model.config.gdoi import GdoiGroupConfig, LocalServerConfig
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class ServerSeat:
    """A key server in one group."""

    router: Router
    group: GdoiGroupConfig
    local: LocalServerConfig
    address: Address


@dataclass(frozen=True, slots=True)
class MemberSeat:
    """A member in one group.

    Attributes:
        router: which.
        group: its group.
        map: that refers to the group.
        entry: of it.
        interfaces: that carry the map.
        addresses: it registers with, as far as they are known.
    """

    router: Router
    group: GdoiGroupConfig
    map: CryptoMap
    entry: CryptoMapEntry
    interfaces: tuple[InterfaceConfig, ...]
    addresses: tuple[Address, ...]


@dataclass(slots=True)
class FoundGroup:
    """A group.

    Attributes:
        identity: number or address.
        ip: version of its traffic.
        name: that it gets in the inventory.
        servers: key servers that were seen, the highest priority first.
        members: that were seen.
        unseen: address of key servers that others speak of, by the name they get.
        absent: addresses of members that the inventory knows and nobody saw in the group, by name.
    """

    identity: int | str
    ip: int
    name: str = ""
    servers: list[ServerSeat] = field(default_factory=list)
    members: list[MemberSeat] = field(default_factory=list)
    unseen: dict[str, Address] = field(default_factory=dict)
    absent: dict[str, tuple[Address, ...]] = field(default_factory=dict)

    @property
    def key_servers(self) -> dict[str, Address]:
        """Addresses of all key servers by name, seen and unseen."""
        return {seat.router.name: seat.address for seat in self.servers} | self.unseen

    @property
    def routers(self) -> list[Router]:
        """All that were seen, key servers first."""
        return [seat.router for seat in self.servers] + [seat.router for seat in self.members]

    def local_names(self) -> list[str]:
        """What its routers call it; key servers speak first."""
        return [seat.group.name for seat in self.servers] + [seat.group.name for seat in self.members]


def groups_of(routers: Iterable[Router], inventory: Inventory, remarks: Remarks) -> list[FoundGroup]:
    """Find the groups of a fleet.

    Args:
        routers: what was seen.
        inventory: what is known already: names of groups, and of key servers that were not seen.
        remarks: gets what belongs to no group.
    """
    found: dict[tuple[int, int | str], FoundGroup] = {}
    for router in routers:
        serving = any(group.server_local is not None for group in router.config.gdoi_groups)
        for group in router.config.gdoi_groups:
            seat = _seat(router, group, remarks, serving=serving)
            if seat is None:
                continue
            identity = group.identity_number if group.identity_number is not None else str(group.identity_address)
            key = (6 if group.ipv6 else 4, identity)
            made = found.setdefault(key, FoundGroup(identity, key[0]))
            (made.servers if isinstance(seat, ServerSeat) else made.members).append(seat)  # type: ignore[arg-type]
    groups = list(found.values())
    for made in groups:
        made.servers.sort(key=lambda seat: -_priority(seat))
    _name(groups, inventory, remarks)
    for made in groups:
        _look_for_servers(made, groups, inventory, remarks)
        _look_for_members(made, inventory)
    return sorted(groups, key=lambda item: (-len(item.members), item.name))


def _priority(seat: ServerSeat) -> int:
    coop = seat.local.redundancy
    return 1 if coop is None or coop.priority is None else coop.priority


def _seat(router: Router, group: GdoiGroupConfig, remarks: Remarks, *, serving: bool) -> ServerSeat | MemberSeat | None:
    def left(reason: str) -> None:
        remarks.add(Kind.LEFT_ALONE, router.name, f"crypto {group.keyword} group {group.name}", reason, group.line)

    if group.identity_number is None and group.identity_address is None:
        left("it has no identity, so nobody can say which group it is")
        return None
    local = group.server_local
    if local is not None:
        address = local.address or local.address_ipv6
        if address is None:
            left("this key server has no address: nobody can register")
            return None
        return ServerSeat(router, group, local, address)
    if serving:
        left("this router is a key server of another group: an inventory knows one role of a router")
        return None
    if router.device.role not in {None, Role.MEMBER}:
        left(f"a member by its configuration, and the inventory says role {router.device.role}: one of them is wrong")
        return None
    carrying = list(_carriers(router, group.name, ipv6=group.ipv6))
    if not carrying:
        left("no interface carries a crypto map with it: it is not in force")
        return None
    crypto_map, entry, interfaces = carrying[0]
    for other, inner, _ in carrying[1:]:
        remarks.add(
            Kind.LEFT_ALONE, router.name, f"crypto map {other.name} {inner.sequence} gdoi",
            f"{group.name} is in force by {crypto_map.name} already, and a member has one map in a group", inner.line,
        )  # fmt: skip
    addresses = _addresses(router, group, crypto_map, interfaces)
    if not addresses:
        said = "the address that it registers with is not known: it is learned, and show crypto gdoi was not read"
        remarks.add(Kind.NOT_SEEN, router.name, f"group {group.name}", said, group.line)
    return MemberSeat(router, group, crypto_map, entry, interfaces, addresses)


def _carriers(
    router: Router, group: str, *, ipv6: bool
) -> Iterator[tuple[CryptoMap, CryptoMapEntry, tuple[InterfaceConfig, ...]]]:
    config = router.config
    for crypto_map in config.crypto_maps:
        if crypto_map.ipv6 is not ipv6:
            continue
        entry = next((item for item in crypto_map.entries if item.type == "gdoi" and item.group == group), None)
        interfaces = tuple(item for item in config.interfaces if item.name in crypto_map.interfaces)
        if entry is not None and interfaces:
            yield crypto_map, entry, interfaces


def _addresses(
    router: Router, group: GdoiGroupConfig, crypto_map: CryptoMap, interfaces: tuple[InterfaceConfig, ...]
) -> tuple[Address, ...]:
    """Addresses that a member registers with: what it says itself, else what its configuration says."""
    if told := router.addresses.get(group.name):
        return told
    named = group.client.registration_interface or crypto_map.local_address
    sources = [item for item in router.config.interfaces if item.name == named] if named else interfaces
    found = []
    for item in sources:
        lender = next((other for other in router.config.interfaces if other.name == item.unnumbered), item)
        found += [held.interface.ip for held in lender.addresses if held.interface is not None and not held.secondary]
        if group.ipv6 and not lender.addresses:
            found += [held.interface.ip for held in lender.ipv6_addresses if held.interface is not None]
    return tuple(dict.fromkeys(found))


def _name(groups: Sequence[FoundGroup], inventory: Inventory, remarks: Remarks) -> None:
    """Give every group a name of its own."""
    known = {intent.identity: name for name, intent in inventory.gdoi_groups.items() if intent.identity is not None}
    taken = set(known.values())
    for made in groups:
        name = known.get(made.identity)
        if name is None:
            wanted = most([seat.group.name for seat in made.servers] or made.local_names())
            name = wanted if OBJECT_NAME.fullmatch(wanted) else f"GROUP-{made.identity}"
            if name in taken:
                name = f"{name}-{made.identity}"
            if name != wanted:
                remarks.add(Kind.FINDING, name, f"group {wanted}", "it is called otherwise here: names are unique")
        made.name = name
        taken.add(name)
    identities: dict[int | str, FoundGroup] = {}
    for made in groups:
        if identities.setdefault(made.identity, made) is not made:
            remarks.add(Kind.FINDING, made.name, f"identity {made.identity}", "an IPv4 and an IPv6 group have it")


def _look_for_servers(made: FoundGroup, groups: Sequence[FoundGroup], inventory: Inventory, remarks: Remarks) -> None:
    """Find key servers that others speak of and that were not seen.

    Members' words count only where no key server was seen: an address that no key server has for a peer is a mistake of
    that member rather than a key server.
    """
    own = {seat.address for seat in made.servers}
    if made.servers:
        peers = [peer.address for seat in made.servers if (coop := seat.local.redundancy) for peer in coop.peers]
    else:
        peers = [server.address for seat in made.members for server in seat.group.servers]
    for address in dict.fromkeys(peers):
        if address in own:
            continue
        name = _known_as(address, inventory, groups) or f"ks-{str(address).replace('.', '-').replace(':', '-')}"
        made.unseen[name] = address
        speakers = "a key server has it for a peer" if made.servers else "members register with it"
        remarks.add(Kind.NOT_SEEN, made.name, f"key server {address}", f"{speakers}; here it is {name}")


def _look_for_members(made: FoundGroup, inventory: Inventory) -> None:
    seen = {router.name for router in made.routers}
    for device in inventory.devices.values():
        if device.role is Role.MEMBER and made.name in device.gdoi_groups and device.name not in seen:
            made.absent[device.name] = tuple(item for item in device.gdoi_addresses if item.version == 4)  # noqa: PLR2004 -- IP version


def _known_as(address: Address, inventory: Inventory, groups: Sequence[FoundGroup]) -> str | None:
    for device in inventory.devices.values():
        if address in device.gdoi_addresses or device.hostname == str(address):
            return device.name
    return next((name for other in groups for name, held in other.unseen.items() if held == address), None)
