"""Playbooks of the package on a small group in this process: every gate opens where all is well, and one holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
import small_bank
from fake_hands import bank_stage
from plans import asked, running
from small_bank import SmallBank

from getvpn_ops.cli.playbook_files import PlaybookFiles, load_playbook
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.migrating.staging import Wanted, plan_playbook
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.config.drift import KeyTerms
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import OperatorWord, Word

if TYPE_CHECKING:
    from pathlib import Path

    from bank import Bank
    from fake_hands import Stage

    from getvpn_ops.model.inventory import Inventory

IDLE = {"idle": True}
NEW = {"policies": [{"acl": {"exempt": ["gdoi", "ssh", "bgp"], "encrypt": ["10.0.0.0/8", "172.16.0.0/12"]}}]}
METHODS = ("direct", "through-receive-only")
SERVERS, MEMBERS = ("hub-ks1", "fal-ks2"), ("abe-gm1", "bat-gm1")


@pytest.fixture
def before(tmp_path: Path) -> Inventory:
    """The small group as it runs; nothing crosses its members, and that is known."""
    return small_bank.inventory(tmp_path / "before", abe_gm1=IDLE, bat_gm1=IDLE)


@pytest.fixture
def wanted(tmp_path: Path) -> Inventory:
    """The same with another list."""
    return small_bank.inventory(tmp_path / "wanted", NEW, abe_gm1=IDLE, bat_gm1=IDLE)


def swap(bank: SmallBank, inventory: Inventory, method: str) -> Stage:
    """Plan the swap, and say yes to what it asks."""
    playbook = load_playbook(PlaybookFiles(None).find("swap-acl"))
    told = Wanted(
        playbook=playbook,
        options={"method": method},
        groups=("WAN",),
        pilot=(),
        intents_of=Intents,
        keys=KeyTerms(are_compared=False),
    )
    plan = plan_playbook(asked(cast("Bank", bank)), told, collector=small_bank.collector_of(bank), inventory=inventory)
    assert (plan.refusals, plan.lockouts, plan.left_out) == ((), (), ())
    stage = bank_stage(cast("Bank", bank), plan, inventory)
    stage.scene.log.words = tuple(
        OperatorWord(Word.APPROVE_STAGE, "someone@jump", f"{item.id}: yes") for item in playbook.stages
    )
    return stage


@pytest.mark.parametrize("method", METHODS)
def test_the_list_is_swapped_and_nothing_else_is_left(method: str, before: Inventory, wanted: Inventory) -> None:
    bank = SmallBank(before)
    stage = swap(bank, wanted, method)
    done = apply_plan(stage.scene, performers())
    assert done.code is ExitCode.GOOD, done.reason
    for name in SERVERS:
        config = running(cast("Bank", bank), name)
        (local,) = [group.server_local for group in config.gdoi_groups if group.server_local is not None]
        served = {sa.match_acl for sa in local.sas}
        lists = {item.name: [entry.text for entry in item.entries] for item in config.access_lists}
        (held,) = [entries for name, entries in lists.items() if name in served]
        assert any("172.16.0.0" in entry for entry in held)
        assert {name for name in lists if "POLICY" in name} == served, "the old list is gone"
        assert not local.receive_only
    for name in MEMBERS:
        (group,) = running(cast("Bank", bank), name).gdoi_groups
        assert not group.passive
    typed = [line for name in MEMBERS for line in stage.ledger.lines(name) if "passive" in line]
    assert bool(typed) is (method == "through-receive-only")


def test_nobody_is_told_to_drop_clear_packets_before_everybody_encrypts(before: Inventory, wanted: Inventory) -> None:
    """A member that shows no packets, and is not said to be idle, holds the run before its key servers."""
    busy = replace(wanted, devices={**wanted.devices, "bat-gm1": replace(wanted.devices["bat-gm1"], idle=False)})
    bank = SmallBank(before)
    stage = swap(bank, busy, "through-receive-only")
    done = apply_plan(stage.scene, performers())
    assert done.code is ExitCode.UNDETERMINED
    assert "gate traffic-both-ways, after ring" in done.reason
    assert "bat-gm1" in done.reason
    assert not [line for name in SERVERS for line in stage.ledger.lines(name) if line == "no sa receive-only"]
