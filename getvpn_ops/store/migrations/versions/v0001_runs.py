"""Runs, and what was seen and concluded in them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "runs",
        sa.Column("seq", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True)),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("depth", sa.String(16), nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("tool_version", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    op.create_table(
        "visits",
        sa.Column("seq", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("hostname", sa.Text, nullable=False),
        sa.Column("commands", sa.Integer, nullable=False),
        sa.Column("trouble", sa.String(64)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("next_step", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_visits"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_visits_run_runs", ondelete="CASCADE"),
    )
    op.create_index("ix_visits_run_device", "visits", ["run", "device"])
    op.create_table(
        "blobs",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("codec", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_blobs"),
    )
    op.create_table(
        "captures",
        sa.Column("seq", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("trouble", sa.String(64)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_captures"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_captures_run_runs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["digest"], ["blobs.digest"], name="fk_captures_digest_blobs"),
    )
    op.create_index("ix_captures_run_device_seq", "captures", ["run", "device", "seq"])
    op.create_index("ix_captures_digest", "captures", ["digest"])
    op.create_table(
        "outcomes",
        sa.Column("seq", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outcomes"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_outcomes_run_runs", ondelete="CASCADE"),
    )
    op.create_index("ix_outcomes_run", "outcomes", ["run"])
