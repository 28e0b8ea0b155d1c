"""Leases: one writer for each device and each GDOI group, whatever becomes of the others (promise P5).

A lease ends by the store's clock, that is PostgreSQL's, or this machine's for a file. It is read again right before
each transaction, in the same transaction that writes down what is about to be sent.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from getvpn_ops.errors import LeaseHeldError, LeaseLostError, UsageError
from getvpn_ops.model.journal import Fence, LeaseBroken, LeaseReleased, LeaseRenewed, LeaseTaken, Resource, ResourceKind
from getvpn_ops.model.lease import Lease
from getvpn_ops.store.schema import leases as table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Row

    from getvpn_ops.model.journal import Entry, Event
    from getvpn_ops.store.database import Database
    from getvpn_ops.store.journal import Journal

_ID_BYTES = 6
_NONE = timedelta()


def store_clock(connection: Connection) -> datetime:
    """This moment as all writers of the store see it, UTC."""
    if connection.dialect.name == "postgresql":
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)
    return datetime.now(UTC)


class Leases:
    """Leases of a store; each change of one is an event of its run, in the same transaction."""

    def __init__(
        self, database: Database, journal: Journal, clock: Callable[[Connection], datetime] = store_clock
    ) -> None:
        """See ``Store.leases``.

        Args:
            database: of the store.
            journal: of the same store.
            clock: tells the store's time.
        """
        self._database = database
        self._journal = journal
        self._clock = clock

    def take(self, run: str, resources: Iterable[Resource], lasts: timedelta) -> Lease:
        """Take all of these resources, or none.

        Args:
            run: id of the run that wants to change them.
            resources: devices and groups.
            lasts: how long, unless it is renewed.

        Raises:
            LeaseHeldError: another lease on one of them has not ended; one of the same run, too.
            StoreError: the store fails.
            ValueError: no resource is named, or the time is none.
        """
        wanted = sorted(set(resources))
        _must_last(lasts)
        if not wanted:
            raise ValueError("a lease needs a resource")
        made = Lease(secrets.token_hex(_ID_BYTES), run, (), datetime.min.replace(tzinfo=UTC), _owner())
        with self._journal.transaction("take a lease") as transaction:
            connection = transaction.connection
            rows = [_locked(connection, resource, run) for resource in wanted]
            now = self._clock(connection)
            if held := [row for row in rows if row.lease is not None and row.ends > now]:
                raise LeaseHeldError(_held(held, now), tuple(dict.fromkeys(row.lease for row in held)))
            made = replace(
                made,
                ends=now + lasts,
                fences=tuple(Fence(one, row.token + 1) for one, row in zip(wanted, rows, strict=True)),
            )
            for fence in made.fences:
                values = {
                    "token": fence.token, "lease": made.id, "run": run, "owner": made.owner,
                    "renewed": now, "ends": made.ends,
                }  # fmt: skip
                connection.execute(update(table).where(table.c.resource == str(fence.resource)).values(values))
            transaction.append(run, LeaseTaken(made.id, made.fences, made.ends))
        return made

    def renew(self, lease: Lease, lasts: timedelta) -> Lease:
        """Go on for so long from now. A lease that has ended is not renewed, even if nobody else took it.

        Raises:
            LeaseLostError: it has ended, or was broken.
            StoreError: the store fails.
        """
        _must_last(lasts)
        with self._journal.transaction("renew a lease") as transaction:
            now = self._must_hold(transaction.connection, lease, _NONE)
            ends = max(now + lasts, lease.ends)
            values = {"renewed": now, "ends": ends}
            transaction.connection.execute(update(table).where(table.c.lease == lease.id).values(values))
            transaction.append(lease.run, LeaseRenewed(lease.id, ends))
        return replace(lease, ends=ends)

    def check(self, lease: Lease, lasts: timedelta = _NONE) -> None:
        """Read it again.

        Args:
            lease: to read.
            lasts: how much longer it must last, such as a transaction takes at most.

        Raises:
            LeaseLostError: it has ended, was broken, or ends before.
            StoreError: the store fails.
        """
        with self._database.read("read a lease") as connection:
            self._must_hold(connection, lease, lasts)

    def append(self, lease: Lease, event: Event, lasts: timedelta = _NONE) -> Entry:
        """Write an event of the lease's run down, if the lease still holds; one transaction, so nobody comes between.

        Args:
            lease: under which something is about to be done.
            event: that tells of it.
            lasts: how much longer the lease must last.

        Raises:
            LeaseLostError: see ``check``; then the event is not written, and nothing may be sent.
            StepRefusedError: see ``Journal.append``.
            StoreError: likewise.
        """
        with self._journal.transaction(f"write an event of run {lease.run}") as transaction:
            self._must_hold(transaction.connection, lease, lasts)
            return transaction.append(lease.run, event)

    def release(self, lease: Lease) -> bool:
        """Give back what of it is left.

        Returns:
            False if nothing was left: it was broken, or others took all of it after it had ended.

        Raises:
            StoreError: the store fails.
        """
        with self._journal.transaction("give back a lease") as transaction:
            connection = transaction.connection
            if not connection.execute(_rows_of(lease.id)).all():
                return False
            connection.execute(update(table).where(table.c.lease == lease.id).values(lease=None))
            transaction.append(lease.run, LeaseReleased(lease.id))
        return True

    def unlock(self, lease: str, reason: str, by: str) -> Lease:
        """Take a lease from its writer, who finds out before the next transaction.

        Args:
            lease: its id, in full: who means one that has ended must not hit the one that came after it.
            reason: why, for the journal.
            by: who.

        Returns:
            What was broken.

        Raises:
            UsageError: there is no such lease, or no reason.
            StoreError: the store fails.
        """
        if not reason.strip():
            raise UsageError("a lease is only broken for a reason: say which")
        with self._journal.transaction("break a lease") as transaction:
            connection = transaction.connection
            rows = connection.execute(_rows_of(lease)).all()
            if not rows:
                there = ", ".join(one.id for one in _leases(connection)) or "none"
                msg = f"no lease is called {lease!r}; there are: {there}"
                raise UsageError(msg)
            (broken,) = _together(rows)
            connection.execute(update(table).where(table.c.lease == lease).values(lease=None))
            transaction.append(broken.run, LeaseBroken(lease, reason, by))
        return broken

    def held(self) -> tuple[Lease, ...]:
        """Leases that nobody gave back, by their resources; some may have ended.

        Raises:
            StoreError: the store fails.
        """
        with self._database.read("read leases") as connection:
            return _leases(connection)

    def _must_hold(self, connection: Connection, lease: Lease, lasts: timedelta) -> datetime:
        """Whether it is still whole and long enough; says what time it is.

        Raises:
            LeaseLostError: it is not.
        """
        rows = connection.execute(_rows_of(lease.id)).all()
        now = self._clock(connection)
        if {(row.resource, row.token) for row in rows} != {(str(one.resource), one.token) for one in lease.fences}:
            msg = f"lease {lease.id} of run {lease.run} was broken, or has ended and others have taken what it held"
            raise LeaseLostError(msg)
        left = min(row.ends for row in rows) - now
        if left <= _NONE:
            msg = f"lease {lease.id} of run {lease.run} ended {abs(left).total_seconds():.1f} s ago"
            raise LeaseLostError(msg)
        if left < lasts:
            msg = (
                f"lease {lease.id} of run {lease.run} ends in {left.total_seconds():.1f} s, "
                f"and {lasts.total_seconds():g} s are needed"
            )
            raise LeaseLostError(msg)
        return now


def _rows_of(lease: str) -> Any:  # noqa: ANN401 -- a statement of SQLAlchemy
    return select(table).where(table.c.lease == lease).order_by(table.c.resource).with_for_update()


def _locked(connection: Connection, resource: Resource, run: str) -> Row[Any]:
    """The row of a resource, made where there is none; other writers wait until this transaction ends."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    first = {
        "resource": str(resource), "token": 0, "lease": None, "run": run, "owner": "",
        "renewed": long_ago, "ends": long_ago,
    }  # fmt: skip
    connection.execute(dialect.insert(table).on_conflict_do_nothing(index_elements=["resource"]), first)
    return connection.execute(select(table).where(table.c.resource == str(resource)).with_for_update()).one()


def _leases(connection: Connection) -> tuple[Lease, ...]:
    return _together(
        connection.execute(select(table).where(table.c.lease.is_not(None)).order_by(table.c.resource)).all()
    )


def _together(rows: Iterable[Row[Any]]) -> tuple[Lease, ...]:
    """Rows -> leases."""
    found: dict[str, Lease] = {}
    for row in rows:
        kind, _, name = row.resource.partition(":")
        fence = Fence(Resource(ResourceKind(kind), name), row.token)
        known = found.get(row.lease) or Lease(row.lease, row.run, (), row.ends, row.owner)
        found[row.lease] = replace(known, fences=(*known.fences, fence))
    return tuple(found.values())


def _held(rows: Iterable[Row[Any]], now: datetime) -> str:
    leases: dict[str, list[Row[Any]]] = {}
    for row in rows:
        leases.setdefault(row.lease, []).append(row)
    said = [
        f"run {held[0].run} ({held[0].owner}) has {', '.join(row.resource for row in held)} for "
        f"{(min(row.ends for row in held) - now).total_seconds():.0f} s more (lease {lease})"
        for lease, held in leases.items()
    ]
    return "; ".join(said) + ": wait, or see whether that run is alive and unlock it"


def _must_last(lasts: timedelta) -> None:
    if lasts <= _NONE:
        raise ValueError("a lease must last some time")


def _owner() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without an entry, as in containers
        user = ""
    return f"{user}@{socket.gethostname()}, process {os.getpid()}"
