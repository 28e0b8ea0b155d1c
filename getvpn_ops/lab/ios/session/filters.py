"""Output filters: what stands behind ``|``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = ("append", "begin", "count", "exclude", "format", "include", "redirect", "section", "tee")

_UNDERSCORE = re.compile(r"(?<!\\)_(?![^\[]*\])")
_BETWEEN_WORDS = r"(?:^|$|[\\s,{}()_])"
"""What ``_`` stands for: an end of the line or what divides words; itself, too, as in names of lists."""


def output_filter(pipe: str) -> Callable[[list[str]], list[str]] | int | None:
    """The filter of a pipe.

    Args:
        pipe: what stands behind the bar, blanks included.

    Returns:
        What it leaves of the lines; or the column in ``pipe`` where it goes wrong; or None if more words must come.
    """
    word = pipe.split(maxsplit=1)[0] if pipe.strip() else ""
    if not word:
        return None
    column = pipe.index(word)
    names = [name for name in _NAMES if name.startswith(word.lower())]
    if len(names) != 1:
        longest = max((len(word) - 1, *(0,))) if not names else 0
        return column + _common(word, longest)
    rest = pipe[column + len(word) :].strip()
    if not rest:
        return None
    negated = names[0] == "section" and rest.split(maxsplit=1)[0] in {"exclude", "include"} and " " in rest
    if negated:
        how, rest = rest.split(maxsplit=1)
        negated = how == "exclude"
    try:
        regex = re.compile(_UNDERSCORE.sub(_BETWEEN_WORDS, rest))
    except re.error:
        regex = re.compile(re.escape(rest))
    if names[0] == "section" and negated:
        return lambda lines: [line for line in lines if line not in set(_section(lines, regex))]
    kept: dict[str, Callable[[list[str]], list[str]]] = {
        "include": lambda lines: [line for line in lines if regex.search(line)],
        "exclude": lambda lines: [line for line in lines if not regex.search(line)],
        "begin": lambda lines: _begin(lines, regex),
        "count": lambda lines: [f"Number of lines which match regexp = {sum(bool(regex.search(x)) for x in lines)}"],
        "section": lambda lines: _section(lines, regex),
    }
    return kept.get(names[0], column)


def _common(word: str, longest: int) -> int:
    """How many characters of a wrong word begin some filter."""
    return next(
        (count for count in range(longest, 0, -1) if any(n.startswith(word[:count].lower()) for n in _NAMES)), 0
    )


def _begin(lines: list[str], regex: re.Pattern[str]) -> list[str]:
    at = next((place for place, line in enumerate(lines) if regex.search(line)), len(lines))
    return lines[at:]


def _section(lines: list[str], regex: re.Pattern[str]) -> list[str]:
    """Matching lines with everything indented below them."""
    kept: list[str] = []
    depth: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and line.strip() and indent <= depth:
            depth = None
        if depth is None and regex.search(line):
            depth = indent
        if depth is not None:
            kept.append(line)
    return kept
