"""Where results and messages go: stdout or ``--out`` is data, stderr is for people."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from getvpn_ops.errors import UsageError
from getvpn_ops.reports.console import console

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType


def say(message: str, style: str = "") -> None:
    """A line for a person, on stderr, shown as it is."""
    console(stderr=True).print(Text(message, style=style), soft_wrap=True)


def write_text(text: str, out: Path | None) -> None:
    """Write data to stdout or to a file that only its owner can read.

    Raises:
        UsageError: the file cannot be written.
    """
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        msg = f"cannot write {out}: {exc.strerror}"
        raise UsageError(msg) from exc


def write_view(view: RenderableType, out: Path | None) -> None:
    """Show a view on stdout, or write it as plain text to a file.

    Raises:
        UsageError: the file cannot be written.
    """
    if out is None and console().is_terminal:
        console().print(view)
        return
    plain = Console(width=console().width, file=io.StringIO(), markup=False, emoji=False, highlight=False)
    with plain.capture() as shown:
        plain.print(view)
    write_text("".join(f"{line.rstrip()}\n" for line in shown.get().splitlines()), out)
