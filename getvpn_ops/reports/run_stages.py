"""The stages of a run as its journal tells them: when each was at work, what its gates said, and what holds it up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.model.journal import RunBegun, RunHeld, StateSeen, StepEvent, StepProven, StepResult
from getvpn_ops.model.plan import Configure, Perform

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from getvpn_ops.model.journal import Entry, Event
    from getvpn_ops.model.plan import Plan, PlannedStep, Wave
    from getvpn_ops.reports.run_record import RunRecord

_GATE, _APPROVE, _SAVE = "gate", "approve", "save"


class StageState(StrEnum):
    """Where a stage stands."""

    DONE = "done"
    HELD = "held"
    UNDER_WAY = "begun"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a run was told or shown.

    Attributes:
        title: of the step.
        at: when; None if it was not asked.
        text: the evidence, or why it is held.
        is_good: whether it passed; None if it was not asked.
        devices: of which the same was told, with their names replaced; empty if it is about none in particular.
    """

    title: str
    at: datetime | None
    text: str
    is_good: bool | None
    devices: tuple[str, ...] = ()


@dataclass(slots=True)
class StageTold:
    """A stage.

    Attributes:
        id: of the stage; of a plan without stages, the title of a wave.
        title: for people.
        action: of it; empty if the plan has no stages.
        devices: that it is about.
        steps: planned, and how many of them were proven.
        spans: when it was at work, between the holds of the run.
        gates: what was asked.
        approvals: who had to say yes, and did.
        evidence: of tests and of rekeys, each with its moment.
        typed: steps that configure, and how many were proven.
        state: where it stands.
    """

    id: str
    title: str
    action: str
    devices: tuple[str, ...]
    steps: tuple[int, int] = (0, 0)
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    gates: list[Told] = field(default_factory=list)
    approvals: list[Told] = field(default_factory=list)
    evidence: list[Told] = field(default_factory=list)
    typed: tuple[int, int] = (0, 0)
    state: StageState = StageState.NOT_BEGUN


@dataclass(frozen=True, slots=True)
class Held:
    """A time in which the run stood still.

    Attributes:
        begins: when it was held.
        ends: when it was taken up again; the last event of the run if it was not.
        step: at which.
        reason: why.
        is_over: whether somebody went on.
    """

    begins: datetime
    ends: datetime
    step: str
    reason: str
    is_over: bool


def holds(entries: Sequence[Entry]) -> tuple[Held, ...]:
    """Every time that a run was held."""
    found: list[Held] = []
    now: Entry | None = None
    for entry in entries:
        if isinstance(entry.event, RunHeld):
            if now is not None:
                found.append(_held(now, entry.at, is_over=True))
            now = entry
        elif now is not None and isinstance(entry.event, RunBegun | StepEvent | StepProven | StateSeen):
            found.append(_held(now, entry.at, is_over=True))
            now = None
    if now is not None:
        found.append(_held(now, entries[-1].at, is_over=False))
    return tuple(found)


def _held(entry: Entry, ends: datetime, *, is_over: bool) -> Held:
    event = entry.event
    assert isinstance(event, RunHeld)  # noqa: S101 -- for the type checker; the caller saw it
    return Held(entry.at, ends, event.step, event.reason, is_over)


def stages(record: RunRecord) -> tuple[StageTold, ...]:
    """Every stage of the plan; empty if the plan is not kept here."""
    plan = record.shown.plan
    if plan is None:
        return ()
    found = {stage.id: stage for stage in _planned(plan)}
    spans = _spans(plan, record.entries)
    proven = {
        entry.event.step: (entry.at, entry.event.evidence)
        for entry in record.entries
        if isinstance(entry.event, StepProven)
    }
    standing = next((held for held in holds(record.entries) if not held.is_over), None)
    last_hold = {held.step: held for held in holds(record.entries)}
    for stage in found.values():
        steps = [step for wave in plan.waves if _key(wave) == stage.id for step in wave.steps]
        typed = [step for step in steps if isinstance(step.act, Configure)]
        stage.steps = (len(steps), sum(step.id in proven for step in steps))
        stage.typed = (len(typed), sum(step.id in proven for step in typed))
        stage.spans = spans.get(stage.id, [])
        for step in steps:
            _tell(stage, step, proven.get(step.id), last_hold.get(step.id))
        stage.evidence = _folded(stage.evidence)
        if standing is not None and any(step.id == standing.step for step in steps):
            stage.state = StageState.HELD
        elif stage.steps[0] == stage.steps[1]:
            stage.state = StageState.DONE
        elif stage.spans:
            stage.state = StageState.UNDER_WAY
    return tuple(found.values())


def _planned(plan: Plan) -> Iterable[StageTold]:
    if plan.stages:
        return [StageTold(stage.id, stage.title, stage.action, stage.devices) for stage in plan.stages]
    devices = {_key(wave): [step.device for step in wave.steps if step.device] for wave in plan.waves}
    return [StageTold(key, key, "", tuple(dict.fromkeys(names))) for key, names in devices.items()]


def _key(wave: Wave) -> str:
    return wave.stage or wave.title


def _tell(stage: StageTold, step: PlannedStep, proof: tuple[datetime, str] | None, held: Held | None) -> None:
    if not isinstance(step.act, Perform) or step.act.action == _SAVE:
        return
    if proof is not None:
        told = Told(step.title, proof[0], proof[1], is_good=True)
    elif held is not None:
        told = Told(step.title, held.begins, held.reason, is_good=False)
    else:
        told = Told(step.title, None, "not asked yet" if step.act.action == _GATE else "not done yet", is_good=None)
    kind = {_GATE: stage.gates, _APPROVE: stage.approvals}.get(step.act.action, stage.evidence)
    kind.append(replace(told, devices=(step.device,)) if step.device else told)


def _folded(told: Iterable[Told]) -> list[Told]:
    """Of devices of which the same was told, one; then it does not speak of its device by name."""
    found: dict[tuple[object, ...], list[Told]] = {}
    for item in told:
        key = (item.is_good, *(_nameless(text, item.devices) for text in (item.title, item.text)))
        found.setdefault(key, []).append(item)
    return [
        alike[0]
        if len(alike) == 1
        else Told(
            str(title), alike[0].at, str(text), alike[0].is_good, tuple(name for x in alike for name in x.devices)
        )
        for (_, title, text), alike in found.items()
    ]


def _nameless(text: str, devices: tuple[str, ...]) -> str:
    for name in devices:
        text = text.replace(name, "it")
    return text


def _spans(plan: Plan, entries: Sequence[Entry]) -> dict[str, list[tuple[datetime, datetime]]]:
    """When each stage was at work; a hold, and a process that took the run up, end a stretch."""
    of = {step.id: _key(wave) for wave in plan.waves for step in wave.steps}
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    current, last = "", None
    for entry in entries:
        stage = of.get(_about(entry.event), "")
        if isinstance(entry.event, RunHeld):
            current, last = "", None
        elif isinstance(entry.event, RunBegun):
            current, last = "", entry.at
        elif stage:
            if stage != current:
                found.setdefault(stage, []).append((last or entry.at, entry.at))
                current = stage
            found[stage][-1] = (found[stage][-1][0], entry.at)
            last = entry.at
    return found


def _about(event: Event) -> str:
    """Id of the planned step that an event is about."""
    if isinstance(event, StateSeen):
        return event.about.partition(".")[0]
    return event.step.partition(".")[0] if isinstance(event, StepEvent | StepProven) else ""


def unfinished(record: RunRecord) -> tuple[str, ...]:
    """Steps that are neither done nor undone, each in a line."""
    story = record.shown.story
    if story is None:
        return ()
    between = {StepResult.UNKNOWN, StepResult.PARTLY, StepResult.GONE}
    return tuple(
        f"{step.intended.device}: '{step.intended.title}' ({step.intended.step}) is {step.result}"
        f"{f': {step.told}' if step.told else ''}"
        for step in story.steps
        if step.result in between
    )


def unsaved(record: RunRecord) -> tuple[str, ...]:
    """Devices on which something stands that a reload would take away."""
    plan, story = record.shown.plan, record.shown.story
    if plan is None or story is None:
        return ()
    typed = {step.device for step in plan.steps if isinstance(step.act, Configure) and step.id in story.proven}
    saves = [step for step in plan.steps if isinstance(step.act, Perform) and step.act.action == _SAVE]
    open_ones = [step.device for step in saves if step.id not in story.proven and step.device in typed]
    done = {step.device: number for number, step in enumerate(plan.steps) if step in saves and step.id in story.proven}
    last = {
        step.device: number
        for number, step in enumerate(plan.steps)
        if isinstance(step.act, Configure) and step.id in story.proven
    }
    return tuple(name for name in dict.fromkeys(open_ones) if last.get(name, -1) > done.get(name, -1))
