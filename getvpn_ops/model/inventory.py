"""The fleet as people describe it: devices, and what each GDOI group should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from getvpn_ops.model.intent.group import Direction, GdoiGroupIntent
from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent
from getvpn_ops.model.values import Address, Network

__all__ = ["Device", "Direction", "GdoiGroupIntent", "Inventory", "Role"]

W = TypeVar("W", MemberIntent, KeyServerIntent)


class Role(StrEnum):
    """What a router is to GETVPN."""

    KEY_SERVER = "ks"
    MEMBER = "gm"
    OUTSIDER = "ce"


@dataclass(frozen=True, slots=True)
class Device:
    """One router.

    Attributes:
        name: its key in the inventory.
        hostname: management address or DNS name.
        port: of SSH.
        role: None if the inventory does not say: then the device is asked.
        gdoi_groups: names of the groups it serves or is a member of.
        gdoi_addresses: addresses that GDOI knows it by, of all groups; empty if the inventory does not say.
        site: name of the place; routers of one site back each other up.
        ring: 1 is touched first in a rollout; None if it is not said.
        model: hardware; empty if not said.
        release: IOS release; empty if not said.
        serial: of the chassis; a device that shows another one is the wrong device.
        prefixes: networks behind it.
        manager: whether the management station stands behind it.
        pilot: whether it is a pilot of a migration.
        idle: whether no traffic at all is as it should be, as on a standby router.
        host_groups: inventory groups it belongs to, nearest first.
        expected_hostname: in its prompt; the name if not said.
        member_of: what it has otherwise than other members, by GDOI group.
        server_of: what it has otherwise than other key servers, by GDOI group.
    """

    name: str
    hostname: str = ""
    port: int = 22
    role: Role | None = None
    gdoi_groups: tuple[str, ...] = ()
    gdoi_addresses: tuple[Address, ...] = ()
    site: str = ""
    ring: int | None = None
    model: str = ""
    release: str = ""
    serial: str = ""
    prefixes: tuple[Network, ...] = ()
    manager: bool = False
    pilot: bool = False
    idle: bool = False
    host_groups: tuple[str, ...] = ()
    expected_hostname: str = ""
    member_of: Mapping[str, MemberIntent] = field(default_factory=dict, hash=False)
    server_of: Mapping[str, KeyServerIntent] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All devices and groups, validated: every name that a group uses is a device here.

    Attributes:
        devices: by name, in the order of the file.
        gdoi_groups: by name; a group that only hosts name has no intent and is absent.
        source: where it was read, for messages.
    """

    devices: Mapping[str, Device] = field(default_factory=dict)
    gdoi_groups: Mapping[str, GdoiGroupIntent] = field(default_factory=dict)
    source: str = ""

    def group_names(self) -> tuple[str, ...]:
        """Groups with an intent, then those that hosts alone name."""
        named = (group for device in self.devices.values() for group in device.gdoi_groups)
        return tuple(dict.fromkeys([*self.gdoi_groups, *named]))

    def key_servers(self, group: str) -> tuple[Device, ...]:
        """The key servers of a group: those of its intent, else hosts with that role in that group."""
        intent = self.gdoi_groups.get(group)
        if intent is not None and intent.key_servers is not None:
            return tuple(self.devices[name] for name in intent.key_servers)
        return self._in_group(group, Role.KEY_SERVER)

    def members(self, group: str) -> tuple[Device, ...]:
        """The expected members of a group."""
        intent = self.gdoi_groups.get(group)
        if intent is not None and intent.members is not None:
            return tuple(self.devices[name] for name in intent.members)
        return self._in_group(group, Role.MEMBER)

    def member_intent(self, group: str, name: str) -> MemberIntent:
        """What one member should have in a group: its own words, then the group's ``member_defaults``.

        Raises:
            KeyError: there is no such device, or no intent of that group.
        """
        said = self.devices[name].member_of.get(group)
        return _merged(said, self.gdoi_groups[group].member_defaults)

    def key_server_intent(self, group: str, name: str) -> KeyServerIntent:
        """What one key server should have in a group: its own words, then the group's ``key_server_defaults``.

        Raises:
            KeyError: there is no such device, or no intent of that group.
        """
        said = self.devices[name].server_of.get(group)
        return _merged(said, self.gdoi_groups[group].key_server_defaults)

    def _in_group(self, group: str, role: Role) -> tuple[Device, ...]:
        return tuple(item for item in self.devices.values() if item.role is role and group in item.gdoi_groups)


def _merged(said: W | None, general: W) -> W:
    """The special before the general, field by field."""
    if said is None:
        return general
    return general.model_copy(update={key: getattr(said, key) for key in said.model_fields_set})
