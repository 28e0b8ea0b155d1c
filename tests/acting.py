"""Actions as they are planned and applied, on the routers of a bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_hands import bank_stage
from fleets import BankClock, BankFleet, Silent, bank_inventory

from getvpn_ops.engine.change.actions import ACTIONS_PERFORMED
from getvpn_ops.engine.change.apply import apply_plan
from getvpn_ops.engine.change.planning.action import ActionRequest, params_of, plan_action, targets_of
from getvpn_ops.engine.collect import Collector
from getvpn_ops.workflow.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bank import Bank
    from fake_hands import Fault, Stage

    from getvpn_ops.engine.change.apply import Ending
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan


def planned(
    bank: Bank,
    action: str,
    names: Iterable[str],
    *,
    down: Iterable[str] = (),
    inventory: Inventory | None = None,
    **raw: str,
) -> Plan:
    """A plan of one action.

    Args:
        bank: whose routers.
        action: id of it.
        names: of devices or groups.
        down: devices that do not answer.
        inventory: in place of the bank's own.
        raw: parameters as they are typed.
    """
    inventory = inventory or bank_inventory(bank)
    nobody = Silent()
    collector = Collector(BankFleet(bank, down), BankClock(bank), nobody, nobody)
    spec = ACTIONS[action]
    targets, groups = targets_of(inventory, names)
    request = ActionRequest(spec, params_of(spec, raw), targets, groups, f"action {action}", "me@here")
    return plan_action("run-1", request, collector=collector, inventory=inventory)


def staged(bank: Bank, plan: Plan, *faults: Fault) -> Stage:
    """A scene for a plan; faults wait."""
    stage = bank_stage(bank, plan)
    stage.ledger.faults += faults
    return stage


def applied(stage: Stage) -> Ending:
    """Apply its plan, or go on with it."""
    return apply_plan(stage.scene, ACTIONS_PERFORMED)
