"""``getvpn-ops runs``: what was looked at or changed, when, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.output import form_of, must_be_writable, say, write_data, write_view
from getvpn_ops.cli.run_shown import journal_to_read, shown_leases
from getvpn_ops.cli.runs_settle import settle
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_kept
from getvpn_ops.engine.clock import SystemClock
from getvpn_ops.errors import ExitCode
from getvpn_ops.reports.listing import Listing
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.story import SCHEMA, lease_plain
from getvpn_ops.reports.story_table import leases_view
from getvpn_ops.reports.words import count, span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.run import Run
    from getvpn_ops.store.journal import Verified

_USUAL = 20

app = typer.Typer(
    name="runs", help="What was looked at or changed, when, and how it ended.", invoke_without_command=True
)


app.command("settle")(settle)


@app.callback()
def runs(
    context: typer.Context,
    *,
    kind: Annotated[str | None, typer.Option("--kind", help="Only runs of this command, such as health.")] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="How many, the newest first.")] = _USUAL,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """List the runs of this workspace, the newest first. A run is named by its id wherever --since takes one."""
    if context.invoked_subcommand is not None:
        return
    with open_store(open_kept(workspace, lab=lab)) as store:
        found = store.runs(kind, last)
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(_table(found), out)
    else:
        write_data(found, form, out)


@app.command("verify")
def verify(
    *,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Look through the journal of changes: whether an event was edited, removed, moved or sealed without the key.

    Exit codes: 0 all events are as they were written; 3 there are none, or some are of another installation, which only
    that one can look through; 4 something was changed.
    """
    must_be_writable(out)
    place = open_kept(workspace, lab=lab)
    with open_store(place) as store:
        found = store.journal(place.key(), place.journal_end, SystemClock.now).verify()
    form = form_of(output, out)
    if form is not Output.TABLE:
        write_data(found, form, out)
    elif found.faults:
        write_view(_faults(found), out)
    say(f"{count(found.events, 'event')} looked through, {count(len(found.faults), 'fault')}; end {found.head[:12]}")
    for chain, number in found.foreign:
        say(f"{count(number, 'event')} of installation {chain} can only be looked through there", "yellow")
    if found.faults:
        raise typer.Exit(ExitCode.FINDINGS)
    if found.foreign or not found.events:
        raise typer.Exit(ExitCode.UNDETERMINED)


@app.command("leases")
def leases(
    *,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Say who may change which devices and groups now, since when, and until when.

    A lease that has ended blocks nobody. Exit codes: 0 shown, also if there is none.
    """
    must_be_writable(out)
    place = open_kept(workspace, lab=lab)
    with open_store(place) as store:
        journal = journal_to_read(store, place, SystemClock.now)
        held = store.leases(journal).held()
        found = shown_leases(held, {run: journal.entries(run) for run in {lease.run for lease in held}})
    form = form_of(output, out)
    if form is not Output.TABLE:
        write_data({"schema": SCHEMA, "kind": "leases", "leases": [lease_plain(one) for one in found]}, form, out)
    elif found:
        write_view(leases_view(found), out)
    if not found:
        say("nobody holds a lease")


def _faults(found: Verified) -> Listing:
    rows = [(str(fault.number), fault.run, fault.what) for fault in found.faults]
    return Listing(("event", "run", "what"), rows, right=("event",))


def _table(runs: Iterable[Run]) -> Listing:
    rows = [
        (
            run.id,
            run.kind,
            f"{run.started:%Y-%m-%d %H:%M:%S}",
            span(run.ended.replace(microsecond=0) - run.started.replace(microsecond=0)) if run.ended else "",
            "" if run.exit_code is None else str(run.exit_code),
            _counts(run) or ("" if run.ended else "did not end"),
            f"{run.user}@{run.host}",
        )
        for run in runs
    ]
    return Listing(("run", "what", "began (UTC)", "took", "exit", "came to", "by"), rows, right=("took", "exit"))


def _counts(run: Run) -> str:
    return ", ".join(f"{number} {word}" for word, number in sorted(run.summary.items()))
