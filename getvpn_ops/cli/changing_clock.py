"""The clock of a workspace for commands that call no device: that of a lab only while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.cli.wiring import clock_of
from getvpn_ops.devices.halt import Halt
from getvpn_ops.engine.clock import LabClockError, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from getvpn_ops.engine.ports import Clock
    from getvpn_ops.settings import Workspace


def now_of(workspace: Workspace) -> Callable[[], datetime]:
    """Tells the time of a workspace."""
    return clock_or_wall(clock_of(workspace, Halt())).now


def clock_or_wall(clock: Clock) -> Clock:
    """The clock; the wall's where it is that of a lab that does not run."""
    try:
        clock.now()
    except LabClockError:
        return SystemClock()
    return clock
