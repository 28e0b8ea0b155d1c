"""A run that changes devices, for a person; see ``reports.story``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from getvpn_ops.model.journal import StepResult
from getvpn_ops.reports.console import command_line, indented, visible
from getvpn_ops.reports.listing import Facts, Listing
from getvpn_ops.reports.run_preflight import answered
from getvpn_ops.reports.story import HEAD, State, next_commands
from getvpn_ops.reports.sweep_words import listed, moment
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from getvpn_ops.model.journal import OperatorWord
    from getvpn_ops.model.journal_story import RunStory, StepStory
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.reports.story import ShownLease, ShownRun

_STEPS = 60
_NAMES = 8
_STYLES = {
    StepResult.APPLIED: "green",
    StepResult.PARTLY: "bold red",
    StepResult.UNKNOWN: "bold yellow",
    StepResult.NOTHING_SENT: "dim",
    StepResult.GONE: "bold red",
}


def run_view(shown: ShownRun, *, everything: bool = False) -> RenderableType:
    """A run for a person.

    Args:
        shown: the run.
        everything: all of its steps, with the lines of each.
    """
    return Group(*_parts(shown, everything=everything))


def leases_view(leases: Iterable[ShownLease]) -> RenderableType:
    """Who may change what."""
    rows = [
        (
            Text(lease.id),
            lease.run,
            listed(lease.resources, _NAMES),
            moment(lease.taken) if lease.taken else "",
            Text(
                f"{moment(lease.ends)}{', has ended' if lease.has_ended else ''}", "dim" if lease.has_ended else "bold"
            ),
            lease.owner,
        )
        for lease in leases
    ]
    return Listing(("lease", "run", "holds", "since (UTC)", "until (UTC)", "by"), rows)


def hand_view(steps: Iterable[StepStory]) -> RenderableType:
    """Steps of which nobody knows how far they came, each with what was to be typed."""
    parts: list[RenderableType] = []
    for step in steps:
        of = step.intended
        parts.append(Text(visible(f"{of.device}: {of.title} ({of.step}): nobody knows how far it came"), "bold yellow"))
        parts += [indented(Text(visible(line)), 4) for line in of.lines]
    return Group(*parts)


def _parts(shown: ShownRun, *, everything: bool) -> Iterator[RenderableType]:
    run, story = shown.run, shown.story
    style = {State.DONE: "bold green", State.CHANGES_NOTHING: "bold"}.get(shown.state, "bold yellow")
    yield Text.assemble((f"run {run.id}", "bold"), (f"  {shown.state}", style))
    yield _facts(shown, everything=everything)
    if story is None:
        yield from _next(shown)
        return
    if shown.broken:
        yield Text(visible(shown.broken), style="bold yellow")
    if story.held is not None:
        at = f" (at {story.held.step})" if story.held.step else ""
        yield Text(visible(f"held{at}: {story.held.reason}"), style="bold yellow")
    elif story.ended is not None and story.ended.detail:
        yield Text(visible(f"ended: {story.ended.detail}"))
    if story.in_hand:
        yield Text("\nin hand", style="bold")
        yield indented(hand_view(story.in_hand))
    if shown.plan is not None and shown.plan.stages and not everything:
        yield Text("\nstages", style="bold")
        yield indented(_stages(shown.plan, story))
        yield indented(Text(f"{count(len(story.steps), 'step')} in all: --all shows them"))
    elif story.steps:
        yield Text("\nsteps", style="bold")
        yield indented(_steps(story, everything=everything))
        if len(story.steps) > _STEPS and not everything:
            yield indented(Text(f"and {count(len(story.steps) - _STEPS, 'more step')}: --all shows all of them"))
    yield from _preflight(story, everything=everything)
    if everything:
        yield from _lines(story)
    if shown.waiting:
        yield Text(visible(f"\n{count(len(shown.waiting), 'step')} not begun: {listed(shown.waiting, _NAMES)}"))
    if shown.leases:
        yield Text("\nleases", style="bold")
        yield indented(leases_view(shown.leases))
    yield from _next(shown)


def _preflight(story: RunStory, *, everything: bool) -> Iterator[RenderableType]:
    """What routers answered beforehand: what is not good, or with ``everything`` all of it."""
    rows = answered(story.seen.items())
    if not rows:
        return
    shown = [row for row in rows if everything or not row.status.opens_gate]
    yield Text(f"\npre-flight: {count(len(rows), 'answer')}", style="bold")
    kept = shown if everything else shown[:_STEPS]
    cells = [(row.device, row.question, row.status.value, row.text) for row in kept]
    if cells:
        yield indented(Listing(("device", "question", "verdict", "evidence"), cells, details=("evidence",)))
    if len(rows) > len(kept):
        yield indented(Text(f"and {len(rows) - len(kept)} more: --all shows all of them"))


def _stages(plan: Plan, story: RunStory) -> RenderableType:
    """How far each stage of a playbook came."""
    rows, is_open = [], True
    for stage in plan.stages:
        names = [step.id for wave in plan.waves if wave.stage == stage.id for step in wave.steps]
        proven = sum(name in story.proven for name in names)
        state, style = "done", "green"
        if proven < len(names):
            here = ("held", "bold yellow") if story.held else ("now", "bold")
            state, style = here if is_open else ("to come", "dim")
            is_open = False
        rows.append((stage.id, Text(state, style=style), f"{proven} of {len(names)}", stage.title))
    return Listing(("stage", "", "proven", "what"), rows)


def _next(shown: ShownRun) -> Iterator[RenderableType]:
    if commands := next_commands(shown):
        yield Text("\nnext", style="bold")
        yield from map(command_line, commands)


def _facts(shown: ShownRun, *, everything: bool) -> RenderableType:
    run, story = shown.run, shown.story
    rows = [
        ("what", shown.plan.what if shown.plan else f"{run.kind} {run.arguments.get('what', '')}".rstrip()),
        ("began", f"{moment(run.started)} UTC by {run.user}@{run.host}"),
        ("ended", f"{moment(run.ended)} UTC, exit code {run.exit_code}" if run.ended else ""),
    ]
    if story is not None:
        kept = shown.plan.id if shown.plan else "not kept here"
        digest = story.plan if everything else story.plan[:HEAD]
        rows.append(("plan", f"{kept}{f', digest {digest}' if digest else ''}"))
        rows += [(str(word.word), _word(word, shown)) for word in story.words]
        rows.append(("journal", f"its head is {shown.head[:HEAD]}, {count(shown.faults, 'fault')}"))
    return Facts(rows)


def _word(word: OperatorWord, shown: ShownRun) -> str:
    """Who said it, and about what; of an approval, that it is of the plan of the line above goes without saying."""
    about = f"plan {shown.plan.id}, digest {shown.story.plan}" if shown.plan and shown.story else ""
    detail = word.detail.removeprefix(about).removeprefix(", ") if about else word.detail
    return f"{word.by}{f': {detail}' if detail else ''}"


def _steps(story: RunStory, *, everything: bool) -> RenderableType:
    urgent = sorted(story.steps, key=lambda step: step.result in {StepResult.APPLIED, StepResult.NOTHING_SENT})
    kept = {id(step) for step in (story.steps if everything else urgent[:_STEPS])}  # those that went wrong are shown
    rows = [
        (
            step.intended.step,
            step.intended.device,
            step.intended.title,
            _result(step),
            str(step.tries),
            step.told,
            story.proof(step) or "",
        )
        for step in story.steps
        if id(step) in kept
    ]
    headings = ("step", "device", "what", "result", "tries", "told", "proven")
    return Listing(headings, rows, right=("tries",), details=("told", "proven"))


def _result(step: StepStory) -> Text:
    """Where it rests on an operator alone, that is said: no device showed it."""
    if step.word is None:
        return Text(step.result.value, style=_STYLES[step.result])
    return Text(f"{step.result.value}, by word", style="bold yellow")


def _lines(story: RunStory) -> Iterator[RenderableType]:
    yield Text("\nlines", style="bold")
    for step in story.steps:
        yield indented(Text(visible(f"{step.intended.step} on {step.intended.device}"), style="cyan"))
        yield from (indented(Text(visible(line)), 4) for line in step.intended.lines)
