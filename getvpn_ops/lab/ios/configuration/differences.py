"""How two configurations differ: as IOS shows it, and as the lines that lead from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VOLATILE = ("Building configuration", "Current configuration", "version ", "Using ", "ntp clock-period ")


@dataclass(slots=True)
class Line:
    """A line of a configuration with those indented below it."""

    text: str
    below: list[Line] = field(default_factory=list)

    def named(self, text: str) -> Line | None:
        """The line below it that reads so."""
        return next((line for line in self.below if line.text == text), None)


def tree(lines: Iterable[str]) -> Line:
    """Configuration text as a tree; remarks, headers and blank lines are left out."""
    top = Line("")
    stack: list[tuple[int, Line]] = [(-1, top)]
    waiting = iter(lines)
    for line in waiting:
        text = line.strip()
        if not text or text[0] == "!" or text in {"end", "exit"} or line.startswith(_VOLATILE):
            continue
        if text.startswith("banner ") and text.count("^C") == 1:
            for more in waiting:
                text += f"\n{more}"
                if "^C" in more:
                    break
        indent = len(line) - len(line.lstrip())
        while stack[-1][0] >= indent:
            stack.pop()
        made = Line(text)
        stack[-1][1].below.append(made)
        stack.append((indent, made))
    return top


def contextual(old: Line, new: Line) -> list[str]:
    """``show archive config differences``: what is new, then what is gone, each below the lines it stands in."""
    found = [*_marked(new, old, "+", 0), *_marked(old, new, "-", 0)]
    return ["!Contextual Config Diffs:", *(found or ["!No changes were found"])]


def _marked(one: Line, other: Line, mark: str, depth: int) -> Iterator[str]:
    for line in one.below:
        same = other.named(line.text)
        below = list(_marked(line, same or Line(""), mark, depth + 1))
        if same is None:
            yield f"{' ' * depth}{mark}{line.text}"
        elif below:
            yield f"{' ' * depth}{line.text}"
        yield from below


def additions(old: Line, new: Line, depth: int = 0) -> Iterator[str]:
    """The lines of ``new`` that ``old`` lacks, below the lines they stand in."""
    for line in new.below:
        same = old.named(line.text)
        below = list(additions(same or Line(""), line, depth + 1))
        if same is None or below:
            yield " " * depth + line.text
        yield from below


def removals(old: Line, new: Line, depth: int = 0) -> Iterator[str]:
    """What takes away the lines of ``old`` that ``new`` lacks."""
    for line in old.below:
        same = new.named(line.text)
        if same is None:
            opposite = line.text.removeprefix("no ") if line.text.startswith("no ") else f"no {line.text}"
            yield " " * depth + opposite
        elif below := list(removals(line, same, depth + 1)):
            yield " " * depth + line.text
            yield from below


def rollback(old: Line, new: Line) -> list[str]:
    """The commands that lead from ``old`` to ``new``."""
    return [*removals(old, new), *additions(old, new)]
