"""The way back of a playbook's run: stage after stage, the last one first, each by the rules of a push (P12, P13).

A member that leaves while others are conformant loses its traffic, so nobody leaves before the stages that came after
have been taken back on everyone: passive again, then receive-only, then clear.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.course import whole_of
from getvpn_ops.engine.change.migrating.estimating import timed
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
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, LeftOut, Plan, PlannedStage, Statement
from getvpn_ops.settings.mistakes import nearest
from getvpn_ops.workflow.fingerprint import managed_of
from getvpn_ops.workflow.ordering import stages as in_order
from getvpn_ops.workflow.progress import home, where
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from getvpn_ops.engine.change.planning.assembling import Asked
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.change.planning.simulated import Tried
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.journal_story import RunStory
    from getvpn_ops.model.plan import PlannedDevice, PlannedStep

_BACK = "back-"


def plan_way_back(  # noqa: PLR0913 -- what a way back is made of
    asked: Asked, plan: Plan, story: RunStory, *, collector: Collector, inventory: Inventory, to: str = ""
) -> Plan:
    """Plan the way back of a run that applied a playbook, wherever it stopped.

    A step that stands on its device in part is taken back from where the device stands.

    Args:
        asked: run, words, times and limits.
        plan: that the run applied.
        story: of the run; no step of it may be in hand, see ``settling``.
        to: stage that stays, with all before it; empty: none does.
        collector: asks.
        inventory: all devices.

    Raises:
        UsageError: the run configured nothing, or a device of it is not in the inventory any more, or it has no such
            stage.
        PlanRefusedError: the way back does not fit what a device holds.
    """
    plan = _after(plan, to)
    applied = _standing(plan, story)
    names = dict.fromkeys(step.device for step in applied)
    if gone := [name for name in names if name not in inventory.devices]:
        msg = f"run {story.run} changed {', '.join(gone)}, which the inventory does not have any more"
        raise UsageError(msg)
    if not names:
        since = f" after stage {to}" if to else ""
        ids = {step.id for step in plan.steps}
        parts = tuple(part for part in story.steps if whole_of(part) in ids)
        told = tuple(unsettled(replace(story, steps=parts)))
        told = told or (f"run {story.run} left no configuration on any device{since}",)
        raise UsageError("\n".join(told))
    selected = [device for name, device in inventory.devices.items() if name in names]
    groups, devices = concerned(inventory, selected)
    reading = read_devices(asked.run, collector, inventory, devices)
    back = _Back(asked, groups, reading, inventory)
    back.notes += not_undone(plan, story)
    for device in selected:
        mine = [step for step in applied if step.device == device.name]
        partly = _is_partly(mine[-1], story)
        reason = back.begin(mine[-1]) if partly else unlike(device, mine[-1], reading)
        if reason and not back.is_back(mine):
            back.leave(device.name, reason, is_server=device.role is Role.KEY_SERVER)
    for name, reason in _in_hand(story):
        known = inventory.devices.get(name)
        back.leave(name, reason, is_server=known is None or known.role is Role.KEY_SERVER)
    done = {step.id for step in applied} - back.nothing
    for stage in reversed(plan.stages):
        steps = [step for wave in plan.waves if wave.stage == stage.id for step in wave.steps if step.id in done]
        if steps:
            back.add(stage, steps)
    return back.plan()


def _after(plan: Plan, to: str) -> Plan:
    """The part of a plan that comes after a stage."""
    if not to:
        return plan
    names = [stage.id for stage in plan.stages]
    if to not in names:
        near = nearest(to, names)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
        msg = f"plan {plan.id} has no stage {to!r}; {hint}"
        raise UsageError(msg)
    later = names[names.index(to) + 1 :]
    return replace(
        plan,
        stages=tuple(stage for stage in plan.stages if stage.id in later),
        waves=tuple(wave for wave in plan.waves if wave.stage in later),
    )


def _standing(plan: Plan, story: RunStory) -> list[PlannedStep]:
    """Steps that are on their devices whole or in part, as far as the journal knows."""
    whole = {step.id for step in applied_steps(plan, story)}
    return [step for step in plan.steps if step.id in whole or _is_partly(step, story)]


def _is_partly(step: PlannedStep, story: RunStory) -> bool:
    known = story.step(step.id, step.device) if isinstance(step.act, Configure) else None
    return known is not None and known.result is StepResult.PARTLY


def _in_hand(story: RunStory) -> Iterator[tuple[str, str]]:
    for step in story.in_hand:
        yield (
            step.intended.device,
            f"how far '{step.intended.title}' came is not known: it gets nothing before it is read",
        )


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
    nothing: set[str] = field(default_factory=set)
    ways: dict[str, tuple[ChangeLine, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.configs |= self.reading.configs

    def leave(self, device: str, reason: str, *, is_server: bool) -> None:
        """A device that is not as the run left it."""
        self.left[device] = LeftOut(device, reason, is_known=False)
        if is_server:
            self.refusals.append(f"{device}: {reason}: key servers would differ")

    def is_back(self, mine: Sequence[PlannedStep]) -> bool:
        """Whether steps of a device were taken back already, by another run: then those before them are left to take.

        Args:
            mine: its steps, in order.
        """
        config = self.configs.get(mine[0].device)
        seen = managed_of(config.tree) if config is not None else ""
        for at, step in enumerate(mine):
            if isinstance(step.act, Configure) and step.act.states and step.act.states[0] == seen:
                self.nothing |= {item.id for item in mine[at:]}
                return True
        return False

    def begin(self, step: PlannedStep) -> str:
        """Find the way back of a step that stands on its device in part, and say why there is none."""
        config = self.configs.get(step.device)
        if config is None:
            return f"it was not read: {self.reading.why_not[step.device]}"
        assert isinstance(step.act, Configure)  # noqa: S101 -- others are never on a device in part
        place = where(step.act, config.tree)
        if place.lines == 0:
            self.nothing.add(step.id)
            return ""
        if place.lines == len(step.act.lines):
            return ""
        self.ways[step.id] = place.home or home(step.act, config.tree)
        if self.ways[step.id]:
            return ""
        return f"'{step.title}' stands there in part, and no lines of the plan lead back: see its rollback sheet"

    def add(self, stage: PlannedStage, steps: Sequence[PlannedStep]) -> None:
        """Take a stage back: on every device its last step first."""
        held: dict[str, list[PlannedStep]] = {}
        for step in steps:
            if step.device not in self.left:
                held.setdefault(step.device, []).insert(0, step)
        jobs = [
            job_of(self.inventory, self.inventory.devices[name], tuple(map(self._taken_back, mine)), self.configs[name])
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

    def _taken_back(self, step: PlannedStep) -> ChangeStep:
        change = taken_back(step)
        way = self.ways.get(step.id)
        return change if way is None else replace(change, lines=way, rollback=())

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
        plan = Plan(
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
        return timed(plan, {}, asked.paces)

    def _heads(self) -> Mapping[str, str]:
        return primaries(self.reading.fleet)

    def _planned(self) -> Iterator[PlannedDevice]:
        typed = {part.device for item in self.done for part in item.stage.parts}
        servers = {item.name for group in self.groups for item in self.inventory.key_servers(group)}
        for name, device in self.inventory.devices.items():
            if name in typed or name in servers:
                planned = self.reading.planned(device, is_changed=name in typed)
                if planned is not None:
                    yield planned
