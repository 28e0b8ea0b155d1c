"""Ctrl-C on a sweep: once drains, twice leaves the devices in hand; both still end with an answer for each device."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from getvpn_ops.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from getvpn_ops.devices.halt import Halt

_SAID = (
    "finishing the devices in hand, beginning no other; Ctrl-C again leaves them, too",
    "leaving the devices in hand",
)


@contextlib.contextmanager
def interrupts(halt: Halt) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM ask for the end; a third one ends the process as usual.

    Args:
        halt: is asked.
    """
    if threading.current_thread() is not threading.main_thread():  # signals are not ours there
        yield
        return
    count = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal count
        del frame
        halt.ask()
        if count < len(_SAID):
            say(_SAID[count], "yellow")
        else:
            raise KeyboardInterrupt
        count += 1
        if number == signal.SIGTERM:
            halt.ask()
            count = len(_SAID)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
