"""A sweep on a terminal: failures first, then what is not known, then one line of what passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.model.report import ChangeKind
from getvpn_ops.reports.console import indented, visible
from getvpn_ops.reports.sweep_digest import Digest
from getvpn_ops.reports.sweep_words import (
    evidence,
    facts,
    folded_changes,
    gap_next_step,
    heading,
    listed,
    next_commands,
    not_looked_at,
    overall,
    passed,
    questions,
    said,
    verdict,
)
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from getvpn_ops.model.report import Change, Sweep
    from getvpn_ops.reports.sweep_digest import Gap, Problem, Same

_STATUS = {
    Status.PASS: "bold green", Status.WAIVED: "green", Status.NOT_APPLICABLE: "dim",
    Status.UNKNOWN: "bold yellow", Status.ERROR: "bold magenta", Status.FAIL: "bold red",
}  # fmt: skip
_SEVERITY = {Severity.INFO: "", Severity.MINOR: "yellow", Severity.MAJOR: "red", Severity.CRITICAL: "bold red"}
_CHANGE = {
    ChangeKind.WORSE: "bold red", ChangeKind.NEW: "red", ChangeKind.NO_LONGER_ASKED: "yellow",
    ChangeKind.STILL: "", ChangeKind.BETTER: "green", ChangeKind.FIXED: "bold green",
}  # fmt: skip
_KINDS = 4  # different findings of one check in one group
_PROBLEMS = 30  # checks of one group
_PLACES = 20  # groups with failures
_GAPS = 12
_NAMES = 8
_STEPS = 3
_CHANGES = 20  # of one kind
_LONG = 400  # characters of what was seen
_TELLS_ALL = "; -o json tells all"


def sweep_view(sweep: Sweep, *, changes_only: bool = False) -> RenderableType:
    """Everything a person needs to act; what is cut says so.

    Args:
        sweep: the run.
        changes_only: leave out what is as it was in the run compared with.
    """
    digest = Digest(sweep)
    parts: list[RenderableType] = [*_head(digest)]
    if not changes_only:
        parts += [*_failures(digest), *_gaps(digest)]
    parts += [*_changes(sweep, changes_only=changes_only)]
    parts += [Text(), Text.assemble(("OK  " if digest.counts[Status.PASS] else "", "bold green"), passed(digest))]
    parts += [*_rest(digest)]
    return Group(*parts)


def _line(text: str) -> str:
    """A text of a device as part of one line, and no longer than a person reads."""
    words = visible(" ".join(text.split()))
    return words if len(words) <= _LONG else f"{words[:_LONG]}... (whole in -o json)"


def _title(text: str, style: str) -> Iterator[RenderableType]:
    yield Text()
    yield Text(text, style=style)


def _head(digest: Digest) -> Iterator[RenderableType]:
    status = overall(digest)
    yield Text.assemble((f"{status.value.upper()}  ", _STATUS[status]), (_line(verdict(digest)), "bold"))
    yield indented(Text(_line("; ".join(f"{name} {value}" for name, value in facts(digest))), style="dim"))


def _failures(digest: Digest) -> Iterator[RenderableType]:
    if not digest.problems:
        return
    yield from _title(f"FAILED ({digest.counts[Status.FAIL]})", "bold red")
    for place, problems in list(digest.problems.items())[:_PLACES]:
        yield Text(_line(heading(place, digest)), style="bold underline")
        for problem in problems[:_PROBLEMS]:
            yield indented(_problem(problem, digest))
        if len(problems) > _PROBLEMS:
            yield indented(_more(len(problems) - _PROBLEMS, "check"))
    if len(digest.problems) > _PLACES:
        yield _more(len(digest.problems) - _PLACES, "group")


def _problem(problem: Problem, digest: Digest) -> RenderableType:
    head = Text.assemble(
        (f"{problem.severity.value.upper()}  ", _SEVERITY[problem.severity]),
        (_line(problem.spec.title), "bold"),
        (f"  {problem.spec.id}", "dim"),
    )
    grid = _grid()
    for place, kind in enumerate(problem.kinds[:_KINDS]):
        grid.add_row("" if place else "found", _kind(kind))
    if left := problem.kinds[_KINDS:]:
        others = dict.fromkeys(name for kind in left for name in kind.subjects)
        grid.add_row("", _more(len(others), "subject", "with other values"))
    first = problem.kinds[0]
    if first.evidence:
        grid.add_row("from", Text(_line(evidence(first.evidence, digest)), style="dim"))
    for place, step in enumerate(first.next_steps[:_STEPS]):
        grid.add_row("" if place else "next", Text(_line(step), style="cyan"))
    return Group(head, indented(grid))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _more(number: int, thing: str, which: str = "") -> Text:
    return Text(f"and {number} more {thing}{'' if number == 1 else 's'} {which}".rstrip() + _TELLS_ALL, style="dim")


def _kind(kind: Same) -> Text:
    return Text.assemble((_alike(kind.subjects), "bold"), f" - {_line(said(kind))}")


def _alike(subjects: Iterable[str]) -> str:
    who = [_line(name) for name in subjects]
    names = listed(who, _NAMES)
    return f"{len(who)} alike: {names}" if len(who) > 1 else names


def _gaps(digest: Digest) -> Iterator[RenderableType]:
    if not digest.gaps:
        return
    yield from _title(f"NOT KNOWN ({digest.unknown})", "bold yellow")
    for gap in digest.gaps[:_GAPS]:
        yield indented(_gap(gap))
    if len(digest.gaps) > _GAPS:
        yield indented(_more(len(digest.gaps) - _GAPS, "reason"))


def _gap(gap: Gap) -> RenderableType:
    word = "CRASHED" if gap.status is Status.ERROR else "UNKNOWN"
    grid = _grid()
    grid.add_row("about", Text(_line(listed(gap.who, _NAMES)), style="bold"))
    grid.add_row("open", Text(_line(questions(gap))))
    if step := gap_next_step(gap):
        grid.add_row("next", Text(_line(step), style="cyan"))
    return Group(Text.assemble((f"{word}  ", _STATUS[gap.status]), _line(gap.cause)), indented(grid))


def _changes(sweep: Sweep, *, changes_only: bool) -> Iterator[RenderableType]:
    if not sweep.compared_with:
        return
    yield from _title(f"SINCE {_line(sweep.compared_with)}", "bold cyan")
    if not sweep.changes:
        yield indented(Text("nothing changed: nothing was open then or is open now"))
    for kind in dict.fromkeys(change.kind for change in sweep.changes):
        found = [change for change in sweep.changes if change.kind is kind]
        if kind is ChangeKind.STILL and not changes_only:
            yield indented(Text(f"{kind.value.upper()}  {len(found)}"))
            continue
        yield indented(_changes_of(kind, found))


def _changes_of(kind: ChangeKind, found: Sequence[Change]) -> RenderableType:
    grid = _grid()
    folded = folded_changes(found)
    for (spec_id, words, what), subjects in list(folded.items())[:_CHANGES]:
        line = f"  {words}{f' - {_line(what)}' if what else ''}"
        grid.add_row(Text(spec_id, style="none"), Text.assemble((_alike(subjects), "bold"), line))
    rest = [_more(len(folded) - _CHANGES, "change")] if len(folded) > _CHANGES else []
    return Group(Text(f"{kind.value.upper()}  {len(found)}", style=_CHANGE[kind]), indented(Group(grid, *rest)))


def _rest(digest: Digest) -> Iterator[RenderableType]:
    missing = not_looked_at(digest)
    if missing:
        number = sum(len(names) for names in missing.values())
        yield from _title(f"NOT LOOKED AT ({count(number, 'device')})", "yellow")
        for why, names in list(missing.items())[:_GAPS]:
            yield indented(Text.assemble((_line(listed(names, _NAMES)), "bold"), f" - {_line(why)}"))
        if len(missing) > _GAPS:
            yield indented(_more(len(missing) - _GAPS, "reason"))
    for note in digest.sweep.notes[:_GAPS]:
        yield Text(f"note: {_line(note)}", style="yellow")
    if len(digest.sweep.notes) > _GAPS:
        yield _more(len(digest.sweep.notes) - _GAPS, "note")
    if commands := next_commands(digest):
        yield from _title("next", "bold")
        for command in commands:
            yield indented(Text(_line(command), style="cyan"))
