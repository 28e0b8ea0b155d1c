"""Every gate of every playbook of the package: it opens, it fails, and its evidence is missing (promise P9).

The gates are read from the files, and driven as their plans have them, over states of simulated routers in which their
check passes, fails, or cannot tell: those of the checks' own tests. A gate whose check has none fails here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_hands import text_stage

sys.path.insert(0, str(Path(__file__).parents[2] / "checks" / "health"))

from test_device_checks import CASES as OF_DEVICES
from test_group_checks import CASES as OF_GROUPS
from test_member_checks import CASES as OF_MEMBERS

from getvpn_ops.checks.health import GROUP_CHECKS
from getvpn_ops.cli.playbook_files import PlaybookFiles, load_playbook
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.log import Settled
from getvpn_ops.engine.change.migrating.gates import Gate, outcomes_of
from getvpn_ops.engine.change.migrating.legs import GATE, Leg, gates
from getvpn_ops.engine.change.witness import Witness
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult
from getvpn_ops.model.outcome import Status
from getvpn_ops.model.plan import Perform, Plan, PlannedStage, PlannedStep, Wave
from getvpn_ops.workflow.playbooks.schema import OnFail
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.engine.change.ports import Hand
    from getvpn_ops.engine.change.scene import Hold, Scene
    from getvpn_ops.engine.collect import Wish
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.journal_story import StepStory
    from getvpn_ops.workflow.playbooks.schema import Gate as GateOf
    from getvpn_ops.workflow.playbooks.schema import Stage as StageOf

GROUP = "WAN"
NEXT = "next"
PLAYBOOKS = {
    path.stem: load_playbook(PlaybookFiles(None).find(path.stem))
    for path in sorted((Path(__file__).parents[4] / "playbooks").glob("*.yaml"))
}
SHIPPED: dict[str, tuple[StageOf, GateOf, str]] = {
    f"{name}: {gate.check}, {when} {stage.id}": (stage, gate, when)
    for name, playbook in PLAYBOOKS.items()
    for stage in playbook.stages
    for when, asked in (("before", stage.enter), ("after", stage.exit))
    for gate in asked
}


@dataclass(frozen=True)
class Shown(Witness):
    """Devices show one state, whenever they are asked."""

    state: FleetState

    def collect(self, run: str, inventory: Inventory, wish: Wish) -> FleetState:
        del run, inventory, wish
        return self.state


@dataclass
class Sends:
    """Whatever comes behind a gate."""

    sent: list[str] = field(default_factory=list)

    def guard(self, step: PlannedStep, scene: Scene) -> Hold | None:
        del step, scene
        return None

    def act(self, step: PlannedStep, scene: Scene, hand: Hand | None) -> Hold | None:
        del hand

        def do() -> Settled:
            self.sent.append(step.id)
            return Settled(StepResult.APPLIED)

        scene.log.send(step.id, "", step.title, ("a line",), do, once=False)
        return None

    def settle(self, part: StepStory, step: PlannedStep, scene: Scene) -> Settled:
        del part, step, scene
        return Settled(StepResult.APPLIED)

    def prove(self, step: PlannedStep, scene: Scene) -> Hold | None:
        scene.log.prove(step.id, "", "seen")
        return None


def states_of(gate: GateOf, status: Status) -> Iterator[tuple[FleetState, tuple[str, ...]]]:
    """States in which the check of a gate comes to that, with the devices that it is then about."""
    if gate.check in GROUP_CHECKS:
        for (check, _), (make, known, _) in OF_GROUPS.items():
            if (check, known) == (gate.check, status):
                state = make()
                if GROUP in state.inventory.gdoi_groups:
                    yield state, tuple(device.name for device in state.inventory.key_servers(GROUP))
        return
    for (check, _), (world, device, edit, known, _) in {**OF_MEMBERS, **OF_DEVICES}.items():
        if (check, known) == (gate.check, status):
            state = world() if edit is None else edit(world())
            if device in state.inventory.devices:
                yield state, (device,)


def state_of(gate: GateOf, status: Status) -> tuple[FleetState, tuple[str, ...]]:
    """The first of them in which it does so with the parameters of the gate."""
    for state, names in states_of(gate, status):
        targets = tuple(state.inventory.devices[name] for name in names)
        found = [item.status for item in outcomes_of(gate.check, gate.params, state, targets, (GROUP,))]
        if found and all(one is status for one in found):
            return state, names
    msg = f"no case of {gate.check} comes to {status} with {gate.params}: add one to the tests of the checks"
    raise AssertionError(msg)


def went(name: str, status: Status) -> tuple[Ending, list[str]]:
    """A run whose plan has the gate, and then sends something."""
    said, gate, when = SHIPPED[name]
    state, names = state_of(gate, status)
    leg = Leg(said, (GROUP,), tuple(state.inventory.devices[one] for one in names))
    ordered = gates(leg, [gate], when)
    behind = PlannedStep(NEXT, "", "whatever comes behind it", Perform("send", (("stage", said.id),)), (GROUP,))
    plan = Plan(
        "p-1", "a test", state.ended, state.ended.replace(year=2099), "me@here", snapshot(state.inventory),
        waves=(Wave(ordered.title, ordered.ready, stage=said.id), Wave(NEXT, (behind,), stage=said.id)),
        stages=(PlannedStage("first", "", "look"), PlannedStage(said.id, said.title, said.action)),
    )  # fmt: skip
    stage = text_stage({}, plan, state.inventory)
    stage.clock.moment = state.ended
    own, sends = stage.scene.collector, Sends()
    shown = Shown(own.fleet, own.clock, own.archive, own.progress, stage.scene.log, (GROUP,), state)
    scene: Any = stage.scene
    object.__setattr__(scene, "collector", shown)
    ending = apply_plan(scene, {GATE: Gate(), "send": sends})
    assert stage.ledger.typed == []
    return ending, sends.sent


HOW = {
    OnFail.HOLD: (ExitCode.FINDINGS, False, "resume run-1"),
    OnFail.ROLLBACK: (ExitCode.FINDINGS, True, "rollback run-1 --to first"),
    OnFail.ABORT: (ExitCode.ABORTED, False, "the playbook ends here"),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_gate_that_fails_does_what_it_says_and_nothing_is_sent(name: str) -> None:
    stage, gate, _ = SHIPPED[name]
    code, is_taken_back, after = HOW[gate.on_fail]
    ending, sent = went(name, Status.FAIL)
    assert (ending.code, sent) == (code, []), ending.reason
    assert ending.take_back == (stage.id if is_taken_back else "")
    assert f"gate {gate.check}" in ending.reason
    assert "is not open" in ending.reason
    assert after in ending.next_step


@pytest.mark.parametrize("name", SHIPPED)
def test_a_gate_without_its_evidence_holds_whatever_it_says_and_nothing_is_sent(name: str) -> None:
    ending, sent = went(name, Status.UNKNOWN)
    assert (ending.code, sent, ending.take_back) == (ExitCode.UNDETERMINED, [], ""), ending.reason
    assert f"gate {SHIPPED[name][1].check}" in ending.reason
    assert "cannot be told" in ending.reason
    assert "resume run-1" in ending.next_step


@pytest.mark.parametrize("name", SHIPPED)
def test_a_gate_opens_where_its_check_passes(name: str) -> None:
    ending, sent = went(name, Status.PASS)
    assert (ending.code, sent) == (ExitCode.GOOD, [NEXT]), ending.reason


def test_every_playbook_of_the_package_has_gates() -> None:
    assert {"migrate-to-getvpn", "coop-drill", "swap-acl"} <= PLAYBOOKS.keys()
    assert {name.partition(":")[0] for name in SHIPPED} == PLAYBOOKS.keys()
