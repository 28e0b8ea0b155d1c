"""What tells one rekey of a group from the next: SPIs, sequence number, counters. Remembered before, compared after.

Facts of the journal are texts, so that a run that was killed can still tell whether keys were sent out meanwhile.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.held_keys import lives
from getvpn_ops.errors import EvidenceMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.model.state.ks_policy import KekPolicy

_NONE = "-"
"""Stands for what a key server does not tell."""


@dataclass(frozen=True, slots=True)
class Marks:
    """A group's keys on one key server, at one moment.

    Attributes:
        server: that told; the primary.
        at: when, UTC.
        teks: SPIs that every member must have; hexadecimal, as ``0x0A1B2C3D``.
        kek: SPI of the KEK; empty if the group has none.
        sequence: of the last rekey; None if it is not told. A new KEK begins at 0.
        sent: rekeys that this key server sent; None if it is not told. A reload begins at 0.
        members: registered, at any key server; None if it is not told.
        ends: when the last of the TEKs ends, UTC; None if it is not told.
        missed: acknowledgements that the key server missed before, by address of the member; 0 is left out.
    """

    server: str
    at: datetime
    teks: frozenset[str]
    kek: str = ""
    sequence: int | None = None
    sent: int | None = None
    members: int | None = None
    ends: datetime | None = None
    missed: tuple[tuple[str, int], ...] = ()

    def facts(self) -> dict[str, str]:
        """For the journal."""
        return {
            "server": self.server,
            "at": self.at.isoformat(),
            "teks": ",".join(sorted(self.teks)),
            "kek": self.kek,
            "sequence": _text(self.sequence),
            "sent": _text(self.sent),
            "members": _text(self.members),
            "ends": self.ends.isoformat() if self.ends is not None else _NONE,
            "missed": ",".join(f"{address}={count}" for address, count in self.missed),
        }


def marks_from(facts: Mapping[str, str]) -> Marks | None:
    """What ``Marks.facts`` gave; None if it is not there."""
    if "server" not in facts:
        return None
    missed = (item.rpartition("=") for item in facts["missed"].split(",") if item)
    return Marks(
        facts["server"],
        datetime.fromisoformat(facts["at"]),
        frozenset(filter(None, facts["teks"].split(","))),
        facts["kek"],
        _number(facts["sequence"]),
        _number(facts["sent"]),
        _number(facts["members"]),
        None if facts["ends"] == _NONE else datetime.fromisoformat(facts["ends"]),
        tuple((address, int(count)) for address, _, count in missed),
    )


def marks_of(view: GroupView) -> Marks:
    """The marks of a group on its primary.

    Raises:
        EvidenceMissingError: there is no single primary, or it does not show its keys whole.
    """
    return marks_on(view.primary(), view)


def marks_on(server: KeyServerView, view: GroupView) -> Marks:
    """The same on one of its key servers.

    Raises:
        EvidenceMissingError: it does not show its keys whole.
    """
    sample = server.policy().certain()
    ring = view.served.rings.get(server.device)
    keks = [(_left(kek), kek.spi.value) for item in sample.value for kek in item.keks if lives(kek) and kek.spi]
    current = ring.current() if ring is not None else ()
    ends = [key.ends for key in current if key.ends is not None]
    sequences = [item.sequence for item in sample.value if item.sequence is not None]
    return Marks(
        server.device,
        sample.taken_at,
        frozenset(f"0x{key.spi:08X}" for key in current),
        f"0x{max(keks)[1]:032X}" if keks else "",
        sequences[0] if sequences else None,
        _sent(server),
        _members(server),
        max(ends, default=None),
        _missed(server),
    )


def moved(before: Marks, now: Marks) -> str:
    """What shows that keys were sent out between two looks, in words; empty if nothing does."""
    new = now.teks - before.teks
    if new and before.teks:
        return f"TEK {', '.join(sorted(before.teks))} -> {', '.join(sorted(new))}"
    if new:
        return f"TEK {', '.join(sorted(new))}"
    if now.kek and now.kek != before.kek:
        return f"KEK {before.kek or 'none'} -> {now.kek}"
    if now.server != before.server:  # counters of two key servers say nothing of each other
        return ""
    if before.sent is not None and now.sent is not None and now.sent > before.sent:
        return f"rekeys sent {before.sent} -> {now.sent}"
    if before.sequence is not None and now.sequence is not None and now.sequence > before.sequence:
        return f"sequence number {before.sequence} -> {now.sequence}"
    return ""


def surely_still(before: Marks, now: Marks) -> bool:
    """Whether it is certain that no rekey left this key server between two looks: its counter says so."""
    return (
        not moved(before, now)
        and now.server == before.server
        and now.teks == before.teks
        and before.sent is not None
        and now.sent == before.sent
        and now.sequence == before.sequence
    )


def _left(kek: KekPolicy) -> timedelta:
    return kek.remaining if isinstance(kek.remaining, timedelta) else timedelta()


def _sent(server: KeyServerView) -> int | None:
    with suppress(EvidenceMissingError):
        return server.last_rekey().value.rekeys_sent
    with suppress(EvidenceMissingError):
        return server.rekey().value.rekeys_sent
    return None


def _members(server: KeyServerView) -> int | None:
    try:
        return server.gdoi().value.group_members
    except EvidenceMissingError:
        return None


def _missed(server: KeyServerView) -> tuple[tuple[str, int], ...]:
    try:
        rows = server.members().value
    except EvidenceMissingError:
        return ()
    return tuple((str(row.address), row.acks_missed) for row in rows if row.acks_missed)


def _text(number: int | None) -> str:
    return _NONE if number is None else str(number)


def _number(text: str) -> int | None:
    return None if text == _NONE else int(text)
