"""Pages of the manual: what a thing means, how bad it is, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.model.outcome import Severity
from getvpn_ops.reports.console import indented

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from getvpn_ops.dialect.syslog_catalogue import CatalogueEntry
    from getvpn_ops.model.syslog import SyslogMessage

_STYLE = {Severity.INFO: "", Severity.MINOR: "yellow", Severity.MAJOR: "red", Severity.CRITICAL: "bold red"}


def syslog_page(entry: CatalogueEntry, message: SyslogMessage | None = None) -> RenderableType:
    """The page of one log message; what a given line of it says stands on top."""
    head = Text(entry.mnemonic, style="bold")
    head.append(f"  {entry.severity.value}", style=_STYLE[entry.severity])
    head.append(f"  on {entry.role.value}", style="dim")
    if entry.hostile:
        head.append("  may be an attack", style="bold red")
    parts: list[RenderableType] = [head, Text(""), indented(Text(entry.meaning))]
    if message is not None and (message.group or message.addresses):
        said = [f"group {message.group}"] if message.group else []
        said += [str(address) for address in message.addresses]
        parts.append(indented(Text(f"this line names {', '.join(said)}", style="cyan")))
    parts.append(Text("\nlook at next", style="bold"))
    parts.extend(indented(Text(f"{place}. {step}")) for place, step in enumerate(entry.next_steps, 1))
    tail = f"\nrests on: {entry.source.value}"
    if entry.spellings:
        tail += f"; also spelt {', '.join(entry.spellings)}"
    parts.append(Text(tail, style="dim"))
    return Group(*parts)


def syslog_list(entries: Iterable[CatalogueEntry]) -> RenderableType:
    """Every log message that has a page."""
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("message", "on", "severity", ""):
        table.add_column(name, no_wrap=True)
    table.add_column("meaning", overflow="fold")
    for entry in entries:
        table.add_row(
            Text(entry.mnemonic),
            entry.role.value,
            Text(entry.severity.value, style=_STYLE[entry.severity]),
            Text("attack?" if entry.hostile else "", style="bold red"),
            Text(entry.meaning),
        )
    return table
