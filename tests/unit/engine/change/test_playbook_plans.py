"""A migration as one plan: every stage typed on what those before leave, on the worked example before any GETVPN."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS, Bank
from migrations import planned
from plans import configures, example

from getvpn_ops.analysis.traffic.facts import GOOD, Known
from getvpn_ops.engine.change.migrating.staging import steps_of
from getvpn_ops.engine.change.migrating.targets import pilots_of
from getvpn_ops.engine.change.planning.effects import Known as Told
from getvpn_ops.errors import UsageError
from getvpn_ops.model.plan import Perform, Plan, Statement
from getvpn_ops.workflow.plan_file import from_text, to_text

if TYPE_CHECKING:
    from getvpn_ops.model.inventory import Inventory

RINGS = {"rings": [5, 25, 100], "soak": 5}
FIRST = {"sending": "receive-only", "covers": "pilot"}
STAGES: tuple[dict[str, Any], ...] = (
    {"id": "keys", "action": "rsa-key", "targets": {"who": "key-servers"}},
    {
        "id": "servers",
        "action": "configure",
        "targets": {"who": "key-servers"},
        "params": FIRST,
        "exit": [{"check": "coop-single-primary", "on_fail": "rollback"}],
    },
    {"id": "pilot", "action": "configure", "targets": {"who": "pilot"}, "params": FIRST, "approval": "may it begin?"},
    {
        "id": "rest",
        "action": "configure",
        "targets": {"who": "rest"},
        "params": FIRST,
        "batch": RINGS,
        "exit": [{"check": "registration-complete"}],
    },
    {
        "id": "swap",
        "action": "configure",
        "targets": {"who": "key-servers"},
        "params": {"sending": "receive-only", "remove_old": False},
    },
    {
        "id": "passive",
        "action": "configure",
        "targets": {"who": "members"},
        "params": {"sending": "receive-only", "passive": "on"},
    },
    {"id": "both", "action": "configure", "targets": {"who": "key-servers"}},
    {"id": "conformant", "action": "configure", "targets": {"who": "members"}, "params": {"passive": "off"}},
)


WAYS = {"options": {"way": {"choices": ["long", "short"], "default": "long"}}}


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return example()


@pytest.fixture(scope="module")
def plan(inventory: Inventory) -> Plan:
    facts = dict.fromkeys(inventory.devices, GOOD)
    return planned(Bank(configs="clear"), inventory, STAGES, known=Told(facts))


def lines(plan: Plan, stage: str, device: str) -> list[str]:
    return [
        line.text
        for step in steps_of(plan, stage)
        if step.device == device and not isinstance(step.act, Perform)
        for line in step.act.lines
    ]


def test_every_wave_belongs_to_a_stage_and_stages_stand_in_their_order(plan: Plan) -> None:
    assert [stage.id for stage in plan.stages] == [stage["id"] for stage in STAGES]
    order = [stage.id for stage in plan.stages]
    seen = [wave.stage for wave in plan.waves]
    assert seen == sorted(seen, key=order.index)
    assert (plan.refusals, plan.lockouts, plan.left_out) == ((), (), ())
    assert from_text(to_text(plan, b"k" * 32), b"k" * 32) == plan


def test_each_stage_begins_where_the_one_before_ended(plan: Plan) -> None:
    for name in ("lds-ks1", "ham-gm1", "gal-gm1"):
        states = [act.states for device, act in configures(plan) if device == name]
        assert states
        for before, after in itertools.pairwise(states):
            assert before[-1] == after[0], name


def test_key_servers_first_say_receive_only_and_cover_the_pilot_alone(plan: Plan) -> None:
    for name in KEY_SERVERS:
        said = lines(plan, "servers", name)
        assert "sa receive-only" in said
        assert "permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255" not in said
        assert "no sa receive-only" in lines(plan, "both", name)
        assert any(text.startswith("match address ipv4") for text in lines(plan, "swap", name))


def test_the_list_is_swapped_by_a_new_name_and_the_old_one_goes_later(plan: Plan) -> None:
    swapped, later = lines(plan, "swap", "lds-ks1"), lines(plan, "both", "lds-ks1")
    assert not any(text.startswith("no ip access-list") for text in swapped), "remove_old: false"
    assert any(text.startswith("no ip access-list") for text in later)


def test_passive_goes_on_and_off_on_all_members_that_can(plan: Plan, inventory: Inventory) -> None:
    able = {item.name for item in inventory.members("WAN")} - {"cbr-gm1"}
    assert {name for name in able if "passive" in lines(plan, "passive", name)} == able
    assert {name for name in able if "no passive" in lines(plan, "conformant", name)} == able
    assert not lines(plan, "passive", "cbr-gm1")
    assert any("cbr-gm1" in note and "12.4(22)T" in note for note in plan.notes)


def test_the_primary_of_a_group_that_the_plan_brings_up_is_last_and_is_rekeyed(plan: Plan) -> None:
    for stage in ("swap", "both"):
        devices = [step.device for step in steps_of(plan, stage) if not isinstance(step.act, Perform)]
        assert devices[-1] in KEY_SERVERS
        sets = [step.device for step in steps_of(plan, stage) if "set" in step.id and step.device]
        assert sets[-1] == "lds-ks1", "the highest priority"
    assert len(plan.rekeys) == 2


def test_gates_stand_after_each_ring_and_approvals_before(plan: Plan) -> None:
    gates = [step for step in steps_of(plan, "rest") if isinstance(step.act, Perform) and step.act.action == "gate"]
    assert len(gates) == 3
    waits = [step for step in steps_of(plan, "rest") if isinstance(step.act, Perform) and step.act.action == "wait"]
    assert [step.act.parameter("minutes") for step in waits if isinstance(step.act, Perform)] == ["5"] * 3
    first = steps_of(plan, "pilot")[0]
    assert isinstance(first.act, Perform)
    assert first.act.action == "approve"
    last = [wave.title for wave in plan.waves if wave.stage == "rest" and wave.title.startswith("save")]
    assert last, "saved once the gates are open"
    assert plan.waves.index(next(w for w in plan.waves if w.title == last[0])) > max(
        number for number, wave in enumerate(plan.waves) if wave.stage == "rest" and wave.title.startswith("gate")
    )


def test_nothing_is_promised_that_was_not_measured(plan: Plan, inventory: Inventory) -> None:
    said = {effect.statement for effect in plan.effects}
    assert Statement.LOSES not in said, "with every fact measured as good, nothing is known to be lost"
    assert Statement.CANNOT_TELL in said, "nobody saw ESP pass the core"
    bad = dict.fromkeys(inventory.devices, GOOD.__class__(turns_without_gap=Known.NO, gap_seconds=2.0))
    worse = planned(Bank(configs="clear"), inventory, STAGES[:3] + STAGES[5:6], known=Told(bad))
    assert any(effect.statement is Statement.LOSES for effect in worse.effects)


def test_a_stage_of_another_choice_is_not_planned(inventory: Inventory) -> None:
    short = ({"id": "look", "action": "look", "when": {"way": "short"}}, {"id": "see", "action": "look"})
    bank = Bank(minutes=1, configs="clear")
    assert [stage.id for stage in planned(bank, inventory, short, options={"way": "long"}, playbook=WAYS).stages] == [
        "see"
    ]
    both = planned(bank, inventory, short, options={"way": "short"}, playbook=WAYS)
    assert [stage.id for stage in both.stages] == ["look", "see"]


def test_a_stage_without_a_target_is_refused(inventory: Inventory) -> None:
    nobody = ({"id": "none", "action": "look", "targets": {"who": "members", "sites": ["atlantis"]}},)
    with pytest.raises(UsageError, match="no target"):
        planned(Bank(minutes=1, configs="clear"), inventory, nobody)


def test_a_router_that_was_not_read_refuses_the_plan(inventory: Inventory) -> None:
    bank = Bank(minutes=1, configs="clear")
    down = planned(bank, inventory, ({"id": "see", "action": "look"},), down=("ham-gm1",))
    assert any("ham-gm1" in text and "not read" in text for text in down.refusals)


PILOTS = {
    "one site": (("ham-gm1",), "two members at two sites"),
    "no member": (("lds-ks1", "ham-gm1"), "lds-ks1: no member"),
}


@pytest.mark.parametrize(("names", "why"), PILOTS.values(), ids=PILOTS)
def test_a_pilot_is_two_members_at_two_sites(inventory: Inventory, names: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        pilots_of(inventory, ("WAN",), names)


def test_a_gate_that_names_no_check_is_refused(inventory: Inventory) -> None:
    wrong = ({"id": "see", "action": "look", "exit": [{"check": "registration-complet"}]},)
    with pytest.raises(UsageError, match="did you mean registration-complete"):
        planned(Bank(minutes=1, configs="clear"), inventory, wrong)
