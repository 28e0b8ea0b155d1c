"""A plan is applied by one run: what that began it finishes, and what it finished is not done twice (P4, P6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from getvpn_ops.cli.journaled import KIND, journal_of
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.errors import ExitCode
from getvpn_ops.model.journal import StepResult

if TYPE_CHECKING:
    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.cli.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Spent:
    """Why a plan is not applied again.

    Attributes:
        reason: in words.
        next_step: a command.
    """

    reason: str
    next_step: str


def spent(tools: Wiring, kept: KeptPlan) -> Spent | None:
    """Whether a run has sent something of this plan; None if the plan can be applied.

    A run that holds its leases is none of these: who wants them, too, is told so (``LeaseHeldError``). The clears and
    rekeys of a plan change no configuration, so nothing on the devices would show that they were done.

    Args:
        tools: of the workspace.
        kept: the plan.
    """
    journal = journal_of(tools)
    now = datetime.now(UTC)  # leases end by the store's clock, which is the wall's
    working = {lease.run for lease in tools.store.leases(journal).held() if lease.ends > now}
    flags = flags_of(tools.workspace)
    for run in tools.store.runs(KIND):
        if run.arguments.get("digest") != kept.digest or run.id in working:
            continue
        story = journal.story(run.id)
        if all(step.result is StepResult.NOTHING_SENT for step in story.steps):
            continue
        if story.ended is not None and story.ended.exit_code == ExitCode.GOOD:
            reason = f"plan {kept.plan.id} was applied by run {run.id}: nothing was sent; to do it again, make it anew"
            return Spent(reason, f"getvpn-ops show {run.id}{flags}")
        if story.over:
            reason = (
                f"plan {kept.plan.id} was applied by run {run.id}, which {story.over}: nothing was sent; make it anew"
            )
            return Spent(reason, f"getvpn-ops show {run.id}{flags}")
        reason = f"plan {kept.plan.id} is applied by run {run.id}, which has not come to its end: nothing was sent"
        return Spent(reason, f"getvpn-ops resume {run.id}{flags}")
    return None
