"""A run that changes devices, for a person; see ``reports.story``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.model.journal import StepResult
from getvpn_ops.reports.console import indented, visible
from getvpn_ops.reports.story import HEAD, State, next_commands
from getvpn_ops.reports.sweep_words import listed, moment
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from getvpn_ops.model.journal_story import RunStory, StepStory
    from getvpn_ops.reports.story import ShownLease, ShownRun

_STEPS = 60
_NAMES = 8
_STYLES = {
    StepResult.APPLIED: "green",
    StepResult.PARTLY: "bold red",
    StepResult.UNKNOWN: "bold yellow",
    StepResult.NOTHING_SENT: "dim",
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
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("lease", "run", "holds", "since (UTC)", "until (UTC)", "by"):
        table.add_column(heading, overflow="fold")
    for lease in leases:
        ends = f"{moment(lease.ends)}{', has ended' if lease.has_ended else ''}"
        table.add_row(
            Text(lease.id),
            Text(visible(lease.run)),
            Text(visible(listed(lease.resources, _NAMES))),
            moment(lease.taken) if lease.taken else "",
            Text(ends, style="dim" if lease.has_ended else "bold"),
            Text(visible(lease.owner)),
        )
    return table


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
    yield _grid(shown)
    if story is None:
        return
    if story.held is not None:
        at = f" (at {story.held.step})" if story.held.step else ""
        yield Text(visible(f"held{at}: {story.held.reason}"), style="bold yellow")
    elif story.ended is not None and story.ended.detail:
        yield Text(visible(f"ended: {story.ended.detail}"))
    if story.in_hand:
        yield Text("\nin hand", style="bold")
        yield indented(hand_view(story.in_hand))
    if story.steps:
        yield Text("\nsteps", style="bold")
        yield indented(_table(story, everything=everything))
        if len(story.steps) > _STEPS and not everything:
            yield indented(Text(f"and {count(len(story.steps) - _STEPS, 'more step')}: --all shows all of them"))
    if everything:
        yield from _lines(story)
    if shown.waiting:
        yield Text(visible(f"\n{count(len(shown.waiting), 'step')} not begun: {listed(shown.waiting, _NAMES)}"))
    if shown.leases:
        yield Text("\nleases", style="bold")
        yield indented(leases_view(shown.leases))
    if commands := next_commands(shown):
        yield Text("\nnext", style="bold")
        yield from (indented(Text(visible(command))) for command in commands)


def _grid(shown: ShownRun) -> Table:
    run, story = shown.run, shown.story
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    rows = [
        ("what", shown.plan.what if shown.plan else run.kind),
        ("began", f"{moment(run.started)} UTC by {run.user}@{run.host}"),
        ("ended", f"{moment(run.ended)} UTC, exit code {run.exit_code}" if run.ended else ""),
        ("plan", f"{shown.plan.id if shown.plan else 'not kept here'}, digest {story.plan}" if story else ""),
    ]
    if story is not None:
        rows += [(f"{word.word} by {word.by}", word.detail or "yes") for word in story.words]
        seal = f"{shown.head[:HEAD]}, {count(shown.faults, 'fault')}"
        rows.append(("journal", f"its head is {seal}"))
    for name, value in rows:
        if value:
            grid.add_row(Text(visible(name)), Text(visible(value)))
    return grid


def _table(story: RunStory, *, everything: bool) -> Table:
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("step", "device", "what", "result", "tries", "told", "proven"):
        table.add_column(heading, justify="right" if heading == "tries" else "left", overflow="fold")
    urgent = sorted(story.steps, key=lambda step: step.result in {StepResult.APPLIED, StepResult.NOTHING_SENT})
    kept = {id(step) for step in (story.steps if everything else urgent[:_STEPS])}  # those that went wrong are shown
    for step in story.steps:
        if id(step) not in kept:
            continue
        of = step.intended
        table.add_row(
            Text(visible(of.step)),
            Text(visible(of.device)),
            Text(visible(of.title)),
            Text(step.result.value, style=_STYLES[step.result]),
            str(step.tries),
            Text(visible(step.told)),
            Text(visible(story.proof(step) or "")),
        )
    return table


def _lines(story: RunStory) -> Iterator[RenderableType]:
    yield Text("\nlines", style="bold")
    for step in story.steps:
        yield indented(Text(visible(f"{step.intended.step} on {step.intended.device}"), style="cyan"))
        yield from (indented(Text(visible(line)), 4) for line in step.intended.lines)
