"""Stages over time, with their gates, the holds of the run, approvals and rekeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.reports.pictures.drawing import LEFT, box, element, line, name_of, picture, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from markupsafe import Markup

    from getvpn_ops.reports.pictures.scale import Scale

_HIGH, _TOP, _BAR = 24, 52, 14
_MOST = 60
_REKEYS = "▼ rekey proven"
_MARK = 5.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage on the timeline.

    Attributes:
        name: of it.
        state: ``done``, ``held``, ``under-way`` or ``not-begun``.
        spans: when something was done for it.
        gates: when each was asked, and whether it opened.
    """

    name: str
    state: str
    spans: tuple[tuple[datetime, datetime], ...] = ()
    gates: tuple[tuple[datetime, bool, str], ...] = ()


def timeline(
    bars: Sequence[Bar],
    holds: Sequence[tuple[datetime, datetime, str]],
    rekeys: Sequence[tuple[datetime, str]],
    scale: Scale,
) -> Markup:
    """The picture.

    Args:
        bars: of stages, in order.
        holds: from when to when the run stood still, and why.
        rekeys: when each was proven, and what it was.
        scale: of the time.
    """
    shown = bars[:_MOST]
    bottom = _TOP + _HIGH * len(shown)
    parts = [
        box(scale.at(begins), _TOP, scale.at(ends) - scale.at(begins), bottom - _TOP, "hold", f"held: {why}")
        for begins, ends, why in holds
    ]
    parts += scale.drawn(_TOP, bottom)
    parts += _rekeys(rekeys, scale, bottom)
    for row, bar in enumerate(shown):
        y = _TOP + row * _HIGH
        parts.append(words(LEFT - 8, y + 16, name_of(bar.name), "" if bar.spans else "soft", "end"))
        parts += _bar(bar, scale, y)
    if len(bars) > len(shown):
        parts.append(words(LEFT - 8, bottom + 16, f"and {len(bars) - len(shown)} more", "soft", "end"))
    parts += _legend(bottom + 30)
    return picture("timeline", "Stages of the run over time", _said(bars, holds, rekeys), bottom + 46, parts)


def _bar(bar: Bar, scale: Scale, y: float) -> Iterator[Markup]:
    middle = y + _HIGH / 2
    for begins, ends in bar.spans:
        left = scale.at(begins)
        tip = f"{bar.name}: {begins:%H:%M:%S} to {ends:%H:%M:%S} UTC"
        yield box(left, middle - _BAR / 2, scale.at(ends) - left, _BAR, f"bar b-{bar.state}", tip)
    for at, is_open, told in bar.gates:
        yield _diamond(scale.at(at), middle, "g-open" if is_open else "g-shut", told)


def _diamond(x: float, y: float, kind: str, tip: str = "") -> Markup:
    points = f"{x - _MARK:.1f},{y:.1f} {x:.1f},{y - _MARK:.1f} {x + _MARK:.1f},{y:.1f} {x:.1f},{y + _MARK:.1f}"
    inside = (element("title", tip),) if tip else ()
    return element("polygon", *inside, points=points, class_=kind)


def _rekeys(rekeys: Sequence[tuple[datetime, str]], scale: Scale, bottom: float) -> Iterator[Markup]:
    for at, told in rekeys:
        x = scale.at(at)
        yield line(x, _TOP - 16, x, bottom, "rekey")
        points = f"{x - _MARK:.1f},{_TOP - 24} {x + _MARK:.1f},{_TOP - 24} {x:.1f},{_TOP - 15}"
        yield element("polygon", element("title", told), points=points, class_="rekey-mark")


def _legend(y: float) -> Iterator[Markup]:
    x = float(LEFT)
    yield from (box(x, y - 9, 18, 10, "bar b-done"), words(x + 24, y, "stage", "soft"))
    x += 90
    yield from (_diamond(x, y - 4, "g-open"), words(x + 12, y, "gate passed", "soft"))
    x += 120
    yield from (_diamond(x, y - 4, "g-shut"), words(x + 12, y, "gate held", "soft"))
    x += 105
    yield from (box(x, y - 9, 18, 10, "hold"), words(x + 24, y, "the run held", "soft"))
    x += 130
    yield element("polygon", points=f"{x},{y - 9} {x + 10},{y - 9} {x + 5},{y}", class_="rekey-mark")
    yield words(x + 16, y, _REKEYS.partition(" ")[2], "soft")


def _said(
    bars: Sequence[Bar], holds: Sequence[tuple[datetime, datetime, str]], rekeys: Sequence[tuple[datetime, str]]
) -> str:
    told = []
    for bar in bars:
        when = f" {bar.spans[0][0]:%H:%M:%S} to {bar.spans[-1][1]:%H:%M:%S}" if bar.spans else ""
        told.append(f"{bar.name}: {bar.state.replace('-', ' ')}{when}")
    told += [f"held at {begins:%H:%M:%S}: {why}" for begins, _, why in holds]
    told.append(f"{len(rekeys)} rekeys proven{''.join(f', {at:%H:%M:%S}' for at, _ in rekeys)}")
    return f"{'; '.join(told)}. Times are UTC."
