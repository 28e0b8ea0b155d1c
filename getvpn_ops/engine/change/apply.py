"""Applies a plan: what is in hand is settled first, then wave by wave each step is guarded, sent, read back, proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.scene import Hold, OnlyLooks
from getvpn_ops.engine.change.staleness import held_back
from getvpn_ops.errors import ExitCode, GetvpnOpsError, LeaseLostError, StoreError
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
        held: members that were left out, and devices on which a step is neither done nor undone, by name, and why.
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
        self._lock = Lock()
        self._fresh = 0
        """Failures of the round in hand that nobody has answered yet: who is not begun then is not begun at all."""

    def go(self) -> Ending:
        try:
            self._failed_all(self._settle(self._log.in_hand))
            self._look()
            for wave in self._scene.plan.waves:
                self._wave(wave)
        except _HaltError as halt:
            self._log.hold(halt.step, halt.hold.reason)
            return Ending(halt.hold.code, halt.hold.reason, halt.hold.next_step, self._held())
        unproven = [step for step in self._steps.values() if not self._is_done(step) and step.device not in self._out]
        if unproven:
            reason = f"'{unproven[0].title}' was not proven, and nobody said why"
            self._log.hold(unproven[0].id, reason)
            return Ending(ExitCode.UNDETERMINED, reason, f"getvpn-ops show {self._log.run}", self._held())
        if self._out:
            codes = {hold.code for hold in self._out.values()}
            code = next((one for one in (ExitCode.STALE, ExitCode.FINDINGS) if one in codes), ExitCode.UNDETERMINED)
            is_any = any(map(self._is_done, self._steps.values()))
            reason = f"{'done, but for' if is_any else 'nothing was done: left out were'} {', '.join(self._out)}"
            return Ending(code, reason, "plan anew for the devices that were left out", self._held())
        return Ending(ExitCode.GOOD)

    def _held(self) -> dict[str, str]:
        """Who was left out, and on whom something stands that is neither done nor undone: nobody finds that by luck."""
        said = {name: hold.reason for name, hold in self._out.items()}
        for story in self._log.stories:
            if story.result in {StepResult.PARTLY, StepResult.UNKNOWN}:
                told = f"'{story.intended.title}' is {story.result} there: {story.told}"
                before = said.get(story.intended.device)
                said[story.intended.device] = told if before is None else f"{before}; {told}"
        return said

    def _look(self) -> None:
        """See that devices are what the plan knows.

        Raises:
            _HaltError: they are not.
        """
        held = held_back(self._scene, self._out)
        if held.whole is not None:
            raise _HaltError("", held.whole)
        for name, hold in held.alone.items():
            self._leave_out(name, hold)

    # -- what nobody knows yet

    def _settle(self, parts: Sequence[StepStory]) -> list[tuple[PlannedStep, Hold]]:
        """Read the devices of steps in hand before anything else is sent (promise P3).

        Returns:
            Steps of which nobody can tell, and why. All were read by then.

        Raises:
            _HaltError: one of them is not in the plan.
        """
        unknown: dict[str, tuple[PlannedStep, Hold]] = {}
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
                hold = Hold(f"{reason}: {settled.detail}", f"getvpn-ops resume {self._log.run}", ExitCode.UNDETERMINED)
                unknown.setdefault(step.id, (step, hold))
        return list(unknown.values())

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
        typing = [steps for steps in ready if not isinstance(self._performer(steps[0]), OnlyLooks)]
        self._together([steps for steps in typing if steps[0].device], at_once)
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
            self._failed_all(self._settle(parts))
        if hold is not None:
            self._failed(step, hold)

    def _together(self, each: list[list[PlannedStep]], at_once: int) -> None:
        """So many devices at once, and the next ones only when it is known what came of these (promise P7)."""
        size = max(1, at_once)
        for at in range(0, len(each), size):
            batch = [steps for steps in each[at : at + size] if steps[0].device not in self._out]
            if batch and self._scene.stopping():
                raise _HaltError(batch[0][0].id, self._interrupted(batch[0][0]))
            self._batch(batch, size)

    def _batch(self, each: list[list[PlannedStep]], at_once: int) -> None:
        """Devices in hand: those that were begun come to an end before a failure of another one stops the run."""
        self._fresh = 0
        todo = {self._scene.device(steps[0].device): steps for steps in each}
        last: dict[str, Hold] = {}
        failed: list[tuple[PlannedStep, Hold]] = []
        for _ in range(_TRIES):
            if not todo:
                break
            answers = self._scene.each({device: self._job(steps) for device, steps in todo.items()}, at_once)
            again: dict[Device, list[PlannedStep]] = {}
            for device, steps in todo.items():
                hold, settle = self._answer(steps, answers[device.name])
                unknown = self._settle(settle)
                if unknown:
                    failed += unknown
                elif settle:
                    again[device] = steps
                    last[device.name] = hold or Hold(f"{device.name}: the session ended", "", ExitCode.UNDETERMINED)
                elif hold is not None:
                    failed.append((self._next(steps), hold))
            self._fresh = len(failed)
            todo = again
        failed += [(self._next(steps), last[device.name]) for device, steps in todo.items()]
        self._failed_all(failed)

    def _next(self, steps: Sequence[PlannedStep]) -> PlannedStep:
        return next((step for step in steps if not self._is_done(step)), steps[0])

    def _job(self, steps: Sequence[PlannedStep]) -> Callable[[Hand], Hold | None]:
        def job(hand: Hand) -> Hold | None:
            if not self._may_begin(steps):
                return self._interrupted(steps[0], "more devices failed than the plan allows; not begun")
            for step in steps:
                if self._is_done(step):
                    continue
                hold = self._performer(step).act(step, self._scene, hand)
                if hold is not None:
                    if not self._in_hand(step):
                        with self._lock:
                            self._fresh += 1
                    return hold
            return None

        return job

    def _may_begin(self, steps: Sequence[PlannedStep]) -> bool:
        """Whether a device may be begun; one that was begun is brought to its end, whoever else failed."""
        with self._lock:
            if self._failures + self._fresh <= self._scene.plan.budget:
                return True
        names = {step.id for step in steps}
        return any(
            story.intended.step.split(".")[0] in names and story.result is not StepResult.NOTHING_SENT
            for story in self._log.stories
        )

    def _answer(self, steps: Sequence[PlannedStep], told: Told[Hold | None]) -> tuple[Hold | None, Sequence[StepStory]]:
        """Why a device did not come to its end, and what must be read before anything else is sent to it.

        Raises:
            LeaseLostError: somebody else may be writing.
            StoreError: the journal fails.
        """
        if isinstance(told.error, LeaseLostError | StoreError):
            raise told.error
        parts = tuple(part for step in steps for part in self._in_hand(step))
        if parts:
            return told.value, parts
        if told.trouble is Trouble.CANCELLED:
            return self._interrupted(self._next(steps)), ()
        if told.trouble is not None:
            reason = f"{told.device} could not be changed: {told.trouble.value}: {told.reason}"
            return Hold(reason, told.next_step, ExitCode.UNDETERMINED), ()
        if told.error is not None:
            is_ours = isinstance(told.error, GetvpnOpsError)
            what = str(told.error) if is_ours else f"{type(told.error).__name__}: {told.error}"
            reason = what if what.startswith(told.device) else f"{told.device}: {what}"
            return Hold(reason, f"getvpn-ops show {self._log.run}", ExitCode.UNDETERMINED), ()
        return told.value, ()

    # -- how it ends

    def _interrupted(self, step: PlannedStep, why: str = "interrupted") -> Hold:
        """Somebody asked for the end: what is in hand is done, and nothing more is begun."""
        stands = [story for story in self._log.stories if story.result in {StepResult.PARTLY, StepResult.UNKNOWN}]
        state = (
            f"not to their end came: {', '.join(dict.fromkeys(story.intended.device for story in stands))}"
            if stands
            else "every device is in a known state"
        )
        reason = f"{why} before '{step.title}'; {state}"
        return Hold(reason, f"getvpn-ops resume {self._log.run}", ExitCode.INTERRUPTED)

    def _failed(self, step: PlannedStep, hold: Hold) -> None:
        self._failed_all([(step, hold)])

    def _failed_all(self, failed: Sequence[tuple[PlannedStep, Hold]]) -> None:
        """Members may fail within the budget; anything else stops the run. All are said before it stops.

        Raises:
            _HaltError: the run stops here.
        """
        halts: list[_HaltError] = []
        for step, hold in sorted(failed, key=lambda item: item[1].code is ExitCode.INTERRUPTED):
            is_member = bool(step.device) and self._scene.device(step.device).role is not Role.KEY_SERVER
            if not is_member or hold.code is ExitCode.INTERRUPTED:
                halts.append(_HaltError(step.id, hold))
                continue
            try:
                self._leave_out(step.device, hold, step.id)
            except _HaltError as halt:
                halts.append(halt)
        if halts:
            raise halts[0]

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
