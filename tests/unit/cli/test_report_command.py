"""``report`` of a run, and the files that a playbook's run leaves; no device is called."""

from __future__ import annotations

import stat
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import run_records as runs
from typer.testing import CliRunner

from getvpn_ops.cli import reporting
from getvpn_ops.cli.app import app
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.reporting import leave_reports
from getvpn_ops.cli.ticket import ticket_of
from getvpn_ops.errors import ExitCode, GetvpnOpsError, StoreError, UsageError
from getvpn_ops.model.backup import BackupEntry
from getvpn_ops.model.journal import PlanFixed
from getvpn_ops.settings import Settings, Workspace
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from getvpn_ops.model.run import Run


class Clean:
    """A redactor that knows one secret."""

    def text(self, text: str) -> str:
        return text.replace("called them", "<redacted>")


class Tools:
    """What the end of a run works with."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self.store, self.workspace, self.redactor = store, workspace, Clean()
        self.clock: Any = Stopped()


class Stopped:
    """The clock of a run that is over."""

    def now(self) -> Any:  # noqa: ANN401 -- a moment
        return runs.BEGUN + timedelta(hours=9)


class Place:
    """A workspace with a run of a playbook that came to its end, and one that changed nothing."""

    def __init__(self, root: Path) -> None:
        (root / "getvpn-ops.yaml").write_text("{}\n")
        self.root, self.workspace = root, Workspace(root, Settings())
        self.workspace.prepare()
        kept = KeptPlans(self.workspace).keep(runs.PLAN)
        arguments = {"plan": runs.PLAN.id, "digest": kept.digest, "ticket": "CHG0012"}
        with self.store() as store:
            run = store.begin_run("apply", runs.BEGUN, arguments=arguments)
            store.begin_run("collect", runs.BEGUN + timedelta(days=1), arguments={})
            for entry in runs.done().entries:
                event = PlanFixed(kept.digest) if isinstance(entry.event, PlanFixed) else entry.event
                now = partial(entry.at.astimezone, UTC)
                store.journal(self.workspace.key(), self.workspace.journal_end, now).append(run.id, event)
            self.run: Run = store.finish_run(run.id, runs.BEGUN + timedelta(hours=9), 0, {})

    def store(self) -> Store:
        return Store.open(self.workspace.store_url)

    def type(self, *words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["report", *words, "-w", str(self.root)])
        if isinstance(done.exception, GetvpnOpsError):
            return int(done.exception.exit_code), done.stdout, str(done.exception)
        return done.exit_code, done.stdout, done.stderr

    def leave(self) -> list[Path]:
        with self.store() as store:
            leave_reports(Tools(store, self.workspace), self.run)  # type: ignore[arg-type]
        return sorted(self.workspace.reports.glob("*"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


FORMS: dict[str, tuple[tuple[str, ...], str]] = {
    "for a ticket, if nothing is said": ((), "# Run `"),
    "Markdown": (("-o", "md"), "# Run `"),
    "a page": (("-o", "html"), "<!doctype html>"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_report_is_data_on_stdout(place: Place, name: str) -> None:
    words, begins = FORMS[name]
    code, out, said = place.type(place.run.id, *words)
    assert (code, said) == (ExitCode.GOOD, "")
    assert out.startswith(begins)
    with place.store() as store:
        head = store.journal(place.workspace.key(), place.workspace.journal_end, Stopped().now).verify().head
    assert head in out, "the head of the journal stands in each report (P15)"
    assert all(text in out for text in ("CHG0012", "lead@noc2", "night@noc2", "20 encrypted on bat-gm1"))


@pytest.mark.parametrize(("suffix", "begins"), [("html", "<!doctype"), ("md", "# Run")])
def test_a_file_tells_the_form_by_its_name_and_is_private(place: Place, suffix: str, begins: str) -> None:
    path = place.root / f"report.{suffix}"
    assert place.type("last-apply", "--out", str(path))[0] == ExitCode.GOOD
    assert path.read_text().startswith(begins)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_run_that_changed_nothing_has_none(place: Place) -> None:
    code, out, said = place.type("last")
    assert (code, out) == (ExitCode.USAGE, "")
    assert "is one of collect and changed nothing" in said


def test_a_journal_that_was_tampered_with_is_said_and_reported(place: Place) -> None:
    with place.store() as store, store._database.write("tamper") as connection:  # noqa: SLF001 -- by hand
        connection.exec_driver_sql("DELETE FROM journal WHERE number = (SELECT max(number) FROM journal)")
    code, out, said = place.type(place.run.id)
    assert (code, "not as it was written" in said) == (ExitCode.FINDINGS, True)
    assert "the journal is not as it was written" in out


def test_a_run_of_a_playbook_leaves_both_forms(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    found = place.leave()
    assert [path.name for path in found] == [f"{place.run.id}.html", f"{place.run.id}.md"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    assert stat.S_IMODE(place.workspace.reports.stat().st_mode) == 0o700
    assert all("called them" not in path.read_text() for path in found), "what the redactor knows is gone"
    said = "".join(capsys.readouterr().err.split())
    assert all(str(path) in said for path in found)
    assert place.leave() == found, "a run that goes on writes over it"


@pytest.mark.parametrize("error", [StoreError("the disk is full"), OSError("the disk is full")])
def test_a_report_that_cannot_be_written_does_not_harm_the_run(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(reporting, "record_of", fail)
    assert place.leave() == []
    assert "the disk is full" in capsys.readouterr().err


def entry(commit: str, minutes: int, reason: str, run: str, *devices: str) -> BackupEntry:
    return BackupEntry(commit * 40, runs.BEGUN + timedelta(minutes=minutes), reason, run, devices)


OWN = runs.RUN.id
OLD = entry("0", -90, "on demand", "b-1", "bat-gm1", "hub-ks1")
BEFORE = entry("1", 0, "before playbook", OWN, "bat-gm1")
AFTER = entry("2", 9, "after playbook", OWN, "bat-gm1", "cph-gm1")
AGAIN = entry("3", 600, "after playbook", OWN, "hub-ks1")
LATER = entry("4", 900, "on demand", "b-2", "hub-ks1")
ENDS: dict[str, tuple[tuple[BackupEntry, ...], tuple[BackupEntry | None, BackupEntry | None, list[str]]]] = {
    "before and after": ((AFTER, BEFORE, OLD), (BEFORE, AFTER, ["bat-gm1"])),
    "nothing was new before": ((LATER, AFTER, OLD), (OLD, AFTER, ["bat-gm1"])),
    "taken up again": ((LATER, AGAIN, AFTER, BEFORE, OLD), (BEFORE, AGAIN, ["bat-gm1", "hub-ks1"])),
    "nothing came after": ((LATER, BEFORE, OLD), (BEFORE, None, [])),
    "it is the first backup of all": ((AFTER,), (None, AFTER, ["bat-gm1"])),
    "none of this run": ((LATER, OLD), (None, None, [])),
}


@pytest.mark.parametrize("name", ENDS)
def test_which_backups_a_run_lies_between(name: str) -> None:
    entries, expected = ENDS[name]
    assert reporting._ends(entries, runs.done().shown) == expected  # noqa: SLF001 -- cph-gm1 is not changed by the plan


TICKETS: dict[str, Callable[[], str]] = {
    "two words": lambda: ticket_of("CHG 1"),
    "a new line": lambda: ticket_of("CHG1\n"),
    "nothing": lambda: ticket_of(""),
    "too long": lambda: ticket_of("C" * 64),
    "a tag": lambda: ticket_of("<b>"),
}


@pytest.mark.parametrize("name", TICKETS)
def test_a_ticket_is_a_number_and_no_text(name: str) -> None:
    with pytest.raises(UsageError, match="is no number of a ticket"):
        TICKETS[name]()


def test_a_ticket_as_systems_number_them() -> None:
    assert [ticket_of(text) for text in (None, "CHG0012", "NET-17/2", "#4711"[1:])] == [
        "",
        "CHG0012",
        "NET-17/2",
        "4711",
    ]
