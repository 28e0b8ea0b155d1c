"""The report of a run out of store, plan and backups; and the files of it that a run of a playbook leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from getvpn_ops.cli.changing_clock import clock_or_wall
from getvpn_ops.cli.output import say, write_text
from getvpn_ops.cli.run_shown import journal_to_read, shown_run
from getvpn_ops.errors import GetvpnOpsError
from getvpn_ops.reports.run_html import run_html
from getvpn_ops.reports.run_markdown import run_markdown
from getvpn_ops.reports.run_record import DeviceChange, RunForm, RunRecord
from getvpn_ops.services.backup import History

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.backup import BackupEntry
    from getvpn_ops.model.run import Run
    from getvpn_ops.reports.story import ShownRun
    from getvpn_ops.settings import Workspace
    from getvpn_ops.store.store import Store

_DEVICES = 80
"""Whose backups are compared: no form of the report shows more."""
_FORMS = {RunForm.HTML: run_html, RunForm.MARKDOWN: run_markdown}


def record_of(store: Store, workspace: Workspace, run: Run, now: Callable[[], datetime]) -> RunRecord:
    """All that the report of a run says.

    Args:
        store: open.
        workspace: whose.
        run: its record.
        now: the clock.

    Raises:
        StoreError: its events cannot be read, or are not as they were written.
    """
    shown = shown_run(store, workspace, run, now)
    entries = journal_to_read(store, workspace, now).entries(run.id)
    changes, note = _changes(workspace, shown)
    return RunRecord(shown, entries, now(), _zone(), changes, note)


def report_text(record: RunRecord, form: RunForm) -> str:
    """The report in a form."""
    return _FORMS[form](record)


def leave_reports(tools: Wiring, run: Run) -> None:
    """Write the report of a run into the workspace, and say where; that it cannot be written only is said.

    Args:
        tools: of the workspace.
        run: that has come to an end of its own; a later one of the same run writes over it.
    """
    folder = tools.workspace.reports
    try:
        record = record_of(tools.store, tools.workspace, run, clock_or_wall(tools.clock).now)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for form in RunForm:
            path = folder / f"{run.id}.{form.value}"
            write_text(tools.redactor.text(report_text(record, form)), path)
            say(f"report: {path}")
    except (GetvpnOpsError, OSError) as exc:  # the run is over, and its journal has all of it
        say(f"warning: no report of run {run.id} was written: {tools.redactor.text(str(exc))}", "bold yellow")


def _zone() -> tzinfo:
    """Of the machine that makes the report."""
    return datetime.now(UTC).astimezone().tzinfo or UTC


def _changes(workspace: Workspace, shown: ShownRun) -> tuple[tuple[DeviceChange, ...], str]:
    """What backups say of the devices of a run, and why they do not tell all."""
    if not (workspace.backups / ".git").exists():
        return (), "There is no backup of this run: shown are the lines that were typed."
    history = History(workspace.backups)
    try:
        before, after, names = _ends(history.entries(), shown)
        if before is None or after is None:
            return (), "Backups do not show this run from begin to end: shown are the lines that were typed."
        diffs = [(name, history.diff(name, before, after)) for name in names[:_DEVICES]]
    except GetvpnOpsError as exc:
        return (), f"Backups could not be compared ({exc}): shown are the lines that were typed."
    source = f"backup {before.commit[:8]} -> {after.commit[:8]}"
    return tuple(DeviceChange(name, tuple(diff.splitlines()), source) for name, diff in diffs if diff), ""


def _ends(
    entries: tuple[BackupEntry, ...], shown: ShownRun
) -> tuple[BackupEntry | None, BackupEntry | None, list[str]]:
    """The backups before and after a run, the newest first; and devices that differ between them.

    A backup that found nothing new made no commit: then the one before it is what devices held.
    """
    own = [place for place, entry in enumerate(entries) if entry.run == shown.run.id]
    after = next((entries[place] for place in own if entries[place].reason.startswith("after")), None)
    first = own[-1] if own else len(entries)
    at = first if own and entries[first].reason.startswith("before") else first + 1
    before = entries[at] if at < len(entries) else None
    planned = {device.name for device in shown.plan.devices if device.is_changed} if shown.plan else set()
    names = {name for place in own if entries[place] is not before for name in entries[place].devices}
    return before, after, sorted(names & planned if planned else names)
