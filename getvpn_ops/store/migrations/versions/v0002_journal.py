"""The journal of changes, and leases."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "journal",
        sa.Column("seq", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("chain", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_journal_run_runs"),
        sa.UniqueConstraint("chain", "number", name="uq_journal_chain"),
    )
    op.create_index("ix_journal_run_device", "journal", ["run", "device"])
    op.create_index("ix_journal_device", "journal", ["device"])
    op.create_table(
        "journal_heads",
        sa.Column("chain", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_journal_heads"),
    )
    op.create_table(
        "leases",
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("lease", sa.String(32)),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("renewed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("resource", name="pk_leases"),
    )
    op.create_index("ix_leases_lease", "leases", ["lease"])
