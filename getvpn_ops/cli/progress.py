"""How a sweep is watched: a live display on a terminal, a line now and then elsewhere, nothing if quiet."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from getvpn_ops.cli.output import say
from getvpn_ops.reports.console import Visible, console, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from getvpn_ops.engine.ports import Progress
    from getvpn_ops.model.capture import Visit

_SHARE = 0.1  # of the devices, or ...
_SECONDS = 10.0  # ... so much time between two lines
_SHOWN = 8  # devices in hand
_OFTEN = 4  # times a second that the display is drawn
_BAR = 30  # columns


class Sweep:
    """What is known of a sweep at a moment; tells nobody. Safe to use from many threads."""

    def __init__(self, wall: Callable[[], float] = time.monotonic) -> None:
        """Not begun.

        Args:
            wall: seconds since some moment.
        """
        self._wall = wall
        self._lock = threading.Lock()
        self._since = wall()
        self._in_hand: dict[str, tuple[float, str]] = {}
        self.what = ""
        self.total = self.done = self.failed = 0

    def begin(self, what: str, total: int) -> None:
        """Start to count."""
        with self._lock:
            self._since = self._wall()
            self._in_hand.clear()
            self.what, self.total, self.done, self.failed = what, total, 0, 0

    def asked(self, device: str, command: str) -> None:
        """A command is under way."""
        with self._lock:
            since, _ = self._in_hand.get(device, (self._wall(), ""))
            self._in_hand[device] = since, command

    def visited(self, visit: Visit) -> None:
        """A device is done."""
        with self._lock:
            self._in_hand.pop(visit.device, None)
            self.done += 1
            self.failed += visit.trouble is not None

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._wall() - self._since

    @property
    def line(self) -> str:
        """One line for a person."""
        failed = f", {self.failed} without a whole answer" if self.failed else ""
        return f"{self.done} of {self.things}{failed}, {self.seconds:.0f} s"

    @property
    def things(self) -> str:
        """``24 devices``, ``1 device for a backup``."""
        noun, _, rest = self.what.partition(" ")
        one = noun.removesuffix("s") if self.total == 1 else noun
        return f"{self.total} {one}{' ' if rest else ''}{rest}"

    def in_hand(self) -> list[tuple[str, float, str]]:
        """Device, seconds and command of those in hand, the longest first."""
        with self._lock:
            now = self._wall()
            rows = sorted(self._in_hand.items(), key=lambda item: item[1][0])
            return [(device, now - since, command) for device, (since, command) in rows]


class NoProgress:
    """For ``--quiet``."""

    def begin(self, what: str, total: int) -> None:
        """Says nothing."""

    def asked(self, device: str, command: str) -> None:
        """Says nothing."""

    def visited(self, visit: Visit) -> None:
        """Says nothing."""

    def end(self) -> None:
        """Says nothing."""


class PlainProgress:
    """A line for each tenth of the devices, or every ten seconds while devices come in: for logs of CI.

    Never more than one a second: a small fleet is done before it is worth a line.
    """

    def __init__(self, tell: Callable[[str], None] = say, wall: Callable[[], float] = time.monotonic) -> None:
        """Not begun.

        Args:
            tell: shows a line.
            wall: seconds since some moment.
        """
        self._sweep = Sweep(wall)
        self._tell = tell
        self._wall = wall
        self._lock = threading.Lock()
        self._told = (0, 0.0)

    def begin(self, what: str, total: int) -> None:
        """Say how much there is to do."""
        self._sweep.begin(what, total)
        self._told = (0, self._wall())
        self._tell(f"asking {self._sweep.things}")

    def asked(self, device: str, command: str) -> None:
        """Is not worth a line."""
        self._sweep.asked(device, command)

    def visited(self, visit: Visit) -> None:
        """Say how far it is, now and then."""
        self._sweep.visited(visit)
        with self._lock:
            done, since = self._told
            passed = self._wall() - since
            is_much = passed >= 1 and self._sweep.done - done >= max(1, self._sweep.total * _SHARE)
            if not (is_much or passed >= _SECONDS) or self._sweep.done >= self._sweep.total:
                return
            self._told = (self._sweep.done, self._wall())
            self._tell(self._sweep.line)

    def end(self) -> None:
        """Say how it went."""
        self._tell(self._sweep.line)


class LiveProgress:
    """A bar, and the devices in hand, the longest first: who hangs is seen at once."""

    def __init__(self) -> None:
        """Nothing is drawn yet."""
        self._sweep = Sweep()
        self._live: Live | None = None

    def begin(self, what: str, total: int) -> None:
        """Draw."""
        self._sweep.begin(what, total)
        self._live = Live(
            console=console(stderr=True), get_renderable=self.view, refresh_per_second=_OFTEN, transient=True
        )
        self._live.start()

    def asked(self, device: str, command: str) -> None:
        """Count."""
        self._sweep.asked(device, command)

    def visited(self, visit: Visit) -> None:
        """Count."""
        self._sweep.visited(visit)

    def end(self) -> None:
        """Take the display away and leave one line."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()
            say(self._sweep.line)

    def view(self) -> RenderableType:
        """What is drawn now."""
        sweep = self._sweep
        full = _BAR if not sweep.total else round(_BAR * min(1.0, sweep.done / sweep.total))
        shown = Text(f"{'█' * full}{'░' * (_BAR - full)} {sweep.line}")
        rows = sweep.in_hand()
        for device, seconds, command in rows[:_SHOWN]:
            shown.append(f"\n  {visible(device)}  {seconds:4.0f} s  {visible(command)}", style="dim")
        if len(rows) > _SHOWN:
            shown.append(f"\n  and {len(rows) - _SHOWN} more", style="dim")
        return Visible(shown)


def progress(*, quiet: bool = False) -> Progress:
    """Whoever fits the place where messages go.

    Args:
        quiet: whether to say nothing.
    """
    if quiet or sys.stderr is None:
        return NoProgress()
    return LiveProgress() if console(stderr=True).is_terminal else PlainProgress()
