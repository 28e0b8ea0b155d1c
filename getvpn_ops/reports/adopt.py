"""What adoption came to, for a person."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 -- model.plain reads the hints at run time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.reports.console import indented
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

_FEW = 6
"""Devices that are named where more have the same."""

_TITLES = {
    "differs": ("differs: the intent cannot say it, and config diff will show it", "red"),
    "not proven": ("could not be rendered and compared", "yellow"),
    "not seen": ("not seen, or not whole", "yellow"),
    "finding": ("adopted as it is, and worth a look", "yellow"),
    "left alone": ("not adopted: left alone", "dim"),
}


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One GDOI group.

    Attributes:
        name: in the inventory.
        identity: number or address.
        key_servers: names.
        members: how many.
        whole: whether it is described whole.
    """

    name: str
    identity: int | str
    key_servers: tuple[str, ...]
    members: int
    whole: bool


@dataclass(frozen=True, slots=True)
class RemarkRow:
    """One thing to look at.

    Attributes:
        kind: ``differs``, ``not proven``, ``not seen``, ``finding`` or ``left alone``.
        subject: device or group.
        text: the line, or what it is about; secrets replaced.
        reason: in words.
        line: its number in the configuration; None if it is about no line.
    """

    kind: str
    subject: str
    text: str
    reason: str
    line: int | None


@dataclass(frozen=True, slots=True)
class AdoptionReport:
    """What adoption came to.

    Attributes:
        source: ``devices``, ``lab`` or the path of the captures.
        run: its id; empty where captures were read.
        groups: that were found.
        new_hosts: how many hosts the inventory did not have.
        old_hosts: hosts of the inventory that get data, with the keys.
        equal: routers of which ``config diff`` would show nothing.
        differing: routers of which it would, with how many differences.
        unproven: routers that could not be compared.
        secrets: names of secrets that have to be provided -> routers that use them.
        remarks: what to look at.
        mistakes: of the written files, read back; empty if there are none.
        folder: where files were written; None if nowhere.
        files: path -> text.
        notes: of captures that were left out.
    """

    source: str
    run: str
    groups: tuple[GroupRow, ...]
    new_hosts: int
    old_hosts: Mapping[str, tuple[str, ...]]
    equal: tuple[str, ...]
    differing: Mapping[str, int]
    unproven: tuple[str, ...]
    secrets: Mapping[str, tuple[str, ...]]
    remarks: tuple[RemarkRow, ...]
    mistakes: tuple[str, ...]
    folder: str | None
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()


def adoption_view(report: AdoptionReport) -> RenderableType:
    """The groups, what was proven, what to look at, and what to do next."""
    parts: list[RenderableType] = [_groups(report.groups)] if report.groups else [Text("no GDOI group was found")]
    parts.append(_proof(report))
    for kind, (title, style) in _TITLES.items():
        rows = [row for row in report.remarks if row.kind == kind]
        if rows:
            parts += [Text(), Text(f"{title}: {len(rows)}", style=style)]
            parts += [indented(_remark(alike)) for alike in _alike(rows)]
    if report.secrets:
        parts += [Text(), Text(f"{count(len(report.secrets), 'secret')} to provide, by name; none was written", "bold")]
        names = list(report.secrets)
        parts.append(indented(Text(_few(names))))
    if report.mistakes:
        parts += [Text(), Text("read back, the files are not right yet", style="red")]
        parts += [indented(Text(text)) for text in report.mistakes]
    parts += [Text(), _next(report)]
    return Group(*parts)


def _groups(rows: Iterable[GroupRow]) -> Table:
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("group", "identity", "members", "described", "key servers"):
        table.add_column(heading, justify="right" if heading in {"identity", "members"} else "left", overflow="fold")
    for row in rows:
        servers = ", ".join(row.key_servers)
        whole = Text("whole", "green") if row.whole else Text("for health alone", "yellow")
        table.add_row(Text(row.name), str(row.identity), str(row.members), whole, Text(servers))
    return table


def _proof(report: AdoptionReport) -> Text:
    parts = [Text(f"{count(len(report.equal), 'router')} as described", "green" if report.equal else "")]
    if report.differing:
        parts.append(Text(f"{len(report.differing)} differ: {_few(list(report.differing))}", "red"))
    if report.unproven:
        parts.append(Text(f"{len(report.unproven)} not compared: {_few(list(report.unproven))}", "yellow"))
    return Text("; ").join(parts)


def _alike(rows: Iterable[RemarkRow]) -> list[list[RemarkRow]]:
    """Rows that say the same of several devices, together."""
    found: dict[tuple[str, str], list[RemarkRow]] = {}
    for row in rows:
        found.setdefault((row.text, row.reason), []).append(row)
    return list(found.values())


def _remark(rows: Sequence[RemarkRow]) -> Text:
    first = rows[0]
    if len(rows) == 1:
        subject = first.subject if first.line is None else f"{first.subject}:{first.line}"
    else:
        subject = _few(list(dict.fromkeys(row.subject for row in rows)))
    return Text.assemble((subject, "bold"), f": {first.text}", (f" - {first.reason}" if first.reason else "", "dim"))


def _few(names: Sequence[str]) -> str:
    rest = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {rest} more" if rest > 0 else "")


def _next(report: AdoptionReport) -> Text:
    if report.folder is None:
        return Text(f"nothing is written: --out DIR writes {count(len(report.files), 'file')}", "bold")
    words = f"{count(len(report.files), 'file')} in {report.folder}"
    if report.mistakes:
        return Text(f"{words}; mend them, then: getvpn-ops config diff --inventory {report.folder} --from ...", "bold")
    return Text(f"{words}, read back and found right", "bold")
