"""What came of a command, as the journal has it and as people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.exec import ExecCommand, ExecOutcome
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from getvpn_ops.engine.change.ports import Hand, Told
    from getvpn_ops.engine.change.scene import Scene
    from getvpn_ops.model.exec import ExecReceipt

T = TypeVar("T")
SAVE = "write memory"
_RESULTS = {
    ExecOutcome.NOTHING_SENT: StepResult.NOTHING_SENT,
    ExecOutcome.DONE: StepResult.APPLIED,
    ExecOutcome.REFUSED: StepResult.NOTHING_SENT,
    ExecOutcome.UNKNOWN: StepResult.UNKNOWN,
}


def result_of(receipt: ExecReceipt) -> StepResult:
    """How far a command came."""
    return _RESULTS[receipt.outcome]


def answer_of(receipt: ExecReceipt) -> str:
    """What the device said, or why it said nothing; redacted."""
    if receipt.hindrance is None:
        return f"done in {receipt.seconds:.0f} s"
    said = " / ".join(line.strip() for line in receipt.said.splitlines() if line.strip())
    return ": ".join(part for part in (receipt.hindrance.value, receipt.reason, said) if part)


def failed(title: str, receipt: ExecReceipt, run: str) -> Hold:
    """Why the run stops; what is unknown is read by the caller, which then comes back."""
    reason = f"{receipt.device}: '{title}': {answer_of(receipt)}"
    if receipt.outcome is ExecOutcome.REFUSED:
        return Hold(f"{reason}; the device is as it was")
    if receipt.outcome is ExecOutcome.NOTHING_SENT:
        return Hold(f"{reason}; nothing was sent", f"getvpn-ops resume {run}", ExitCode.UNDETERMINED)
    return Hold(reason, f"getvpn-ops resume {run}", ExitCode.UNDETERMINED)


def untyped(told: Told[T], run: str) -> Hold | None:
    """Why a device was not in hand at all; None: its job ran to an answer.

    Raises:
        LeaseLostError: somebody else may be writing.
        StoreError: the journal fails.
    """
    if isinstance(told.error, LeaseLostError | StoreError):
        raise told.error
    again = f"getvpn-ops resume {run}"
    if told.trouble is Trouble.CANCELLED:
        reason = f"interrupted before {told.device}; every device is in a known state"
        return Hold(reason, again, ExitCode.INTERRUPTED)
    if told.trouble is not None:
        reason = f"{told.device} could not be changed: {told.trouble.value}: {told.reason}"
        return Hold(reason, told.next_step or again, ExitCode.UNDETERMINED)
    if told.error is not None:
        reason = f"{told.device}: {type(told.error).__name__}: {told.error}"
        return Hold(reason, again, ExitCode.UNDETERMINED)
    return None


def saved(part: str, device: str, scene: Scene, hand: Hand) -> Hold | None:
    """``write memory``, unless this run knows that it was done (promise P17)."""
    if scene.log.is_applied(part, device):
        return None
    receipts: list[ExecReceipt] = []

    def do() -> Settled:
        receipts.append(hand.command(ExecCommand(SAVE)))
        return Settled(result_of(receipts[0]), answer_of(receipts[0]))

    settled = scene.log.send(part, device, f"save {device}", (SAVE,), do, once=False)
    if settled.result is StepResult.APPLIED:
        return None
    held = failed(f"save {device}", receipts[0], scene.run)
    return Hold(f"{held.reason}; what was not saved is gone after a reload", held.next_step, held.code)
