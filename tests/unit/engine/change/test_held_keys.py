"""Keys by which routers live are no part of a push, a restore or a way back; others are, and the plan says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bank import Bank
from intents import secret
from plans import asked, collector_of, configures, example, pushed, running, typed

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.engine.change.planning.changes import Changes
from getvpn_ops.engine.change.planning.held_keys import withhold
from getvpn_ops.engine.change.planning.push import plan_push
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.restoring import plan_restore
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.change import ChangeLine, ChangeStep, StepKind
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.plan import PlannedLine
from getvpn_ops.parsing import parse
from getvpn_ops.rendering.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan

SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBER, AT = "opo-gm1", "10.254.26.2"
STRAY = "10.99.1.1"
LACKS = "10.254.24.2"
LOST = "no rollback of this program types it again"


@pytest.fixture(scope="module")
def bank() -> Bank:
    """Every key differs from what the sources of a push with secrets have."""
    return Bank(minutes=1)


@pytest.fixture(scope="module")
def apart() -> Bank:
    """The same, where ``opo-gm1`` is known to be registered nowhere; ``dub-ks1`` has a key too many, and lacks one."""
    made = Bank(minutes=1)
    typed(made, MEMBER, [PlannedLine("no crypto map GETVPN-MAP", ("interface GigabitEthernet0/0",))])
    typed(made, "dub-ks1", [
        PlannedLine(f"crypto isakmp key stray1 address {STRAY}"),
        PlannedLine(f"no crypto isakmp key lab-psk-bre-gm1 address {LACKS}"),
    ])  # fmt: skip
    made.pass_time(minutes=1)
    return made


@pytest.fixture(scope="module")
def mended(apart: Bank) -> Plan:
    """A push of both ends there."""
    return pushed(apart, example(), [MEMBER, *SERVERS], has_secrets=True)


def keys(plan: Plan, device: str | None = None) -> set[str]:
    """Lines of a plan that set or take away a key, without the key."""
    lines = (line.text for name, act in configures(plan) if device in {None, name} for line in act.lines)
    return {text.partition("<")[0] + text.rpartition(">")[2] for text in lines if "<redacted" in text}


def said(plan: Plan) -> str:
    """All that is said of keys; none of it is mangled by the redactor."""
    texts = [*plan.notes, *plan.refusals, *(f"{item.device}: {item.reason}" for item in plan.left_out)]
    assert [Redactor().text(text) for text in texts] == texts
    return "\n".join(text for text in texts if " key" in text)


def test_a_key_by_which_a_member_is_registered_is_left_to_its_rotation(bank: Bank) -> None:
    plan = pushed(bank, example(), [MEMBER, "lon-gm1"], has_secrets=True)
    assert (plan.waves, plan.refusals) == ((), ())
    assert [(item.device, item.is_known) for item in plan.left_out] == [(MEMBER, False), ("lon-gm1", False)]
    assert f"getvpn-ops plan action psk-rotate {MEMBER}" in said(plan)


def test_what_else_differs_is_pushed_without_it(bank: Bank) -> None:
    plan = pushed(bank, example(opo_gm1={"passive": True}), [MEMBER], has_secrets=True)
    assert [line.text for _, act in configures(plan) for line in act.lines] == ["passive"]
    assert plan.left_out == ()
    assert f"psk-rotate {MEMBER}" in said(plan)


def test_key_servers_change_the_keys_between_them_on_both_ends_and_no_others(bank: Bank) -> None:
    plan = pushed(bank, example(), SERVERS, has_secrets=True)
    addresses = {f"10.255.0.{number}" for number in (1, 2, 3)}
    assert keys(plan) == {f"{no}crypto isakmp key  address {peer}" for peer in addresses for no in ("", "no ")}
    assert "on both ends" in said(plan)
    assert LOST in said(plan)
    assert "psk-rotate WAN" in said(plan), "members are many: their group is named"


def test_one_key_server_alone_would_have_another_key_than_its_peers(bank: Bank) -> None:
    plan = pushed(bank, example(), ["dub-ks1"], has_secrets=True)
    assert plan.waves == ()
    assert "lds-ks1 would have another one: getvpn-ops plan push dub-ks1 lds-ks1" in said(plan)


def coop(reference: str) -> Secret | None:
    """The keys between key servers as they are; another one for each member."""
    ends = {"psk/ams-ks1-dub-ks1": "ams-dub", "psk/ams-ks1-lds-ks1": "ams-lds", "psk/dub-ks1-lds-ks1": "dub-lds"}
    return Secret.of("isakmp-key", f"lab-psk-coop-{ends[reference]}") if reference in ends else secret(reference)


def test_key_servers_whose_keys_alone_differ_are_no_obstacle_to_another_one() -> None:
    made = Bank(minutes=1)
    typed(made, "dub-ks1", [PlannedLine("crypto isakmp keepalive 20 periodic")])
    inventory = example()
    plan = plan_push(
        asked(made), [inventory.devices[name] for name in SERVERS], collector=collector_of(made), inventory=inventory,
        intents=Intents(inventory, Secrets(coop)),
    )  # fmt: skip
    assert plan.refusals == ()
    assert [line.text for _, act in configures(plan) for line in act.lines] == ["crypto isakmp keepalive 15 periodic"]
    assert {item.device for item in plan.left_out} == {"lds-ks1", "ams-ks1"}


# -- nobody is registered by it


def test_both_ends_of_a_member_that_is_down_get_its_key(mended: Plan) -> None:
    peers = {f"crypto isakmp key  address 10.255.0.{number}" for number in (1, 2, 3)}
    assert peers <= keys(mended, MEMBER)
    assert all(f"crypto isakmp key  address {AT}" in keys(mended, server) for server in SERVERS)
    assert f"the key for {MEMBER} ({AT}) is changed, and nobody is registered by it" in said(mended)
    assert LOST in said(mended)


def test_a_new_key_is_typed_and_one_that_nobody_lives_by_goes(mended: Plan) -> None:
    found = keys(mended, "dub-ks1")
    assert {text for text in found if LACKS in text} == {f"crypto isakmp key  address {LACKS}"}
    assert {text for text in found if STRAY in text} == {f"no crypto isakmp key  address {STRAY}"}
    assert f"the key for {STRAY} is removed, and nobody is registered by it" in said(mended)


def test_one_end_alone_is_not_touched(apart: Bank) -> None:
    plan = pushed(apart, example(), [MEMBER], has_secrets=True)
    assert keys(plan) == set()
    assert "lds-ks1 would have another one" in said(plan)


def test_where_no_group_runs_keys_are_as_the_intent_says() -> None:
    clear = Bank(minutes=0.1, configs="clear")
    typed(clear, MEMBER, [PlannedLine("crypto isakmp key former1 address 10.255.0.1")])
    plan = pushed(clear, example(), [MEMBER], has_secrets=True)
    assert {"no crypto isakmp key  address 10.255.0.1", "crypto isakmp key  address 10.255.0.1"} <= keys(plan)
    assert LOST in said(plan)


# -- nobody knows


def test_a_member_that_was_not_asked_may_be_registered(apart: Bank) -> None:
    plan = pushed(apart, example(), SERVERS, down=[MEMBER], has_secrets=True)
    assert not any(AT in text for text in keys(plan))
    assert f"whether its member is registered with group WAN is not known: {MEMBER}" in said(plan)
    assert f"psk-rotate {MEMBER}" in said(plan)


def test_a_key_server_that_lists_nobody_does_not_say_that_nobody_is_there() -> None:
    made = Bank(minutes=0.1)
    typed(made, "dub-ks1", [PlannedLine(f"crypto isakmp key stray1 address {STRAY}")])
    plan = pushed(made, example(), ["dub-ks1"])
    assert plan.waves == ()
    assert "who is registered with group WAN is not known" in said(plan)


# -- keys that no intent names


def test_the_key_of_somebody_who_is_registered_stays(bank: Bank) -> None:
    known = example()
    devices = {name: device for name, device in known.devices.items() if name != MEMBER}
    plan = pushed(bank, replace(known, devices=devices), ["dub-ks1"])
    assert keys(plan) == set()
    assert f"the key for {AT} is not touched: somebody is registered with group WAN by it: no member of the" in said(
        plan
    )


# -- by hand


def judged(
    bank: Bank, inventory: Inventory, device: str, lines: Iterable[str], *, is_way_back: bool = False
) -> Changes:
    """What becomes of lines on one device; those in a keyring say it before a bar."""
    typed_ = [ChangeLine(line.rpartition("|")[2], tuple(filter(None, [line.rpartition("|")[0]]))) for line in lines]
    changes = Changes(steps={device: (ChangeStep(StepKind.SET, "t", tuple(typed_), ()),)})
    reading = read_devices("r-1", collector_of(bank), inventory, list(inventory.devices.values()))
    withhold(changes, reading, inventory, is_way_back=is_way_back)
    return changes


def printed(bank: Bank, device: str, peer: str) -> str:
    """A key as a router has it."""
    return next(line.text for line in running(bank, device).tree if line.text.endswith(f" address {peer}"))


def test_a_key_that_moves_and_changes_at_once_is_refused(bank: Bank) -> None:
    old = printed(bank, MEMBER, "10.255.0.1")
    new = "crypto keyring R|pre-shared-key address 10.255.0.1 key <redacted sha256:0123456789ab>"
    found = judged(bank, example(), MEMBER, ["crypto keyring R", new, f"no {old}"])
    assert any("rotate it first" in text for text in found.refusals)
    same = new.replace("<redacted sha256:0123456789ab>", old.split(" key ")[1].partition(" address")[0])
    moved = judged(bank, example(), MEMBER, ["crypto keyring R", same, f"no {old}"])
    assert (moved.refusals, moved.left_out, len(moved.steps[MEMBER][0].lines)) == ([], [], 3)


def test_a_way_back_takes_keys_of_its_run_away_and_swaps_none(bank: Bank) -> None:
    old = printed(bank, "dub-ks1", AT)
    gone = judged(bank, example(), "dub-ks1", [f"no {old}"], is_way_back=True)
    assert len(gone.steps["dub-ks1"][0].lines) == 1
    new = f"crypto isakmp key <redacted sha256:0123456789ab> address {AT}"
    swapped = judged(bank, example(), "dub-ks1", [f"no {old}", new], is_way_back=True)
    assert swapped.steps == {}
    assert "put the former one where `secrets:`" in swapped.left_out[0].reason


def test_a_member_is_restored_without_the_key_that_it_lives_by(bank: Bank) -> None:
    kept = running(bank, MEMBER)
    text = "\n".join(str(line) for line in bank.world.routers[MEMBER].running.lines())
    older = text.replace("lab-psk-opo-gm1", "former-psk-1").replace("ip tcp adjust-mss 1360", "ip tcp adjust-mss 1300")
    assert older != text
    wanted = parse("show running-config", f"{older}\nend").data
    plan = plan_restore(
        asked(bank), example().devices[MEMBER], wanted, collector=collector_of(bank), inventory=example()
    )
    lines = [line.text for _, act in configures(plan) for line in act.lines]
    assert lines == ["ip tcp adjust-mss 1300"]
    assert f"psk-rotate {MEMBER}" in said(plan)
    assert Secret.of("isakmp-key", "former-psk-1").fingerprint not in str(kept.tree)
