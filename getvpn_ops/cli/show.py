"""``getvpn-ops show``: one run, as its journal tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.board_live import follow as watch
from getvpn_ops.cli.changing_clock import now_of
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.output import form_of, must_be_writable, say, write_data, write_view
from getvpn_ops.cli.run_shown import journal_to_read, shown_run
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_kept
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.reports.board import Board
from getvpn_ops.reports.console import console
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.story import run_plain
from getvpn_ops.reports.story_table import run_view

if TYPE_CHECKING:
    from getvpn_ops.model.run import Run
    from getvpn_ops.settings import Workspace
    from getvpn_ops.store.store import Store


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, last, or last-apply.")
    ] = "last-apply",
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show every step, with its lines.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Watch a run of a playbook on a terminal until it ends.")
    ] = False,
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
        found = store.find_run(run)
        if follow:
            _watch(store, place, found)
        shown = shown_run(store, place, found, now_of(place))
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(run_view(shown, everything=everything), out)
    else:
        write_data(run_plain(shown), form, out)
    if shown.faults:
        say("the journal is not as it was written: see getvpn-ops runs verify", "bold red")
        raise typer.Exit(ExitCode.FINDINGS)


def _watch(store: Store, place: Workspace, run: Run) -> None:
    """The live board of a run that another process has in hand; of one that is over there is nothing to watch."""
    journal = journal_to_read(store, place, now_of(place))
    story = journal.story(run.id)
    kept = KeptPlans(place).with_digest(str(run.arguments.get("plan", "")), story.plan)
    if kept is None or not kept.plan.stages:
        msg = f"run {run.id} applies no playbook whose plan is kept here: there is no board of it"
        raise UsageError(msg)
    if not console(stderr=True).is_terminal:
        raise UsageError("--follow draws on a terminal, and there is none: show RUN tells how far it is")
    watch(Board(run.id, kept.plan), lambda known: journal.entries(run.id)[known:], now_of(place))
