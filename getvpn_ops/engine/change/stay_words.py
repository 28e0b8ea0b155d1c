"""A stay in configuration mode, as the journal and people are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.receipt import LineState, StepOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.change import ChangeLine
    from getvpn_ops.model.receipt import LineReceipt, StepReceipt


def shown(lines: Iterable[ChangeLine]) -> tuple[str, ...]:
    """Lines as the journal keeps them: the mode of a line stands before it."""
    return tuple(" > ".join((*line.path, line.text)) for line in lines)


def told(receipt: StepReceipt) -> str:
    """What came of a stay, for people: the line that was not taken with the device's words and its caret."""
    if receipt.hindrance is None:
        taken = f"{len(receipt.lines)} line{'' if len(receipt.lines) == 1 else 's'} taken"
        return f"{taken} in {receipt.seconds:.1f} s"
    stuck = next((line for line in receipt.lines if line.state not in {LineState.ACCEPTED, LineState.NOT_SENT}), None)
    parts = [f"{receipt.hindrance}: {receipt.reason}" if receipt.reason else str(receipt.hindrance)]
    if stuck is not None:
        parts.append(f"at the line '{stuck.text}'{_caret(stuck)}")
    if receipt.outcome is StepOutcome.UNDONE:
        parts.append("the lines before it were undone before configuration mode was left")
    if not receipt.left:
        parts.append("the session was ended, so that the device leaves configuration mode by itself")
    return "; ".join(parts)


def _caret(line: LineReceipt) -> str:
    return "" if line.at is None else f", at its character {line.at + 1}"
