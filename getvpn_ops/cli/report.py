"""``getvpn-ops report``: one run that changed devices, for people who were not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.changing_clock import now_of
from getvpn_ops.cli.output import must_be_writable, say, write_text
from getvpn_ops.cli.reporting import record_of, report_text
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, OutOption, WorkspaceOption, open_kept
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.reports.run_record import RunForm

if TYPE_CHECKING:
    from getvpn_ops.reports.run_record import RunRecord

_FORM = "html is one page without scripts or network, md is for a ticket; else as the name of --out ends, else md."


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, last, or last-apply.")
    ] = "last-apply",
    *,
    output: Annotated[
        RunForm | None, typer.Option("--output", "-o", case_sensitive=False, help=f"Format: {_FORM}")
    ] = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Report a run: who, what, when; stages and evidence; rekeys; traffic; devices before and after; what is left.

    It is made from the journal, the plan and backups, and holds the head of the journal. Exit codes: 0 written; 4 the
    journal is not as it was written; 2 there is no such run, or it changed nothing.
    """
    must_be_writable(out)
    place = open_kept(workspace, lab=lab)
    with open_store(place) as store:
        found = store.find_run(run)
        record = record_of(store, place, found, now_of(place))
    if record.shown.story is None:
        msg = f"run {found.id} is one of {found.kind} and changed nothing: see getvpn-ops show {found.id}"
        raise UsageError(msg)
    write_text(report_text(record, _form(output, out)), out)
    _must_be_whole(record)


def _form(asked: RunForm | None, out: Path | None) -> RunForm:
    if asked is not None:
        return asked
    return RunForm.HTML if out is not None and out.suffix.casefold() in {".html", ".htm"} else RunForm.MARKDOWN


def _must_be_whole(record: RunRecord) -> None:
    if record.shown.faults:
        say("the journal is not as it was written: see getvpn-ops runs verify", "bold red")
        raise typer.Exit(ExitCode.FINDINGS)
