"""Differences as a person reads them: missing, extra, changed; under the names of the intent, secrets replaced."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Scope
from getvpn_ops.model.change import Drift, DriftKind
from getvpn_ops.remediation.names import of_family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.remediation.difference import Difference
    from getvpn_ops.remediation.edit import Edit
    from getvpn_ops.remediation.lists import ListText
    from getvpn_ops.remediation.nodes import Node
    from getvpn_ops.remediation.side import Side

_REVISED = frozenset({"acl", "transform-set", "ipsec-profile"})


class DriftReader:
    """Says how a router differs.

    Args:
        running: what it has.
        base: what it should have, under the names of the intent.
        settled: the same under the names that it gets there.
    """

    def __init__(self, running: Side, base: Side, settled: Side) -> None:
        self._running = running
        self._base = base
        self._settled = settled
        self._told: set[tuple[str, str]] = set()

    def drifts(self, found: Iterable[Difference], removals: Iterable[Edit]) -> Iterator[Drift]:
        """Every difference once.

        Args:
            found: between running and settled lines.
            removals: of what nothing refers to any more.
        """
        items = list(found)
        swaps = [swap for item in items for swap in self._swaps(item)]
        for kind, old, base in swaps:
            yield from self._swapped(kind, old, base)
        for item in items:
            yield from self._item(item)
        yield from self._lists()
        for edit in removals:
            for line in edit.forward:
                text = line.text.removeprefix("no ")
                if not any(text.endswith(f" {name}") or f" {name} " in text for _, name in self._told):
                    yield Drift(DriftKind.EXTRA, line.path, _as_it_stands(edit, text), None)

    def _swaps(self, item: Difference) -> Iterator[tuple[str, str, str]]:
        """Kind, old name and base of objects that a swapped line gives another revision of."""
        kind = item.any.found.type.refers
        if kind not in _REVISED or not item.old or not item.new:
            return
        for name in item.new[0].found.refs:
            base = self._base_of(kind, name)
            old = next((ref for ref in item.old[0].found.refs if of_family(base, ref)), None)
            if old is not None and old != name and self._known(self._running, kind, old):
                yield kind, old, base

    def _base_of(self, kind: str, name: str) -> str:
        names = self._base.lists if kind == "acl" else [n.found.name for n in self._base.nodes if n.id == kind]
        return next((base for base in names if of_family(base, name)), name)

    @staticmethod
    def _known(side: Side, kind: str, name: str) -> bool:
        return name in side.lists if kind == "acl" else side.defined(kind, name) is not None

    def _swapped(self, kind: str, old: str, base: str) -> Iterator[Drift]:
        if (kind, old) in self._told:
            return
        self._told.add((kind, old))
        if kind == "acl":
            yield from list_drift(self._running.lists[old], self._base.lists[base])
            return
        here, there = self._running.defined_or_raise(kind, old), self._base.defined_or_raise(kind, base)
        if kind == "transform-set":
            yield Drift(DriftKind.CHANGED, (), here.text, there.text)
            return
        want = {child.key: child for child in there.children}
        have = {child.key: child for child in here.children}
        for key in dict.fromkeys((*have, *want)):
            yield from _pair(have.get(key), want.get(key), (here.text,))

    def _item(self, item: Difference) -> Iterator[Drift]:
        if any(True for _ in self._swaps(item)):
            return
        if item.in_order:
            for old, new in _aligned(item.old, item.new):
                yield from _pair(old, new, item.path)
            return
        old = item.old[0] if item.old else None
        new = item.new[0] if item.new else None
        if old is None and new is not None:
            if new.found.type.defines in _REVISED:
                base = self._base_of(new.found.type.defines, new.found.name)
                if any(kind == new.found.type.defines and of_family(base, name) for kind, name in self._told):
                    return
            yield from _whole(new, item.path)
            return
        yield from _pair(old, new, item.path)

    def _lists(self) -> Iterator[Drift]:
        for name, wanted in self._settled.lists.items():
            held = self._running.lists.get(name)
            if held is None:
                base = self._base_of("acl", name)
                if not any(kind == "acl" and of_family(base, told) for kind, told in self._told):
                    opener = self._base.lists[base].opener or f"access-list {base}"
                    yield Drift(DriftKind.MISSING, (), None, opener)
                    for text in wanted.lines:
                        yield Drift(DriftKind.MISSING, (opener,), None, text)
            elif held.as_set != wanted.as_set:
                yield from list_drift(held, wanted)


def _as_it_stands(edit: Edit, text: str) -> str:
    """The line that is removed, in full: its ``no`` form may be shorter."""
    return next((line.text for line in edit.backward if not line.path and line.text.startswith(text)), text)


def _whole(node: Node, path: tuple[str, ...]) -> Iterator[Drift]:
    yield Drift(DriftKind.MISSING, path, None, node.text)
    for child in node.children:
        yield from _whole(child, (*path, node.text))


def _pair(old: Node | None, new: Node | None, path: tuple[str, ...]) -> Iterator[Drift]:
    if old is None:
        if new is not None:
            yield from _whole(new, path)
    elif new is None:
        if old.found.type.scope is not Scope.KEPT:
            yield Drift(DriftKind.EXTRA, path, old.text, None)
    elif old.found.normal != new.found.normal:
        yield Drift(DriftKind.CHANGED, path, old.text, new.text)


def _aligned(old: tuple[Node, ...], new: tuple[Node, ...]) -> Iterator[tuple[Node | None, Node | None]]:
    for place in range(max(len(old), len(new))):
        yield (old[place] if place < len(old) else None, new[place] if place < len(new) else None)


def list_drift(running: ListText, intended: ListText) -> Iterator[Drift]:
    """Entries that are missing or one too many, in the order of the lists."""
    path = (running.opener or f"access-list {running.name}",)
    have = [entry.normal for entry in running.entries]
    want = [entry.normal for entry in intended.entries]
    for tag, a, b, c, d in SequenceMatcher(a=have, b=want, autojunk=False).get_opcodes():
        if tag != "equal":
            for entry in running.entries[a:b]:
                yield Drift(DriftKind.EXTRA, path, entry.text, None)
            for entry in intended.entries[c:d]:
                yield Drift(DriftKind.MISSING, path, None, entry.text)
