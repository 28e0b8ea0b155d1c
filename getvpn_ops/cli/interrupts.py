"""Ctrl-C: once drains, twice leaves the devices in hand; both still end with an answer for each device (P14).

A terminal that is gone drains, too: what is under way is kept. With ``nohup`` nothing ends.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Final

from getvpn_ops.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from getvpn_ops.devices.halt import Halt

SWEEPING: Final = (
    "finishing the devices in hand, beginning no other; Ctrl-C again leaves them, too",
    "leaving the devices in hand",
)
CHANGING: Final = (
    "finishing what is in hand, beginning nothing else; Ctrl-C again leaves off as soon as that is safe",
    "leaving off: lines of a step that is not whole are taken back first, which may take a minute",
)
"""What is said at the first signal, and at the second."""


@contextlib.contextmanager
def interrupts(halt: Halt, said: tuple[str, str] = SWEEPING) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP ask for the end; a third one ends the process as usual.

    Args:
        halt: is asked.
        said: at the first one, and at the second.
    """
    if threading.current_thread() is not threading.main_thread():  # signals are not ours there
        yield
        return
    count = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal count
        del frame
        if count >= len(said):
            raise KeyboardInterrupt
        if number == signal.SIGTERM and not count:  # whoever sends it waits for a few seconds only
            halt.ask()
            count += 1
        halt.ask()
        say(said[count], "yellow")
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
