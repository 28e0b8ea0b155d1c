"""A plan for a ticket; escaped as ``sweep_markdown`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.plan import Statement
from getvpn_ops.reports.config_diff import fenced
from getvpn_ops.reports.config_rows import Row
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
from getvpn_ops.reports.rollback_sheet import sheets
from getvpn_ops.reports.sweep_markdown import code, prose
from getvpn_ops.reports.sweep_words import listed
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.plan import Plan
    from getvpn_ops.reports.plan_rows import Block

_MANY = 40
_SHEETS = 20


def plan_markdown(plan: Plan, digest: str, *, everything: bool = False, flags: str = "") -> str:
    """The document as text; arguments as of ``plan_table.plan_view``."""
    parts = [f"# Plan {code(plan.id)}", "", prose(verdict(plan)), ""]
    parts += [f"- {name}: {code(value)}" for name, value in facts(plan, digest)]
    parts += _stages(plan, everything=everything)
    parts += _listed("Never applied, for", plan.refusals, everything=everything)
    parts += _listed("Would cut what routers need", plan.lockouts, everything=everything)
    parts += _effects(plan, everything=everything)
    if plan.confirm:
        parts += ["", "## Has to be typed in full", "", code(plan.confirm), ""]
        parts += [f"- {code(text)}" for text in plan.drops]
    rekeys = [f"group {item.group}, {item.when} ({item.step}): {item.text}".rstrip(": ") for item in plan.rekeys]
    parts += _listed("Rekeys", rekeys, everything=everything)
    parts += _left_out(plan, everything=everything)
    parts += _listed("Notes", plan.notes, everything=everything)
    parts += _waves(plan, everything=everything)
    parts += _sheets(plan, everything=everything)
    if command := next_command(plan, flags):
        parts += ["", "## Next", "", f"- {code(command)}"]
    return "\n".join(parts) + "\n"


def _stages(plan: Plan, *, everything: bool) -> Iterator[str]:
    if not plan.stages:
        return
    yield from ("", "## Stages", "")
    yield from (f"- {code(text)}" for text in window_facts(plan))
    for stage in plan.stages:
        yield f"- {code(stage_title(plan, stage))}"
        yield from (f"  - {code(text)}" for text in stage_facts(plan, stage, everything=everything))


def _listed(title: str, texts: Iterable[str], *, everything: bool) -> Iterator[str]:
    found = tuple(texts)
    if not found:
        return
    yield from ("", f"## {title}", "")
    yield from (f"- {code(text)}" for text in (found if everything else found[:_MANY]))
    if len(found) > _MANY and not everything:
        yield f"- and {len(found) - _MANY} more; `--all` shows all"


def _effects(plan: Plan, *, everything: bool) -> Iterator[str]:
    if plan.effects:
        yield from ("", "## Traffic", "")
    for effect, number in effects(plan):
        words = code(effect_words(effect, number))
        yield (
            f"- {words}" if effect.statement is Statement.HITLESS else f"- **{effect.statement.value.upper()}** {words}"
        )
        yield from (f"  - {code(text)}" for text in (effect.texts if everything else effect.texts[:_MANY]))


def _left_out(plan: Plan, *, everything: bool) -> Iterator[str]:
    reasons: dict[tuple[bool, str], list[str]] = {}
    for item in plan.left_out:
        reasons.setdefault((item.is_known, item.reason), []).append(item.device)
    if reasons:
        yield from ("", "## Asked for, and not in this plan", "")
    for (is_known, reason), names in sorted(reasons.items()):
        named = ", ".join(names) if everything else listed(names, NAMES)
        yield f"- {'' if is_known else '**UNKNOWN** '}{code(named)}: {code(reason)}"


def _waves(plan: Plan, *, everything: bool) -> Iterator[str]:
    found = stretches(plan, everything=everything)
    total, shown = sum(len(stretch.blocks) for stretch in found), 0
    for stretch in found:
        if shown >= BLOCKS and not everything:
            break
        stage = stretch.waves[0].stage
        of_stage = f", stage {stage}" if stage else ""
        yield from ("", f"## {prose(f'W{stretch.title[1:]}{of_stage}')}")
        for block in stretch.blocks if everything else stretch.blocks[: BLOCKS - shown]:
            shown += 1
            yield from _block(block, everything=everything)
    if shown < total:
        yield from ("", f"And {count(total - shown, 'more kind')} of steps; `--all` shows all.")


def _block(block: Block, *, everything: bool) -> Iterator[str]:
    shape = block.shape
    yield from ("", f"### {prose(shape.title)}", "", f"- on {code(who(block.steps, everything=everything))}")
    yield f"- {code(ids(block.steps))}{', never sent twice' if shape.once else ''}"
    yield from (f"- {code(said)}" for said in shape.said)
    yield fenced(shape.rows, "").rstrip("\n")
    if shape.way_back:
        yield from ("", f"Way back: {prose(shape.way_back)}")
    if shape.undo:
        yield from ("", "Lines that take it back:", fenced(shape.undo, "").rstrip("\n"))


def _sheets(plan: Plan, *, everything: bool) -> Iterator[str]:
    found = sheets(plan)
    if not found:
        return
    yield from (
        "",
        "## Rollback sheets",
        "",
        "By hand, where this program cannot be used. `-o sheet` writes all of them.",
    )
    for device, text in list(found.items()) if everything else list(found.items())[:_SHEETS]:
        yield from ("", f"### {code(device)}", fenced((Row(line) for line in text.splitlines()), "").rstrip("\n"))
    if len(found) > _SHEETS and not everything:
        yield from ("", f"And {count(len(found) - _SHEETS, 'more device')}; `--all` shows all.")
