"""``getvpn-ops playbook``: which migrations and drills there are, what each does, and whether it is written right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.output import form_of, must_be_writable, say, write_data, write_text, write_view
from getvpn_ops.cli.playbook_files import PlaybookFile, PlaybookFiles, read_playbook
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_workspace
from getvpn_ops.errors import ExitCode, MistakesError, NoWorkspaceError
from getvpn_ops.reports.console import console
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.playbooks import (
    SCHEMA,
    Listed,
    list_plain,
    list_view,
    playbook_plain,
    playbook_text,
    playbook_view,
)
from getvpn_ops.reports.words import count
from getvpn_ops.settings.mistakes import Mistakes, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="playbook", help="Migrations and drills: which there are, what each does, whether it is written right.",
    no_args_is_help=True,
)  # fmt: skip

_WRONG = "a playbook is wrong"


@app.command("list")
def list_playbooks(
    *,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """List the playbooks of the workspace and those that travel with the package.

    One in the workspace's playbooks/ stands in place of that of the package with the same name. Exit codes: 0 listed;
    2 one of them is wrong.
    """
    must_be_writable(out)
    found = [_listed(file) for file in _files(workspace, lab=lab).every()]
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(list_view(found), out)
    else:
        write_data(list_plain(found), form, out)
    if any(item.playbook is None for item in found):
        raise typer.Exit(ExitCode.USAGE)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a playbook, or the path of a file.")],
    *,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Show a playbook: its options and windows, and its stages in order with targets, gates and approvals.

    Which lines it would type on which devices, and what that does to traffic, says a plan of it. Exit codes: 0 shown;
    2 there is no such playbook, or it is wrong.
    """
    must_be_writable(out)
    item = _listed(_files(workspace, lab=lab).find(name))
    playbook = item.playbook
    if playbook is None:
        raise MistakesError(_WRONG, item.mistakes)
    form = form_of(output, out)
    to_stdout = out in {None, Path("-")}
    if form is not Output.TABLE:
        write_data(playbook_plain(item, playbook), form, out)
    elif to_stdout and sys.stdout is not None and console().is_terminal:
        write_view(playbook_view(playbook, item.path), out)
    else:
        write_text(playbook_text(playbook, item.path), out)


@app.command("validate")
def validate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|FILE ...]", help="Which; all that there are if none is named.")
    ] = None,
    *,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Read playbooks, and say everything that is wrong with them at once, each with file, line and path.

    No device is asked. Exit codes: 0 nothing is wrong; 2 something is.
    """
    must_be_writable(out)
    there = _files(workspace, lab=lab)
    files = [there.find(name) for name in names] if names else there.every()
    _validate(files, form_of(output, out), out)


def _validate(files: Sequence[PlaybookFile], form: Output, out: Path | None) -> None:
    mistakes = Mistakes()
    found = [(file, read_playbook(file, mistakes)) for file in files]
    told = mistakes.told()
    if form is not Output.TABLE:
        items = [
            {"name": file.name, "path": shown(file.path), "valid": playbook is not None} for file, playbook in found
        ]
        write_data(
            {"schema": SCHEMA, "kind": "playbooks-validated", "playbooks": items, "mistakes": list(told)}, form, out
        )
    for file, playbook in found:
        if playbook is not None:
            say(f"{shown(file.path)}: {count(len(playbook.stages), 'stage')}, nothing wrong")
    if not found:
        say("there is no playbook to look at")
    mistakes.settle(_WRONG)


def _files(workspace: Path | None, *, lab: bool) -> PlaybookFiles:
    """Those of the workspace, if there is one or one is named; reading files needs none."""
    try:
        return PlaybookFiles(open_workspace(workspace, lab=lab).root)
    except NoWorkspaceError:
        if workspace is not None or lab:
            raise
        return PlaybookFiles(None)


def _listed(file: PlaybookFile) -> Listed:
    mistakes = Mistakes()
    playbook = read_playbook(file, mistakes)
    return Listed(
        name=file.name,
        path=shown(file.path),
        is_shipped=file.is_shipped,
        is_instead=file.is_instead,
        playbook=playbook,
        mistakes=mistakes.told(),
    )
