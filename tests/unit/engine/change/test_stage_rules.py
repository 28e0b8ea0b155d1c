"""Windows, freezes, timeouts and words of operators, heeded between the waves of a run (P13)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fake_hands import START, StillClock, text_stage

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.migrating.pausing import Approval, Soak
from getvpn_ops.engine.change.scene import Hold, OnlyLooks
from getvpn_ops.engine.change.waiting import wait_for
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.inventory import Inventory
from getvpn_ops.model.journal import OperatorWord, StepProven, StepResult, Word
from getvpn_ops.model.plan import Perform, Plan, PlannedStage, PlannedStep, Wave
from getvpn_ops.model.plan_times import PlannedFreeze, PlannedWindow
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fake_hands import Stage

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Performer, Scene
    from getvpn_ops.model.journal_story import StepStory

# START is Sunday 2026-03-01, 08:05 UTC


@dataclass
class Sends:
    """A performer that sends something to nobody in particular, and takes so many seconds for it."""

    seconds: float = 0
    order: list[str] = field(default_factory=list)
    then: Callable[[str, Scene], None] = lambda _step, _scene: None

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        del step, scene
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        del hand

        def do() -> Settled:
            self.order.append(step.id)
            return Settled(StepResult.APPLIED)

        scene.log.send(step.id, "", step.title, ("a line",), do, once=False)
        return wait_for(scene, self.seconds) if self.seconds else None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        del part, step, scene
        return Settled(StepResult.APPLIED)

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        scene.log.prove(step.id, "", "seen")
        self.then(step.id, scene)
        return None


class LooksAt(Sends, OnlyLooks):
    """A gate that is open."""

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        del step, scene, hand
        return None

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        self.order.append(step.id)
        return super().prove(step, scene)


def wave(stage: str, *names: str, action: str = "send", **parameters: str) -> Wave:
    told = (("stage", stage), *parameters.items())
    steps = tuple(PlannedStep(name, "", f"do {name}", Perform(action, told)) for name in names)
    return Wave(f"wave of {names[0]}", steps, stage=stage)


def stage_of(waves: Iterable[Wave], *, windowed: bool = True, timeout: int = 0, **more: Any) -> Stage:  # noqa: ANN401 -- of Plan
    waves, nobody = tuple(waves), Inventory({}, {}, "a test")
    stages = tuple(
        PlannedStage(name, name, "do", windowed=windowed, timeout=timeout)
        for name in dict.fromkeys(item.stage for item in waves)
    )
    plan = Plan(
        "p-1", "a test", START, START + timedelta(days=60), "me@here", snapshot(nobody), waves=waves, stages=stages,
        **more,
    )  # fmt: skip
    made = text_stage({}, plan, nobody)
    made.scene.log.listens = 0
    return made


def went(stage: Stage, sends: Sends) -> Ending:
    found: Mapping[str, Performer] = {
        "send": sends, "gate": LooksAt(order=sends.order), "wait": Soak(), "approve": Approval(), "save": sends,
        "prove-rekey": sends,
    }  # fmt: skip
    return apply_plan(stage.scene, found)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHT = (PlannedWindow(("sat", "sun"), "22:00", "05:00", "Europe/London"),)


def test_nothing_is_begun_outside_of_the_window_and_resume_goes_on_inside() -> None:
    sends = Sends()
    stage = stage_of([wave("first", "a"), wave("first", "b")], windows=NIGHT)
    held = went(stage, sends)
    assert (held.code, sends.order) == (ExitCode.WINDOW, [])
    assert "it opens Sun 2026-03-01 22:00 Europe/London (2026-03-01 22:00 UTC)" in held.reason
    assert f"resume {stage.scene.run}" in held.next_step
    stage.clock.moment = at("2026-03-01T22:00:00")
    assert went(again(stage), sends).code is ExitCode.GOOD
    assert sends.order == ["a", "b"]


def again(stage: Stage) -> Stage:
    made = stage.resumed()
    made.scene.log.listens = 0
    return made


def test_a_window_that_ends_lets_the_wave_in_hand_end_and_its_gates_be_asked() -> None:
    sends = Sends(seconds=1800)
    waves = [wave("first", "a"), wave("first", "look", action="gate"), wave("first", "b")]
    stage = stage_of(waves, windows=NIGHT)
    stage.clock.moment = at("2026-03-02T04:45:00")
    held = went(stage, sends)
    assert (held.code, sends.order) == (ExitCode.WINDOW, ["a", "look"])
    assert "wave of b" in held.reason


def test_a_change_of_key_servers_that_has_begun_is_brought_to_its_end_unless_it_is_resumed() -> None:
    sends = Sends(seconds=1800)
    waves = [wave("first", name, action="prove-rekey") for name in "ab"]
    stage = stage_of(waves, windows=NIGHT)
    stage.clock.moment = at("2026-03-02T04:45:00")
    assert went(stage, sends).code is ExitCode.GOOD
    assert sends.order == ["a", "b"]
    stage = stage_of(waves, windows=NIGHT)
    stage.clock.moment = at("2026-03-02T04:45:00")
    stage.journal.append("run-1", StepProven("a", "", "seen by another process"))
    stage.clock.moment = at("2026-03-02T05:15:00")
    assert went(again(stage), sends).code is ExitCode.WINDOW


def test_a_gate_before_a_stage_that_has_not_begun_waits_for_its_window_and_a_yes_does_not() -> None:
    sends = Sends()
    waves = [wave("first", "yes", action="approve", ask="now?"), wave("first", "look", action="gate")]
    stage = stage_of(waves, windows=NIGHT)
    assert "waits for a person's word" in went(stage, sends).reason
    stage.journal.append(stage.scene.run, OperatorWord(Word.APPROVE_STAGE, "ann@noc", "first: do it"))
    held = went(again(stage), sends)
    assert (held.code, sends.order) == (ExitCode.WINDOW, [])
    assert "window is closed" in held.reason


def test_a_stage_without_a_window_goes_on_at_any_time_but_not_in_a_freeze() -> None:
    sends = Sends()
    freeze = PlannedFreeze(START - timedelta(hours=1), START + timedelta(hours=2), "end of the year")
    waves = [wave("first", "look", action="gate"), wave("first", "a")]
    assert went(stage_of(waves, windowed=False, windows=NIGHT), Sends()).code is ExitCode.GOOD
    frozen = stage_of(waves, windowed=False, freezes=(freeze,))
    held = went(frozen, sends)
    assert (held.code, sends.order) == (ExitCode.WINDOW, ["look"]), "who only looks is never frozen"
    assert "frozen until Sun 2026-03-01 10:05 UTC: end of the year" in held.reason
    frozen.clock.moment = START + timedelta(hours=2)
    assert went(again(frozen), sends).code is ExitCode.GOOD


def test_waits_of_a_stage_are_bounded_together_and_a_resumed_run_has_new_ones() -> None:
    sends = Sends(seconds=400)
    stage = stage_of([wave("first", "a"), wave("first", "b"), wave("second", "c")], timeout=10)
    begun = stage.clock.now()
    held = went(stage, sends)
    assert held.code is ExitCode.UNDETERMINED
    assert "stage first has waited for 10 min, which is its timeout" in held.reason
    assert stage.clock.now() - begun == timedelta(minutes=10)
    assert sends.order == ["a", "b"]
    done = went(again(stage), sends)
    assert done.code is ExitCode.GOOD, done.reason
    assert sends.order == ["a", "b", "b", "c"]


def test_a_soak_longer_than_the_timeout_holds_and_keeps_its_moment() -> None:
    stage = stage_of([wave("first", "soak", action="wait", minutes="30")], timeout=20)
    assert went(stage, Sends()).code is ExitCode.UNDETERMINED
    assert went(again(stage), Sends()).code is ExitCode.GOOD
    assert stage.clock.now() - START == timedelta(minutes=30)


ORDERS = {
    "hold": (Word.HOLD, ExitCode.INTERRUPTED, "ann@noc asked for a hold: too hot", "resume run-1"),
    "abort": (Word.ABORT, ExitCode.ABORTED, "ann@noc ended the run for good: too hot", "rollback run-1"),
}


@pytest.mark.parametrize(("word", "code", "why", "after"), ORDERS.values(), ids=ORDERS)
def test_another_person_stops_a_run_after_what_it_has_in_hand(word: Word, code: ExitCode, why: str, after: str) -> None:
    sends = Sends()
    stage = stage_of([wave("first", "a"), wave("first", "b")])

    def speak(_step: str, _scene: Scene) -> None:
        stage.journal.append("run-1", OperatorWord(word, "ann@noc", "too hot"))

    sends.then = speak
    held = went(stage, sends)
    assert (held.code, sends.order) == (code, ["a"])
    assert why in held.reason
    assert after in held.next_step


def test_a_hold_that_was_said_before_does_not_stop_who_resumes() -> None:
    sends = Sends()
    stage = stage_of([wave("first", "a")])
    stage.journal.append("run-1", OperatorWord(Word.HOLD, "ann@noc", "too hot"))
    assert went(again(stage), sends).code is ExitCode.GOOD


PROMOTED = {
    "of this stage": ("first: enough", timedelta(seconds=5)),
    "of another one": ("second: enough", timedelta(minutes=30)),
}


@pytest.mark.parametrize(("detail", "waited"), PROMOTED.values(), ids=PROMOTED)
def test_a_soak_is_ended_by_a_word_and_its_gates_are_asked(detail: str, waited: timedelta) -> None:
    sends = Sends()
    waves = [wave("first", "a"), wave("first", "soak", action="wait", minutes="30"), wave("first", "g", action="gate")]
    stage = stage_of(waves)
    promotes = Promotes(detail, stage)
    stage = replace(stage, scene=replace(stage.scene, clock=promotes))
    assert went(stage, sends).code is ExitCode.GOOD
    assert promotes.now() - START == waited
    assert sends.order == ["a", "g"]
    proof = stage.scene.log.proven("soak") or ""
    assert ("ann@noc ended the wait" in proof) is detail.startswith("first"), proof


class Promotes(StillClock):
    """A clock during whose first wait somebody speaks."""

    def __init__(self, detail: str, stage: Stage) -> None:
        super().__init__()
        self._detail, self._stage = detail, stage

    def wait_until(self, moment: datetime) -> bool:
        if not self.waits:
            self._stage.journal.append("run-1", OperatorWord(Word.PROMOTE, "ann@noc", self._detail))
        return super().wait_until(moment)
