"""Ctrl-C on a sweep: once drains, twice leaves the devices in hand; both still end with an answer for each device.

A terminal that is gone drains, too: what is under way is kept. With ``nohup`` nothing ends.
"""

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
    """Let Ctrl-C, SIGTERM and SIGHUP ask for the end; a third one ends the process as usual.

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
        if count >= len(_SAID):
            raise KeyboardInterrupt
        if number == signal.SIGTERM and not count:  # whoever sends it waits for a few seconds only
            halt.ask()
            count += 1
        halt.ask()
        say(_SAID[count], "yellow")
        count += 1

    asked_for = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        asked_for.append(signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in asked_for}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
