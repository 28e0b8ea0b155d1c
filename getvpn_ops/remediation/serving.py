"""Which objects of a router serve which GDOI groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.remediation.nodes import Node
    from getvpn_ops.remediation.side import Side

_MAP_IDS = ("map-entry", "map-local-address", "map-fail-close")
_IKE = frozenset({"isakmp-policy", "isakmp-key", "isakmp-identity", "keyring", "ikev2-keyring", "ikev2-proposal",
                  "ikev2-policy"})  # fmt: skip
"""Kinds that serve every group of the router."""

_SERVING = frozenset(
    {
        "acl", "transform-set", "ipsec-profile", "isakmp-profile", "ikev2-profile", "crypto-identity", "trustpoint",
        "crypto-map", *_MAP_IDS,
    }
)  # fmt: skip


class Serving:
    """Answers for both sides of a comparison.

    Args:
        running: what the router has.
        intended: what it should have, under the names that it gets there.
    """

    def __init__(self, running: Side, intended: Side) -> None:
        self._sides = (running, intended)
        self._all = tuple(node.found.name for node in intended.nodes if node.id == "gdoi-group")

    def groups_of(self, kind: str, name: str) -> tuple[str, ...]:
        """The GDOI groups that an object serves, on either side."""
        if kind == "gdoi-group":
            return (name,)
        if kind not in _SERVING:
            return self._all if kind in _IKE else ()
        found: list[str] = []
        for side in self._sides:
            for top in side.nodes:
                if top.found.type.defines == "crypto-map" and kind in {"crypto-map", "acl", *_MAP_IDS}:
                    refs = {ref for node in top.walk() if node.found.type.refers == "acl" for ref in node.found.refs}
                    if name in refs or name == top.found.name:
                        found.extend(_groups_of_map(side, top.found.name))
                elif top.id == "gdoi-group" and _reaches(side, top, kind, name):
                    found.append(top.found.name)
        return tuple(dict.fromkeys(found))


def _reaches(side: Side, group: Node, kind: str, name: str) -> bool:
    for node in group.walk():
        if node.found.type.refers == kind and name in node.found.refs:
            return True
        if node.id == "sa-profile":
            profile = side.defined("ipsec-profile", node.found.refs[0])
            if profile is not None and any(
                child.found.type.refers == kind and name in child.found.refs for child in profile.children
            ):
                return True
    return False


def _groups_of_map(side: Side, name: str) -> list[str]:
    groups = (node.child("map-group") for node in side.nodes if node.id == "map-entry" and node.found.name == name)
    return [group.found.refs[0] for group in groups if group is not None]
