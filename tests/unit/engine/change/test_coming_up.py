"""Members that get their crypto map: proven to be registered before the next ones get theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bank import KEY_SERVERS, Bank
from fake_hands import bank_stage
from plans import example, outline, pushed, typed

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab.gdoi.harms import HARMS
from getvpn_ops.model.plan import Perform, PlannedLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_hands import Stage

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan

MEMBERS = {"opo-gm1": "GigabitEthernet0/0", "ham-gm1": "GigabitEthernet0/0/0", "bri-gm1": "GigabitEthernet0/0"}
"""With the interfaces that carry their maps."""


@pytest.fixture(scope="module")
def routers() -> Bank:
    return Bank()


@pytest.fixture
def bank(routers: Bank) -> Bank:
    """Some members lost their maps."""
    for name, port in MEMBERS.items():
        typed(routers, name, [PlannedLine("no crypto map GETVPN-MAP", (f"interface {port}",))])
    routers.pass_time(minutes=1)
    return routers


@pytest.fixture
def inventory() -> Inventory:
    """One ring, so that they may be in hand together."""
    known = example()
    devices = {name: replace(item, ring=None) for name, item in known.devices.items()}
    return replace(known, devices=devices)


def planned(bank: Bank, inventory: Inventory, at_once: int = 5) -> Plan:
    return pushed(bank, inventory, MEMBERS, at_once=at_once)


def went(
    bank: Bank, plan: Plan, inventory: Inventory, prepare: Callable[[Stage], object] = lambda _: None
) -> tuple[Stage, Ending]:
    stage = bank_stage(bank, plan, inventory)
    prepare(stage)
    return stage, apply_plan(stage.scene, performers())


def evidence(stage: Stage, name: str) -> str:
    step = next(
        step
        for step in stage.scene.plan.steps
        if step.device == name and isinstance(step.act, Perform) and step.act.action == "prove-registered"
    )
    return stage.scene.log.proven(step.id) or ""


def test_a_wave_is_followed_by_the_proof_of_its_members(bank: Bank, inventory: Inventory) -> None:
    plan = planned(bank, inventory, at_once=1)
    assert outline(plan) == [
        *(text for name in sorted(MEMBERS, key=_order(plan)) for text in (f"{name} set", f"{name} registered")),
        *(f"save {name}" for name in sorted(MEMBERS, key=_order(plan))),
    ]
    together = planned(bank, inventory, at_once=3)
    assert [len(wave.steps) for wave in together.waves] == [3, 3, 3]
    steps = together.waves[1].steps
    assert {(step.act.lines, step.groups) for step in steps} == {((), ("WAN",))}


def _order(plan: Plan) -> Callable[[str], int]:
    names = [step.device for step in plan.steps]
    return names.index


def test_they_are_proven_by_what_they_hold_and_without_a_session_for_changes(bank: Bank, inventory: Inventory) -> None:
    plan = planned(bank, inventory, at_once=3)
    stage, ending = went(bank, plan, inventory)
    assert ending.code is ExitCode.GOOD, ending.reason
    key = f"0x{bank.server('lds-ks1').teks[-1].spi:08X}"
    assert all(f"and has {key} of lds-ks1" in evidence(stage, name) for name in MEMBERS)
    assert sorted(stage.ledger.opened) == sorted([*MEMBERS, *MEMBERS]), "to configure, and to save"


def test_a_member_that_does_not_come_up_stops_the_next_ones(bank: Bank, inventory: Inventory) -> None:
    plan = planned(bank, inventory, at_once=1)
    first, *others = sorted(MEMBERS, key=_order(plan))
    heal = HARMS["udp-848-blocked"](bank.world, first, {})
    assert heal is not None
    stage, ending = went(bank, plan, inventory)
    assert (ending.code, first in ending.reason, "WAN" in ending.reason) == (ExitCode.FINDINGS, True, True)
    assert {name for name, _ in stage.ledger.typed} == {first}, "nobody else got a map"
    assert not evidence(stage, first)

    heal()
    bank.pass_time(minutes=2)
    again = stage.resumed()
    assert apply_plan(again.scene, performers()).code is ExitCode.GOOD
    assert all(evidence(again, name) for name in (first, *others))


def test_within_the_budget_the_others_go_on_and_the_member_is_left_out(bank: Bank, inventory: Inventory) -> None:
    plan = replace(planned(bank, inventory, at_once=3), budget=1)
    first, *others = sorted(MEMBERS, key=_order(plan))
    heal = HARMS["udp-848-blocked"](bank.world, first, {})
    stage, ending = went(bank, plan, inventory)
    assert (ending.code, tuple(ending.held)) == (ExitCode.FINDINGS, (first,))
    assert all(evidence(stage, name) for name in others)
    saved = {name for name, line in stage.ledger.typed if line == "write memory"}
    assert saved == set(others), "what does not work is not saved"
    assert heal is not None
    heal()
    bank.pass_time(minutes=2)
    assert apply_plan(bank_stage(bank, planned(bank, inventory), inventory).scene, performers()).code is ExitCode.GOOD


def test_what_cannot_be_read_is_not_proven(bank: Bank, inventory: Inventory) -> None:
    plan = planned(bank, inventory, at_once=1)
    first = plan.steps[0].device

    def hide(stage: Stage) -> None:
        for command in ("show crypto gdoi", "show crypto ipsec sa"):
            stage.ledger.rewrites[first, command] = lambda _: None

    stage, ending = went(bank, plan, inventory, hide)
    assert (ending.code, first in ending.reason) == (ExitCode.UNDETERMINED, True)
    assert {name for name, _ in stage.ledger.typed} == {first}
    went(bank, planned(bank, inventory), inventory)


# -- a registration storm

UNKNOWN = "whether others register anew is not known"
STORMS: dict[str, tuple[dict[str, str] | None, bool, bool]] = {
    "nobody else registers": (None, False, False),
    "all others do": ({}, True, False),
    "the logs cannot be read": (None, False, True),
}
"""What strikes right before the run, whether it stops, and whether its evidence says that nobody knows."""


@pytest.mark.parametrize("case", STORMS)
def test_batches_stop_while_others_register_in_numbers(bank: Bank, inventory: Inventory, case: str) -> None:
    storm, stops, unknown = STORMS[case]
    plan = replace(planned(bank, inventory, at_once=1), budget=2)

    def prepare(stage: Stage) -> None:
        bank.pass_time(minutes=5)
        if storm is not None:
            HARMS["registration-storm"](bank.world, "lds-ks1", storm)
            bank.pass_time(seconds=30)
        if unknown:
            for name in KEY_SERVERS:
                stage.ledger.rewrites[name, "show logging"] = lambda _: "what is this?"

    stage, ending = went(bank, plan, inventory, prepare)
    first, *others = sorted(MEMBERS, key=_order(plan))
    proofs = [evidence(stage, name) for name in (first, *others)]
    if not stops:
        assert ending.code is ExitCode.GOOD, ending.reason
        assert [UNKNOWN in proof for proof in proofs] == [unknown] * 3, proofs
        return
    assert ending.code is ExitCode.FINDINGS
    assert "a registration storm: no further device is begun" in ending.reason
    assert f"resume {stage.scene.run}" in ending.next_step
    assert {name for name, _ in stage.ledger.typed} == {first}, "within its budget it would have gone on"
    assert not any("clear" in line for _, line in stage.ledger.typed)
    bank.pass_time(minutes=5)
    again = stage.resumed()
    assert apply_plan(again.scene, performers()).code is ExitCode.GOOD
