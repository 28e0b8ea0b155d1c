"""What a command may do with the terminal on which it was typed.

A command is a generator of steps: the terminal carries each out and sends its result back into it. So commands know
nothing of echo, paging or the network, and a test can play the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Say:
    r"""Write text as it stands; lines end in ``\n``."""

    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Show lines of output, page by page where the terminal is short."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a question; the answer is sent back as typed, without its line end.

    Attributes:
        question: what stands before the cursor; may be empty.
        hidden: the answer is not echoed, as with passwords.
        one_key: the first key is the answer, as with ``[confirm]``.
    """

    question: str
    hidden: bool = False
    one_key: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """Do what takes the processor a while, such as making a key; its result is sent back."""

    task: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Keep the terminal waiting for some seconds of the clock on the wall."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """End the session in good order."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection breaks off."""


Step = Say | Page | Ask | Work | Sleep | Close | Drop
Dialog = Generator[Step, Any, None]


class Cancelled(Exception):  # noqa: N818 -- not an error: a key was pressed
    """Ctrl-C or Ctrl-Z came in answer to a question; raised inside the dialog, where nothing need catch it."""


def sure(question: str) -> Generator[Step, Any, bool]:
    """Ask until the answer is yes or no."""
    while True:
        answer = str((yield Ask(question))).strip().lower()
        if answer and "yes".startswith(answer):
            return True
        if answer and "no".startswith(answer):
            return False
        yield Say("% Please answer 'yes' or 'no'.\n")
