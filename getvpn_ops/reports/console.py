"""The one console: stdout is data, stderr is messages and progress."""

from __future__ import annotations

import os
import sys
from functools import cache

from rich.console import Console

_WIDE = 160  # columns where no terminal says its width, such as a pipe or a log of CI


@cache
def console(*, stderr: bool = False) -> Console:
    """The console of this process.

    Markup, emoji codes and highlighting are off: text of a device is shown, never interpreted.
    """
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDE
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)
