"""The one console: stdout is data, stderr is messages and progress."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding

if TYPE_CHECKING:
    from rich.console import RenderableType

_WIDE = 160  # columns where no terminal says its width, such as a pipe or a log of CI


def indented(content: RenderableType, by: int = 2) -> Padding:
    """Content set in from the left, without blanks behind it."""
    return Padding(content, (0, 0, 0, by), expand=False)


@cache
def console(*, stderr: bool = False) -> Console:
    """The console of this process.

    Markup, emoji codes and highlighting are off: text of a device is shown, never interpreted.
    """
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDE
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)
