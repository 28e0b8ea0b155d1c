"""``getvpn-ops rollback``: take a run back, in one command; and in an emergency, before anything else is well (P13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.changing import apply_anew
from getvpn_ops.cli.consent import consent, is_watched, must_be_applicable
from getvpn_ops.cli.going_back import marking, settle_run
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.open_steps import must_be_known
from getvpn_ops.cli.output import form_of, must_be_writable, say, say_view, write_data, write_view
from getvpn_ops.cli.plan_output import AllOption, ending_of, flags_of
from getvpn_ops.cli.planning import changed_by, emergency_plan, rollback_plan
from getvpn_ops.cli.run_shown import shown_run
from getvpn_ops.cli.sweeps import QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.who import who
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_workspace
from getvpn_ops.errors import ApprovalMissingError, ExitCode, UsageError
from getvpn_ops.reports.applied import applied_plain, applied_view, nothing_plain
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.plan_table import plan_view

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.cli.changing import Applied
    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.cli.wiring import Wiring


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, or last-apply.")],
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="STAGE", help="Stage of its playbook that stays, with all before it.")
    ] = None,
    emergency: Annotated[
        bool,
        typer.Option(
            "--emergency",
            help="All key servers that can be reached to receive-only, the primary last, and a rekey: nothing else is "
            "waited for, and gates only advise. Has to be typed in full.",
        ),
    ] = False,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Accept the loss of traffic that the way back predicts.")
    ] = False,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="What an emergency asks to be typed in full.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the way back without being asked.")] = False,
    everything: AllOption = False,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take back what a run configured, from wherever it stopped: stage after stage, the last one first.

    Devices with a step in hand are read first; then the way back is planned, shown, asked for and applied like every
    plan, without regard to windows. Exit codes: 0 taken back, or nothing is to be; 4 refused, or something is wrong; 3
    it could not be told; 6 the run is under way; 7 a device changed since; 8 nobody said yes; 130 interrupted.
    """
    must_be_writable(out)
    if emergency and to is not None:
        raise UsageError("--emergency goes back to receive-only at once: leave --to away")
    place = open_workspace(workspace, lab=lab)
    with wired(place, quiet=quiet, changes=True) as tools:
        found, before = changed_by(tools, run)
        settle_run(tools, before, found, gives_back=not emergency)
        if emergency:
            plan = emergency_plan(tools, found, before.plan)
        else:
            plan = rollback_plan(tools, found.id, None, to or "")
        kept = KeptPlans(place).keep(plan)
        say_view(plan_view(plan, kept.digest, everything=everything))
        if not plan.waves and not (plan.refusals or plan.lockouts):
            code = ending_of(plan)
            say(f"plan {plan.id} holds no step: nothing was sent")
            _nothing(kept, code, output, out)
            raise typer.Exit(code)
        must_be_applicable(plan, tools.clock.now(), accept_loss=accept_loss or emergency)
        if not emergency:  # a step that nobody knows of holds back its own device in the journal itself
            must_be_known(tools, plan)
        if not (yes or plan.confirm or is_watched()):
            after = f"getvpn-ops apply {plan.id}{' --accept-loss' if plan.loses else ''}{flags_of(place)}"
            msg = f"nobody is here to say yes to the way back: nothing was sent; add --yes, or apply it: {after}"
            raise ApprovalMissingError(msg)
        words = consent(kept, who(), accept_loss=accept_loss or emergency, typed=confirm, yes=yes)
        done = apply_anew(tools, kept, words, marking(tools, found.id, plan))
        _tell(tools, done, output, out)
    raise typer.Exit(done.code)


def _tell(tools: Wiring, done: Applied, output: Output | None, out: Path | None) -> None:
    shown = shown_run(tools.store, tools.workspace, done.run, tools.clock.now)
    told = (shown, done.code, done.ending.reason, done.ending.next_step, dict(done.ending.held))
    form = form_of(output, out)
    if form is Output.TABLE:
        write_view(applied_view(*told), out)
    else:
        write_data(applied_plain(*told), form, out)


def _nothing(kept: KeptPlan, code: ExitCode, output: Output | None, out: Path | None) -> None:
    form = form_of(output, out)
    if form is not Output.TABLE:
        write_data(nothing_plain(kept.plan, kept.digest, code=code), form, out)
