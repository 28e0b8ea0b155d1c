"""Whom a stage is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.errors import UsageError
from getvpn_ops.workflow.playbooks.schema import Who
from getvpn_ops.workflow.playbooks.stages import Covers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.workflow.playbooks.schema import Playbook, Targets

_PAIR = 2


def pilots_of(inventory: Inventory, groups: Sequence[str], names: Sequence[str] = ()) -> tuple[Device, ...]:
    """Members that go first: those named, else those that the inventory marks with ``pilot``.

    Args:
        inventory: all devices.
        groups: of the run.
        names: that the person who plans gives.

    Raises:
        UsageError: they are no two members at two sites: encryption needs both ends.
    """
    members = {item.name: item for group in groups for item in inventory.members(group)}
    unknown = [name for name in names if name not in members]
    if unknown:
        msg = f"{', '.join(unknown)}: no member of {', '.join(groups)}, so no pilot of it"
        raise UsageError(msg)
    chosen = tuple(members[name] for name in names) if names else tuple(x for x in members.values() if x.pilot)
    if len({item.site or item.name for item in chosen}) < _PAIR:
        said = ", ".join(item.name for item in chosen) or "nobody"
        msg = (
            f"the pilot of {', '.join(groups)} is {said}: it takes two members at two sites; mark them with "
            "`pilot: true` in the inventory, or name them: --pilot A --pilot B"
        )
        raise UsageError(msg)
    return chosen


def needs_pilot(playbook: Playbook) -> bool:
    """Whether any stage is about the pilot, those behind it, or its networks."""
    return any(
        stage.targets.who in {Who.PILOT, Who.REST} or stage.params.get("covers") == Covers.PILOT.value
        for stage in playbook.stages
    )


def targets_of_stage(
    inventory: Inventory, groups: Sequence[str], targets: Targets, pilot: Sequence[Device]
) -> tuple[Device, ...]:
    """Devices that a stage is about, in the order of the inventory.

    Args:
        inventory: all devices.
        groups: of the run.
        targets: of the stage.
        pilot: members that go first.

    Raises:
        UsageError: a name is none of the group.
    """
    servers = {item.name for group in groups for item in inventory.key_servers(group)}
    members = {item.name for group in groups for item in inventory.members(group)}
    first = {item.name for item in pilot}
    meant = {
        Who.KEY_SERVERS: servers,
        Who.MEMBERS: members,
        Who.PILOT: first,
        Who.REST: members - first,
        Who.ALL: servers | members,
    }[targets.who]
    unknown = [name for name in targets.devices if name not in servers | members]
    if unknown:
        msg = f"{', '.join(unknown)}: no device of {', '.join(groups)}"
        raise UsageError(msg)
    return tuple(
        device
        for device in inventory.devices.values()
        if device.name in meant
        and (not targets.devices or device.name in targets.devices)
        and (not targets.sites or device.site in targets.sites)
        and (not targets.rings or device.ring in targets.rings)
    )
