"""The tables, and the forms in which values stand in them. ``migrations`` makes them; a test holds both together."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect

HEAD = "0002"
"""Revision of ``migrations`` that these tables are; known here so that opening a store need not load Alembic."""

VERSION_TABLE = "getvpn_ops_schema"
"""Where the revision stands; a name of our own, since a PostgreSQL database may hold other programs' tables."""


class UtcTime(TypeDecorator[datetime]):
    """A moment. SQLite knows no time zones: there it is stored in UTC and gets its zone back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC.

        Raises:
            ValueError: the time has no zone, so nobody can tell which moment it is.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"{value} has no time zone"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text. What no database takes (NUL, halves of characters, as file names may hold them) becomes an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To what can be stored."""
        if value is None:
            return None
        return value.replace("\x00", r"\x00").encode("utf-8", "backslashreplace").decode("utf-8")


class Json(TypeDecorator[Any]):
    """Plain data as ASCII JSON, which every database stores as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To text."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 -- plain data
        """To plain data."""
        return None if value is None else json.loads(value)


_Count = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only under this name

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _row_number() -> Column[int]:
    return Column("seq", _Count, primary_key=True, autoincrement=True)


def _of_run() -> Column[str]:
    return Column("run", String(64), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False)


runs = Table(
    "runs",
    metadata,
    _row_number(),
    Column("id", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime),
    Column("arguments", Json, nullable=False),
    Column("depth", String(16), nullable=False),
    Column("exit_code", Integer),
    Column("summary", Json, nullable=False),
    Column("workspace", Words, nullable=False),
    Column("user", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("tool_version", String(64), nullable=False),
)
"""``seq`` is the order in which runs began; ``started`` may not be, for a lab's clock starts anew with each lab."""

visits = Table(
    "visits",
    metadata,
    _row_number(),
    _of_run(),
    Column("device", Words, nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime, nullable=False),
    Column("engine", Words, nullable=False),
    Column("hostname", Words, nullable=False),
    Column("commands", Integer, nullable=False),
    Column("trouble", String(64)),
    Column("reason", Words, nullable=False),
    Column("next_step", Words, nullable=False),
    Index("ix_visits_run_device", "run", "device"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("codec", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""Texts by the SHA-256 of what they say; equal texts stand once. ``size`` is that of the text, in bytes."""

captures = Table(
    "captures",
    metadata,
    _row_number(),
    _of_run(),
    Column("device", Words, nullable=False),
    Column("command", Words, nullable=False),
    Column("taken_at", UtcTime, nullable=False),
    Column("seconds", Float),
    Column("source", Words, nullable=False),
    Column("trouble", String(64)),
    Column("reason", Words, nullable=False),
    Column("digest", String(64), ForeignKey("blobs.digest"), nullable=False),
    Index("ix_captures_run_device_seq", "run", "device", "seq"),
    Index("ix_captures_digest", "digest"),
)

outcomes = Table(
    "outcomes",
    metadata,
    _row_number(),
    _of_run(),
    Column("spec", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Words, nullable=False),
    Column("findings", Json, nullable=False),
    Index("ix_outcomes_run", "run"),
)

journal = Table(
    "journal",
    metadata,
    _row_number(),
    Column("chain", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("run", String(64), ForeignKey("runs.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("device", Words, nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
    UniqueConstraint("chain", "number"),
    Index("ix_journal_run_device", "run", "device"),
    Index("ix_journal_device", "device"),
)
"""Events of runs that change devices. Rows are only ever added; no run goes that has one. All but ``seq``, ``previous``
and ``mac`` repeats what ``body`` says, to be found by."""

journal_heads = Table(
    "journal_heads",
    metadata,
    Column("chain", String(32), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("mac", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)
"""The last event of each installation's chain, sealed with its key."""

leases = Table(
    "leases",
    metadata,
    Column("resource", Words, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("lease", String(32)),
    Column("run", String(64), nullable=False),
    Column("owner", Words, nullable=False),
    Column("renewed", UtcTime, nullable=False),
    Column("ends", UtcTime, nullable=False),
    Index("ix_leases_lease", "lease"),
)
"""Who may change a resource now: nobody where ``lease`` is NULL or ``ends`` has passed. Rows stay, so that ``token``
grows with each lease."""
