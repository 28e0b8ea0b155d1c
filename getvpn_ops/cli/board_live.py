"""The board while a run is under way: drawn at the foot of the terminal, with the lines of the run above it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from getvpn_ops.cli.output import say
from getvpn_ops.cli.progress import LiveProgress, Sweep
from getvpn_ops.reports.board import Board
from getvpn_ops.reports.board_view import board_view
from getvpn_ops.reports.console import Visible, console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from rich.console import RenderableType

    from getvpn_ops.engine.ports import Progress
    from getvpn_ops.model.capture import Visit
    from getvpn_ops.model.journal import Entry, Event
    from getvpn_ops.model.plan import Plan

_OFTEN = 2  # times a second that it is drawn
_LINES = 4  # of the terminal that stay free for what the run says


class LiveBoard:
    """The board, and the progress of sweeps as a line of it. Safe to use from many threads.

    An error of drawing ends the board, never the run.
    """

    def __init__(self, board: Board, now: Callable[[], datetime]) -> None:
        """Nothing is drawn yet.

        Args:
            board: what is drawn.
            now: the clock of the run.
        """
        self._board = board
        self._now = now
        self._lock = threading.Lock()
        self._sweep = Sweep()
        self._is_busy = False
        self._is_broken = False

    # -- of sweeps

    def begin(self, what: str, total: int) -> None:
        """A sweep starts."""
        self._sweep.begin(what, total)
        self._is_busy = True

    def asked(self, device: str, command: str) -> None:
        """Count."""
        self._sweep.asked(device, command)

    def visited(self, visit: Visit) -> None:
        """Count."""
        self._sweep.visited(visit)

    def end(self) -> None:
        """It is over."""
        self._is_busy = False

    # -- of the journal

    def heard(self, event: Event) -> None:
        """An event was written to the journal."""
        with self._lock:
            if self._is_broken:
                return
            try:
                self._board.take(self._now(), event)
            except Exception:  # noqa: BLE001 -- whatever it is, the run goes on
                self._is_broken = True

    def view(self) -> RenderableType:
        """What is drawn now."""
        with self._lock:
            if self._is_broken:
                return Text()
            try:
                size = console(stderr=True).size
                busy = f"asking {self._sweep.line}" if self._is_busy else ""
                height = max(1, size.height - _LINES)
                return Visible(board_view(self._board, self._now(), width=size.width, height=height, busy=busy))
            except Exception:  # noqa: BLE001 -- likewise
                self._is_broken = True
                return Text()


@contextlib.contextmanager
def boarded(plan: Plan, run: str, now: Callable[[], datetime], entries: Iterable[Entry]) -> Iterator[LiveBoard]:
    """Draw the board of a run for as long as it lasts.

    Args:
        plan: that it applies.
        run: its id.
        now: its clock.
        entries: of its journal so far.
    """
    board = Board(run, plan)
    for entry in entries:
        board.take(entry.at, entry.event)
    shown = LiveBoard(board, now)
    live = Live(console=console(stderr=True), get_renderable=shown.view, refresh_per_second=_OFTEN, transient=True)
    with live:
        yield shown


def is_watched(progress: Progress, plan: Plan) -> bool:
    """Whether a run is drawn: its plan has stages, and messages go to a terminal where progress is shown."""
    return bool(plan.stages) and isinstance(progress, LiveProgress)


def follow(
    board: Board, more: Callable[[int], Iterable[Entry]], now: Callable[[], datetime], every: float = 1.0
) -> None:
    """Draw the board of a run of another process until it ends or is held, or somebody has seen enough.

    Args:
        board: of the run; has heard nothing.
        more: events of its journal, but the first so many.
        now: the clock.
        every: seconds between two looks.
    """
    shown = LiveBoard(board, now)
    heard = 0
    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(console=console(stderr=True), get_renderable=shown.view, refresh_per_second=_OFTEN),
    ):
        while board.ended is None:
            for entry in more(heard):
                board.take(entry.at, entry.event)
                heard += 1
            time.sleep(every)
    if board.ended is None:
        say(f"run {board.run} goes on; nobody watches it from here")
