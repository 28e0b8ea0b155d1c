"""The drill: another key server takes over, whatever breaks in between, and the role comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fake_hands import Fault, Killed, network_inventory
from networks import OLD, Network, registered
from stage_steps import GROUP, evidence, on_network, running_configs, went

from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.engine.change.actions.electing import Electing
from getvpn_ops.engine.change.course import Course
from getvpn_ops.engine.change.migrating.performers import STAGES_PERFORMED
from getvpn_ops.engine.change.migrating.performers.planned_drill import PlannedDrill, planned_drill
from getvpn_ops.engine.change.scene import Hold
from getvpn_ops.engine.change.settling import give_back, settle
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.gdoi.harms import HARMS
from getvpn_ops.model.inventory import Direction
from getvpn_ops.model.plan import Perform, PlannedStep, Statement
from getvpn_ops.workflow.playbooks.stages import DrillBy, DrillParams

if TYPE_CHECKING:
    from fake_hands import Stage

PATH = "crypto gdoi group gdoi-group1 > server local > redundancy > "
TYPED = [
    ("ks1", "local priority 130"),
    ("ks1", "clear crypto gdoi group gdoi-group1 ks coop role"),
    ("ks2", "crypto gdoi ks group gdoi-group1 rekey"),
    ("gm1", "clear crypto gdoi group gdoi-group1"),
    ("ks1", "local priority 191"),
    ("ks2", "clear crypto gdoi group gdoi-group1 ks coop role"),
]


def drill(made: Network, **params: object) -> Stage:
    return on_network(made, "drill", **params)


def roles(made: Network) -> dict[str, str]:
    return {name: made.ks(name).role.value for name in made.routers if name.startswith("ks")}


def test_the_role_goes_and_comes_back_and_all_of_it_is_proven() -> None:
    made = registered()
    stage = drill(made)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    assert stage.ledger.typed == TYPED
    assert roles(made) == {"ks1": "Primary", "ks2": "Secondary", "ks3": "Secondary"}
    said = evidence(stage)
    assert "ks2 took over from ks1; rekey of group gdoi-group1 on ks2" in said
    assert "2 of 2 members acknowledged" in said
    assert "gm1 registered anew" in said
    assert said.endswith("ks1 is primary again")


BROKEN = {
    f"{kind} {number}": (kind, line) for kind in ("kill-after", "drop-after") for number, line in enumerate(TYPED)
}


@pytest.mark.parametrize(("kind", "line"), BROKEN.values(), ids=BROKEN)
def test_wherever_it_breaks_nothing_is_typed_twice_and_the_role_comes_back(kind: str, line: tuple[str, str]) -> None:
    made = registered()
    stage = drill(made)
    stage.ledger.faults.append(Fault(line[0], f"{line[1]}$", kind))
    done = None
    for _ in range(3):
        try:
            done = went(stage)
        except Killed:
            done = None
        if done is not None and done.code is ExitCode.GOOD:
            break
        stage = stage.resumed()
    assert done is not None
    assert done.code is ExitCode.GOOD, done.reason
    assert stage.ledger.typed == TYPED
    assert roles(made)["ks1"] == "Primary"


REFUSED = {
    "the role": (TYPED[1], "ks1 is primary of group gdoi-group1 now; ks1 was primary before the drill"),
    "the rekey": (TYPED[2], "ks2 is primary of group gdoi-group1 now; ks1 was primary before the drill"),
    "the member": (TYPED[3], "its priority is 130 for the time of the drill, in place of 191"),
    "the way back": (TYPED[5], "ks2 is primary of group gdoi-group1 now"),
}


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED)
def test_a_device_that_refuses_holds_it_and_the_next_try_ends_it(line: tuple[str, str], said: str) -> None:
    made = registered()
    stage = drill(made)
    stage.ledger.faults.append(Fault(line[0], f"{line[1]}$", "refuse"))
    done = went(stage)
    assert done.code is not ExitCode.GOOD
    assert said in done.reason
    assert f"resume {stage.scene.run}" in done.next_step
    again = went(stage.resumed())
    assert again.code is ExitCode.GOOD, again.reason
    assert roles(made)["ks1"] == "Primary"


def test_a_cut_off_primary_is_not_made_without_a_way_to_it() -> None:
    stage = drill(registered(), by="isolate")
    done = went(stage)
    assert done.code is ExitCode.FINDINGS
    assert "out of band" in done.reason
    assert not stage.ledger.typed


def test_old_software_has_no_rekey_by_command_and_nothing_is_sent() -> None:
    stage = drill(registered(usual=OLD))
    done = went(stage)
    assert done.code is ExitCode.FINDINGS
    assert "needs 15.2(1)" in done.reason
    assert not stage.ledger.typed


def test_what_the_plan_does_not_show_is_not_typed() -> None:
    made = registered()
    stage = drill(made)
    made.configure("ks1", "crypto gdoi group gdoi-group1", "server local", "redundancy", "local priority 200")
    done = went(stage)
    assert done.code is ExitCode.STALE
    assert "the plan does not show" in done.reason
    assert not stage.ledger.typed


def test_whose_key_servers_do_not_answer_nothing_is_begun() -> None:
    stage = drill(registered())
    stage.ledger.down.add("ks3")
    done = went(stage)
    assert done.code is not ExitCode.GOOD
    assert not stage.ledger.typed


def away(made: Network) -> None:
    """Somebody pulls the plug of the primary's link, and puts it back a quarter of an hour later."""
    undo = HARMS["split"](made.world, "ks1", {})
    assert undo is not None
    made.clock.after(900, undo)


def test_a_person_takes_the_primary_away_and_brings_it_back() -> None:
    made = registered()
    stage = drill(made, by="human", wait=30)
    made.clock.after(120, lambda: away(made))
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    assert roles(made)["ks1"] == "Primary"
    assert "take ks1 off its peers now" in " ".join(stage.said)
    assert "bring ks1 back now" in " ".join(stage.said)
    assert "gm1 registered anew with ks2" in evidence(stage)


def test_a_person_who_does_not_come_holds_it_and_nothing_is_sent() -> None:
    made = registered()
    stage = drill(made, by="human", wait=20)
    done = went(stage)
    assert done.code is ExitCode.WINDOW
    assert "was not taken away in time" in done.reason
    assert not stage.ledger.typed
    made.clock.after(120, lambda: away(made))
    assert went(stage.resumed()).code is ExitCode.GOOD


# -- as its plan shows it


def shown(made: Network, direction: Direction, by: DrillBy = DrillBy.ROLE_CHANGE) -> PlannedDrill:
    inventory = network_inventory(made)
    intent = inventory.gdoi_groups[GROUP].model_copy(update={"direction": direction})
    inventory = replace(inventory, gdoi_groups={GROUP: intent})
    return planned_drill(inventory, running_configs(made), (GROUP,), tuple(made.routers), DrillParams(by=by))


PREDICTED = {
    "everyone sends clear": (Direction.RECEIVE_ONLY, Statement.HITLESS, 0.0),
    "everyone encrypts": (Direction.BOTH, Statement.LOSES, Timing().registration),
}


@pytest.mark.parametrize(("direction", "statement", "seconds"), PREDICTED.values(), ids=PREDICTED)
def test_a_drill_costs_the_registration_of_one_member(
    direction: Direction, statement: Statement, seconds: float
) -> None:
    (effect,) = shown(registered(), direction).effects
    assert (effect.statement, effect.seconds) == (statement, seconds)
    assert "gm1" in effect.texts[0]


def test_every_line_that_may_be_typed_is_shown_whoever_is_primary_then() -> None:
    drill = shown(registered(members=5), Direction.BOTH)
    typed = {line if "priority" not in line else f"{PATH}{line}" for _, line in TYPED}
    assert typed <= set(drill.lines)
    assert f"{PATH}local priority 192" in drill.lines, "a lower one that is primary must outrank ks1 to come back"
    assert drill.devices == {"ks1", "ks2", "ks3", "gm1", "gm2", "gm3"}, "three members at most may be cleared"
    assert not drill.refusals


def test_what_cannot_be_drilled_refuses_the_plan() -> None:
    assert "out of band" in " ".join(shown(registered(), Direction.BOTH, DrillBy.ISOLATE).refusals)
    alone = shown(registered(servers=1), Direction.BOTH)
    assert "nobody else can take over" in " ".join(alone.refusals)


# -- cut short, and not resumed


def lent(made: Network) -> list[str]:
    """The priority that the primary of before runs."""
    return [line.strip() for line in made.routers["ks1"].running.lines() if "local priority" in line]


@pytest.mark.parametrize("at", range(len(TYPED) - 1))
def test_a_way_back_first_gives_back_what_a_drill_lent_and_who_resumes_it_drills_anew(at: int) -> None:
    made = registered()
    stage = drill(made)
    stage.ledger.faults.append(Fault(*TYPED[at], "kill-after"))
    with pytest.raises(Killed):
        went(stage)
    stage = stage.resumed()
    course = Course(stage.scene, STAGES_PERFORMED)
    assert settle(course, stage.scene.log.in_hand) == []
    assert give_back(course) == []
    assert lent(made) == ["local priority 191"]
    before = len(stage.ledger.typed)
    assert give_back(course) == []
    assert len(stage.ledger.typed) == before
    made.clock.advance(made.clock.now() + timedelta(minutes=2))
    done = went(stage.resumed())
    assert done.code is ExitCode.GOOD, done.reason
    assert roles(made) == {"ks1": "Primary", "ks2": "Secondary", "ks3": "Secondary"}
    assert lent(made) == ["local priority 191"]
    once = [line for _, line in stage.ledger.typed if line.startswith(("clear", "crypto"))]
    assert len(once) == len(set(once)) + 1, "two key servers give the role away, each once"


@pytest.mark.parametrize(("left", "is_lost"), [(-60, False), (10, False), (7200, True)])
def test_a_key_that_ended_meanwhile_was_not_lost_by_the_new_primary(left: int, is_lost: bool) -> None:  # noqa: FBT001 -- a column
    made = registered()
    scene = drill(made).scene
    step = PlannedStep("1", "ks2", "ks2 gives the role away", Perform("role-change", (), ("",)), (GROUP,))
    keys = {"keys": f"7@{(made.clock.now() + timedelta(seconds=left)).isoformat()}"}
    told = Electing().proof(step, scene, keys)
    if is_lost:
        assert isinstance(told, Hold)
        assert "ks1 is primary and lacks the keys 0x7" in told.reason
    else:
        assert told == f"ks1 is the one primary of group {GROUP}, and has the keys of before"
