"""Addresses of members -> names, as far as the inventory or the members themselves tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.views import gdoi_addresses

if TYPE_CHECKING:
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.values import Address


def member_names(group: GroupView) -> dict[Address, str]:
    """Every address of every device, also of those that are not in the group or were not selected."""
    names = {
        address: device.name for device in group.fleet.inventory.devices.values() for address in device.gdoi_addresses
    }
    for state in group.fleet.devices.values():
        names |= dict.fromkeys(gdoi_addresses(state), state.name)
    return names
