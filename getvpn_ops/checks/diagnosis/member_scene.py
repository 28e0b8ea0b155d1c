"""What causes look at on a member, each fact worked out once.

A fact that no one told raises ``EvidenceMissingError``, as views do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.witness import Witness
from getvpn_ops.checks.health.acl_text import normal_form
from getvpn_ops.checks.views import gdoi_addresses
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.state.crypto_map import CryptoMapEntry, CryptoMaps, FailCloses
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.state.ks import KsAclEntry
from getvpn_ops.model.state.version import Version

if TYPE_CHECKING:
    from getvpn_ops.checks.diagnosis.log import Event
    from getvpn_ops.checks.diagnosis.scene import GroupScene
    from getvpn_ops.checks.diagnosis.server_scene import ServerScene
    from getvpn_ops.checks.health.acl_text import Form
    from getvpn_ops.checks.served import Ring
    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.acl import Ace, AcePort
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.gdoi import Group
    from getvpn_ops.model.state.gm import TekSa
    from getvpn_ops.model.values import Address

_UNSET = ip_address("0.0.0.0")  # noqa: S104 -- what screens print for no address
FRESH = timedelta(minutes=5)
"""So long after a start a member that is not registered is no wonder."""
_GDOI = 848
SPREAD = timedelta(seconds=90)
"""So long a rekey may take until it has reached everyone, retransmits included."""


def _seconds(value: object) -> float:
    """Seconds of a printed lifetime; 0 for a word or nothing."""
    return value.total_seconds() if isinstance(value, timedelta) else 0.0


def _is_gdoi(ace: Ace) -> bool:
    """Whether an entry covers UDP 848."""
    ports = (ace.source_port, ace.destination_port)
    return ace.protocol in {"ip", "udp", "17"} and all(port is None or _holds(port, _GDOI) for port in ports)


def _holds(port: AcePort, number: int) -> bool:
    """Whether a port match holds for a port."""
    first, last = port.ports[0], port.ports[-1]
    held = {"eq": number in port.ports, "range": first <= number <= last, "lt": number < first, "gt": number > first}
    return held.get(port.operator, number not in port.ports)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands in its group.

    Attributes:
        registered: it says so, or (12.4T, which does not say) it holds a key that lives.
        teks: that live, the newest first.
        server: with which it registered.
        attempts: since the last clear; None if it does not count them.
        successes: likewise.
        words: of its status, for a person.
    """

    registered: bool
    teks: tuple[TekSa, ...]
    server: Address | None
    attempts: int | None
    successes: int | None
    words: str


@dataclass(frozen=True)
class MemberScene(Witness):
    """A member in a group.

    Attributes:
        view: of it.
        group: the scene it stands in.
    """

    view: MemberView
    group: GroupScene

    @cached_property
    def local(self) -> Sample[Group]:
        """The group as the router has it: by its identity, or, where that differs, by its name.

        Raises:
            EvidenceMissingError: it has none such.
        """
        try:
            return self.view.gdoi()
        except EvidenceMissingError:
            sample = self.state.latest(Gdoi)
            for group in sample.value.groups:
                if group.group_name == self.view.group and not group.is_key_server:
                    return Sample(group, sample.seen)
            raise

    @property
    def has_group(self) -> bool:
        """Whether the router has the group, under whatever identity; False too if it did not tell."""
        try:
            return bool(self.local)
        except EvidenceMissingError:
            return False

    @property
    def local_name(self) -> str:
        """What the device calls the group."""
        try:
            return self.local.value.group_name
        except EvidenceMissingError:
            return self.view.group

    @cached_property
    def addresses(self) -> frozenset[Address]:
        """That it registers with, for this group where it tells them."""
        try:
            own = {item.address for item in self.local.value.members}
        except EvidenceMissingError:
            own = set()
        found = frozenset(item for item in own if item is not None and item != _UNSET)
        return found or self._mapped or gdoi_addresses(self.state)

    @property
    def has_address(self) -> bool:
        """Whether any address of it is known, and it does not say that it has none now."""
        return bool(self.addresses) and all(item.address != _UNSET for item in self.local.value.members)

    @property
    def _mapped(self) -> frozenset[Address]:
        """Local addresses of the maps that hold the group's SAs (12.4T tells no others)."""
        if not self.state.has(IpsecSas):
            return frozenset()
        maps = {item.crypto_map for item in self.maps}
        return frozenset(
            crypto_map.local_address
            for interface in self.state.latest(IpsecSas).value.interfaces
            for crypto_map in interface.crypto_maps
            if crypto_map.crypto_map in maps
            and crypto_map.local_address is not None
            and not isinstance(crypto_map.local_address, str)
        )

    @property
    def maps(self) -> tuple[CryptoMapEntry, ...]:
        """Entries of crypto maps that name the group; none if nothing tells."""
        if not self.state.has(CryptoMaps):
            return ()
        entries = self.state.latest(CryptoMaps).value.entries
        return tuple(item for item in entries if item.kind == "gdoi" and item.group_name == self.local_name)

    @cached_property
    def standing(self) -> Sample[Standing]:
        """How it stands."""
        sample = self.local
        group = sample.value
        teks = [
            sa
            for policy in group.tek_policies
            for port in policy.interfaces
            for sa in port.sas
            if _seconds(sa.remaining) > 0 and sa.spi is not None
        ]
        unique = {sa.spi.value: sa for sa in teks if sa.spi is not None}
        held = tuple(sorted(unique.values(), key=lambda sa: _seconds(sa.remaining), reverse=True))
        said = [item.registration_status for item in group.members if item.registration_status is not None]
        registered = bool(held) if not said else all(word.casefold() == "registered" for word in said)
        server = next(
            (item.registered_with for item in group.members if item.registered_with is not None), group.active_server
        )
        attempts = [n for item in group.members if (n := item.attempted_registrations) is not None]
        successes = [n for item in group.members if (n := item.succeeded_registrations) is not None]
        return Sample(
            Standing(
                registered,
                held,
                None if server is None or isinstance(server, str) or server == _UNSET else server,
                sum(attempts) if attempts else None,
                sum(successes) if successes else None,
                ", ".join(dict.fromkeys(said)) or ("holds a live key" if held else "holds no live key"),
            ),
            sample.seen,
        )

    @property
    def is_out(self) -> bool:
        """Whether it is known not to be registered, or to hold no key."""
        try:
            standing = self.standing.value
        except EvidenceMissingError:
            return False
        return not standing.registered or (not standing.teks and self.group.has_keys)

    @property
    def shuts_itself(self) -> Seen | None:
        """Where it shows that an active fail-close keeps UDP 848 out; None if none does, or it did not tell."""
        if not self.state.has(FailCloses):
            return None
        sample = self.state.latest(FailCloses)
        maps = {entry.crypto_map for entry in self.maps}
        active = [item for item in sample.value.maps if item.activate and item.crypto_map in maps]
        passes = any(_is_gdoi(listed.ace) for item in active for listed in item.aces if listed.ace.action == "deny")
        return sample.seen if active and not passes else None

    @property
    def is_fresh(self) -> bool:
        """Whether the router is known to have come up within minutes."""
        if not self.state.has(Version):
            return False
        uptime = self.state.latest(Version).value.uptime
        return uptime is not None and uptime < FRESH

    @cached_property
    def last_words(self) -> tuple[tuple[ServerScene, Event, int], ...]:
        """By key server that spoke of it: the last message on its registration, and how many there are like it."""
        found = []
        for server in self.group.servers:
            try:
                events = server.log.words(self.addresses, self.device)
            except EvidenceMissingError:
                continue
            named = server.view.local_name
            events = [item for item in events if item.message.group in {None, named, self.local_name}]
            if events:
                last = events[-1]
                found.append((server, last, sum(item.name == last.name for item in events)))
        return tuple(found)

    @cached_property
    def wanted_servers(self) -> frozenset[Address]:
        """The key servers of its configuration."""
        return frozenset(item.address for item in self.local.value.servers if not isinstance(item.address, str))

    @property
    def ring(self) -> Ring:
        """The keys of the key server that counts for it.

        Raises:
            EvidenceMissingError: none shows any.
        """
        return self.group.view.served.ring(self.standing.value.server)

    @cached_property
    def lacks_newest(self) -> bool:
        """Whether it lacks a key of the key servers that it should have by now.

        Raises:
            EvidenceMissingError: its keys or theirs are not known.
        """
        mine, ring = self.standing, self.ring
        held = {sa.spi.value for sa in mine.value.teks if sa.spi is not None}
        due = [key for key in ring.current() if key.born is not None and mine.taken_at > key.born + SPREAD]
        return any(key.spi not in held for key in due)

    @cached_property
    def lists(self) -> Sample[Form]:
        """What it downloaded, in one wording.

        Raises:
            EvidenceMissingError: it holds no list.
        """
        sample = self.local
        downloads = sample.value.acl_downloads
        if not downloads or sample.doubts:
            msg = f"{self.device}: {sample.seen.command} shows no whole list of group {self.local_name}"
            raise EvidenceMissingError(msg)
        return Sample(normal_form(KsAclEntry(ace) for ace in downloads[-1].entries), sample.seen)

    @cached_property
    def list_differs(self) -> bool | None:
        """Whether its downloaded list is not the one of the key servers; None if that is not known."""
        try:
            return self.lists.value != self.group.shipped.value
        except EvidenceMissingError:
            return None

    @property
    def inner(self) -> Address | None:
        """The first address of the networks behind it, where the inventory tells them: often the router's own."""
        return next((network[1] for network in self.state.device.prefixes if network.num_addresses > 1), None)
