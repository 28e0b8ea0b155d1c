"""Lines that decide nothing, or nothing that later lines would not decide alike: exact, not by comparing texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.analysis.lists.effective import Line


class Why(StrEnum):
    """Why a line says nothing."""

    EMPTY = "it matches no packet"
    TAKEN = "lines before it take all that it matches"
    CONTRADICTED = "lines before it take all that it matches, and some decide otherwise"
    REPEATED = "lines behind it would decide all that it takes the same way"


@dataclass(frozen=True, slots=True)
class Useless:
    """A line that could go without any packet faring otherwise.

    Attributes:
        line: which.
        why: in kind.
        by: the lines that take its packets, in order.
        certain: False if a line without exact meaning may leave it something.
    """

    line: Line
    why: Why
    by: tuple[Line, ...]
    certain: bool


def useless_lines(lines: Sequence[Line]) -> Iterator[Useless]:
    """Every line of a list that could go.

    A deny that only the end of the list would repeat (what no line matches passes in clear) is not named: to write down
    what must stay clear is good practice.

    Args:
        lines: of one list, in order.
    """
    for place, line in enumerate(lines):
        if not line.exact:
            continue
        if line.matches.is_empty:
            yield Useless(line, Why.EMPTY, (), certain=True)
        elif line.decides.is_empty:
            by = tuple(other for other in lines[:place] if not (other.decides & line.matches).is_empty)
            against = any(other.action is not line.action for other in by)
            certain = all(other.exact for other in by)
            yield Useless(line, Why.CONTRADICTED if against else Why.TAKEN, by, certain=certain)
        elif by := _repeated(line, lines[place + 1 :]):
            yield Useless(line, Why.REPEATED, by, certain=True)


def _repeated(line: Line, later: Sequence[Line]) -> tuple[Line, ...]:
    """The later lines that would decide all that a line decides in the same way; empty if they would not."""
    left, by = line.decides, []
    for other in later:
        if (left & other.matches).is_empty:
            continue
        if other.action is not line.action or not other.exact:
            return ()
        by.append(other)
        left -= other.matches
        if left.is_empty:
            return tuple(by)
    return ()
