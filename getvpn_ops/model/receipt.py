"""What became of one step of a change: of each line, of what was undone, and of the step as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepOutcome(StrEnum):
    """What a step left on the device, as far as the session saw it. Reading back is another's work."""

    NOTHING_SENT = "nothing sent"
    """No line of the step was typed: the configuration is as it was."""
    APPLIED = "applied"
    """All lines were taken, and configuration mode was left."""
    UNDONE = "undone"
    """A line was not taken; those before it were undone before configuration mode was left."""
    PARTLY = "partly"
    """A line was not taken, and not all of those before it could be undone."""
    UNKNOWN = "unknown"
    """The session ended, or a line was never answered: the device must be read. It is not a failure."""


class Hindrance(StrEnum):
    """Why a step was not sent, or not to its end."""

    UNFIT = "a line cannot be typed"
    CANCELLED = "cancelled"
    DEADLINE = "deadline passed"
    LOCKED = "configuration mode is locked"
    REFUSED = "refused by the device"
    UNCLEAR = "answer not understood"
    QUESTION = "question nobody declared"
    WRONG_MODE = "unexpected mode"
    SILENT = "no answer"
    LOST = "session lost"


class LineState(StrEnum):
    """What became of one line."""

    NOT_SENT = "not sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Surely not taken, or the line that opens its mode was not."""
    UNCLEAR = "unclear"
    """Answered by words, a question or a mode that say neither that it was taken nor that it was not."""
    UNANSWERED = "unanswered"
    """Typed, as far as this side knows; no whole answer came."""


@dataclass(frozen=True, slots=True)
class LineReceipt:
    """One line and its answer.

    Attributes:
        text: as it may be shown: secrets are placeholders.
        path: the lines that open its mode, outermost first.
        state: what became of it.
        said: the device's words, redacted; also those to the lines that open its mode. Empty if it said nothing.
        at: characters of the line before the place that the caret shows; None without a caret, and for a line with
            secrets, whose shown text has another length.
    """

    text: str
    path: tuple[str, ...]
    state: LineState = LineState.NOT_SENT
    said: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class StepReceipt:
    """One stay in configuration mode.

    Attributes:
        device: its name.
        title: of the step.
        outcome: what it left.
        lines: of the step, in order, also those that were not sent.
        undo: lines of the rollback that were chosen to undo what was sent, in order.
        hindrance: why it did not go to its end; None if it did.
        reason: the hindrance in words, redacted.
        entered: what the device said when configuration mode was opened, redacted.
        leaving: what it said when that was left, redacted.
        left: whether the prompt of the exec mode was seen at the end; False if the session was hung up, which makes the
            router leave configuration mode by itself. True if configuration mode was never opened.
        seconds: it took, from the first byte.
    """

    device: str
    title: str
    outcome: StepOutcome
    lines: tuple[LineReceipt, ...]
    undo: tuple[LineReceipt, ...] = ()
    hindrance: Hindrance | None = None
    reason: str = ""
    entered: str = ""
    leaving: str = ""
    left: bool = True
    seconds: float = 0.0
