"""A plan for a person: what is typed where, in which order, what it does to keys and traffic, and the way back."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from getvpn_ops.model.plan import Statement
from getvpn_ops.reports.marked import Line, lines_text, lines_view
from getvpn_ops.reports.plan_rows import (
    BLOCKS,
    NAMES,
    effect_words,
    effects,
    facts,
    ids,
    next_command,
    stretches,
    verdict,
    who,
)
from getvpn_ops.reports.plan_stages import stage_facts, stage_title, window_facts
from getvpn_ops.reports.sweep_words import listed
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from getvpn_ops.model.plan import Plan
    from getvpn_ops.reports.plan_rows import Block

_LOSES = {Statement.LOSES: "bold red", Statement.CANNOT_TELL: "bold yellow", Statement.HITLESS: "green"}
_MANY = 40
_LEGEND = "+ is typed, < is the way back of a step, ! is what to know"


def plan_view(plan: Plan, digest: str, *, everything: bool = False, flags: str = "") -> RenderableType:
    """The screen.

    Args:
        plan: to show.
        digest: of it.
        everything: fold nothing, name every device.
        flags: that the next command needs, such as `` --lab``.
    """
    return lines_view(_lines(plan, digest, everything=everything, flags=flags))


def plan_text(plan: Plan, digest: str, *, everything: bool = False, flags: str = "") -> str:
    """The same as text: no line is broken, so that ``grep`` finds it whole."""
    return lines_text(_lines(plan, digest, everything=everything, flags=flags))


def summary_view(plan: Plan, digest: str) -> RenderableType:
    """The head alone: what somebody is asked to agree to, before anything is sent."""
    return lines_view(_head(plan, digest, everything=False))


def _lines(plan: Plan, digest: str, *, everything: bool, flags: str) -> Iterator[Line]:
    yield from _head(plan, digest, everything=everything)
    shown = 0
    found = stretches(plan, everything=everything)
    if found:
        yield Line()
        yield Line(_LEGEND, "dim")
    total = sum(len(stretch.blocks) for stretch in found)
    stages = {stage.id: stage for stage in plan.stages}
    current = ""
    for stretch in found:
        if shown >= BLOCKS and not everything:
            break
        yield Line()
        if (name := stretch.waves[0].stage) != current and name in stages:
            current = name
            yield Line(f"stage {stage_title(plan, stages[name])}", "bold underline")
        yield Line(stretch.title, "bold")
        for block in stretch.blocks if everything else islice(stretch.blocks, BLOCKS - shown):
            shown += 1
            yield from _block(block, everything=everything)
    if shown < total:
        yield Line()
        yield Line(f"and {count(total - shown, 'more kind')} of steps: --all shows all of them", "bold")
    if command := next_command(plan, flags):
        yield Line()
        yield Line(f"next: {command}", is_command=True)


def _head(plan: Plan, digest: str, *, everything: bool) -> Iterator[Line]:
    said = verdict(plan)
    yield Line(f"plan {plan.id}", "bold")
    yield Line(
        said, "bold red" if said.startswith("REFUSED") else "bold" if plan.loses or plan.confirm else "bold green"
    )
    for name, value in facts(plan, digest):
        yield Line(f"{name}: {value}", indent=1)
    yield from _stages(plan, everything=everything)
    yield from _told("never applied, for", plan.refusals, "bold red", "!", everything=everything)
    yield from _told("would cut what routers need", plan.lockouts, "bold red", "!", everything=everything)
    if plan.effects:
        yield Line()
        yield Line("traffic", "bold")
    for effect, number in effects(plan):
        mark = " " if effect.statement is Statement.HITLESS else "!"
        yield Line(effect_words(effect, number), _LOSES[effect.statement], mark=mark, indent=2)
        yield from (Line(text, indent=4) for text in _some(effect.texts, everything=everything))
    if plan.confirm:
        yield Line()
        yield Line(f"has to be typed in full: {plan.confirm}", "bold red")
        yield from (Line(text, mark="!", indent=2) for text in plan.drops)
    rekeys = [
        f"group {rekey.group}, {rekey.when} ({rekey.step}){f': {rekey.text}' if rekey.text else ''}"
        for rekey in plan.rekeys
    ]
    yield from _told("rekeys", rekeys, "", "@", everything=everything)
    yield from _left_out(plan, everything=everything)
    yield from _told("notes", plan.notes, "yellow", " ", everything=everything)


def _stages(plan: Plan, *, everything: bool) -> Iterator[Line]:
    if not plan.stages:
        return
    yield Line()
    yield Line("stages", "bold")
    yield from (Line(text, "yellow", mark="!", indent=2) for text in window_facts(plan))
    for stage in plan.stages:
        yield Line(stage_title(plan, stage), indent=2)
        yield from (Line(text, "dim", indent=4) for text in stage_facts(plan, stage, everything=everything))


def _told(title: str, texts: Iterable[str], style: str, mark: str, *, everything: bool) -> Iterator[Line]:
    found = tuple(texts)
    if not found:
        return
    yield Line()
    yield Line(title, style if style.startswith("bold") else "bold")
    yield from (Line(text, style, mark=mark, indent=2) for text in _some(found, everything=everything))


def _some(texts: tuple[str, ...], *, everything: bool) -> Iterator[str]:
    yield from texts if everything else texts[:_MANY]
    if len(texts) > _MANY and not everything:
        yield f"and {len(texts) - _MANY} more: --all shows all of them"


def _left_out(plan: Plan, *, everything: bool) -> Iterator[Line]:
    reasons: dict[tuple[bool, str], list[str]] = {}
    for item in plan.left_out:
        reasons.setdefault((item.is_known, item.reason), []).append(item.device)
    if reasons:
        yield Line()
        yield Line("asked for, and not in this plan", "bold")
    for (is_known, reason), names in sorted(reasons.items()):
        named = ", ".join(names) if everything else listed(names, NAMES)
        style = "" if is_known else "bold yellow"
        yield Line(f"{named}: {reason}", style, mark=" " if is_known else "?", indent=2)


def _block(block: Block, *, everything: bool) -> Iterator[Line]:
    shape = block.shape
    yield Line(f"{who(block.steps, everything=everything)}: {shape.title}", "bold cyan", indent=1)
    yield Line(f"{ids(block.steps)}{', never sent twice' if shape.once else ''}", "dim", indent=3)
    yield from (Line(said, "yellow", mark="!", indent=3) for said in shape.said)
    yield from (Line(row.text, "green", mark="+", indent=3, inner=row.indent) for row in shape.rows)
    for place, row in enumerate(shape.undo):
        yield Line(row.text, "dim", mark=" " if place else "<", indent=3, inner=row.indent)
    if shape.way_back:
        yield Line(f"way back: {shape.way_back}", "dim", mark=" " if shape.undo else "<", indent=3)
