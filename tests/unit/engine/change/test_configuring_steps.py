"""One step on one member: whatever happens at each of its lines, its end is known, and right in the end."""

from __future__ import annotations

import pytest
from fake_hands import Killed
from line_by_line import BACK, LINES, LineRouter, go, staged, step_on, undisturbed

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.plan import PlannedLine

NAME, STEP = "br-1", "001-br-1"
TOTAL = len(LINES)
TEXTS = [line.text for line in LINES]


@pytest.mark.parametrize("minutes", [0, 5])
def test_undisturbed_and_once_more(minutes: int) -> None:
    router = LineRouter(NAME)
    stage = staged({NAME: router}, [step_on(router, NAME, minutes=minutes)])
    assert go(stage).code is ExitCode.GOOD
    assert stage.ledger.lines() == TEXTS
    assert router.lines == undisturbed()
    assert not router.kept
    again = stage.resumed()
    assert go(again).code is ExitCode.GOOD
    assert stage.ledger.lines() == TEXTS  # promise P6


@pytest.mark.parametrize("minutes", [0, 5])
@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "kill-before", "kill-after"])
@pytest.mark.parametrize("at", range(TOTAL))
def test_cut_at_each_line(kind: str, at: int, minutes: int) -> None:
    router = LineRouter(NAME)
    router.faults[at] = kind
    stage = staged({NAME: router}, [step_on(router, NAME, minutes=minutes)])
    try:
        ending = go(stage)
        assert ending.code in {ExitCode.GOOD, ExitCode.UNDETERMINED}
    except Killed:
        ending = None
    if ending is None or ending.code is not ExitCode.GOOD:
        stage = stage.resumed()
        ending = go(stage)
    assert ending.code is ExitCode.GOOD, ending
    assert router.lines == undisturbed()
    assert stage.ledger.lines() == TEXTS  # no line twice
    assert not router.kept  # no timer takes it back later


@pytest.mark.parametrize("at", range(TOTAL))
def test_the_timer_fires_between_cut_and_resume(at: int) -> None:
    router = LineRouter(NAME)
    router.faults[at] = "kill-after"
    stage = staged({NAME: router}, [step_on(router, NAME, minutes=5)])
    with pytest.raises(Killed):
        go(stage)
    router.fire()
    assert go(stage.resumed()).code is ExitCode.GOOD
    assert router.lines == undisturbed()


REFUSED = {
    "undone by the stay": ({}, {TEXTS[2]: "refuse"}, StepResult.NOTHING_SENT),
    "left partly by the stay": ({}, {TEXTS[3]: "refuse-stuck"}, StepResult.NOTHING_SENT),
    "after a drop, with lines from before": ({1: "drop-after"}, {TEXTS[3]: "refuse"}, StepResult.NOTHING_SENT),
    "taken, and not kept": ({}, {TEXTS[3]: "ignore"}, StepResult.NOTHING_SENT),
}


@pytest.mark.parametrize("minutes", [0, 5])
@pytest.mark.parametrize(("faults", "always", "result"), REFUSED.values(), ids=REFUSED)
def test_a_line_that_is_not_taken_leads_home(
    faults: dict[int, str], always: dict[str, str], result: StepResult, minutes: int
) -> None:
    router = LineRouter(NAME)
    before = router.lines
    router.faults, router.always = dict(faults), dict(always)
    stage = staged({NAME: router}, [step_on(router, NAME, minutes=minutes)])
    ending = go(stage)
    assert ending.code is ExitCode.FINDINGS
    assert router.lines == before
    known = stage.resumed().scene.log.step(STEP, NAME)
    assert known is not None
    assert known.result is result
    assert not router.kept
    assert "as it was before the step" in ending.reason or "none of them stands there" in ending.reason


def test_going_home_is_cut_and_goes_on() -> None:
    router = LineRouter(NAME)
    before = router.lines
    router.always = {TEXTS[2]: "ignore"}
    router.faults = {TOTAL: "drop-after"}  # the first line of the way back
    stage = staged({NAME: router}, [step_on(router, NAME)])
    ending = go(stage)
    assert ending.code is ExitCode.FINDINGS
    assert "taken back" in ending.reason
    assert router.lines == before


def test_locked_after_a_drop_says_what_stands_there() -> None:
    router = LineRouter(NAME)
    router.faults[1] = "kill-after"
    stage = staged({NAME: router}, [step_on(router, NAME)])
    with pytest.raises(Killed):
        go(stage)
    router.always["locked"] = "always"
    stage = stage.resumed()
    ending = go(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert f"2 of its {TOTAL} lines stand there" in ending.reason
    assert NAME in ending.held
    known = stage.scene.log.step(STEP, NAME)
    assert known is not None
    assert known.result is StepResult.PARTLY


def test_a_timer_that_is_not_confirmed_is_no_success() -> None:
    router = LineRouter(NAME)
    router.confirms = ["refused"]
    stage = staged({NAME: router}, [step_on(router, NAME, minutes=5)])
    ending = go(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert "within 5 minutes" in ending.reason
    assert stage.scene.log.proven(STEP) is None
    assert go(stage.resumed()).code is ExitCode.GOOD
    assert stage.ledger.lines() == TEXTS


def test_a_timer_that_fires_first_is_found() -> None:
    router = LineRouter(NAME)
    router.confirms = ["fire"]
    stage = staged({NAME: router}, [step_on(router, NAME, minutes=5)])
    assert "took 'a second key server' back" in go(stage).reason
    assert go(stage.resumed()).code is ExitCode.GOOD
    assert router.lines == undisturbed()


def test_a_drop_while_confirming_is_read_and_confirmed() -> None:
    router = LineRouter(NAME)
    router.confirms = ["drop"]
    stage = staged({NAME: router}, [step_on(router, NAME, minutes=5)])
    assert go(stage).code is ExitCode.GOOD
    assert not router.kept
    assert stage.ledger.lines() == TEXTS


def test_what_others_changed_after_a_cut_is_left_alone_and_said() -> None:
    router = LineRouter(NAME)
    router.faults[1] = "kill-after"
    step = step_on(router, NAME)
    stage = staged({NAME: router}, [step])
    with pytest.raises(Killed):
        go(stage)
    foreign = step.change().lines[3]
    router.router.type([type(foreign)("server address ipv4 10.255.0.9", foreign.path)])
    typed = list(stage.ledger.lines())
    stage = stage.resumed()
    ending = go(stage)
    assert ending.code is ExitCode.UNDETERMINED
    assert stage.ledger.lines() == typed
    assert not stage.scene.log.in_hand  # read: another plan may mend it
    assert NAME in ending.held


UNSEEN = (PlannedLine("description to the provider", ("interface Loopback0",)),)
UNSEEN_BACK = (PlannedLine("no description", ("interface Loopback0",)),)


@pytest.mark.parametrize("kind", ["", "drop-before", "drop-after", "kill-before", "kill-after"])
def test_lines_that_the_managed_ones_do_not_tell_of(kind: str) -> None:
    router = LineRouter(NAME)
    router.faults[0] = kind
    stage = staged({NAME: router}, [step_on(router, NAME, lines=UNSEEN, back=UNSEEN_BACK)])
    try:
        done = go(stage).code is ExitCode.GOOD
    except Killed:
        done = False
    if not done:
        assert go(stage.resumed()).code is ExitCode.GOOD
    assert UNSEEN[0].text in router.lines
    assert len(stage.ledger.lines()) == 1


def test_lines_that_the_managed_ones_do_not_tell_of_and_that_are_not_kept() -> None:
    router = LineRouter(NAME)
    router.always = {UNSEEN[0].text: "ignore"}
    stage = staged({NAME: router}, [step_on(router, NAME, lines=UNSEEN, back=UNSEEN_BACK)])
    ending = go(stage)
    assert ending.code is ExitCode.FINDINGS
    assert stage.scene.log.proven(STEP) is None


def test_the_rollback_of_these_tests_leads_home() -> None:
    router = LineRouter(NAME)
    before = router.lines
    step = step_on(router, NAME)
    router.router.type(step.change().lines)
    router.router.type(step.change().rollback)
    assert router.lines == before
    assert len(BACK) == 2
