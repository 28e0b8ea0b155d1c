"""Whether the process that has a lease is alive: only of this machine and user, nobody can tell of others."""

from __future__ import annotations

import os
from pathlib import Path

from getvpn_ops.cli.who import who


def process_of(owner: str) -> int | None:
    """The process of a lease.

    Args:
        owner: of it, ``user@host, process N``.

    Returns:
        Its number; None if it is of another machine or user.
    """
    by, _, process = owner.rpartition(", process ")
    return int(process) if by == who() and process.isdecimal() else None


def is_alive(process: int) -> bool:
    """Whether it may still change something."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # one that ended, and that its parent has not asked about yet, changes nothing any more
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return True
    return not state or state[0] not in {"Z", "X"}
