"""Steps of other runs of which nobody knows how far they came: while one is open, its device gets nothing (P3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.cli.journaled import journal_of
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.errors import StepRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.journal_story import OpenStep
    from getvpn_ops.model.plan import Plan

_SHOWN = 5


def must_be_known(tools: Wiring, plan: Plan, run: str = "") -> None:
    """See, before anything is sent, that no other run left a step open on a device of a plan.

    The journal itself refuses to send there, but only when it comes to that device, in the middle of the plan.

    Args:
        tools: of the workspace.
        plan: that is to be applied.
        run: that applies it, if there is one: what that left open it reads itself.

    Raises:
        StepRefusedError: one did; says which run, which step, and what to run next.
    """
    found = _open(tools, plan, run)
    if not found or _is_at_work(tools, found):
        return
    flags = flags_of(tools.workspace)
    lines = ["nobody knows how far another run came on devices of this plan: nothing was sent"]
    for item in found[:_SHOWN]:
        lines.append(f"  {_told(item)}")
        lines.append(f"    read it: getvpn-ops resume {item.run}{flags}")
        lines.append(f"    only if it never answers again: {settle_command(item, flags)}")
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more devices")
    raise StepRefusedError("\n".join(lines))


def notes_of_open(tools: Wiring, plan: Plan, asked_for: Iterable[str]) -> tuple[str, ...]:
    """What a plan has to say of them: it can be made, and not be applied before they are read.

    Args:
        tools: of the workspace.
        plan: that was made.
        asked_for: devices that it was made for, also those that are left out of it.
    """
    found = journal_of(tools).open_steps([*_devices(plan), *asked_for])
    return tuple(f"{_told(item)}: it gets nothing before it is read: getvpn-ops resume {item.run}" for item in found)


def settle_command(item: OpenStep, flags: str) -> str:
    """How an operator says how far it came."""
    where = f"{item.intended.step} --device {item.intended.device}"
    return f"getvpn-ops runs settle {item.run} {where} --as ... --reason ...{flags}"


def _told(item: OpenStep) -> str:
    of = item.intended
    return f"{of.device}: how far '{of.title}' (step {of.step} of run {item.run}) came is not known"


def _open(tools: Wiring, plan: Plan, run: str) -> list[OpenStep]:
    return [item for item in journal_of(tools).open_steps(_devices(plan)) if item.run != run]


def _is_at_work(tools: Wiring, found: Iterable[OpenStep]) -> bool:
    """Whether a run that left one holds its lease: who it is, and what to do, is said where that is refused."""
    return bool({lease.run for lease in tools.store.leases(journal_of(tools)).held()} & {item.run for item in found})


def _devices(plan: Plan) -> list[str]:
    return [*(item.name for item in plan.devices), *(step.device for step in plan.steps if step.device)]
