"""The emergency way back on a small group in memory: also with half of it unreachable (P13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
import small_bank
from fake_hands import bank_stage
from fleets import BankClock, BankFleet, Silent
from plans import running

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.planning.emergency import plan_emergency
from getvpn_ops.engine.collect import Collector
from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bank import Bank
    from fake_hands import Stage
    from small_bank import SmallBank

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return small_bank.inventory(tmp_path)


@pytest.fixture
def bank(inventory: Inventory) -> SmallBank:
    return small_bank.SmallBank(inventory)


def planned(bank: SmallBank, inventory: Inventory, down: Iterable[str] = ()) -> Plan:
    nobody, routers = Silent(), cast("Bank", bank)
    collector = Collector(BankFleet(routers, down), BankClock(routers), nobody, nobody)
    return plan_emergency(small_bank.asked(bank), ("WAN",), collector=collector, inventory=inventory)


def staged(bank: SmallBank, plan: Plan, inventory: Inventory, down: Iterable[str] = ()) -> Stage:
    made = bank_stage(cast("Bank", bank), plan, inventory)
    made.ledger.down |= set(down)
    return made


def went(stage: Stage) -> Ending:
    return apply_plan(stage.scene, performers())


def receive_only(bank: SmallBank) -> list[str]:
    return [name for name in ("hub-ks1", "fal-ks2") if holds(bank, name)]


def holds(bank: SmallBank, name: str) -> bool:
    tree = running(cast("Bank", bank), name).tree
    return any(line.text == "sa receive-only" for top in tree for line in top.walk())


def servers(plan: Plan) -> list[str]:
    return [step.device for step in plan.steps if step.act.do == "configure"]


def test_all_well_ends_good_with_the_primary_last_and_a_rekey_that_everybody_shows(
    bank: SmallBank, inventory: Inventory
) -> None:
    plan = planned(bank, inventory)
    assert plan.confirm == "emergency WAN"
    assert plan.loses
    assert servers(plan)[-1] == "hub-ks1", "the primary"
    assert [step.act.action for step in plan.steps if step.act.do == "perform"] == ["prove-rekey", "save", "save"]
    stage = staged(bank, plan, inventory)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    assert receive_only(bank) == ["hub-ks1", "fal-ks2"]
    again = planned(bank, inventory)
    assert not again.waves, "it is receive-only already"


HALF = {
    "the secondary and a member": (("fal-ks2", "bat-gm1"), ["hub-ks1"]),
    "members": (("abe-gm1", "bat-gm1"), ["hub-ks1", "fal-ks2"]),
}


@pytest.mark.parametrize(("down", "reached"), HALF.values(), ids=HALF)
def test_half_of_the_fleet_may_be_away(
    bank: SmallBank, inventory: Inventory, down: tuple[str, ...], reached: list[str]
) -> None:
    plan = planned(bank, inventory, down)
    assert {item.device for item in plan.left_out if not item.is_known} == set(down) & {"fal-ks2", "hub-ks1"}
    stage = staged(bank, plan, inventory, down)
    done = went(stage)
    assert receive_only(bank) == reached
    assert ("hub-ks1", "crypto gdoi ks group WAN rekey") in stage.ledger.typed, "the rekey was sent"
    assert done.code is ExitCode.UNDETERMINED, "what members that are away do is not known"
    assert "not done or not proven" in done.reason


def test_a_key_server_that_is_lost_after_the_plan_does_not_hold_back_the_other_one(
    bank: SmallBank, inventory: Inventory
) -> None:
    stage = staged(bank, planned(bank, inventory), inventory, ("fal-ks2",))
    done = went(stage)
    assert receive_only(bank) == ["hub-ks1"]
    assert done.code is ExitCode.UNDETERMINED
    assert "fal-ks2" in done.reason


def test_a_key_server_that_was_changed_since_stops_it_before_anything_is_typed(
    bank: SmallBank, inventory: Inventory
) -> None:
    plan = planned(bank, inventory)
    bank.world.routers["fal-ks2"].load(["crypto gdoi group WAN", " server local", "  sa receive-only"])
    stage = staged(bank, plan, inventory)
    assert went(stage).code is ExitCode.STALE
    assert not [line for _, line in stage.ledger.typed if line.strip() == "sa receive-only"]


def test_where_no_key_server_answers_nothing_is_planned(bank: SmallBank, inventory: Inventory) -> None:
    plan = planned(bank, inventory, ("hub-ks1", "fal-ks2"))
    assert not plan.waves
    assert len(plan.left_out) == 2
