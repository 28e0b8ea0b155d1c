"""Whether a rekey left a key server that reloaded since: its counters begin anew, so that its members are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_hands import Fault, Killed, bank_stage, network_inventory, perform, plan_of
from networks import registered

from getvpn_ops.engine.change.rekey import ProveRekey
from getvpn_ops.engine.change.scene import Margins
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from fake_hands import Stage
    from networks import Network

GROUP = "gdoi-group1"
STEP = perform("001-rekey", "prove-rekey", groups=(GROUP,), group=GROUP)
BOOT = 300.0


def killed(made: Network) -> Stage:
    """A run that was killed right before it typed the command."""
    stage = bank_stage(made, plan_of(STEP), network_inventory(made), Margins(poll=5))
    stage.ledger.faults.append(Fault("ks1", " rekey", "kill-before"))
    with pytest.raises(Killed):
        ProveRekey().act(STEP, stage.scene, None)
    return stage.resumed()


def reloaded(made: Network, name: str) -> None:
    router = made.routers[name]
    router.startup = router.running.copy()
    router.reload()


CASES: dict[str, tuple[bool, str, StepResult, str]] = {
    "it had sent rekeys before": (True, "earlier", StepResult.NOTHING_SENT, "its counters too; none of 2 members"),
    "it did not reload": (False, "", StepResult.NOTHING_SENT, "has sent 0 rekeys"),
    "no member has a new key": (True, "", StepResult.NOTHING_SENT, "its counters too; none of 2 members has a new"),
    "a member has one that no key server has": (True, "orphan", StepResult.APPLIED, "gm2 has 0x0000BEEF, which is new"),
    "a member does not tell": (True, "silent", StepResult.UNKNOWN, "gm2 did not tell its keys"),
}


@pytest.mark.parametrize("name", CASES)
def test_members_tell_what_the_counters_of_a_reloaded_key_server_do_not(name: str) -> None:
    boots, harm, result, words = CASES[name]
    made = registered(2)
    if harm == "earlier":
        made.type("ks1", f"crypto gdoi ks group {GROUP} rekey")
        made.run(BOOT)
        assert made.ks("ks1").rekeys_sent == 1
    stage = killed(made)
    if boots:
        reloaded(made, "ks1")
    made.run(BOOT)
    if harm == "orphan":
        teks = made.gm("gm2").teks
        teks.append(replace(teks[0], spi=0xBEEF))
    elif harm == "silent":
        stage.ledger.down.add("gm2")
    (part,) = stage.scene.log.in_hand
    settled = ProveRekey().settle(part, STEP, stage.scene)
    assert (settled.result, words in settled.detail) == (result, True), settled
