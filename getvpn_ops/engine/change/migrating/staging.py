"""A playbook -> one plan: every stage typed on what the stages before leave, so that all of it can be shown (P1).

Stages that configure move their targets to a variant of the intent (``workflow.playbooks.variants``). Their lines,
states and way back are those of a push; each rests on the simulated configurations of the stage before. What else a
stage does, and its gates, are steps of the same plan: so one engine applies, journals, resumes and undoes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from getvpn_ops.engine.change.migrating.estimating import timed
from getvpn_ops.engine.change.migrating.gates import must_be_check
from getvpn_ops.engine.change.migrating.legs import Leg, approval, gates, ringed
from getvpn_ops.engine.change.migrating.performers.planned_drill import planned_drill
from getvpn_ops.engine.change.migrating.performers.turning_passive import measured_lines
from getvpn_ops.engine.change.migrating.simulated_reading import carried_on
from getvpn_ops.engine.change.migrating.targets import targets_of_stage
from getvpn_ops.engine.change.migrating.timetable import (
    planned_freezes,
    planned_windows,
    tek_lifetimes,
    timeout_notes,
    window_notes,
)
from getvpn_ops.engine.change.planning.action import new_id
from getvpn_ops.engine.change.planning.assembling import concerned, job_of
from getvpn_ops.engine.change.planning.changes import changes_of, local_names
from getvpn_ops.engine.change.planning.effects import forecast
from getvpn_ops.engine.change.planning.locking import lockouts
from getvpn_ops.engine.change.planning.ranks import ranks_of
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.registering import serving
from getvpn_ops.engine.change.planning.servers import primaries, refusals
from getvpn_ops.engine.change.planning.shipping import is_member_of, policy_on
from getvpn_ops.engine.change.planning.simulated import configs_after, tried
from getvpn_ops.engine.change.planning.stepping import Terms, waves_of
from getvpn_ops.engine.config.diff import Differ
from getvpn_ops.errors import UsageError
from getvpn_ops.model.change import StepKind
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import Perform, Plan, PlannedStage, PlannedStep, Statement
from getvpn_ops.workflow.actions import ACTIONS
from getvpn_ops.workflow.actions.rsa_keys import without_made
from getvpn_ops.workflow.actions.spec import World
from getvpn_ops.workflow.ordering import Stage as Ordered
from getvpn_ops.workflow.ordering import stages as in_order
from getvpn_ops.workflow.playbooks.measured import kind_of, to_measure, unmeasured
from getvpn_ops.workflow.playbooks.preflight import PreflightParams, told_questions
from getvpn_ops.workflow.playbooks.rings import rings_of
from getvpn_ops.workflow.playbooks.schema import Who
from getvpn_ops.workflow.playbooks.stages import STAGE_ACTIONS, ConfigureParams, DrillParams, Passive
from getvpn_ops.workflow.playbooks.variants import as_intended, can_be_passive, varied, without_groups
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from getvpn_ops.engine.change.planning.assembling import Asked
    from getvpn_ops.engine.change.planning.changes import Changes
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.change.planning.simulated import Tried
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.engine.config.drift import KeyTerms
    from getvpn_ops.engine.config.intended import Intents
    from getvpn_ops.model.base import FrozenModel
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import LeftOut, PlannedDevice, PredictedEffect
    from getvpn_ops.workflow.playbooks.schema import Playbook, Stage

_RSA_KEY = "rsa-key"
_CONFIGURES = "configure"
_MEASURES = "measure-passive"
_ACTIONS = {action.id: action for action in STAGE_ACTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a playbook is planned for.

    Attributes:
        playbook: validated.
        options: choices, one for each option of the playbook.
        groups: that it is about.
        pilot: members that go first.
        intents_of: what routers should hold by an inventory, with the secrets of the user's sources.
        keys: what may be said of pre-shared keys.
    """

    playbook: Playbook
    options: Mapping[str, str]
    groups: tuple[str, ...]
    pilot: tuple[Device, ...]
    intents_of: Callable[[Inventory], Intents]
    keys: KeyTerms


def plan_playbook(asked: Asked, wanted: Wanted, *, collector: Collector, inventory: Inventory) -> Plan:
    """Read everyone concerned once, and plan stage after stage.

    Args:
        asked: run, words, times and limits.
        wanted: see there.
        collector: asks.
        inventory: all devices.

    Raises:
        UsageError: a stage has no target, or nothing says what its targets should hold; or a gate names no check.
        MistakesError: a group or a device cannot be rendered.
        DispatchError: nobody is to be asked.
        PlanRefusedError: no way was found through the lines of a device: a defect.
    """
    selected = [
        item
        for item in inventory.devices.values()
        if any(item in inventory.key_servers(group) or item in inventory.members(group) for group in wanted.groups)
    ]
    _, devices = concerned(inventory, selected)
    reading = read_devices(asked.run, collector, inventory, devices)
    staging = _Staging(asked, wanted, reading, inventory)
    for stage in wanted.playbook.stages:
        if all(wanted.options.get(name) == choice for name, choice in stage.when.items()):
            staging.add(stage)
    return staging.plan()


@dataclass(slots=True)
class _Told:
    """What planning found besides steps."""

    refusals: list[str] = field(default_factory=list)
    lockouts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    effects: list[PredictedEffect] = field(default_factory=list)


class _Staging:
    """The stages so far."""

    def __init__(self, asked: Asked, wanted: Wanted, reading: Reading, inventory: Inventory) -> None:
        self._asked = asked
        self._wanted = wanted
        self._reading = reading
        self._inventory = inventory
        absent = set(inventory.gdoi_groups) - set(wanted.groups) - _present(reading, inventory)
        self._now = without_groups(inventory, absent)
        self._configs: dict[str, RunningConfig] = dict(reading.configs)
        self._heads = primaries(reading.fleet)
        self._keyed: set[str] = set()
        self._done: list[Tried] = []
        self._stages: list[PlannedStage] = []
        self._typed: set[str] = set()
        self._told = _Told()
        if absent:
            names = ", ".join(sorted(absent))
            self._told.notes.append(f"{names}: no router has it yet, and this plan is not about it: it stays out")

    def add(self, stage: Stage) -> None:
        """One more stage."""
        targets = targets_of_stage(self._inventory, self._wanted.groups, stage.targets, self._wanted.pilot)
        if not targets and stage.targets.who is Who.REST:
            self._told.notes.append(f"stage {stage.id}: every member is a pilot: nobody is left for it")
            return
        if not targets:
            msg = f"stage {stage.id} of playbook {self._wanted.playbook.name} has no target"
            raise UsageError(msg)
        for gate in (*stage.enter, *stage.exit):
            must_be_check(gate.check)
        params = _ACTIONS[stage.action].params.model_validate(stage.params)
        leg = Leg(stage, self._wanted.groups, targets)
        before = [approval(leg)] if stage.approval else []
        if stage.enter:
            before.append(gates(leg, stage.enter, "before"))
        middle = self._middle(leg, params)
        after = [] if not stage.exit else [gates(leg, stage.exit, "after")]
        saves = [item for item in middle if item.saves]
        acts = [item for item in middle if not item.saves]
        acts = ringed(leg, acts) if stage.batch.rings and stage.exit else [*acts, *after]
        ordered = (*before, *acts, *(saves if stage.save else ()))
        done = tried((replace(item, leg=stage.id) for item in ordered), self._configs)
        self._look_at(stage, done)
        self._done += done
        self._configs |= configs_after(done, self._configs)
        self._heads = {**self._expected(), **primaries(self._reading.fleet)}
        self._stages.append(
            PlannedStage(
                stage.id,
                stage.title or _ACTIONS[stage.action].title,
                stage.action,
                tuple(device.name for device in targets),
                tuple(gate.check for gate in stage.exit),
                stage.approval,
                stage.windowed,
                stage.timeout,
            )
        )

    def _middle(self, leg: Leg, params: FrozenModel) -> list[Ordered]:
        if leg.stage.action == _CONFIGURES and isinstance(params, ConfigureParams):
            return self._configuring(leg, params)
        if leg.stage.action == _RSA_KEY:
            return list(self._keys(leg, params))
        if leg.stage.action in {"look", "report"}:
            return []
        if isinstance(params, DrillParams):
            return [self._drill(leg, params)]
        if leg.stage.action == _MEASURES:
            return [self._measured(leg, params)]
        if isinstance(params, PreflightParams):
            return [leg.performed(params, notes=told_questions(params))]
        return [leg.performed(params)]

    def _measured(self, leg: Leg, params: FrozenModel) -> Ordered:
        devices = to_measure(leg.targets)
        self._typed |= {device.name for device in devices}
        lines = dict.fromkeys(
            line for device in devices for group in leg.groups for line in self._lines_of_measuring(device, group)
        )
        known = {kind_of(self._inventory.devices[name]) for name in self._asked.known.facts}
        for group in leg.groups:
            self._told.notes += unmeasured(self._inventory.members(group), leg.targets, known)
        told = ", ".join(f"{device.name} ({kind_of(device)})" for device in devices)
        notes = (f"on {told}, one after the other; the others of a platform and release are not touched",)
        return leg.performed(params, tuple(lines), notes)

    def _lines_of_measuring(self, device: Device, group: str) -> tuple[str, ...]:
        local = {known: name for name, known in local_names(self._inventory, device).items()}
        return measured_lines(local.get(group, group))

    def _drill(self, leg: Leg, params: DrillParams) -> Ordered:
        names = [device.name for device in leg.targets]
        drill = planned_drill(self._now, self._configs, leg.groups, names, params)
        self._told.refusals += [f"stage {leg.stage.id}: {text}" for text in drill.refusals]
        self._told.effects += drill.effects
        self._typed |= drill.devices
        return leg.performed(params, drill.lines, drill.notes)

    # -- stages that configure

    def _configuring(self, leg: Leg, params: ConfigureParams) -> list[Ordered]:
        stage, names = leg.stage, {device.name for device in leg.targets}
        for group in leg.groups:
            whole = as_intended(self._now, self._inventory, group)
            served = self._configs.get(self._heads.get(group, ""))
            self._now = varied(whole, group, params, names, self._wanted.pilot, served=served)
        if params.passive is Passive.ON:
            self._incapable(leg)
        differ = Differ(self._wanted.intents_of(self._now), self._now, self._wanted.keys)
        reading = carried_on(self._reading, self._configs, self._now)
        targets = [self._now.devices[device.name] for device in leg.targets]
        described, missing = differ.described(targets)
        self._told.notes += missing
        changes = changes_of(described, reading, differ, self._now, self._wanted.keys.why_not)
        self._take(stage, changes)
        steps = changes.steps
        if not params.remove_old:
            kept = {
                name: tuple(step for step in held if step.kind is not StepKind.CLEAN_UP) for name, held in steps.items()
            }
            steps = {name: held for name, held in kept.items() if held}
        self._others(stage, steps)
        servers = [name for name in steps if self._inventory.devices[name].role is Role.KEY_SERVER]
        if servers:
            self._servers(stage, reading, changes, steps)
        self._typed |= set(steps)
        members = [self._inventory.devices[name] for name in steps if name not in servers]
        rings = rings_of(members, stage.batch.rings) if stage.batch.rings else {}
        jobs = []
        for name, held in steps.items():
            job = job_of(self._inventory, self._inventory.devices[name], held, self._configs[name])
            jobs.append(replace(job, ring=rings[name]) if name in rings else job)
        return list(in_order(jobs, self._heads, stage.batch.at_once))

    def _incapable(self, leg: Leg) -> None:
        without = [item for item in leg.targets if item.role is Role.MEMBER and not can_be_passive(item)]
        if without:
            told = ", ".join(f"{item.name} ({item.release or 'release not said'})" for item in without)
            self._told.notes.append(
                f"stage {leg.stage.id}: {told}: passive members came with 12.4(22)T: they stay receive-only, and turn "
                "with the rekey that ends it"
            )

    def _take(self, stage: Stage, changes: Changes) -> None:
        self._told.left_out += [
            replace(item, reason=f"stage {stage.id}: {item.reason}") for item in changes.left_out if not item.is_known
        ]
        self._told.refusals += [f"stage {stage.id}: {text}" for text in changes.refusals]
        held = changes.keys_alone | changes.later  # knowingly: a stage is about neither
        self._told.refusals += [
            f"stage {stage.id}: {item.device}: {item.reason}"
            for item in changes.left_out
            if not item.is_known and item.device not in held
        ]
        self._told.notes += changes.notes

    def _others(self, stage: Stage, steps: Mapping[str, Sequence[Any]]) -> None:
        """A playbook changes its own groups: what others need is a push of its own, which is read by itself."""
        found: dict[str, set[str]] = {}
        for name, held in steps.items():
            for step in held:
                for group in set(step.groups) - set(self._wanted.groups):
                    if not set(step.groups) & set(self._wanted.groups):
                        found.setdefault(group, set()).add(name)
        for group, names in found.items():
            self._told.refusals.append(
                f"stage {stage.id}: {', '.join(sorted(names))}: not as intended for group {group} either: name it too, "
                f"or bring it up first: getvpn-ops plan push {group}"
            )

    def _servers(self, stage: Stage, reading: Reading, changes: Changes, steps: Mapping[str, Sequence[Any]]) -> None:
        """Whether the key servers may be changed; that they are sound is looked at again before each step."""
        for group in self._wanted.groups:
            servers = self._inventory.key_servers(group)
            covered = {item.name for item in servers if item.name in steps or item.name not in changes.differs}
            bad, notes = refusals(
                group,
                reading,
                self._now,
                reading.configs,
                covered - {*changes.unread},
                has_key=group not in self._keyed,
            )
            if not self._done or group in primaries(self._reading.fleet):
                self._told.refusals += [f"stage {stage.id}: {text}" for text in bad]
                self._told.notes += notes

    def _expected(self) -> dict[str, str]:
        """Who will be primary of groups that this plan brings up: the key server with the highest priority."""
        found = {}
        for group in self._wanted.groups:
            ranks = ranks_of(self._configs, self._inventory, group)
            if ranks and group in serving(self._inventory, (group,), {}, self._configs):
                found[group] = max(ranks).device
        return found

    def _look_at(self, stage: Stage, done: Sequence[Tried]) -> None:
        if any(item.stage.parts for item in done):
            cuts, unclear = lockouts(self._inventory, self._configs, done, self._asked.station)
            self._told.lockouts += [f"stage {stage.id}: {text}" for text in cuts]
            self._told.refusals += [f"stage {stage.id}: {text}" for text in unclear]

    # -- keys

    def _keys(self, leg: Leg, params: FrozenModel) -> Iterator[Ordered]:
        spec = ACTIONS[_RSA_KEY]
        said = {name: value for name, value in params.model_dump().items() if value is not None}
        made: set[tuple[str, str]] = set()
        for group in leg.groups:
            targets = self._inventory.key_servers(group)
            world = World(self._inventory, self._reading.fleet, targets, (group,), self._asked.now)
            proposal = spec.propose(world, spec.params.model_validate(said))
            self._told.refusals += [f"stage {leg.stage.id}: {text}" for text in proposal.refusals]
            self._told.notes += proposal.notes
            self._keyed.add(group)
            waves = without_made(proposal.waves, made)
            if isinstance(waves, str):
                self._told.refusals.append(f"stage {leg.stage.id}: group {group}: {waves}")
                continue
            for wave in waves:
                self._typed |= {step.device for step in wave.steps if step.device}
                yield Ordered(wave.title, ready=wave.steps, at_once=wave.at_once)

    # -- the plan

    def plan(self) -> Plan:
        """All of it."""
        asked, told = self._asked, self._told
        after = {**self._reading.configs, **configs_after(self._done, self._reading.configs)}
        cast = forecast(self._wanted.groups, self._reading, self._done, self._heads, asked.known)
        terms = Terms(
            inventory=self._inventory,
            configs=self._reading.configs,
            primaries=self._heads,
            timings=cast.timings,
            moving=cast.moving,
            serving=serving(self._inventory, self._wanted.groups, self._heads, after),
            revert_minutes=asked.revert_minutes,
        )
        waves = waves_of(self._done, terms)
        effects = (*cast.effects, *told.effects)
        if any(effect.statement is not Statement.HITLESS for effect in effects):
            told.notes.append("traffic is lost, or may be: it is only applied with --accept-loss")
        plan = Plan(
            id=new_id(asked.now),
            what=asked.what,
            made=asked.now,
            expires=asked.now + asked.lifetime,
            by=asked.by,
            inventory=snapshot(self._inventory),
            devices=tuple(self._planned()),
            waves=waves.waves,
            rekeys=waves.rekeys,
            effects=effects,
            lockouts=tuple(dict.fromkeys(told.lockouts)),
            refusals=tuple(dict.fromkeys((*told.refusals, *self._unread()))),
            left_out=tuple(told.left_out),
            notes=tuple(dict.fromkeys(told.notes)),
            budget=asked.budget,
            stages=tuple(self._stages),
            windows=planned_windows(self._wanted.playbook),
            freezes=planned_freezes(self._wanted.playbook),
        )
        plan = timed(plan, tek_lifetimes(self._inventory, self._wanted.groups), asked.paces)
        return replace(plan, notes=(*plan.notes, *window_notes(plan), *timeout_notes(plan)))

    def _unread(self) -> Iterator[str]:
        for group in self._wanted.groups:
            for device in (*self._inventory.key_servers(group), *self._inventory.members(group)):
                if device.name in self._reading.why_not:
                    yield f"{device.name} was not read: {self._reading.why_not[device.name]}"

    def _planned(self) -> Iterator[PlannedDevice]:
        servers = {item.name for group in self._wanted.groups for item in self._inventory.key_servers(group)}
        rekeyed = servers if any(item.stage.rekeys for item in self._done) else set[str]()
        for name, device in self._inventory.devices.items():
            if name in self._typed or name in servers:
                planned = self._reading.planned(device, is_changed=name in self._typed | rekeyed)
                if planned is not None:
                    yield planned


def _present(reading: Reading, inventory: Inventory) -> set[str]:
    """Groups that some router is configured for."""
    return {
        group
        for name, config in reading.configs.items()
        for group in inventory.devices[name].gdoi_groups
        if policy_on(config, group, inventory) is not None or is_member_of(config, group, inventory)
    }


def steps_of(plan: Plan, stage: str) -> tuple[PlannedStep, ...]:
    """Steps of one stage."""
    return tuple(step for wave in plan.waves if wave.stage == stage for step in wave.steps)


def is_gate(step: PlannedStep) -> bool:
    """Whether a step is a gate."""
    return isinstance(step.act, Perform) and step.act.action == "gate"
