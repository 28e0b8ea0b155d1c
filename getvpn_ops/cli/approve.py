"""``getvpn-ops approve``: a person's word for a stage of a playbook that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.changing_clock import now_of
from getvpn_ops.cli.journaled import KIND
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.output import say
from getvpn_ops.cli.run_shown import journal_to_read
from getvpn_ops.cli.who import who
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, WorkspaceOption, open_kept
from getvpn_ops.errors import ExitCode, StalePlanError, UsageError
from getvpn_ops.model.journal import OperatorWord, Word

if TYPE_CHECKING:
    from getvpn_ops.model.plan import Plan, PlannedStage

_LONGEST = 200


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, or last-apply.")],
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="Of its playbook; the run says for which it waits.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="What was looked at; it stands in the journal.")] = "",
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Say yes to a stage that waits for a person. It stands in the journal, with the name of who said it.

    Nothing is sent: resume goes on. Exit codes: 0 written down; 2 no such run or stage, or one that asks nobody.
    """
    said = " ".join(reason.split())
    if len(said) > _LONGEST or not said.isprintable():
        msg = f"--reason is one line of at most {_LONGEST} printable characters"
        raise UsageError(msg)
    place = open_kept(workspace, lab=lab)
    with open_store(place) as store:
        found = store.find_run(run)
        if found.kind != KIND:
            msg = f"run {found.id} is one of {found.kind}: only runs of {KIND} wait for a person"
            raise UsageError(msg)
        journal = journal_to_read(store, place, now_of(place))
        story = journal.story(found.id)
        kept = KeptPlans(place).with_digest(str(found.arguments.get("plan", "")), story.plan)
        if kept is None:
            msg = f"the plan of run {found.id} is not kept here as it was"
            raise StalePlanError(msg)
        asked = _stage(kept.plan, stage, found.id)
        if story.ended is not None and story.ended.exit_code == ExitCode.GOOD:
            msg = f"run {found.id} is done: it waits for nobody"
            raise UsageError(msg)
        word = OperatorWord(Word.APPROVE_STAGE, who(), f"{asked.id}: {asked.approval}{f' ({said})' if said else ''}")
        journal.append(found.id, word)
    say(f"stage {asked.id} of run {found.id}: {word.by} said yes to: {asked.approval}")
    say(f"next: getvpn-ops resume {found.id}{' --lab' if place.is_lab else ''}")


def _stage(plan: Plan, name: str, run: str) -> PlannedStage:
    asking = [item for item in plan.stages if item.approval]
    found = next((item for item in asking if item.id == name), None)
    if found is not None:
        return found
    there = ", ".join(item.id for item in asking)
    if any(item.id == name for item in plan.stages):
        msg = f"stage {name} of run {run} asks nobody; those that do: {there or 'none'}"
    else:
        msg = f"run {run} has no stage {name!r} that asks for a person; those that do: {there or 'none'}"
    raise UsageError(msg)
