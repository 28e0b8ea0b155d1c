"""Devices that are changed at once: so many, and the next ones when it is known what came of these (promise P7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.ending import HaltError, interrupted
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.settling import settle
from getvpn_ops.errors import ExitCode, GetvpnOpsError, LeaseLostError, StoreError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from getvpn_ops.engine.change.course import Course
    from getvpn_ops.engine.change.failures import Failures
    from getvpn_ops.engine.change.ports import Hand, Told
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep

TRIES = 3
"""Sessions on one device for one step: the first, and two more after drops that reading the device settled."""


class Batches:
    """Opens sessions for changes, takes the steps of each device in its own, and comes back to it after a drop."""

    def __init__(self, course: Course, failures: Failures) -> None:
        """Nothing is in hand yet."""
        self._course = course
        self._scene = course.scene
        self._failures = failures

    def go(self, each: list[list[PlannedStep]], at_once: int) -> None:
        """Take the steps of devices, those of each in their order.

        Raises:
            HaltError: the run stops here.
            LeaseLostError: somebody else may be writing.
            StoreError: the journal fails.
        """
        size = max(1, at_once)
        for at in range(0, len(each), size):
            batch = [steps for steps in each[at : at + size] if steps[0].device not in self._failures.out]
            if batch and self._scene.stopping():
                raise HaltError(batch[0][0].id, interrupted(self._scene.log, batch[0][0]))
            self._batch(batch, size)

    def _batch(self, each: list[list[PlannedStep]], at_once: int) -> None:
        """Devices in hand: those that were begun come to an end before a failure of another one stops the run."""
        self._failures.known(0)
        todo = {self._scene.device(steps[0].device): steps for steps in each}
        last: dict[str, Hold] = {}
        failed: list[tuple[PlannedStep, Hold]] = []
        for _ in range(TRIES):
            if not todo:
                break
            answers = self._scene.each({device: self._job(steps) for device, steps in todo.items()}, at_once)
            again: dict[Device, list[PlannedStep]] = {}
            for device, steps in todo.items():
                hold, parts = self._answer(steps, answers[device.name])
                if unknown := settle(self._course, parts):
                    failed += unknown
                elif parts:
                    again[device] = steps
                    last[device.name] = hold or Hold(f"{device.name}: the session ended", "", ExitCode.UNDETERMINED)
                elif hold is not None:
                    failed.append((self._course.first_open(steps), hold))
            todo = self._guarded(again, failed)
            self._failures.known(len(failed))
        failed += [(self._course.first_open(steps), last[device.name]) for device, steps in todo.items()]
        self._failures.add(failed)

    def _guarded(
        self, again: dict[Device, list[PlannedStep]], failed: list[tuple[PlannedStep, Hold]]
    ) -> dict[Device, list[PlannedStep]]:
        """Devices that may be tried once more: what was looked at before the drop may be otherwise now.

        Args:
            again: that lost their sessions, and were read since; none of them is open.
            failed: gets those that may not.
        """
        ready = {}
        for device, steps in again.items():
            step = self._course.first_open(steps)
            hold = self._course.performer(step).guard(step, self._scene)
            if hold is None:
                ready[device] = steps
            else:
                failed.append((step, hold))
        return ready

    def _job(self, steps: Sequence[PlannedStep]) -> Callable[[Hand], Hold | None]:
        course = self._course

        def job(hand: Hand) -> Hold | None:
            if not self._failures.may_begin(steps):
                why = "more devices failed than the plan allows; not begun"
                return interrupted(self._scene.log, steps[0], why)
            for step in steps:
                if course.is_done(step):
                    continue
                hold = course.performer(step).act(step, self._scene, hand)
                if hold is not None:
                    if not course.in_hand(step):
                        self._failures.failed_now()
                    return hold
            return None

        return job

    def _answer(self, steps: Sequence[PlannedStep], told: Told[Hold | None]) -> tuple[Hold | None, Sequence[StepStory]]:
        """Why a device did not come to its end, and what must be read before anything else is sent to it.

        Raises:
            LeaseLostError: somebody else may be writing.
            StoreError: the journal fails.
        """
        if isinstance(told.error, LeaseLostError | StoreError):
            raise told.error
        parts = tuple(part for step in steps for part in self._course.in_hand(step))
        if parts:
            return told.value, parts
        log = self._scene.log
        if told.trouble is Trouble.CANCELLED:
            return interrupted(log, self._course.first_open(steps)), ()
        if told.trouble is not None:
            reason = f"{told.device} could not be changed: {told.trouble.value}: {told.reason}"
            return Hold(reason, told.next_step, ExitCode.UNDETERMINED), ()
        if told.error is not None:
            is_ours = isinstance(told.error, GetvpnOpsError)
            what = str(told.error) if is_ours else f"{type(told.error).__name__}: {told.error}"
            reason = what if what.startswith(told.device) else f"{told.device}: {what}"
            return Hold(reason, f"getvpn-ops show {log.run}", ExitCode.UNDETERMINED), ()
        return told.value, ()
