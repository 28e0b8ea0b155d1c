"""One thread that writes for all others: rows gather in a bounded queue and are committed in batches.

A database takes one writer at a time anyway, and a commit costs a flush of the disk; so a hundred devices that answer
at once share a few commits instead of queueing for one each.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from getvpn_ops.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Table

    from getvpn_ops.store.blobs import Blob

logger = logging.getLogger(__name__)

_WAITING = 1000  # rows in the queue, texts compressed: some megabytes at most on a usual fleet
_BATCH = 500  # rows of one transaction
_GATHER = 0.05  # seconds that the first row of a batch waits for others, unless somebody waits for it


@dataclass(frozen=True, slots=True)
class Row:
    """A row to insert, with the text that it names."""

    table: Table
    values: Mapping[str, Any]
    blob: Blob | None = None


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place in the queue that somebody waits for; the last one ends the thread."""

    reached: Event = field(default_factory=Event)
    ends: bool = False


class Writer:
    """Takes rows from any thread. The first failure ends all writing: what cannot be kept must not be acted upon."""

    def __init__(self, write: Callable[[Sequence[Row]], None]) -> None:
        """Nothing is started before there is something to write.

        Args:
            write: commits rows in one transaction; called in the writer's thread only.
        """
        self._write = write
        self._queue: Queue[Row | _Mark] = Queue(_WAITING)
        self._door = Lock()  # so that nothing comes behind the mark that ends the thread
        self._thread: Thread | None = None
        self._hurry = Event()
        self._closed = False
        self._failure: StoreError | None = None

    def put(self, row: Row) -> None:
        """Hand over a row; waits where many are waiting already.

        Raises:
            StoreError: writing has failed before, or the store is closed.
        """
        with self._door:
            self._check()
            if self._closed:
                raise StoreError("the store is closed")
            if self._thread is None:
                self._thread = Thread(target=self._run, name="store-writer", daemon=True)
                self._thread.start()
            self._queue.put(row)

    def flush(self) -> None:
        """Return when all that was put before is committed.

        Raises:
            StoreError: some of it is not, and never will be.
        """
        self._mark(ends=False)
        self._check()

    def close(self) -> None:
        """Commit what is waiting, and end the thread; the second time does nothing.

        Raises:
            StoreError: some rows are not committed, and never will be.
        """
        if self._closed:
            return
        self._mark(ends=True)
        if self._thread is not None:
            self._thread.join()
        self._check()

    def _mark(self, *, ends: bool) -> None:
        mark = _Mark(ends=ends)
        with self._door:
            idle = self._thread is None or self._closed
            self._closed = self._closed or ends
            if not idle:
                self._queue.put(mark)
                self._hurry.set()
        if not idle:
            mark.reached.wait()

    def _check(self) -> None:
        if self._failure is not None:
            raise StoreError(str(self._failure)) from self._failure

    def _run(self) -> None:
        """Commit batches until the last mark; after a failure only empty the queue, so that nobody waits for ever."""
        while True:
            rows, marks = self._next()
            if rows and self._failure is None:
                self._commit(rows)
            for mark in marks:
                mark.reached.set()
            if any(mark.ends for mark in marks):
                return

    def _next(self) -> tuple[list[Row], list[_Mark]]:
        """Wait for one item, and a moment for more, then take what is there: a commit costs more than a row."""
        rows: list[Row] = []
        marks: list[_Mark] = []
        item: Row | _Mark = self._queue.get()
        if not isinstance(item, _Mark) and self._queue.qsize() < _BATCH:
            self._hurry.wait(_GATHER)
        self._hurry.clear()
        while True:
            if isinstance(item, _Mark):
                marks.append(item)
            else:
                rows.append(item)
            if len(rows) >= _BATCH or any(mark.ends for mark in marks):
                return rows, marks
            try:
                item = self._queue.get_nowait()
            except Empty:
                return rows, marks

    def _commit(self, rows: Sequence[Row]) -> None:
        try:
            self._write(rows)
        except StoreError as failure:
            self._failure = failure
        except Exception as exc:  # a defect of ours must reach the callers, not end in a dead thread
            logger.exception("writing to the store crashed")
            self._failure = StoreError(f"writing to the store crashed, a defect of getvpn-ops: {type(exc).__name__}")
