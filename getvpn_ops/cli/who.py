"""Who is here, for the journal."""

from __future__ import annotations

import getpass
import os
import socket


def who() -> str:
    """``user@host``, as the operating system says."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without an entry, as in containers
        user = ""
    return f"{user or os.getuid()}@{socket.gethostname()}"
