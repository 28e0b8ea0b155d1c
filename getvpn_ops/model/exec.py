"""A command of the exec or configuration mode that does something at once, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from getvpn_ops.model.receipt import Hindrance


class ExecMode(StrEnum):
    """Where a command is typed."""

    EXEC = "exec"
    CONFIG = "config"
    """In global configuration mode, such as ``crypto key generate rsa``; the mode is left again on every path."""


@dataclass(frozen=True, slots=True)
class DeclaredReply:
    """A question that a command may ask, and the answer that the plan shows for it.

    Attributes:
        question: regular expression, searched for in the last line.
        answer: typed behind it, with an Enter; empty is the Enter alone.
    """

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class ExecCommand:
    """One command.

    Attributes:
        line: as it is typed.
        replies: to the questions that are declared; another question is answered by nothing but Ctrl-C.
        mode: where it is typed.
        seconds: that the device may be silent while it works, such as over a key of 4096 bits.
    """

    line: str
    replies: tuple[DeclaredReply, ...] = ()
    mode: ExecMode = ExecMode.EXEC
    seconds: float = 60.0


class ExecOutcome(StrEnum):
    """What a command came to, as far as the session saw it."""

    NOTHING_SENT = "nothing sent"
    """Its Enter was not typed, or the device answered that it did not take the line."""
    DONE = "done"
    """The prompt came back, and nothing said that it was refused."""
    REFUSED = "refused"
    """The device said that it does not do it."""
    UNKNOWN = "unknown"
    """No whole answer came: the device must be read. It is not a failure."""


@dataclass(frozen=True, slots=True)
class ExecReceipt:
    """What came of a command.

    Attributes:
        device: its name.
        line: as it may be shown.
        outcome: of it.
        said: the device's words, redacted.
        hindrance: why it was not done; None if it was.
        reason: the hindrance in words, redacted.
        seconds: it took.
    """

    device: str
    line: str
    outcome: ExecOutcome
    said: str = ""
    hindrance: Hindrance | None = None
    reason: str = ""
    seconds: float = 0.0
