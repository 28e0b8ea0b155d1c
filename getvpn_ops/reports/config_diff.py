"""A comparison for people: on the screen, as text for a pipe, and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.config_diff import Standing
from getvpn_ops.reports.config_rows import about, camps, headline, names_of, not_compared
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.marked import Line, lines_text, lines_view
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from getvpn_ops.model.config_diff import ConfigDiff
    from getvpn_ops.reports.config_rows import Camp, Row, Step

_CAMPS = 60
_STYLES = {"-": "red", "+": "green", "@": "cyan", "!": "yellow"}
_LEGEND = "- on the router, + intended"
_UNDO = ", < the way back of a step"
_NO_STEPS = "no change is known that ends this"


def diff_view(diff: ConfigDiff, *, changes: bool = False) -> RenderableType:
    """The screen; colours are the terminal's matter."""
    return lines_view(_lines(diff, changes=changes))


def diff_text(diff: ConfigDiff, *, changes: bool = False) -> str:
    """The same as text: no line is broken, so that ``grep`` finds it whole."""
    return lines_text(_lines(diff, changes=changes))


def _lines(diff: ConfigDiff, *, changes: bool) -> Iterator[Line]:
    good = diff.devices and not diff.of(Standing.DRIFT) and not diff.of(Standing.UNKNOWN)
    yield Line(headline(diff), "bold green" if good else "bold")
    for note in (*not_compared(diff), *diff.notes):
        yield Line(f"note: {note}", "yellow")
    drifting = camps(diff, Standing.DRIFT, changes=changes)
    if drifting:
        yield Line(_LEGEND + (_UNDO if changes else ""), "dim")
    for camp in drifting[:_CAMPS]:
        yield from _camp(camp, changes=changes)
    if len(drifting) > _CAMPS:
        yield Line()
        yield Line(f"and {count(len(drifting) - _CAMPS, 'more kind')} of difference; -o json tells all")
    for camp in camps(diff, Standing.UNKNOWN):
        yield Line()
        yield Line(f"{names_of(camp.devices)}  could not be told", "bold yellow")
        yield Line(camp.devices[0].reason, mark="?", indent=2, style="yellow")
        yield from _rows(camp.rows)
        if camp.devices[0].next_step:
            yield Line(camp.devices[0].next_step, mark=">", indent=2)
    remarked = [camp for camp in camps(diff, Standing.AS_INTENDED) if camp.rows]
    for camp in remarked[:_CAMPS]:
        yield Line()
        yield Line(f"{names_of(camp.devices)}  as intended", "bold green")
        yield from _rows(camp.rows)


def _camp(camp: Camp, *, changes: bool) -> Iterator[Line]:
    first = camp.devices[0]
    yield Line()
    said = about(first) if len(camp.devices) == 1 else f"{len(camp.devices)} devices alike"
    yield Line(f"{names_of(camp.devices)}  {said}", "bold")
    if first.reason:
        yield Line(first.reason, mark="?", indent=2, style="yellow")
    yield from _rows(camp.rows)
    if not changes:
        return
    yield Line(f"change: {count(len(camp.steps), 'step')}" if camp.steps else _NO_STEPS, "bold", indent=2)
    for step in camp.steps:
        yield from _step(step)


def _step(step: Step) -> Iterator[Line]:
    yield Line(step.title, "bold cyan", indent=2)
    for said in step.said:
        yield Line(said, "yellow", mark="!", indent=6)
    for row in step.rows:
        yield Line(row.text, indent=6, inner=row.indent)
    for place, row in enumerate(step.undo):
        yield Line(row.text, "dim", mark=" " if place else "<", indent=6, inner=row.indent)


def _rows(rows: Iterable[Row]) -> Iterator[Line]:
    for row in rows:
        yield Line(row.text, _STYLES.get(row.mark, ""), mark=row.mark, indent=2, inner=row.indent)


def diff_markdown(diff: ConfigDiff, *, changes: bool = False) -> str:
    """A page: one fenced block of diff for each kind of difference."""
    parts = [f"# Configuration drift\n\n{_md(headline(diff))}\n"]
    parts += [f"\n> {_md(note)}\n" for note in (*not_compared(diff), *diff.notes)]
    for camp in camps(diff, Standing.DRIFT, changes=changes):
        parts.append(f"\n## {_md(names_of(camp.devices))}\n\n{_md(about(camp.devices[0]))}\n")
        parts.append(fenced(camp.rows))
        if changes:
            parts.append("" if camp.steps else f"\n{_NO_STEPS}\n")
            parts += [_step_markdown(step) for step in camp.steps]
    for camp in camps(diff, Standing.UNKNOWN):
        parts.append(f"\n## {_md(names_of(camp.devices))}: could not be told\n\n{_md(camp.devices[0].reason)}\n")
        parts.append(fenced(camp.rows))
    remarked = [camp for camp in camps(diff, Standing.AS_INTENDED) if camp.rows]
    for camp in remarked:
        parts.append(f"\n## {_md(names_of(camp.devices))}: as intended\n")
        parts.append(fenced(camp.rows))
    return "".join(parts)


def _step_markdown(step: Step) -> str:
    said = "".join(f"\n- {_md(text)}" for text in step.said)
    return f"\n### {_md(step.title)}\n{said}\n{fenced(step.rows, '')}\nundo:\n{fenced(step.undo, '')}"


def fenced(rows: Iterable[Row], language: str = "diff") -> str:
    """Lines as a block of Markdown that nothing in them ends; empty if there are none."""
    body = [str(row) if language else f"{' ' * row.indent}{visible(row.text)}" for row in rows]
    if not body:
        return ""
    fence = "```"
    while any(fence in line for line in body):
        fence += "`"
    return "\n".join(["", f"{fence}{language}", *body, fence, ""])


def _md(text: str) -> str:
    r"""Text that Markdown takes for text: ``\`` before each sign that it might read."""
    shown = visible(" ".join(text.split()))
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>()#+!|~" else letter for letter in shown)
