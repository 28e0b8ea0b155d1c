"""Policy that was typed on key servers and never sent: a push ships it before it removes what members still use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bank import KEY_SERVERS, Bank
from fake_hands import bank_stage
from plans import configures, example, outline, policy, pushed, typed, without
from screens import Screen

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import StepKind
from getvpn_ops.model.plan import PlannedLine, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.model.plan import Plan

SWAP = without(example(), "snmp", "snmptrap")
REMOVED = "deny tcp any any eq 49"


def held(bank: Bank, said: dict[str, Any]) -> dict[str, Any]:
    """All that a push types on key servers before its rekey was typed; then its run was held."""
    for name, act in configures(pushed(bank, example(group=said))):
        if act.kind is not StepKind.CLEAN_UP:
            typed(bank, name, act.lines)
    return said


def edited(bank: Bank) -> dict[str, Any]:
    """Somebody takes a line out of the list in use on every key server."""
    for name in KEY_SERVERS:
        typed(bank, name, [PlannedLine(f"no {REMOVED}", ("ip access-list extended GETVPN_WAN_POLICY",))])
    return {}


def turned(bank: Bank) -> dict[str, Any]:
    return held(bank, {"direction": "receive-only"})


def swapped(bank: Bank) -> dict[str, Any]:
    return held(bank, SWAP)


def ciphered(bank: Bank) -> dict[str, Any]:
    transform = {"name": "AES128-SHA", "encryption": "aes-128", "integrity": "sha1"}
    return held(bank, policy(example(), transform=transform))


def sent(bank: Bank) -> dict[str, Any]:
    swapped(bank)
    screen = Screen(router=bank.world.routers["lds-ks1"])
    screen.enter("crypto gdoi ks group WAN rekey")
    screen.router.sessions.remove(screen.terminal)
    bank.pass_time(minutes=12)
    return SWAP


PENDING: dict[str, tuple[Callable[[Bank], dict[str, Any]], str]] = {
    "a list under another name": (swapped, "is made for GETVPN_WAN_POLICY"),
    "a direction": (turned, "is configured for receive-only, and no member works so"),
    "a transform": (ciphered, "is configured with esp-"),
}


def about_wan(plan: Plan) -> str:
    return "; ".join(text for text in plan.notes if text.startswith("group WAN:"))


@pytest.mark.parametrize(("prepare", "why"), PENDING.values(), ids=list(PENDING))
def test_it_is_sent_before_anything_is_removed(prepare: Callable[[Bank], dict[str, Any]], why: str) -> None:
    bank = Bank()
    inventory = example(group=prepare(bank))
    plan = pushed(bank, inventory)
    assert outline(plan)[0] == "rekey WAN"
    assert outline(plan).count("rekey WAN") == 1
    assert not any("set" in text or "build" in text for text in outline(plan))
    assert "never sent to members" in about_wan(plan)
    assert why in about_wan(plan)
    assert [item.group for item in plan.rekeys] == ["WAN"]
    assert {item.name for item in plan.devices if item.is_changed} == set(KEY_SERVERS)
    assert [item.group for item in plan.effects] == ["WAN"], "what it does to traffic is said"
    assert pushed(bank, inventory, ["opo-gm1"]).rekeys == (), "a member alone rekeys nobody"


def test_once_it_is_applied_nothing_is_due_any_more() -> None:
    bank = Bank()
    inventory = example(group=swapped(bank))
    plan = pushed(bank, inventory)
    assert plan.effects[0].statement is Statement.LOSES, "as members have the old list"
    stage = bank_stage(bank, plan, inventory)
    ending = apply_plan(stage.scene, performers())
    assert ending.code is ExitCode.GOOD, ending.reason
    first, *others = stage.ledger.lines()
    assert first == "crypto gdoi ks group WAN rekey", "before anything is removed"
    assert first not in others
    assert pushed(bank, inventory).waves == ()


def test_a_line_that_was_taken_out_by_hand_is_seen_on_the_members() -> None:
    """The push puts it back: then members have again what is configured, and the rekey tells them so."""
    bank = Bank()
    plan = pushed(bank, example(group=edited(bank)))
    assert "another list than lds-ks1 gives" in about_wan(plan)
    assert outline(plan).count("rekey WAN") == 1


def test_what_was_sent_is_not_sent_again() -> None:
    bank = Bank()
    plan = pushed(bank, example(group=sent(bank)))
    assert plan.rekeys == ()
    assert set(outline(plan)) == {f"{what} {name}" if what == "save" else f"{name} {what}" for name in KEY_SERVERS
                                  for what in ("clean-up", "save")}  # fmt: skip
    assert about_wan(plan) == ""


def test_what_no_member_tells_cannot_be_told() -> None:
    bank, inventory = Bank(), example()
    changed = example(group=policy(inventory, tek_lifetime=3600))
    everybody = [item.name for item in inventory.members("WAN")]
    plan = pushed(bank, changed, down=everybody)
    assert "is not known: no member tells" in about_wan(plan)
    assert Statement.CANNOT_TELL in {item.statement for item in plan.effects if item.group == "WAN"}
    one = pushed(bank, changed, down=everybody[:1])
    assert f"whether {everybody[0]} work" in about_wan(one)
    assert one.effects == ()
