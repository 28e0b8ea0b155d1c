"""``plan push``: from what routers hold to what their intents say, as a plan that can be read, applied and undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.planning.assembling import Asked, assembled, concerned
from getvpn_ops.engine.change.planning.changes import changes_of
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.servers import primaries
from getvpn_ops.engine.change.planning.shipping import shipping
from getvpn_ops.engine.change.planning.typeable import prints_in
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.engine.config.drift import NO_SOURCE
from getvpn_ops.errors import UsageError
from getvpn_ops.model.config_diff import Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from getvpn_ops.engine.change.planning.changes import Changes
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.engine.config.drift import KeyTerms
    from getvpn_ops.engine.config.intended import Intents
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import Plan

__all__ = ["Asked", "plan_push"]


def plan_push(  # noqa: PLR0913 -- what a plan is made of
    asked: Asked,
    selected: Sequence[Device],
    *,
    collector: Collector,
    inventory: Inventory,
    intents: Intents,
    keys: KeyTerms = NO_SOURCE,
) -> Plan:
    """Read devices, hold them against their intents, and plan what makes them as intended.

    Read are the devices selected, and everyone of their groups: what a change does to the traffic of a group, and
    whether it locks somebody out, depends on all of them. Who is not selected is not changed.

    Args:
        asked: run, words, times and limits.
        selected: whom to change; of a group that was named, its key servers and members.
        collector: asks.
        inventory: all devices.
        intents: of the inventory, with the secrets of the user's sources.
        keys: what may be said of pre-shared keys.

    Returns:
        The plan; without waves if nothing differs. One that must not be applied says so in ``refusals`` and
        ``lockouts``.

    Raises:
        UsageError: no file says what any of the devices should hold.
        MistakesError: a group or a device cannot be rendered.
        DispatchError: nobody is selected.
        PlanRefusedError: no way was found through the lines of a device: a defect.
    """
    differ = Differ(intents, inventory, keys)
    described, missing = differ.described(selected)
    if selected and not described:
        names = ", ".join(device.name for device in selected[:6])
        msg = f"nothing says what {names} should hold"
        raise UsageError("\n".join([msg, *(f"  {text}" for text in missing)]))
    groups, devices = concerned(inventory, described)
    reading = read_devices(asked.run, collector, inventory, devices)
    changes = changes_of(described, reading, differ, inventory, keys.why_not)
    for device in selected:
        if device not in described:
            changes.leave_out(device.name, "no file in gdoi_groups/ says what it should hold", is_known=False)
    changes.notes += missing
    changes.groups = groups
    changes.covered = _covered(changes, reading, differ, _servers(inventory, groups))
    _pending(changes, reading, inventory, {device.name for device in described})
    given = {device.name: prints_in(intents.of(device.name).read.tree) for device in described}
    return assembled(replace(asked, secrets=lambda device: given[device.name]), inventory, reading, changes)


def _pending(changes: Changes, reading: Reading, inventory: Inventory, described: Collection[str]) -> None:
    """Groups whose policy was typed, and never sent: a run was held before its rekey, or somebody forgot the command.

    Only a push of all key servers of a group rekeys it, and only if they are as intended when it is done.
    """
    heads = primaries(reading.fleet)
    for group in changes.groups:
        if group not in heads:
            continue
        found = shipping(group, reading, heads[group])
        servers = {device.name for device in inventory.key_servers(group)}
        if found.note:
            changes.notes.append(f"group {group}: {found.note}")
        if found.untold:
            why = f"whether members work by the policy that key servers have is not known: {found.untold}"
            changes.notes.append(f"group {group}: {why}")
            if servers <= set(described):
                changes.untold[group] = why
        elif found.pending and servers <= set(described) & changes.covered:
            changes.due[group] = found.pending
            changes.notes.append(f"group {group}: its policy was never sent to members: {found.pending}: it is rekeyed")
        elif found.pending:
            changes.notes.append(
                f"group {group}: its policy was never sent to members: {found.pending}: getvpn-ops plan push {group}"
            )


def _servers(inventory: Inventory, groups: Iterable[str]) -> tuple[Device, ...]:
    return tuple({device.name: device for group in groups for device in inventory.key_servers(group)}.values())


def _covered(changes: Changes, reading: Reading, differ: Differ, servers: Iterable[Device]) -> frozenset[str]:
    """Key servers that are as intended when the plan is done: it makes them so, or they are."""
    found = set()
    for device in servers:
        if device.name in changes.steps or device.name in changes.keys_alone:
            found.add(device.name)
        elif device.name in reading.configs:
            standing = differ.of_state(device, reading.fleet.devices.get(device.name)).standing
            if standing is Standing.AS_INTENDED:
                found.add(device.name)
    return frozenset(found)
