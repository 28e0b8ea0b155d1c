"""One change with the lines that undo it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Change, Trigger, negated
from getvpn_ops.model.change import ChangeLine
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.remediation.lists import ListText, without_number
from getvpn_ops.remediation.nodes import Node, lines_as_they_stand, lines_of

if TYPE_CHECKING:
    from getvpn_ops.dialect.ordering import Place
    from getvpn_ops.remediation.difference import Difference


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines that belong together.

    Attributes:
        place: of the step they stand in.
        bundle: edits of one place and bundle share a step.
        title: of the step.
        forward: what is typed.
        backward: what undoes it.
        triggers: of the lines that change something in use.
        groups: GDOI groups it concerns.
        notes: for people.
        rank: order within the step.
        removes: it only takes away: in one place what is added comes first.
    """

    place: Place
    bundle: str
    title: str
    forward: tuple[ChangeLine, ...]
    backward: tuple[ChangeLine, ...]
    triggers: frozenset[Trigger] = frozenset()
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    rank: int = 0
    removes: bool = False


def off(node: Node, path: tuple[str, ...]) -> ChangeLine:
    """The line that takes a line away, or brings its default back."""
    hidden = None
    if node.hidden is not None:
        hidden = Secret.of("config-line", negated(node.found.type, node.hidden.reveal()))
    text = negated(node.found.type, node.text)
    return ChangeLine(text, path, hidden if text != node.text and "<redacted" in text else None)


def removed(node: Node, path: tuple[str, ...]) -> tuple[tuple[ChangeLine, ...], tuple[ChangeLine, ...]]:
    """Take a line away with all that is below it, and bring it back as it stood."""
    return (off(node, path),), lines_as_they_stand(node, path)


def added(node: Node, path: tuple[str, ...]) -> tuple[tuple[ChangeLine, ...], tuple[ChangeLine, ...]]:
    """Type a line with all that is below it, and take it away."""
    return lines_of(node, path), (off(node, path),)


def replaced(item: Difference) -> tuple[tuple[ChangeLine, ...], tuple[ChangeLine, ...]]:
    """The lines for a difference, and those that undo it."""
    path = item.path
    if item.in_order:
        return in_order(item.old, item.new, path), in_order(item.new, item.old, path)
    if not item.old:
        return added(item.new[0], path)
    if not item.new:
        return removed(item.old[0], path)
    old, new = item.old[0], item.new[0]
    if new.found.type.change is Change.SECRET:
        return (off(old, path), new.typed(path)), (off(new, path), old.typed(path))
    return (new.typed(path),), (old.typed(path),)


def in_order(old: tuple[Node, ...], new: tuple[Node, ...], path: tuple[str, ...]) -> tuple[ChangeLine, ...]:
    """Make one sequence of another, where a router appends what is typed; it never empties on the way.

    Lines are kept that stand in the old order already; new ones that lead come first, then the others are removed, then
    what is left is typed.
    """
    wanted = [node.found.normal for node in new]
    kept = 0
    at = 0
    now = [node.found.normal for node in old]
    for text in wanted:
        if text not in now[at:]:
            break
        at = now.index(text, at) + 1
        kept += 1
    stays = set(wanted[:kept])
    gone = [node for node in old if node.found.normal not in stays]
    back = {node.found.normal for node in gone}
    rest = list(new[kept:])
    first = list(takewhile(lambda node: node.found.normal not in back, rest))
    later = rest[len(first) :]
    return (
        *(node.typed(path) for node in first),
        *(off(node, path) for node in gone),
        *(node.typed(path) for node in later),
    )


def list_edited(old: ListText, new: ListText) -> tuple[tuple[ChangeLine, ...], tuple[ChangeLine, ...]]:
    """Edit a list of permits where it stands: what is new first, then what goes."""
    have = {entry.normal: entry.text for entry in old.entries}
    want = {entry.normal: entry.text for entry in new.entries}
    plus = [text for normal, text in want.items() if normal not in have]
    minus = [text for normal, text in have.items() if normal not in want]
    forward = [_entry(old, without_number(text)) for text in plus]
    forward += [_entry(old, without_number(text), negative=True) for text in minus]
    backward = [_entry(old, without_number(text), negative=True) for text in plus]
    backward += [_entry(old, text) for text in minus]
    return tuple(forward), tuple(backward)


def _entry(held: ListText, text: str, *, negative: bool = False) -> ChangeLine:
    no = "no " if negative else ""
    opener = held.opener or f"ip access-list {held.kind} {held.name}"
    return ChangeLine(f"{no}{text}", (opener,))
