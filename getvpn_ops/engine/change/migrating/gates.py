"""Gates of a stage: checks over what devices show now; unknown is not passed (promise P9)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.device_view import device_views
from getvpn_ops.checks.health import DEVICE_CHECKS, GROUP_CHECKS, MEMBER_CHECKS
from getvpn_ops.checks.views import group_views
from getvpn_ops.engine.change.actions.looking import Patience
from getvpn_ops.engine.change.actions.typing_lines import perform_of
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold, OnlyLooks
from getvpn_ops.engine.collect import Wish
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.outcome import Status
from getvpn_ops.registry import evaluate
from getvpn_ops.settings.mistakes import nearest
from getvpn_ops.workflow.playbooks.schema import OnFail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.plan import PlannedStep

_SHARED = timedelta(seconds=60)
"""That one look serves the gates of a wave for."""
_POLL = 30.0
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class _Look:
    wave: str
    at: datetime
    fleet: FleetState


class Gate(OnlyLooks):
    """Asks one check about the targets of a stage, and holds unless all that it says opens a gate. Types nothing.

    Evidence is taken anew for every wave of gates, two looks apart so that counters can be compared; gates of one wave
    share it for a minute, or for as long as ``max_age`` of each says. A check that says nothing about any target has
    not passed: nothing examined is unknown. What fails may take its stage back, or end the run; what is not known holds
    it, whatever the gate says.
    """

    def __init__(self) -> None:
        self._last: _Look | None = None

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """A look may be taken at any time."""
        del step, scene
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        """Nothing is typed."""
        del step, scene, hand
        return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        """Nothing was typed."""
        del part, step, scene
        return Settled(StepResult.NOTHING_SENT, "a gate types nothing")

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        """Ask, and ask again as long as the gate has patience."""
        act = perform_of(step)
        patience = Patience(scene, 60.0 * int(act.parameter("patience", "0")), _POLL)
        bad: list[Outcome] = []
        total = 0
        for _ in patience:
            look = self._look(step, scene)
            outcomes = tuple(
                outcomes_of(act.parameter("check"), _params(step), look.fleet, _targets(step, scene), step.groups)
            )
            bad = [item for item in outcomes if not item.status.opens_gate]
            total = len(outcomes)
            if outcomes and not bad:
                age = (scene.clock.now() - look.at).total_seconds()
                told = f"passed for {_subjects(outcomes)}; read {age:.0f} s before"
                scene.log.prove(step.id, step.groups[0] if step.groups else "", told)
                scene.say(f"{step.title}: {told}")
                return None
            self._last = None
        known = any(item.status is Status.FAIL for item in bad)
        return self._held(step, scene, _why(bad, total), patience, is_known=known)

    def _held(self, step: PlannedStep, scene: Scene, why: str, patience: Patience, *, is_known: bool) -> Hold:
        act = perform_of(step)
        word = "is not open" if is_known else "cannot be told"
        text = f"gate {step.title} {word}: {why}"
        held = patience.held(step, text, f"mend that, then: getvpn-ops resume {scene.run}", is_known=is_known)
        on_fail = OnFail(act.parameter("on_fail", OnFail.HOLD.value))
        if on_fail is OnFail.HOLD or held.code is ExitCode.INTERRUPTED:
            return held
        if not is_known:  # unknown is not failed: nothing is taken back, or ended for good, on no evidence
            return replace(held, reason=f"{text}; what is not known takes nothing back and ends nothing: the run holds")
        if on_fail is OnFail.ROLLBACK:
            stage = act.parameter("stage")
            names = [item.id for item in scene.plan.stages]
            before = names[: names.index(stage)] if stage in names else []
            upto = f" --to {before[-1]}" if before else ""
            after = f"stage {stage} is to be taken back: getvpn-ops rollback {scene.run}{upto}"
            return replace(held, next_step=after, take_back=stage)
        after = f"the playbook ends here; to go back: getvpn-ops rollback {scene.run}"
        return replace(held, next_step=after, code=ExitCode.ABORTED)

    def _look(self, step: PlannedStep, scene: Scene) -> _Look:
        wave = next((item.title for item in scene.plan.waves if step in item.steps), step.id)
        last = self._last
        oldest = int(perform_of(step).parameter("max_age", "0"))
        limit = min(_SHARED, timedelta(seconds=oldest)) if oldest else _SHARED
        if last is not None and last.wave == wave and scene.clock.now() - last.at <= limit:
            return last
        servers = (item for group in step.groups for item in scene.inventory.key_servers(group))
        devices = tuple({item.name: item for item in (*servers, *_targets(step, scene))}.values())
        fleet = scene.collector.collect(scene.run, scene.inventory, Wish(devices))
        self._last = _Look(wave, scene.clock.now(), fleet)
        return self._last


def must_be_check(check: str) -> None:
    """See that a gate names a check.

    Raises:
        UsageError: there is none of that id.
    """
    known = [spec.id for registry in (GROUP_CHECKS, MEMBER_CHECKS, DEVICE_CHECKS) for spec in registry]
    if check not in known:
        near = nearest(check, known)
        msg = f"there is no check {check!r} for a gate{f'; did you mean {near}?' if near else ''}"
        raise UsageError(msg)


def outcomes_of(
    check: str,
    params: Mapping[str, object],
    fleet: FleetState,
    targets: tuple[Device, ...],
    groups: tuple[str, ...],
) -> Iterator[Outcome]:
    """What a check says about targets: about their groups, about them as members, or about them as devices.

    Args:
        check: id of it.
        params: as the playbook has them.
        fleet: what was read.
        targets: of the stage.
        groups: of the run; what else the routers do is not judged.
    """
    names = {device.name for device in targets}
    if check in GROUP_CHECKS:
        views = [view for view in group_views(fleet) if view.name in groups]
        yield from (evaluate(GROUP_CHECKS[check], view, params) for view in views)
    elif check in MEMBER_CHECKS:
        for group in group_views(fleet):
            members = [item for item in group.members if item.device in names and group.name in groups]
            yield from (evaluate(MEMBER_CHECKS[check], member, params) for member in members)
    else:
        devices = [view for view in device_views(fleet) if view.name in names]
        yield from (evaluate(DEVICE_CHECKS[check], device, params) for device in devices)


def _targets(step: PlannedStep, scene: Scene) -> tuple[Device, ...]:
    names = perform_of(step).parameter("targets")
    return tuple(scene.device(name) for name in names.split(",") if name)


def _params(step: PlannedStep) -> dict[str, object]:
    found: dict[str, object] = json.loads(perform_of(step).parameter("params", "{}"))
    return found


def _subjects(outcomes: tuple[Outcome, ...]) -> str:
    first = outcomes[0].subject
    return first if len(outcomes) == 1 else f"{len(outcomes)} of {len(outcomes)}"


def _why(bad: list[Outcome], total: int) -> str:
    if not total:
        return "it said nothing about any target, and nothing examined is unknown"
    told = []
    for item in bad[:_SHOWN]:
        worst = next((x for x in item.findings if x.status is item.status), None)
        said = item.reason or (f"{worst.message}: {worst.actual}" if worst is not None else "")
        told.append(f"{item.subject}: {item.status.value}{f': {said}' if said else ''}")
    more = f"; and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    return f"{len(bad)} of {total}: {'; '.join(told)}{more}"
