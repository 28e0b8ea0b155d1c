"""Applies a plan: what is in hand is settled first, then wave by wave each step is guarded, sent, read back, proven."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.batches import TRIES, Batches
from getvpn_ops.engine.change.course import Course, whole_of
from getvpn_ops.engine.change.ending import Ending, HaltError, held_of, interrupted
from getvpn_ops.engine.change.failures import Failures
from getvpn_ops.engine.change.rules import Rules, ruled
from getvpn_ops.engine.change.scene import Hold, OnlyLooks
from getvpn_ops.engine.change.settling import read_again, settle
from getvpn_ops.engine.change.staleness import held_back
from getvpn_ops.engine.change.witness import witnessed
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from getvpn_ops.engine.change.scene import Performer, Scene
    from getvpn_ops.engine.change.stage_clock import StageClock
    from getvpn_ops.model.plan import PlannedStep, Wave

__all__ = ["Ending", "apply_plan"]


def apply_plan(scene: Scene, performers: Mapping[str, Performer]) -> Ending:
    """Apply a plan, or go on with it: what the journal knows as done is not done again.

    Args:
        scene: of the run; its log holds the lease.
        performers: of ``configure``, and of every action by its id.

    Raises:
        LeaseLostError: somebody else may be writing; nothing more was sent.
        StoreError: what was to be done cannot be written down; nothing more was sent.
    """
    heeding, clock = ruled(witnessed(scene))
    return _Run(Course(heeding, performers), clock).go()


class _Run:
    def __init__(self, course: Course, clock: StageClock) -> None:
        self._course = course
        self._rules = Rules(course, clock)
        self._scene = course.scene
        self._log = course.scene.log
        self._failures = Failures(course)
        self._batches = Batches(course, self._failures)
        self._passed: list[Hold] = []
        """What did not hold an emergency back."""

    def go(self) -> Ending:
        course = self._course
        try:
            self._failures.add(settle(course, self._log.in_hand))
            self._heed_words()
            self._pass_over("", self._look)
            for wave in self._scene.plan.waves:
                self._pass_over(wave.title, partial(self._wave, wave))
        except HaltError as halt:
            hold = self._rules.told(halt.hold)
            self._log.hold(halt.step, hold.reason)
            held = held_of(course, self._failures.out)
            return Ending(hold.code, hold.reason, hold.next_step, held, hold.take_back)
        return self._ending()

    def _pass_over(self, title: str, do: Callable[[], None]) -> None:
        """Do a part of the run; in an emergency what cannot be done or told holds nothing else back (promise P13).

        Raises:
            HaltError: the run stops there: it is no emergency, somebody asked for the end, or a device has changed.
        """
        try:
            do()
        except HaltError as halt:
            soft = {ExitCode.UNDETERMINED, ExitCode.FINDINGS} if title else {ExitCode.UNDETERMINED}
            if not self._scene.plan.is_emergency or halt.hold.code not in soft:
                raise
            self._scene.say(f"passed over, for it is an emergency: {halt.hold.reason}")
            if title:
                self._passed.append(halt.hold)

    def _ending(self) -> Ending:
        """Of a run that nothing stopped."""
        course, out = self._course, self._failures.out
        if self._passed:
            codes = {hold.code for hold in self._passed}
            reason = f"the rest was done; not done or not proven: {'; '.join(hold.reason for hold in self._passed)}"
            code = ExitCode.FINDINGS if ExitCode.FINDINGS in codes else ExitCode.UNDETERMINED
            self._log.hold("", reason)
            return Ending(code, reason, "see to that by hand, or run it again", held_of(course, out))
        unproven = [step for step in course.steps.values() if not course.is_done(step) and step.device not in out]
        if unproven:
            reason = f"'{unproven[0].title}' was not proven, and nobody said why"
            self._log.hold(unproven[0].id, reason)
            return Ending(ExitCode.UNDETERMINED, reason, f"getvpn-ops show {self._log.run}", held_of(course, out))
        if out:
            codes = {hold.code for hold in out.values()}
            code = next((one for one in (ExitCode.STALE, ExitCode.FINDINGS) if one in codes), ExitCode.UNDETERMINED)
            is_any = any(map(course.is_done, course.steps.values()))
            reason = f"{'done, but for' if is_any else 'nothing was done: left out were'} {', '.join(out)}"
            return Ending(code, reason, "plan anew for the devices that were left out", held_of(course, out))
        return Ending(ExitCode.GOOD)

    def _heed_words(self) -> None:
        """Read again what only an operator said; a device that still cannot be read, and is gone, is left out.

        Raises:
            HaltError: a key server is gone.
        """
        for story in read_again(self._course, self._log.by_word):
            if story.result is StepResult.GONE and story.word is not None:
                name = story.intended.device
                reason = f"{name} is gone for good, says {story.word.by}: {story.word.reason}"
                hold = Hold(reason, f"getvpn-ops show {self._log.run}", ExitCode.FINDINGS)
                self._failures.given_up(name, hold, whole_of(story))

    def _look(self) -> None:
        """See that devices are what the plan knows.

        Raises:
            HaltError: they are not.
        """
        held = held_back(self._scene, self._failures.out)
        if held.whole is not None:
            raise HaltError("", held.whole)
        for name, hold in held.alone.items():
            self._failures.leave_out(name, hold)

    # -- waves

    def _wave(self, wave: Wave) -> None:
        out = self._failures.out
        steps = [step for step in wave.steps if not self._course.is_done(step) and step.device not in out]
        if not steps:
            return
        if (hold := self._rules.before(wave)) is not None:
            raise HaltError(steps[0].id, hold)
        self._scene.say(wave.title)
        rounds: dict[int, list[list[PlannedStep]]] = {}
        for device in dict.fromkeys(step.device for step in steps):
            mine = [step for step in steps if step.device == device]
            if self._goes_together(device, mine):
                rounds.setdefault(0, []).append(mine)
            else:
                for at, step in enumerate(mine):
                    rounds.setdefault(at, []).append([step])
        for at in sorted(rounds):
            self._round([mine for mine in rounds[at] if mine[0].device not in out], wave.at_once)

    def _goes_together(self, device: str, steps: Sequence[PlannedStep]) -> bool:
        """Steps that configure a member need no look at the group between them: one session does them all."""
        if not device or self._course.is_key_server(device):
            return False
        return all(isinstance(step.act, Configure) for step in steps)

    def _round(self, each: list[list[PlannedStep]], at_once: int) -> None:
        course, ready = self._course, []
        for steps in each:
            if self._scene.stopping():
                raise HaltError(steps[0].id, interrupted(self._log, steps[0]))
            hold = course.performer(steps[0]).guard(steps[0], self._scene)
            if hold is None:
                ready.append(steps)
            else:
                self._failures.add([(steps[0], hold)])
        for steps in [steps for steps in ready if not steps[0].device]:
            self._alone(steps[0])
        typing = [steps for steps in ready if not isinstance(course.performer(steps[0]), OnlyLooks)]
        self._batches.go([steps for steps in typing if steps[0].device], at_once)
        for step in [step for steps in ready for step in steps]:
            if step.device in self._failures.out or course.is_done(step):
                continue
            hold = course.performer(step).prove(step, self._scene)
            if hold is not None:
                self._failures.add([(step, hold)])

    def _alone(self, step: PlannedStep) -> None:
        """A step that chooses its device at run time."""
        performer, hold = self._course.performer(step), None
        for number in range(TRIES):
            if number and (hold := performer.guard(step, self._scene)) is not None:
                break
            hold = performer.act(step, self._scene, None)
            parts = self._course.in_hand(step)
            if not parts:
                break
            self._failures.add(settle(self._course, parts))
        if hold is not None:
            self._failures.add([(step, hold)])
