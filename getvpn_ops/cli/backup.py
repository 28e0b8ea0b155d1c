"""``getvpn-ops backup``: configurations of the fleet in a git repository, and what changed in them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.output import form_of, must_be_writable, say, write_data, write_text, write_view
from getvpn_ops.cli.progress import progress
from getvpn_ops.cli.sweeps import QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import (
    FilterOption,
    LabOption,
    LimitOption,
    OutOption,
    OutputOption,
    WorkspaceOption,
    open_kept,
    open_workspace,
)
from getvpn_ops.devices.inventory import select
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.reports.backup import SHORT, diff_lines, entries_view, taken_view
from getvpn_ops.reports.console import console, visible
from getvpn_ops.reports.parsed import Output
from getvpn_ops.services.backup import Backups, History

if TYPE_CHECKING:
    from getvpn_ops.model.backup import BackupEntry

SCHEMA = 1
"""Of the JSON documents of this command."""
_USUAL = 20
_REASON = "on demand"


class TextForm(StrEnum):
    """Formats of one configuration, or of what changed in it."""

    TEXT = "text"
    JSON = "json"


AT_HELP = "Which backup: the beginning of its commit, or a time (UTC) that it is not later than; the newest if absent."
DeviceArgument = Annotated[str, typer.Argument(metavar="DEVICE", help="Whose configuration.")]
AtOption = Annotated[str | None, typer.Option("--at", metavar="COMMIT|TIME", help=AT_HELP)]
TextFormOption = Annotated[
    TextForm, typer.Option("--output", "-o", case_sensitive=False, help="Format: text as it is, or JSON.")
]

app = typer.Typer(
    name="backup",
    help="Configurations of the fleet in a git repository, and what changed in them.",
    invoke_without_command=True,
)


@app.callback()
def take(
    context: typer.Context,
    *,
    filters: FilterOption = None,
    limits: LimitOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the history.")] = _REASON,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Back up the running configurations of devices now; without a subcommand.

    Nothing is changed on any device. A commit is made only if something changed. Secrets are replaced by placeholders,
    or sealed with a key: `backup:` in getvpn-ops.yaml. Exit codes: 0 all were backed up; 3 some were not, and their
    files are as they were; 6 another process writes backups.
    """
    if context.invoked_subcommand is not None:
        return
    must_be_writable(out)
    with wired(open_workspace(workspace, lab=lab), quiet=quiet) as tools:
        chosen = select(tools.loaded, filters or (), limits or ())
        backups = Backups.of(tools.workspace, tools.fleet, tools.clock, tools.store, progress(quiet=quiet))
        arguments = {"devices": [device.name for device in chosen], "reason": reason}
        root = str(tools.workspace.root)
        run = tools.store.begin_run("backup", tools.clock.now(), arguments=arguments, workspace=root)
        taken = backups.take(chosen, tools.redactor.text(reason), run.id)
        ending = ExitCode.UNDETERMINED if taken.unread else ExitCode.GOOD
        ending = ExitCode.INTERRUPTED if tools.halt.draining else ending
        summary = {
            "read": len(chosen) - len(taken.unread), "changed": len(taken.changed), "failed": len(taken.unread),
        }  # fmt: skip
        tools.store.finish_run(run.id, tools.clock.now(), int(ending), summary)
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(taken_view(taken, len(chosen)), out)
    else:
        write_data({"schema": SCHEMA, "run": run.id, **asdict(taken)}, form, out)
    raise typer.Exit(ending)


@app.command("list")
def every(
    device: Annotated[
        str | None, typer.Argument(metavar="[DEVICE]", help="Only backups in which this one changed.")
    ] = None,
    *,
    last: Annotated[int, typer.Option("--last", min=1, help="How many, the newest first.")] = _USUAL,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """List backups in which something changed, the newest first. No device is asked."""
    must_be_writable(out)
    entries = _history(workspace, lab=lab).entries(device, last)
    form = form_of(output, out)
    if form is not Output.TABLE:
        write_data({"schema": SCHEMA, "backups": entries}, form, out)
    elif entries:
        write_view(entries_view(entries), out)
    else:
        say(f"there is no backup{f' of {device}' if device else ''} yet: getvpn-ops backup takes one")


@app.command()
def show(
    device: DeviceArgument,
    *,
    at: AtOption = None,
    output: TextFormOption = TextForm.TEXT,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Show a configuration as it was backed up. Secrets are never shown, sealed ones neither. No device is asked."""
    must_be_writable(out)
    history = _history(workspace, lab=lab)
    entry = history.at(at)
    text = visible(history.text(device, entry))
    if output is TextForm.JSON:
        write_data({"schema": SCHEMA, "device": device, "backup": _plain(entry), "text": text}, Output.JSON, out)
        return
    write_text(text, out)
    say(f"{device} as it was backed up at {entry.time:%Y-%m-%d %H:%M:%S} UTC, commit {entry.commit[:SHORT]}")


@app.command()
def diff(
    device: DeviceArgument,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="COMMIT|TIME", help="The older side; the backup before the last change if absent."
        ),
    ] = None,
    other: Annotated[
        str | None, typer.Option("--and", metavar="COMMIT|TIME", help="The newer side; the newest.")
    ] = None,
    output: TextFormOption = TextForm.TEXT,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Show what changed in a configuration between two backups, as `diff -u` does. No device is asked.

    Of a secret that changed it shows that it did.
    """
    must_be_writable(out)
    history = _history(workspace, lab=lab)
    now = history.at(other)
    then = history.at(at) if at is not None else history.before(device, now)
    if then is None:
        msg = f"there is one backup of {device} only, or none: nothing to compare it with"
        raise UsageError(msg)
    text = history.diff(device, then, now)
    if output is TextForm.JSON:
        sides = {"then": _plain(then), "now": _plain(now)}
        write_data({"schema": SCHEMA, "device": device, **sides, "diff": visible(text)}, Output.JSON, out)
    elif not text:
        say(f"{device} was the same in {then.commit[:SHORT]} and {now.commit[:SHORT]}")
    elif out in {None, Path("-")} and sys.stdout is not None and console().is_terminal:
        write_view(diff_lines(text), out)
    else:
        write_text(visible(text), out)


def _plain(entry: BackupEntry) -> dict[str, object]:
    return {"commit": entry.commit, "time": entry.time, "reason": entry.reason, "run": entry.run}


def _history(workspace: Path | None, *, lab: bool) -> History:
    return History(open_kept(workspace, lab=lab).backups)
