"""``getvpn-ops apply`` and ``resume``: put a plan that was shown on devices, and go on where that stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.changing import apply_anew, free_of_the_dead, go_on
from getvpn_ops.cli.consent import consent, must_be_applicable
from getvpn_ops.cli.going_back import must_go_on, taken_back
from getvpn_ops.cli.journaled import KIND, journal_of
from getvpn_ops.cli.kept_plans import LAST, KeptPlans
from getvpn_ops.cli.one_run import spent
from getvpn_ops.cli.open_steps import must_be_known
from getvpn_ops.cli.output import form_of, must_be_writable, say, say_view, write_data, write_view
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.cli.run_shown import shown_run
from getvpn_ops.cli.sweeps import QuietOption  # noqa: TC001 -- read by Typer
from getvpn_ops.cli.ticket import TicketOption, ticket_of
from getvpn_ops.cli.who import who
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import LabOption, OutOption, OutputOption, WorkspaceOption, open_workspace
from getvpn_ops.errors import ExitCode, StalePlanError, UsageError
from getvpn_ops.model.journal import Word
from getvpn_ops.reports.applied import applied_plain, applied_view, nothing_plain
from getvpn_ops.reports.parsed import Output
from getvpn_ops.reports.plan_table import summary_view
from getvpn_ops.reports.story_table import run_view
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.cli.changing import Applied
    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.cli.wiring import Wiring


def apply(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="Id of a plan or its unique beginning, last, or a file of one.")
    ],
    *,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Accept the loss of traffic that the plan predicts, or cannot rule out."),
    ] = False,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="What the plan asks to be typed in full, such as a clear.")
    ] = None,
    ticket: TicketOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the plan without being asked.")] = False,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Put a plan on devices: exactly what was shown, or nothing.

    Each step is written down before it is sent, and proven from the devices after it. Ctrl-C finishes what is in hand
    and stops; resume goes on. Exit codes: 0 done, or nothing to do; 4 refused, or something is wrong; 3 it could not be
    told; 5 a gate or a person ended it, or its stage was taken back; 6 another run changes these devices; 7 the plan, a
    device or an intent changed, or it expired; 8 a window is closed, or a word is missing; 130 interrupted.
    """
    must_be_writable(out)
    change = ticket_of(ticket)
    place = open_workspace(workspace, lab=lab)
    kept = KeptPlans(place).find(plan)
    with wired(place, quiet=quiet, changes=True) as tools:
        must_be_applicable(kept.plan, tools.clock.now(), accept_loss=accept_loss)
        if not kept.plan.waves:
            _nothing_sent(kept, "the plan holds no step", "", ExitCode.GOOD, (output, out))
            return
        if (done := spent(tools, kept)) is not None:
            _nothing_sent(kept, done.reason, done.next_step, ExitCode.STALE, (output, out))
            raise typer.Exit(ExitCode.STALE)
        if snapshot(tools.loaded.inventory) != kept.plan.inventory:
            msg = (
                f"the inventory or an intent changed since plan {kept.plan.id} was made: nothing was sent; make it anew"
            )
            raise StalePlanError(msg)
        must_be_known(tools, kept.plan)
        say_view(summary_view(kept.plan, kept.digest))
        is_named = plan.strip() != LAST
        words = consent(kept, who(), accept_loss=accept_loss, typed=confirm, yes=yes, is_named=is_named)
        KeptPlans(place).keep(kept.plan)  # a file may be gone when the run is resumed
        applied = apply_anew(tools, kept, words, ticket=change)
        _tell(tools, applied, output, out)
        code = applied.code
        if applied.ending.take_back:
            code = taken_back(tools, applied, accepts_loss=accept_loss)
    raise typer.Exit(code)


def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, or last-apply.")],
    *,
    output: OutputOption = None,
    out: OutOption = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a run that was interrupted, held or killed.

    What the journal tells is shown first; devices with a step in hand are read before anything is sent. Exit codes as
    for apply.
    """
    must_be_writable(out)
    place = open_workspace(workspace, lab=lab)
    with wired(place, quiet=quiet, changes=True) as tools:
        found = tools.store.find_run(run)
        if found.kind != KIND:
            msg = f"run {found.id} is one of {found.kind}: only runs of {KIND} can be resumed"
            raise UsageError(msg)
        story = journal_of(tools).story(found.id)
        is_done = story.ended is not None and story.ended.exit_code == ExitCode.GOOD
        if is_done or not story.plan:  # a kill right then left its lease, which blocks others
            free_of_the_dead(tools.store.leases(journal_of(tools)), found)
        if is_done:
            say(f"run {found.id} is done: nothing is to be resumed")
            write_shown(tools, found.id, output, out)
            return
        must_go_on(story, flags_of(place))
        if not story.plan:
            msg = f"run {found.id} ended before it began to change anything: apply its plan again"
            raise UsageError(msg)
        name = str(found.arguments.get("plan", ""))
        kept = KeptPlans(place).with_digest(name, story.plan)
        if kept is None:
            msg = f"run {found.id} applies plan {name}, which is not kept here as it was: nothing was sent"
            raise StalePlanError(msg)
        say_view(run_view(shown_run(tools.store, place, found, tools.clock.now)))
        done = go_on(tools, kept, found)
        _tell(tools, done, output, out)
        code = done.code
        if done.ending.take_back:
            accepted = any(word.word is Word.ACCEPT_LOSS for word in story.words)
            code = taken_back(tools, done, accepts_loss=accepted)
    raise typer.Exit(code)


def write_shown(tools: Wiring, run: str, output: Output | None, out: Path | None) -> None:
    """Write what a run came to."""
    found = tools.store.find_run(run)
    shown = shown_run(tools.store, tools.workspace, found, tools.clock.now)
    code = ExitCode(found.exit_code or 0)
    if form_of(output, out) is Output.TABLE:
        write_view(applied_view(shown, code, "", "", {}), out)
    else:
        write_data(applied_plain(shown, code, "", "", {}), form_of(output, out), out)


def _tell(tools: Wiring, done: Applied, output: Output | None, out: Path | None) -> None:
    shown = shown_run(tools.store, tools.workspace, done.run, tools.clock.now)
    ending = done.ending
    told = (shown, done.code, ending.reason, ending.next_step, dict(ending.held))
    if form_of(output, out) is Output.TABLE:
        write_view(applied_view(*told), out)
    else:
        write_data(applied_plain(*told), form_of(output, out), out)


def _nothing_sent(
    kept: KeptPlan, reason: str, next_step: str, code: ExitCode, where: tuple[Output | None, Path | None]
) -> None:
    """Say that a plan needs no run, or gets none."""
    if code is ExitCode.GOOD:
        say(f"plan {kept.plan.id} holds no step: nothing was sent")
    else:
        say(f"error: {reason}", "bold red")
        say(f"next: {next_step}")
    form = form_of(*where)
    if form is not Output.TABLE:
        write_data(nothing_plain(kept.plan, kept.digest, reason, next_step, code), form, where[1])
