"""A runner for Nornir in which a device that hangs costs no other device time.

So many slots work at once. A session that only waits gives its slot back (``Slot``), and another device begins; when
bytes come it takes one again, before any device that has not begun. So there may be more threads than slots: each costs
some tens of kilobytes, and they are only made while others wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from nornir.core.task import AggregatedResult, MultiResult, Result

from getvpn_ops.devices.halt import Halt
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from nornir.core.inventory import Host
    from nornir.core.task import Task

logger = logging.getLogger(__name__)

_LOOK = 0.1  # seconds between two looks at whether someone asked to end
_THREADS = 5  # for each slot, and ...
_SPARE = 64  # ... so many more: this many devices may hang at once before others wait


class PatientRunner:
    """Runs a task on each host in a thread of its own; gives one result for each, whatever happens.

    It is a ``Slot`` for the sessions that run in it.
    """

    def __init__(self, workers: int, *, halt: Halt | None = None, ends: float | None = None) -> None:
        """Nothing runs yet.

        Args:
            workers: hosts at work at once; those that wait do not count.
            halt: ends it.
            ends: moment of the monotonic clock after which no host is begun.
        """
        self._workers = workers
        self._most_threads = workers * _THREADS + _SPARE
        self._halt = halt or Halt()
        self._ends = ends
        self._lock = threading.Lock()
        self._may_begin = threading.Condition(self._lock)
        self._may_resume = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._free = workers
        self._resuming = 0
        self._threads = 0
        self._queue: deque[Host] = deque()
        self._result = AggregatedResult("")
        self._task: Task | None = None

    def run(self, task: Task, hosts: list[Host]) -> AggregatedResult:
        """As Nornir calls it: one result for each host, also for those that were not begun."""
        with self._lock:
            self._task, self._result = task, AggregatedResult(task.name)
            self._queue = deque(hosts)
            for _ in range(min(self._workers, len(hosts))):
                self._start_thread()
        try:
            while not self._is_settled(len(hosts)):
                self._end_early()
        except BaseException:
            self._halt.ask()  # the one who waits was interrupted: nobody will read the rest
            self._halt.ask()
            self._drop(SessionError(Trouble.CANCELLED, "the run was interrupted"))
            raise
        return self._result

    def _is_settled(self, count: int) -> bool:
        with self._lock:
            if len(self._result) < count:
                self._settled.wait(_LOOK)
            return len(self._result) == count

    def _end_early(self) -> None:
        if self._halt.draining:
            self._drop(SessionError(Trouble.CANCELLED, "it was not begun: the run was cancelled"))
        elif self._ends is not None and time.monotonic() >= self._ends:
            self._drop(SessionError(Trouble.DEADLINE, "it was not begun: the time of the whole run was over"))

    def _drop(self, why: SessionError) -> None:
        with self._lock:
            while self._queue:
                host = self._queue.popleft()
                self._result[host.name] = _failed(self._name, host, why)
            self._may_begin.notify_all()

    @property
    def _name(self) -> str:
        return self._task.name if self._task is not None else ""

    # -- the slots; called with the lock held unless it says otherwise

    def _start_thread(self) -> None:
        self._threads += 1
        try:
            threading.Thread(target=self._work, name=f"device-{self._threads}", daemon=True).start()
        except RuntimeError:  # the system has no more: those that there are do the work
            self._threads -= 1
            if not self._threads:
                raise

    def _give_back(self) -> None:
        self._free += 1
        if self._resuming:
            self._may_resume.notify()
        else:
            self._may_begin.notify()

    def _pass_on(self) -> None:
        """A thread that was woken for one slot wakes the next if there is another one."""
        if self._free > 0:
            (self._may_resume if self._resuming else self._may_begin).notify()

    def idle(self) -> None:
        """A session only waits: its slot is for another device. Called in its thread, without the lock."""
        with self._lock:
            self._give_back()
            if self._queue and self._threads < self._most_threads:
                self._start_thread()

    def busy(self) -> None:
        """The wait is over; blocks until a slot is free. Called in its thread, without the lock."""
        with self._lock:
            self._resuming += 1
            while self._free <= 0:
                self._may_resume.wait()
            self._resuming -= 1
            self._free -= 1
            self._pass_on()

    def _next(self) -> Host | None:
        """The next host, with a slot for it; None if there is none left. Called without the lock."""
        with self._lock:
            while self._queue and (self._free <= 0 or self._resuming):
                self._may_begin.wait()
            if not self._queue:
                self._threads -= 1
                self._may_begin.notify_all()
                return None
            self._free -= 1
            self._pass_on()
            return self._queue.popleft()

    def _work(self) -> None:
        while (host := self._next()) is not None:
            result = self._one(host)
            with self._lock:
                self._result[host.name] = result
                self._give_back()
                self._settled.notify()

    def _one(self, host: Host) -> MultiResult:
        assert self._task is not None  # noqa: S101 -- run() set it
        try:
            return self._task.copy().start(host)
        except BaseException as exc:  # whatever it is: one answer for each host
            logger.exception("the task ended %s in an unusual way", host.name)
            return _failed(self._name, host, exc)


def _failed(name: str, host: Host, error: BaseException) -> MultiResult:
    made = MultiResult(name)
    made.append(Result(host, failed=True, exception=error, result=str(error)))
    return made
