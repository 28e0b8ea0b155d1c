"""Time along a picture. Long stretches in which nothing was written down are folded, and say how long they were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from getvpn_ops.reports.pictures.drawing import LEFT, RIGHT, line, words
from getvpn_ops.reports.words import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from markupsafe import Markup

_FOLD = 46.0
"""Width of a folded stretch."""
_FOLDS = 6
_SHARE = 0.3
_LONG = 600.0
"""Seconds that a stretch must have to be folded."""
_NICE = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)
_TICKS = 7
_APART = 62.0
"""Between two labels below the time, at least."""
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a moment stands.

    Attributes:
        pieces: stretches of time with where they begin and end, and whether they are folded.
    """

    pieces: tuple[tuple[datetime, datetime, float, float, bool], ...]

    @classmethod
    def over(cls, moments: Iterable[datetime]) -> Scale:
        """The time of these moments; a long stretch that takes more than a third of the rest is folded.

        Raises:
            ValueError: there are none.
        """
        found = sorted(set(moments))
        if not found:
            raise ValueError("no moment to draw")
        if len(found) == 1:
            found.append(found[0] + timedelta(seconds=1))
        gaps = sorted(pairwise(found), key=_seconds, reverse=True)
        folded: set[tuple[datetime, datetime]] = set()
        rest = sum(map(_seconds, gaps))
        for gap in gaps[:_FOLDS]:
            left = rest - _seconds(gap)
            if left <= 0 or _seconds(gap) < max(_LONG, _SHARE * left):
                break
            folded.add(gap)
            rest = left
        room = RIGHT - LEFT - _FOLD * len(folded)
        pieces, at = [], float(LEFT)
        for gap in pairwise(found):
            wide = _FOLD if gap in folded else room * _seconds(gap) / rest
            pieces.append((*gap, at, at + wide, gap in folded))
            at += wide
        return cls(_joined(pieces))

    def at(self, moment: datetime) -> float:
        """Where a moment stands; one before or after all of it at the edge."""
        for begins, ends, left, right, _ in self.pieces:
            if moment <= ends:
                part = max((moment - begins).total_seconds(), 0.0) / max((ends - begins).total_seconds(), 1e-9)
                return left + part * (right - left)
        return self.pieces[-1][3]

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return self.pieces[0][0]

    @property
    def ends(self) -> datetime:
        """The last moment."""
        return self.pieces[-1][1]

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Round moments with their labels, none too near to another."""
        total = sum(_seconds(piece) for piece in self.pieces if not piece[4])
        step = next((item for item in _NICE if total / item <= _TICKS), _NICE[-1])
        form = "%H:%M:%S" if step < 60 else "%m-%d %H:%M" if _seconds((self.begins, self.ends)) > _DAY else "%H:%M"  # noqa: PLR2004 -- seconds of a minute
        last = -_APART
        for begins, ends, left, _, is_folded in self.pieces:
            if is_folded:
                continue
            midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
            passed = (begins - midnight).total_seconds()
            moment = midnight + timedelta(seconds=-(-passed // step) * step)
            while moment <= ends:
                x = self.at(moment)
                if x - last >= _APART and x >= left:
                    yield x, f"{moment:{form}}"
                    last = x
                moment += timedelta(seconds=step)

    def drawn(self, top: float, bottom: float) -> Iterator[Markup]:
        """The axis below, with lines up, and the folds."""
        yield line(LEFT, bottom, RIGHT, bottom, "axis")
        for x, label in self.ticks():
            yield line(x, top, x, bottom, "grid")
            yield words(x, bottom + 16, label, "soft", "middle")
        for begins, ends, left, right, is_folded in self.pieces:
            if is_folded:
                middle = (left + right) / 2
                yield line(middle - 4, bottom + 5, middle, bottom - 5, "axis")
                yield line(middle, bottom + 5, middle + 4, bottom - 5, "axis")
                yield words(middle, top - 4, _about(ends - begins), "soft", "middle")


def _seconds(gap: tuple[datetime, datetime] | tuple[datetime, datetime, float, float, bool]) -> float:
    return (gap[1] - gap[0]).total_seconds()


def _about(value: timedelta) -> str:
    """``4h 5m``: two units are enough."""
    return " ".join(span(timedelta(seconds=round(value.total_seconds()))).split()[:2])


def _joined(
    pieces: list[tuple[datetime, datetime, float, float, bool]],
) -> tuple[tuple[datetime, datetime, float, float, bool], ...]:
    """Stretches that are not folded as one, as far as they touch."""
    made: list[tuple[datetime, datetime, float, float, bool]] = []
    for piece in pieces:
        if made and not piece[4] and not made[-1][4]:
            last = made.pop()
            made.append((last[0], piece[1], last[2], piece[3], False))
        else:
            made.append(piece)
    return tuple(made)
