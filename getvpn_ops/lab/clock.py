"""The lab's time. It runs at real pace while sessions work, and jumps when someone waits.

All that happens by itself (a lifetime ends, a timer fires, a session idles out) is an event of this clock. A jump runs
the events in between one after the other, each at its own moment, so nothing is distorted and nothing is skipped.
"""

from __future__ import annotations

import heapq
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(order=True, slots=True)
class Event:
    """Something that will happen.

    Attributes:
        when: its moment.
        order: events of the same moment happen in the order of their making.
        action: what happens; None once it was cancelled or has happened.
    """

    when: datetime
    order: int
    action: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """It will not happen."""
        self.action = None


class Clock:
    """Simulated time with its events. Belongs to one thread."""

    def __init__(
        self,
        start: datetime | None = None,
        *,
        speed: float = 1.0,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start it.

        Args:
            start: the first moment, with a time zone; the real one if absent.
            speed: simulated seconds in a real one; 0 stands still until ``advance`` or ``step``.
            wall: real seconds since some moment.

        Raises:
            ValueError: a negative speed, or a start without a time zone.
        """
        if speed < 0:
            raise ValueError("time does not run backwards: the speed must be 0 or more")
        begun = start or datetime.now(UTC)
        if begun.tzinfo is None:
            raise ValueError("the start needs a time zone")
        self._wall = wall
        self._base, self._base_wall = begun, wall()
        self._speed = speed
        self._held: datetime | None = None  # the moment of the event that is happening
        self._events: list[Event] = []
        self._numbers = itertools.count()
        self.rescheduled: Callable[[], None] = lambda: None
        """Called when the next event may have changed; who drives the clock listens."""

    @property
    def speed(self) -> float:
        """Simulated seconds in a real one; 0 while it is paused."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        if value < 0:
            raise ValueError("time does not run backwards: the speed must be 0 or more")
        self._rebase(self.now())
        self._speed = value
        self.rescheduled()

    def now(self) -> datetime:
        """The moment."""
        if self._held is not None:
            return self._held
        return self._base + timedelta(seconds=(self._wall() - self._base_wall) * self._speed)

    def _rebase(self, moment: datetime) -> None:
        self._base, self._base_wall = moment, self._wall()

    def at(self, when: datetime, action: Callable[[], None]) -> Event:
        """Let something happen at a moment; a moment that has passed means as soon as possible."""
        event = Event(when, next(self._numbers), action)
        heapq.heappush(self._events, event)
        if self._events[0] is event:
            self.rescheduled()
        return event

    def after(self, seconds: float, action: Callable[[], None]) -> Event:
        """Let something happen in some simulated seconds."""
        return self.at(self.now() + timedelta(seconds=seconds), action)

    def next_event(self) -> datetime | None:
        """The moment of the next event, or None if nothing is to come."""
        while self._events and self._events[0].action is None:
            heapq.heappop(self._events)
        return self._events[0].when if self._events else None

    def real_seconds_to_next(self) -> float | None:
        """Real seconds until the next event is due; None if there is none or time stands still."""
        due = self.next_event()
        if due is None or not self._speed:
            return None
        return max(0.0, (due - self.now()).total_seconds() / self._speed)

    def run_due(self) -> int:
        """Run what is due by now, in order; returns how many events that were."""
        return self._run_until(self.now())

    def advance(self, to: datetime) -> int:
        """Jump to a moment; all events in between happen in order, those of that moment included.

        Returns:
            How many events happened.

        Raises:
            ValueError: the moment lies in the past.
        """
        now = self.now()
        if to < now:
            msg = f"time does not run backwards: it is {now:%Y-%m-%d %H:%M:%S}, and {to:%Y-%m-%d %H:%M:%S} has passed"
            raise ValueError(msg)
        count = self._run_until(to)
        self._rebase(to)
        self.rescheduled()
        return count

    def step(self) -> datetime | None:
        """Jump to the next event and run it alone; returns its moment, or None if nothing is to come."""
        due = self.next_event()
        if due is None:
            return None
        moment = max(due, self.now())
        self._run_one(heapq.heappop(self._events))
        self._rebase(moment)
        self.rescheduled()
        return moment

    def _run_until(self, moment: datetime) -> int:
        count = 0
        while (due := self.next_event()) is not None and due <= moment:
            self._run_one(heapq.heappop(self._events))
            count += 1
        return count

    def _run_one(self, event: Event) -> None:
        action, event.action = event.action, None
        if action is None:
            return
        outer = self._held
        self._held = event.when if outer is None else max(outer, event.when)
        try:
            action()
        finally:
            self._held = outer
