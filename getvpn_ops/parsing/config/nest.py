"""Lines of a configuration -> its tree, also where indentation is missing or wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from getvpn_ops.dialect.config_modes import DELIMITED, DUAL, GLOBAL_ONLY, GLOBAL_WORDS, MODES, Mode
from getvpn_ops.model.config.tree import ConfigLine, LineKind
from getvpn_ops.parsing.config.lines import Line, hide

_DEPTH_MAX = 12
_CLOSERS = re.compile(r"exit(?:-[\w\-]+)?", re.IGNORECASE)
_FREE_TEXT = re.compile(r"(?:description|remark) ")
_LABEL = re.compile(r"[A-Za-z(][^:]{0,40}?\s*:(?:\s|$)|[A-Z][a-z]+(?:\s[A-Za-z]+)* (?:is|are|was)\s")
_CAPITAL = re.compile(r"Interface [A-Z][A-Za-z\-]+ ?\d")  # as documents write it
_NEGATION = re.compile(r"(?:no|default|do)\s+", re.IGNORECASE)


@dataclass(slots=True)
class _Node:
    """A line of the tree while it is built."""

    line: Line
    mode: Mode | None
    children: list[_Node] = field(default_factory=list)
    flat: bool = False  # holds lines that stand no deeper than itself
    fresh: bool = True  # nothing stands behind it yet


def _opened(text: str, parent: _Node, root: _Node) -> Mode | None:
    """The mode that a line opens where it stands."""
    if parent is not root and parent.mode is None:
        return None
    name = parent.mode.name if parent.mode else None
    for mode in MODES:
        if (name in mode.parents if name else not mode.parents) and mode.opener.match(text):
            return mode
    return None


class _Nest:
    def __init__(self) -> None:
        self.root = _Node(Line(0, -1, ""), None)
        self.open: list[_Node] = [self.root]
        self.comments: list[tuple[Line, _Node]] = []  # a comment speaks of what follows; with the place by indentation
        self.repaired: list[int] = []

    def add(self, line: Line) -> None:
        depth = self._by_indent(line.indent)
        if line.kind is LineKind.COMMENT:
            self.comments.append((line, self.open[depth]))
            return
        chosen = self._choose(line, depth)
        if chosen != depth:
            self.repaired.append(line.number)
        parent = self.open[chosen]
        if chosen and line.indent <= parent.line.indent:
            parent.flat = True
        del self.open[chosen + 1 :]
        parent.fresh = False
        self.settle(parent)
        node = _Node(line, _opened(line.text, parent, self.root) if line.kind is LineKind.COMMAND else None)
        parent.children.append(node)
        if chosen and _CLOSERS.fullmatch(line.text) and line.indent <= parent.line.indent:
            del self.open[chosen:]
        elif len(self.open) <= _DEPTH_MAX:
            self.open.append(node)

    def settle(self, parent: _Node) -> None:
        """Give the comments that wait a place: beside the next command, but never out of an indented mode."""
        for comment, by_indent in self.comments:
            (by_indent if parent is self.root else parent).children.append(_Node(comment, None))
        self.comments.clear()

    def _by_indent(self, indent: int) -> int:
        """Place in ``open`` of the innermost line that stands left of the indentation."""
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].line.indent < indent:
                return depth
        return 0

    def _choose(self, line: Line, depth: int) -> int:
        """Place in ``open`` of the line's parent."""
        by_indent = self.open[depth]
        text = line.text
        if depth and by_indent.mode is None:
            # no mode that the tables know: indentation is all there is, but where it is already broken
            owner = self._claimed(text, range(depth - 1, 0, -1)) if self.open[depth - 1].flat else None
            return depth if owner is None else owner
        if depth and _CLOSERS.fullmatch(text):
            return depth
        if depth and by_indent.mode is not None and by_indent.mode.members.match(text):
            for deeper in range(len(self.open) - 1, depth, -1):
                node = self.open[deeper]
                if node.mode and node.mode.members.match(text) and (node.flat or node.fresh):
                    return deeper
            return depth
        owner = self._claimed(text, range(len(self.open) - 1, 0, -1))
        if owner is not None:
            node = self.open[owner]
            if depth or not DUAL.match(text) or ((node.flat or node.fresh) and not line.separated):
                return owner
            return 0
        if depth and GLOBAL_ONLY.match(text):
            return 0
        return depth

    def _claimed(self, text: str, depths: range) -> int | None:
        for depth in depths:
            mode = self.open[depth].mode
            if mode is not None and mode.members.match(text):
                return depth
        return None


def nest(lines: list[Line]) -> tuple[tuple[ConfigLine, ...], list[int]]:
    """Build the tree.

    Returns:
        The lines of the global mode with what is below them, and the numbers of lines whose place is not the one that
        their indentation says.
    """
    building = _Nest()
    for line in lines:
        building.add(line)
    building.settle(building.root)
    return tuple(_freeze(node, "") for node in building.root.children), building.repaired


def _freeze(node: _Node, parent: str) -> ConfigLine:
    line = node.line
    true_text = line.text
    hide(line, parent)
    prose = DELIMITED.match(true_text) is not None
    block = []
    for inner in line.block:
        hide(inner, true_text, prose=prose)
        block.append(ConfigLine(inner.text, inner.number, LineKind.VERBATIM, (), inner.hidden))
    children = [_freeze(child, true_text) for child in node.children]
    return ConfigLine(line.text, line.number, line.kind, (*block, *children), line.hidden)


def known(line: ConfigLine) -> bool:
    """Whether a line of the global mode, or one that lost its mode, is one that a configuration holds.

    Other output says ``Label : value`` and begins with a capital letter.
    """
    if line.kind is not LineKind.COMMAND:
        return False
    if _FREE_TEXT.match(line.text):
        return True
    if _LABEL.match(line.text):
        return False
    if line.text[:1].isupper():
        return _CAPITAL.match(line.text) is not None
    text = _NEGATION.sub("", line.text, count=1)
    return text.partition(" ")[0] in GLOBAL_WORDS or any(
        mode.members.match(text) for mode in MODES if mode.name != "object-group"
    )
