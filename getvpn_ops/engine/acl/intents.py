"""Access lists as the inventory says that they should be: for proofs before anything is rendered or sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import UsageError
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.fleet import DeviceState, Evidence, FleetState
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.parsed import Parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.inventory import Device, Inventory

INTENDED = "intended configuration"
"""Stands for the command in evidence; no router said it."""


def intended_list(inventory: Inventory, target: str, *, local: bool) -> EffectiveList:
    """The list that a group, or a device, should have.

    Args:
        inventory: with intents.
        target: ``GROUP`` (all its policies, in the order of their sequence), ``GROUP:LIST`` or ``DEVICE:LIST``.
        local: whether it is a member's own list.

    Raises:
        UsageError: nothing is meant, or nothing says what it should be.
        MistakesError: the intent cannot be rendered.
    """
    owner, _, name = target.partition(":")
    intents = Intents(inventory)
    if owner in inventory.devices:
        if not name:
            raise UsageError(f"intent:{owner} is a device: name one of its lists, as intent:{owner}:LIST")
        lists = intents.resolver.config(owner).access_lists
    else:
        lists = tuple(policy.access_list for policy in intents.resolver.group(owner).policies)
    chosen = [item for item in lists if not name or item.name == name]
    if not chosen:
        known = ", ".join(item.name for item in lists) or "none"
        raise UsageError(f"intent:{owner} has no access list {name!r}; there are: {known}")
    entries = tuple(entry for item in chosen for entry in item.entries)
    return EffectiveList(local=entries) if local else EffectiveList(downloaded=entries)


def intended_state(inventory: Inventory, group: str, now: datetime) -> FleetState:
    """A fleet that holds what it should, as far as a group and those that share its routers go.

    Args:
        inventory: with intents.
        group: that must be described whole.
        now: UTC; since when the state holds.

    Raises:
        UsageError: there is no such group, or nothing says what it should be.
        MistakesError: a router cannot be rendered.
    """
    intents = Intents(inventory)
    intents.resolver.group(group)
    devices = {
        device.name: DeviceState(device, evidence=(_evidence(inventory, intents, device, now),))
        for device in _around(inventory, intents, group)
    }
    return FleetState(devices, inventory, now, now)


def _around(inventory: Inventory, intents: Intents, group: str) -> Iterator[Device]:
    """The routers of a group, and the key servers of described groups with which it shares any."""
    own = {device.name: device for device in (*inventory.key_servers(group), *inventory.members(group))}
    shared = {name for device in own.values() for name in intents.resolver.groups_of(device)}
    for name in shared:
        own |= {device.name: device for device in inventory.key_servers(name)}
    return iter(own.values())


def _evidence(inventory: Inventory, intents: Intents, device: Device, now: datetime) -> Evidence:
    read = intents.of(device.name).read
    if device.role is Role.MEMBER:
        read = replace(read, interfaces=tuple(_in_vrfs(inventory, intents, device, read)))
    return Evidence(device.name, INTENDED, RunningConfig, now, Parsed(INTENDED, read))


def _in_vrfs(inventory: Inventory, intents: Intents, device: Device, read: RunningConfig) -> Iterator[InterfaceConfig]:
    """Its interfaces in the VRFs that the intent names: the rendered lines leave ``vrf forwarding`` to others."""
    vrfs = {
        port: own.vrf
        for name in intents.resolver.groups_of(device)
        for own in [inventory.member_intent(name, device.name)]
        for port in own.interfaces or ()
    }
    for port in read.interfaces:
        yield replace(port, vrf=vrfs.get(port.name) or port.vrf)
