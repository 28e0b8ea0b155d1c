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
_ENTRY = re.compile(r"(?P<place>crypto map (?:ipv6 )?\S+ \d+) \S", re.IGNORECASE)
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
    worn = maps | _maps_of(running, groups)
    by_key = {node.key: node for node in intended.nodes}
    drifts: list[Drift] = []
    refused = _of_another_kind(running, intended, notes)
    chosen, bare = [], []
    for node in running.nodes:
        if not counts(node.found):
            continue
        if node.id == "interface":
            wanted = by_key.get(node.key)
            kept, foreign = _interface(node, wanted, worn, running)
            notes.extend(_foreign(node, child) for child in foreign)
            drifts.extend(_unlike(node, child, wanted) for child in foreign)
            refused |= {(node.key, child.key) for child in foreign}
            if kept.children or node.key in keys:
                chosen.append(kept)
            if kept.children and node.key not in keys:  # our lines go, and never the interface
                bare.append(replace(kept, children=(), defaults=()))
        elif node.key in keys and node.id == "gdoi-group" and by_key[node.key].found.normal != node.found.normal:
            notes.append(Note(NoteKind.LEFT_ALONE, (), node.text, "a group keeps its IP version: give another name"))
            drifts.append(Drift(DriftKind.CHANGED, (), node.text, by_key[node.key].text))
            refused.add((node.key, ""))
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
        elif node.id == "gdoi-group":
            notes.append(Note(NoteKind.LEFT_ALONE, (), node.text, _unspoken(node, intended)))
    possible = (*_possible(running, intended, refused, notes, drifts), *bare)
    return Scoped(tuple(chosen), possible, tuple(notes), tuple(drifts))


def _of_another_kind(running: Side, intended: Side, notes: list[Note]) -> set[tuple[str, str]]:
    """Entries of maps that cannot be made, since another kind of entry has their number, and where they would be worn.

    A router does not change the kind of an entry; and a map without the entry of its group is not put on an interface.
    """
    taken = {found["place"]: line for line in running.tree
             if (found := _ENTRY.match(line.text)) is not None and read("", line.text) is None}  # fmt: skip
    refused: set[tuple[str, str]] = set()
    maps: set[str] = set()
    for node in intended.nodes:
        line = taken.get(node.text.removesuffix(" gdoi")) if node.id == "map-entry" else None
        if line is not None:
            notes.append(Note(NoteKind.LEFT_ALONE, (), node.text, f"'{line.text}' has its number"))
            refused.add((node.key, ""))
            maps.add(node.found.name)
    worn = {(top.key, child.key) for top in running.nodes if top.id == "interface" for child in top.children}
    refused |= {
        (top.key, child.key)
        for top in intended.nodes if top.id == "interface"
        for child in top.children
        if child.id in _MAP_REFS and child.found.refs[0] in maps and (top.key, child.key) not in worn
    }  # fmt: skip
    return refused


def _maps_of(running: Side, groups: set[str]) -> set[str]:
    """Maps of the router that hold nothing but entries of groups that the intent knows: it says where they are worn."""
    serve: dict[str, set[str]] = {}
    for node in running.nodes:
        if node.id == "map-entry":
            group = node.child("map-group")
            serve.setdefault(node.found.name, set()).add("" if group is None else group.found.refs[0])
    return {name for name, served in serve.items() if served <= groups and wholly_ours(running, name)}


def _unspoken(node: Node, intended: Side) -> str:
    """What is to be said of a group that the intent does not know."""
    identity = node.child("gdoi-identity")
    for other in intended.nodes:
        held = other.child("gdoi-identity") if other.id == "gdoi-group" else None
        if identity is not None and held is not None and held.found.normal == identity.found.normal:
            return f"no intent speaks of it, and '{other.text}' has its identity"
    return "no intent speaks of it"


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


def _foreign(node: Node, child: Node) -> Note:
    reason = f"its crypto map {child.found.refs[0]} holds entries that are not managed"
    return Note(NoteKind.LEFT_ALONE, (node.text,), child.text, reason)


def _unlike(node: Node, child: Node, wanted: Node | None) -> Drift:
    intent = next((line for line in wanted.children if line.key == child.key), None) if wanted else None
    kind = DriftKind.CHANGED if intent is not None else DriftKind.EXTRA
    return Drift(kind, (node.text,), child.text, None if intent is None else intent.text)


def _interface(node: Node, wanted: Node | None, maps: set[str], running: Side) -> tuple[Node, list[Node]]:
    """An interface with the lines that are ours, and the lines that carry maps which must not be touched."""
    spoken = frozenset() if wanted is None else wanted.mentioned
    stays = set() if wanted is None else {(line.key, line.found.refs) for line in wanted.children}
    children: list[Node] = []
    foreign: list[Node] = []
    for child in node.children:
        if child.id not in _MAP_REFS:
            if mention(child.found) in spoken:
                children.append(child)
        elif (child.key, child.found.refs) in stays:
            children.append(child)
        elif child.found.refs[0] in maps or child.key in spoken:
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
        if (node.key, "") in refused:
            if node.id == "map-entry":
                drifts.append(Drift(DriftKind.MISSING, (), None, node.text))
            continue
        if node.id != "interface":
            yield node
        elif node.key in interfaces:
            refuses = [child for child in node.children if (node.key, child.key) in refused]
            told = {(drift.path, drift.intended) for drift in drifts}
            drifts.extend(
                Drift(DriftKind.MISSING, (node.text,), None, child.text)
                for child in refuses
                if ((node.text,), child.text) not in told
            )
            yield replace(node, children=tuple(child for child in node.children if child not in refuses))
        else:
            notes.append(Note(NoteKind.LEFT_ALONE, (), node.text, "the router has no such interface"))
            drifts.append(Drift(DriftKind.MISSING, (), None, node.text))
            drifts.extend(Drift(DriftKind.MISSING, (node.text,), None, child.text) for child in node.children)
