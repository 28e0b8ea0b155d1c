"""A step that did not come to its end is taken back, as far as something leads back, and what stands is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change import revert_timers
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.stay_words import shown, told
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.receipt import Hindrance, StepOutcome
from getvpn_ops.workflow.progress import home, is_blind

if TYPE_CHECKING:
    from getvpn_ops.engine.change.at_device import AtDevice
    from getvpn_ops.model.change import ChangeLine
    from getvpn_ops.model.receipt import StepReceipt
    from getvpn_ops.workflow.progress import Tree

UNDO = ".undo"
RESULTS = {
    StepOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    StepOutcome.APPLIED: StepResult.APPLIED,
    StepOutcome.UNDONE: StepResult.NOTHING_SENT,
    StepOutcome.PARTLY: StepResult.PARTLY,
    StepOutcome.UNKNOWN: StepResult.UNKNOWN,
}
"""What a stay means for a step."""
_LATER = frozenset({Hindrance.LOCKED, Hindrance.CANCELLED, Hindrance.DEADLINE, Hindrance.SILENT, Hindrance.LOST})
_AS_BEFORE = "the device is as it was before the step"
_DEFECT = "report it as a defect"


def go_home(at: AtDevice, lines: tuple[ChangeLine, ...]) -> Hold | None:
    """Type what is left of the way back, and see that the device is as it was before the step."""
    change = replace(at.step.change(), title=f"take back: {at.step.title}", lines=lines, rollback=())

    def do() -> Settled:
        receipt = at.hand.configure(change)
        return Settled(RESULTS[receipt.outcome], told(receipt))

    at.forget()
    settled = at.scene.log.send(f"{at.step.id}{UNDO}", at.name, change.title, shown(lines), do, once=False)
    tree = at.tree(anew=True)
    if isinstance(tree, Hold):
        return tree
    if at.place(tree).lines != 0:
        return Hold(f"taking it back did not lead to its beginning: {settled.detail}", "see its rollback sheet")
    if settled.result is not StepResult.UNKNOWN:  # else the caller reads it, and comes back
        at.is_home()
        return revert_timers.end_timer(at)  # what others change from now on is not the timer's to take back
    return None


def not_done(at: AtDevice, receipt: StepReceipt, stood: int) -> Hold:
    """A line was refused, or the step was not begun: say what stands there now.

    Args:
        at: the device.
        receipt: of the stay.
        stood: lines of the step that were there before it.
    """
    reason = f"{at.name}: '{at.step.title}': {told(receipt)}"
    code = ExitCode.UNDETERMINED if receipt.hindrance in _LATER else ExitCode.FINDINGS
    if receipt.outcome is StepOutcome.NOTHING_SENT:
        stands = f"; {stood} of its {at.total} lines stand there" if stood else ""
        return Hold(f"{reason}; nothing was sent{stands}", at.resume, code)
    tree = at.tree(anew=True)
    if isinstance(tree, Hold):
        at.stands_partly("it was not read back")
        return Hold(f"{reason}; {tree.reason}", at.resume, ExitCode.UNDETERMINED)
    place = at.place(tree)
    if place.lines == 0:
        at.is_home()
        if (held := revert_timers.end_timer(at)) is not None:
            return Hold(f"{reason}; {held.reason}", held.next_step, held.code)
        return Hold(f"{reason}; {_AS_BEFORE}", "mend the intent, and plan anew", code)
    stands = "an unknown part" if place.lines is None else str(place.lines)
    stands = f"{stands} of its {at.total} lines stand there"
    at.stands_partly(stands)
    if way := place.home or home(at.act, tree):
        if (held := go_home(at, way)) is None:
            return Hold(f"{reason}; the rest was taken back: {_AS_BEFORE}", "", code)
        return Hold(f"{reason}; {held.reason}", held.next_step, code)
    if at.is_covered:
        return _back_by_itself(at, f"{reason}; {stands}", Hold("", "mend the intent, and plan anew", code))
    return Hold(f"{reason}; {stands}", f"getvpn-ops show {at.scene.run}, and the rollback sheet of the plan", code)


def not_kept(at: AtDevice, tree: Tree) -> Hold:
    """Every line was taken, and they do not stand there: take back what does."""
    blind = is_blind(at.act)
    reason = f"{at.name}: '{at.step.title}': its lines were taken, and the configuration read back is another"
    if at.place(tree).lines == 0 and not blind:
        at.is_home()
        if (held := revert_timers.end_timer(at)) is not None:
            return Hold(f"{reason}: none of them stands there; {held.reason}", held.next_step, held.code)
        return Hold(f"{reason}: none of them stands there", _DEFECT)
    at.stands_partly("read back: not as planned")
    way = () if blind else home(at.act, tree)
    if way:
        if (held := go_home(at, way)) is not None:
            return Hold(f"{reason}; {held.reason}", held.next_step)
        return Hold(f"{reason}; it was taken back: {_AS_BEFORE}", _DEFECT)
    if at.is_covered:
        return _back_by_itself(at, reason, Hold("", _DEFECT))
    return Hold(reason, f"getvpn-ops config diff {at.name}")


def _back_by_itself(at: AtDevice, reason: str, done: Hold) -> Hold:
    """No lines lead back; its revert timer does, and it need not be waited for: what stands there this session typed.

    Args:
        at: the device.
        reason: why it is taken back.
        done: what is to be done next, and the code, where it is.
    """
    if (held := revert_timers.go_back_now(at)) is not None:
        return Hold(f"{reason}; {held.reason}", held.next_step, held.code)
    tree = at.tree(anew=True)
    if isinstance(tree, Hold):
        return Hold(f"{reason}; {tree.reason}", at.resume, ExitCode.UNDETERMINED)
    if at.place(tree).lines != 0:
        reason = f"{reason}; its revert timer did not lead to its beginning"
        return Hold(reason, f"getvpn-ops config diff {at.name}")
    at.is_home()
    return Hold(f"{reason}; its revert timer took it back at once: {_AS_BEFORE}", done.next_step, done.code)
