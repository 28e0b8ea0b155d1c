"""The direction of a member's SAs, by command."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.actions.looking import Patience, look, with_servers
from getvpn_ops.engine.change.actions.typing_lines import OneLine, perform_of
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.workflow.actions.directions import WORDS, To, shown, turn_obstacles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.plan import PlannedStep

_BEFORE = "direction"
_WITHIN = 20.0


class Turning(OneLine):
    """Turns the SAs of one member."""

    def remember(self, step: PlannedStep, scene: Scene) -> Mapping[str, str] | Hold:
        """No rekey may come before the test is over."""
        fleet = look(scene, with_servers(step, scene))
        until = scene.clock.now() + timedelta(minutes=int(perform_of(step).parameter("minutes")))
        obstacles = turn_obstacles(fleet, step.groups[0], step.device, until)
        if obstacles:
            known = any(item.is_known for item in obstacles)
            code = ExitCode.FINDINGS if known else ExitCode.UNDETERMINED
            return Hold("; ".join(item.text for item in obstacles), "plan anew after the next rekey", code)
        try:
            return {_BEFORE: shown(fleet, step.groups[0], step.device) or ""}
        except EvidenceMissingError as exc:
            return Hold(f"{step.device}: its direction was not read: {exc}", "", ExitCode.UNDETERMINED)

    def settled(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> Settled:
        """What it shows now tells, where that differs from before."""
        try:
            now = _now(step, scene)
        except EvidenceMissingError as exc:
            return Settled(StepResult.UNKNOWN, str(exc))
        if now == _wanted(step):
            return Settled(StepResult.APPLIED, f"{step.device} shows {now}")
        if now and now == facts.get(_BEFORE):
            return Settled(StepResult.NOTHING_SENT, f"{step.device} shows {now}, as before")
        return Settled(StepResult.UNKNOWN, f"{step.device} shows {now or 'no direction'}")

    def proof(self, step: PlannedStep, scene: Scene, facts: Mapping[str, str]) -> str | Hold:
        """It shows the direction."""
        del facts
        patience = Patience(scene, _WITHIN, 5.0)
        reason, known = f"{step.device} was not looked at", False
        for _ in patience:
            try:
                now = _now(step, scene)
            except EvidenceMissingError as exc:
                reason, known = str(exc), False
                continue
            if now == _wanted(step):
                return f"its SAs are {now}, until the next rekey"
            reason, known = f"{step.device} shows {now or 'no direction'}, not {_wanted(step)}", bool(now)
        next_step = f"show crypto gdoi on {step.device}; counters of `show crypto gdoi gm dataplane counters` tell too"
        return patience.held(step, reason, next_step, is_known=known)


def _wanted(step: PlannedStep) -> str:
    return WORDS[To(perform_of(step).parameter("to"))]


def _now(step: PlannedStep, scene: Scene) -> str | None:
    return shown(look(scene, [scene.device(step.device)]), step.groups[0], step.device)
