"""A program of the user's own that says whether applications work: no shell, a bounded time; its exit code counts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from getvpn_ops.dialect.secrets import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT")
"""Of the environment; what else stands there may be a secret of ours."""
_LOOK = 0.2
_GRACE = 2.0
_SHOWN, _READ = 300, 4096
"""Characters of its output that are shown, and bytes of the end of it that are read."""


@dataclass(frozen=True, slots=True)
class CommandEnding:
    """How a command ended.

    Attributes:
        code: exit code; None if it was not started, or did not end by itself.
        said: the end of what it printed, redacted, on one line; or why it was not started.
        is_late: whether it was ended because its time was over.
        is_stopped: whether it was ended because a person asked for it.
    """

    code: int | None
    said: str = ""
    is_late: bool = False
    is_stopped: bool = False


def run(argv: Sequence[str], seconds: float, stopping: Callable[[], bool], alive: Callable[[], None]) -> CommandEnding:
    """Run it, and wait.

    It is a group of processes of its own, which is ended as a whole. It reads nothing, and its environment is what a
    program needs to be found and to speak a language.

    Args:
        argv: program and arguments.
        seconds: that it may take.
        stopping: whether a person asked for the end.
        alive: called while waiting; if it raises, the command is ended.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    with TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603 -- the command is the user's own, and there is no shell
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as exc:
            why = getattr(exc, "strerror", None) or type(exc).__name__
            return CommandEnding(None, f"it cannot be started: {why}")
        ends, late, stopped = time.monotonic() + seconds, False, False
        try:
            while process.poll() is None and not late and not stopped:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)
                alive()
                stopped, late = stopping(), time.monotonic() >= ends
        finally:
            if process.poll() is None:
                _end(process)
            else:
                late = stopped = False
        output.seek(max(output.seek(0, os.SEEK_END) - _READ, 0))
        code = None if late or stopped else process.returncode
        return CommandEnding(code, _short(output.read().decode(errors="replace")), late, stopped)


def _end(process: subprocess.Popen[bytes]) -> None:
    for sent, grace in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            return


def _short(text: str) -> str:
    """The end of it, without secrets and without what would move a terminal's cursor."""
    words = " ".join(redact(text).split())
    plain = "".join(letter for letter in words if letter.isprintable())
    return plain if len(plain) <= _SHOWN else f"...{plain[-_SHOWN:]}"
