"""Applies a plan: what is in hand is settled first, then wave by wave each step is guarded, sent, read back, proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.staleness import held_back
from getvpn_ops.errors import ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, Perform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from getvpn_ops.engine.change.ports import Hand, Told
    from getvpn_ops.engine.change.scene import Performer, Scene
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep, Wave

_TRIES = 3
"""Sessions on one device for one step: the first, and two more after drops that reading the device settled."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        code: of it.
        reason: for people; empty if all is done.
        next_step: what to run or do next.
        held: members that were left out, by name, and why.
    """

    code: ExitCode
    reason: str = ""
    next_step: str = ""
    held: Mapping[str, str] = field(default_factory=dict)


def apply_plan(scene: Scene, performers: Mapping[str, Performer]) -> Ending:
    """Apply a plan, or go on with it: what the journal knows as done is not done again.

    Args:
        scene: of the run; its log holds the lease.
        performers: of ``configure``, and of every action by its id.

    Raises:
        LeaseLostError: somebody else may be writing; nothing more was sent.
        StoreError: what was to be done cannot be written down; nothing more was sent.
    """
    return _Run(scene, performers).go()


class _HaltError(Exception):
    def __init__(self, step: str, hold: Hold) -> None:
        self.step = step
        self.hold = hold
        super().__init__(hold.reason)


class _Run:
    def __init__(self, scene: Scene, performers: Mapping[str, Performer]) -> None:
        self._scene = scene
        self._log = scene.log
        self._performers = performers
        self._steps = {step.id: step for step in scene.plan.steps}
        self._out: dict[str, Hold] = {}
        self._failures = 0

    def go(self) -> Ending:
        try:
            self._settle(self._log.in_hand)
            self._look()
            for wave in self._scene.plan.waves:
                self._wave(wave)
        except _HaltError as halt:
            self._log.hold(halt.step, halt.hold.reason)
            return Ending(halt.hold.code, halt.hold.reason, halt.hold.next_step, self._held())
        if self._out:
            codes = {hold.code for hold in self._out.values()}
            code = next((one for one in (ExitCode.STALE, ExitCode.FINDINGS) if one in codes), ExitCode.UNDETERMINED)
            reason = f"done, but for {', '.join(self._out)}"
            return Ending(code, reason, "plan anew for the devices that were left out", self._held())
        return Ending(ExitCode.GOOD)

    def _held(self) -> dict[str, str]:
        return {name: hold.reason for name, hold in self._out.items()}

    def _look(self) -> None:
        """See that devices are what the plan knows.

        Raises:
            _HaltError: they are not.
        """
        touched = {
            step.device
            for step in self._steps.values()
            if step.device and self._log.step(step.id, step.device) is not None
        }
        held = held_back(self._scene, touched)
        if held.whole is not None:
            raise _HaltError("", held.whole)
        for name, hold in held.alone.items():
            self._leave_out(name, hold)

    # -- what nobody knows yet

    def _settle(self, parts: Sequence[StepStory]) -> None:
        """Read the devices of steps in hand before anything else is sent (promise P3).

        Raises:
            _HaltError: of one of them nobody can tell.
        """
        for part in parts:
            step = self._steps.get(part.intended.step.split(".")[0])
            if step is None:
                reason = f"{part.intended.device}: step {part.intended.step} stands in the journal and not in the plan"
                raise _HaltError(part.intended.step, Hold(reason, "", ExitCode.UNDETERMINED))
            self._scene.say(f"{part.intended.device}: reading how far '{part.intended.title}' came")
            settled = self._performer(step).settle(part, step, self._scene)
            self._log.reconciled(part.intended.step, part.intended.device, settled)
            self._scene.say(f"{part.intended.device}: {settled.result}: {settled.detail}")
            if settled.result is StepResult.UNKNOWN:
                reason = f"{part.intended.device}: nobody can tell how far '{part.intended.title}' came"
                raise _HaltError(
                    step.id,
                    Hold(f"{reason}: {settled.detail}", f"getvpn-ops resume {self._log.run}", ExitCode.UNDETERMINED),
                )

    def _in_hand(self, step: PlannedStep) -> tuple[StepStory, ...]:
        return tuple(part for part in self._log.in_hand if part.intended.step.split(".")[0] == step.id)

    # -- waves

    def _wave(self, wave: Wave) -> None:
        steps = [step for step in wave.steps if not self._is_done(step) and step.device not in self._out]
        if not steps:
            return
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
            self._round([mine for mine in rounds[at] if mine[0].device not in self._out], wave.at_once)

    def _goes_together(self, device: str, steps: Sequence[PlannedStep]) -> bool:
        """Steps that configure a member need no look at the group between them: one session does them all."""
        if not device or self._scene.device(device).role is Role.KEY_SERVER:
            return False
        return all(isinstance(step.act, Configure) for step in steps)

    def _is_done(self, step: PlannedStep) -> bool:
        return self._log.proven(step.id) is not None

    def _round(self, each: list[list[PlannedStep]], at_once: int) -> None:
        ready = []
        for steps in each:
            if self._scene.stopping():
                raise _HaltError(steps[0].id, self._interrupted(steps[0]))
            hold = self._performer(steps[0]).guard(steps[0], self._scene)
            if hold is None:
                ready.append(steps)
            else:
                self._failed(steps[0], hold)
        for steps in [steps for steps in ready if not steps[0].device]:
            self._alone(steps[0])
        self._together([steps for steps in ready if steps[0].device], at_once)
        for step in [step for steps in ready for step in steps]:
            if step.device in self._out or self._is_done(step):
                continue
            hold = self._performer(step).prove(step, self._scene)
            if hold is not None:
                self._failed(step, hold)

    def _alone(self, step: PlannedStep) -> None:
        """A step that chooses its device at run time."""
        hold = None
        for _ in range(_TRIES):
            hold = self._performer(step).act(step, self._scene, None)
            parts = self._in_hand(step)
            if not parts:
                break
            self._settle(parts)
        if hold is not None:
            self._failed(step, hold)

    def _together(self, each: list[list[PlannedStep]], at_once: int) -> None:
        todo = {self._scene.device(steps[0].device): steps for steps in each}
        last: dict[str, Hold] = {}
        for _ in range(_TRIES):
            if not todo:
                return
            answers = self._scene.each({device: self._job(steps) for device, steps in todo.items()}, at_once)
            again: dict[Device, list[PlannedStep]] = {}
            failed: list[tuple[PlannedStep, Hold]] = []
            for device, steps in todo.items():
                hold, settle = self._answer(steps, answers[device.name])
                if settle:
                    again[device] = steps
                    last[device.name] = hold or Hold(f"{device.name}: the session ended")
                elif hold is not None:
                    failed.append((steps[0], hold))
            for step, hold in failed:  # only now: all that were in hand are in a known state
                self._failed(step, hold)
            todo = again
        for device, steps in todo.items():
            self._failed(steps[0], last[device.name])

    def _job(self, steps: Sequence[PlannedStep]) -> Callable[[Hand], Hold | None]:
        def job(hand: Hand) -> Hold | None:
            for step in steps:
                if self._is_done(step):
                    continue
                hold = self._performer(step).act(step, self._scene, hand)
                if hold is not None:
                    return hold
            return None

        return job

    def _answer(self, steps: Sequence[PlannedStep], told: Told[Hold | None]) -> tuple[Hold | None, bool]:
        """Why a device did not come to its end, and whether it was read since and may be tried again.

        Raises:
            LeaseLostError: somebody else may be writing.
            StoreError: the journal fails.
        """
        if isinstance(told.error, LeaseLostError | StoreError):
            raise told.error
        parts = tuple(part for step in steps for part in self._in_hand(step))
        if parts:
            self._settle(parts)
            return told.value, True
        if told.trouble is Trouble.CANCELLED:
            return self._interrupted(steps[0]), False
        if told.trouble is not None:
            reason = f"{told.device} could not be changed: {told.trouble.value}: {told.reason}"
            return Hold(reason, told.next_step, ExitCode.UNDETERMINED), False
        if told.error is not None:
            reason = f"{told.device}: {type(told.error).__name__}: {told.error}"
            return Hold(reason, f"getvpn-ops show {self._log.run}", ExitCode.UNDETERMINED), False
        return told.value, False

    # -- how it ends

    def _interrupted(self, step: PlannedStep) -> Hold:
        """Somebody asked for the end: what is in hand is done, and nothing more is begun."""
        reason = f"interrupted before '{step.title}'; every device is in a known state"
        return Hold(reason, f"getvpn-ops resume {self._log.run}", ExitCode.INTERRUPTED)

    def _failed(self, step: PlannedStep, hold: Hold) -> None:
        """A member may fail within the budget; anything else stops the run.

        Raises:
            _HaltError: the run stops here.
        """
        is_member = bool(step.device) and self._scene.device(step.device).role is not Role.KEY_SERVER
        if not is_member or hold.code is ExitCode.INTERRUPTED:
            raise _HaltError(step.id, hold)
        self._leave_out(step.device, hold, step.id)

    def _leave_out(self, name: str, hold: Hold, step: str = "") -> None:
        """Go on without a member; one that cannot be reached counts as failed (promise P7).

        Raises:
            _HaltError: more failed than the plan allows.
        """
        self._out[name] = hold
        self._scene.say(hold.reason)
        self._failures += bool(step) or hold.code is ExitCode.UNDETERMINED
        if self._failures > self._scene.plan.budget:
            raise _HaltError(step, hold)

    def _performer(self, step: PlannedStep) -> Performer:
        key = step.act.action if isinstance(step.act, Perform) else "configure"
        return self._performers[key]
