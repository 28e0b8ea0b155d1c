"""What a push plans, and what it refuses: on the worked example's screens, without a network."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS, LABEL, Bank
from plans import configures, example, outline, policy, pushed, running, typed, without

from getvpn_ops.errors import StalePlanError, UsageError
from getvpn_ops.lab.gdoi.state import Role
from getvpn_ops.model.change import RekeyEffect, StepKind
from getvpn_ops.model.plan import Perform, PlannedLine, Statement
from getvpn_ops.workflow.fingerprint import managed_of
from getvpn_ops.workflow.plan_file import from_text, to_text
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan

SERVERS = ("dub-ks1", "ams-ks1", "lds-ks1")
"""Secondaries by priority, the primary last."""
SAVED = [f"save {name}" for name in SERVERS]
TIMID = {"exempt": ["gdoi", "ssh"]}


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank()


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return example()


@pytest.fixture(scope="module")
def swap(bank: Bank, inventory: Inventory) -> Plan:
    """SNMP is no longer exempt."""
    return pushed(bank, example(group=without(inventory, "snmp", "snmptrap")))


def test_routers_as_intended_get_a_plan_without_waves(bank: Bank, inventory: Inventory) -> None:
    plan = pushed(bank, inventory)
    assert (plan.waves, plan.devices, plan.refusals, plan.lockouts, plan.effects) == ((), (), (), (), ())
    assert {item.device for item in plan.left_out if item.is_known} == {
        x.name for x in inventory.devices.values() if x.gdoi_groups
    }


def test_a_list_is_built_swapped_rekeyed_proven_and_then_the_old_one_goes(swap: Plan) -> None:
    build, change, clean = ([f"{name} {kind.value}" for name in SERVERS] for kind in StepKind)
    assert outline(swap) == [*build, *change, "rekey WAN", *clean, *SAVED]
    assert all(len({step.device for step in wave.steps}) == 1 for wave in swap.waves), "one key server a wave"
    assert (swap.refusals, swap.lockouts) == ((), ())
    assert [step.id for step in swap.steps] == sorted(step.id for step in swap.steps)
    assert not any("." in step.id for step in swap.steps), "a full stop parts a step from its parts"


def test_a_swap_loses_the_flows_of_the_difference_and_says_so(swap: Plan) -> None:
    assert [(item.group, item.statement, item.seconds) for item in swap.effects] == [("WAN", Statement.LOSES, 33.0)]
    assert any("161" in text or "162" in text for text in swap.effects[0].texts), "SNMP is what is lost"
    assert swap.loses


def test_the_rekey_of_a_plan(swap: Plan) -> None:
    (rekey,) = swap.rekeys
    step = next(step for step in swap.steps if step.id == rekey.step)
    assert isinstance(step.act, Perform)
    assert (step.act.action, step.act.parameters, step.act.once) == ("prove-rekey", (("group", "WAN"),), True)
    assert len(step.act.lines) == 1
    assert "rekey" in step.act.lines[0]
    assert (step.device, step.groups) == ("", ("WAN",))
    assert step.act.lines[0] in rekey.when, "what is typed is what is announced"
    assert "lds-ks1" in rekey.when
    assert "360 s" in rekey.text, "of 7200 s five in a hundred"


def test_a_plan_says_what_it_rests_on(swap: Plan, bank: Bank) -> None:
    assert {item.name: item.is_changed for item in swap.devices} == dict.fromkeys(KEY_SERVERS, True)
    assert all(item.fingerprint.managed == managed_of(running(bank, item.name).tree) for item in swap.devices)
    assert swap.expires - swap.made == timedelta(hours=4)
    assert swap.inventory != snapshot(example())


def test_states_go_on_from_what_is_there_and_never_repeat(swap: Plan) -> None:
    for device in swap.devices:
        states = [act.states for name, act in configures(swap) if name == device.name]
        assert states[0][0] == device.fingerprint.managed
        assert all(before[-1] == after[0] for before, after in pairwise(states))
    assert all(len(act.states) == len(act.lines) + 1 for _, act in configures(swap))


def test_routers_reach_each_state_and_come_back_by_the_rollback() -> None:
    """What is read back from a router decides how far a step came: what is planned must be what routers print."""
    bank = Bank(minutes=1)
    said = {**without(example(), "snmp"), "direction": "receive-only"}
    plan = pushed(bank, example(group=said, opo_gm1={"passive": True}))
    steps = [item for item in configures(plan) if item[0] in {"ams-ks1", "opo-gm1"}]
    assert {name for name, _ in steps} == {"ams-ks1", "opo-gm1"}
    start = {name: managed_of(running(bank, name).tree) for name, _ in steps}
    for name, act in steps:
        assert managed_of(running(bank, name).tree) == act.states[0]
        typed(bank, name, act.lines)
        assert managed_of(running(bank, name).tree) == act.states[-1]
    for name, act in reversed(steps):
        typed(bank, name, act.rollback)
        assert managed_of(running(bank, name).tree) == act.states[0]
    assert {name: managed_of(running(bank, name).tree) for name, _ in steps} == start


def test_a_lifetime_rekeys_nobody(bank: Bank, inventory: Inventory) -> None:
    plan = pushed(bank, example(group=policy(inventory, tek_lifetime=3600)))
    assert outline(plan) == [*(f"{name} set" for name in SERVERS), *SAVED]
    assert {act.effect for _, act in configures(plan)} == {RekeyEffect.NEXT_REKEY}
    assert (plan.rekeys, plan.effects, plan.refusals) == ((), (), ())
    assert all("next" in step.way_back for step in plan.steps if step.act.do == "configure")


MEMBERS: dict[str, tuple[dict[str, Any], list[tuple[str, Statement]], str]] = {
    "a member turns passive: as nobody measured how, the worse is taken": (
        {"opo_gm1": {"passive": True}},
        [("WAN", Statement.LOSES)],
        "opo-gm1",
    ),
    "the size of segments is nothing to the traffic of the group": (
        {"opo_gm1": {"adjust_mss": {"GigabitEthernet0/1": 1300}}},
        [],
        "opo-gm1",
    ),
}


@pytest.mark.parametrize("case", MEMBERS.values(), ids=list(MEMBERS))
def test_a_member_alone(bank: Bank, case: tuple[dict[str, Any], list[tuple[str, Statement]], str]) -> None:
    said, effects, name = case
    plan = pushed(bank, example(**said))
    assert outline(plan) == [f"{name} set", f"save {name}"]
    assert [(item.group, item.statement) for item in plan.effects] == effects
    assert (plan.refusals, plan.rekeys) == ((), ())
    changed = {item.name for item in plan.devices if item.is_changed}
    assert changed == {name}
    assert {item.name for item in plan.devices} == {name, *KEY_SERVERS}, "safety rests on the key servers"


def test_the_timer_takes_back_only_what_loses_nothing(bank: Bank) -> None:
    quiet = pushed(bank, example(opo_gm1={"adjust_mss": {"GigabitEthernet0/1": 1300}}))
    moving = pushed(bank, example(opo_gm1={"passive": True}))
    server = pushed(bank, example(group=policy(example(), tek_lifetime=3600)))
    old = pushed(bank, example(cbr_gm1={"adjust_mss": {"FastEthernet0/1": 1300}}))
    timers = [{act.revert_minutes for _, act in configures(plan)} for plan in (quiet, moving, server, old)]
    assert timers == [{5}, {0}, {0}, {0}]


def test_a_member_that_does_not_answer_is_left_out_and_the_others_go_on(bank: Bank, inventory: Inventory) -> None:
    plan = pushed(bank, example(group=policy(inventory, tek_lifetime=3600)), down=["bri-gm1"])
    unknown = [item for item in plan.left_out if not item.is_known]
    assert [item.device for item in unknown] == ["bri-gm1"]
    assert "unreachable" in unknown[0].reason
    assert outline(plan)[:3] == [f"{name} set" for name in SERVERS]
    assert plan.refusals == ()


def refusing(bank: Bank, plan: Plan, *words: str) -> None:
    assert any(all(word in text for word in words) for text in plan.refusals), plan.refusals
    assert bank is not None


def test_no_key_server_is_changed_while_another_is_unknown(bank: Bank, inventory: Inventory) -> None:
    plan = pushed(bank, example(group=policy(inventory, tek_lifetime=3600)), down=["ams-ks1"])
    refusing(bank, plan, "ams-ks1", "was not read")


def test_one_key_server_alone_would_differ_from_the_others(bank: Bank, inventory: Inventory) -> None:
    plan = pushed(bank, example(group=policy(inventory, tek_lifetime=3600)), ["ams-ks1"])
    refusing(bank, plan, "dub-ks1", "getvpn-ops plan push WAN")


def test_the_key_that_signs_rekeys_must_be_everywhere(inventory: Inventory) -> None:
    bank = Bank(minutes=1)
    del bank.world.routers["dub-ks1"].keys.held[LABEL]
    plan = pushed(bank, example(group=policy(inventory, tek_lifetime=3600)))
    refusing(bank, plan, "dub-ks1", LABEL, "getvpn-ops plan action rsa-key WAN")


def test_a_split_freezes_the_group(inventory: Inventory) -> None:
    bank = Bank(minutes=1)
    bank.world.routers["dub-ks1"].gdoi.servers["WAN"].role = Role.PRIMARY
    plan = pushed(bank, example(group=policy(inventory, tek_lifetime=3600)))
    refusing(bank, plan, "WAN", "coop-single-primary")


def test_a_list_that_cuts_the_manager_off_is_refused(bank: Bank, inventory: Inventory) -> None:
    plan = pushed(bank, example(group=policy(inventory, **TIMID, acl={"encrypt": ["10.0.0.0/8"], **TIMID})))
    assert any("cut" in text for text in plan.lockouts), plan.lockouts


def test_a_plan_is_the_same_after_it_was_written_and_read(swap: Plan) -> None:
    key = bytes(32)
    assert from_text(to_text(swap, key), key) == swap
    with pytest.raises(StalePlanError):
        from_text(to_text(swap, key).replace("lds-ks1", "lds-ks2"), key)


def test_a_device_of_no_group_is_no_target(bank: Bank, inventory: Inventory) -> None:
    with pytest.raises(UsageError, match="swa-ce1"):
        pushed(bank, inventory, ["swa-ce1"])


# -- a network without any group yet


@pytest.fixture(scope="module")
def clear() -> Bank:
    bank = Bank(minutes=1, configs="clear")
    for name in KEY_SERVERS:
        bank.world.routers[name].keys.held[LABEL] = Bank(0).world.routers[name].keys.held[LABEL]
    return bank


def test_a_first_group_is_made_key_servers_first_by_priority(clear: Bank, inventory: Inventory) -> None:
    plan = pushed(clear, inventory, has_secrets=True)
    order = list(dict.fromkeys(step.device for step in plan.steps))
    assert order[0] == "dub-ks1", "it has the lowest priority in both groups"
    assert set(order[:3]) == set(SERVERS)
    assert order[-1] == "edi-gm1", "the manager's own member is the last"
    assert plan.rekeys == (), "nobody has a key yet"
    assert not any("<secret:" in line.text for _, act in configures(plan) for line in act.lines)
    assert not any("Key-psk" in line.text for _, act in configures(plan) for line in act.lines)
    assert plan.loses, "the first member of a group that is not receive-only cannot be heard by those in clear"
    assert plan.lockouts == ()


def test_a_filter_that_stops_registrations_is_found_before_anything_is_typed(inventory: Inventory) -> None:
    bank = Bank(minutes=0.1, configs="clear")
    closed = [PlannedLine(f"no {number}", ("ip access-list extended KS-WAN-IN",)) for number in (80, 90)]
    typed(bank, "dub-ks1", closed)
    plan = pushed(bank, inventory, has_secrets=True)
    assert any("KS-WAN-IN" in text and "848" in text for text in plan.lockouts), plan.lockouts


def test_a_first_group_that_only_receives_loses_nothing_certain(clear: Bank) -> None:
    plan = pushed(clear, example(group={"direction": "receive-only"}), has_secrets=True)
    assert {item.statement for item in plan.effects} == {Statement.HITLESS}


def test_secrets_that_nobody_knows_are_named(clear: Bank, inventory: Inventory) -> None:
    plan = pushed(clear, inventory)
    refusing(clear, plan, "psk/lon-gm1", "secrets:")


def test_fail_close_never_comes_with_the_first_registration(clear: Bank, bank: Bank) -> None:
    said = {"fail_close": {"activate": True, "acl": {"exempt": ["gdoi", "ssh", "bgp"]}}}
    first = pushed(clear, example(opo_gm1=said), ["opo-gm1"], has_secrets=True)
    assert not any(line.text == "activate" for _, act in configures(first) for line in act.lines)
    assert any("fail-close" in text for text in first.notes)
    later = pushed(bank, example(opo_gm1=said), ["opo-gm1"])
    assert [line.text for _, act in configures(later) for line in act.lines][-1] == "activate"


def test_a_key_that_is_taken_away_does_not_come_back_by_itself_and_the_plan_says_so(
    bank: Bank, inventory: Inventory
) -> None:
    plan = pushed(bank, inventory, SERVERS, has_secrets=True)
    told = {step.id: "stands on no device" in step.way_back for step in plan.steps}
    taken = {
        step.id: any("no crypto isakmp key" in getattr(line, "text", "") for line in step.act.lines)
        for step in plan.steps
    }
    assert any(taken.values())
    assert told == taken
