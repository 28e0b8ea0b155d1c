"""What nobody knows yet is read before anything else is sent (promise P3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.course import whole_of
from getvpn_ops.engine.change.ending import HaltError
from getvpn_ops.engine.change.scene import GivesBack, Hold
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from getvpn_ops.engine.change.course import Course
    from getvpn_ops.engine.change.log import Settled
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.model.plan import PlannedStep


def settle(course: Course, parts: Sequence[StepStory]) -> list[tuple[PlannedStep, Hold]]:
    """Read the devices of parts in hand, and write down how far each came.

    Returns:
        Steps of which nobody can tell, and why. All were read by then.

    Raises:
        HaltError: one of them is not in the plan.
    """
    log = course.scene.log
    unknown: dict[str, tuple[PlannedStep, Hold]] = {}
    for part in parts:
        step, settled = read(course, part)
        log.reconciled(part.intended.step, part.intended.device, settled)
        course.scene.say(f"{part.intended.device}: {settled.result}: {settled.detail}")
        if settled.result is StepResult.UNKNOWN:
            reason = f"{part.intended.device}: nobody can tell how far '{part.intended.title}' came: {settled.detail}"
            hold = Hold(reason, f"getvpn-ops resume {log.run}", ExitCode.UNDETERMINED)
            unknown.setdefault(step.id, (step, hold))
    return list(unknown.values())


def read(course: Course, part: StepStory) -> tuple[PlannedStep, Settled]:
    """Read how far a part came, and write nothing down.

    Raises:
        HaltError: it is not in the plan.
    """
    step = course.steps.get(whole_of(part))
    if step is None:
        reason = f"{part.intended.device}: step {part.intended.step} stands in the journal and not in the plan"
        raise HaltError(part.intended.step, Hold(reason, "", ExitCode.UNDETERMINED))
    course.scene.say(f"{part.intended.device}: reading how far '{part.intended.title}' came")
    return step, course.performer(step).settle(part, step, course.scene)


def read_again(course: Course, parts: Iterable[StepStory]) -> list[StepStory]:
    """Read devices of which an operator, and no device, said how far a step came: what they show counts more.

    Returns:
        Those that still cannot be read; the operator's word stands.

    Raises:
        HaltError: one of them is not in the plan.
    """
    left = []
    for part in parts:
        _, settled = read(course, part)
        if settled.result is StepResult.UNKNOWN:
            left.append(part)
            continue
        course.scene.log.reconciled(part.intended.step, part.intended.device, settled)
        course.scene.say(f"{part.intended.device} can be read after all: {settled.result}: {settled.detail}")
    return left


def give_back(course: Course) -> list[tuple[PlannedStep, Hold]]:
    """Give back what steps that did not come to their end changed for a while: priorities, ``passive``, revert timers.

    The way back of a run begins at what its plan left on devices; what a drill or a measurement lent itself is none of
    that, and a revert timer would take back what the way back types.

    Returns:
        Steps of which that is not done, and why; the way back leaves their devices out, or is refused.
    """
    held = []
    for step in course.steps.values():
        performer = course.performer(step)
        if not isinstance(performer, GivesBack) or course.is_done(step) or course.in_hand(step):
            continue
        if (hold := performer.give_back(step, course.scene)) is not None:
            held.append((step, hold))
    return held
