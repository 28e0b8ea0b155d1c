"""Which lines of a step's rollback undo the lines of it that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from getvpn_ops.model.change import ChangeLine

_NEGATIONS = ("no", "default")
_SAME = 1000  # more than a line has words


def links(forward: Sequence[ChangeLine], rollback: Sequence[ChangeLine]) -> tuple[frozenset[int], ...]:
    """The forward lines that each line of a rollback undoes.

    A step does not say so, but their texts do: a rollback line negates or restores the same line, or the object that it
    stands in, or one that it removed; it is shorter (``no lifetime``) or has another value (``lifetime 600``).

    Returns:
        For each line of the rollback, indexes of forward lines. A line that resembles none belongs to all of its mode,
        and where there is none, to all.
    """
    found = []
    for back in rollback:
        scores = [_score(back, line) for line in forward]
        best = max((score for score in scores if score is not None), default=None)
        everyone = range(len(forward))
        found.append(frozenset(at for at in everyone if best is None or scores[at] == best))
    return tuple(found)


def chosen(
    forward: Sequence[ChangeLine], rollback: Sequence[ChangeLine], effective: Collection[int], opened: Collection[int]
) -> tuple[tuple[ChangeLine, ...], bool]:
    """The lines that undo what may have had an effect.

    Args:
        forward: lines of the step.
        rollback: lines that undo all of them, in order.
        effective: indexes of the forward lines that may have had one.
        opened: indexes of those whose mode was opened for nothing, which may have made the object that it is of.

    Returns:
        Lines to send, in order; and whether every one of ``effective`` is undone by some of them.
    """
    made = links(forward, rollback)
    lines = tuple(
        line
        for line, of in zip(rollback, made, strict=True)
        if of & set(effective) or any(len(line.path) < len(forward[at].path) for at in of & set(opened))
    )
    return lines, frozenset(effective) <= frozenset().union(*made)


def _words(text: str) -> tuple[str, ...]:
    words = tuple(text.split())
    return words[1:] if words[:1] and words[0].lower() in _NEGATIONS else words


def _score(back: ChangeLine, line: ChangeLine) -> int | None:
    """How much a rollback line resembles a forward line; None if it does not."""
    mine = (*map(_words, back.path), _words(back.true_text))
    other = (*map(_words, line.path), _words(line.true_text))
    depth = min(len(mine), len(other))
    if mine[: depth - 1] != other[: depth - 1]:
        return None
    one, two = mine[depth - 1], other[depth - 1]
    length = min(len(one), len(two))
    alike = next((at for at in range(length) if one[at] != two[at]), length)
    if alike == length:  # the same line, a shorter one, or an object around the other
        return _SAME
    return alike if len(mine) == len(other) else None
