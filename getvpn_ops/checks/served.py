"""What the key servers of a group give to its members, with the moments of it.

Members are compared with their key servers, and the two are never asked at the same time. So whatever lives and ends is
kept here as moments, not as seconds left: a rekey between two answers must not look like a fault.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeVar

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from getvpn_ops.checks.views import GroupView, KeyServerView
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.ks_policy import KekPolicy, TekPolicy
    from getvpn_ops.model.values import Address

T = TypeVar("T")

_KEK_DIGITS = 32
"""Of a KEK's SPI: two cookies of 64 bits (RFC 6407)."""
_ROUNDING = timedelta(seconds=5)
"""Routers print whole seconds, and two lines of one screen are not of one moment."""


@dataclass(frozen=True, slots=True)
class Key:
    """A TEK or KEK as a key server has it.

    Attributes:
        spi: its number.
        hex: the same as printed.
        born: when it was made, UTC; None if the screen does not tell.
        ends: when it ends, UTC; None likewise.
        access_list: what a TEK encrypts.
        due: when its successor is to come, UTC; None if the screen does not tell.
        replaced: whether the key server says that a newer one stands in its place.
    """

    spi: int
    hex: str
    born: datetime | None
    ends: datetime | None
    access_list: str | None = None
    due: datetime | None = None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of a group on one key server.

    Attributes:
        device: the key server.
        seen: where it said so.
        teks: all that it lists, ended ones too.
        keks: likewise; empty if the group has no rekeys.
        doubt: why there may be more; empty if the text is whole.
    """

    device: str
    seen: Seen
    teks: tuple[Key, ...]
    keks: tuple[Key, ...]
    doubt: str = ""

    def current(self) -> tuple[Key, ...]:
        """The TEKs that every member must have: the newest of each list, if it has not ended."""
        newest: dict[str | None, Key] = {}
        for key in self.teks:
            if key.replaced or key.ends is None or key.ends <= self.seen.taken_at:
                continue
            other = newest.get(key.access_list)
            if other is None or (key.born or key.ends) > (other.born or other.ends or key.ends):
                newest[key.access_list] = key
        return tuple(newest.values())

    def rekey_keys(self) -> tuple[Key, ...]:
        """The KEKs that have not ended."""
        return tuple(key for key in self.keks if key.ends is None or key.ends > self.seen.taken_at)


class Served:
    """What the key servers of one group say. Everything is worked out when it is first asked for, and once."""

    def __init__(self, group: GroupView) -> None:
        self._group = group

    @cached_property
    def primaries(self) -> tuple[str, ...]:
        """Key servers that say they are primary."""
        return tuple(server.device for server in self._group.key_servers if _is_primary(server))

    @cached_property
    def rings(self) -> dict[str, Ring]:
        """The keys, by the key server that shows any."""
        found = (_ring(server) for server in self._group.key_servers)
        return {ring.device: ring for ring in found if ring is not None}

    def ring(self, server: object = None) -> Ring:
        """The keys that a member should have: those of the one primary, else of its own server.

        Args:
            server: address of the key server that the member is registered with.

        Raises:
            EvidenceMissingError: no key server shows keys; several are primary and the member's server shows none; or
                none says that it is primary, and they do not hold the same keys.
        """
        if not self.rings:
            raise EvidenceMissingError(self._silence())
        if len(self.primaries) == 1 and self.primaries[0] in self.rings:
            return self.rings[self.primaries[0]]
        if len(self.primaries) > 1:
            own = self.devices_by_address.get(server)
            if own in self.rings:
                return self.rings[own]
            said = ", ".join(self.primaries)
            msg = f"group {self._group.name} has no single primary to compare with: {said}"
            raise EvidenceMissingError(msg)
        if len({frozenset(key.spi for key in ring.current()) for ring in self.rings.values()}) > 1:
            msg = f"group {self._group.name} has no single primary to compare with, and its key servers hold other keys"
            raise EvidenceMissingError(msg)
        return max(self.rings.values(), key=lambda ring: ring.seen.taken_at)

    @cached_property
    def acl(self) -> tuple[tuple[Ace, ...], Seen]:
        """The entries that say what is encrypted, and where they were seen.

        Raises:
            EvidenceMissingError: no key server shows a whole one.
        """
        sample = self._first(lambda server: server.acl())
        return tuple(entry.ace for entry in sample.value.entries), sample.seen

    @cached_property
    def acls(self) -> dict[str, tuple[Ace, ...]]:
        """The same by each key server that shows a whole one."""
        found = {}
        for server in self._group.key_servers:
            with suppress(EvidenceMissingError):
                found[server.device] = tuple(entry.ace for entry in server.acl().value.entries)
        return found

    @cached_property
    def pseudotime(self) -> tuple[datetime, Seen] | None:
        """The moment at which the group's pseudo-time was 0, and where it was seen; None without time-based replay.

        Raises:
            EvidenceMissingError: no key server tells.
        """
        sample = self._first(lambda server: server.replay())
        value = sample.value.replay_value
        return (sample.taken_at - value, sample.seen) if isinstance(value, timedelta) else None

    @cached_property
    def direction(self) -> tuple[str, Seen]:
        """The direction of the SAs as a key server says it, and where it was seen.

        Raises:
            EvidenceMissingError: no key server tells.
        """
        sample = self._first(lambda server: server.gdoi())
        if sample.value.sa_direction is None:
            msg = f"{sample.seen.device}: {sample.seen.command} does not tell the direction of group {self._group.name}"
            raise EvidenceMissingError(msg)
        return sample.value.sa_direction, sample.seen

    @cached_property
    def rekeys_sent(self) -> int | None:
        """The most rekeys that a key server says it sent; None if one that does not tell may have sent more.

        Secondaries send none, so that their silence about a primary proves nothing.
        """
        told: dict[str, int] = {}
        for server in self._group.key_servers:
            with suppress(EvidenceMissingError):
                told[server.device] = server.last_rekey().value.rekeys_sent
        known = max(told.values(), default=0)
        return known if known or told.keys() >= {*self.expected, *self._names()} else None

    def _names(self) -> Iterator[str]:
        return (server.device for server in self._group.key_servers)

    @cached_property
    def devices_by_address(self) -> dict[object, str]:
        """Key servers by the addresses that GDOI knows them by."""
        found: dict[object, str] = {}
        for server in self._group.key_servers:
            found |= dict.fromkeys(_addresses(server), server.device)
        fleet = self._group.fleet
        for device in fleet.inventory.key_servers(self._group.name):
            own: Iterable[Address] = device.gdoi_addresses
            found |= dict.fromkeys(own, device.name)
        return found

    @cached_property
    def expected(self) -> tuple[str, ...]:
        """Key servers that the inventory names; empty if it says nothing."""
        return tuple(device.name for device in self._group.fleet.inventory.key_servers(self._group.name))

    @cached_property
    def without_address(self) -> tuple[str, ...]:
        """Key servers of the inventory of which no address is known."""
        known = set(self.devices_by_address.values())
        return tuple(name for name in self.expected if name not in known)

    def _first(self, read: Callable[[KeyServerView], Sample[T]]) -> Sample[T]:
        """The answer of the primary, else of the first key server that has one."""
        servers = sorted(self._group.key_servers, key=lambda server: server.device not in self.primaries)
        missing: EvidenceMissingError | None = None
        for server in servers:
            try:
                return read(server)
            except EvidenceMissingError as exc:
                missing = missing or exc
        raise missing or EvidenceMissingError(self._silence())

    def _silence(self) -> str:
        servers = self._group.key_servers
        if not servers:
            return f"no key server of group {self._group.name} is known"
        reasons = []
        for server in servers:
            try:
                server.policy()
                reasons.append(f"{server.device} shows no keys")
            except EvidenceMissingError as exc:
                reasons.append(str(exc))
        return f"no key server of group {self._group.name} shows keys: {'; '.join(reasons)}"


def _is_primary(server: KeyServerView) -> bool:
    try:
        redundancy = server.gdoi().value.redundancy
    except EvidenceMissingError:
        return False
    return redundancy is None or (redundancy.local_role or "").casefold() == "primary"


def _addresses(server: KeyServerView) -> Iterator[Address]:
    yield from server.state.device.gdoi_addresses
    with suppress(ValueError):  # a DNS name
        yield ip_address(server.state.device.hostname)
    try:
        redundancy = server.gdoi().value.redundancy
    except EvidenceMissingError:
        return
    if redundancy is not None and redundancy.local_address is not None:
        yield redundancy.local_address


def _ring(server: KeyServerView) -> Ring | None:
    try:
        sample = server.policy()
    except EvidenceMissingError:
        return None
    now = sample.taken_at
    teks = tuple(_tek(tek, now) for item in sample.value for tek in item.teks if tek.spi is not None)
    keks = tuple(_kek(kek, now) for item in sample.value for kek in item.keks if _is_whole(kek))
    return Ring(server.device, sample.seen, teks, keks, "; ".join(sample.doubts[:1])) if teks or keks else None


def _is_whole(kek: KekPolicy) -> bool:
    """Whether its SPI is there to the last digit: a text that breaks off within it would name another key."""
    if kek.spi is None:
        return False
    return kek.remaining is not None or len(kek.spi.hex.removeprefix("0x")) == _KEK_DIGITS


def _tek(tek: TekPolicy, now: datetime) -> Key:
    ends = now + tek.remaining if isinstance(tek.remaining, timedelta) else None
    life = tek.lifetime or tek.tek_lifetime
    born = now - tek.elapsed if tek.elapsed is not None else ends - life if ends and life else None
    shortened = born is not None and ends is not None and life is not None and ends < born + life - _ROUNDING
    replaced = tek.time_to_rekey is Sentinel.NOT_APPLICABLE or bool(tek.override_lifetime) or shortened
    assert tek.spi is not None  # noqa: S101 -- asked before
    due = now + tek.time_to_rekey if isinstance(tek.time_to_rekey, timedelta) else None
    return Key(tek.spi.value, tek.spi.hex, born, ends, tek.access_list, due, replaced)


def _kek(kek: KekPolicy, now: datetime) -> Key:
    ends = now + kek.remaining if isinstance(kek.remaining, timedelta) else None
    born = ends - kek.lifetime if ends and kek.lifetime else None
    assert kek.spi is not None  # noqa: S101 -- asked before
    return Key(kek.spi.value, kek.spi.hex, born, ends)
