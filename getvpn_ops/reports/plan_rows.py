"""The steps of a plan, those alike together: a plan for thousands of members is read in a minute."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import Configure, Perform, Statement
from getvpn_ops.reports.config_rows import EFFECTS, Row, typed
from getvpn_ops.reports.plan_stages import total_words
from getvpn_ops.reports.sweep_words import listed, moment
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from getvpn_ops.model.plan import Plan, PlannedStep, PredictedEffect, Wave

NAMES = 8
"""Devices of a block that are named."""
BLOCKS = 60
"""Blocks that are shown; a plan with more is shown whole with ``--all`` and as JSON."""
NO_LINE = "no line takes this back"
_SECRET = re.compile(r"<redacted[^>]*>")
_OWN = "<redacted: each device's own>"
_DEVICE = "DEVICE"


@dataclass(frozen=True, slots=True)
class Shape:
    """What is said of a step, but on which device it is.

    Attributes:
        title: of it.
        said: effect on keys, and notes.
        rows: the lines to type.
        undo: the lines that take them back.
        way_back: in words.
        once: whether it is never sent twice.
    """

    title: str
    said: tuple[str, ...]
    rows: tuple[Row, ...]
    undo: tuple[Row, ...]
    way_back: str
    once: bool


@dataclass(slots=True)
class Block:
    """Steps alike.

    Attributes:
        shape: of each.
        steps: at least one, in order.
    """

    shape: Shape
    steps: list[PlannedStep]


@dataclass(slots=True)
class Stretch:
    """Waves alike, one after the other.

    Attributes:
        first: number of the first one, from 1.
        waves: at least one.
        blocks: all of their steps.
    """

    first: int
    waves: list[Wave]
    blocks: list[Block] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Numbers and titles of the waves."""
        begins, ends = self.waves[0], self.waves[-1]
        if len(self.waves) == 1:
            return f"wave {self.first}: {begins.title}{_pace(begins)}"
        titles = begins.title if begins.title == ends.title else f"{begins.title} ... {ends.title}"
        return f"waves {self.first} to {self.first + len(self.waves) - 1}: {titles}{_pace(begins)}"


def stretches(plan: Plan, *, everything: bool = False) -> tuple[Stretch, ...]:
    """All waves in order.

    Args:
        plan: of them.
        everything: fold nothing but equal steps of one wave.
    """
    made: list[Stretch] = []
    known: dict[Shape, Block] = {}
    servers = frozenset(device.name for device in plan.devices if device.role == Role.KEY_SERVER.value)
    for number, wave in enumerate(plan.waves, 1):
        shaped = [(_shape(step, masked=not everything), step) for step in wave.steps]
        shapes = {shape for shape, _ in shaped}
        last = made[-1] if made else None
        alike = shapes <= known.keys() or shapes >= known.keys()
        if last is None or everything or not alike or not _goes_on(servers, last, wave):
            last = Stretch(number, [])
            made.append(last)
            known = {}
        last.waves.append(wave)
        for shape, step in shaped:
            if shape in known:
                known[shape].steps.append(step)
            else:
                known[shape] = Block(shape, [step])
                last.blocks.append(known[shape])
    if not everything:
        for stretch in made:
            for block in stretch.blocks:
                block.shape = _as_said(block)
    return tuple(made)


def who(steps: Sequence[PlannedStep], *, everything: bool = False) -> str:
    """Names of the devices of steps, the first ones."""
    names = list(dict.fromkeys(step.device or "chosen when it is done" for step in steps))
    if everything:
        return ", ".join(names)
    return f"{f'{len(names)} devices: ' if len(names) > NAMES else ''}{listed(names, NAMES)}"


def ids(steps: Sequence[PlannedStep]) -> str:
    """Ids of steps, as ``show RUN`` names them."""
    return steps[0].id if len(steps) == 1 else f"{steps[0].id} ... {steps[-1].id}"


def facts(plan: Plan, digest: str) -> tuple[tuple[str, str], ...]:
    """What a plan is, as names and values."""
    changed = sum(device.is_changed for device in plan.devices)
    lines = sum(len(step.act.lines) for step in plan.steps)
    groups = ", ".join(plan.groups)
    rings = sorted({wave.ring for wave in plan.waves if wave.ring})
    found = [
        ("what", plan.what),
        ("made", f"{moment(plan.made)} UTC by {plan.by}"),
        ("expires", f"{moment(plan.expires)} UTC"),
        ("devices", f"{changed} changed, {len(plan.devices) - changed} only looked at"),
        ("groups", groups),
        ("steps", f"{count(len(plan.steps), 'step')} in {count(len(plan.waves), 'wave')}, {count(lines, 'line')}"),
        ("stages", total_words(plan)),
        ("rings", ", ".join(map(str, rings))),
        ("gives up after", f"{count(plan.budget + 1, 'member')} that failed" if _members(plan) > 1 else ""),
        ("lock-out", _lockout(plan)),
        ("digest", digest),
    ]
    return tuple((name, value) for name, value in found if value)


def verdict(plan: Plan) -> str:
    """Whether it can be applied, in one line."""
    if plan.refusals or plan.lockouts:
        return "REFUSED: this plan is never applied"
    if not plan.waves:
        return "nothing to do"
    wanted = []
    if plan.loses:
        wanted.append("traffic that is lost, or may be, has to be accepted: --accept-loss")
    if plan.confirm:
        wanted.append("what it drops has to be typed")
    return f"can be applied; {' and '.join(wanted)}" if wanted else "can be applied, and loses no traffic it knows of"


def effects(plan: Plan) -> tuple[tuple[PredictedEffect, int], ...]:
    """Predicted effects in order, the worst first; how many say the same."""
    order = (Statement.LOSES, Statement.CANNOT_TELL, Statement.HITLESS)
    found: dict[object, tuple[PredictedEffect, int]] = {}
    for effect in plan.effects:
        key = (effect.group, effect.statement, effect.seconds, effect.texts)
        first, number = found.get(key, (effect, 0))
        found[key] = (first, number + 1)
    return tuple(sorted(found.values(), key=lambda item: order.index(item[0].statement)))


def effect_words(effect: PredictedEffect, number: int) -> str:
    """``group WAN: swap the list: loses for 12 s``."""
    seconds = "" if not effect.seconds else f" for {effect.seconds:g} s"
    more = f" (and {number - 1} more alike)" if number > 1 else ""
    return f"group {effect.group}: {effect.title}{more}: {effect.statement}{seconds}"


def next_command(plan: Plan, flags: str = "") -> str:
    """What to type to apply it; empty if it cannot be.

    Args:
        plan: to apply.
        flags: that say where, such as `` --lab``.
    """
    if not plan.waves or plan.refusals or plan.lockouts:
        return ""
    return f"getvpn-ops apply {plan.id}{' --accept-loss' if plan.loses else ''}{flags}"


def _goes_on(servers: frozenset[str], stretch: Stretch, wave: Wave) -> bool:
    """Whether two waves may be shown as one: members of one ring; a key server always stands alone."""
    steps = (*stretch.waves[0].steps, *wave.steps)
    first = stretch.waves[0]
    return (first.stage, first.ring) == (wave.stage, wave.ring) and all(
        step.device and step.device not in servers for step in steps
    )


def _members(plan: Plan) -> int:
    return sum(device.is_changed and device.role == Role.MEMBER.value for device in plan.devices)


def _pace(wave: Wave) -> str:
    ring = f"ring {wave.ring}" if wave.ring else ""
    pace = f"{wave.at_once} at once" if wave.at_once > 1 else ""
    said = ", ".join(part for part in (ring, pace) if part)
    return f" ({said})" if said else ""


def _lockout(plan: Plan) -> str:
    if plan.lockouts:
        return f"{count(len(plan.lockouts), 'cut')} of what routers need"
    configures = any(isinstance(step.act, Configure) for step in plan.steps)
    return "nothing that routers need is cut, as far as it was looked at" if configures else ""


def _as_said(block: Block) -> Shape:
    """The shape of a block as its own steps say it, if they say the same."""
    own = {_shape(step, masked=False) for step in block.steps}
    return own.pop() if len(own) == 1 else block.shape


def _shape(step: PlannedStep, *, masked: bool) -> Shape:
    def said(text: str) -> str:
        return _masked(text, step.device) if masked else text

    def rows(found: Iterable[Row]) -> tuple[Row, ...]:
        return tuple(Row(said(row.text), row.mark, row.indent) for row in found)

    act = step.act
    notes = tuple(said(text) for text in (*_effect(step), *step.notes))
    if isinstance(act, Perform):
        lines = tuple(Row(said(line)) for line in act.lines)
        return Shape(said(step.title), notes, lines, (), said(step.way_back) or NO_LINE, act.once)
    change = step.change()
    undo = rows(typed(change.rollback))
    back = said(step.way_back) or ("" if undo else NO_LINE)
    return Shape(said(f"{act.kind}: {step.title}"), notes, rows(typed(change.lines)), undo, back, once=False)


def _effect(step: PlannedStep) -> Iterator[str]:
    if isinstance(step.act, Perform):
        if parameters := ", ".join(f"{name} {value}" for name, value in step.act.parameters if value):
            yield f"{step.act.action}: {parameters}"
        return
    if EFFECTS[step.act.effect]:
        groups = f" of {', '.join(step.groups)}" if step.groups else ""
        yield f"keys{groups}: {EFFECTS[step.act.effect]}"
    if step.act.revert_minutes:
        yield f"the device takes it back by itself after {step.act.revert_minutes} min unless it is confirmed"


def _masked(text: str, device: str) -> str:
    text = _SECRET.sub(_OWN, text)
    return re.sub(rf"(?<![\w.-]){re.escape(device)}(?![\w-])", _DEVICE, text) if device else text
