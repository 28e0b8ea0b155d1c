"""One of the two configurations that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.remediation.lists import ListText, read_lists
from getvpn_ops.remediation.mentions import mentions
from getvpn_ops.remediation.nodes import Node, read_tree

if TYPE_CHECKING:
    from collections.abc import Collection

    from getvpn_ops.model.config.tree import ConfigLine


@dataclass(frozen=True, slots=True)
class Side:
    """A configuration.

    Attributes:
        tree: all its lines.
        nodes: the managed ones of the global mode, with what is below them.
        lists: its access lists by name.
    """

    tree: tuple[ConfigLine, ...]
    nodes: tuple[Node, ...]
    lists: dict[str, ListText]

    def defined(self, kind: str, name: str) -> Node | None:
        """The object of a kind and name."""
        return next((node for node in self.nodes if node.found.type.defines == kind and node.found.name == name), None)

    def defined_or_raise(self, kind: str, name: str) -> Node:
        """The object of a kind and name.

        Raises:
            KeyError: there is none.
        """
        node = self.defined(kind, name)
        if node is None:
            raise KeyError(name)
        return node

    def revised(self, node: Node) -> Node | None:
        """The object of which a profile is another revision: the only other one of the name's family."""
        base = node.found.name
        if node.id != "ipsec-profile":
            return None
        family = [held for held in self.nodes if held.id == node.id and held.found.name.startswith(f"{base}_r")]
        return family[-1] if family else None

    def referred(self, kind: str, base: str, groups: Collection[str], held: Collection[str]) -> str | None:
        """The name, of those held, that our groups refer to now."""
        refs = [
            ref
            for top in self.nodes
            if top.id == "gdoi-group" and top.found.name in groups
            for node in top.walk()
            if node.found.type.refers == kind
            for ref in node.found.refs
            if ref in held
        ]
        return base if base in refs else (refs[-1] if refs else None)

    def other_user(self, name: str, known: Collection[str]) -> ConfigLine | None:
        """A line that mentions an object, outside of what the intent holds.

        Args:
            name: of the object.
            known: keys of the intended lines of the global mode.
        """
        ours = [node.source for node in self.nodes if node.key in known]
        return next(mentions(self.tree, name, lambda line: any(line is source for source in ours)), None)

    def is_shared(self, kind: str, name: str, groups: Collection[str]) -> bool:
        """Whether lines beside its own and those of our groups mention an object."""
        ours = [node.source for node in self.nodes if node.id == "gdoi-group" and node.found.name in groups]
        own = self.defined(kind, name)

        def passes(line: ConfigLine) -> bool:
            return (own is not None and line is own.source) or any(line is group for group in ours)

        return next(mentions(self.tree, name, passes), None) is not None


def read_side(tree: tuple[ConfigLine, ...], *, own_lifetime: bool) -> Side:
    """Read a configuration's tree.

    Args:
        tree: of the configuration.
        own_lifetime: one of the two that are compared has a global lifetime of IPsec SAs.
    """
    return Side(tree, read_tree(tree, own_lifetime=own_lifetime), read_lists(tree))
