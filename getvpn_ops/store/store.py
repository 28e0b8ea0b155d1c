"""The store: one object that keeps runs and gives them back."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite

from getvpn_ops.errors import StoreError
from getvpn_ops.store import runs as run_rows
from getvpn_ops.store import schema
from getvpn_ops.store.anchor import Anchor
from getvpn_ops.store.captures import capture_row, read_captures, read_visits, visit_row
from getvpn_ops.store.database import Database, open_database
from getvpn_ops.store.journal import Journal
from getvpn_ops.store.leases import Leases
from getvpn_ops.store.migrate import bring_up_to_date, give_back
from getvpn_ops.store.outcomes import outcome_row, read_outcomes
from getvpn_ops.store.writer import Row, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from pydantic import SecretStr
    from sqlalchemy import Connection

    from getvpn_ops.model.capture import Capture, Visit
    from getvpn_ops.model.fleet import Depth
    from getvpn_ops.model.outcome import Outcome
    from getvpn_ops.model.run import Run
    from getvpn_ops.store.runs import Pruned

_PATIENCE = 30.0  # seconds to wait for a lock


class Store:
    """An open store; implements ``engine.ports.Archive``. Safe to use from many threads.

    Every method that reads sees what was put before. Each raises ``StoreError`` where the database fails; after a
    failed write nothing more is taken.

    Attributes:
        place: where it is, for messages; without password.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = Writer(self._write)
        self.place = database.place

    @classmethod
    def open(cls, url: str, *, password: SecretStr | None = None, patience: float = _PATIENCE) -> Self:
        """Open a store, and bring its tables up to date; a file that is not there is made.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql://USER@HOST/DATABASE``.
            password: of PostgreSQL; where None, libpq looks in its own places (PGPASSWORD, ~/.pgpass).
            patience: seconds to wait where another process holds a lock.

        Raises:
            StoreError: it cannot be opened, is none of ours, or a newer version made it.
        """
        database = open_database(url, password, patience)
        try:
            bring_up_to_date(database, patience)
        except BaseException:
            database.engine.dispose()
            raise
        return cls(database)

    def close(self) -> None:
        """Commit what is waiting and let the database go; the second time does nothing.

        Raises:
            StoreError: something that was put is not kept.
        """
        try:
            self._writer.close()
        finally:
            self._database.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with nullcontext() if error is None else suppress(StoreError):  # else it would hide what went wrong first
            self.close()

    def begin_run(
        self,
        kind: str,
        started: datetime,
        *,
        arguments: Mapping[str, Any] | None = None,
        depth: Depth | None = None,
        workspace: str = "",
    ) -> Run:
        """Write down that a run begins; its id is what everything else is put under.

        Args:
            kind: the command, such as ``health``.
            started: by the clock of the run.
            arguments: what was asked for; anything that ``model.plain`` knows, and no secrets.
            depth: how many members are asked.
            workspace: its folder.
        """
        return run_rows.begin(
            self._database, kind, started, arguments=arguments or {}, depth=depth, workspace=workspace
        )

    def finish_run(self, run: str, ended: datetime, exit_code: int, summary: Mapping[str, int] | None = None) -> Run:
        """Write down how a run ended, after all that was put for it."""
        self.flush()
        return run_rows.finish(self._database, run, ended, exit_code, summary or {})

    def put_capture(self, run: str, capture: Capture) -> None:
        """Keep a capture; it is safe on disk once ``flush``, ``put_visits``, ``finish_run`` or ``close`` returned."""
        self._writer.put(capture_row(run, capture))

    def put_visits(self, run: str, visits: Iterable[Visit]) -> None:
        """Keep how visits went; when this returns they, and all that was put before, are safe on disk."""
        for visit in visits:
            self._writer.put(visit_row(run, visit))
        self.flush()

    def put_outcomes(self, run: str, outcomes: Iterable[Outcome]) -> None:
        """Keep what was concluded; when this returns it, and all that was put before, is safe on disk."""
        for outcome in outcomes:
            self._writer.put(outcome_row(run, outcome))
        self.flush()

    def flush(self) -> None:
        """Return when all that was put is safe on disk."""
        self._writer.flush()

    def captures(self, run: str, device: str | None = None) -> Iterator[Capture]:
        """Captures of a run, device by device, each device's in the order they were put; memory stays flat."""
        self._known(run)
        return read_captures(self._database, run, device)

    def visits(self, run: str) -> tuple[Visit, ...]:
        """Visits of a run in the order they were put."""
        self._known(run)
        return read_visits(self._database, run)

    def outcomes(self, run: str) -> tuple[Outcome, ...]:
        """Outcomes of a run in the order they were put."""
        self._known(run)
        return read_outcomes(self._database, run)

    def runs(self, kind: str | None = None, limit: int | None = None) -> tuple[Run, ...]:
        """Runs, the one that began last first."""
        return run_rows.newest(self._database, kind, limit)

    def find_run(self, text: str, *, finished: bool = False) -> Run:
        """The run that a person means: an id, its unique beginning or end, ``last``, or ``last-`` and a kind.

        Args:
            text: as typed.
            finished: look only at runs that came to their end.

        Raises:
            UsageError: none or several are meant; says which there are.
        """
        return run_rows.find(self._database, text, finished=finished)

    def prune(self, now: datetime, *, keep: int | None = None, days: float | None = None) -> Pruned:
        """Remove runs that are neither among the newest ``keep`` nor younger than ``days``, and shrink the store.

        With neither given no run is removed. A run without an end stays for a day: it may be running.
        """
        self.flush()
        pruned = run_rows.prune(self._database, now, keep=keep, days=days)
        give_back(self._database)
        return pruned

    def journal(
        self,
        key: bytes,
        end_file: Path | None,
        now: Callable[[], datetime],
        clean: Callable[[str], str] = str,
    ) -> Journal:
        """The journal of changes.

        Args:
            key: of this installation; another one is derived from it.
            end_file: names the last event outside the database, so that a database that was set back shows; one for
                each store, in a private folder that exists. None keeps none, such as to read.
            now: the clock of the run.
            clean: replaces secrets that are known by value, such as ``Redactor.text``.
        """
        return Journal(self._database, key, Anchor(end_file) if end_file else None, now, clean)

    def leases(self, journal: Journal) -> Leases:
        """Who may change which device and group now.

        Args:
            journal: of this store.
        """
        return Leases(self._database, journal)

    def size(self) -> tuple[int, int]:
        """How many different texts are kept, and their bytes before compression."""
        self.flush()
        return run_rows.count_texts(self._database)

    def _known(self, run: str) -> None:
        self.flush()
        with self._database.read(f"find run {run}") as connection:
            run_rows.get(connection, self.place, run)

    def _write(self, rows: Sequence[Row]) -> None:
        """One batch in one transaction; in the writer's thread."""
        with self._database.write("keep what devices said") as connection:
            _insert_blobs(connection, rows)
            for table in (schema.captures, schema.visits, schema.outcomes):
                values = [dict(row.values) for row in rows if row.table is table]
                if values:
                    connection.execute(insert(table), values)


def _insert_blobs(connection: Connection, rows: Sequence[Row]) -> None:
    """Texts that are there already stay; in one order, so that two writers never wait for each other."""
    found = {row.blob.digest: row.blob for row in rows if row.blob is not None}
    if not found:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(schema.blobs).on_conflict_do_nothing(index_elements=["digest"])
    values = [
        {"digest": blob.digest, "codec": blob.codec, "size": blob.size, "data": blob.data}
        for _, blob in sorted(found.items())
    ]
    connection.execute(statement, values)
