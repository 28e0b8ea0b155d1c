"""What a line of a key server does to the keys of its group, and what must hold before one that does something.

The table of lines is ``dialect.managed``; how long old keys live and a rekey spreads is ``analysis.timing``. Sources:
deployment guide, "Rekey Triggering" and "Receive only SA"; DOMAIN notes of newer releases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.timing import SYNC, old_life
from getvpn_ops.dialect.managed import Trigger, read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from getvpn_ops.analysis.traffic.timing import Timing
    from getvpn_ops.model.change import ChangeLine

_IN_USE = frozenset({"ipsec-profile", "transform-set"})
"""Objects whose lines are policy only where a group uses them."""
_NAMED = 3
"""Words of ``ip access-list extended NAME`` before the name."""


def trigger_of(line: ChangeLine, lists: Collection[str], objects: Collection[str] | None = None) -> Trigger | None:
    """What a line of a key server does to keys, whatever the release does about it.

    Args:
        line: as it is typed, ``no`` forms as well.
        lists: names of the access lists that say what groups encrypt: editing one is a change of policy.
        objects: names of IPsec profiles and transform sets that groups use; None: take all of them to be in use.

    Returns:
        None if the table does not know the line: then nobody can tell.
    """
    name = _list_name((*line.path, line.text))
    if name is not None:
        return Trigger.POLICY if name in lists else Trigger.NONE
    mode, owner = "", None
    for opener in line.path:
        found = read(mode, opener)
        if found is None or not found.type.opens:
            return None
        mode, owner = found.type.opens, owner or found
    found = read(mode, line.text)
    if found is None:
        return None
    top = owner or found
    if objects is not None and top.type.defines in _IN_USE and top.name not in objects:
        return Trigger.NONE
    return found.type.trigger


def _list_name(lines: tuple[str, ...]) -> str | None:
    """The access list that a line builds, edits or removes; None if it is no line of one."""
    words = lines[0].removeprefix("no ").split()
    if words[:2] == ["ip", "access-list"] and len(words) > _NAMED:
        return words[_NAMED]
    if words[:2] == ["ipv6", "access-list"] and len(words) > _NAMED - 1:
        return words[_NAMED - 1]
    return words[1] if words[:1] == ["access-list"] and len(words) > 1 else None


@dataclass(frozen=True, slots=True)
class BeforeRekey:
    """A group as it was seen just before a step that rekeys. What is None was not seen.

    Attributes:
        primaries: key servers that say they are primary.
        peers: by key server, whether all its peers are alive.
        current: SPIs of the keys that every member must have.
        held: by member, the SPIs that it has.
        remaining: seconds that the current keys still live.
        next_sync: seconds until the next note of the pseudotime; of no meaning without time-based replay.
        timing: of the group.
    """

    primaries: tuple[str, ...]
    peers: Mapping[str, bool | None]
    current: frozenset[int]
    held: Mapping[str, frozenset[int] | None]
    remaining: float | None
    next_sync: float | None
    timing: Timing


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Something that does not hold, or was not seen.

    Attributes:
        subject: whose it is.
        what: for people.
        seen: whether it is known not to hold; else it is not known to hold, which opens nothing either.
    """

    subject: str
    what: str
    seen: bool = True


def hindrances(before: BeforeRekey, margin: float = 60.0) -> tuple[Hindrance, ...]:
    """What keeps a step that rekeys from being taken; nothing if all of it was seen to hold.

    Args:
        before: the group.
        margin: seconds that must lie between the end of this rekey and the next one that comes by itself.
    """
    return (*_servers(before), *_members(before), *_times(before, margin))


def _servers(before: BeforeRekey) -> Iterator[Hindrance]:
    if len(before.primaries) != 1:
        said = ", ".join(before.primaries) or "none"
        yield Hindrance("key servers", f"exactly one must be primary, and it is {said}")
    if not before.peers:
        yield Hindrance("key servers", "none was seen", seen=False)
    for name, alive in before.peers.items():
        if alive is None:
            yield Hindrance(name, "whether its peers are alive was not seen", seen=False)
        elif not alive:
            yield Hindrance(name, "a peer of it is not alive")


def _members(before: BeforeRekey) -> Iterator[Hindrance]:
    if not before.current:
        yield Hindrance("keys", "which keys are current was not seen", seen=False)
    if not before.held:
        yield Hindrance("members", "none was seen", seen=False)
    for name, spis in before.held.items():
        if spis is None:
            yield Hindrance(name, "its keys were not seen", seen=False)
        elif missing := before.current - spis:
            yield Hindrance(name, f"it lacks SPI {', '.join(f'0x{spi:X}' for spi in sorted(missing))}")


def _times(before: BeforeRekey, margin: float) -> Iterator[Hindrance]:
    timing, spread = before.timing, before.timing.spread
    if spread is None:
        yield Hindrance("rekey", "how long it takes to reach all members is not known", seen=False)
        return
    needed = spread + margin
    due = [("the next scheduled rekey", timing.next_rekey)]
    if timing.time_based:
        due.append((f"the note of the pseudotime every {SYNC:.0f} s", before.next_sync))
    for what, seconds in due:
        if seconds is None:
            yield Hindrance("rekey", f"when {what} comes was not seen", seen=False)
        elif seconds < needed:
            yield Hindrance("rekey", f"{what} comes in {seconds:.0f} s; {needed:.0f} s are needed")
    if before.remaining is None:
        yield Hindrance("keys", "how long the current keys live was not seen", seen=False)
    elif (lives := old_life(before.remaining, timing.lifetime)) <= spread:
        yield Hindrance("keys", f"the old keys live {lives:.0f} s more, and a rekey takes up to {spread:.0f} s")
