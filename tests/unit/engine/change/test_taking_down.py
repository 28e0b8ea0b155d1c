"""A group from its first push to nothing: who is left alone is foretold, and the way back leads to where it began."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import fake_hands
import pytest
from bank import KEY_SERVERS, LABEL, Bank
from fake_hands import BankHand, bank_stage
from intents import secret
from plans import asked, collector_of, configures, example, outline, pushed, running

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.devices.vault import Vault
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.planning.rolling_back import plan_rollback
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal_story import fold
from getvpn_ops.model.plan import Statement
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from fake_hands import Stage

    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.journal_story import RunStory
    from getvpn_ops.model.plan import Plan

MEMBERS = ("opo-gm1", "cph-gm1")


def small() -> Inventory:
    """The key servers of both groups, and two members: one in WAN, one in both."""
    return part(*KEY_SERVERS, *MEMBERS)


def part(*names: str) -> Inventory:
    """Some routers of the worked example."""
    known = example()
    groups = {
        name: group.model_copy(update={"members": tuple(item for item in group.members or () if item in names) or None})
        for name, group in known.gdoi_groups.items()
    }
    return replace(known, devices={name: known.devices[name] for name in names}, gdoi_groups=groups)


class Typing(BankHand):
    """Types what placeholders stand for, as a session does."""

    def __init__(self, *of: object) -> None:
        super().__init__(*of)  # type: ignore[arg-type]
        tree = Intents(small(), Secrets(secret)).of(self.device).read.tree
        given = tuple(line.hidden for top in tree for line in top.walk() if line.hidden is not None)
        self._vault = Vault(self.device, lambda: given, Redactor())

    def answer(self, command: str) -> str | None:
        text = super().answer(command)
        self._vault.learn(text or "")
        return text

    def stay(self, step: ChangeStep) -> str:
        return super().stay(self._vault.resolve(step))


def applied(bank: Bank, plan: Plan) -> Stage:
    stage = bank_stage(bank, plan, small())
    ending = apply_plan(stage.scene, performers())
    assert (ending.code, ending.reason) == (ExitCode.GOOD, "")
    return stage


def story_of(stage: Stage) -> RunStory:
    return fold(stage.scene.run, stage.journal.entries(stage.scene.run))


def managed(bank: Bank) -> dict[str, str]:
    return {name: managed_of(running(bank, name).tree) for name in small().devices}


@pytest.fixture(scope="module")
def up() -> tuple[Bank, dict[str, str], Plan, RunStory]:
    """Both groups after their first push, and what there was before."""
    bank = Bank(minutes=0.1, configs="clear")
    pair = Bank(0).world.routers[KEY_SERVERS[0]].keys.held[LABEL]
    for name in KEY_SERVERS:
        bank.world.routers[name].keys.held[LABEL] = pair
    before = managed(bank)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake_hands, "BankHand", Typing)
        plan = pushed(bank, small(), has_secrets=True)
        return bank, before, plan, story_of(applied(bank, plan))


def back(up: tuple[Bank, dict[str, str], Plan, RunStory], inventory: Inventory, *gone: str) -> Plan:
    """The way back, where steps on some devices were never done."""
    bank, _, plan, story = up
    kept = tuple(step for step in story.steps if step.intended.device not in gone)
    done = replace(story, steps=kept)
    return plan_rollback(asked(bank), plan, done, collector=collector_of(bank), inventory=inventory)


def test_who_is_not_taken_out_of_a_group_that_is_taken_down_loses_it(
    up: tuple[Bank, dict[str, str], Plan, RunStory],
) -> None:
    plan = back(up, small(), "opo-gm1")
    (told,) = [item for item in plan.effects if "taken down" in item.title]
    assert (told.group, told.statement, told.seconds) == ("WAN", Statement.LOSES, None)
    assert "opo-gm1" in told.texts[0]
    assert plan.loses


def test_nor_is_a_member_that_the_inventory_does_not_name_any_more(
    up: tuple[Bank, dict[str, str], Plan, RunStory],
) -> None:
    plan = back(up, part(*KEY_SERVERS, "cph-gm1"), "opo-gm1")
    (told,) = [item for item in plan.effects if "taken down" in item.title]
    assert "10.254.26.2, which the inventory does not name" in told.texts[0]


def test_the_way_back_of_a_first_push_leads_to_where_it_began(
    up: tuple[Bank, dict[str, str], Plan, RunStory], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, before, _, _ = up
    plan = back(up, small())
    assert (plan.refusals, [item for item in plan.effects if "taken down" in item.title]) == ((), [])
    kinds = outline(plan)
    assert max(kinds.index(f"{name} set") for name in MEMBERS) < min(kinds.index(f"{name} set") for name in KEY_SERVERS)
    monkeypatch.setattr(fake_hands, "BankHand", Typing)
    stage = applied(bank, plan)
    assert managed(bank) == before
    assert not any("yes" in line for line in stage.ledger.lines()), "nothing had to be answered"
    assert {name for name, _ in configures(plan)} == set(before)
