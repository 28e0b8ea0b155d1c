"""Windows and freezes of a playbook as a plan has them, and whether its stages fit into the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from getvpn_ops.engine.change.migrating.legs import WAIT
from getvpn_ops.model.plan import Perform
from getvpn_ops.model.plan_times import PlannedFreeze, PlannedWindow
from getvpn_ops.workflow.windows import in_zone, opening, why_closed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.workflow.playbooks.schema import Playbook

_NO_LIFETIME = 7200
"""Seconds of a TEK whose policy says none."""


def planned_windows(playbook: Playbook) -> tuple[PlannedWindow, ...]:
    """Windows as the plan holds them."""
    return tuple(
        PlannedWindow(item.days, _time(item.start.isoformat()), _time(item.end.isoformat()), item.zone)
        for item in playbook.windows
    )


def _time(text: str) -> str:
    return text.removesuffix(":00") if text.count(":") == 2 else text  # noqa: PLR2004 -- HH:MM:SS


def planned_freezes(playbook: Playbook) -> tuple[PlannedFreeze, ...]:
    """Freezes likewise."""
    return tuple(PlannedFreeze(item.start, item.end, item.reason) for item in playbook.freezes)


def tek_lifetimes(inventory: Inventory, groups: Sequence[str]) -> dict[str, int]:
    """Seconds that keys of traffic live, by group; the longest of its policies."""
    found = {}
    for group in groups:
        intent = inventory.gdoi_groups.get(group)
        policies = (intent.policies if intent is not None else None) or ()
        said = [item.tek_lifetime for item in policies if item.tek_lifetime is not None]
        found[group] = max(said, default=_NO_LIFETIME)
    return found


def timeout_notes(plan: Plan) -> Iterator[str]:
    """Stages whose soaks and waits alone take longer than their timeout: a run would hold there each time."""
    for stage in plan.stages:
        steps = (step for wave in plan.waves if wave.stage == stage.id for step in wave.steps)
        waits = (step.act for step in steps if isinstance(step.act, Perform) and step.act.action == WAIT)
        minutes = sum(int(act.parameter("minutes")) for act in waits)
        if stage.timeout and minutes > stage.timeout:
            yield f"stage {stage.id} soaks for {minutes} min, and its timeout is {stage.timeout} min: it holds there"


def window_notes(plan: Plan) -> Iterator[str]:
    """Whether the plan can be begun now, and whether its windowed stages fit into one window.

    It is said, not refused: a run holds where its window ends, and is resumed in the next one.
    """
    if not plan.stages or not (plan.windows or plan.freezes):
        return
    if why := why_closed(plan.windows, plan.freezes, plan.made):
        yield f"windowed stages cannot begin now: {why}"
    found = opening(plan.windows, plan.freezes, plan.made)
    if found is None:
        return
    if plan.is_expired(found.begins):
        yield f"the plan expires before that: make it anew, or with a longer --expires than {plan.expires - plan.made}"
    if found.ends is None:
        return
    times = [stage.time for stage in plan.stages if stage.windowed and stage.time is not None]
    usual, longest = sum(item.usual for item in times), sum(item.longest for item in times)
    room = found.ends - max(found.begins, plan.made)
    ends = in_zone(found.ends, ZoneInfo(plan.windows[0].zone) if plan.windows else None)
    if timedelta(seconds=usual) > room:
        yield (
            f"its windowed stages usually take {usual / 60:.0f} min, and the next window has {_minutes(room)} min, "
            f"until {ends}: the run will hold there, and go on in the next one"
        )
    elif timedelta(seconds=longest) > room:
        yield (
            f"its windowed stages usually fit into the next window, until {ends}; at the longest they take "
            f"{longest / 60:.0f} min, and it has {_minutes(room)}"
        )


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f}"
