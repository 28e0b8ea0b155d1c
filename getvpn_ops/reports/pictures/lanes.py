"""Who was what and when: a lane for each device, coloured by what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.reports.pictures.drawing import LEFT, box, name_of, picture, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from markupsafe import Markup

    from getvpn_ops.reports.pictures.scale import Scale

_HIGH, _TOP, _BAR = 22, 26, 14
_MOST = 40
_LEGEND = 140
_ROW = 20
KNOWN = (
    "primary", "secondary", "alone", "clear", "receive-only", "passive", "both", "no answer", "not seen yet",
)  # fmt: skip
"""States with a colour of their own; all others share one."""


def colour(state: str) -> str:
    """Class of a state."""
    return f"s-{state.replace(' ', '-')}" if state in KNOWN else "s-other"


def lanes(
    kind: str, title: str, seen: Mapping[str, Sequence[tuple[datetime, str]]], scale: Scale, most: int = _MOST
) -> Markup:
    """The picture.

    Args:
        kind: names it in the page.
        title: for people.
        seen: by device: from when on it was what.
        scale: of the time.
        most: lanes to draw; what is left out is counted.
    """
    shown = dict(list(seen.items())[:most])
    bottom = _TOP + _HIGH * len(shown)
    parts = list(scale.drawn(_TOP, bottom))
    for row, (name, states) in enumerate(shown.items()):
        y = _TOP + row * _HIGH
        parts.append(words(LEFT - 8, y + 15, name_of(name), "", "end"))
        parts += _lane(name, states, scale, y + (_HIGH - _BAR) / 2)
    more = len(seen) - len(shown)
    if more:
        parts.append(words(LEFT - 8, bottom + 34, f"and {more} more", "soft", "end"))
    used = list(dict.fromkeys(state for states in shown.values() for _, state in states))
    legend, high = legend_of(used, bottom + 26)
    return picture(kind, title, _said(shown, more), bottom + 26 + high, (*parts, *legend))


def legend_of(states: Sequence[str], top: float) -> tuple[list[Markup], float]:
    """What colours mean, and the height of that."""
    parts, x, y = [], float(LEFT), top
    for state in states:
        if x + _LEGEND > LEFT + 5 * _LEGEND:
            x, y = float(LEFT), y + _ROW
        parts += [box(x, y, 12, 12, colour(state)), words(x + 18, y + 10, state, "soft")]
        x += _LEGEND
    return parts, y - top + _ROW + 4


def _lane(name: str, states: Sequence[tuple[datetime, str]], scale: Scale, y: float) -> Iterator[Markup]:
    for at, (moment, state) in enumerate(states):
        ends = states[at + 1][0] if at + 1 < len(states) else scale.ends
        left = scale.at(moment)
        tip = f"{name}: {state} from {moment:%Y-%m-%d %H:%M:%S} UTC"
        yield box(left, y, scale.at(ends) - left, _BAR, colour(state), tip)


def _said(shown: Mapping[str, Sequence[tuple[datetime, str]]], more: int) -> str:
    told = [
        f"{name}: {', '.join(f'{state} from {moment:%H:%M:%S}' for moment, state in states)}"
        for name, states in shown.items()
    ]
    return f"{'; '.join(told)}{f'; and {more} more' if more else ''}. Times are UTC."
