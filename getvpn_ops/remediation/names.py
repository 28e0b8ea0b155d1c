"""Which names intended objects get on a router that has objects of these names already.

The name that an intent gives is a base. What is in use is not rewritten: an access list, a transform set, and an IPsec
profile that something else uses too, gets a new name ``BASE_r2``, ``BASE_r3`` ... when it has to change, and one line
that refers to it is swapped. A running object ``BASE`` or ``BASE_rN`` that says what is intended is right as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from getvpn_ops.remediation.mentions import mentions
from getvpn_ops.remediation.nodes import Node, content

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from getvpn_ops.remediation.lists import ListText
    from getvpn_ops.remediation.side import Side

IN_PLACE = "authorization-acl"
"""The line whose list is edited where it stands, if it holds permits only: no policy is made of it."""

_REVISION = re.compile(r"_r\d+")
_SET, _PROFILE, _LIST = "transform-set", "ipsec-profile", "acl"


def of_family(base: str, name: str) -> bool:
    """Whether a name is a base or one of its revisions."""
    stem = _stem(base)
    return name == base or (name.startswith(stem) and _REVISION.fullmatch(name[len(stem) :]) is not None)


def _stem(base: str) -> str:
    """How the names of revisions begin; a name that begins with a digit would be taken for a number."""
    return f"LIST{base}" if base[:1].isdigit() else base


def _revision(base: str, name: str) -> int:
    return 1 if name == base else int(name[len(_stem(base)) + 2 :])


@dataclass(slots=True)
class Names:
    """Gives out names on one router.

    Attributes:
        running: what the router has.
        intended: what it should have, under base names.
        made: effective name of each new object, so that two references get one.
        edited: names of running lists that are edited where they stand -> base.
    """

    running: Side
    intended: Side
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    edited: dict[str, str] = field(default_factory=dict)

    def choose(self, kind: str, base: str, now: str | None, *, loose: bool = False) -> str:
        """The name under which a reference finds its object.

        Args:
            kind: of the object.
            base: its name in the intent.
            now: the name that the running line refers to; None if there is no such line.
            loose: the object is a list for ``IN_PLACE``.
        """
        wanted = self._content(self.intended, kind, base, loose=loose)
        if wanted is None:
            return base  # the intent does not define it
        held = {name for name in self._names(kind) if of_family(base, name)}
        if now in held and self._content(self.running, kind, now, loose=loose) == wanted:
            return now
        if loose and now in held and self._may_edit(now, base):
            self.edited[now] = base
            return now
        equal = [name for name in held if self._content(self.running, kind, name, loose=loose) == wanted]
        if equal:
            return max(equal, key=lambda name: _revision(base, name))
        return self._new(kind, base, held)

    def _new(self, kind: str, base: str, held: set[str]) -> str:
        known = self.made.get((kind, base))
        if known is None:
            free = not held and next(mentions(self.running.tree, base), None) is None
            known = base if free else f"{_stem(base)}_r{max((_revision(base, name) for name in held), default=1) + 1}"
            while not free and next(mentions(self.running.tree, known), None) is not None:
                known = f"{_stem(base)}_r{_revision(base, known) + 1}"
            self.made[kind, base] = known
        return known

    def _names(self, kind: str) -> Iterator[str]:
        if kind == _LIST:
            yield from self.running.lists
        else:
            yield from (node.found.name for node in self.running.nodes if node.id == kind)

    @staticmethod
    def _content(side: Side, kind: str, name: str, *, loose: bool) -> Hashable | None:
        if kind == _LIST:
            held = side.lists.get(name)
            return None if held is None else (held.as_set if loose else held.content)
        node = side.defined(kind, name)
        return None if node is None else content(node)

    def _may_edit(self, name: str, base: str) -> bool:
        now, wanted = self.running.lists[name], self.intended.lists[base]
        if now.kind != wanted.kind or not now.opener or not (now.only_permits and wanted.only_permits and now.entries):
            return False
        own = (f"access-list {name} ", f"ip access-list {now.kind} {name}")
        users = mentions(self.running.tree, name, lambda line: f"{line.text} ".startswith(own))
        return all("authorization address" in line.text for line in users)


def settle(running: Side, intended: Side) -> tuple[Side, Names]:
    """Give every intended object the name that it gets on this router, and let every reference follow."""
    names = Names(running, intended)
    sets_done = _follow(names, intended.nodes, _SET)
    names.intended = intended = replace(intended, nodes=sets_done)
    intended = replace(intended, nodes=_profiles(names, intended))
    names.intended = intended
    intended = replace(intended, nodes=_follow(names, intended.nodes, _LIST))
    used = {ref for top in intended.nodes for node in top.walk() if node.found.type.refers == _LIST
            for ref in node.found.refs}  # fmt: skip
    lists: dict[str, ListText] = {}
    for name in sorted(used):
        base = (
            name if name in intended.lists else next((held for held in intended.lists if of_family(held, name)), None)
        )
        if base is not None:
            lists[name] = intended.lists[base] if name == base else intended.lists[base].renamed(name)
    intended = replace(intended, lists=lists)
    return replace(intended, nodes=_defined(names, intended.nodes), lists=lists), names


def _profiles(names: Names, intended: Side) -> tuple[Node, ...]:
    """Rename profiles that something unmanaged uses too and that must change; others are changed where they are."""
    groups = {node.found.name for node in intended.nodes if node.id == "gdoi-group"}
    new: dict[str, str] = {}
    for node in intended.nodes:
        if node.id != _PROFILE:
            continue
        base = node.found.name
        held = {name for name in names._names(_PROFILE) if of_family(base, name)}  # noqa: SLF001 -- of this module
        now = names.running.referred(_PROFILE, base, groups, held) or base
        if now not in held or content(names.running.defined_or_raise(_PROFILE, now)) == content(node):
            new[base] = now if now in held else base
        elif names.running.is_shared(_PROFILE, now, groups):
            new[base] = names.choose(_PROFILE, base, None)
        else:
            new[base] = now
    return tuple(_renamed_refs(node, _PROFILE, new) for node in _renamed(intended.nodes, _PROFILE, new))


def _renamed(nodes: tuple[Node, ...], kind: str, new: dict[str, str]) -> tuple[Node, ...]:
    made = []
    for node in nodes:
        name = node.found.name
        if node.id == kind and new.get(name, name) != name:
            node = node.renamed(node.text.replace(f" {name}", f" {new[name]}", 1))  # noqa: PLW2901 -- the same object
        made.append(node)
    return tuple(made)


def _renamed_refs(node: Node, kind: str, new: dict[str, str]) -> Node:
    children = tuple(_renamed_refs(child, kind, new) for child in node.children)
    node = replace(node, children=children) if children != node.children else node
    if node.found.type.refers != kind or not node.found.refs:
        return node
    return _with_refs(node, tuple(new.get(ref, ref) for ref in node.found.refs))


def _with_refs(node: Node, refs: tuple[str, ...]) -> Node:
    if refs == node.found.refs:
        return node
    tail = " ".join(node.found.refs)
    return node.renamed(f"{node.text[: -len(tail)]}{' '.join(refs)}")


def _follow(names: Names, nodes: tuple[Node, ...], kind: str) -> tuple[Node, ...]:
    """Let the references of a kind follow the names that their objects get."""

    def rename(node: Node, there: Node | None) -> Node:
        held = {} if there is None else {child.key: child for child in there.children}
        children = [rename(child, held.get(child.key)) for child in node.children]
        if any(new is not old for new, old in zip(children, node.children, strict=True)):
            node = replace(node, children=tuple(children))
        if node.found.type.refers != kind or not node.found.refs:
            return node
        refs = tuple(
            names.choose(
                kind,
                base,
                next((ref for ref in (there.found.refs if there else ()) if of_family(base, ref)), None),
                loose=node.id == IN_PLACE,
            )
            for base in node.found.refs
        )
        return _with_refs(node, refs)

    by_key = {node.key: node for node in names.running.nodes}
    return tuple(rename(node, by_key.get(node.key) or names.running.revised(node)) for node in nodes)


def _defined(names: Names, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Give transform sets the names by which they are referred to."""
    refs = {ref for top in nodes for node in top.walk() if node.found.type.refers == _SET for ref in node.found.refs}
    defined = {node.found.name for node in nodes if node.id == _SET}
    made: list[Node] = []
    for node in nodes:
        if node.id != _SET:
            made.append(node)
            continue
        base = node.found.name
        follows = sorted(ref for ref in refs if ref == base or (of_family(base, ref) and ref not in defined))
        for name in follows or [names.choose(_SET, base, None)]:
            made.extend(_renamed((node,), _SET, {base: name}))
    return tuple(made)
