"""Who lives by a key of a router: members that are registered, key servers that talk to each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.checks.views import gdoi_addresses, group_views
from getvpn_ops.engine.change.ks_reading import is_running
from getvpn_ops.engine.change.planning.shipping import is_registered
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.inventory import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.engine.change.planning.key_lines import Network
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class User:
    """Who registers with a key, or may.

    Attributes:
        name: of the member; an address where the inventory has none of it.
        group: that it is in.
        why: in words.
        then: what to do about it first; empty of a member of the inventory.
    """

    name: str
    group: str
    why: str
    then: str = ""


class KeyUsers:
    """Looks at the groups of a fleet once, and answers for many keys."""

    def __init__(self, reading: Reading, inventory: Inventory) -> None:
        """Of these routers.

        Args:
            reading: what they are.
            inventory: of them; the groups that a plan would make are not in the way, for nobody is in them yet.
        """
        self._reading = reading
        self._inventory = inventory
        self._groups = {view.name: _Group(view, reading.fleet) for view in group_views(reading.fleet)}
        states = reading.fleet.devices
        self._addresses = {
            name: gdoi_addresses(states[name]) if name in states else frozenset(device.gdoi_addresses)
            for name, device in inventory.devices.items()
        }
        self._unnamed: dict[str, frozenset[Address]] = {}
        self._at: dict[Address, list[Device]] = {}
        for name, addresses in self._addresses.items():
            for address in addresses:
                self._at.setdefault(address, []).append(inventory.devices[name])

    def registered(self, device: Device, peer: Network | None) -> User | None:
        """The first member that is registered by way of a key, as far as is known; None: nobody is.

        Args:
            device: that has the key.
            peer: for whom; None is anybody.
        """
        for name in device.gdoi_groups:
            group = self._groups.get(name)
            if group is None:
                continue
            if device.role is Role.KEY_SERVER:
                found = self._of_server(name, group, peer)
            else:
                found = self._of_member(device, name, group, peer)
            if found is not None:
                return found
        return None

    def _of_server(self, name: str, group: _Group, peer: Network | None) -> User | None:
        members = [device for device in self._at_peer(peer) if device.name in group.members]
        for member in members:
            if why := group.registered.get(member.name, ""):
                return User(member.name, name, why)
        try:
            others = sorted((item for item in self._strangers(name) if _within(item, peer)), key=str)
        except EvidenceMissingError as missing:
            if members and peer is not None:
                return None
            why = f"who is registered with group {name} is not known: {missing}"
            return User(str(peer or "anybody"), name, why, f"plan anew once it is: getvpn-ops health --group {name}")
        if not others:
            return None
        then = "no member of the inventory has this address: name it there first"
        return User(str(others[0]), name, f"somebody is registered with group {name} by it", then)

    def _strangers(self, name: str) -> frozenset[Address]:
        """Addresses in the databases of a group's key servers that no member of the inventory has.

        Raises:
            EvidenceMissingError: a key server does not tell.
        """
        if name not in self._unnamed:
            group = self._groups[name]
            own = {address for member in group.members for address in self._addresses[member]}
            self._unnamed[name] = group.database - own
        return self._unnamed[name]

    def _of_member(self, device: Device, name: str, group: _Group, peer: Network | None) -> User | None:
        why = group.registered.get(device.name, "")
        if not why:
            return None
        config = self._reading.configs.get(device.name)
        entries = config.gdoi_groups if config is not None else ()
        servers = {item.address for entry in entries for item in entry.servers}
        known = {item.name for item in self._inventory.key_servers(name)}
        is_server = any(other.name in known for other in self._at_peer(peer))
        return User(device.name, name, why) if is_server or any(_within(item, peer) for item in servers) else None

    def runs(self, device: Device, other: Device) -> bool:
        """Whether a group of two routers runs, or is not known not to."""
        shared = [name for name in device.gdoi_groups if name in other.gdoi_groups and name in self._groups]
        return any(self._groups[name].runs for name in shared)

    def ends(self, device: Device, peer: Network | None) -> tuple[Device, ...]:
        """Routers at the other end of a key: key servers and members of the groups of the router that has it."""
        return tuple(
            other
            for other in self._at_peer(peer)
            if other.name != device.name
            and Role.KEY_SERVER in {device.role, other.role}
            and not set(other.gdoi_groups).isdisjoint(device.gdoi_groups)
        )

    def is_for(self, device: Device, peer: Network | None) -> bool:
        """Whether a key is for a router, by an address that GDOI knows it by."""
        return any(_within(address, peer) for address in self._addresses[device.name]) or peer is None

    def _at_peer(self, peer: Network | None) -> Iterable[Device]:
        if peer is None:
            return self._inventory.devices.values()
        if peer.num_addresses == 1:
            return self._at.get(peer.network_address, ())
        return [device for device in self._inventory.devices.values() if self.is_for(device, peer)]


class _Group:
    """A group, as far as keys go.

    Attributes:
        members: by the inventory.
    """

    def __init__(self, view: GroupView, fleet: FleetState) -> None:
        self._view = view
        self.members = frozenset(device.name for device in fleet.inventory.members(view.name))

    @cached_property
    def registered(self) -> dict[str, str]:
        """Members that are registered, or may be, each with the reason to think so."""
        group = self._view.name
        found: dict[str, str] = {}
        told = {member.device: member for member in self._view.members}
        for name in self.members:
            member = told.get(name)
            if member is None:
                found[name] = f"whether its member is registered with group {group} is not known: it was not asked"
                continue
            try:
                if is_registered(member):
                    found[name] = f"a member is registered with group {group} by it"
            except EvidenceMissingError as missing:
                found[name] = f"whether its member is registered with group {group} is not known: {missing}"
        return found

    @cached_property
    def database(self) -> frozenset[Address]:
        """Addresses in the databases of its key servers.

        Raises:
            EvidenceMissingError: one of them does not tell.
        """
        servers = [server for server in self._view.key_servers if server.told()]
        return frozenset(row.address for server in servers for row in server.members().value)

    @cached_property
    def runs(self) -> bool:
        """Whether anybody has keys of it, or nobody can tell."""
        try:
            return is_running(self._view)
        except EvidenceMissingError:
            return True


def _within(address: Address, peer: Network | None) -> bool:
    return peer is None or (address.version == peer.version and address in peer)
