"""Backups on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from getvpn_ops.reports.console import indented, visible
from getvpn_ops.reports.listing import Listing
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from getvpn_ops.model.backup import BackupEntry, BackupTaken

SHORT = 12
"""Digits of a commit that are shown."""
_FEW = 8
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def taken_view(taken: BackupTaken, asked: int) -> RenderableType:
    """What came of a backup.

    Args:
        taken: of it.
        asked: devices that it was to have.
    """
    read = f"{count(asked - len(taken.unread), 'device')} of {asked} read"
    if taken.commit:
        parts: list[RenderableType] = [
            Text(f"{read}; {count(len(taken.changed), 'configuration')} changed, commit {taken.commit[:SHORT]}"),
            indented(Text(_some(taken.changed))),
        ]
    else:
        parts = [Text(f"{read}; nothing changed")]
    for item in taken.unread[:_FEW]:
        parts.append(Text.assemble((f"{visible(item.device)}: not backed up", "yellow"), f": {visible(item.reason)}"))
        if item.next_step:
            parts.append(indented(Text(visible(item.next_step))))
    if len(taken.unread) > _FEW:
        parts.append(Text(f"and {len(taken.unread) - _FEW} more; -o json tells all", style="yellow"))
    parts += [Text(f"someone had edited a file: kept as {visible(name)}", style="yellow") for name in taken.set_aside]
    return Group(*parts)


def entries_view(entries: Iterable[BackupEntry]) -> RenderableType:
    """Backups, one a row."""
    rows = [
        (item.commit[:SHORT], f"{item.time:%Y-%m-%d %H:%M:%S}", item.reason, item.run, _some(item.devices))
        for item in entries
    ]
    return Listing(("commit", "taken (UTC)", "why", "run", "changed"), rows)


def diff_lines(text: str) -> RenderableType:
    """What changed between two backups, in colours."""
    return Group(*(Text(visible(line), style=_STYLES.get(line[:1], "")) for line in text.splitlines()))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:_FEW])
    return shown if len(names) <= _FEW else f"{shown} and {len(names) - _FEW} more"
