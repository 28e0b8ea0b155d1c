"""How a run ends: in which state, why, and on whom something stands that is neither done nor undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import Configure, Perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.engine.change.course import Course
    from getvpn_ops.engine.change.log import RunLog
    from getvpn_ops.model.plan import PlannedStep

_SAVE = "save"
_BETWEEN = frozenset({StepResult.PARTLY, StepResult.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        code: of it.
        reason: for people; empty if all is done.
        next_step: what to run or do next.
        held: members that were left out, and devices on which a step is neither done nor undone, or what was typed is
            not saved; by name, and why.
        take_back: stage that a gate of it wants taken back, by a run of its own; empty: none.
    """

    code: ExitCode
    reason: str = ""
    next_step: str = ""
    held: Mapping[str, str] = field(default_factory=dict)
    take_back: str = ""


class HaltError(Exception):
    """The run stops at a step; no error of the program."""

    def __init__(self, step: str, hold: Hold) -> None:
        self.step = step
        self.hold = hold
        super().__init__(hold.reason)


def held_of(course: Course, out: Mapping[str, Hold]) -> dict[str, str]:
    """Who was left out, and on whom something stands that is neither done nor undone: nobody finds that by luck.

    Args:
        course: of the run.
        out: who was left out.
    """
    log = course.scene.log
    said = {name: _with_next(hold, log.run) for name, hold in out.items()}
    for story in log.stories:
        if story.result in _BETWEEN:
            told = f"'{story.intended.title}' is {story.result} there: {story.told}"
            before = said.get(story.intended.device)
            said[story.intended.device] = told if before is None else f"{before}; {told}"
    for name in _unsaved(course):
        told = f"what this run typed there is not saved: getvpn-ops resume {log.run}, or plan action save {name}"
        said[name] = f"{said[name]}; {told}" if name in said else told
    return said


def _with_next(hold: Hold, run: str) -> str:
    """Why a device was left out, and what to do there; what is to be done with the run is said of the run."""
    is_own = hold.next_step and run not in hold.next_step and hold.next_step not in hold.reason
    return f"{hold.reason}; next: {hold.next_step}" if is_own else hold.reason


def _unsaved(course: Course) -> list[str]:
    """Devices on which something stands that a reload would take away."""
    steps = course.steps.values()
    typed = {step.device for step in steps if isinstance(step.act, Configure) and course.is_done(step)}
    saves = [step for step in steps if isinstance(step.act, Perform) and step.act.action == _SAVE]
    return list(dict.fromkeys(step.device for step in saves if step.device in typed and not course.is_done(step)))


def interrupted(log: RunLog, step: PlannedStep, why: str = "interrupted") -> Hold:
    """Somebody asked for the end: what is in hand is done, and nothing more is begun."""
    stands = [story for story in log.stories if story.result in _BETWEEN]
    state = (
        f"not to their end came: {', '.join(dict.fromkeys(story.intended.device for story in stands))}"
        if stands
        else "every device is in a known state"
    )
    return Hold(f"{why} before '{step.title}'; {state}", f"getvpn-ops resume {log.run}", ExitCode.INTERRUPTED)
