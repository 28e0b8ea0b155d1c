"""What becomes of a run whose gate fails, or cannot be told: hold, rollback, abort (P9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
import small_bank
from fake_hands import bank_stage
from screens import Screen

from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.migrating.legs import Leg, gates
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.plan import Plan, PlannedStage, Wave
from getvpn_ops.workflow.playbooks.schema import Stage as StageOf
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from bank import Bank
    from fake_hands import Stage

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.inventory import Inventory

ROLES = "show crypto gdoi ks coop"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[small_bank.SmallBank, Inventory]:
    inventory = small_bank.inventory(tmp_path_factory.mktemp("small"))
    return small_bank.SmallBank(inventory), inventory


def staged(made: tuple[small_bank.SmallBank, Inventory], on_fail: str) -> Stage:
    """A stage ``first`` and a stage ``see``, whose gate asks for one primary."""
    bank, inventory = made
    said = StageOf.model_validate(
        {"id": "see", "action": "look", "exit": [{"check": "coop-single-primary", "on_fail": on_fail}]}
    )
    leg = Leg(said, ("WAN",), inventory.key_servers("WAN"))
    ordered = gates(leg, said.exit, "after")
    plan = Plan(
        "p-1", "a test", bank.clock.now(), bank.clock.now().replace(year=2099), "me@here", snapshot(inventory),
        waves=(Wave(ordered.title, ordered.ready, stage="see"),),
        stages=(PlannedStage("first", "", "look"), PlannedStage("see", "", "look")),
    )  # fmt: skip
    return bank_stage(cast("Bank", bank), plan, inventory)


def went(stage: Stage, screen: Callable[[str], str]) -> Ending:
    stage.ledger.rewrites["fal-ks2", ROLES] = screen
    return apply_plan(stage.scene, performers())


def shown(bank: small_bank.SmallBank, name: str) -> str:
    """What a key server says of its role: on another one it makes two primaries."""
    screen = Screen(router=bank.world.routers[name])
    text = screen.enter(ROLES).partition("\r\n")[2].rpartition("\r\n")[0]
    screen.router.sessions.remove(screen.terminal)
    return text.replace("\r", "")


FAILS = {
    "hold": ("hold", ExitCode.FINDINGS, "", "resume run-1"),
    "rollback": ("rollback", ExitCode.FINDINGS, "see", "rollback run-1 --to first"),
    "abort": ("abort", ExitCode.ABORTED, "", "the playbook ends here; to go back: getvpn-ops rollback run-1"),
}


@pytest.mark.parametrize(("on_fail", "code", "take_back", "after"), FAILS.values(), ids=FAILS)
def test_a_gate_that_fails(
    made: tuple[small_bank.SmallBank, Inventory], on_fail: str, code: ExitCode, take_back: str, after: str
) -> None:
    primary = shown(made[0], "hub-ks1")
    ending = went(staged(made, on_fail), lambda _: primary)
    assert (ending.code, ending.take_back) == (code, take_back), ending.reason
    assert after in ending.next_step


@pytest.mark.parametrize("on_fail", FAILS)
def test_a_gate_that_cannot_be_told_holds_whatever_it_says(
    made: tuple[small_bank.SmallBank, Inventory], on_fail: str
) -> None:
    ending = went(staged(made, on_fail), lambda _: "no such thing")
    assert (ending.code, ending.take_back) == (ExitCode.UNDETERMINED, "")
    assert "cannot be told" in ending.reason
    assert "resume run-1" in ending.next_step


@pytest.mark.parametrize("on_fail", FAILS)
def test_a_gate_that_is_open_says_so(made: tuple[small_bank.SmallBank, Inventory], on_fail: str) -> None:
    assert went(staged(made, on_fail), lambda text: text).code is ExitCode.GOOD
