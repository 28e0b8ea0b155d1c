"""How far a step came on a device, by what the device holds now: nothing else is believed after a drop (promise P3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from getvpn_ops.model.change import ChangeLine
from getvpn_ops.remediation.apply import RefusedLineError, apply
from getvpn_ops.remediation.undoing import chosen
from getvpn_ops.workflow.fingerprint import managed_of

if TYPE_CHECKING:
    from getvpn_ops.model.config.tree import ConfigLine
    from getvpn_ops.model.plan import Configure

Tree: TypeAlias = "tuple[ConfigLine, ...]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device stands in a step.

    Attributes:
        lines: of the step that stand there; None if its managed lines are in none of the states of the step.
        home: lines of the rollback that lead from there to the state before the step; only where ``lines`` is None.
    """

    lines: int | None
    home: tuple[ChangeLine, ...] = ()


def where(act: Configure, tree: Tree) -> Place:
    """How many lines of a step stand in a configuration, by the states that the plan knows."""
    states = act.states
    seen = managed_of(tree)
    if is_blind(act) and seen == states[0]:
        return Place(len(states) - 1 if stands(act, tree) else 0)
    if states[-1] == seen:
        return Place(len(states) - 1)
    if seen in states:
        return Place(states.index(seen))
    return Place(None, home(act, tree))


def is_blind(act: Configure) -> bool:
    """Whether the managed lines are the same before and after a step, so that they do not tell how far it came."""
    return act.states[0] == act.states[-1]


def stands(act: Configure, tree: Tree) -> bool:
    """Whether all lines of a step stand in a configuration, word for word, and what it takes away does not.

    For lines that no state tells of: of the same line typed twice, or taken away again, the last one counts.
    """
    wanted = {(line.path, line.text.removeprefix("no ")): not line.text.startswith("no ") for line in act.lines}
    return all(_is_there(tree, path, text) is is_wanted for (path, text), is_wanted in wanted.items())


def _is_there(tree: Tree, path: tuple[str, ...], text: str) -> bool:
    for opener in path:
        tree = tuple(child for line in tree if line.text == opener for child in line.children)
    return any(line.text == text for line in tree)


def home(act: Configure, tree: Tree) -> tuple[ChangeLine, ...]:
    """The shortest part of the rollback that leads from a configuration to the state before the step.

    Tried are the ends of the whole way back, and of the ways back from each of the lines. Lines that a router would
    refuse there are left out: what they take away is not there.

    Returns:
        Empty if none leads there.
    """
    lines = tuple(ChangeLine(line.text, line.path) for line in act.lines)
    rollback = tuple(ChangeLine(line.text, line.path) for line in act.rollback)
    ways = [chosen(lines, rollback, range(reached), ())[0] for reached in range(1, len(lines) + 1)]
    tried = {way[-length:] for way in (rollback, *ways) for length in range(1, len(way) + 1)}
    for way in sorted(tried, key=lambda way: (len(way), [(line.path, line.text) for line in way])):
        if (typed := _leads(way, tree, act.states[0])) is not None:
            return typed
    return ()


def _leads(way: tuple[ChangeLine, ...], tree: Tree, target: str) -> tuple[ChangeLine, ...] | None:
    typed = []
    for line in way:
        try:
            tree = apply(tree, (line,))
        except RefusedLineError:
            continue
        typed.append(line)
    return tuple(typed) if typed and managed_of(tree) == target else None
