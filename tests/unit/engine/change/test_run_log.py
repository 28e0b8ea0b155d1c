"""The log of a run over a real journal: once is once for a plan, and a lease that is old is read again."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from journals import NOW, open_journal

from getvpn_ops.engine.change.log import LEASE, RunLog, Settled
from getvpn_ops.errors import LeaseLostError, StepRefusedError
from getvpn_ops.model.journal import PlanFixed, Resource, ResourceKind, StepResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from getvpn_ops.store import Store
    from getvpn_ops.store.journal import Journal

DEVICE = Resource(ResourceKind.DEVICE, "hub-ks1")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Store, Journal]]:
    with open_journal(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "end") as found:
        yield found


def opened(kept: tuple[Store, Journal], plan: str) -> RunLog:
    """A run of a plan; the lease of the one before is given back."""
    store, journal = kept
    leases = store.leases(journal)
    for held in leases.held():
        leases.release(held)
    run = store.begin_run("apply", NOW).id
    lease = leases.take(run, [DEVICE], LEASE)
    leases.append(lease, PlanFixed(plan * 64))
    return RunLog(run, journal, leases, lease)


def send(log: RunLog, result: StepResult) -> None:
    log.send("001-rekey", "hub-ks1", "rekey", ("crypto gdoi ks rekey",), lambda: Settled(result), once=True)


SECOND = {
    "applied, and the same plan": (StepResult.APPLIED, "a", False),
    "partly, and the same plan": (StepResult.PARTLY, "a", False),
    "nothing sent, and the same plan": (StepResult.NOTHING_SENT, "a", True),
    "applied, and a plan of its own": (StepResult.APPLIED, "b", True),
}


@pytest.mark.parametrize(("first", "plan", "is_sent"), SECOND.values(), ids=SECOND)
def test_once_is_once_for_a_plan(kept: tuple[Store, Journal], first: StepResult, plan: str, *, is_sent: bool) -> None:
    send(opened(kept, "a"), first)
    second = opened(kept, plan)
    if is_sent:
        send(second, StepResult.APPLIED)
        assert second.is_applied("001-rekey", "hub-ks1")
        return
    with pytest.raises(StepRefusedError, match="of the same plan sent it"):
        send(second, StepResult.APPLIED)


def test_what_is_left_unknown_names_the_run_to_resume(kept: tuple[Store, Journal]) -> None:
    first = opened(kept, "a")
    send(first, StepResult.UNKNOWN)
    with pytest.raises(StepRefusedError, match=f"getvpn-ops resume {first.run}"):
        send(opened(kept, "b"), StepResult.APPLIED)


PASSED = {"little": (0.1, False), "more than half of it": (0.6, True)}


@pytest.mark.parametrize(("share", "is_lost"), PASSED.values(), ids=PASSED)
def test_a_process_that_slept_reads_its_lease_again(
    kept: tuple[Store, Journal], monkeypatch: pytest.MonkeyPatch, share: float, *, is_lost: bool
) -> None:
    log = opened(kept, "a")
    store, journal = kept
    leases = store.leases(journal)
    leases.unlock(leases.held()[0].id, "stopped", "somebody")
    later = time.monotonic() + (LEASE * share / timedelta(seconds=1))
    monkeypatch.setattr(time, "monotonic", lambda: later)
    if not is_lost:
        log.keep_alive()  # too early to ask: the next transaction does
        with pytest.raises(LeaseLostError):
            send(log, StepResult.APPLIED)
        return
    with pytest.raises(LeaseLostError):
        log.keep_alive()
