"""The lines of a step are typed from where it stands, and read back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change import revert_timers
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import CONFIGURATION, Hold
from getvpn_ops.engine.change.stay_words import shown, told
from getvpn_ops.engine.change.taking_back import RESULTS, not_done, not_kept
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.receipt import StepOutcome
from getvpn_ops.remediation.undoing import chosen

if TYPE_CHECKING:
    from getvpn_ops.engine.change.at_device import AtDevice
    from getvpn_ops.model.receipt import StepReceipt

_ENDED_TIMER = frozenset({StepOutcome.NOTHING_SENT, StepOutcome.UNDONE})
"""Stays that end their revert timer themselves, for nothing of the step is left."""


def type_rest(at: AtDevice, stood: int) -> Hold | None:
    """Type what is left of a step; a timer that covers it runs already, or is armed with it.

    Args:
        at: the device.
        stood: lines of the step that stand there.
    """
    change = at.step.change()
    rest = replace(change, lines=change.lines[stood:])
    if stood:  # its stay undoes its own lines; what stood there before is taken back apart, from what is read then
        others = range(stood, len(change.lines))
        rest = replace(rest, rollback=chosen(change.lines, change.rollback, others, ())[0])
    receipts: list[StepReceipt] = []
    minutes = 0 if at.is_covered else at.act.revert_minutes

    def do() -> Settled:
        receipt = at.hand.configure(rest, revert_minutes=minutes)
        receipts.append(receipt)
        return Settled(RESULTS[receipt.outcome], told(receipt))

    at.forget()
    settled = at.scene.log.send(at.step.id, at.name, at.step.title, shown(rest.lines), do, once=False)
    if minutes and receipts[0].outcome not in _ENDED_TIMER:
        at.is_covered = True
    if settled.result is StepResult.APPLIED:
        return finish(at)
    if settled.result is StepResult.UNKNOWN:
        return Hold(f"{at.name}: {settled.detail}", "", ExitCode.UNDETERMINED)  # the caller reads it again
    if stood:
        at.stands_partly(f"{stood} of its {at.total} lines stood there before")
    return not_done(at, receipts[0], stood)


def finish(at: AtDevice) -> Hold | None:
    """Read back; a revert timer ends only when everything stands there."""
    if at.scene.log.proven(at.step.id) is not None:
        return None
    tree = at.tree(anew=True)
    if isinstance(tree, Hold):
        return tree
    if at.place(tree).lines != at.total:
        return not_kept(at, tree)
    if at.is_covered:
        if (held := revert_timers.end_timer(at)) is not None:
            return held
        again = at.tree(anew=True)
        if isinstance(again, Hold):
            return again
        if at.place(again).lines != at.total:
            return Hold(
                f"{at.name}: the revert timer took '{at.step.title}' back before it was confirmed",
                at.resume,
                ExitCode.UNDETERMINED,
            )
    at.scene.log.prove(at.step.id, at.name, f"{CONFIGURATION}: all {at.total} lines stand there")
    return None
