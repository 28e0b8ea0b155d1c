"""The way back of a run: what it typed is taken back by the rollback of its plan, last things first (promise P12)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.planning.assembling import assembled, concerned
from getvpn_ops.engine.change.planning.changes import Changes
from getvpn_ops.engine.change.planning.held_keys import withhold
from getvpn_ops.engine.change.planning.key_lines import place_of, without
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.typeable import prints_in, untypeable
from getvpn_ops.errors import UsageError
from getvpn_ops.model.change import StepKind
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, Perform
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.engine.change.planning.assembling import Asked
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.journal_story import RunStory
    from getvpn_ops.model.plan import Plan, PlannedStep

_BACK = {StepKind.BUILD: StepKind.CLEAN_UP, StepKind.SET: StepKind.SET, StepKind.CLEAN_UP: StepKind.BUILD}
"""What was built is removed last, and what was removed is built first."""
_SAVES = "save"


def plan_rollback(asked: Asked, plan: Plan, story: RunStory, *, collector: Collector, inventory: Inventory) -> Plan:
    """Plan the way back of a run.

    The configuration steps that the journal knows as applied are taken back, members first, then the key servers: of
    these the secondaries first and the current primary last. What nothing undoes is named in the notes.

    A key that the run took away can only be put back from where it still stands: lines that need one which stands
    nowhere are left out, each with words; and one by which somebody is registered by now is not swapped again
    (``held_keys``). The rest is planned.

    Args:
        asked: run, words, times and limits; what it says of secrets decides which keys can be put back.
        plan: that the run applied.
        story: of the run.
        collector: asks.
        inventory: all devices.

    Raises:
        UsageError: the run configured nothing, or a device of it is not in the inventory any more.
        PlanRefusedError: the rollback does not fit what a device holds.
    """
    applied = applied_steps(plan, story)
    names = dict.fromkeys(step.device for step in applied)
    gone = [name for name in names if name not in inventory.devices]
    if gone:
        msg = f"run {story.run} changed {', '.join(gone)}, which the inventory does not have any more"
        raise UsageError(msg)
    changes = Changes(is_way_back=True)
    changes.refusals += unsettled(story)
    changes.notes += not_undone(plan, story)
    if not names:
        if changes.refusals:
            raise UsageError("\n".join(changes.refusals))
        msg = f"run {story.run} left no configuration on any device: there is nothing to roll back"
        raise UsageError(msg)
    selected = [device for name, device in inventory.devices.items() if name in names]
    changes.groups, devices = concerned(inventory, selected)
    changes.covered = frozenset(item.name for group in changes.groups for item in inventory.key_servers(group))
    reading = read_devices(asked.run, collector, inventory, devices)
    for device in selected:
        mine = [step for step in applied if step.device == device.name]
        reason = unlike(device, mine[-1], reading)
        if reason:
            changes.leave_out(device.name, reason, is_known=False)
            if device.role is Role.KEY_SERVER:
                changes.refusals.append(f"{device.name}: {reason}: key servers would differ")
            continue
        changes.steps[device.name] = tuple(taken_back(step) for step in reversed(mine))
    withhold(changes, reading, inventory, is_way_back=True)
    for device in selected:
        if device.name in changes.steps:
            _without_lost(device, changes, reading, asked)
    return assembled(asked, inventory, reading, changes)


def applied_steps(plan: Plan, story: RunStory) -> list[PlannedStep]:
    """Steps that are on their devices, as far as the journal knows."""
    found = []
    for step in plan.steps:
        if isinstance(step.act, Configure):
            known = story.step(step.id, step.device)
            if known is not None and known.result is StepResult.APPLIED:
                found.append(step)
    return found


def unsettled(story: RunStory) -> Iterator[str]:
    """Steps of which it is not known how far they came, or that stand there in part."""
    for step in story.steps:
        if step.result in {StepResult.UNKNOWN, StepResult.PARTLY}:
            yield (
                f"{step.intended.device}: how far '{step.intended.title}' came is {step.result.value}: settle it "
                f"first: getvpn-ops resume {story.run}"
            )


def not_undone(plan: Plan, story: RunStory) -> Iterator[str]:
    """What was done and nothing undoes, such as a rekey."""
    done = {step.intended.step.split(".")[0] for step in story.steps if step.result is StepResult.APPLIED}
    for step in plan.steps:
        if isinstance(step.act, Perform) and step.act.action != _SAVES and step.id in done:
            yield f"'{step.title}' was done, and nothing undoes it: {step.way_back or 'no way leads back'}"


def unlike(device: Device, last: PlannedStep, reading: Reading) -> str:
    """Why a device does not hold what the run left on it; empty if it does."""
    config = reading.configs.get(device.name)
    if config is None:
        return f"it was not read: {reading.why_not[device.name]}"
    if isinstance(last.act, Configure) and last.act.states and managed_of(config.tree) != last.act.states[-1]:
        return "its managed lines changed since the run: see the rollback sheet of the plan, and plan a push"
    return ""


def _without_lost(device: Device, changes: Changes, reading: Reading, asked: Asked) -> None:
    """Leave out what needs a key that stands nowhere any more, and say what to do about each line."""
    steps = changes.steps[device.name]
    given = partial(asked.secrets, device) if asked.secrets is not None else tuple
    lines = untypeable(
        (line for step in steps for line in step.lines), prints_in(reading.configs[device.name].tree), given
    )
    places = {place: line for line in lines if (place := place_of(line)) is not None}
    if not places:
        return
    words = [
        f"'{' > '.join((*line.path, line.text))}' is not put back: what its placeholder stands for is kept nowhere any "
        "more: type it by hand, or put it where `secrets:` of getvpn-ops.yaml finds it, and plan the rollback again"
        for line in places.values()
    ]
    left = without(steps, places)
    if left:
        changes.steps[device.name] = left
        changes.notes += [f"{device.name}: {text}" for text in words]
    else:
        del changes.steps[device.name]
        changes.leave_out(device.name, "; ".join(words), is_known=False)


def taken_back(step: PlannedStep) -> ChangeStep:
    """The step that undoes a step of configuration."""
    change = step.change()
    return replace(
        change,
        kind=_BACK[change.kind],
        title=f"take back: {step.title}",
        lines=change.rollback,
        rollback=change.lines,
        notes=(f"takes back step {step.id}",),
    )
