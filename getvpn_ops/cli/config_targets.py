"""Devices and groups as they are named on the command line of ``config``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.errors import UsageError
from getvpn_ops.settings.mistakes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.inventory import Device, Inventory


def named(inventory: Inventory, targets: Iterable[str]) -> tuple[Device, ...]:
    """The devices that names mean, each once, in the order of the names; of a group its key servers come first.

    Raises:
        UsageError: a name is none, or is that of a device and of a group.
    """
    found: dict[str, Device] = {}
    groups = inventory.group_names()
    for target in targets:
        if target in groups and target in inventory.devices:
            msg = f"{target} is a device and a group; rename one of them"
            raise UsageError(msg)
        if target in groups:
            members = (*inventory.key_servers(target), *inventory.members(target))
            if not members:
                msg = f"group {target} has no devices in {inventory.source}"
                raise UsageError(msg)
            found |= {item.name: item for item in members}
        elif target in inventory.devices:
            found[target] = inventory.devices[target]
        else:
            near = nearest(target, (*groups, *inventory.devices))
            hint = f"; did you mean {near}?" if near else ""
            msg = f"the inventory {inventory.source} has no group and no device {target!r}{hint}"
            raise UsageError(msg)
    return tuple(found.values())
