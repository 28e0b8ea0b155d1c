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
    if states[-1] == seen:
        return Place(len(states) - 1)
    if seen in states:
        return Place(states.index(seen))
    return Place(None, home(act, tree))


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
