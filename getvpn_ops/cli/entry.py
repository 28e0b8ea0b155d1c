"""Where the process begins and ends: Ctrl-C is quiet here, too, while libraries load and while the process ends."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from getvpn_ops.errors import ExitCode


def main() -> NoReturn:
    """Run the command; see ``app.main``."""
    try:
        from getvpn_ops.cli.app import main as run  # noqa: PLC0415 -- this takes a moment, in which people press Ctrl-C

        run()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left to do is short, and would only show a traceback
