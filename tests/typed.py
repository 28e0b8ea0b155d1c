"""The program as it is typed, in this process: it costs no second to start.

A process of its own is for what only that has: its streams, its encoding, signals, its end.
"""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Typed:
    """How the program ended, and what it wrote."""

    returncode: int
    stdout: bytes
    stderr: bytes


def typed(*words: str, stdin: bytes = b"", where: Path | None = None, **environment: str) -> Typed:
    """Run the program.

    Args:
        words: behind its name.
        stdin: all there is to read.
        where: the folder in which it is typed; this one if absent.
        environment: more variables.
    """
    given, out, err = (io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (stdin, b"", b""))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        if where is not None:
            patch.chdir(where)
        patch.setattr(sys, "argv", ["getvpn-ops", *words])
        patch.setattr(sys, "stdin", given)
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main()
    said = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        said.append(stream.buffer.read())
    return Typed(int(ended.value.code or 0), said[0], said[1])
