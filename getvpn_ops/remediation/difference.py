"""Running against intended lines, by hier_config with the driver of ``dialect.hier_driver``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hier_config import get_hconfig

from getvpn_ops.dialect.commands import STAND_IN
from getvpn_ops.dialect.hier_driver import GetvpnDriver
from getvpn_ops.dialect.managed import Change, negated
from getvpn_ops.remediation.nodes import Node, content
from getvpn_ops.remediation.scope import Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hier_config import HConfig, HConfigChild

_ENCRYPTED = re.compile(r" 6 <redacted sha256:")


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that differs, or the lines of one kind whose order counts.

    Attributes:
        above: the lines that open the mode, outermost first, as the router has them, or will have them.
        old: running lines; one at most, unless their order counts.
        new: intended lines; likewise.
    """

    above: tuple[Node, ...]
    old: tuple[Node, ...]
    new: tuple[Node, ...]

    @property
    def any(self) -> Node:
        """One of its lines, to tell the kind."""
        return (self.new or self.old)[0]

    @property
    def path(self) -> tuple[str, ...]:
        """The lines that open the mode."""
        return tuple(node.text for node in self.above)

    @property
    def top(self) -> Node:
        """The line of the global mode that it is, or stands under."""
        return self.above[0] if self.above else self.any

    @property
    def in_order(self) -> bool:
        """Whether it is about several lines whose order counts."""
        return self.any.found.type.change is Change.ORDERED


def differences(running: tuple[Node, ...], intended: tuple[Node, ...]) -> tuple[list[Difference], list[Note]]:
    """Every difference, those of one section together, and what cannot be told."""
    if _same(running, intended):
        return [], []
    found: list[Difference] = []
    driver = GetvpnDriver()
    delta = _tree(running, driver).config_to_get_to(_tree(intended, driver))
    _walk(delta, running, intended, (), found)
    _in_order(running, intended, (), found)
    told: list[Difference] = []
    notes: list[Note] = []
    for item in (_in_its_place(item, intended) for item in found):
        reason = _untold(item)
        if reason is None:
            told.append(item)
        else:
            notes.append(Note(NoteKind.CANNOT_TELL, item.path, item.any.text, reason))
    return told, notes


def _same(running: tuple[Node, ...], intended: tuple[Node, ...]) -> bool:
    if len(running) != len(intended):
        return False
    here = {node.found.normal: node for node in running}
    return all(
        (there := here.get(node.found.normal)) is not None and content(there) == content(node) for node in intended
    )


def _tree(nodes: Iterable[Node], driver: GetvpnDriver) -> HConfig:
    config = get_hconfig(driver)
    _add(config, nodes)
    return config


def _add(parent: HConfig | HConfigChild, nodes: Iterable[Node]) -> None:
    for node in nodes:
        if node.found.type.change is Change.ORDERED:
            continue
        child = parent.add_child(node.found.normal, return_if_present=True)
        if node.children:
            _add(child, node.children)


def _walk(
    delta: HConfig | HConfigChild,
    running: tuple[Node, ...],
    intended: tuple[Node, ...],
    above: tuple[Node, ...],
    found: list[Difference],
) -> None:
    """Read the plan of hier_config back: what it adds, what it replaces by adding, what it takes away."""
    have = {node.found.normal: node for node in running}
    want = {node.found.normal: node for node in intended}
    by_key = {node.key: node for node in running if node.found.normal not in want}
    keys = {node.key for node in intended}
    gone = {
        negated(node.found.type, node.found.normal): node
        for node in running
        if node.found.normal not in want and node.key not in keys
    }
    for child in delta.children:
        new, old = want.get(child.text), have.get(child.text)
        if new is not None and old is not None:
            _walk(child, old.children, new.children, (*above, old), found)
        elif new is not None:
            old = by_key.get(new.key) if new.found.type.change in {Change.REPLACE, Change.SECRET} else None
            found.append(Difference(above, () if old is None else (old,), (new,)))
        elif (old := gone.get(child.text)) is not None:
            found.append(Difference(above, (old,), ()))


def _in_its_place(item: Difference, intended: tuple[Node, ...]) -> Difference:
    """A value that goes because a default is intended: the default is typed in its place, so that a person sees it."""
    if item.new or not item.above or len(item.old) != 1:
        return item
    held: Node | None = None
    for node in item.above:
        below = intended if held is None else held.children
        held = next((there for there in below if there.key == node.key and there.id == node.id), None)
        if held is None:
            return item
    kept = () if held is None else tuple(node for node in held.defaults if node.key == item.old[0].key)
    return Difference(item.above, item.old, kept)


def _in_order(
    running: tuple[Node, ...], intended: tuple[Node, ...], above: tuple[Node, ...], found: list[Difference]
) -> None:
    ids = dict.fromkeys(node.id for node in (*running, *intended) if node.found.type.change is Change.ORDERED)
    for line_id in ids:
        old = tuple(node for node in running if node.id == line_id)
        new = tuple(node for node in intended if node.id == line_id)
        if [node.found.normal for node in old] != [node.found.normal for node in new]:
            found.append(Difference(above, old, new))
    want = {node.found.normal: node for node in intended if node.found.type.opens}
    for node in running:
        there = want.get(node.found.normal)
        if there is not None:
            _in_order(node.children, there.children, (*above, node), found)


def _untold(item: Difference) -> str | None:
    """Why two secrets cannot be compared, or the lines not be typed; None if they can."""
    lines = [line for node in (*item.old, *item.new) for line in node.walk()]
    lost = [line for line in lines if line.hidden is None and STAND_IN in line.text]
    if item.any.found.type.change is Change.SECRET and item.old and item.new:
        if any(_ENCRYPTED.search(line.text) for line in lines):
            return "one of the two keys is encrypted"
        if lost:
            return "of one of the two keys only a placeholder is known"
    return "only a placeholder is known of its secret" if lost else None


def spoken(notes: Iterable[Note]) -> Iterator[str]:
    """Notes as sentences."""
    for note in notes:
        where = f" in '{note.path[-1]}'" if note.path else ""
        yield f"{note.kind}: '{note.text}'{where}{f': {note.reason}' if note.reason else ''}"
