"""How many members were what: an area for each mode, however many members there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.reports.pictures.drawing import LEFT, RIGHT, element, line, picture, words
from getvpn_ops.reports.pictures.lanes import colour, legend_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from markupsafe import Markup

    from getvpn_ops.reports.pictures.scale import Scale

_TOP, _HIGH = 26, 150
_POINTS = 700
"""Steps that are drawn: more than the picture has room for say nothing."""


def crowd(
    kind: str, title: str, counts: Sequence[tuple[datetime, Mapping[str, int]]], order: Sequence[str], scale: Scale
) -> Markup:
    """The picture.

    Args:
        kind: names it in the page.
        title: for people.
        counts: from when on how many members were what; each has all of them.
        order: modes, from the bottom up.
        scale: of the time.
    """
    total = max((sum(found.values()) for _, found in counts), default=0) or 1
    bottom = _TOP + _HIGH
    steps = _thinned([(scale.at(moment), found) for moment, found in counts])
    used = [mode for mode in order if any(found.get(mode) for _, found in counts)]
    parts = list(scale.drawn(_TOP, bottom))
    below = [0] * len(steps)
    for mode in used:
        above = [low + found.get(mode, 0) for low, (_, found) in zip(below, steps, strict=True)]
        parts.append(_area(mode, [x for x, _ in steps], below, above, total))
        below = above
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * _HIGH
        if (total * share).is_integer():
            parts += [line(LEFT - 4, y, LEFT, y, "axis"), words(LEFT - 8, y + 4, f"{total * share:.0f}", "soft", "end")]
    parts.append(words(LEFT - 60, _TOP + _HIGH / 2 - 22, "members", "soft", "end"))
    legend, high = legend_of(used, bottom + 26)
    return picture(kind, title, _said(counts, used), bottom + 26 + high, (*parts, *legend))


def _area(mode: str, xs: Sequence[float], below: Sequence[int], above: Sequence[int], total: int) -> Markup:
    """What a mode covers, in steps: nothing is between two looks but what the earlier one showed."""
    ends = [*xs[1:], float(RIGHT)]
    bottom = _TOP + _HIGH

    def y(number: int) -> str:
        return f"{bottom - number / total * _HIGH:.1f}"

    upper = [point for x, end, high in zip(xs, ends, above, strict=True) for point in (f"{x:.1f},{y(high)}",
             f"{end:.1f},{y(high)}")]  # fmt: skip
    lower = [point for x, end, low in zip(xs, ends, below, strict=True) for point in (f"{x:.1f},{y(low)}",
             f"{end:.1f},{y(low)}")]  # fmt: skip
    return element("polygon", element("title", mode), points=" ".join((*upper, *reversed(lower))), class_=colour(mode))


def _thinned(steps: list[tuple[float, Mapping[str, int]]]) -> list[tuple[float, Mapping[str, int]]]:
    """The last look of each pixel."""
    made: dict[int, tuple[float, Mapping[str, int]]] = {}
    for x, found in steps:
        made[int((x - LEFT) * _POINTS / (RIGHT - LEFT))] = (x, found)
    return list(made.values())


def _said(counts: Sequence[tuple[datetime, Mapping[str, int]]], used: Sequence[str]) -> str:
    told = [
        f"{moment:%H:%M:%S}: {', '.join(f'{found[mode]} {mode}' for mode in used if found.get(mode))}"
        for moment, found in counts
    ]
    return f"Members by mode. {'; '.join(told)}. Times are UTC."
