"""A sweep as a sheet: one row a finding, failures first (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Status
from getvpn_ops.model.verdict import findings_of, severity_rank, status_of
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.sweep_digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.outcome import Finding, Outcome
    from getvpn_ops.model.report import Sweep

COLUMNS = (
    "status", "severity", "check", "title", "group", "device", "subject", "what", "expected", "actual", "reason",
    "evidence", "age_seconds", "next_steps",
)  # fmt: skip
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")


def cell(text: str) -> str:
    """A text that a spreadsheet takes for text: what begins like a formula gets an apostrophe in front.

    The signs are those that OWASP lists (= + - @, tab, carriage return, line feed, and their full-width forms), also
    behind blanks.
    """
    shown = visible(text)
    return f"'{shown}" if _FORMULA.match(shown) or text.startswith(("\t", "\r", "\n")) else shown


def sweep_csv(sweep: Sweep) -> str:
    """Every finding a row; an outcome without findings is a row too, and so is one whose reason says more than they."""
    digest = Digest(sweep)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    rows = [row for outcome in sweep.outcomes for row in _rows(outcome, digest)]
    rows.sort(key=lambda row: row[0])
    writer.writerows(map(cell, columns) for _, columns in rows)
    return file.getvalue()


def _rows(outcome: Outcome, digest: Digest) -> Iterator[tuple[tuple[int, int], list[str]]]:
    spec, subject = digest.spec_of(outcome), digest.subject_of(outcome)
    waived = outcome.status is Status.WAIVED

    def row(status: Status, finding: Finding | None) -> tuple[tuple[int, int], list[str]]:
        seen = finding.evidence if finding is not None else ()
        ages = [(digest.sweep.ended - item.taken_at).total_seconds() for item in seen]
        head = [status.value, outcome.severity.value, outcome.spec_id, spec.title, subject.group]
        if finding is None:
            body = [subject.device, outcome.subject, "", "", ""]
        else:
            body = [
                finding.device or subject.device,
                finding.subject,
                finding.message,
                finding.expected,
                finding.actual,
            ]
        tail = [
            outcome.reason,
            "; ".join(f"{item.device}: {item.command}" for item in seen),
            f"{max(*ages, 0):.0f}" if ages else "",
            "; ".join(finding.next_steps) if finding is not None else "",
        ]
        return (-status.rank, -severity_rank(outcome.severity)), head + body + tail

    for finding in outcome.findings:
        yield row(Status.WAIVED if waived else finding.status, finding)
    if not any(findings_of(outcome, outcome.status)) and not (waived and outcome.findings):
        yield row(outcome.status if outcome.status.rank >= Status.UNKNOWN.rank else status_of(outcome), None)
