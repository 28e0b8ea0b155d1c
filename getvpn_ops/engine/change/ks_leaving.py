"""Key servers that a plan takes out of a group, and groups that it takes down whole, as the way back of a first push.

What must hold of a group before one of its key servers is touched is asked of those that stay. Of a group that no key
server keeps nothing is asked: a COOP that falls apart is what is wanted, and nothing is shipped to anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import read
from getvpn_ops.engine.change.planning.changes import local_names
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan, PlannedLine, PlannedStep

_REMOVED = "no server local"
_CLOSED = "no address "


def leaving(plan: Plan, inventory: Inventory, group: str) -> frozenset[str]:
    """Key servers that no longer serve a group when a plan is done.

    Args:
        plan: of the run.
        inventory: its key servers, and what each of them calls the group.
        group: its name in the inventory.
    """
    return frozenset(step.device for step, lines in _about(plan, inventory, group) if any(map(_removes, lines)))


def is_taken_down(scene: Scene, group: str, step: PlannedStep) -> bool:
    """Whether a step stands where the plan takes a group off every key server that the inventory names for it.

    From the first line on that closes one of them; before that the group is one like any other.

    Args:
        scene: of the run.
        group: its name in the inventory.
        step: of the plan.
    """
    servers = {device.name for device in scene.inventory.key_servers(group)}
    if not servers or servers != leaving(scene.plan, scene.inventory, group):
        return False
    about = _about(scene.plan, scene.inventory, group)
    first = next(other for other, lines in about if any(map(_closes, lines)))
    return first in scene.plan.steps[: scene.plan.steps.index(step) + 1]


def gone(scene: Scene, group: str) -> frozenset[str]:
    """Key servers on which the plan has begun to take a group away: to the others they are no peers any more."""
    away = leaving(scene.plan, scene.inventory, group)
    return frozenset(
        step.device
        for step, lines in _about(scene.plan, scene.inventory, group)
        if step.device in away and any(map(_closes, lines)) and _is_begun(scene, step)
    )


def _about(plan: Plan, inventory: Inventory, group: str) -> Iterator[tuple[PlannedStep, tuple[PlannedLine, ...]]]:
    """Steps on key servers of a group, with those of their lines that are about it."""
    called = {device.name: _called(inventory, device.name, group) for device in inventory.key_servers(group)}
    for step in plan.steps:
        if step.device in called and isinstance(step.act, Configure):
            lines = tuple(line for line in step.act.lines if _group_of(line) == called[step.device])
            if lines:
                yield step, lines


def _called(inventory: Inventory, device: str, group: str) -> str:
    """What a key server calls a group."""
    names = {known: own for own, known in local_names(inventory, inventory.devices[device]).items()}
    return names.get(group, group)


def _group_of(line: PlannedLine) -> str:
    """The group that a line makes, removes or configures; empty if it is about something else."""
    found = read("", line.path[0] if line.path else line.text)
    return found.name if found is not None and found.type.id == "gdoi-group" else ""


def _removes(line: PlannedLine) -> bool:
    return line.text.startswith("no ") and (not line.path or line.text == _REMOVED)


def _closes(line: PlannedLine) -> bool:
    """Whether a key server serves the group no more from this line on: its address goes, or all of it."""
    return _removes(line) or line.text.startswith(_CLOSED)


def _is_begun(scene: Scene, step: PlannedStep) -> bool:
    known = scene.log.step(step.id, step.device)
    return known is not None and known.result is not StepResult.NOTHING_SENT
