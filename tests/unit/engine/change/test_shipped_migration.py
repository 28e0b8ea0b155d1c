"""The migration of the package on a few sites in this process: whole, hitless, and held where a member is silent."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bank import KEY_SERVERS
from flowing import FlowingBank
from intents import secret
from migrations import staged
from plans import asked, collector_of, example, running

from getvpn_ops.cli.playbook_files import PlaybookFiles, load_playbook
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.migrating.staging import Wanted, plan_playbook, steps_of
from getvpn_ops.engine.change.migrating.targets import pilots_of
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.plan import Configure
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.workflow.playbooks.variants import without_groups

if TYPE_CHECKING:
    from fake_hands import Stage

    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import PlannedStep

PILOT = ("ham-gm1", "ork-gm1")
MEMBERS = (*PILOT, "lis-gm1", "man-gm1")


@pytest.fixture
def bank() -> FlowingBank:
    return FlowingBank(configs="clear", only={*KEY_SERVERS, *MEMBERS})


def few(mss: int | None = None) -> Inventory:
    """The worked example as if it had no other sites; ``mss`` is what its pilot clamps TCP to."""
    alone = without_groups(example(), {"PAYMENTS"})
    devices = {name: alone.devices[name] for name in (*KEY_SERVERS, *MEMBERS)}
    for name in PILOT if mss is not None else ():
        own = devices[name].member_of["WAN"]
        clamped = own.model_copy(update={"adjust_mss": dict.fromkeys(own.adjust_mss or (), mss)})
        devices[name] = replace(devices[name], member_of={**devices[name].member_of, "WAN": clamped})
    return replace(alone, devices=devices)


def migration(
    bank: FlowingBank, patch: pytest.MonkeyPatch, inventory: Inventory, *, end: str = "", **options: str
) -> Stage:
    """Planned, and shown to hold nothing back; ``end`` is the last of its stages."""
    playbook = load_playbook(PlaybookFiles(None).find("migrate-to-getvpn"))
    names = [item.id for item in playbook.stages]
    last = names.index(end) if end else len(names)
    wanted = Wanted(
        playbook=playbook.model_copy(update={"stages": playbook.stages[: last + 1]}),
        options={"cutover": "hitless", "drill": "role-change", **options},
        groups=("WAN",),
        pilot=pilots_of(inventory, ("WAN",)),
        intents_of=lambda varied: Intents(varied, Secrets(secret)),
        keys=KeyTerms(are_compared=False),
    )
    plan = plan_playbook(asked(bank), wanted, collector=collector_of(bank), inventory=inventory)
    assert (plan.refusals, plan.lockouts, plan.left_out) == ((), (), ())
    return staged(bank, plan, inventory, patch)


def test_the_whole_of_it_loses_nothing_and_leaves_nothing_of_itself(
    bank: FlowingBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = migration(bank, monkeypatch, few())
    done = apply_plan(stage.scene, performers())
    assert done.code is ExitCode.GOOD, done.reason
    told = bank.traffic.ledger.totals().plain()
    assert told["lost"] == 0, told
    bank.pass_time(minutes=1)
    late = bank.clock.now()
    bank.pass_time(minutes=5)
    after = bank.traffic.ledger.totals(late).plain()
    assert after["lost"] == 0
    assert after["encrypted"] > 0
    for name in MEMBERS:
        assert not any(group.passive for group in running(bank, name).gdoi_groups)
    for name in KEY_SERVERS:
        (local,) = [item.server_local for item in running(bank, name).gdoi_groups if item.server_local is not None]
        assert not local.receive_only
    said = {item.id: _said(stage, item.id) for item in stage.scene.plan.stages}
    assert "2 rekeys or more came at each of 2 members" in said["control-plane"]
    assert "encrypted on ham-gm1" in said["pilot-traffic"]
    assert "TCP is kept at 1400 bytes" in said["applications"]
    assert "ams-ks1 took over from lds-ks1" in said["drill"]
    assert "1 rekeys or more came at each of 4 members" in said["rekey-without-registration"]


def _said(stage: Stage, name: str) -> str:
    return " ".join(stage.scene.log.proven(step.id) or "" for step in steps_of(stage.scene.plan, name))


def test_a_member_of_which_nobody_knows_that_it_encrypts_holds_the_cut_over(
    bank: FlowingBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key servers are not told to end receive-only while one member may still send clear packets (promises P7, P19)."""
    stage = migration(bank, monkeypatch, few(), drill="none")
    for command in ("show crypto ipsec sa", "show crypto gdoi gm dataplane counters"):
        stage.ledger.rewrites["man-gm1", command] = _nothing_encrypted
    done = apply_plan(stage.scene, performers())
    assert done.code is not ExitCode.GOOD
    assert "gate traffic-both-ways" in done.reason
    assert "man-gm1" in done.reason
    assert not [line for name in KEY_SERVERS for line in stage.ledger.lines(name) if line == "no sa receive-only"]
    assert bank.traffic.ledger.totals().plain()["lost"] == 0


def _nothing_encrypted(text: str) -> str:
    """The screen of a member whose counters stand still."""
    lines = [line.split(":")[0] + ": 0" if "pkts" in line.casefold() else line for line in text.splitlines()]
    return "\n".join(lines)


def test_a_remedy_for_large_packets_is_planned_anew_and_begins_where_routers_stand(
    bank: FlowingBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's path becomes narrow behind the pre-flight, which would have said so: see the next test."""
    bank.clock.after(1800, lambda: bank.harm("mtu", "ork-gm1", bytes="1350") and None)
    stage = migration(bank, monkeypatch, few(), end="applications")
    done = apply_plan(stage.scene, performers())
    assert (done.code, "bytes pass with DF, more do not" in done.reason) == (ExitCode.FINDINGS, True), done.reason
    offered = re.search(r"`adjust_mss: (\d+)`", done.next_step)
    assert offered is not None, done.next_step
    again = migration(bank, monkeypatch, few(int(offered[1])), end="applications")
    shown = {(step.device, line) for step in steps_of(again.scene.plan, "pilot") for line in _lines(step)}
    assert {(name, f"ip tcp adjust-mss {offered[1]}") for name in PILOT} <= shown
    assert not [step for step in steps_of(again.scene.plan, "key-servers-receive-only") if _lines(step)]
    done = apply_plan(again.scene, performers())
    assert done.code is ExitCode.GOOD, done.reason


def test_a_narrow_path_holds_the_preflight_until_the_intent_has_the_size_that_fits(
    bank: FlowingBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.harm("mtu", "ork-gm1", bytes="1350")
    stage = migration(bank, monkeypatch, few(), end="preflight")
    done = apply_plan(stage.scene, performers())
    assert done.code is ExitCode.FINDINGS
    offered = re.search(r"ork-gm1: mtu: fail: .*?`adjust_mss: (\d+)`", done.reason)
    assert offered is not None, done.reason
    again = migration(bank, monkeypatch, few(int(offered[1])), end="preflight")
    done = apply_plan(again.scene, performers())
    assert "ork-gm1: mtu" not in done.reason, done.reason
    assert done.code is ExitCode.UNDETERMINED, "no stage of this plan shows UDP 848 and ESP"


def _lines(step: PlannedStep) -> tuple[str, ...]:
    return tuple(line.text for line in step.act.lines) if isinstance(step.act, Configure) else ()
