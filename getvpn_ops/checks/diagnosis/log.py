"""The log of a router as diagnosis reads it: who was complained about, by which message, how long ago."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.checks.logbook import since

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from getvpn_ops.model.fleet import DeviceState
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.syslog import SyslogMessage
    from getvpn_ops.model.values import Address

DONE = frozenset({"KS_REGS_COMPL"})
"""What a key server says of a member that it has registered."""
BAD_KEY = frozenset({"IKMP_BAD_MESSAGE", "KS_HASH_FAIL"})
BAD_MODE = frozenset({"IKMP_MODE_FAILURE", "IKMP_SA_NOT_AUTH", "IKMP_QM_ONLY", "IKMP_NO_ID_CERT_DN_MATCH"})
BAD_RIGHTS = frozenset({"UNAUTHORIZED_IPADDR", "UNAUTHORIZED_IDENTITY", "KS_UNAUTHORIZED", "KS_GM_REVOKED"})
BAD_GROUP = frozenset({"KS_BAD_ID"})
REFUSED_POLICY = frozenset({"KS_GM_REJECTS_SA_PAYLOAD"})
EJECTED = frozenset({"KS_NACK_GM_EJECT"})
WORDS = DONE | BAD_KEY | BAD_MODE | BAD_RIGHTS | BAD_GROUP | REFUSED_POLICY | EJECTED
"""Everything a key server says of one member's registration; the last such message is how it stands."""

_OLD = timedelta(days=2)
_INFORMATIONAL = 6
"""The least urgent severity that routers say anything of a registration with (IKMP_MODE_FAILURE)."""


@dataclass(frozen=True, slots=True)
class Event:
    """A message of a log.

    Attributes:
        name: mnemonic; in the catalogue's spelling where it knows the message.
        message: as it was read.
        place: in the buffer, counted from the oldest.
        age: by the router's own clock; None if the stamp or the clock cannot be read.
    """

    name: str
    message: SyslogMessage
    place: int
    age: timedelta | None

    @property
    def ago(self) -> str:
        """``4 min ago``, behind a comma; empty if nobody knows."""
        return "" if self.age is None else f", {in_words(self.age)} ago"


class Log:
    """The log buffer of one router, newest two days."""

    def __init__(self, state: DeviceState) -> None:
        """Read it.

        Raises:
            EvidenceMissingError: there is no log.
        """
        book = since(state, _OLD)
        self.seen: Seen = book.seen
        self._state = state
        self.events = tuple(
            Event(message.entry or message.mnemonic, message, place, age)
            for place, (message, age) in enumerate(book.messages)
        )

    def named(self, names: Collection[str], *, within: timedelta = _OLD) -> list[Event]:
        """Messages of some names, oldest first.

        Args:
            names: of messages.
            within: left out is what is older, and, where less than all of the log is asked for, what nobody can date.
        """
        undated = within >= _OLD
        return [
            item for item in self.events if item.name in names and (undated if item.age is None else item.age <= within)
        ]

    def holds(self, span: timedelta) -> bool:
        """Whether what it does not hold was not logged in this last time: only then does silence tell anything."""
        return not since(self._state, span, _INFORMATIONAL).gap

    @cached_property
    def _words(self) -> dict[Address, list[Event]]:
        found: dict[Address, list[Event]] = {}
        for item in self.named(WORDS):
            for address in item.message.addresses:
                found.setdefault(address, []).append(item)
        return found

    def words(self, addresses: Iterable[Address], hostname: str = "") -> list[Event]:
        """What a key server said of a member's registrations, oldest first.

        Args:
            addresses: of the member.
            hostname: of the member, for the messages that name it so.
        """
        found = {item.place: item for address in addresses for item in self._words.get(address, ())}
        if hostname:
            for item in self._unaddressed:
                if re.search(rf"(?<![\w.-]){re.escape(hostname)}(?![\w-])", item.message.text, re.IGNORECASE):
                    found[item.place] = item
        return [found[place] for place in sorted(found)]

    @cached_property
    def _unaddressed(self) -> list[Event]:
        return [item for item in self.named(BAD_RIGHTS) if not item.message.addresses]

    def last(self, *names: str) -> Event | None:
        """The newest message of some names."""
        return next((item for item in reversed(self.events) if item.name in names), None)


def times(number: int) -> str:
    """``once``, ``3 times``."""
    return "once" if number == 1 else f"{number} times"


def counted(number: int, thing: str) -> str:
    """``1 packet``, ``3 packets``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def in_words(span: timedelta) -> str:
    """``40 s``, ``12 min``, ``3 h`` or ``2 days``, rounded down."""
    seconds = int(span.total_seconds())
    for unit, size in (("days", 2 * 86400), ("h", 2 * 3600), ("min", 2 * 60)):
        if seconds >= size:
            return f"{seconds // (size // 2)} {unit}"
    return f"{seconds} s"
