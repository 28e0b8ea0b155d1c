"""What has to be typed on each device, and who is left out and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.facts import UNMEASURED
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.change.planning.held_keys import withhold
from getvpn_ops.engine.forecast.member_reading import readings
from getvpn_ops.model.config_diff import RemarkKind, Standing
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.config.diff import Differ
    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.config_diff import DeviceDiff
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device, Inventory

_NAMED = re.compile(r"<secret:([^>]+)>")
_ON_PORT = re.compile(r"(?:ipv6 )?crypto map \S+")
_ACTIVATE = "activate"


@dataclass(slots=True)
class Changes:
    """What a plan is made of.

    Attributes:
        groups: that it concerns.
        covered: key servers that are as they should be when it is done.
        is_way_back: it undoes a run.
        steps: by device, in their order; groups are named as in the inventory.
        left_out: who is not in it.
        unread: why nothing is known of a device, by name.
        differs: devices that are known not to be as intended, changed by the plan or not.
        keys_alone: devices that differ in keys alone, by which somebody lives: these are left as they are.
        later: devices that differ in fail-close alone, which is left to a later push.
        notes: for people.
        refusals: why the plan must never be applied.
        due: groups whose members work by an older policy than their key servers are configured with, and what shows it.
        untold: groups of which nobody can tell that, and why.
    """

    groups: tuple[str, ...] = ()
    covered: frozenset[str] = frozenset()
    is_way_back: bool = False
    steps: dict[str, tuple[ChangeStep, ...]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    differs: set[str] = field(default_factory=set)
    keys_alone: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    due: dict[str, str] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)

    def leave_out(self, device: str, reason: str, *, is_known: bool) -> None:
        """A device that was asked for and is not in the plan."""
        self.left_out.append(LeftOut(device, reason, is_known))


def changes_of(
    selected: Sequence[Device], reading: Reading, differ: Differ, inventory: Inventory, why_not: Callable[[str], str]
) -> Changes:
    """Hold devices against their intents; keys by which somebody lives are left as they are (``held_keys``).

    Args:
        selected: that the plan is about.
        reading: what they are.
        differ: holds a device against its intent.
        inventory: of them.
        why_not: why the secret of a name is not known here.
    """
    found = Changes()
    waiting = unregistered(reading.fleet)
    for device in selected:
        if (reason := reading.why_not.get(device.name)) is not None:
            found.unread[device.name] = reason
            found.leave_out(device.name, f"it was not read: {reason}", is_known=False)
            continue
        diff = differ.of_state(device, reading.fleet.devices.get(device.name))
        steps = _steps(device, diff, found)
        steps = without_early_closing(device, steps, found, is_waiting=device.name in waiting)
        if not steps:
            continue
        found.steps[device.name] = renamed(steps, local_names(inventory, device))
        found.refusals += _unresolved(device.name, steps, why_not)
    withhold(found, reading, inventory)
    return found


def _steps(device: Device, diff: DeviceDiff, found: Changes) -> tuple[ChangeStep, ...]:
    name, change = device.name, diff.change
    untold = [item for item in diff.remarks if item.kind is RemarkKind.CANNOT_TELL]
    found.notes += [
        f"{name}: not changed: '{item.text}'{f': {item.reason}' if item.reason else ''}"
        for item in diff.remarks
        if item.kind is RemarkKind.LEFT_ALONE or (diff.standing is Standing.DRIFT and item in untold)
    ]
    if diff.standing is Standing.AS_INTENDED:
        found.leave_out(name, "it is as intended", is_known=True)
        return ()
    if diff.standing is Standing.UNKNOWN or change is None:
        found.unread[name] = diff.reason
        found.leave_out(name, f"whether it is as intended is not known: {diff.reason}", is_known=False)
        return ()
    found.differs.add(name)
    if other := next((item for item in untold if item.text.startswith("version ")), None):
        found.unread[name] = f"it runs {other.text}: {other.reason}"
        found.leave_out(name, f"it runs {other.text}: {other.reason}; mend its release there", is_known=False)
        return ()
    if not change.steps:
        first = diff.drifts[0]
        what = first.running or first.intended or ""
        found.leave_out(name, f"it differs, and nothing here can mend that: '{what}'", is_known=False)
    return change.steps


def unregistered(fleet: FleetState) -> frozenset[str]:
    """Devices that are not known to be registered in each of their groups."""
    return frozenset(
        member.device
        for group in group_views(fleet)
        for member in group.members
        if not all(item.keys for item in readings(member, UNMEASURED))
    )


def without_early_closing(
    device: Device, steps: tuple[ChangeStep, ...], found: Changes, *, is_waiting: bool
) -> tuple[ChangeStep, ...]:
    """Fail-close is not activated before a member is known to be registered, nor with what makes it register first."""
    registers = is_waiting or any(_ON_PORT.fullmatch(line.text) for step in steps for line in step.lines)
    if not registers:
        return steps
    kept = tuple(step for step in steps if not _activates(step.lines))
    if len(kept) < len(steps):
        why = "it is activated only where the member is known to be registered, and never with its first registration"
        if kept:
            found.notes.append(f"{device.name}: fail-close is left to the next push: {why}")
        else:
            found.later.add(device.name)
            found.leave_out(device.name, f"fail-close is left to a later push: {why}", is_known=False)
    return kept


def _activates(lines: Iterable[ChangeLine]) -> bool:
    return any(line.text == _ACTIVATE for line in lines)


def local_names(inventory: Inventory, device: Device) -> dict[str, str]:
    """Names of groups in the inventory, by what the device calls them."""
    found = {}
    for group in device.gdoi_groups:
        if group not in inventory.gdoi_groups:
            continue
        read = inventory.key_server_intent if device.role is Role.KEY_SERVER else inventory.member_intent
        found[read(group, device.name).group_name or group] = group
    return found


def renamed(steps: Iterable[ChangeStep], names: Mapping[str, str]) -> tuple[ChangeStep, ...]:
    """Steps with their groups as the inventory names them.

    A step that says no group, such as one that removes a list, is of the groups of the device's other steps: who looks
    at the group before it is taken must look at one.

    Args:
        steps: of one device.
        names: of groups in the inventory, by what the device calls them.
    """
    found = [replace(step, groups=tuple(names.get(name, name) for name in step.groups)) for step in steps]
    said = tuple(dict.fromkeys(group for step in found for group in step.groups)) or tuple(names.values())
    return tuple(step if step.groups else replace(step, groups=said) for step in found)


def _unresolved(device: str, steps: Iterable[ChangeStep], why_not: Callable[[str], str]) -> list[str]:
    """Secrets that a line needs and that nobody here knows."""
    texts = (text for step in steps for line in step.lines for text in (*line.path, line.text))
    names = dict.fromkeys(name for text in texts for name in _NAMED.findall(text))
    return [
        f"{device}: no source here has what the intent calls {name}: {why_not(name)}; say under `secrets:` of "
        "getvpn-ops.yaml where it is kept"
        for name in names
    ]
