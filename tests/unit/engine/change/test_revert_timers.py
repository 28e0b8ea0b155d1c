"""Revert timers after a try that ended badly: looked at, then ended, lengthened, used or waited for; no strange one."""

from __future__ import annotations

import pytest
from fake_hands import Killed, Stage
from line_by_line import LINES, LineRouter, go, staged, step_on, undisturbed

from getvpn_ops.dialect.revert_timer import SHOW_TIMER
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import ChangeLine
from getvpn_ops.model.journal import StepIntended, StepResult

NAME, STEP, MINUTES = "br-1", "001-br-1", 5
TEXTS = [line.text for line in LINES]
STRANGE = ChangeLine("server address ipv4 10.255.0.9", ("crypto gdoi group WAN",))


def stage_of(router: LineRouter, minutes: int = MINUTES) -> Stage:
    return staged({NAME: router}, [step_on(router, NAME, minutes=minutes)])


def killed(router: LineRouter, at: int) -> Stage:
    """A run that was killed behind so many lines, taken up again."""
    router.faults[at] = "kill-before"
    stage = stage_of(router)
    with pytest.raises(Killed):
        go(stage)
    return stage.resumed()


def parts(stage: Stage) -> list[str]:
    """What was meant to be typed, in the words of the journal."""
    events = [entry.event for entry in stage.journal.written]
    return [event.step.removeprefix(STEP) for event in events if isinstance(event, StepIntended)]


def test_a_session_lost_when_the_timer_was_armed_is_no_failure() -> None:
    router = LineRouter(NAME)
    router.entering = "drop"
    stage = stage_of(router)
    assert go(stage).code is ExitCode.GOOD
    assert parts(stage) == ["", ".confirm", "", ".confirm"]
    assert (router.lines, router.kept) == (undisturbed(), "")
    assert "nothing of the step stands there: it is ended" in " ".join(stage.said)


MET = {
    "nothing stands there": (0, ["", ".confirm", "", ".confirm"], []),
    "a part stands there": (2, ["", ".lengthen", "", ".confirm"], [f"configure revert timer {MINUTES}"]),
}


@pytest.mark.parametrize(("at", "sent", "reverts"), MET.values(), ids=MET)
def test_a_timer_of_this_run_is_seen_to(at: int, sent: list[str], reverts: list[str]) -> None:
    router = LineRouter(NAME)
    stage = killed(router, at)
    assert router.kept
    assert go(stage).code is ExitCode.GOOD
    assert (parts(stage), router.reverts) == (sent, reverts)
    assert stage.ledger.lines() == TEXTS
    assert (router.lines, router.kept) == (undisturbed(), "")
    assert "runs" in stage.scene.log.facts(STEP)["revert timer after a drop"] or at


def test_it_fires_when_it_is_lengthened() -> None:
    router = LineRouter(NAME)
    stage = killed(router, 2)
    looks: list[str] = []

    def then_fires(text: str) -> str:
        looks.append(text)
        if len(looks) > 1:  # the first one only settles how far the step came
            router.fire()
        return text

    stage.ledger.rewrites[NAME, SHOW_TIMER] = then_fires
    assert go(stage).code is ExitCode.GOOD
    assert router.lines == undisturbed()
    assert parts(stage) == ["", ".lengthen", "", ".confirm"]


def test_what_others_typed_is_neither_kept_nor_taken_back_but_waited_for() -> None:
    router = LineRouter(NAME)
    stage = killed(router, 2)
    router.router.type([STRANGE])
    waits = len(stage.clock.waits)

    def later(moment: object) -> bool:
        stage.clock.waits.append(moment)
        stage.clock.moment = moment
        if len(stage.clock.waits) - waits > 3:
            router.fire()
        return True

    stage.clock.wait_until = later
    assert go(stage).code is ExitCode.GOOD
    assert (router.lines, router.reverts) == (undisturbed(), [])
    assert ".undo" not in parts(stage)


def test_a_timer_that_never_ends_holds() -> None:
    router = LineRouter(NAME)
    stage = killed(router, 2)
    router.router.type([STRANGE])
    before = router.lines
    began = stage.clock.moment
    ending = go(stage)
    assert (ending.code, router.lines, router.reverts) == (ExitCode.UNDETERMINED, before, [])
    assert "runs on, longer than" in ending.reason
    assert (stage.clock.moment - began).total_seconds() <= (MINUTES + 1) * 60


def test_a_person_asks_for_the_end_while_it_is_waited_for() -> None:
    router = LineRouter(NAME)
    stage = killed(router, 2)
    router.router.type([STRANGE])
    stage.clock.broken = True
    assert go(stage).code is ExitCode.INTERRUPTED


@pytest.mark.parametrize("minutes", [MINUTES, 30])
def test_a_strange_timer_before_the_first_try_types_nothing(minutes: int) -> None:
    router = LineRouter(NAME)
    router.kept, router.minutes = router.lines, minutes
    stage = stage_of(router)
    ending = go(stage)
    assert (ending.code, parts(stage), stage.ledger.lines()) == (ExitCode.UNDETERMINED, [], [])
    assert f"a revert timer of {minutes} minutes runs, by ops" in ending.reason
    assert router.kept, "nobody ended it"
    router.kept = ""
    assert go(stage.resumed()).code is ExitCode.GOOD


@pytest.mark.parametrize("at", [0, 2])
def test_a_timer_of_another_length_is_left_alone(at: int) -> None:
    router = LineRouter(NAME)
    stage = killed(router, at)
    router.minutes = MINUTES + 1
    before = router.lines
    ending = go(stage)
    assert (ending.code, router.lines, bool(router.kept)) == (ExitCode.UNDETERMINED, before, True)
    assert "did not set" in ending.reason


@pytest.mark.parametrize("at", [0, 2])
def test_a_timer_that_the_device_does_not_show(at: int) -> None:
    router = LineRouter(NAME)
    router.is_mute = True
    stage = killed(router, at)

    def later(moment: object) -> bool:
        stage.clock.moment = moment
        router.fire()
        return True

    stage.clock.wait_until = later
    assert go(stage).code is ExitCode.GOOD
    assert (router.lines, router.kept) == (undisturbed(), "")
    assert parts(stage) == (["", "", ".confirm"] if at == 0 else ["", ".lengthen", "", ".confirm"])


def test_where_no_line_leads_back_the_device_goes_back_at_once() -> None:
    router = LineRouter(NAME)
    before = router.lines
    router.always = {TEXTS[3]: "refuse-stuck"}
    step = step_on(router, NAME, minutes=MINUTES, back=())
    stage = staged({NAME: router}, [step])
    ending = go(stage)
    assert (ending.code, router.lines, router.kept) == (ExitCode.FINDINGS, before, "")
    assert parts(stage) == ["", ".revert"]
    assert "took it back at once" in ending.reason
    known = stage.scene.log.step(STEP, NAME)
    assert known is not None
    assert known.result is StepResult.NOTHING_SENT


def test_no_timer_is_looked_for_where_none_is_armed() -> None:
    router = LineRouter(NAME)
    router.kept, router.minutes = router.lines, 30
    stage = stage_of(router, minutes=0)
    assert go(stage).code is ExitCode.GOOD
    assert not [item for item in stage.captures if "archive" in item.command]
    assert router.kept, "it is somebody else's"
