"""What a database says when it fails -> what a person needs to know."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from getvpn_ops.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DISK_FULL = "the disk is full: free some space, or remove old runs, and run the command again"
_DAMAGED = "the file is damaged: move it away and restore a backup; a new store is made where none is"
_NO_RIGHT = "it cannot be written: its folder or file is read-only, or belongs to another user"

_SQLITE = (
    ("SQLITE_FULL", _DISK_FULL),
    ("SQLITE_BUSY", "it is locked by another process, and stayed so: see which getvpn-ops still runs, then try again"),
    (
        "SQLITE_LOCKED",
        "it is locked by another process, and stayed so: see which getvpn-ops still runs, then try again",
    ),
    ("SQLITE_READONLY", _NO_RIGHT),
    ("SQLITE_PERM", _NO_RIGHT),
    ("SQLITE_AUTH", _NO_RIGHT),
    ("SQLITE_CANTOPEN", "it cannot be opened: its folder or file cannot be read and written by this user"),
    ("SQLITE_NOTADB", "the file is no database: name another file as store, or move this one away"),
    ("SQLITE_CORRUPT", _DAMAGED),
    ("SQLITE_IOERR", "reading or writing the file failed: is the disk full, over quota or failing?"),
    ("SQLITE_TOOBIG", "a text is longer than SQLite stores (1 GB)"),
)
"""First part of the name of SQLite's result code (https://sqlite.org/rescode.html) -> words."""

_POSTGRES = {
    "53100": "the disk of the database server is full",
    "53300": "the database server has no free connection: try again later, or raise its max_connections",
    "55P03": "it is locked by another process, and stayed so: see which getvpn-ops still runs, then try again",
    "40P01": "two processes waited for each other: run the command again",
    "28P01": "the server refused the password: check it, and the user, where the settings say they stand",
    "28000": "the server does not let this user in: check the user, and the server's pg_hba.conf",
    "3D000": "the server has no such database: create it first (createdb), then run the command again",
    "42501": "the user lacks rights in this database: it needs to create and change tables",
    "25006": "the server is read-only: it may be a standby; name the primary",
    "57P03": "the server is starting up or shutting down: try again in a moment",
}
"""SQLSTATE (PostgreSQL, appendix A) -> words."""

_UNTOLD = (
    ("password authentication failed", _POSTGRES["28P01"]),
    ("no password supplied", "the server asks for a password, and none is configured: see store_password"),
    ("does not exist", _POSTGRES["3D000"]),
    ("too many clients", _POSTGRES["53300"]),
    ("no pg_hba.conf entry", _POSTGRES["28000"]),
    ("starting up", _POSTGRES["57P03"]),
    ("Connection refused", "nothing listens there: is the database server running, and is the port right?"),
    ("No such file or directory", "nothing listens there: is the database server running?"),
    ("resolve host", "its host name cannot be resolved"),
    ("timeout expired", "the server does not answer"),
    ("timed out", "the server does not answer"),
)
"""Words of a refused connection, which has no SQLSTATE -> words."""


@contextmanager
def failures_told(place: str, doing: str) -> Iterator[None]:
    """Turn every failure of a database, or of its file, into words.

    Args:
        place: the store, without password.
        doing: what is being done: ``read runs``.

    Raises:
        StoreError: anything failed.
    """
    try:
        yield
    except PoolTimeoutError as exc:
        msg = f"store {place}: could not {doing}: every connection is in use"
        raise StoreError(msg) from exc
    except (SQLAlchemyError, sqlite3.Error, OSError, ValueError) as exc:
        msg = f"store {place}: could not {doing}: {in_words(exc)}"
        raise StoreError(msg) from exc


def in_words(exc: Exception) -> str:
    """What happened and what to do about it; never with values of a statement."""
    if isinstance(exc, OSError):
        return exc.strerror or type(exc).__name__
    if isinstance(exc, ValueError):
        return str(exc)
    cause = exc.orig if isinstance(exc, DBAPIError) else exc
    if isinstance(exc, IntegrityError) and "FOREIGN KEY" in str(cause).upper():
        return "the run it belongs to is not in the store: it may have been removed meanwhile"
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        known = next((words for start, words in _SQLITE if name.startswith(start)), None)
        return known or f"SQLite says: {_first_line(cause)}"
    said = _first_line(cause or exc)
    known = _POSTGRES.get(getattr(cause, "sqlstate", None) or "")
    known = known or next((words for part, words in _UNTOLD if part in str(cause)), None)
    return f"{known} ({said})" if known else f"the database says: {said}"


def _first_line(exc: BaseException) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]
