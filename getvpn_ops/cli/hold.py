"""``getvpn-ops hold``, ``promote`` and ``abort``: words for a run, which it heeds before its next step and in waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.changing_clock import now_of
from getvpn_ops.cli.journaled import KIND
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.output import say
from getvpn_ops.cli.processes import is_alive, process_of
from getvpn_ops.cli.run_shown import journal_to_read
from getvpn_ops.cli.who import who
from getvpn_ops.cli.wiring import open_store
from getvpn_ops.cli.workspace import LabOption, WorkspaceOption, open_kept
from getvpn_ops.errors import ExitCode, StalePlanError, UsageError
from getvpn_ops.model.journal import OperatorWord, Word

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.model.journal_story import RunStory
    from getvpn_ops.model.run import Run
    from getvpn_ops.settings import Workspace
    from getvpn_ops.store.journal import Journal
    from getvpn_ops.store.store import Store

_LONGEST = 200

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, or last-apply.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the journal.")]


def hold(
    run: RunArgument = "last-apply",
    *,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Ask a run that is under way to stop after what it has in hand; resume goes on.

    Exit codes: 0 written down; 2 no such run, or it is not under way.
    """
    _write(run, Word.HOLD, reason, workspace, lab=lab)


def abort(
    run: RunArgument,
    *,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """End a run for good: one under way stops after what it has in hand, and nobody resumes it.

    What it did stays until it is rolled back. Exit codes: 0 written down; 2 no such run, or it is done.
    """
    _write(run, Word.ABORT, reason, workspace, lab=lab)


def promote(
    run: RunArgument,
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="Whose soak is over.")],
    *,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Let a run that is under way go on before a soak is over. The gates behind it are still asked.

    Exit codes: 0 written down; 2 no such run or stage, or the run is not under way.
    """
    _write(run, Word.PROMOTE, reason, workspace, lab=lab, stage=stage)


def _write(run: str, word: Word, reason: str, workspace: Path | None, *, lab: bool, stage: str = "") -> None:
    said = " ".join(reason.split())
    if len(said) > _LONGEST or not said.isprintable() or (word is Word.ABORT and not said):
        msg = f"--reason is one line of at most {_LONGEST} printable characters"
        raise UsageError(msg)
    place = open_kept(workspace, lab=lab)
    with open_store(place) as store:
        found = store.find_run(run)
        if found.kind != KIND:
            msg = f"run {found.id} is one of {found.kind}: it changes nothing, and heeds nobody"
            raise UsageError(msg)
        journal = journal_to_read(store, place, now_of(place))
        story = journal.story(found.id)
        if stage:
            _must_be_stage(place, found, story, stage)
        _must_heed(store, journal, found, story, word)
        detail = f"{stage}: {said}" if stage else said
        journal.append(found.id, OperatorWord(word, who(), detail))
    flags = " --lab" if place.is_lab else ""
    if word is Word.HOLD:
        say(f"run {found.id} stops after what it has in hand; to go on: getvpn-ops resume {found.id}{flags}")
    elif word is Word.ABORT:
        say(f"run {found.id} is ended for good; to go back: getvpn-ops rollback {found.id}{flags}")
    else:
        say(f"run {found.id} soaks no longer in stage {stage}; its gates are asked next")


def _must_be_stage(place: Workspace, run: Run, story: RunStory, stage: str) -> None:
    kept = KeptPlans(place).with_digest(str(run.arguments.get("plan", "")), story.plan)
    if kept is None:
        msg = f"the plan of run {run.id} is not kept here as it was"
        raise StalePlanError(msg)
    names = [item.id for item in kept.plan.stages]
    if stage not in names:
        msg = f"run {run.id} has no stage {stage!r}; there are: {', '.join(names) or 'none'}"
        raise UsageError(msg)


def _must_heed(store: Store, journal: Journal, run: Run, story: RunStory, word: Word) -> None:
    """See that somebody is there to heed the word; an abort may also be said of a run that holds."""
    if story.ended is not None and story.ended.exit_code == ExitCode.GOOD:
        msg = f"run {run.id} is done"
        raise UsageError(msg)
    if story.over:
        msg = f"run {run.id} {story.over}: nobody resumes it"
        raise UsageError(msg)
    if word is Word.ABORT:
        return
    owners = [lease.owner for lease in store.leases(journal).held() if lease.run == run.id]
    gone = [process_of(owner) for owner in owners]
    if not owners or all(process is not None and not is_alive(process) for process in gone):
        msg = f"run {run.id} is not under way: there is nobody to heed that; getvpn-ops show {run.id} tells more"
        raise UsageError(msg)
