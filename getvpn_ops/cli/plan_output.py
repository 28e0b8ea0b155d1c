"""How a plan is shown, and how a command that made one ends; for every command that makes plans."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.output import say, write_text, write_view
from getvpn_ops.errors import ExitCode
from getvpn_ops.reports.console import console
from getvpn_ops.reports.plan_forms import PlanForm, plan_document
from getvpn_ops.reports.plan_rows import next_command
from getvpn_ops.reports.plan_table import plan_text, plan_view
from getvpn_ops.reports.sweep_words import listed

if TYPE_CHECKING:
    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.settings import Workspace

_NAMES = 8

PlanFormOption = Annotated[
    PlanForm | None,
    typer.Option(
        "--output",
        "-o",
        case_sensitive=False,
        help="Format; a table on a terminal, else JSON. markdown is for a ticket, sheet is the way back to paste.",
    ),
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Show every device and every step: nothing that is alike is folded.")
]


def keep_and_show(
    plan: Plan,
    workspace: Workspace,
    form: PlanForm | None,
    out: Path | None = None,
    *,
    everything: bool = False,
) -> ExitCode:
    """Keep a plan that was just made, show it, and say how the command ends.

    Args:
        plan: to keep, also one that is refused.
        workspace: whose.
        form: asked for; None for what fits.
        out: a file for it; None is standard output.
        everything: fold nothing.
    """
    kept = KeptPlans(workspace).keep(plan)
    show_plan(kept, workspace, form, out, everything=everything)
    unknown = [item.device for item in plan.left_out if not item.is_known]
    if unknown:
        who = listed(unknown, _NAMES)
        say(f"warning: {who} could not be told, or is held back, and is not in the plan", "bold yellow")
    say(f"kept as {kept.path}")
    if command := next_command(plan, flags_of(workspace)):
        say(f"nothing was sent; to apply it: {command}")
    return ending_of(plan)


def show_plan(
    kept: KeptPlan, workspace: Workspace, form: PlanForm | None, out: Path | None = None, *, everything: bool = False
) -> None:
    """Write a plan to standard output, or to a file."""
    plan, flags = kept.plan, flags_of(workspace)
    to_stdout = out in {None, Path("-")}
    watched = to_stdout and sys.stdout is not None and sys.stdout.isatty()
    chosen = form or (PlanForm.TABLE if watched else PlanForm.JSON)
    if chosen is not PlanForm.TABLE:
        write_text(plan_document(plan, kept.digest, kept.seal, chosen, everything=everything, flags=flags), out)
    elif watched and console().is_terminal:
        write_view(plan_view(plan, kept.digest, everything=everything, flags=flags), None)
    else:
        write_text(plan_text(plan, kept.digest, everything=everything, flags=flags), out)


def ending_of(plan: Plan) -> ExitCode:
    """How a command that made a plan ends.

    Returns:
        FINDINGS if the plan is never applied; UNDETERMINED if it holds nothing, and of a device it could not be told
        whether something should be done; else GOOD, also where there is nothing to do.
    """
    if plan.refusals or plan.lockouts:
        return ExitCode.FINDINGS
    if not plan.waves and any(not item.is_known for item in plan.left_out):
        return ExitCode.UNDETERMINED
    return ExitCode.GOOD


def flags_of(workspace: Workspace) -> str:
    """What the next command needs to mean the same workspace."""
    return " --lab" if workspace.is_lab else ""
