"""Outcomes: model -> row -> model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from getvpn_ops.model.outcome import Finding, Outcome, Severity, Status
from getvpn_ops.store import schema
from getvpn_ops.store.runs import get
from getvpn_ops.store.writer import Row

if TYPE_CHECKING:
    from getvpn_ops.store.database import Database


def outcome_row(run: str, outcome: Outcome) -> Row:
    """An outcome to write."""
    values = {
        "run": run,
        "spec": outcome.spec_id,
        "subject": outcome.subject,
        "severity": outcome.severity.value,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "findings": [finding.model_dump(mode="json", exclude_defaults=True) for finding in outcome.findings],
    }
    return Row(schema.outcomes, values)


def read_outcomes(database: Database, run: str) -> tuple[Outcome, ...]:
    """Outcomes of a run in the order they were put.

    Raises:
        StoreError: they cannot be read, or there is no such run.
    """
    table = schema.outcomes
    with database.read(f"read outcomes of {run}") as connection:
        rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.seq)).all()
        get(connection, database.place, run)
        return tuple(
            Outcome(
                spec_id=row.spec,
                subject=row.subject,
                severity=Severity(row.severity),
                status=Status(row.status),
                findings=tuple(Finding.model_validate(finding) for finding in row.findings),
                reason=row.reason,
            )
            for row in rows
        )
