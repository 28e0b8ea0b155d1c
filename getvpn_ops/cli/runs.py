"""``getvpn-ops runs``: what was looked at, when, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from getvpn_ops.cli.output import form_of, write_data, write_view
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_workspace
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.words import span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.run import Run

_USUAL = 20


def command(
    *,
    kind: Annotated[str | None, typer.Option("--kind", help="Only runs of this command, such as health.")] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="How many, the newest first.")] = _USUAL,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """List the runs of this workspace, the newest first. A run is named by its id wherever --since takes one."""
    with open_store(open_workspace(workspace, lab=lab)) as store:
        found = store.runs(kind, last)
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(_table(found), out)
    else:
        write_data(found, form, out)


def _table(runs: Iterable[Run]) -> Table:
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("run", "what", "began (UTC)", "took", "exit", "came to", "by"):
        table.add_column(heading, justify="right" if heading in {"took", "exit"} else "left", overflow="fold")
    for run in runs:
        counts = ", ".join(f"{number} {word}" for word, number in sorted(run.summary.items()))
        table.add_row(
            Text(run.id),
            run.kind,
            f"{run.started:%Y-%m-%d %H:%M:%S}",
            span(run.ended.replace(microsecond=0) - run.started.replace(microsecond=0)) if run.ended else "",
            "" if run.exit_code is None else str(run.exit_code),
            Text(counts or ("" if run.ended else "did not end")),
            Text(visible(f"{run.user}@{run.host}")),
        )
    return table
