"""What actions propose: lines, what they cost, what must be typed, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from acting import planned
from bank import Bank
from fleets import bank_inventory
from screens import Screen

from getvpn_ops.engine.change.planning.action import params_of, targets_of
from getvpn_ops.errors import UsageError
from getvpn_ops.model.plan import Perform, Statement
from getvpn_ops.workflow.actions import ACTIONS

if TYPE_CHECKING:
    from getvpn_ops.model.plan import Plan


@pytest.fixture(scope="module")
def bank() -> Bank:
    """A conformant group that works."""
    return Bank()


@pytest.fixture(scope="module")
def clear_bank() -> Bank:
    """The same, receive-only."""
    made = Bank()
    for name in ("dub-ks1", "ams-ks1", "lds-ks1"):
        configured(made, name, "crypto gdoi group WAN", "server local", "sa receive-only")
    screen(made, "lds-ks1").enter("crypto gdoi ks rekey")
    made.pass_time(minutes=2)
    return made


def screen(bank: Bank, name: str) -> Screen:
    """A terminal on a router."""
    return Screen(router=bank.world.routers[name])


def configured(bank: Bank, name: str, *lines: str) -> None:
    """Type configuration lines on a router."""
    screen(bank, name).enter("configure terminal", *lines, "end")


def lines_of(plan: Plan) -> list[tuple[str, ...]]:
    """What each step types."""
    return [step.act.lines for step in plan.steps if isinstance(step.act, Perform)]


PLANS: dict[str, tuple[str, list[str], dict[str, Any], list[tuple[str, ...]]]] = {
    "one member": ("clear-member", ["lon-gm1"], {}, [("clear crypto gdoi",)]),
    "one member, one group": ("clear-member", ["bir-gm1"], {"group": "WAN"}, [("clear crypto gdoi group WAN",)]),
    "members in turn": ("reregister", ["aar-gm1", "lon-gm1"], {}, [("clear crypto gdoi",)] * 2),
    "SAs": ("clear-sa", ["aar-gm1"], {}, [("clear crypto sa",)]),
    "packet counters": ("clear-sa-counters", ["aar-gm1"], {}, [("clear crypto sa counters",)]),
    "replay counters": ("clear-replay", ["aar-gm1"], {"group": "WAN"}, [("clear crypto gdoi group WAN replay",)]),
    "COOP counters": ("clear-coop-counters", ["dub-ks1"], {}, [("clear crypto gdoi ks coop counters",)]),
    "a key server": ("clear-key-server", ["dub-ks1"], {"group": "WAN"}, [("clear crypto gdoi group WAN",)]),
    "its policy": ("clear-ks-policy", ["dub-ks1"], {"group": "WAN"}, [("clear crypto gdoi group WAN ks policy",)]),
    "its members": ("clear-ks-members", ["dub-ks1"], {}, [("clear crypto gdoi ks members",)]),
    "its members at once": (
        "clear-ks-members", ["dub-ks1"], {"now": "true"}, [("clear crypto gdoi ks members now",)],
    ),
    "IKE SAs": ("clear-isakmp", ["aar-gm1"], {}, [("clear crypto isakmp",)]),
    "direction": (
        "direction", ["aar-gm1"], {"to": "both"}, [("crypto gdoi gm group WAN ipsec direction both",)],
    ),
    "a rekey": ("rekey", ["WAN"], {}, [("crypto gdoi ks group WAN rekey",)]),
    "a rekey that replaces": (
        "rekey", ["WAN"], {"replace-now": "true"}, [("crypto gdoi ks group WAN rekey replace-now",)],
    ),
    "saving, the key server first": ("save", ["aar-gm1", "lds-ks1"], {}, [("write memory",)] * 2),
    "debugging": (
        "debug", ["aar-gm1"], {"what": "gdoi gm rekey detail"}, [("debug crypto gdoi gm rekey detail", "undebug all")],
    ),
    "debugging of one peer": (
        "debug",
        ["aar-gm1"],
        {"what": "isakmp", "peer": "10.1.250.1"},
        [
            (
                "debug crypto condition peer ipv4 10.1.250.1", "debug crypto isakmp", "undebug all",
                "debug crypto condition reset",
            )
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("action", "names", "raw", "lines"), PLANS.values(), ids=PLANS.keys())
def test_lines(bank: Bank, action: str, names: list[str], raw: dict[str, Any], lines: list[tuple[str, ...]]) -> None:
    plan = planned(bank, action, names, **raw)
    assert plan.refusals == ()
    assert lines_of(plan) == lines
    assert all(len(wave.steps) == 1 for wave in plan.waves)
    assert {device.name for device in plan.devices} >= {"lds-ks1", "ams-ks1", "dub-ks1"}
    changed = {device.name for device in plan.devices if device.is_changed}
    assert changed == {step.device for step in plan.steps} if action != "rekey" else changed == {*SERVERS}
    assert all(step.way_back for step in plan.steps)


SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")

REFUSED: dict[str, tuple[str, list[str], dict[str, Any], str]] = {
    "two members at once": ("clear-member", ["aar-gm1", "lon-gm1"], {}, "2 members are meant"),
    "a key server as a member": ("clear-member", ["lds-ks1"], {}, "none of the targets is one of the members"),
    "a member as a key server": ("clear-key-server", ["aar-gm1"], {}, "none of the targets is one of the key servers"),
    "a group it is not in": ("clear-member", ["aar-gm1"], {"group": "PAYMENTS"}, "aar-gm1 is in no group PAYMENTS"),
    "two key servers": ("clear-key-server", ["lds-ks1", "ams-ks1"], {}, "one key server at a time"),
    "the manager's own among others": ("reregister", ["WAN"], {}, "the manager stands behind"),
    "no target answers": ("clear-member", ["aar-gm1"], {"down": ["aar-gm1"]}, "aar-gm1 was not read: unreachable"),
    "nobody knows the keys": ("clear-member", ["aar-gm1"], {"down": SERVERS}, "which keys are current is not known"),
    "a role that would stay": ("role-change", ["WAN"], {}, "would be elected again"),
    "a role on a secondary": (
        "role-change",
        ["dub-ks1"],
        {"group": "WAN"},
        "not the primary of group WAN, which is lds-ks1",
    ),
    "a role of which group": ("role-change", ["lds-ks1"], {}, "--set group=NAME"),
    "a role while one is silent": ("role-change", ["WAN"], {"down": ["dub-ks1"]}, "dub-ks1"),
    "a rekey while one is silent": ("rekey", ["WAN"], {"down": ["dub-ks1"]}, "dub-ks1"),
    "a test beyond the next rekey": ("direction", ["aar-gm1"], {"minutes": "240"}, "before the test is over"),
    "a test, and nobody knows the rekey": ("direction", ["aar-gm1"], {"down": SERVERS}, "is not known"),
    "two routers debugged": ("debug", ["aar-gm1", "lon-gm1"], {}, "debug one at a time"),
    "a peer of GDOI": ("debug", ["aar-gm1"], {"what": "gdoi", "peer": "10.1.1.1"}, "a peer can be chosen for"),
}


@pytest.mark.parametrize(("action", "names", "raw", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(bank: Bank, action: str, names: list[str], raw: dict[str, Any], reason: str) -> None:
    assert re.search(reason, "; ".join(planned(bank, action, names, **raw).refusals))


def test_manager_alone(bank: Bank) -> None:
    inventory = bank_inventory(bank)
    own = next(device.name for device in inventory.devices.values() if device.manager)
    assert planned(bank, "reregister", [own], inventory=inventory).refusals == ()


COSTS: dict[str, tuple[str, list[str], dict[str, Any], Statement, float | None]] = {
    "a member": ("clear-member", ["aar-gm1"], {}, Statement.LOSES, 10.0),
    "all members": ("clear-key-server", ["lds-ks1"], {"group": "WAN"}, Statement.LOSES, 30.0),
    "counters": ("clear-coop-counters", ["lds-ks1"], {}, Statement.HITLESS, 0.0),
    "IKE": ("clear-isakmp", ["aar-gm1"], {}, Statement.CANNOT_TELL, None),
    "sending clear among those who encrypt": ("direction", ["aar-gm1"], {"to": "only"}, Statement.LOSES, None),
    "accepting clear": ("direction", ["aar-gm1"], {"to": "optional"}, Statement.HITLESS, 0.0),
    "a rekey": ("rekey", ["WAN"], {}, Statement.HITLESS, 0.0),
}


@pytest.mark.parametrize(("action", "names", "raw", "statement", "seconds"), COSTS.values(), ids=COSTS.keys())
def test_cost_in_a_conformant_group(  # noqa: PLR0913, PLR0917 -- one case
    bank: Bank, action: str, names: list[str], raw: dict[str, Any], statement: Statement, seconds: float | None
) -> None:
    effects = planned(bank, action, names, **raw).effects
    assert {(effect.statement, effect.seconds) for effect in effects} == {(statement, seconds)}


def test_replacing_at_once_loses(bank: Bank) -> None:
    raw: dict[str, Any] = {"replace-now": "true"}
    plan = planned(bank, "rekey", ["WAN"], **raw)
    (effect,) = plan.effects
    assert effect.statement is Statement.LOSES
    assert effect.seconds
    assert plan.rekeys[0].text == "the old keys end at once"
    assert plan.steps[0].act == Perform(
        "prove-rekey",
        (("group", "WAN"), ("replace-now", "yes")),
        ("crypto gdoi ks group WAN rekey replace-now",),
        once=True,
    )


def test_cost_in_a_receive_only_group(clear_bank: Bank) -> None:
    (effect,) = planned(clear_bank, "clear-member", ["aar-gm1"]).effects
    assert (effect.statement, effect.seconds) == (Statement.HITLESS, 0.0)
    (both,) = planned(clear_bank, "direction", ["aar-gm1"], to="both").effects
    assert both.statement is Statement.LOSES


def test_passive_member_reads_nothing_while_it_registers(clear_bank: Bank) -> None:
    configured(clear_bank, "lon-gm2", "crypto gdoi group WAN", "passive")
    (effect,) = planned(clear_bank, "clear-member", ["lon-gm2"]).effects
    assert effect.statement is Statement.LOSES
    assert "lon-gm2 encrypt" in effect.texts[0]


WORDS = {
    "clear-key-server": "clear dub-ks1",
    "clear-ks-policy": "clear dub-ks1",
    "clear-ks-members": "clear dub-ks1",
    "clear-isakmp": "clear dub-ks1",
    "clear-coop-counters": "",
}


@pytest.mark.parametrize(("action", "word"), WORDS.items(), ids=WORDS.keys())
def test_typed_confirmation(bank: Bank, action: str, word: str) -> None:
    plan = planned(bank, action, ["dub-ks1"])
    assert plan.confirm == word
    assert bool(plan.drops) is bool(word)
    if word:
        assert re.search(r"group WAN: .*24 members \(aar-gm1", " ".join(plan.drops))
        assert re.search(r"group PAYMENTS: .*2 members", " ".join(plan.drops))


def test_dropped_members_are_not_known(bank: Bank) -> None:
    plan = planned(bank, "clear-key-server", ["lds-ks1"], group="WAN", down=["dub-ks1"])
    assert "nobody can tell how many members" in plan.drops[0]
    assert "the inventory has 24" in plan.drops[0]


def test_unreachable_member_is_left_out(bank: Bank) -> None:
    plan = planned(bank, "reregister", ["aar-gm1", "lon-gm1"], down=["aar-gm1"])
    assert [step.device for step in plan.steps] == ["lon-gm1"]
    assert [(item.device, item.is_known) for item in plan.left_out] == [("aar-gm1", False)]


def test_old_software_has_no_role_change(bank: Bank) -> None:
    router = bank.world.routers["lds-ks1"]
    router_release = router.release
    router.release = replace(router_release, text="12.4(15)T8", numbers=(12, 4, 15))
    try:
        assert "role change of key servers needs 12.4(22)" in "; ".join(planned(bank, "role-change", ["WAN"]).refusals)
    finally:
        router.release = router_release


def test_plan_expires_soon(bank: Bank) -> None:
    plan = planned(bank, "save", ["aar-gm1"])
    assert (plan.expires - plan.made).total_seconds() == 1800


MISTAKES: dict[str, tuple[str, dict[str, str], str]] = {
    "no such parameter": ("save", {"when": "now"}, "its parameters are: none"),
    "no such debugging": ("debug", {"what": "all"}, "not in Table 4"),
    "two commands in one": ("debug", {"what": "gdoi\nreload"}, "not in Table 4"),
    "too long": ("debug", {"seconds": "301"}, "less than or equal to 300"),
    "no address": ("debug", {"peer": "lon"}, "peer"),
    "no such direction": ("direction", {"to": "outbound"}, "to:"),
    "no name of a group": ("clear-member", {"group": "WAN\nreload"}, "group"),
}


@pytest.mark.parametrize(("action", "raw", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(action: str, raw: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        params_of(ACTIONS[action], raw)


@pytest.mark.parametrize("names", [(), ("nowhere",)], ids=["nothing", "unknown"])
def test_targets_must_be_named(bank: Bank, names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        targets_of(bank_inventory(bank), names)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_has_a_page(action: str) -> None:
    spec = ACTIONS[action]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", spec.id)
    assert len(spec.doc.split()) > 40
    assert spec.title
