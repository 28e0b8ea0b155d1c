"""The way back of a playbook's run: stage after stage, the last one first, each by the rules of a push (P12, P13).

A member that leaves while others are conformant loses its traffic, so nobody leaves before the stages that came after
have been taken back on everyone: passive again, then receive-only, then clear.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.planning.action import new_id
from getvpn_ops.engine.change.planning.assembling import concerned, job_of
from getvpn_ops.engine.change.planning.effects import forecast
from getvpn_ops.engine.change.planning.locking import lockouts
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.registering import serving
from getvpn_ops.engine.change.planning.rolling_back import (
    applied_steps,
    not_undone,
    taken_back,
    unlike,
    unsettled,
)
from getvpn_ops.engine.change.planning.servers import primaries
from getvpn_ops.engine.change.planning.simulated import configs_after, tried
from getvpn_ops.engine.change.planning.stepping import Terms, waves_of
from getvpn_ops.errors import UsageError
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import LeftOut, Plan, PlannedStage, Statement
from getvpn_ops.workflow.ordering import stages as in_order
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from getvpn_ops.engine.change.planning.assembling import Asked
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.change.planning.simulated import Tried
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.journal_story import RunStory
    from getvpn_ops.model.plan import PlannedDevice, PlannedStep

_BACK = "back-"


def plan_way_back(asked: Asked, plan: Plan, story: RunStory, *, collector: Collector, inventory: Inventory) -> Plan:
    """Plan the way back of a run that applied a playbook, wherever it stopped.

    Args:
        asked: run, words, times and limits.
        plan: that the run applied.
        story: of the run.
        collector: asks.
        inventory: all devices.

    Raises:
        UsageError: the run configured nothing, or a device of it is not in the inventory any more.
        PlanRefusedError: the way back does not fit what a device holds.
    """
    applied = applied_steps(plan, story)
    names = dict.fromkeys(step.device for step in applied)
    if gone := [name for name in names if name not in inventory.devices]:
        msg = f"run {story.run} changed {', '.join(gone)}, which the inventory does not have any more"
        raise UsageError(msg)
    if not names:
        told = tuple(unsettled(story)) or (f"run {story.run} left no configuration on any device",)
        raise UsageError("\n".join(told))
    selected = [device for name, device in inventory.devices.items() if name in names]
    groups, devices = concerned(inventory, selected)
    reading = read_devices(asked.run, collector, inventory, devices)
    back = _Back(asked, groups, reading, inventory)
    back.refusals += unsettled(story)
    back.notes += not_undone(plan, story)
    for device in selected:
        mine = [step for step in applied if step.device == device.name]
        if reason := unlike(device, mine[-1], reading):
            back.leave(device.name, reason, is_server=device.role is Role.KEY_SERVER)
    done = {step.id for step in applied}
    for stage in reversed(plan.stages):
        steps = [step for wave in plan.waves if wave.stage == stage.id for step in wave.steps if step.id in done]
        if steps:
            back.add(stage, steps)
    return back.plan()


@dataclass(slots=True)
class _Back:
    """Stages that were taken back so far."""

    asked: Asked
    groups: tuple[str, ...]
    reading: Reading
    inventory: Inventory
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left: dict[str, LeftOut] = field(default_factory=dict)
    done: list[Tried] = field(default_factory=list)
    stages: list[PlannedStage] = field(default_factory=list)
    lockouts: list[str] = field(default_factory=list)
    configs: dict[str, RunningConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.configs |= self.reading.configs

    def leave(self, device: str, reason: str, *, is_server: bool) -> None:
        """A device that is not as the run left it."""
        self.left[device] = LeftOut(device, reason, is_known=False)
        if is_server:
            self.refusals.append(f"{device}: {reason}: key servers would differ")

    def add(self, stage: PlannedStage, steps: Sequence[PlannedStep]) -> None:
        """Take a stage back: on every device its last step first."""
        held: dict[str, list[PlannedStep]] = {}
        for step in steps:
            if step.device not in self.left:
                held.setdefault(step.device, []).insert(0, step)
        jobs = [
            job_of(self.inventory, self.inventory.devices[name], tuple(map(taken_back, mine)), self.configs[name])
            for name, mine in held.items()
        ]
        name = f"{_BACK}{stage.id}"
        ordered = in_order(jobs, self._heads(), self.asked.at_once, members_first=True)
        done = tried((replace(item, leg=name) for item in ordered), self.configs)
        cuts, unclear = lockouts(self.inventory, self.configs, done, self.asked.station) if done else ((), ())
        self.lockouts += [f"stage {name}: {text}" for text in cuts]
        self.refusals += [f"stage {name}: {text}" for text in unclear]
        self.done += done
        self.configs |= configs_after(done, self.configs)
        self.stages.append(PlannedStage(name, f"take back: {stage.title}", stage.action, tuple(held)))

    def plan(self) -> Plan:
        """All of it."""
        asked = self.asked
        cast = forecast(self.groups, self.reading, self.done, self._heads(), asked.known)
        after: Mapping[str, RunningConfig] = {**self.reading.configs, **self.configs}
        terms = Terms(
            inventory=self.inventory,
            configs=self.reading.configs,
            primaries=self._heads(),
            timings=cast.timings,
            moving=cast.moving,
            serving=serving(self.inventory, self.groups, self._heads(), after),
            revert_minutes=asked.revert_minutes,
        )
        waves = waves_of(self.done, terms)
        if any(effect.statement is not Statement.HITLESS for effect in cast.effects):
            self.notes.append("traffic is lost, or may be: it is only applied with --accept-loss")
        return Plan(
            id=new_id(asked.now),
            what=asked.what,
            made=asked.now,
            expires=asked.now + asked.lifetime,
            by=asked.by,
            inventory=snapshot(self.inventory),
            devices=tuple(self._planned()),
            waves=waves.waves,
            rekeys=waves.rekeys,
            effects=cast.effects,
            lockouts=tuple(dict.fromkeys(self.lockouts)),
            refusals=tuple(dict.fromkeys(self.refusals)),
            left_out=tuple(self.left.values()),
            notes=tuple(dict.fromkeys(self.notes)),
            budget=asked.budget,
            stages=tuple(self.stages),
        )

    def _heads(self) -> Mapping[str, str]:
        return primaries(self.reading.fleet)

    def _planned(self) -> Iterator[PlannedDevice]:
        typed = {part.device for item in self.done for part in item.stage.parts}
        servers = {item.name for group in self.groups for item in self.inventory.key_servers(group)}
        for name, device in self.inventory.devices.items():
            if name in typed or name in servers:
                planned = self.reading.planned(device, is_changed=True)
                if planned is not None:
                    yield planned
