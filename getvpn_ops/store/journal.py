"""The journal: what is about to be done to devices, and what came of it, each on disk before the caller goes on."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from getvpn_ops.errors import StoreError
from getvpn_ops.model.journal import Entry, StateSeen, StepEvent, from_json, to_json
from getvpn_ops.model.journal_story import RunStory, fold
from getvpn_ops.store.chain import Fault, Head, Link, Sealer, end_fault
from getvpn_ops.store.database import folder_locked
from getvpn_ops.store.failures import failures_told
from getvpn_ops.store.runs import get
from getvpn_ops.store.schema import journal as table
from getvpn_ops.store.schema import journal_heads as heads
from getvpn_ops.store.secret_free import must_hold_no_secret
from getvpn_ops.store.succession import must_be_next, open_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from getvpn_ops.model.journal import Event
    from getvpn_ops.model.journal_story import OpenStep
    from getvpn_ops.store.anchor import Anchor
    from getvpn_ops.store.database import Database

_SEEN = "state-seen"
_PATIENCE = 30.0  # seconds to wait for another process that writes to the journal


@dataclass(frozen=True, slots=True)
class Verified:
    """What looking through the journal showed.

    Attributes:
        chain: of this installation.
        events: that were looked at.
        head: seal of the last one; stands in reports.
        faults: what is not as it was written.
        foreign: chains of other installations, which only they can look through, and how many events each has.
    """

    chain: str
    events: int
    head: str
    faults: tuple[Fault, ...]
    foreign: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class Transaction:
    """An open transaction of the journal; what is appended is on disk when it is left without an error."""

    connection: Connection
    journal: Journal
    head: Head
    entries: list[Entry] = field(default_factory=list)

    def append(self, run: str, event: Event) -> Entry:
        """Add an event at the end.

        Raises:
            StepRefusedError: the step may not be sent, or it was not in hand.
            StoreError: a secret stands in it.
        """
        entry = self.journal.entry(run, event, self.head.number + 1)
        if isinstance(event, StepEvent):
            must_be_next(self.journal.entry_of, self.connection, run, event)
        body = to_json(entry)
        mac = self.journal.sealer.link(self.head.mac, body)
        values = {
            "chain": entry.chain,
            "number": entry.number,
            "run": run,
            "kind": event.kind,
            "device": getattr(event, "device", ""),
            "body": body,
            "previous": self.head.mac,
            "mac": mac,
        }
        self.connection.execute(insert(table), values)
        self.head = Head(entry.number, mac)
        self.entries.append(entry)
        return entry


class Journal:
    """The journal of a store, written with the key of this installation. Safe to use from many threads.

    After a failure nothing may be sent to a device: what cannot be written down must not be done.

    Attributes:
        sealer: seals events.
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        anchor: Anchor | None,
        now: Callable[[], datetime],
        clean: Callable[[str], str],
    ) -> None:
        """See ``Store.journal``."""
        self._database = database
        self._anchor = anchor
        self._now = now
        self._clean = clean
        self.sealer = Sealer(key)

    def append(self, run: str, event: Event) -> Entry:
        """Write an event down; when this returns, it is on disk.

        A step is refused while another one of its device is not reconciled, in whatever run; one that must not be sent
        twice is refused unless it is known that nothing of it was sent.

        Raises:
            StepRefusedError: the step may not be sent, or how a step went is told that was not in hand.
            StoreError: it cannot be written, a secret stands in it, or the end of the journal is not as it was written.
        """
        with self.transaction(f"write an event of run {run}") as open_one:
            return open_one.append(run, event)

    @contextmanager
    def transaction(self, doing: str) -> Iterator[Transaction]:
        """Append events together with what they tell of; all of it is kept, or nothing.

        Raises:
            StoreError: see ``append``.
        """
        with self._alone():
            named = self._anchor.read() if self._anchor else None
            with self._database.write(doing) as connection:
                _flush_at_commit(connection)
                head = self._locked_head(connection)
                if self._anchor and named is None and head.number == 0:
                    named = head
                    self._anchor.write(named)  # so that a missing file says that somebody removed it
                agrees = named is not None and self._seal_of(connection, named.number) == named.mac
                made = Transaction(connection, self, head)
                yield made
                if made.entries:
                    values = {"number": made.head.number, "mac": made.head.mac, "seal": self.sealer.head(made.head)}
                    connection.execute(update(heads).where(heads.c.chain == self.sealer.chain).values(values))
            if self._anchor and agrees and made.entries:  # else it stays, and shows what is gone
                self._anchor.write(made.head)

    def entry(self, run: str, event: Event, number: int) -> Entry:
        """An event as it will stand in the chain.

        Raises:
            StoreError: a secret stands in it.
        """
        must_hold_no_secret(event, self._clean)
        return Entry(self.sealer.chain, number, run, self._now(), event)

    def entries(self, run: str) -> tuple[Entry, ...]:
        """Events of a run in the order in which they were written, also those of other installations.

        Only ``verify`` finds events that are gone.

        Raises:
            StoreError: they cannot be read, one is not as it was written, or there is no such run.
        """
        with self._database.read(f"read the journal of {run}") as connection:
            get(connection, self._database.place, run)
            rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.seq)).all()
            return tuple(self.entry_of(row) for row in rows)

    def story(self, run: str) -> RunStory:
        """A run as its events tell it.

        Raises:
            StoreError: see ``entries``.
        """
        found = self.entries(run)
        with failures_told(self._database.place, f"read the journal of {run}"):
            return fold(run, found)

    def open_steps(self, devices: Iterable[str]) -> tuple[OpenStep, ...]:
        """Steps on these devices of which nobody knows how far they came, of whatever run: nothing can be sent there.

        Raises:
            StoreError: they cannot be read, or one is not as it was written.
        """
        with self._database.read("look for steps in hand") as connection:
            return open_steps(self.entry_of, connection, devices)

    def seen(self, ending: str) -> tuple[tuple[str, Mapping[str, str]], ...]:
        """What runs saw, oldest first, each with its run, where the name of what it is about ends so.

        Args:
            ending: such as ``.measured``.

        Raises:
            StoreError: they cannot be read, or one is not as it was written.
        """
        with self._database.read("look for what was seen") as connection:
            is_named = table.c.body.contains(f'{ending}"', autoescape=True)
            rows = connection.execute(select(table).where(table.c.kind == _SEEN, is_named).order_by(table.c.seq)).all()
            told = [(row.run, self.entry_of(row).event) for row in rows]
        return tuple(
            (run, dict(event.facts))
            for run, event in told
            if isinstance(event, StateSeen) and event.about.endswith(ending)
        )

    def runs(self) -> tuple[str, ...]:
        """Ids of the runs that have events, in the order of their first ones.

        Raises:
            StoreError: they cannot be read.
        """
        query = select(table.c.run).group_by(table.c.run).order_by(func.min(table.c.seq))
        with self._database.read("read the journal") as connection:
            return tuple(connection.scalars(query))

    def verify(self) -> Verified:
        """Look through all events of this installation: an edit, a removal, another order, a chain made anew.

        Raises:
            StoreError: they cannot be read.
        """
        named = self._anchor.read() if self._anchor else None  # first: it may be behind, and never before
        with self._database.read("look through the journal") as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            query = select(table).where(table.c.chain == self.sealer.chain).order_by(table.c.number, table.c.seq)
            rows = connection.execute(query).all()
            head = connection.execute(select(heads).where(heads.c.chain == self.sealer.chain)).first()
            others = connection.execute(
                select(table.c.chain, func.count())
                .where(table.c.chain != self.sealer.chain)
                .group_by(table.c.chain)
                .order_by(table.c.chain)
            ).all()
        found, seals = self.sealer.faults(_link(row) for row in rows)
        found += self._copies(rows)
        found += self._ends(head, named, seals)
        faults = tuple(sorted(dict.fromkeys(found), key=lambda fault: fault.number))
        return Verified(
            self.sealer.chain, len(rows), seals[max(seals)], faults, tuple((chain, count) for chain, count in others)
        )

    def entry_of(self, row: Row[Any]) -> Entry:
        """The event of a row; one of this installation is looked at first.

        Raises:
            ValueError: it is not as it was written.
        """
        return self.sealer.entry(_link(row)) if row.chain == self.sealer.chain else from_json(row.body)

    def _copies(self, rows: Any) -> list[Fault]:  # noqa: ANN401 -- rows of SQLAlchemy
        """Columns that events are found by must say what the events say; else they would be overlooked."""
        found = []
        for row in rows:
            try:
                event = from_json(row.body).event
            except ValueError:
                continue  # told already
            if (row.kind, row.device) != (event.kind, getattr(event, "device", "")):
                found.append(Fault(row.number, row.run, "its columns say something else than the event"))
        return found

    def _ends(self, head: Row[Any] | None, named: Head | None, seals: dict[int, str]) -> Iterator[Fault]:
        last = max(seals)
        if head is None:
            if last:
                yield Fault(last, "", "the end of the chain, which the store keeps, was removed")
        elif not self.sealer.is_head(Head(head.number, head.mac), head.seal):
            yield Fault(last, "", "the end of the chain, which the store keeps, was changed")
        else:
            kept = Head(head.number, head.mac)
            if fault := end_fault("the store", kept, seals):
                yield fault
            elif kept.number < last:
                yield Fault(kept.number + 1, "", "stands behind the end of the chain that the store keeps")
        if self._anchor is None:
            return
        if named is None:
            if last or head is not None:
                yield Fault(last, "", f"{self._anchor.path}, which names the end of the chain, was removed")
        elif fault := end_fault(str(self._anchor.path), named, seals):
            yield fault

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer of this installation: the file must not go back to an earlier event."""
        folder = self._anchor.path.parent if self._anchor else None
        with folder_locked(folder, self._database.place, _PATIENCE) if folder else nullcontext():
            yield

    def _locked_head(self, connection: Connection) -> Head:
        """The end of the chain; other processes wait until this transaction ends.

        Raises:
            StoreError: it is not as it was written, so that nothing can follow it.
        """
        chain, start = self.sealer.chain, self.sealer.start
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        query = select(heads).where(heads.c.chain == chain).with_for_update()
        row = connection.execute(query).first()
        if row is None:
            if connection.scalar(select(func.count()).where(table.c.chain == chain)):
                self._refuse("its end was removed")
            first = {"chain": chain, "number": start.number, "mac": start.mac, "seal": self.sealer.head(start)}
            connection.execute(dialect.insert(heads).on_conflict_do_nothing(index_elements=["chain"]), first)
            row = connection.execute(query).one()
        head = Head(row.number, row.mac)
        last = connection.scalar(select(func.max(table.c.number)).where(table.c.chain == chain)) or 0
        if not self.sealer.is_head(head, row.seal):
            self._refuse("its end was changed")
        if last != head.number or self._seal_of(connection, head.number) != head.mac:
            self._refuse("its last events are not those that were written")
        return head

    def _seal_of(self, connection: Connection, number: int) -> str | None:
        if number == 0:
            return self.sealer.start.mac
        query = select(table.c.mac).where(table.c.chain == self.sealer.chain, table.c.number == number)
        return connection.scalar(query)

    def _refuse(self, what: str) -> None:
        msg = f"store {self._database.place}: the journal was tampered with, {what}: see getvpn-ops runs verify"
        raise StoreError(msg)


def _flush_at_commit(connection: Connection) -> None:
    """A commit is on disk when it returns. SQLite: see ``database``; a PostgreSQL server may be set to put it off."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "SELECT set_config('synchronous_commit', 'on', true) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        )


def _link(row: Row[Any]) -> Link:
    return Link(row.seq, row.number, row.run, row.body, row.previous, row.mac)
