"""Checks by subjects, for the page: rows with something open first, the rest as names, bounded for the browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Status, worst
from getvpn_ops.model.report import SubjectKind
from getvpn_ops.model.verdict import status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from getvpn_ops.model.outcome import Finding, Outcome
    from getvpn_ops.model.report import SpecTitle
    from getvpn_ops.reports.sweep_digest import Digest

_ROWS_OPEN = 300  # rows of one matrix with something open
_ROWS = 60  # rows of one matrix if all is well
_ROWS_ALL = 900  # of all matrices
_WELL = 500  # names of one matrix
_FINDINGS = 5  # of one cell
_BUDGET = 4_000_000  # characters behind cells
_OVERHEAD = 350  # characters of mark-up around a cell with evidence


@dataclass(frozen=True, slots=True)
class Cell:
    """One check of one subject.

    Attributes:
        spec: the check.
        status: what it came to.
        reason: of the outcome.
        findings: the first, worst ones first; None if the page has no room for what the cell rests on.
        left: how many more there are.
    """

    spec: SpecTitle
    status: Status
    reason: str
    findings: tuple[Finding, ...] | None
    left: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One subject; a cell is None where a check was not asked.

    Attributes:
        name: of the subject.
        shown_with: which filter shows it: ``fail``, ``unknown`` or ``pass``.
        cells: in the order of the matrix's specs.
    """

    name: str
    shown_with: str
    cells: tuple[Cell | None, ...]


@dataclass(slots=True)
class Matrix:
    """Subjects of one kind.

    Attributes:
        title: heading.
        specs: columns.
        rows: that are shown whole.
        left: rows with something open that found no room.
        well: names of further subjects with nothing open.
        well_number: how many those are.
    """

    title: str
    specs: list[SpecTitle]
    rows: list[Row] = field(default_factory=list)
    left: int = 0
    well: list[str] = field(default_factory=list)
    well_number: int = 0


@dataclass(slots=True)
class Room:
    """What is left of the page."""

    rows: int = _ROWS_ALL
    characters: int = _BUDGET

    @property
    def spent(self) -> bool:
        """Whether cells went without what they rest on."""
        return self.characters <= 0

    def take(self, outcome: Outcome, findings: Iterable[Finding]) -> bool:
        """Whether there is room for what a cell rests on; if so, it is used up."""
        if self.spent:
            return False
        self.characters -= _OVERHEAD + len(outcome.reason) + sum(map(_length, findings))
        return True


def matrices(digest: Digest) -> tuple[list[Matrix], Room]:
    """One matrix for groups, one for the members of each group, one for devices; and what room is left."""
    by_title: dict[str, dict[str, dict[str, Outcome]]] = {}
    for outcome in digest.sweep.outcomes:
        subject = digest.subject_of(outcome)
        name = subject.device if subject.kind is SubjectKind.MEMBER else subject.name
        row = by_title.setdefault(_title(subject.kind, subject.group), {}).setdefault(name, {})
        other = row.get(outcome.spec_id)
        if other is None or status_of(outcome).rank > status_of(other).rank:
            row[outcome.spec_id] = outcome
    room = Room()
    return [_matrix(title, rows, digest, room) for title, rows in by_title.items()], room


def _title(kind: SubjectKind, group: str) -> str:
    return {
        SubjectKind.GROUP: "Groups",
        SubjectKind.MEMBER: f"Members of {group}",
        SubjectKind.DEVICE: "Devices",
        SubjectKind.LIST: "Access lists",
    }[kind]


def _matrix(title: str, rows: dict[str, dict[str, Outcome]], digest: Digest, room: Room) -> Matrix:
    asked = {outcome.spec_id: digest.spec_of(outcome) for row in rows.values() for outcome in row.values()}
    order = {spec.id: place for place, spec in enumerate(digest.sweep.specs)}
    specs = sorted(asked.values(), key=lambda spec: order.get(spec.id, len(order)))
    status = {name: worst(status_of(outcome) for outcome in row.values()) for name, row in rows.items()}
    names = sorted(rows, key=lambda name: -status[name].rank)
    opened = [name for name in names if not status[name].opens_gate]
    shown = opened[: min(_ROWS_OPEN, room.rows)]
    well = names[len(opened) :]
    more = well[: max(min(_ROWS - len(shown), room.rows - len(shown)), 0)]
    room.rows -= len(shown) + len(more)
    return Matrix(
        title,
        specs,
        [_row(name, status[name], rows[name], specs, room) for name in (*shown, *more)],
        len(opened) - len(shown),
        well[len(more) : len(more) + _WELL],
        len(well) - len(more),
    )


def _row(name: str, status: Status, row: dict[str, Outcome], specs: Sequence[SpecTitle], room: Room) -> Row:
    shown_with = "fail" if status is Status.FAIL else "pass" if status.opens_gate else "unknown"
    return Row(name, shown_with, tuple(_cell(row.get(spec.id), spec, room) for spec in specs))


def _cell(outcome: Outcome | None, spec: SpecTitle, room: Room) -> Cell | None:
    if outcome is None:
        return None
    every = sorted(outcome.findings, key=lambda finding: -finding.status.rank)
    findings = tuple(every[:_FINDINGS])
    kept = findings if room.take(outcome, findings) else None
    return Cell(spec, status_of(outcome), outcome.reason, kept, len(every) - len(findings))


def _length(finding: Finding) -> int:
    texts = (finding.subject, finding.message, finding.expected, finding.actual, *finding.next_steps)
    return sum(map(len, texts)) + sum(len(seen.device) + len(seen.command) + 40 for seen in finding.evidence[:20])
