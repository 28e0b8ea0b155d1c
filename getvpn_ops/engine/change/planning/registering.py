"""Who registers because of a plan: members on whose interfaces it puts a crypto map with a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.planning.changes import local_names
from getvpn_ops.engine.change.planning.member_effects import stance
from getvpn_ops.engine.change.planning.shipping import policy_on
from getvpn_ops.model.inventory import Role
from getvpn_ops.parsing.running_config import view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.engine.change.planning.simulated import Tree, Tried
    from getvpn_ops.model.change import ChangeLine
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Device, Inventory

_MAPS = ("crypto map ", "ipv6 crypto map ")


def serving(
    inventory: Inventory, groups: Iterable[str], heads: Mapping[str, str], after: Mapping[str, RunningConfig]
) -> frozenset[str]:
    """Groups that somebody can register with while or after the plan is done.

    Args:
        inventory: all devices.
        groups: that the plan concerns.
        heads: primaries of those that run.
        after: configurations of devices when the plan is done; of a key server that is absent nothing is known, and
            whoever got a map is looked at all the same.
    """
    found = set()
    for group in groups:
        servers = [device.name for device in inventory.key_servers(group)]
        if group in heads or any(
            name not in after or policy_on(after[name], group, inventory) is not None for name in servers
        ):
            found.add(group)
    return frozenset(found)


def registering(
    item: Tried, inventory: Inventory, configs: Mapping[str, RunningConfig], groups: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Members that get a map in a stage, each with the group, in the order of the stage.

    Args:
        item: the stage, typed.
        inventory: all devices.
        configs: whole running configurations.
        groups: that can be registered with.
    """
    before: dict[str, Tree] = {}
    after: dict[str, Tree] = {}
    for number, part in enumerate(item.stage.parts):
        if inventory.devices[part.device].role is not Role.KEY_SERVER and _speaks_of_maps(part.step.lines):
            before.setdefault(part.device, item.befores[number])
            after[part.device] = item.afters[number]
    wanted = frozenset(groups)
    return tuple(
        (name, group)
        for name, tree in before.items()
        for group, called in _groups(inventory, inventory.devices[name])
        if group in wanted and _ports(after[name], configs[name], called) - _ports(tree, configs[name], called)
    )


def _speaks_of_maps(lines: Iterable[ChangeLine]) -> bool:
    return any(text.startswith(_MAPS) for line in lines for text in (*line.path, line.text))


def _groups(inventory: Inventory, device: Device) -> Iterable[tuple[str, str]]:
    """Groups of a member, each with what the member calls it."""
    called = {group: name for name, group in local_names(inventory, device).items()}
    return ((group, called.get(group, group)) for group in device.gdoi_groups)


def _ports(tree: Tree, like: RunningConfig, group: str) -> frozenset[str]:
    return stance(view(tree, like), group).ports
