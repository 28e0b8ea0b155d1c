"""Certificates of a fleet: a table for people, plain data for programs. The shape of the JSON is a promise (P18)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from getvpn_ops.model.certificates import Standing
from getvpn_ops.reports.listing import Listing
from getvpn_ops.reports.sweep_words import listed
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from getvpn_ops.model.certificates import CertificateRow

SCHEMA = 1
_NAMES = 8
_STYLES = {
    Standing.VALID: "green", Standing.ENDS_SOON: "bold yellow", Standing.ENDED: "bold red",
    Standing.NOT_BEGUN: "bold red", Standing.PENDING: "bold yellow", Standing.NOT_ENROLLED: "dim",
    Standing.NONE: "dim", Standing.UNKNOWN: "bold yellow",
}  # fmt: skip
_HEADINGS = (
    "device", "trustpoint", "standing", "days left", "valid until", "renewal", "CA", "subject", "serial", "enrolment",
    "why",
)  # fmt: skip
_DETAILS = _HEADINGS[6:]


def certificates_view(rows: Sequence[CertificateRow]) -> RenderableType:
    """The table: the most urgent first; devices that use none in one line."""
    shown = [row for row in rows if row.standing is not Standing.NONE]
    return Group(*_parts(rows, shown))


def _parts(rows: Sequence[CertificateRow], shown: Sequence[CertificateRow]) -> Iterator[RenderableType]:
    if shown:
        yield Listing(_HEADINGS, [_cells(row) for row in shown], right=("days left",), details=_DETAILS)
        yield Text()
    none = [row.device for row in rows if row.standing is Standing.NONE]
    if none:
        yield Text(f"{count(len(none), 'device')} with no certificate: {listed(none, _NAMES)}")
    totals = Counter(row.standing for row in shown)
    said = ", ".join(f"{number} {standing}" for standing, number in totals.items())
    yield Text(f"{count(len(shown), 'row')}: {said}" if said else "no certificates", style="bold")


def _cells(row: CertificateRow) -> tuple[str | Text, ...]:
    return (
        row.device,
        row.trustpoint + (" (CA)" if row.kind.casefold().startswith("ca ") else ""),
        Text(row.standing.value, style=_STYLES[row.standing]),
        "" if row.days_left is None else str(row.days_left),
        _moment(row.ends),
        _moment(row.renews) if row.renews else "by hand" if row.ends else "",
        row.issuer,
        row.subject if row.subject != row.issuer else "",
        row.serial,
        row.enrolment,
        row.reason,
    )


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}"


def certificates_plain(rows: Sequence[CertificateRow], run: str, code: int) -> dict[str, Any]:
    """The same as plain data.

    Args:
        rows: of all devices.
        run: under which the answers are kept; empty if no device was asked.
        code: of the process.

    Returns:
        ``schema``, ``kind``, ``run``, ``exit_code``, ``counts`` by standing, and ``certificates``: every field of
        ``model.certificates.CertificateRow``; dates are those of the router's clock.
    """
    return {
        "schema": SCHEMA,
        "kind": "certificates",
        "run": run or None,
        "exit_code": code,
        "counts": {str(standing): number for standing, number in Counter(row.standing for row in rows).items()},
        "certificates": list(rows),
    }
