"""Where results and messages go: stdout or ``--out`` is data, stderr is for people."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from getvpn_ops.errors import UsageError
from getvpn_ops.model.plain import to_plain
from getvpn_ops.reports.console import Visible, console, visible
from getvpn_ops.reports.parsed import Output, structured

if TYPE_CHECKING:
    from rich.console import RenderableType

_STDOUT = Path("-")


def open_streams() -> None:
    """Make the standard streams fit to use, however the process was started.

    Characters that a stream cannot carry are written as escapes. A closed stdin is empty, messages to a closed stderr
    are lost, and a closed stdout is found when there is something to write.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 -- for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(message: str, style: str = "") -> None:
    """A line for a person, on stderr, shown as it is; lost if nobody can read it."""
    with contextlib.suppress(OSError, SystemExit):  # the latter is how rich ends a process whose reader has gone
        console(stderr=True).print(Text(visible(message), style=style), soft_wrap=True)


def form_of(asked: Output | None, out: Path | None) -> Output:
    """The format asked for; else a table for a person at a terminal, and JSON for everyone else."""
    watched = out in {None, _STDOUT} and sys.stdout is not None and sys.stdout.isatty()
    return asked or (Output.TABLE if watched else Output.JSON)


def write_data(value: object, form: Output, out: Path | None) -> None:
    """Write a value as JSON or YAML; see ``write_text``."""
    to_stdout = out in {None, _STDOUT} and sys.stdout is not None
    only_ascii = to_stdout and codecs.lookup(sys.stdout.encoding).name != "utf-8"
    write_text(structured(to_plain(value), form, only_ascii=only_ascii), out)


def write_text(text: str, out: Path | None) -> None:
    """Write to stdout (None or ``-``), or to a file that only its owner can read.

    A reader that has seen enough (``| head``) is no mistake: the rest is lost, and the command ends as it would have.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        if out in {None, _STDOUT}:
            if sys.stdout is None:
                raise UsageError("standard output is closed: name a file with --out")
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        _write_private(text, out)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as exc:
        msg = f"cannot write {'to standard output' if out in {None, _STDOUT} else out}: {exc.strerror}"
        raise UsageError(msg) from exc


def must_be_writable(out: Path | None) -> None:
    """Find out before long work whether its result can be written; nothing is made yet.

    Raises:
        UsageError: it cannot.
    """
    if out is None or out == _STDOUT:
        if sys.stdout is None:
            raise UsageError("standard output is closed: name a file with --out")
        return
    if reason := _why_not(out):
        msg = f"cannot write {out}: {reason}"
        raise UsageError(msg)


def _why_not(out: Path) -> str:
    """What keeps a file from being written; empty if nothing is known that would."""
    try:
        if out.is_dir():
            return "it is a folder"
        if not out.parent.is_dir():
            return "there is no such folder"
        return "" if os.access(out if out.exists() else out.parent, os.W_OK) else "that is not allowed"
    except OSError as exc:  # such as a name that is too long
        return exc.strerror or type(exc).__name__


def _write_private(text: str, out: Path) -> None:
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # the file may be an old one that others could read; if it is theirs, it stays
            os.ftruncate(descriptor, 0)
        file.write(text)


def write_view(view: RenderableType, out: Path | None) -> None:
    """Show a view on stdout, or write it as plain text; see ``write_text``."""
    to_stdout = out in {None, _STDOUT}
    if to_stdout and sys.stdout is not None and console().is_terminal:
        console().print(Visible(view), crop=False)
        return
    write_text(_plain(view, console(stderr=sys.stdout is None).width), out)


def say_view(view: RenderableType) -> None:
    """A view for a person, on stderr; lost if nobody can read it."""
    with contextlib.suppress(OSError, SystemExit):  # as of ``say``
        place = console(stderr=True)
        if place.is_terminal:
            place.print(Visible(view), crop=False)
        else:
            place.print(Text(_plain(view, place.width).removesuffix("\n")), soft_wrap=True)


def _plain(view: RenderableType, width: int) -> str:
    """A view as text, without blanks at the ends of lines."""
    plain = Console(width=width, file=io.StringIO(), markup=False, emoji=False, highlight=False)
    with plain.capture() as shown:
        plain.print(Visible(view), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in shown.get().split("\n")[:-1])
