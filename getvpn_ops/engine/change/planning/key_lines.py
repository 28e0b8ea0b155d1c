"""Keys of IKE on a router and in the lines of a change: which ones, for which peers, and steps without them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, TypeAlias

from getvpn_ops.dialect.managed import Change, read
from getvpn_ops.model.config.tree import LineKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from getvpn_ops.model.change import ChangeLine, ChangeStep
    from getvpn_ops.model.config.tree import ConfigLine

Network: TypeAlias = IPv4Network | IPv6Network
_ADDRESS = re.compile(r"\baddress (?:ipv[46] )?(?P<address>[0-9a-fA-F.:]+(?:/\d+)?)(?: (?P<mask>\d+\.\d+\.\d+\.\d+))?")
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 -- a key for everybody
_PEER = "peer "


@dataclass(frozen=True, slots=True, order=True)
class KeyPlace:
    """Where a key stands on a router: a key typed there replaces the one before.

    Attributes:
        path: the lines that open its mode, outermost first.
        key: tells it from other keys of the mode, with the peer that it is for.
    """

    path: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as it stands on a router, or is to stand there.

    Attributes:
        place: where.
        text: of the line; its secret is a placeholder.
        peer: addresses that it is for; None where it names a peer otherwise, as by ``hostname``.
    """

    place: KeyPlace
    text: str
    peer: Network | None


def keys_in(lines: Iterable[ConfigLine]) -> dict[KeyPlace, KeyLine]:
    """Every key of IKE in a configuration.

    Args:
        lines: of its global mode.
    """
    return {item.place: item for item in _walk(tuple(lines), "", ())}


def _walk(lines: tuple[ConfigLine, ...], mode: str, path: tuple[str, ...]) -> Iterator[KeyLine]:
    for line in lines:
        found = read(mode, line.text) if line.kind is LineKind.COMMAND else None
        if found is None:
            continue
        if found.type.change is Change.SECRET:
            around = [line.text, *(other.text for other in lines if path and path[-1].startswith(_PEER))]
            yield KeyLine(KeyPlace(path, found.key), line.text, _peer(around))
        elif line.children:
            yield from _walk(line.children, found.type.opens, (*path, line.text))


def _peer(texts: Iterable[str]) -> Network | None:
    """Addresses that a key is for; of G-IKEv2 another line of the peer says them."""
    for text in texts:
        if (found := _ADDRESS.search(text)) is not None:
            mask = found["mask"] or ("0" if found["address"] in _ANY else "")
            try:
                return ip_network(f"{found['address']}/{mask}" if mask else found["address"], strict=False)
            except ValueError:
                return None
    return None


def place_of(line: ChangeLine) -> KeyPlace | None:
    """The key that a line of a change sets or takes away; None if it does neither."""
    mode = ""
    for opener in line.path:
        found = read(mode, opener)
        if found is None:
            return None
        mode = found.type.opens
    found = read(mode, line.text)
    if found is None or found.type.change is not Change.SECRET:
        return None
    return KeyPlace(line.path, found.key)


def after(held: dict[KeyPlace, KeyLine], steps: Iterable[ChangeStep]) -> dict[KeyPlace, KeyLine]:
    """The keys of a router when some steps are done.

    Args:
        held: that it has before.
        steps: in order.
    """
    found = dict(held)
    for line in (line for step in steps for line in step.lines):
        place = place_of(line)
        if place is not None and not line.text.startswith("no "):
            peer = held[place].peer if place in held else _peer([line.text, *_beside(line, steps)])
            found[place] = KeyLine(place, line.text, peer)
        elif line.text.startswith("no "):
            gone = [item for item in found if item == place or is_within(item, line)]
            for item in gone:
                del found[item]
    return found


def _beside(line: ChangeLine, steps: Iterable[ChangeStep]) -> Iterator[str]:
    if line.path and line.path[-1].startswith(_PEER):
        yield from (other.text for step in steps for other in step.lines if other.path == line.path)


def is_within(place: KeyPlace, line: ChangeLine) -> bool:
    """Whether a line takes away a section in which a key stands, such as ``no crypto keyring RING``."""
    return _starts(place.path, _opened(line))


def _opened(line: ChangeLine) -> tuple[str, ...]:
    return (*line.path, line.text.removeprefix("no "))


def _starts(path: tuple[str, ...], section: tuple[str, ...]) -> bool:
    """Whether a path goes through a section; what takes one away may say less than what opens it."""
    last = path[len(section) - 1 : len(section)]
    return path[: len(section) - 1] == section[:-1] and any(f"{text} ".startswith(f"{section[-1]} ") for text in last)


def without(steps: Iterable[ChangeStep], places: Collection[KeyPlace]) -> tuple[ChangeStep, ...]:
    """Steps without the lines that set these keys or take them away, or the sections in which they stand.

    Steps of which nothing is left are left out.
    """
    if not places:
        return tuple(steps)
    found = []
    for step in steps:
        removed = [line for line in (*step.lines, *step.rollback) if line.text.startswith("no ")]
        sections = [_opened(line) for line in removed if any(is_within(place, line) for place in places)]
        lines, rollback = (_kept(texts, places, sections) for texts in (step.lines, step.rollback))
        if lines:
            found.append(step if lines == step.lines else replace(step, lines=lines, rollback=rollback))
    return tuple(found)


def _kept(
    lines: Iterable[ChangeLine], places: Collection[KeyPlace], sections: Collection[tuple[str, ...]]
) -> tuple[ChangeLine, ...]:
    return tuple(
        line
        for line in lines
        if place_of(line) not in places and not any(_starts(_opened(line), section) for section in sections)
    )
