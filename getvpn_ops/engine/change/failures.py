"""Who failed in a run, who is left out of it, and when that is more than its plan allows (promise P7)."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.course import whole_of
from getvpn_ops.engine.change.ending import HaltError
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getvpn_ops.engine.change.course import Course
    from getvpn_ops.engine.change.scene import Hold
    from getvpn_ops.model.plan import PlannedStep


class Failures:
    """The budget of a plan, and who used it. Safe to use from many threads.

    Attributes:
        out: members that are left out, and why.
    """

    def __init__(self, course: Course) -> None:
        """Nobody failed yet."""
        self.out: dict[str, Hold] = {}
        self._course = course
        self._count = 0
        self._fresh = 0
        """Failures of the devices in hand that nobody has answered yet: who is not begun then is not begun at all."""
        self._lock = Lock()

    def add(self, failed: Sequence[tuple[PlannedStep, Hold]]) -> None:
        """Members may fail within the budget; anything else stops the run. All are said before it stops.

        Raises:
            HaltError: the run stops here.
        """
        halts: list[HaltError] = []
        for step, hold in sorted(failed, key=lambda item: item[1].code is ExitCode.INTERRUPTED):
            if hold.stops or not self._course.is_of_member(step) or hold.code is ExitCode.INTERRUPTED:
                halts.append(HaltError(step.id, hold))
                continue
            try:
                self.leave_out(step.device, hold, step.id)
            except HaltError as halt:
                halts.append(halt)
        if halts:
            raise halts[0]

    def leave_out(self, name: str, hold: Hold, step: str = "") -> None:
        """Go on without a member; one that cannot be reached counts as failed.

        Raises:
            HaltError: more failed than the plan allows.
        """
        self._course.scene.say(hold.reason)
        self.out[name] = hold
        self._count += bool(step) or hold.code is ExitCode.UNDETERMINED
        if self._count > self._course.scene.plan.budget:
            raise HaltError(step, hold)

    def given_up(self, name: str, hold: Hold, step: str) -> None:
        """Go on without a device that an operator says is gone for good: nobody failed.

        Raises:
            HaltError: it is a key server, on which the group rests.
        """
        self._course.scene.say(hold.reason)
        if self._course.is_key_server(name):
            raise HaltError(step, hold)
        self.out[name] = hold

    # -- while devices are in hand

    def known(self, count: int) -> None:
        """So many of those in hand failed; none if they are begun only now."""
        with self._lock:
            self._fresh = count

    def failed_now(self) -> None:
        """One more of those in hand failed."""
        with self._lock:
            self._fresh += 1

    def may_begin(self, steps: Sequence[PlannedStep]) -> bool:
        """Whether a device may be begun; one that was begun is brought to its end, whoever else failed."""
        with self._lock:
            if self._count + self._fresh <= self._course.scene.plan.budget:
                return True
        names = {step.id for step in steps}
        return any(
            whole_of(story) in names and story.result is not StepResult.NOTHING_SENT
            for story in self._course.scene.log.stories
        )
