"""The one console: stdout is data, stderr is messages and progress."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType, RenderResult

_WIDE = 160  # columns where no terminal says its width, such as a pipe or a log of CI
_NARROW = 20  # no terminal is narrower, whatever COLUMNS says

UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What commands a terminal or turns text around without being seen, and halves of characters."""


def visible(text: str) -> str:
    r"""The text with everything unseen in it as an escape, such as ``\x1b``."""
    return UNSEEN.sub(lambda unseen: ascii(unseen[0])[1:-1], text)


class Visible:
    """A view in which nothing is unseen: text of a device or of a command line cannot command the terminal."""

    def __init__(self, view: RenderableType) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._view, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def indented(content: RenderableType, by: int = 2) -> Padding:
    """Content set in from the left, without blanks behind it."""
    return Padding(content, (0, 0, 0, by), expand=False)


def command_line(text: str, by: int = 2) -> Text:
    """A command that is to be copied: the terminal itself breaks it, so that it stays one line."""
    return Text(f"{' ' * by}{visible(text)}", no_wrap=True, overflow="ignore")


@cache
def console(*, stderr: bool = False) -> Console:
    """The console of this process.

    Markup, emoji codes and highlighting are off: text of a device is shown, never interpreted.
    """
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDE
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)
    if made.width < _NARROW:  # noqa: PLR1730 -- a width once set no longer follows the terminal
        made.width = _NARROW
    return made
