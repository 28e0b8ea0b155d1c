"""What is removed once nothing refers to it any more: the old list behind a swapped line, the old profile, the old map.

A candidate is what one of our running lines refers to, or another revision of an intended object. It is removed if no
line of the configuration as it will be mentions its name, whoever wrote that line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.commands import STAND_IN
from getvpn_ops.dialect.managed import read
from getvpn_ops.dialect.ordering import BUILD_ORDER, CLEAN_PLACES, Place
from getvpn_ops.remediation.apply import apply
from getvpn_ops.remediation.edit import Edit, removed
from getvpn_ops.remediation.mentions import mentions
from getvpn_ops.remediation.names import of_family
from getvpn_ops.remediation.scope import Note, NoteKind, wholly_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.model.config.tree import ConfigLine
    from getvpn_ops.remediation.nodes import Node
    from getvpn_ops.remediation.side import Side

_KINDS = (
    "ipsec-profile", "transform-set", "ikev2-profile", "ikev2-keyring", "ikev2-proposal", "isakmp-profile", "keyring",
    "crypto-identity",
)  # fmt: skip
"""In the order of removal: what refers comes before what it refers to."""

_REVISED = frozenset({"ipsec-profile", "transform-set"})


class CleanUp:
    """Finds what can go.

    Args:
        running: what the router has.
        base: what it should have, under the names of the intent.
        settled: the same under the names that it gets there.
        ours: running lines that are compared.
        tree: the configuration as it will be before anything is removed.
    """

    def __init__(
        self, running: Side, base: Side, settled: Side, ours: Iterable[Node], tree: tuple[ConfigLine, ...]
    ) -> None:
        self._running = running
        self._settled = settled
        self._tree = tree
        self._refs: dict[str, dict[str, None]] = {}
        self.notes: list[Note] = []
        for top in ours:
            self._refer(top)
        for kind in _REVISED:
            bases = [node.found.name for node in base.nodes if node.id == kind]
            for node in running.nodes:
                if node.id == kind and any(of_family(name, node.found.name) for name in bases):
                    self._refs.setdefault(kind, {})[node.found.name] = None
        for name in running.lists:
            if any(of_family(held, name) for held in base.lists):
                self._refs.setdefault("acl", {})[name] = None

    def _refer(self, top: Node) -> None:
        for node in top.walk():
            if node.found.type.refers:
                self._refs.setdefault(node.found.type.refers, {}).update(dict.fromkeys(node.found.refs))

    def edits(self) -> Iterator[Edit]:
        """The edits that remove what nothing refers to."""
        for name in self._refs.get("crypto-map", {}):
            yield from self._map(name)
        for kind in _KINDS:
            for name in list(self._refs.get(kind, {})):
                node = self._running.defined(kind, name)
                if node is None or self._settled.defined(kind, name) is not None:
                    continue
                if self._is_whole(node) and self._is_free(kind, name, node):
                    yield self._remove(node, CLEAN_PLACES.get(kind, Place.CLEAN_IKE))
        for name in list(self._refs.get("acl", {})):
            held = self._running.lists.get(name)
            if held is None or name in self._settled.lists or not self._is_unlisted(name):
                continue
            forward, backward = held.removed(), held.typed()
            self._tree = apply(self._tree, forward)
            yield Edit(Place.CLEAN_LIST, "lists", f"remove access list {name}", forward, backward)

    def _map(self, name: str) -> Iterator[Edit]:
        held = [node for node in self._running.nodes if node.found.type.defines == "crypto-map"
                and node.found.name == name]  # fmt: skip
        if not held or self._settled.defined("crypto-map", name) is not None or not wholly_ours(self._running, name):
            return
        if not self._is_free("crypto-map", name, held[0]):
            return
        for node in sorted(held, key=lambda node: -BUILD_ORDER[node.id]):
            yield self._remove(node, Place.CLEAN_MAP)

    def _remove(self, node: Node, place: Place) -> Edit:
        forward, backward = removed(node, ())
        self._tree = apply(self._tree, forward)
        self._refer(node)
        bundle = "ike" if place is Place.CLEAN_IKE else node.found.name if place is Place.CLEAN_MAP else "ipsec"
        title = "remove what IKE needs no more" if place is Place.CLEAN_IKE else f"remove '{node.text}'"
        return Edit(place, bundle, title, forward, backward, rank=-BUILD_ORDER[node.id])

    def _is_free(self, kind: str, name: str, node: Node) -> bool:
        def own(line: ConfigLine) -> bool:
            found = read("", line.text)
            return found is not None and found.type.defines == kind and found.name == name

        return self._unless_mentioned(name, own, node.text)

    def _is_whole(self, node: Node) -> bool:
        """Whether it could be brought back: of no secret only a placeholder is known."""
        lines = () if node.source is None else node.source.walk()
        if all(line.hidden is not None or STAND_IN not in line.text for line in lines):
            return True
        self.notes.append(Note(NoteKind.CANNOT_TELL, (), node.text, "only a placeholder is known of a secret in it"))
        return False

    def _is_unlisted(self, name: str) -> bool:
        opener = self._running.lists[name].opener

        def own(line: ConfigLine) -> bool:
            return line.text == opener or line.text.startswith(f"access-list {name} ")

        return self._unless_mentioned(name, own, opener or f"access-list {name}")

    def _unless_mentioned(self, name: str, own: Callable[[ConfigLine], bool], text: str) -> bool:
        user = next(mentions(self._tree, name, own), None)
        if user is None:
            return True
        self.notes.append(Note(NoteKind.LEFT_ALONE, (), text, f"'{user.text}' mentions it"))
        return False
