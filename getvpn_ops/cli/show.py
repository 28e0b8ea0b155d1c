"""``getvpn-ops show``: one run, as its journal tells it."""

from __future__ import annotations

from typing import Annotated

import typer

from getvpn_ops.cli.changing_clock import now_of
from getvpn_ops.cli.output import form_of, must_be_writable, say, write_data, write_view
from getvpn_ops.cli.run_shown import shown_run
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_kept
from getvpn_ops.errors import ExitCode
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.story import run_plain
from getvpn_ops.reports.story_table import run_view


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, last, or last-apply.")
    ] = "last-apply",
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show every step, with its lines.")] = False,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Show how far a run came: its plan, its steps and what devices showed, why it is held, and what to run next.

    Exit codes: 0 shown; 4 the journal is not as it was written; 2 there is no such run.
    """
    must_be_writable(out)
    place = open_kept(workspace, lab=lab)
    with open_store(place) as store:
        shown = shown_run(store, place, store.find_run(run), now_of(place))
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(run_view(shown, everything=everything), out)
    else:
        write_data(run_plain(shown), form, out)
    if shown.faults:
        say("the journal is not as it was written: see getvpn-ops runs verify", "bold red")
        raise typer.Exit(ExitCode.FINDINGS)
