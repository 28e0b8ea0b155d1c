"""How the journal is sealed: each event carries a keyed hash over itself and over the hash before it.

Who lacks the key of the installation can neither change an event nor write a new chain. Who has it, can: the key lies
in a file that only its owner reads.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.model.journal import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.journal import Entry

_PURPOSE = b"getvpn-ops: journal"
_NAME_LENGTH = 16  # hexadecimal digits
_KEY_MIN = 16  # bytes


@dataclass(frozen=True, slots=True)
class Link:
    """An event as it is stored.

    Attributes:
        order: in which rows were added to the store.
        number: as the row has it.
        run: likewise.
        body: the plain form.
        previous: seal of the event before.
        mac: seal of this one.
    """

    order: int
    number: int
    run: str
    body: str
    previous: str
    mac: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: number and seal of its last event; 0 and the chain's beginning if it has none."""

    number: int
    mac: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the journal that is not as it was written.

    Attributes:
        number: of the event that shows it, in the chain of this installation.
        run: that it belongs to; empty if that cannot be told.
        what: is wrong, for people.
    """

    number: int
    run: str
    what: str


class Sealer:
    """Seals with a key that is derived from the key of the installation."""

    def __init__(self, key: bytes) -> None:
        """Take the key of the installation.

        Raises:
            ValueError: it is too short.
        """
        if len(key) < _KEY_MIN:
            msg = f"the key of this installation has {len(key)} bytes; it needs {_KEY_MIN}"
            raise ValueError(msg)
        self._key = hmac.new(key, _PURPOSE, hashlib.sha256).digest()
        self.chain = self._seal("name")[:_NAME_LENGTH]
        self.start = Head(0, self._seal("start"))

    def link(self, previous: str, body: str) -> str:
        """Seal of an event that follows another."""
        return self._seal("event", previous, body)

    def head(self, head: Head) -> str:
        """Seal of the end of the chain."""
        return self._seal("head", str(head.number), head.mac)

    def is_head(self, head: Head, seal: str) -> bool:
        """Whether this end was sealed with the key."""
        return _same(self.head(head), seal)

    def faults(self, links: Iterable[Link]) -> tuple[list[Fault], dict[int, str]]:
        """What is wrong with the events of the chain, and the seal of each one.

        Args:
            links: all of them, by number.
        """
        found: list[Fault] = []
        seals = {0: self.start.mac}
        last, last_mac, order = 0, self.start.mac, 0
        for link in links:
            if link.number > last + 1:
                found.append(Fault(last + 1, "", f"missing: {_numbers(last + 1, link.number - 1)} removed"))
            elif link.number <= last:
                found.append(Fault(link.number, link.run, "this number stands twice"))
            elif not _same(link.previous, last_mac):
                found.append(Fault(link.number, link.run, f"does not follow event {last} as it stands there now"))
            if what := self._wrong(link):
                found.append(Fault(link.number, link.run, what))
            elif link.order < order:
                found.append(Fault(link.number, link.run, "stands before an event that was written earlier"))
            last, last_mac, order = max(last, link.number), link.mac, max(order, link.order)
            seals[link.number] = link.mac
        return found, seals

    def entry(self, link: Link) -> Entry:
        """The event of a row of this chain.

        Raises:
            ValueError: the row is not as it was written.
        """
        if what := self._wrong(link):
            msg = f"event {link.number}: {what}"
            raise ValueError(msg)
        return from_json(link.body)

    def _wrong(self, link: Link) -> str:
        if not _same(self.link(link.previous, link.body), link.mac):
            return "changed, or not sealed with the key of this installation"
        try:
            entry = from_json(link.body)
        except ValueError as exc:  # a newer version of this program wrote it
            return str(exc)
        if (entry.chain, entry.number) != (self.chain, link.number):
            return f"event {entry.number} of chain {entry.chain} stands in its place"
        return "" if entry.run == link.run else f"moved from run {entry.run}"

    def _seal(self, *parts: str) -> str:
        text = b"".join(len(raw := part.encode()).to_bytes(8, "big") + raw for part in parts)
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()


def end_fault(name: str, head: Head, seals: dict[int, str]) -> Fault | None:
    """What the end of the chain, as it was kept apart, says about the events that are there.

    Args:
        name: of the place where it was kept.
        head: as it stands there.
        seals: of the events that are there.
    """
    last = max(seals)
    if head.number > last:
        what = f"missing at the end: {_numbers(last + 1, head.number)} removed ({name} names the last one)"
        return Fault(last + 1, "", what)
    if not _same(seals.get(head.number, ""), head.mac):
        return Fault(head.number, "", f"replaced: {name} names another event in its place")
    return None


def _numbers(first: int, last: int) -> str:
    return f"event {first}" if first == last else f"events {first} to {last}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
