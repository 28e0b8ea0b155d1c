"""Bring a store to the tables of this version; refuse one that a newer version made."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, inspect, select, table

from getvpn_ops.errors import StoreError
from getvpn_ops.store.database import file_of, folder_locked
from getvpn_ops.store.failures import failures_told
from getvpn_ops.store.schema import HEAD, VERSION_TABLE, metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from getvpn_ops.store.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database, patience: float) -> None:
    """Make or upgrade the tables, one process at a time.

    Raises:
        StoreError: it is of a newer version, is no store of this program, or cannot be read or written.
    """
    path = file_of(database)
    alone = nullcontext() if path is None else folder_locked(path.parent, database.place, patience)
    with alone:
        with database.read("read its version") as connection:
            revision = _revision(connection)
            if revision == HEAD:
                return
            if path is not None or revision is not None:  # before anything in it is touched
                _refuse(connection, database.place, revision)
            # On a server another process may make the tables between these two looks; it is looked again alone, below.
        if path is not None and revision is None:
            _prepare_file(database)
        with database.write("make its tables", alone=True) as connection:
            revision = _revision(connection)
            if revision != HEAD:
                _refuse(connection, database.place, revision)  # another process may have been faster
                upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    from alembic import command  # noqa: PLC0415 -- 0.2 s that only a new or old store costs

    command.upgrade(configuration(connection), to)


def configuration(connection: Connection) -> Config:
    """Alembic's settings for a connection: no file, nothing of the surroundings."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return None if found is None else str(found)


def _refuse(connection: Connection, place: str, revision: str | None) -> None:
    """Leave alone what is not ours.

    Raises:
        StoreError: a newer version made the store, or it has no version and tables that we did not make.
    """
    if revision is None:
        there = set(inspect(connection).get_table_names())
        taken = sorted(there & set(metadata.tables)) if connection.dialect.name == "postgresql" else sorted(there)
        if taken:
            msg = (
                f"store {place}: it holds tables that getvpn-ops did not make ({', '.join(taken)}): name another store"
            )
            raise StoreError(msg)
        return
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    script = ScriptDirectory.from_config(configuration(connection))
    if revision not in {item.revision for item in script.walk_revisions()}:
        msg = (
            f"store {place}: a newer getvpn-ops made it (tables of version {revision}; this one knows {HEAD}): "
            "upgrade getvpn-ops, or name another store"
        )
        raise StoreError(msg)


def _prepare_file(database: Database) -> None:
    """Set what SQLite keeps in the file itself: readers beside a writer, and free pages given back when asked."""
    with failures_told(database.place, "make the file"), database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        if raw is not None:
            raw.execute("PRAGMA auto_vacuum = INCREMENTAL")
            raw.execute("PRAGMA journal_mode = WAL")


def give_back(database: Database) -> None:
    """Let the file shrink by what was removed; PostgreSQL does so by itself.

    Raises:
        StoreError: it is locked, or cannot be written.
    """
    if file_of(database) is None:
        return
    with failures_told(database.place, "shrink the file"), database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        if raw is not None:
            raw.executescript("PRAGMA incremental_vacuum")  # a page a step; only scripts are stepped to their end
            raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
