"""Which running lines are compared with the intended ones: those that are ours, by kind of line and by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Change, Scope, read
from getvpn_ops.model.change import Drift, DriftKind
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.remediation.nodes import counts, mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.remediation.nodes import Node
    from getvpn_ops.remediation.side import Side

_OTHER_IKE = re.compile(
    r"crypto (?:map (?:ipv6 )?\S+ \d+ ipsec-isakmp|dynamic-map|map \S+ (?:isakmp|client)|isakmp (?:client|peer)"
    r"|ipsec client ezvpn)",
    re.IGNORECASE,
)
_MAP_LINE = re.compile(r"crypto map (?:ipv6 )?(?P<name>\S+) ", re.IGNORECASE)
_WHERE_SAID = frozenset({Scope.MENTIONED, Scope.SAID})
_MAP_REFS = frozenset({"interface-map", "interface-ipv6-map"})


class NoteKind(StrEnum):
    """Why a line was neither found right nor wrong, or is wrong and not changed."""

    NOT_MANAGED = "not-managed"
    """It stands in something that is managed, and this program does not know the line."""
    CANNOT_TELL = "cannot-tell"
    """Two secrets of which one is encrypted or replaced cannot be compared."""
    LEFT_ALONE = "left-alone"
    """It may belong to something else on the router, or cannot be changed without harm to it."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know about a comparison.

    Attributes:
        kind: of it.
        path: the lines that open the mode, outermost first.
        text: the line, secrets replaced.
        reason: in words; empty if the kind says all.
    """

    kind: NoteKind
    path: tuple[str, ...]
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scoped:
    """What is compared.

    Attributes:
        running: managed lines that are ours.
        intended: lines that can be there; those of an interface that the router lacks cannot.
        notes: what was left out.
        drifts: what differs and is not changed.
    """

    running: tuple[Node, ...]
    intended: tuple[Node, ...]
    notes: tuple[Note, ...]
    drifts: tuple[Drift, ...]


def choose(running: Side, intended: Side) -> Scoped:
    """Choose the running lines that are ours, and the intended lines that can be there.

    Args:
        running: what the router has.
        intended: what it should have, under the names that it gets there.
    """
    notes: list[Note] = []
    other = other_ike(running, intended)
    keys = {node.key for node in intended.nodes}
    mentioned = {mention(node.found) for node in intended.nodes}
    ike = any(node.found.type.scope is Scope.IKE for node in intended.nodes)
    maps = {node.found.name for node in intended.nodes if node.found.type.defines == "crypto-map"}
    groups = {node.found.name for node in intended.nodes if node.id == "gdoi-group"}
    by_key = {node.key: node for node in intended.nodes}
    drifts: list[Drift] = []
    refused: set[tuple[str, str]] = set()
    chosen = []
    for node in running.nodes:
        if not counts(node.found):
            continue
        if node.id == "interface":
            wanted = by_key.get(node.key)
            kept, foreign = _interface(node, wanted, maps, running)
            for child in foreign:
                reason = f"its crypto map {child.found.refs[0]} holds entries that are not managed"
                notes.append(Note(NoteKind.LEFT_ALONE, (node.text,), child.text, reason))
                intent = next((line for line in wanted.children if line.key == child.key), None) if wanted else None
                drifts.append(_unlike(node, child, intent))
                refused.add((node.key, child.key))
            if kept.children or node.key in keys:
                chosen.append(kept)
        elif node.key in keys:
            _unknown(node, (), notes)
            chosen.append(node)
        elif node.found.type.scope is Scope.IKE and ike:
            if other is None:
                chosen.append(node)
            else:
                notes.append(Note(NoteKind.LEFT_ALONE, (), node.text, f"IKE is used by {other} as well"))
        elif (node.found.type.scope in _WHERE_SAID and mention(node.found) in mentioned) or (
            node.found.type.defines == "crypto-map" and node.found.name in maps and _is_known(node, groups, notes)
        ):
            chosen.append(node)
    possible = tuple(_possible(running, intended, refused, notes, drifts))
    return Scoped(tuple(chosen), possible, tuple(notes), tuple(drifts))


def _is_known(node: Node, groups: set[str], notes: list[Note]) -> bool:
    """Whether a line of one of our maps serves a group that the intent knows, or none."""
    group = node.child("map-group")
    if group is None or group.found.refs[0] in groups:
        return True
    reason = f"its GDOI group {group.found.refs[0]} is not in the intent"
    notes.append(Note(NoteKind.LEFT_ALONE, (), node.text, reason))
    return False


def other_ike(running: Side, intended: Side) -> str | None:
    """Who else on the router uses IKE, in words; None if nobody does."""
    named = {(node.found.type.defines, node.found.name) for node in intended.nodes}
    for node in running.nodes:
        if node.id in {"isakmp-profile", "gdoi-group"} and (node.found.type.defines, node.found.name) not in named:
            return f"'{node.text}'"
    for line in running.tree:
        if line.kind is not LineKind.COMMAND:
            continue
        if _OTHER_IKE.match(line.text):
            return f"'{line.text}'"
        if line.text.startswith("interface ") and any("tunnel protection" in child.text for child in line.children):
            return f"the tunnel protection of '{line.text}'"
    return None


def wholly_ours(running: Side, name: str) -> bool:
    """Whether every line of a crypto map is one that this program manages."""
    lines = [line for line in running.tree if (found := _MAP_LINE.match(line.text)) and found["name"] == name]
    return bool(lines) and all(read("", line.text) is not None for line in lines)


def _unknown(node: Node, path: tuple[str, ...], notes: list[Note]) -> None:
    inner = (*path, node.text)
    notes.extend(Note(NoteKind.NOT_MANAGED, inner, line.text) for line in node.others)
    for child in node.children:
        if child.found.type.change is Change.SECTION:
            _unknown(child, inner, notes)


def _unlike(node: Node, child: Node, intent: Node | None) -> Drift:
    kind = DriftKind.CHANGED if intent is not None else DriftKind.EXTRA
    return Drift(kind, (node.text,), child.text, None if intent is None else intent.text)


def _interface(node: Node, wanted: Node | None, maps: set[str], running: Side) -> tuple[Node, list[Node]]:
    """An interface with the lines that are ours, and the lines that carry maps which must not be touched."""
    spoken = frozenset() if wanted is None else wanted.mentioned
    children: list[Node] = []
    foreign: list[Node] = []
    for child in node.children:
        if child.id not in _MAP_REFS:
            if mention(child.found) in spoken:
                children.append(child)
        elif child.found.refs[0] in maps:
            children.append(child)
        elif child.key in spoken:
            (children if wholly_ours(running, child.found.refs[0]) else foreign).append(child)
    return replace(node, children=tuple(children), others=()), foreign


def _possible(
    running: Side, intended: Side, refused: set[tuple[str, str]], notes: list[Note], drifts: list[Drift]
) -> Iterator[Node]:
    """The intended lines that can be there."""
    interfaces = {
        found.key
        for line in running.tree
        if line.text.startswith("interface ") and (found := read("", line.text)) is not None
    }
    for node in intended.nodes:
        if not counts(node.found):
            continue
        if node.id != "interface":
            yield node
        elif node.key in interfaces:
            yield replace(node, children=tuple(c for c in node.children if (node.key, c.key) not in refused))
        else:
            notes.append(Note(NoteKind.LEFT_ALONE, (), node.text, "the router has no such interface"))
            drifts.append(Drift(DriftKind.MISSING, (), None, node.text))
            drifts.extend(Drift(DriftKind.MISSING, (node.text,), None, child.text) for child in node.children)
