"""The managed lines of a configuration as a tree that can be compared; everything else is left where it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.dialect.defaults import HIDDEN, HIDDEN_PROFILE_LIFETIME
from getvpn_ops.dialect.managed import Change, Found, Scope, read
from getvpn_ops.model.change import ChangeLine
from getvpn_ops.model.config.tree import ConfigLine, LineKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.config.secret import Secret

_OVERWRITTEN = frozenset({Change.REPLACE, Change.SECRET, Change.FLAG})
_UNKNOWN = "-"
_CLOSERS = ("exit", "quit")


@dataclass(frozen=True, slots=True)
class Node:
    """A managed line with the managed lines of its mode.

    Attributes:
        found: what it is.
        text: as it is typed, secrets replaced.
        hidden: the true text, if it has secrets.
        children: that count in a comparison: neither defaults nor ``no`` forms of what is off by itself.
        defaults: values in the mode that would hold without their line: what takes the place of another value.
        mentioned: keys of all managed lines in the mode, also of those that do not count.
        others: lines in the mode that this program does not manage, as they stand.
        source: the line of the configuration; None for a line that was made here.
    """

    found: Found
    text: str
    hidden: Secret | None = None
    children: tuple[Node, ...] = ()
    defaults: tuple[Node, ...] = ()
    mentioned: frozenset[str] = frozenset()
    others: tuple[ConfigLine, ...] = ()
    source: ConfigLine | None = None

    @property
    def id(self) -> str:
        """Of its row in the table of managed lines."""
        return self.found.type.id

    @property
    def key(self) -> str:
        """What it is among the lines of its mode."""
        return self.found.key

    def walk(self) -> Iterator[Node]:
        """This line and every managed one below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def child(self, line_id: str) -> Node | None:
        """Its first line of a kind."""
        return next((child for child in self.children if child.id == line_id), None)

    def typed(self, path: tuple[str, ...]) -> ChangeLine:
        """The line as it is typed in a mode."""
        return ChangeLine(self.text, path, self.hidden)

    def renamed(self, text: str) -> Node:
        """The same line with other words."""
        found = read(self.found.type.mode, text)
        return self if found is None else replace(self, found=found, text=text, source=None)


def mention(found: Found) -> str:
    """What an intended line speaks of: its setting, or all lines of its kind where several may stand."""
    several = found.type.change in {Change.LIST, Change.ORDERED} and found.type.scope is not Scope.SAID
    return found.type.id if several else found.key


def has_lifetime(tree: Iterable[ConfigLine]) -> bool:
    """Whether a configuration has a global lifetime of IPsec SAs: then 3600 s is no default of a profile."""
    return any(line.text.startswith("crypto ipsec security-association lifetime ") for line in tree)


def read_tree(tree: Iterable[ConfigLine], *, own_lifetime: bool) -> tuple[Node, ...]:
    """The managed lines of the global mode with what is below them.

    Args:
        tree: of a configuration.
        own_lifetime: see ``has_lifetime``; of either of two that are compared.
    """
    nodes = []
    for line in tree:
        found = read("", line.text) if line.kind is LineKind.COMMAND else None
        if found is not None:
            nodes.append(_node(line, found, own_lifetime=own_lifetime))
    return _last(nodes)


def _last(nodes: list[Node]) -> tuple[Node, ...]:
    """The last of lines that overwrite each other, should a text hold several."""
    if len({node.key for node in nodes}) == len(nodes):
        return tuple(nodes)
    last = {node.key: node for node in nodes if node.found.type.change in _OVERWRITTEN or node.id == "transform-set"}
    return tuple(node for node in nodes if last.get(node.key, node) is node)


def _node(line: ConfigLine, found: Found, *, own_lifetime: bool) -> Node:
    if not line.children:
        return Node(found, line.text, line.hidden, source=line)
    mode = found.type.opens
    children, defaults, others, mentioned = [], [], [], set()
    for inner in line.children:
        if inner.kind is not LineKind.COMMAND:
            continue
        there = read(mode, inner.text) if mode else None
        if there is None:
            if not inner.text.startswith(_CLOSERS):
                others.append(inner)
            continue
        mentioned.add(mention(there))
        if counts(there, own_lifetime=own_lifetime):
            children.append(_node(inner, there, own_lifetime=own_lifetime))
        elif there.is_on and there.type.change is Change.REPLACE:
            defaults.append(_node(inner, there, own_lifetime=own_lifetime))
    held = _last(children)
    return Node(found, line.text, line.hidden, held, tuple(defaults), frozenset(mentioned), tuple(others), line)


def counts(found: Found, *, own_lifetime: bool = False) -> bool:
    """Whether a line says anything that would not hold without it.

    Args:
        found: what the line is.
        own_lifetime: the configuration has a global lifetime of IPsec SAs: 3600 s is no default then.
    """
    if not found.is_on:
        return False
    mode = found.type.mode
    if mode == "ipsec-profile" and found.normal == HIDDEN_PROFILE_LIFETIME:
        return own_lifetime
    return found.normal not in HIDDEN.get(mode, frozenset())


def content(node: Node) -> tuple[object, ...]:
    """What an object holds, without its name: equal for two objects of one kind that say the same."""
    words = node.found.normal.split(" ")
    at = words.index(node.found.name) if node.found.name in words else len(words)
    ordered = tuple(child.found.normal for child in node.children if child.found.type.change is Change.ORDERED)
    rest = frozenset(
        (child.found.normal, content(child)) for child in node.children if child.found.type.change is not Change.ORDERED
    )
    return (tuple(words[at + 1 :]), ordered, rest)


def lines_of(node: Node, path: tuple[str, ...]) -> tuple[ChangeLine, ...]:
    """All managed lines of an object as they are typed; the one that makes a section work comes last."""
    made = [node.typed(path)]
    inner = (*path, node.text)
    for child in sorted(node.children, key=lambda child: child.found.type.activates):
        made.extend(lines_of(child, inner))
    return tuple(made)


def lines_as_they_stand(node: Node, path: tuple[str, ...]) -> tuple[ChangeLine, ...]:
    """All lines of an object that a router has, also those that this program does not manage."""
    if node.source is None:
        return lines_of(node, path)
    return tuple(_as_it_stands(node.source, path, node.found.type.mode))


def _as_it_stands(line: ConfigLine, path: tuple[str, ...], mode: str) -> Iterator[ChangeLine]:
    found = read(mode, line.text) if mode != _UNKNOWN else None
    if found is not None and not found.is_on:
        return  # it says what holds without it
    yield ChangeLine(line.text, path, line.hidden)
    inner = (found.type.opens or _UNKNOWN) if found is not None else _UNKNOWN
    for child in line.children:
        if child.kind is LineKind.COMMAND and not child.text.startswith(_CLOSERS):
            yield from _as_it_stands(child, (*path, line.text), inner)


def is_common(node: Node) -> bool:
    """Whether a line of the global mode is common to all VPNs of the router."""
    return node.found.type.scope is Scope.IKE
