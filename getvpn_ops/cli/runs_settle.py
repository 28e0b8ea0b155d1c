"""``getvpn-ops runs settle``: an operator's word on a step in hand, where its device will never tell."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from getvpn_ops.cli.changing import free_of_the_dead, scene_of
from getvpn_ops.cli.consent import asked, is_watched
from getvpn_ops.cli.journaled import KIND, journal_of, must_be_whole
from getvpn_ops.cli.kept_plans import KeptPlans
from getvpn_ops.cli.lease_words import held_by_another
from getvpn_ops.cli.output import say, say_view
from getvpn_ops.cli.plan_output import flags_of
from getvpn_ops.cli.who import who
from getvpn_ops.cli.wiring import wired
from getvpn_ops.cli.workspace import LabOption, WorkspaceOption, open_workspace
from getvpn_ops.engine.change.course import Course
from getvpn_ops.engine.change.ending import HaltError
from getvpn_ops.engine.change.log import LEASE, RunLog, Settled
from getvpn_ops.engine.change.performers import performers
from getvpn_ops.engine.change.settling import read
from getvpn_ops.errors import ApprovalMissingError, LeaseHeldError, PlanRefusedError, UsageError
from getvpn_ops.model.journal import Resource, ResourceKind, StepReconciled, StepResult, StepSettled
from getvpn_ops.reports.story_table import hand_view

if TYPE_CHECKING:
    from getvpn_ops.cli.kept_plans import KeptPlan
    from getvpn_ops.cli.wiring import Wiring
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.journal import Sayable
    from getvpn_ops.model.journal_story import RunStory, StepStory
    from getvpn_ops.model.lease import Lease
    from getvpn_ops.store.leases import Leases

_LONGEST = 200
_ASK = "show version"


class Said(StrEnum):
    """What an operator can say of a step."""

    APPLIED = "applied"
    NOTHING_SENT = "nothing-sent"
    GONE = "gone"


_RESULTS: dict[Said, Sayable] = {
    Said.APPLIED: StepResult.APPLIED,
    Said.NOTHING_SENT: StepResult.NOTHING_SENT,
    Said.GONE: StepResult.GONE,
}


def settle(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its unique beginning or end, or last-apply.")],
    step: Annotated[
        str, typer.Argument(metavar="STEP", help="Of which nobody knows how far it came; show lists them.")
    ],
    *,
    result: Annotated[
        Said,
        typer.Option("--as", help="What it came to; gone: its router never answers again, and nobody will know."),
    ],
    reason: Annotated[str, typer.Option("--reason", help="How you know; it stands in the journal and in reports.")],
    device: Annotated[str, typer.Option("--device", help="Where several devices have a step of this name.")] = "",
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="What is asked to be typed in full: the device and what it came to.")
    ] = None,
    workspace: WorkspaceOption = None,
    lab: LabOption = False,
) -> None:
    """Say how far a step came on a router that cannot be read any more, so that its name is free for other plans.

    The router is tried first: if what it shows tells, that is written down, and your word is not taken. Your word
    stands in the journal with your name, proves nothing, and gives way to whatever the router shows when it is read
    again. Exit codes: 0 written down; 2 no such step in hand; 4 the router told, or answers and is not gone; 6 another
    run changes it; 8 what had to be typed was not.
    """
    why = " ".join(reason.split())
    if not why or len(why) > _LONGEST or not why.isprintable():
        msg = f"--reason is one line of 1 to {_LONGEST} printable characters"
        raise UsageError(msg)
    with wired(open_workspace(workspace, lab=lab)) as tools:
        found = tools.store.find_run(run)
        if found.kind != KIND:
            msg = f"run {found.id} is one of {found.kind}: it changed nothing"
            raise UsageError(msg)
        journal = journal_of(tools)
        must_be_whole(journal, tools.workspace)
        story = journal.story(found.id)
        part = _part(story, step, device)
        leases = tools.store.leases(journal)
        free_of_the_dead(leases, found)
        try:
            lease = leases.take(found.id, [Resource(ResourceKind.DEVICE, part.intended.device)], LEASE)
        except LeaseHeldError as exc:
            raise held_by_another(tools, exc, found.id) from exc
        try:
            kept = KeptPlans(tools.workspace).with_digest(str(found.arguments.get("plan", "")), story.plan)
            _try_to_read(tools, kept, part, RunLog(found.id, journal, leases, lease), (leases, lease), result)
            _must_be_typed(part, result, confirm)
            event = StepSettled(part.intended.step, part.intended.device, _RESULTS[result], who(), why)
            leases.append(lease, event)
        finally:
            leases.release(lease)
    say(f"{part.intended.device}: step {part.intended.step} of run {found.id} is {result} by the word of {event.by}")
    say(f"next: getvpn-ops show {found.id}{flags_of(tools.workspace)}")


def _part(story: RunStory, step: str, device: str) -> StepStory:
    named = [item for item in story.in_hand if item.intended.step == step]
    meant = [item for item in named if not device or item.intended.device == device]
    if len(meant) == 1:
        return meant[0]
    if meant:
        names = ", ".join(item.intended.device for item in meant)
        msg = f"step {step} of run {story.run} is in hand on {names}: name one with --device"
        raise UsageError(msg)
    known = story.step(step, device or None)
    if known is not None and not named:
        msg = f"how far step {step} of run {story.run} came on {known.intended.device} is known: {known.result.value}"
        raise UsageError(msg)
    there = ", ".join(f"{item.intended.step} on {item.intended.device}" for item in story.in_hand)
    where = f" on {device}" if device else ""
    msg = f"run {story.run} has no step {step!r} in hand{where}; in hand are: {there or 'none'}"
    raise UsageError(msg)


def _try_to_read(  # noqa: PLR0917 -- a run and what it is written down under
    tools: Wiring,
    kept: KeptPlan | None,
    part: StepStory,
    log: RunLog,
    under: tuple[Leases, Lease],
    result: Said,
) -> None:
    """Let the router tell, or the others of its group.

    Raises:
        PlanRefusedError: it told, which is written down; or it answers, and is not gone.
    """
    name = part.intended.device
    flags = flags_of(tools.workspace)
    settled = Settled(StepResult.UNKNOWN, "the plan of the run is not kept here as it was")
    if name not in tools.loaded.inventory.devices:
        settled = Settled(StepResult.UNKNOWN, "the inventory does not have it any more")
    elif kept is not None:
        try:
            _, settled = read(Course(scene_of(tools, kept.plan, log), performers()), part)
        except HaltError as halt:
            settled = Settled(StepResult.UNKNOWN, halt.hold.reason)
    say(f"{name}: {settled.result}: {settled.detail}")
    if settled.result is not StepResult.UNKNOWN:
        leases, lease = under
        leases.append(lease, StepReconciled(part.intended.step, name, settled.result, settled.detail))
        msg = f"{name} could be read: '{part.intended.title}' came to {settled.result}; nobody's word is needed"
        raise PlanRefusedError(f"{msg}\n  go on: getvpn-ops resume {log.run}{flags}")
    if result is Said.GONE and _answers(tools, name):
        msg = f"{name} answers, so it is not gone, though what it shows does not tell how far the step came"
        raise PlanRefusedError(f"{msg}\n  go on: getvpn-ops resume {log.run}{flags}, or say applied or nothing-sent")


def _answers(tools: Wiring, name: str) -> bool:
    device = tools.loaded.inventory.devices.get(name)
    if device is None:
        return False

    def script() -> Script:
        yield _ASK

    visits = tools.fleet.ask({device: script}, keep=lambda _: None, progress=tools.collector.progress)
    return visits[name].trouble is None


def _must_be_typed(part: StepStory, result: Said, typed: str | None) -> None:
    """A word that no device bears out is not given in passing.

    Raises:
        ApprovalMissingError: it was not typed.
    """
    wanted = f"{part.intended.device} {result}"
    if typed is None and is_watched():
        say_view(hand_view([part]))
        typed = asked(f"no device bears this out; type '{wanted}' to take it upon yourself: ")
    if typed is None:
        msg = f"no device bears this out, so it has to be typed: nothing was written down; add --confirm '{wanted}'"
        raise ApprovalMissingError(msg)
    if typed != wanted:
        msg = f"what was typed is not '{wanted}': nothing was written down"
        raise ApprovalMissingError(msg)
