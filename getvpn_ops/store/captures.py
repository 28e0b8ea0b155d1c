"""Captures and visits: model -> row -> model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.store import schema
from getvpn_ops.store.blobs import Blob, pack, unpack
from getvpn_ops.store.runs import get
from getvpn_ops.store.writer import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Row as Found

    from getvpn_ops.store.database import Database

_PAGE = 200  # captures read in one short transaction: an open one would keep SQLite's log from being folded in


def capture_row(run: str, capture: Capture) -> Row:
    """A capture to write; its text is compressed here, in the caller's thread."""
    blob = pack(capture.text)
    values = {
        "run": run,
        "device": capture.device,
        "command": capture.command,
        "taken_at": capture.taken_at,
        "seconds": capture.seconds,
        "source": capture.source,
        "trouble": capture.trouble.value if capture.trouble else None,
        "reason": capture.reason,
        "digest": blob.digest,
    }
    return Row(schema.captures, values, blob)


def visit_row(run: str, visit: Visit) -> Row:
    """A visit to write."""
    values = {
        "run": run,
        "device": visit.device,
        "started": visit.started,
        "ended": visit.ended,
        "engine": visit.engine,
        "hostname": visit.hostname,
        "commands": visit.commands,
        "trouble": visit.trouble.value if visit.trouble else None,
        "reason": visit.reason,
        "next_step": visit.next_step,
    }
    return Row(schema.visits, values)


def read_captures(database: Database, run: str, device: str | None) -> Iterator[Capture]:
    """Captures of a run, device by device, in the order they were put; some at a time, so that memory stays flat.

    Raises:
        StoreError: they cannot be read, a text is damaged, or the run is removed by another process meanwhile.
    """
    table, blobs = schema.captures, schema.blobs
    query = (
        select(table, blobs.c.codec, blobs.c.size, blobs.c.data)
        .join(blobs, table.c.digest == blobs.c.digest)
        .where(table.c.run == run)
        .order_by(table.c.device, table.c.seq)
        .limit(_PAGE)
    )
    if device is not None:
        query = query.where(table.c.device == device)
    page = query
    while True:
        with database.read(f"read captures of {run}") as connection:
            rows = connection.execute(page).all()
            captures = [_capture(row) for row in rows]
            get(connection, database.place, run)  # else it was removed meanwhile, and this would look like its end
        yield from captures
        if len(rows) < _PAGE:
            return
        page = query.where(tuple_(table.c.device, table.c.seq) > (rows[-1].device, rows[-1].seq))


def read_visits(database: Database, run: str) -> tuple[Visit, ...]:
    """Visits of a run in the order they were put.

    Raises:
        StoreError: they cannot be read, or there is no such run.
    """
    table = schema.visits
    with database.read(f"read visits of {run}") as connection:
        rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.seq)).all()
        get(connection, database.place, run)
        return tuple(_visit(row) for row in rows)


def _capture(row: Found[Any]) -> Capture:
    return Capture(
        device=row.device,
        command=row.command,
        text=unpack(Blob(row.digest, row.codec, row.size, row.data)),
        taken_at=row.taken_at,
        seconds=row.seconds,
        source=row.source,
        trouble=Trouble(row.trouble) if row.trouble else None,
        reason=row.reason,
    )


def _visit(row: Found[Any]) -> Visit:
    return Visit(
        device=row.device,
        started=row.started,
        ended=row.ended,
        engine=row.engine,
        hostname=row.hostname,
        commands=row.commands,
        trouble=Trouble(row.trouble) if row.trouble else None,
        reason=row.reason,
        next_step=row.next_step,
    )
