"""Waves, budgets and holds of a run over members: never more than so many, nothing begun after too many failed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_hands import Killed, Stage
from hypothesis import given, settings
from hypothesis import strategies as st
from line_by_line import LINES, LineRouter, go, staged, step_on, stopped, undisturbed

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.configuring import Configuring
from getvpn_ops.engine.change.scene import Hold, Scene
from getvpn_ops.errors import ExitCode, LeaseLostError, StoreError
from getvpn_ops.model.journal import StepIntended, StepOutcome, StepResult, StepSettled
from getvpn_ops.model.plan import PlannedStep, Wave

TOTAL = len(LINES)


def fleet(count: int) -> dict[str, LineRouter]:
    return {f"br-{number}": LineRouter(f"br-{number}", f"FOC{number}") for number in range(count)}


@settings(max_examples=25, deadline=None)
@given(
    bad=st.lists(st.sampled_from(["", "refuse", "down", "drop-after"]), min_size=1, max_size=7),
    at_once=st.integers(1, 4),
    budget=st.integers(0, 3),
)
def test_nothing_is_begun_once_too_many_failed(bad: list[str], at_once: int, budget: int) -> None:
    routers = fleet(len(bad))
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()], at_once=at_once, budget=budget)
    down = {f"br-{at}" for at, kind in enumerate(bad) if kind == "down"}
    for (name, router), kind in zip(routers.items(), bad, strict=True):
        if kind == "refuse":
            router.always[LINES[1].text] = kind
        elif kind == "drop-after":
            router.faults[1] = kind
        del name
    failing = [at for at, kind in enumerate(bad) if kind in {"refuse", "down"}]
    stage.ledger.down |= down if len(down) <= budget else set()
    failing = [at for at in failing if bad[at] == "refuse" or f"br-{at}" in stage.ledger.down]
    ending = go(stage)
    assert all(len(names) <= at_once for names, _ in stage.hands.rounds)  # type: ignore[attr-defined]
    assert (ending.code is ExitCode.GOOD) is (not failing)
    begun = {name for name, _ in stage.ledger.typed}
    if len(failing) > budget:
        refused = [at for at in failing if bad[at] == "refuse"]
        gone = len(failing) - len(refused)  # found while everyone was read
        last = refused[budget - gone]
        assert begun.isdisjoint(f"br-{at}" for at in range(last + 1, len(bad)))
    for at, kind in enumerate(bad):  # nobody is left between: as before, or done
        name = f"br-{at}"
        done = undisturbed(name)
        assert routers[name].lines in {done, LineRouter(name).lines}
        assert (routers[name].lines == done) is (name in begun and kind != "refuse")
    assert {f"br-{at}" for at in failing if f"br-{at}" in begun} <= set(ending.held)


def test_all_that_failed_are_said() -> None:
    routers = fleet(3)
    for router in routers.values():
        router.faults[1] = "kill-after"
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()], at_once=3, budget=2)
    for _ in routers:
        with pytest.raises(Killed):
            go(stage)
        stage = stage.resumed()
    stage.ledger.down |= {"br-0", "br-1", "br-2"}
    ending = go(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert set(ending.held) == set(routers)
    assert {name for name, _ in stage.ledger.typed} == set(routers)


def test_a_member_that_died_in_hand_is_left_out_within_the_budget() -> None:
    routers = fleet(2)
    routers["br-0"].faults[1] = "kill-after"
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()], budget=1)
    with pytest.raises(Killed):
        go(stage)
    stage = stage.resumed()
    stage.ledger.down.add("br-0")
    ending = go(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert "unknown" in ending.held["br-0"]
    assert routers["br-1"].lines == undisturbed("br-1")


class Changing(Configuring):
    """Configures; from its second look on something else is wrong with the group."""

    looks = 0

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        Changing.looks += 1
        return Hold(f"{step.device}: a rekey is near") if Changing.looks > 1 else super().guard(step, scene)


def test_after_a_drop_it_is_guarded_again_before_anything_is_typed() -> None:
    routers = fleet(1)
    routers["br-0"].faults[1] = "drop-after"
    stage = staged(routers, [step_on(routers["br-0"], "br-0")])
    Changing.looks = 0
    ending = apply_plan(stage.scene, {"configure": Changing()})
    assert (ending.code, Changing.looks) == (ExitCode.FINDINGS, 2)
    assert "a rekey is near" in ending.reason
    assert len(stage.ledger.lines()) == 2
    assert "partly" in ending.held["br-0"]
    assert go(stage.resumed()).code is ExitCode.GOOD
    assert stage.ledger.lines() == [line.text for line in LINES]


def settled(stage: Stage, result: StepResult) -> Stage:
    """What an operator says of the first router, whose step is in hand."""
    stage.journal.append(stage.scene.run, StepSettled("001-br-0", "br-0", result, "ops@noc1", "it burnt down"))  # type: ignore[arg-type]
    return stage.resumed()


def test_an_operator_says_that_a_router_is_gone() -> None:
    routers = fleet(2)
    routers["br-0"].faults[1] = "kill-after"
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()])
    with pytest.raises(Killed):
        go(stage)
    stage.ledger.down.add("br-0")
    assert go(stage.resumed()).code is ExitCode.UNDETERMINED
    stage = settled(stage, StepResult.GONE)
    ending = go(stage)  # nobody failed, so that no budget is needed
    assert ending.code is ExitCode.FINDINGS
    assert ending.held["br-0"] == "br-0 is gone for good, says ops@noc1: it burnt down"
    assert stage.scene.log.proven("001-br-0") is None, "a word proves nothing"
    assert routers["br-1"].lines == undisturbed("br-1")


@pytest.mark.parametrize("result", [StepResult.GONE, StepResult.APPLIED, StepResult.NOTHING_SENT])
def test_what_a_device_shows_counts_more_than_an_operators_word(result: StepResult) -> None:
    routers = fleet(1)
    routers["br-0"].faults[1] = "kill-after"
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()])
    with pytest.raises(Killed):
        go(stage)
    stage = settled(stage, result)
    assert go(stage).code is ExitCode.GOOD
    assert routers["br-0"].lines == undisturbed("br-0")
    assert stage.ledger.lines() == [line.text for line in LINES]
    assert "can be read after all: partly" in " ".join(stage.said)


@pytest.mark.parametrize("result", [StepResult.APPLIED, StepResult.NOTHING_SENT])
def test_a_word_about_a_router_that_is_silent_makes_nothing_of_it_done(result: StepResult) -> None:
    routers = fleet(1)
    routers["br-0"].faults[1] = "kill-after"
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()])
    with pytest.raises(Killed):
        go(stage)
    stage.ledger.down.add("br-0")
    stage = settled(stage, result)
    ending = go(stage)
    assert (ending.code, stage.scene.log.in_hand) == (ExitCode.UNDETERMINED, ())
    assert stage.scene.log.proven("001-br-0") is None


def test_interrupted_between_devices() -> None:
    routers = fleet(3)
    stage = stopped(staged(routers, [step_on(router, name) for name, router in routers.items()]), 1)
    ending = go(stage)
    assert ending.code is ExitCode.INTERRUPTED
    assert "known state" in ending.reason
    assert [name for name, _ in stage.ledger.typed] == ["br-0"] * TOTAL
    stage = stage.resumed()
    stage = replace(stage, scene=replace(stage.scene, stopping=lambda: False))
    assert go(stage).code is ExitCode.GOOD
    assert stage.ledger.lines("br-0") == [line.text for line in LINES]  # proven: not begun again


def test_a_lost_lease_stops_everything() -> None:
    routers = fleet(2)
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()], at_once=2)
    stage.leases.lost = True
    with pytest.raises(LeaseLostError):
        go(stage)
    assert stage.ledger.typed == []


@pytest.mark.parametrize("kind", [StepIntended, StepOutcome])
def test_a_journal_that_fails(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    routers = fleet(2)
    stage = staged(routers, [step_on(router, name) for name, router in routers.items()])
    append = type(stage.leases).append

    def fails(self: object, lease: object, event: object, *more: object) -> object:
        if isinstance(event, kind):
            raise StoreError("the disk is full")
        return append(self, lease, event, *more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(stage.leases), "append", fails)
        with pytest.raises(StoreError):
            go(stage)
    typed = stage.ledger.lines()
    assert typed == ([] if kind is StepIntended else [line.text for line in LINES])
    stage = stage.resumed()
    assert bool(stage.scene.log.in_hand) is (kind is StepOutcome)
    assert go(stage).code is ExitCode.GOOD
    assert len(stage.ledger.lines()) == 2 * TOTAL


def test_a_reload_before_it_was_saved_is_no_success() -> None:
    routers = fleet(2)
    before = routers["br-0"]
    steps = [step_on(router, name) for name, router in routers.items()]
    stage = staged(routers, (), waves=tuple(Wave(step.title, (step,)) for step in steps))
    ending = go(stopped(stage, 1))
    assert ending.code is ExitCode.INTERRUPTED
    before.router = LineRouter("br-0").router  # what was saved
    ending = go(stage.resumed())
    assert ending.code is ExitCode.STALE
    assert "reload" in ending.reason
