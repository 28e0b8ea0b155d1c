"""Where the store is: a file of SQLite, or a PostgreSQL database by URL."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from getvpn_ops.errors import StoreError
from getvpn_ops.store.failures import failures_told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr
    from sqlalchemy import Connection

_LOCK = 0x67646F69  # "gdoi": the advisory lock of PostgreSQL that all of this program share
_CONNECT_SECONDS = 10
_LOOK_AGAIN = 0.02  # seconds between two tries for a lock that has no queue


@dataclass(frozen=True, slots=True)
class Database:
    """An open database.

    Attributes:
        engine: its connections.
        place: where it is, for messages; without password.
    """

    engine: Engine
    place: str

    @contextmanager
    def read(self, doing: str) -> Iterator[Connection]:
        """A transaction that only reads.

        Raises:
            StoreError: anything fails.
        """
        with failures_told(self.place, doing), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, doing: str, *, alone: bool = False) -> Iterator[Connection]:
        """A transaction that writes, committed at its end.

        Args:
            doing: for messages.
            alone: whether no other process may write meanwhile. On SQLite nobody may anyway.

        Raises:
            StoreError: anything fails; then nothing of it is kept.
        """
        writing = self.engine.execution_options(getvpn_ops_write=True)
        with failures_told(self.place, doing), writing.begin() as connection:
            if connection.dialect.name == "postgresql":
                call = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
                connection.execute(text(f"SELECT {call}(:key)"), {"key": _LOCK})
            yield connection


def open_database(url: str, password: SecretStr | None, patience: float) -> Database:
    """Connect to nothing yet, but make the file of SQLite if there is none.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://USER@HOST/DATABASE``.
        password: of PostgreSQL; where None, libpq looks in its own places (PGPASSWORD, ~/.pgpass).
        patience: seconds to wait for locks.

    Raises:
        StoreError: the URL is of no use, a driver is missing, or the file cannot be made.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as exc:
        raise StoreError("the store's URL cannot be read; it looks like sqlite:///FILE or postgresql://...") from exc
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed, patience)
    if backend in {"postgresql", "postgres"}:
        return _postgres(parsed, password, patience)
    msg = f"a store of {backend} is not supported: use sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    raise StoreError(msg)


def file_of(database: Database) -> Path | None:
    """The file of SQLite; None for PostgreSQL."""
    url = database.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _sqlite(url: URL, patience: float) -> Database:
    if not url.database or url.database == ":memory:":
        raise StoreError("a store needs a file: sqlite:///FILE")
    path = Path(unquote(url.database)).absolute()
    place = str(path)
    with failures_told(place, "make the file"):
        _private_folder(path.parent)
        _private_file(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": patience},
        hide_parameters=True,
        pool_timeout=patience,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 -- of sqlite3, by SQLAlchemy's wrapper
        connection.isolation_level = None  # sqlite3 begins no transactions by itself: the line below does
        for pragma in ("foreign_keys = ON", "synchronous = FULL"):  # what is flushed survives a power cut
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("getvpn_ops_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine, place)


def _postgres(url: URL, password: SecretStr | None, patience: float) -> Database:
    inside = url.query.get("password")
    url = url.difference_update_query(["password"]).set(drivername="postgresql+psycopg")
    if password is not None:
        url = url.set(password=password.get_secret_value())
    elif isinstance(inside, str):
        url = url.set(password=inside)
    if "@" in (url.host or ""):
        raise StoreError("the store's URL has an '@' too many: within a user name or password write it as %40")
    shown = {key: value for key, value in url.query.items() if key in {"host", "port"}}
    place = URL.create("postgresql", url.username, None, url.host, url.port, url.database, shown).render_as_string()
    options = f"-c lock_timeout={int(patience * 1000)} -c idle_in_transaction_session_timeout=600000"
    defaults = {"connect_timeout": _CONNECT_SECONDS, "application_name": "getvpn-ops", "options": options}
    given = {key: value for key, value in defaults.items() if key not in url.query}
    try:
        engine = create_engine(url, connect_args=given, hide_parameters=True, pool_pre_ping=True, pool_timeout=patience)
    except ImportError as exc:
        raise StoreError("a store of PostgreSQL needs psycopg: pip install 'getvpn-ops[postgres]'") from exc
    return Database(engine, place)


def _private_folder(folder: Path) -> None:
    """Make a folder, and those above it, that only the owner may enter. One that exists is left as it is."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(mode=0o700, exist_ok=True)


def _private_file(path: Path) -> None:
    """Make a file that only the owner may read, or close it to others. SQLite gives its side files the same mode.

    One that is there is not opened: to close it again would give up the locks that this process has on it
    (https://sqlite.org/howtocorrupt.html, 2.2).
    """
    target = path.resolve()  # where a link leads, which need not be there yet
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        state = target.stat()
        if not stat.S_ISREG(state.st_mode):
            code = errno.EISDIR if stat.S_ISDIR(state.st_mode) else errno.EINVAL
            raise OSError(code, os.strerror(code)) from None
        if stat.S_IMODE(state.st_mode) & 0o077 and state.st_uid == os.geteuid():
            target.chmod(0o600)


@contextmanager
def folder_locked(folder: Path, place: str, patience: float) -> Iterator[None]:
    """Hold a folder against other processes of this program.

    The lock is on the folder, not on the database: closing any descriptor of the database would give up SQLite's own
    locks (https://sqlite.org/howtocorrupt.html, 2.2).

    Raises:
        StoreError: another process held it all the time.
    """
    with failures_told(place, "lock its folder"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() > until:
                    msg = f"store {place}: another process has been opening it for {patience:g} s"
                    raise StoreError(msg) from exc
                time.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(descriptor)
