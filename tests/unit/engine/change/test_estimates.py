"""How long stages take: assumed, measured in runs of our own, and bounded by the timeout of their waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import shown_plans as plans

from getvpn_ops.engine.change.migrating.estimating import MEMBER, SAVE, SERVER, paces, timed
from getvpn_ops.model.journal import Entry, Event, StepIntended, StepOutcome, StepResult
from getvpn_ops.model.plan import Perform, Plan, PlannedStage, PlannedStep, Wave

if TYPE_CHECKING:
    from getvpn_ops.model.plan_times import PlannedTime


def entries(device: str, line: str, seconds: list[float], result: StepResult = StepResult.APPLIED) -> list[Entry]:
    found, at = [], plans.MADE
    for number, span in enumerate(seconds):
        step = f"{number:03}-{device}"
        events: tuple[Event, Event] = (StepIntended(step, device, "a", (line,)), StepOutcome(step, device, result))
        found.append(Entry("me", 1, "r-1", at, events[0]))
        at += timedelta(seconds=span)
        found.append(Entry("me", 2, "r-1", at, events[1]))
    return found


def test_medians_of_our_own_runs_by_kind_and_none_of_a_few() -> None:
    journals = [
        entries("ks1", "sa receive-only", [4, 5, 6]),
        entries("ks1", "sa receive-only", [7, 90]),
        entries("gm1", "passive", [2, 2, 3, 3, 3, 50]),
        entries("gm1", "write memory", [1, 1, 1, 1]),
        entries("gm2", "passive", [999] * 9, StepResult.UNKNOWN),
    ]
    found = paces(journals, {"ks1"})
    assert found == {SERVER: (6, 5), MEMBER: (3, 6)}
    assert SAVE not in found


def step(action: str, **parameters: str) -> PlannedStep:
    return PlannedStep(f"001-{action}", "", action, Perform(action, tuple(parameters.items())))


def plan(*waves: Wave, timeout: int = 0) -> Plan:
    stage = PlannedStage("one", "one", "do", timeout=timeout)
    return plans.plan(waves=tuple(replace(wave, stage="one") for wave in waves), stages=(stage,))


def time_of(made: Plan) -> PlannedTime:
    found = made.stages[0].time
    assert found is not None
    return found


def test_members_of_a_batch_are_configured_at_the_same_time() -> None:
    members = tuple(plans.key(number, f"site{number}-gm1") for number in range(20))
    slow = time_of(timed(plan(Wave("m", members, at_once=1)), {}, {}))
    fast = time_of(timed(plan(Wave("m", members, at_once=10)), {}, {}))
    assert slow.usual == 10 * fast.usual


def test_a_measure_replaces_the_assumption_and_says_so() -> None:
    wave = Wave("m", (plans.key(1, "site1-gm1"),))
    assumed, measured = time_of(timed(plan(wave), {}, {})), time_of(timed(plan(wave), {}, {MEMBER: (30.0, 12)}))
    assert measured.usual > assumed.usual
    assert measured.basis == ("member configured: 30 s and a session, the median of 12 steps of our own runs",)
    assert assumed.basis == ("member configured: 10 s, assumed",)


BOUNDED = {
    "a soak": (step("wait", minutes="90"), 0, 5400, 5400),
    "a soak longer than its timeout": (step("wait", minutes="90"), 30, 1800, 1800),
    "rekeys of a long TEK": (step("await-rekeys", params='{"count": 2}'), 0, 5400, 7560),
    "a gate with patience": (step("gate", patience="10"), 0, 12, 720),
    "a person": (step("approve"), 0, 0, 0),
}


@pytest.mark.parametrize(("one", "timeout", "usual", "longest"), BOUNDED.values(), ids=BOUNDED)
def test_what_is_waited_for(one: PlannedStep, timeout: int, usual: float, longest: float) -> None:
    found = time_of(timed(plan(Wave("w", (one,)), timeout=timeout), {"WAN": 3600}, {}))
    assert (found.usual, found.longest) == (usual, longest)
    assert found.lowest <= found.usual <= found.longest
