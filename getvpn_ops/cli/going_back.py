"""The way back of a run, settled, planned, and applied: by ``rollback``, and where a gate of a playbook says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.cli.changing import apply_anew, free_of_the_dead, resources, scene_of
from getvpn_ops.cli.journaled import journal_of, must_be_whole
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.lease_words import held_by_another
from getvpn_ops.cli.open_steps import must_be_known
from getvpn_ops.cli.output import say, say_view
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.cli.planning import changed_by, rollback_plan
from getvpn_ops.cli.who import who
from getvpn_ops.engine.change.course import Course
from getvpn_ops.engine.change.log import LEASE, RunLog
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.settling import give_back, settle
from getvpn_ops.errors import ExitCode, GetvpnOpsError, LeaseHeldError, UsageError
from getvpn_ops.model.journal import OperatorWord, Word
from getvpn_ops.reports.plan_table import summary_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.cli.changing import Applied
    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.model.journal_story import RunStory
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.model.run import Run


def must_go_on(story: RunStory, flags: str = "") -> None:
    """See that a run may be resumed: it was not ended for good, and nobody began to take it back.

    Raises:
        UsageError: it was; says by whom, and what can be done.
    """
    back = f"to go back: getvpn-ops rollback {story.run}{flags}; to go on, plan anew: it begins where devices are now"
    if story.over:
        msg = f"run {story.run} {story.over}: it is not resumed; {back}"
        raise UsageError(msg)


def settle_run(tools: Wiring, kept: KeptPlan, run: Run, *, gives_back: bool = True) -> None:
    """Read how far steps of a run came that nobody knows of: the way back begins where devices stand (promise P3).

    Args:
        tools: of the workspace.
        kept: plan of the run.
        run: that was killed, or lost a session.
        gives_back: whether what its steps changed for a while is given back then; see ``settling.give_back``.

    Raises:
        LeaseHeldError: it is under way.
    """
    journal = journal_of(tools)
    must_be_whole(journal, tools.workspace)
    leases = tools.store.leases(journal)
    free_of_the_dead(leases, run)
    try:
        lease = leases.take(run.id, resources(kept.plan), LEASE)
    except LeaseHeldError as exc:
        raise held_by_another(tools, exc, run.id) from exc
    try:
        log = RunLog(run.id, journal, leases, lease)
        course = Course(scene_of(tools, kept.plan, log), performers())
        held = settle(course, log.in_hand)
        for _, hold in (*held, *(give_back(course) if gives_back else ())):
            say(hold.reason, "yellow")
    finally:
        leases.release(lease)


def marking(tools: Wiring, run: str, plan: Plan) -> Callable[[str], None]:
    """Write into the journal of a run that another one takes it back, as soon as that has its lease."""

    def begun(other: str) -> None:
        said = f"by run {other}, {plan.what}"
        journal_of(tools).append(run, OperatorWord(Word.ROLL_BACK, who(), said))

    return begun


def taken_back(tools: Wiring, done: Applied, *, accepts_loss: bool) -> ExitCode:
    """Take back the stage whose gate says so, as a run of its own, by the rules of every other one.

    Its lines are the way back that stood in the plan. It is not begun where it would lose traffic that nobody accepted,
    or is refused: then the run holds, and says so.

    Args:
        tools: of the workspace.
        done: the run whose gate failed.
        accepts_loss: whether whoever applied it accepted loss.

    Returns:
        ABORTED if all of it is taken back; else how that ended, or how the run ended where it was not begun.
    """
    stage, flags = done.ending.take_back, flags_of(tools.workspace)
    by_hand = f"by hand: getvpn-ops rollback {done.run.id}{flags}"
    if tools.halt.draining:
        return done.code
    try:
        run, kept = changed_by(tools, done.run.id)
        names = [item.id for item in kept.plan.stages]
        before = names[: names.index(stage)]
        plan = rollback_plan(tools, run.id, None, before[-1] if before else "")
    except GetvpnOpsError as exc:
        say(f"stage {stage} is not taken back: {exc}", "bold red")
        say(by_hand)
        return done.code
    back = KeptPlans(tools.workspace).keep(plan)
    say(f"its gate takes stage {stage} back: plan {plan.id}", "bold yellow")
    say_view(summary_view(plan, back.digest))
    if plan.refusals or plan.lockouts or not plan.waves or (plan.loses and not accepts_loss):
        why = "that would lose traffic, or may, which nobody accepted" if plan.loses else "that plan is never applied"
        say(
            f"stage {stage} is not taken back by itself: {why if plan.waves else 'nothing of it stands there'}",
            "yellow",
        )
        say(by_hand)
        return done.code
    must_be_known(tools, plan)
    word = OperatorWord(Word.APPROVE, who(), f"plan {plan.id}, digest {back.digest}, by the gate of run {run.id}")
    result = apply_anew(tools, back, (word,), marking(tools, run.id, plan))
    if result.code is not ExitCode.GOOD:
        say(f"stage {stage} is not taken back whole: {result.ending.reason}", "bold red")
        say(f"next: {result.ending.next_step}")
        return result.code
    say(f"stage {stage} is taken back, by run {result.run.id}", "bold yellow")
    return ExitCode.ABORTED
