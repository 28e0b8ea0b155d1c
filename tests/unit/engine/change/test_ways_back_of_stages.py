"""The way back of a playbook's run on a small group: to a stage, and from a step that stands in part (P12, P13)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
import small_bank
import small_wan
from fake_hands import bank_stage
from migrations import playbook_of
from plans import running, typed

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.migrating.going_back import plan_way_back
from getvpn_ops.engine.change.migrating.staging import Wanted, plan_playbook
from getvpn_ops.engine.change.migrating.targets import pilots_of
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.model.journal import StepIntended, StepReconciled, StepResult
from getvpn_ops.model.journal_story import fold
from getvpn_ops.model.plan import Configure
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bank import Bank
    from fake_hands import Stage
    from small_bank import SmallBank

    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.journal_story import RunStory
    from getvpn_ops.model.plan import Plan, PlannedLine

SERVERS, MEMBERS = {"who": "key-servers"}, {"who": "members"}
STAGES: tuple[dict[str, Any], ...] = (
    {
        "id": "servers", "action": "configure", "targets": SERVERS,
        "params": {"sending": "receive-only", "covers": "as-it-is"},
    },
    {
        "id": "passive", "action": "configure", "targets": MEMBERS,
        "params": {"sending": "receive-only", "covers": "as-it-is", "passive": "on"},
    },
)  # fmt: skip
OTHER = ({"id": "other", "action": "configure", "targets": SERVERS},)
LIST = {"policies": [{"acl": {"exempt": ["gdoi", "ssh", "bgp"], "encrypt": ["10.1.0.0/16 -> 10.2.0.0/16"]}}]}


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return small_bank.inventory(tmp_path)


@pytest.fixture
def bank(inventory: Inventory) -> SmallBank:
    return small_bank.SmallBank(inventory)


def planned(bank: SmallBank, inventory: Inventory, stages: Iterable[dict[str, Any]], **more: Any) -> Plan:  # noqa: ANN401 -- of the playbook
    wanted = Wanted(
        playbook=playbook_of(tuple(stages), **more),
        options={},
        groups=("WAN",),
        pilot=pilots_of(inventory, ("WAN",), ("abe-gm1", "bat-gm1")),
        intents_of=lambda varied: Intents(varied, Secrets(small_wan.secret_of)),
        keys=KeyTerms(are_compared=False),
    )
    return plan_playbook(small_bank.asked(bank), wanted, collector=small_bank.collector_of(bank), inventory=inventory)


def staged(bank: SmallBank, plan: Plan, inventory: Inventory) -> Stage:
    return bank_stage(cast("Bank", bank), plan, inventory)


def back(bank: SmallBank, plan: Plan, story: RunStory, inventory: Inventory, to: str = "") -> Plan:
    return plan_way_back(
        small_bank.asked(bank), plan, story, collector=small_bank.collector_of(bank), inventory=inventory, to=to
    )


def trees(bank: SmallBank) -> dict[str, str]:
    return {name: managed_of(running(cast("Bank", bank), name).tree) for name in bank.world.routers}


def test_the_way_back_may_end_at_a_stage(bank: SmallBank, inventory: Inventory) -> None:
    before = trees(bank)
    stage = staged(bank, planned(bank, inventory, STAGES), inventory)
    done = apply_plan(stage.scene, performers())
    assert done.code is ExitCode.GOOD, done.reason
    after = trees(bank)
    story = fold("run-1", stage.journal.entries("run-1"))
    half = back(bank, stage.scene.plan, story, inventory, "servers")
    assert [item.id for item in half.stages] == ["back-passive"]
    assert {step.device for step in half.steps if isinstance(step.act, Configure)} == {"abe-gm1", "bat-gm1"}
    assert all(item.time is not None for item in half.stages)
    whole = back(bank, stage.scene.plan, story, inventory)
    assert [item.id for item in whole.stages] == ["back-passive", "back-servers"]
    with pytest.raises(UsageError, match="did you mean servers"):
        back(bank, stage.scene.plan, story, inventory, "server")
    with pytest.raises(UsageError, match="no configuration on any device after stage passive"):
        back(bank, stage.scene.plan, story, inventory, "passive")
    assert after != before
    ending = apply_plan(staged(bank, whole, inventory).scene, performers())
    assert ending.code is ExitCode.GOOD, ending.reason
    assert trees(bank) == before


@pytest.fixture
def other(tmp_path: Path) -> Inventory:
    """Another list is intended than the group has."""
    (tmp_path / "other").mkdir()
    return small_bank.inventory(tmp_path / "other", LIST)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_step_that_stands_in_part_is_taken_back_from_there(bank: SmallBank, other: Inventory, number: int) -> None:
    before = trees(bank)
    plan = planned(bank, other, OTHER)
    step = plan.steps[0]
    assert isinstance(step.act, Configure)
    assert len(step.act.lines) > number
    typed(cast("Bank", bank), step.device, step.act.lines[:number])
    story = told(bank, plan, StepResult.PARTLY, other)
    if not number:
        way = back(bank, plan, story, other)
        assert not [item for item in way.steps if isinstance(item.act, Configure)]
        return
    way = back(bank, plan, story, other)
    assert (way.refusals, way.left_out) == ((), ())
    done = apply_plan(staged(bank, way, other).scene, performers())
    assert done.code is ExitCode.GOOD, done.reason
    assert trees(bank) == before


def test_a_step_in_hand_on_a_key_server_refuses_and_what_others_changed_is_left(
    bank: SmallBank, other: Inventory
) -> None:
    plan = planned(bank, other, OTHER)
    step = plan.steps[0]
    unknown = told(bank, plan, StepResult.UNKNOWN, other)
    with pytest.raises(UsageError, match="settle it first"):
        back(bank, plan, unknown, other)
    typed(cast("Bank", bank), step.device, lines_of(plan)[:1])
    bank.world.routers[step.device].running.load(["ip access-list extended OTHER_POLICY", " permit ip any any"])
    changed = back(bank, plan, told(bank, plan, StepResult.APPLIED, other), other)
    assert any(step.device in text for text in changed.refusals)


def test_a_step_in_part_before_the_stage_that_stays_is_none_of_its_way_back(
    bank: SmallBank, inventory: Inventory
) -> None:
    plan = planned(bank, inventory, STAGES)
    story = told(bank, plan, StepResult.PARTLY, inventory)
    with pytest.raises(UsageError, match="no configuration on any device after stage servers"):
        back(bank, plan, story, inventory, "servers")


def lines_of(plan: Plan) -> tuple[PlannedLine, ...]:
    act = plan.steps[0].act
    assert isinstance(act, Configure)
    return act.lines


def told(bank: SmallBank, plan: Plan, result: StepResult, inventory: Inventory) -> RunStory:
    """A run whose first step came so far."""
    step = plan.steps[0]
    journal = staged(bank, plan, inventory).journal
    journal.append("run-1", StepIntended(step.id, step.device, step.title, ("a line",)))
    journal.append("run-1", StepReconciled(step.id, step.device, result, "read again"))
    return replace(fold("run-1", journal.entries("run-1")))


def test_a_plan_says_how_long_its_stages_take_and_whether_they_fit_into_its_window(
    bank: SmallBank, inventory: Inventory
) -> None:
    now = bank.clock.now()
    soak = {"id": "soak", "action": "wait", "targets": SERVERS, "params": {"minutes": 90}, "timeout": 60}
    window = {"start": f"{now:%H:%M}", "end": f"{now.replace(hour=now.hour + 1):%H:%M}"}
    plan = planned(bank, inventory, (*STAGES[:1], soak), windows=[window])
    servers, waits = (item.time for item in plan.stages)
    assert servers is not None
    assert waits is not None
    assert servers.lowest < servers.usual < servers.longest
    assert any(text.startswith("key server configured") and "assumed" in text for text in servers.basis)
    assert waits.longest == 3600, "its timeout bounds its waits"
    assert "stage soak soaks for 90 min, and its timeout is 60 min: it holds there" in plan.notes
    assert any("the next window has 60 min" in text and "will hold there" in text for text in plan.notes), plan.notes
    closed = planned(bank, inventory, STAGES[:1], windows=[{**window, "days": ["mon"]}])
    assert any("cannot begin now" in text for text in closed.notes)
    assert any("expires before that" in text for text in closed.notes)
