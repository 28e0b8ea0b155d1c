"""The stages of a plan: how long each may take, whom it is about, and what it waits for. They stand first of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.plan_times import PlannedTime
from getvpn_ops.reports.sweep_words import listed
from getvpn_ops.reports.words import count
from getvpn_ops.workflow.windows import in_zone, window_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.plan import Plan, PlannedStage

_NAMES = 4
_MINUTE, _HOUR = 60, 3600


def stage_title(plan: Plan, stage: PlannedStage) -> str:
    """``3. pilot: the pilot registers: about 4 min (1 min - 25 min)``."""
    number = next(at for at, item in enumerate(plan.stages, 1) if item.id == stage.id)
    time = f": {time_words(stage.time)}" if stage.time is not None else ""
    return f"{number}. {stage.id}: {stage.title}{time}"


def stage_facts(plan: Plan, stage: PlannedStage, *, everything: bool = False) -> Iterator[str]:
    """What else is to be known of a stage, a line each.

    Args:
        plan: of it.
        stage: one of its stages.
        everything: name every device and gate, and what the time rests on.
    """
    names = ", ".join(stage.devices) if everything else listed(stage.devices, _NAMES)
    yield f"{stage.action} on {f'{len(stage.devices)} devices: ' if len(stage.devices) > _NAMES else ''}{names}"
    rings = sorted({wave.ring for wave in plan.waves if wave.stage == stage.id and wave.ring})
    said = [
        f"{count(len(rings), 'ring')}" if rings else "",
        f"{count(len(stage.gates), 'gate')} after it: {_some(stage.gates, everything=everything)}"
        if stage.gates
        else "",
    ]
    if any(said):
        yield "; ".join(filter(None, said))
    if stage.approval:
        yield f"waits for a person's word: {stage.approval}"
    if plan.windows or plan.freezes:
        yield "only within the windows" if stage.windowed else "at any time"
    if everything and stage.timeout:
        yield f"its waits may take {span_words(60.0 * stage.timeout)} together"
    if everything and stage.time is not None:
        yield from (f"time: {text}" for text in stage.time.basis)


def total_words(plan: Plan) -> str:
    """What all stages may take together; empty if nobody said."""
    times = [stage.time for stage in plan.stages if stage.time is not None]
    if not times:
        return ""
    total = PlannedTime(*(sum(getattr(item, name) for item in times) for name in ("lowest", "usual", "longest")))
    asks = ", and what people take for their word" if any(stage.approval for stage in plan.stages) else ""
    return f"{count(len(plan.stages), 'stage')}, {time_words(total)}{asks}"


def window_facts(plan: Plan) -> Iterator[str]:
    """When its windowed stages may be done."""
    if plan.windows:
        yield f"only within: {'; '.join(map(window_words, plan.windows))}"
    for freeze in plan.freezes:
        yield f"frozen from {in_zone(freeze.start)} to {in_zone(freeze.end)}: {freeze.reason}"


def time_words(time: PlannedTime) -> str:
    """``about 4 min (40 s - 25 min)``."""
    return f"about {span_words(time.usual)} ({span_words(time.lowest)} - {span_words(time.longest)})"


def span_words(seconds: float) -> str:
    """``40 s``, ``4 min``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    minutes = round(whole / _MINUTE)
    if minutes < _HOUR * 2 // _MINUTE:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _some(names: tuple[str, ...], *, everything: bool) -> str:
    return ", ".join(names) if everything else listed(names, _NAMES)
