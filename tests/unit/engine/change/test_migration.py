"""A whole migration without a network: planned once, applied by the one engine, and judged by the packets' ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS, Bank
from conftest import SOAK
from flowing import FlowingBank
from migrations import planned, staged
from plans import asked, collector_of, example, running

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.migrating.going_back import plan_way_back
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import OperatorWord, Word
from getvpn_ops.model.journal_story import fold
from getvpn_ops.workflow.fingerprint import managed_of
from getvpn_ops.workflow.playbooks.variants import without_groups

if TYPE_CHECKING:
    from fake_hands import Stage

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.inventory import Inventory

PILOT = {"sending": "receive-only", "covers": "pilot"}
SERVERS, MEMBERS = {"who": "key-servers"}, {"who": "members"}
CAME = [{"check": "registration-complete", "patience": 5}]
ROLES = [{"check": "coop-single-primary", "patience": 10}]
BEFORE: tuple[dict[str, Any], ...] = (
    {"id": "keys", "action": "rsa-key", "targets": SERVERS},
    {"id": "servers", "action": "configure", "targets": SERVERS, "params": PILOT, "exit": ROLES},
    {"id": "pilot", "action": "configure", "targets": {"who": "pilot"}, "params": PILOT, "exit": CAME},
    {
        "id": "rest",
        "action": "configure",
        "targets": {"who": "rest"},
        "params": PILOT,
        "batch": {"rings": [25, 100], "at_once": 10},
        "exit": CAME,
    },
    {"id": "swap", "action": "configure", "targets": SERVERS, "params": {"sending": "receive-only"}},
)
HITLESS: tuple[dict[str, Any], ...] = (
    {
        "id": "passive",
        "action": "configure",
        "targets": MEMBERS,
        "params": {"sending": "receive-only", "passive": "on"},
        "batch": {"at_once": 10},
        "approval": "does the pilot work?",
    },
    {"id": "both", "action": "configure", "targets": SERVERS},
    {
        "id": "conformant",
        "action": "configure",
        "targets": MEMBERS,
        "params": {"passive": "off"},
        "batch": {"at_once": 10},
        "exit": CAME,
    },
)
BY_KEY_SERVERS: tuple[dict[str, Any], ...] = ({"id": "both", "action": "configure", "targets": SERVERS},)


FEW = (*KEY_SERVERS, "ham-gm1", "ork-gm1", "lds-gm1", "edi-gm1", "man-gm1", "nor-gm1", "cbr-gm1")
"""Every kind of member, one each; all of them in the long run."""
ONLY = () if SOAK else FEW


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    if SOAK:
        return example()
    alone = without_groups(example(), {"PAYMENTS"})
    return replace(alone, devices={name: alone.devices[name] for name in FEW})


def went(stage: Stage) -> Ending:
    return apply_plan(stage.scene, performers())


def test_the_hitless_way_loses_nothing_and_waits_for_a_word(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = FlowingBank(configs="clear", only=ONLY)
    plan = planned(bank, inventory, (*BEFORE, *HITLESS))
    stage = staged(bank, plan, inventory, monkeypatch)
    first = went(stage)
    assert (first.code, "does the pilot work?" in first.reason) == (ExitCode.WINDOW, True), first.reason
    assert f"approve {stage.scene.run} passive" in first.next_step

    word = OperatorWord(Word.APPROVE_STAGE, "someone@jump", "passive: all green")
    stage.scene.log.words = (word,)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    told = bank.traffic.ledger.totals().plain()
    assert told["lost"] == 0, told
    bank.pass_time(minutes=1)
    late = bank.clock.now()
    bank.pass_time(minutes=5)
    after = bank.traffic.ledger.totals(late).plain()
    assert after["lost"] == 0
    assert after["encrypted"] > 0
    _back_again(bank, stage, inventory, monkeypatch)
    proof = next(stage.scene.log.proven(step.id) for step in plan.steps if step.id.endswith("passive-approval"))
    assert proof == "someone@jump said yes: all green"


def _back_again(bank: FlowingBank, stage: Stage, inventory: Inventory, patch: pytest.MonkeyPatch) -> None:
    """Every stage is taken back, the last one first; nothing is lost, and every router holds what it held."""
    story = fold(stage.scene.run, stage.journal.entries(stage.scene.run))
    plan = plan_way_back(asked(bank), stage.scene.plan, story, collector=collector_of(bank), inventory=inventory)
    order = [item.id for item in plan.stages]
    assert order == [f"back-{item['id']}" for item in reversed((*BEFORE, *HITLESS)) if item["action"] == "configure"]
    assert (plan.refusals, plan.lockouts, plan.left_out) == ((), (), ())
    begun = bank.clock.now()
    done = went(staged(bank, plan, inventory, patch))
    assert done.code is ExitCode.GOOD, done.reason
    bank.pass_time(minutes=2)
    told = bank.traffic.ledger.totals(begun).plain()
    assert told["lost"] == 0, told
    fresh = Bank(minutes=0, configs="clear", only=ONLY)
    unlike = [
        name
        for name, device in inventory.devices.items()
        if device.gdoi_groups and managed_of(running(bank, name).tree) != managed_of(running(fresh, name).tree)
    ]
    assert not unlike


def test_the_guides_way_loses_what_its_plan_says_it_may(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = FlowingBank(configs="clear", only=ONLY)
    plan = planned(bank, inventory, (*BEFORE, *BY_KEY_SERVERS))
    assert plan.loses
    stage = staged(bank, plan, inventory, monkeypatch)
    done = went(stage)
    assert done.code is ExitCode.GOOD, done.reason
    assert bank.traffic.ledger.totals().plain()["lost"] > 0


GATED: tuple[dict[str, Any], ...] = (
    {"id": "see", "action": "look", "targets": SERVERS, "exit": [{"check": "coop-single-primary"}]},
    {"id": "pilot", "action": "configure", "targets": {"who": "pilot"}, "params": PILOT},
)
"""Key servers that are not configured yet have no primary."""


def test_a_gate_holds_the_run_and_nothing_after_it_is_begun(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = Bank(minutes=1, configs="clear")
    stage = staged(bank, planned(bank, inventory, GATED), inventory, monkeypatch)
    done = went(stage)
    assert done.code is not ExitCode.GOOD
    assert "gate coop-single-primary, after see" in done.reason
    assert f"resume {stage.scene.run}" in done.next_step
    assert not stage.ledger.typed


def test_a_gate_opens_on_what_devices_show(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(minutes=2)
    plan = planned(bank, inventory, GATED[:1])
    stage = staged(bank, plan, inventory, monkeypatch)
    assert went(stage).code is ExitCode.GOOD
    assert stage.scene.log.proven(plan.steps[0].id) == "passed for WAN; read 0 s before"


def test_a_gate_whose_evidence_is_garbage_cannot_be_told(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(minutes=2)
    stage = staged(bank, planned(bank, inventory, GATED[:1]), inventory, monkeypatch)
    stage.ledger.rewrites["ams-ks1", "show crypto gdoi ks coop"] = lambda _: "no such thing"
    done = went(stage)
    assert done.code is ExitCode.UNDETERMINED
    assert "cannot be told" in done.reason


def test_a_wait_is_not_waited_twice(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(minutes=1, configs="clear")
    soak = {"id": "soak", "action": "wait", "targets": SERVERS, "params": {"minutes": 30}}
    plan = planned(bank, inventory, (soak,))
    stage = staged(bank, plan, inventory, monkeypatch)
    begun = bank.clock.now()
    stage.scene.log.saw(plan.steps[0].id, {"until": (begun + timedelta(minutes=10)).isoformat()})
    assert went(stage).code is ExitCode.GOOD
    assert bank.clock.now() - begun == timedelta(minutes=10), "20 of its 30 minutes were over before"
