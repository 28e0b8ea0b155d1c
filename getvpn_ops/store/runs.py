"""Runs: begun, finished, found again, and removed when they are old."""

from __future__ import annotations

import getpass
import re
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from getvpn_ops import __version__
from getvpn_ops.errors import StoreError, UsageError
from getvpn_ops.model.plain import to_plain
from getvpn_ops.model.run import Run
from getvpn_ops.store.schema import blobs, captures, journal, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from getvpn_ops.model.fleet import Depth
    from getvpn_ops.store.database import Database

_TAIL = "23456789abcdefghjkmnpqrstuvwxyz"  # no two of them look alike
_TAIL_LENGTH = 4
_TRIES = 8
_KIND = re.compile(r"[a-z][a-z-]{0,31}")
_LAST = re.compile(r"last(?:-(?P<kind>[a-z-]+))?")
_SHOWN = 5  # runs that a message names
_STILL_RUNNING = timedelta(days=1)  # a run without an end is taken for running so long

_COLUMNS = [column for column in runs.c if column is not runs.c.seq]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed.

    Attributes:
        runs: their ids, oldest first.
        texts: how many stored texts no run names any more.
    """

    runs: tuple[str, ...]
    texts: int


def begin(  # noqa: PLR0913 -- the parts of one record
    database: Database,
    kind: str,
    started: datetime,
    *,
    arguments: Mapping[str, Any],
    depth: Depth | None,
    workspace: str,
) -> Run:
    """Write a run down before anything of it happens.

    Raises:
        StoreError: it cannot be written.
        ValueError: the kind is no word.
    """
    if not _KIND.fullmatch(kind):
        msg = f"a kind of run is a word in lower case, not {kind!r}"
        raise ValueError(msg)
    for _ in range(_TRIES):
        tail = "".join(secrets.choice(_TAIL) for _ in range(_TAIL_LENGTH))
        run = Run(
            id=f"{kind[0]}-{started:%Y%m%d-%H%M%S}-{tail}",
            kind=kind,
            started=started,
            arguments=to_plain(arguments),
            depth=depth.value if depth is not None else "",
            workspace=workspace,
            user=_user(),
            host=socket.gethostname(),
            tool_version=__version__,
        )
        try:
            with database.write("begin a run") as connection:
                connection.execute(insert(runs), {column.name: getattr(run, column.name) for column in _COLUMNS})
        except StoreError as exc:
            if not isinstance(exc.__cause__, IntegrityError):  # else the id is taken: two runs in one second
                raise
            continue
        return run
    msg = f"store {database.place}: no free id for a run"
    raise StoreError(msg)


def finish(database: Database, run: str, ended: datetime, exit_code: int, summary: Mapping[str, int]) -> Run:
    """Write down how a run ended.

    Raises:
        StoreError: it cannot be written, or there is no such run.
    """
    with database.write(f"finish run {run}") as connection:
        values = {"ended": ended, "exit_code": exit_code, "summary": dict(summary)}
        connection.execute(update(runs).where(runs.c.id == run).values(values))
        return get(connection, database.place, run)


def get(connection: Connection, place: str, run: str) -> Run:
    """A run by its full id.

    Raises:
        StoreError: there is none.
    """
    row = connection.execute(_select().where(runs.c.id == run)).first()
    if row is None:
        msg = f"store {place}: there is no run {run}"
        raise StoreError(msg)
    return _run(row)


def newest(database: Database, kind: str | None, limit: int | None) -> tuple[Run, ...]:
    """Runs, the one that began last first.

    Raises:
        StoreError: they cannot be read.
    """
    query = _select().order_by(runs.c.seq.desc()).limit(limit)
    if kind is not None:
        query = query.where(runs.c.kind == kind)
    with database.read("read runs") as connection:
        return tuple(_run(row) for row in connection.execute(query))


def find(database: Database, text: str, *, finished: bool) -> Run:
    """The run that a person means.

    Args:
        database: where to look.
        text: an id, its beginning or its end if only one run has it, ``last``, or ``last-`` and a kind.
        finished: look only at runs that came to their end.

    Raises:
        UsageError: none or several are meant; says which there are.
        StoreError: they cannot be read.
    """
    wanted = text.strip().lower()
    query = _select().order_by(runs.c.seq.desc())
    if finished:
        query = query.where(runs.c.ended.is_not(None))
    with database.read("find a run") as connection:
        if last := _LAST.fullmatch(wanted):
            kind = last["kind"]
            row = connection.execute(query.where(runs.c.kind == kind) if kind else query).first()
            if row is not None:
                return _run(row)
            what = f"{'finished ' if finished else ''}run{f' of {kind}' if kind else ''}"
            msg = f"there is no {what} in store {database.place} yet"
            raise UsageError(msg)
        for condition in (
            runs.c.id == wanted,
            runs.c.id.startswith(wanted, autoescape=True),
            runs.c.id.endswith(f"-{wanted}", autoescape=True),
        ):
            found = connection.execute(query.where(condition).limit(_SHOWN + 1)).all() if wanted else []
            if len(found) == 1:
                return _run(found[0])
            if found:
                msg = f"{text!r} may be any of {_names(found)}: give more of the id"
                raise UsageError(msg)
        there = connection.execute(query.limit(_SHOWN)).all()
    known = f"the newest are {_names(there)}" if there else "there is none yet"
    msg = f"no {'finished ' if finished else ''}run is called {text!r}; {known}"
    raise UsageError(msg)


def prune(database: Database, now: datetime, *, keep: int | None, days: float | None) -> Pruned:
    """Remove old runs with all that belongs to them, and texts that no run names any more.

    Args:
        database: where.
        now: by the clock of the runs.
        keep: so many of the newest runs stay; None keeps none for being new.
        days: runs that began within so many days stay; None keeps none for being young.

    A run stays if either says so; with neither nothing is removed. A run without an end stays for a day: it may be
    running. Runs that have events in the journal stay for ever, and are not counted.

    Raises:
        StoreError: the store cannot be written; then nothing is removed.
    """
    with database.write("remove old runs", alone=True) as connection:
        old: list[str] = []
        if keep is not None or days is not None:
            changed = exists().where(journal.c.run == runs.c.id)  # the chain of the journal has no end that may go
            columns = (runs.c.id, runs.c.started, runs.c.ended)
            rows = connection.execute(select(*columns).where(~changed).order_by(runs.c.seq.desc())).all()
            for place, (name, started, ended) in enumerate(rows):
                is_new = keep is not None and place < keep
                is_young = days is not None and now - started < timedelta(days=days)
                may_run = ended is None and now - started < _STILL_RUNNING
                if not (is_new or is_young or may_run):
                    old.append(name)
        for name in old:
            connection.execute(delete(runs).where(runs.c.id == name))
        named = exists().where(captures.c.digest == blobs.c.digest)
        texts = connection.execute(delete(blobs).where(~named)).rowcount
    return Pruned(tuple(reversed(old)), texts)


def count_texts(database: Database) -> tuple[int, int]:
    """How many texts are stored, and their bytes as they came."""
    with database.read("count texts") as connection:
        number, size = connection.execute(select(func.count(), func.coalesce(func.sum(blobs.c.size), 0))).one()
    return int(number), int(size)


def _select() -> Select[Any]:
    return select(*_COLUMNS)


def _run(row: Row[Any]) -> Run:
    return Run(**row._mapping)  # noqa: SLF001 -- public by SQLAlchemy's manual; the name keeps columns free


def _names(rows: Sequence[Row[Any]]) -> str:
    names = [str(row.id) for row in rows[:_SHOWN]]
    return ", ".join(names) + (" ..." if len(rows) > _SHOWN else "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without an entry, as in containers
        return ""
