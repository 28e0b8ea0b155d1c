"""The clock of a run whose stages may wait no longer than they say."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.engine.ports import Clock


class StageClock:
    """Counts what a stage waits, and ends a wait that would be longer than is left. Safe to use from many threads.

    Waits at the same time count once. A run that is taken up again counts anew: who resumes it wants it to go on.

    Attributes:
        is_over: whether a wait of this stage was ended because nothing was left.
    """

    def __init__(self, clock: Clock) -> None:
        """No stage is entered yet: nothing bounds a wait.

        Args:
            clock: of the run.
        """
        self.is_over = False
        self._clock = clock
        self._stage = ""
        self._limit: timedelta | None = None
        self._waited = timedelta()
        self._waiting = 0
        self._since: datetime | None = None
        self._lock = Lock()

    def enter(self, stage: str, minutes: int) -> None:
        """A stage begins, or goes on.

        Args:
            stage: of the plan; another one than before begins to count.
            minutes: that its waits may take together; 0: as long as they do.
        """
        with self._lock:
            if stage != self._stage:
                self._stage, self._waited, self.is_over = stage, timedelta(), False
                self._limit = timedelta(minutes=minutes) if minutes else None

    def now(self) -> datetime:
        """This moment, UTC."""
        return self._clock.now()

    def wait_until(self, moment: datetime) -> bool:
        """As ``engine.ports.Clock``; False also where the stage has waited for as long as it may."""
        now = self._clock.now()
        if self._limit is None or moment <= now:
            return self._clock.wait_until(moment)
        with self._lock:
            until = min(moment, now + self._limit - self._spent(now))
            if not self._waiting:
                self._since = now
            self._waiting += 1
        went = True
        try:
            if until > now:
                went = self._clock.wait_until(until)
        finally:
            with self._lock:
                self._waiting -= 1
                if not self._waiting and self._since is not None:
                    self._waited += max(self._clock.now() - self._since, timedelta())
                    self._since = None
        if went and until < moment:
            self.is_over = True
            return False
        return went

    def _spent(self, now: datetime) -> timedelta:
        """What was waited so far; asked with the lock."""
        return self._waited + (now - self._since if self._since is not None else timedelta())
