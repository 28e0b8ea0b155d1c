"""What a run must heed between its waves: windows and freezes, timeouts of stages, and the words of operators.

Windows and freezes hold back forward steps (promise P13). What only looks, and what saves, goes on in a stage that has
begun: without it nobody knows what the stage did, and a reload would take it away. A change of key servers that has
begun is brought to its end, with the rekey that ships it, in the process that began it: key servers that differ, and a
policy that the next scheduled rekey ships at a moment of its own, are worse than minutes past a window.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.scene import Hold, OnlyLooks
from getvpn_ops.engine.change.stage_clock import StageClock
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult, Word
from getvpn_ops.model.plan import Configure, Perform
from getvpn_ops.workflow.windows import why_closed

if TYPE_CHECKING:
    from getvpn_ops.engine.change.course import Course
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.plan import PlannedStep, Wave

_REKEY, _SAVE, _APPROVE = "prove-rekey", "save", "approve"


def ruled(scene: Scene) -> tuple[Scene, StageClock]:
    """A scene whose waits end with the timeout of their stage, and which stops when an operator says so."""
    clock, asked = StageClock(scene.clock), scene.stopping
    log = scene.log
    return replace(scene, clock=clock, stopping=lambda: asked() or log.order() is not None), clock


class Rules:
    """Asked before each wave, and when a run stops."""

    def __init__(self, course: Course, clock: StageClock) -> None:
        """Nothing was begun by this process.

        Args:
            course: of the run.
            clock: of ``ruled``.
        """
        self._course = course
        self._scene = course.scene
        self._clock = clock
        self._stages = {stage.id: stage for stage in self._scene.plan.stages}
        self._last: Wave | None = None

    def before(self, wave: Wave) -> Hold | None:
        """Whether a wave with open steps may be begun; None: it may."""
        stage = self._stages.get(wave.stage)
        self._clock.enter(wave.stage, stage.timeout if stage is not None else 0)
        if (held := self._closed(wave)) is not None:
            return held
        self._last = wave
        return None

    def told(self, hold: Hold) -> Hold:
        """Why a run stops, where it was not a person at its own terminal who asked for that."""
        if hold.code is not ExitCode.INTERRUPTED:
            return hold
        run = self._scene.run
        if (order := self._scene.log.order()) is not None:
            said = order.detail or "no reason given"
            if order.word is Word.ABORT:
                why = f"{order.by} ended the run for good: {said}; {hold.reason}"
                return Hold(why, f"to go back: getvpn-ops rollback {run}", ExitCode.ABORTED)
            return replace(hold, reason=f"{order.by} asked for a hold: {said}; {hold.reason}")
        if self._clock.is_over and self._last is not None:
            stage = self._stages[self._last.stage]
            reason = f"stage {stage.id} has waited for {stage.timeout} min, which is its timeout: {hold.reason}"
            return Hold(reason, f"see what it waits for, then: getvpn-ops resume {run}", ExitCode.UNDETERMINED)
        return hold

    # -- windows

    def _closed(self, wave: Wave) -> Hold | None:
        plan = self._scene.plan
        stage = self._stages.get(wave.stage)
        if stage is None or not (plan.windows or plan.freezes) or self._goes_on(wave):
            return None
        windows = plan.windows if stage.windowed else ()
        if not stage.windowed and all(map(self._is_quiet, wave.steps)):
            return None
        why = why_closed(windows, plan.freezes, self._scene.clock.now())
        if not why:
            return None
        reason = f"stage {stage.id} does not go on with '{wave.title}': {why}; every device is in a known state"
        after = f"then: getvpn-ops resume {self._scene.run}; the way back is always allowed"
        return Hold(reason, after, ExitCode.WINDOW)

    def _goes_on(self, wave: Wave) -> bool:
        """Whether a wave may be taken although it is closed."""
        if all(isinstance(step.act, Perform) and step.act.action == _APPROVE for step in wave.steps):
            return True  # so that a person can say yes before it opens
        if self._has_begun(wave.stage) and all(map(self._is_quiet, wave.steps)):
            return True
        last = self._last
        return last is not None and last.stage == wave.stage and all(map(self._serves, (*last.steps, *wave.steps)))

    def _has_begun(self, stage: str) -> bool:
        """Whether anything of a stage was sent."""
        names = {step.id for wave in self._scene.plan.waves if wave.stage == stage for step in wave.steps}
        sent = (story for story in self._scene.log.stories if story.result is not StepResult.NOTHING_SENT)
        return any(story.intended.step.partition(".")[0] in names for story in sent)

    def _is_quiet(self, step: PlannedStep) -> bool:
        """Whether a step changes nothing that runs."""
        if isinstance(step.act, Perform) and step.act.action == _SAVE:
            return True
        return isinstance(self._course.performer(step), OnlyLooks)

    def _serves(self, step: PlannedStep) -> bool:
        """Whether a step is part of a change of key servers."""
        if isinstance(step.act, Configure):
            return self._course.is_key_server(step.device)
        return step.act.action == _REKEY
