"""Rekeys that a stage waits for: counted on members, and never mistaken for a registration."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from networks import MIDDLE, NEW, OLD, Network, registered
from stage_steps import STEP, evidence, on_network, went

from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.gdoi.harms import HARMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_hands import Stage

HOUR = 3600.0


def awaited(made: Network, count: int = 2) -> Stage:
    return on_network(made, "await-rekeys", count=count)


@pytest.mark.parametrize("release", [NEW, MIDDLE])
def test_rekeys_come_and_each_is_waited_for_until_it_is_due(release: str) -> None:
    made = registered(usual=release)
    stage, begun = awaited(made), made.clock.now()
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    assert "2 rekeys or more came at each of 2 members" in evidence(stage)
    assert timedelta(hours=3) < made.clock.now() - begun < timedelta(hours=4), "two keys of two hours"
    assert not stage.ledger.typed


def clear(made: Network, stage: Stage) -> None:
    del stage
    made.type("gm2", "clear crypto gdoi", "yes")


def lose(made: Network, stage: Stage) -> None:
    del stage
    HARMS["lose-rekeys"](made.world, "gm2", {})


def silence(made: Network, stage: Stage) -> None:
    stage.ledger.down |= {name for name in made.routers if name.startswith("ks")}


CASES: dict[str, tuple[Callable[[Network, Stage], None], ExitCode, str]] = {
    "registers anew": (clear, ExitCode.FINDINGS, "registered anew instead of being rekeyed: gdoi-group1 gm2"),
    "misses rekeys": (lose, ExitCode.FINDINGS, "missed a rekey: gdoi-group1 gm2"),
    "no key server": (silence, ExitCode.UNDETERMINED, "whether rekeys reached everyone cannot be told"),
}


@pytest.mark.parametrize(("fault", "code", "said"), CASES.values(), ids=CASES)
def test_a_wait_ends_with_what_happened_meanwhile(
    fault: Callable[[Network, Stage], None], code: ExitCode, said: str
) -> None:
    made = registered()
    stage = awaited(made)
    made.clock.after(HOUR, lambda: fault(made, stage))
    done = went(stage)
    assert (done.code, said in done.reason) == (code, True), done.reason
    assert not evidence(stage)


def test_old_software_that_counts_nothing_and_keeps_no_log_cannot_tell() -> None:
    done = went(awaited(registered(usual=OLD), count=1))
    assert done.code is ExitCode.UNDETERMINED
    assert "neither log nor counters tell" in done.reason


def test_who_does_not_answer_at_the_beginning_is_not_waited_for() -> None:
    stage = awaited(registered())
    stage.ledger.down.add("gm2")
    done = went(stage)
    assert done.code is ExitCode.UNDETERMINED
    assert "gm2" in done.reason
    assert not stage.scene.log.facts(STEP)


def test_a_run_that_is_resumed_counts_from_where_it_began() -> None:
    made = registered()
    stage = awaited(made)
    clock, begun = stage.scene.clock, made.clock.now()
    waits = clock.wait_until
    clock.wait_until = lambda moment: clock.now() - begun < timedelta(hours=2.5) and waits(moment)  # type: ignore[method-assign]
    assert went(stage).code is ExitCode.INTERRUPTED
    clock.wait_until = waits  # type: ignore[method-assign]
    again = stage.resumed()
    assert went(again).code is ExitCode.GOOD
    assert made.clock.now() - begun < timedelta(hours=4), "the rekey before the interruption counts"
