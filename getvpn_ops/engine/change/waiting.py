"""Waits of a run: bounded, by the devices' clock, with the lease kept alive."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from getvpn_ops.engine.change.scene import Scene

_PIECE, _SHORT = timedelta(seconds=60), timedelta(seconds=5)
"""Of a wait, between two looks at the lease and at what operators said; the short one where time really goes by."""
_REAL = 1.0  # seconds that a piece took, if time does


def wait(scene: Scene, moment: datetime, over: Callable[[], bool] = lambda: False) -> Hold | None:
    """Return when it is that moment, or say that a person asked for the end.

    Args:
        scene: whose clock.
        moment: at the latest.
        over: whether the wait is over before; asked every few seconds, or once a minute of a clock that jumps.

    Raises:
        LeaseLostError: the lease ended meanwhile: nothing more may be sent.
    """
    piece = _SHORT
    while (now := scene.clock.now()) < moment and not over():
        began = time.monotonic()
        if scene.stopping() or not scene.clock.wait_until(min(moment, now + piece)):
            return Hold(
                "interrupted while waiting; every device is in a known state",
                f"getvpn-ops resume {scene.run}",
                ExitCode.INTERRUPTED,
            )
        scene.log.keep_alive()
        piece = _SHORT if time.monotonic() - began > _REAL else _PIECE
    return None


def wait_for(scene: Scene, seconds: float) -> Hold | None:
    """The same for so many seconds from now."""
    return wait(scene, scene.clock.now() + timedelta(seconds=seconds))
