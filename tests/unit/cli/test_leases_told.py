"""What somebody is told whose run gets no lease, and why a plan that was begun gets no second run (P4, P5, P6)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import shown_plans as plans

from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.lease_words import held_by_another, lost_to_another
from getvpn_ops.cli.one_run import spent
from getvpn_ops.cli.who import who
from getvpn_ops.errors import ExitCode, LeaseHeldError, LeaseLostError
from getvpn_ops.model.journal import (
    PlanFixed,
    Resource,
    ResourceKind,
    RunBegun,
    RunEnded,
    StepIntended,
    StepOutcome,
    StepResult,
)
from getvpn_ops.settings import Settings, Workspace
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from getvpn_ops.model.journal import Event

NOW = datetime(2026, 3, 1, 8, 6, tzinfo=UTC)
PLAN = plans.plan()
MANY = [Resource(ResourceKind.DEVICE, f"bat-gm{number}") for number in range(12)]
TEN_MINUTES = timedelta(minutes=10)


class Desk:
    """A store with one run of a plan, and what commands are wired with, as far as they need it here."""

    def __init__(self, root: Path, store: Store) -> None:
        workspace = Workspace(root, Settings(), is_lab=True)
        self.store = store
        self.journal = store.journal(workspace.key(), workspace.journal_end, lambda: NOW)
        self.kept = KeptPlans(workspace).keep(PLAN)
        self.run = store.begin_run("apply", NOW, arguments={"plan": PLAN.id, "digest": self.kept.digest}).id
        self.tools: Any = SimpleNamespace(
            workspace=workspace, store=store, clock=SimpleNamespace(now=lambda: NOW), redactor=SimpleNamespace(text=str)
        )

    def write(self, *events: Event) -> None:
        for event in (RunBegun("apply", "ops@noc1"), PlanFixed(self.kept.digest), *events):
            self.journal.append(self.run, event)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    workspace = Workspace(tmp_path, Settings(), is_lab=True)
    workspace.prepare()
    with Store.open(workspace.store_url) as store:
        yield Desk(tmp_path, store)


def gone() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    return ended.pid


OWNERS: dict[str, tuple[Callable[[], str], tuple[str, ...], str]] = {
    "alive here": (lambda: f"{who()}, process {os.getpid()}", ("its process lives", "Ctrl-C"), "getvpn-ops resume"),
    "gone from here": (lambda: f"{who()}, process {gone()}", ("its process is gone", "getvpn-ops resume"), "Ctrl-C"),
    "of another machine": (lambda: "ops@noc2, process 7", ("nobody can tell from here", "gone for good"), "Ctrl-C"),
}


@pytest.mark.parametrize("name", OWNERS)
def test_who_stands_in_the_way_is_told_once_and_what_to_do_about_it(desk: Desk, name: str) -> None:
    owner, said, unsaid = OWNERS[name]
    leases = desk.store.leases(desk.journal)
    lease = leases.take(desk.run, MANY, TEN_MINUTES).id
    with desk.store._database.write("set the owner") as connection:  # noqa: SLF001 -- no method does this
        connection.exec_driver_sql("UPDATE leases SET owner = ?", (owner(),))
    other = desk.store.begin_run("apply", NOW).id
    with pytest.raises(LeaseHeldError) as held:
        leases.take(other, MANY[3:5], TEN_MINUTES)
    assert held.value.leases == (lease,)
    text = str(held_by_another(desk.tools, held.value, other))
    assert "nothing was sent" in text.splitlines()[0]
    assert all(words in text for words in said)
    assert unsaid not in text
    assert text.count(desk.run) <= 2
    assert text.count(f"getvpn-ops unlock {lease} --reason '...' --lab") == 1
    assert "since 2026-03-01 08:06:00, until " in text
    assert "and 4 more" in text


def test_the_lease_of_the_same_run_is_another_process_of_it(desk: Desk) -> None:
    leases = desk.store.leases(desk.journal)
    leases.take(desk.run, MANY, TEN_MINUTES)
    with pytest.raises(LeaseHeldError) as held:
        leases.take(desk.run, MANY, TEN_MINUTES)
    assert "another process is at it" in str(held_by_another(desk.tools, held.value, desk.run))


def test_a_lease_that_was_given_back_meanwhile_is_told_as_the_store_did(desk: Desk) -> None:
    error = LeaseHeldError("run x has it", ("0",))
    assert held_by_another(desk.tools, error, desk.run) is error


def test_who_lost_a_lease_is_told_how_to_go_on(desk: Desk) -> None:
    text = str(lost_to_another(desk.tools, LeaseLostError("lease 1 was broken"), desk.run))
    assert text.startswith("lease 1 was broken")
    assert f"getvpn-ops resume {desk.run} --lab" in text


STEP = StepIntended("001-rekey", "hub-ks1", "rekey", ("crypto gdoi ks rekey",), once=True)


def outcome(result: StepResult) -> StepOutcome:
    return StepOutcome(STEP.step, STEP.device, result, "")


SENT, UNSENT = outcome(StepResult.APPLIED), outcome(StepResult.NOTHING_SENT)
RUNS: dict[str, tuple[tuple[Event, ...], str, str]] = {
    "nothing was sent": ((STEP, UNSENT, RunEnded(3)), "", ""),
    "it did not come to a step": ((RunEnded(6),), "", ""),
    "done": ((STEP, SENT, RunEnded(int(ExitCode.GOOD))), "was applied by run", "getvpn-ops show"),
    "held": ((STEP, SENT, RunEnded(3)), "has not come to its end", "getvpn-ops resume"),
    "killed": ((STEP,), "has not come to its end", "getvpn-ops resume"),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_plan_is_applied_by_one_run(desk: Desk, name: str) -> None:
    events, reason, command = RUNS[name]
    desk.write(*events)
    found = spent(desk.tools, desk.kept)
    assert (found is None) is (not reason)
    if found is not None:
        assert reason in found.reason
        assert found.next_step == f"{command} {desk.run} --lab"


def test_a_run_that_has_its_lease_is_told_by_that(desk: Desk) -> None:
    desk.write(STEP)
    desk.store.leases(desk.journal).take(desk.run, MANY, TEN_MINUTES)
    assert spent(desk.tools, desk.kept) is None


def test_another_plan_is_another_plan(desk: Desk) -> None:
    desk.write(STEP, SENT, RunEnded(0))
    other = KeptPlans(desk.tools.workspace).keep(plans.plan(id="p-20260301-090000-zzzz"))
    assert spent(desk.tools, other) is None
