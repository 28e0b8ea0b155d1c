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
from getvpn_ops.engine.change.migrating.performers.testing_applications import question_of
from getvpn_ops.errors import ExitCode, StalePlanError, UsageError
from getvpn_ops.model.journal import OperatorWord, Word

if TYPE_CHECKING:
    from getvpn_ops.model.plan import Plan

_LONGEST = 200


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, or last-apply.")],
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="Or a step of it: what the run waits for.")],
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
        name, question = _asked(kept.plan, stage, found.id)
        if story.ended is not None and story.ended.exit_code == ExitCode.GOOD:
            msg = f"run {found.id} is done: it waits for nobody"
            raise UsageError(msg)
        word = OperatorWord(Word.APPROVE_STAGE, who(), f"{name}: {question}{f' ({said})' if said else ''}")
        journal.append(found.id, word)
    say(f"stage {name} of run {found.id}: {word.by} said yes to: {question}")
    say(f"next: getvpn-ops resume {found.id}{' --lab' if place.is_lab else ''}")


def _asked(plan: Plan, name: str, run: str) -> tuple[str, str]:
    """A stage or a step that asks for a person, and what it asks."""
    asking = {item.id: item.approval for item in plan.stages if item.approval}
    for step in plan.steps:
        if question := question_of(step):
            asking[step.id] = question
    if name in asking:
        return name, asking[name]
    there = ", ".join(asking)
    if any(item.id == name for item in plan.stages):
        msg = f"stage {name} of run {run} asks nobody; those that do: {there or 'none'}"
    else:
        msg = f"run {run} has no stage {name!r} that asks for a person; those that do: {there or 'none'}"
    raise UsageError(msg)
