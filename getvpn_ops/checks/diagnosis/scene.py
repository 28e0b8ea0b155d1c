"""What causes look at: a group with its key servers and members.

A fact that no one told raises ``EvidenceMissingError``, as views do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.member_scene import MemberScene
from getvpn_ops.checks.diagnosis.server_scene import ServerScene
from getvpn_ops.checks.health.acl_text import normal_form
from getvpn_ops.checks.views import gdoi_addresses
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.state.ks import KsAclEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.checks.health.acl_text import Form
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.values import Address

HONOURED = 100
"""Entries of a group's list that GDOI takes (guide, Table 5, GDOI_ACL_NUM)."""


@dataclass(frozen=True)
class GroupScene:
    """A GDOI group over the whole fleet.

    Attributes:
        view: of it.
    """

    view: GroupView

    @property
    def name(self) -> str:
        """Of the group."""
        return self.view.name

    @cached_property
    def servers(self) -> tuple[ServerScene, ...]:
        """Its key servers, asked or not."""
        return tuple(ServerScene(item, self) for item in self.view.key_servers)

    @cached_property
    def members(self) -> tuple[MemberScene, ...]:
        """Its members, asked or not."""
        return tuple(MemberScene(item, self) for item in self.view.members)

    @cached_property
    def server_addresses(self) -> frozenset[Address]:
        """Of all its key servers."""
        return frozenset(address for server in self.servers for address in server.addresses)

    @cached_property
    def known_servers(self) -> frozenset[Address]:
        """Every address that anyone knows a key server of the group by: the inventory, itself, its COOP peers.

        Raises:
            EvidenceMissingError: neither the inventory nor any key server tells who the others are.
        """
        found = {address for server in self.servers for address in (*server.addresses, *gdoi_addresses(server.state))}
        found |= {item for item in self.view.served.devices_by_address if isinstance(item, IPv4Address | IPv6Address)}
        peers: set[Address] = set()
        is_told = bool(self.view.served.expected)
        for server in self.servers:
            try:
                peers |= set(server.peers_seen.certain().value)
                is_told = True
            except EvidenceMissingError:
                continue
        if not is_told or not found:
            msg = f"nobody tells all key servers of group {self.name}"
            raise EvidenceMissingError(msg)
        return frozenset(found | peers)

    @cached_property
    def member_addresses(self) -> frozenset[Address]:
        """Of all its members."""
        return frozenset(address for member in self.members for address in member.addresses)

    @cached_property
    def primaries(self) -> tuple[ServerScene, ...]:
        """Key servers that say they are primary."""
        return tuple(server for server in self.servers if server.is_primary)

    @cached_property
    def shipped(self) -> Sample[Form]:
        """What the primary gives to members: of each list as many entries as GDOI takes.

        Raises:
            EvidenceMissingError: it does not tell, or there is not exactly one primary.
        """
        acl = self.view.primary().acl()
        taken: Counter[str | None] = Counter()
        kept = []
        for item in acl.value.entries:
            taken[item.access_list] += item.ace.action != "remark"
            if taken[item.access_list] <= HONOURED:
                kept.append(KsAclEntry(item.ace))
        return Sample(normal_form(kept), acl.seen)

    @cached_property
    def label(self) -> str:
        """Of the RSA key that signs rekeys, as any key server's policy says it.

        Raises:
            EvidenceMissingError: none tells.
        """
        for server in self.servers:
            try:
                policies = server.view.policy().value
            except EvidenceMissingError:
                continue
            for kek in (kek for policy in policies for kek in policy.keks):
                if kek.signature_key_name:
                    return kek.signature_key_name
        msg = f"no key server of group {self.name} tells which RSA key signs its rekeys"
        raise EvidenceMissingError(msg)

    @cached_property
    def has_keys(self) -> bool:
        """Whether some key server is known to hold keys that live."""
        return any(ring.current() for ring in self.view.served.rings.values())

    @cached_property
    def own_denies(self) -> dict[str, tuple[Ace, ...]]:
        """Denies of the members' own lists, by device; without those that did not tell."""
        found = {}
        for member in self.members:
            try:
                acl = member.view.acl()
            except EvidenceMissingError:
                continue
            entries = (item.ace for own in acl.value.local_acls for item in own.entries)
            found[member.device] = tuple(ace for ace in entries if ace.action == "deny")
        return found

    @cached_property
    def deny_owners(self) -> Counter[object]:
        """How many members' own lists deny a flow."""
        return Counter(flow for entries in self.own_denies.values() for flow in {flow_of(ace) for ace in entries})

    def member(self, device: str) -> MemberScene | None:
        """A member by its device; None if there is none."""
        return self._by_device.get(device)

    @cached_property
    def _by_device(self) -> dict[str, MemberScene]:
        return {item.device: item for item in self.members}

    @cached_property
    def silent_addresses(self) -> frozenset[Address]:
        """Of key servers that give no answer."""
        return frozenset(address for server in self.servers if server.is_mute for address in server.addresses)

    def words(self, scene: GroupScene | ServerScene | MemberScene) -> dict[str, str]:
        """Names and addresses for commands; in angle brackets what nobody told."""
        member = scene if isinstance(scene, MemberScene) else None
        server = scene if isinstance(scene, ServerScene) else self._server_for(member)
        others = [item for item in self.servers if item is not server]
        peer = next((item for item in others if not item.is_mute), None) or next(iter(others), None)
        asked = peer if server is scene and peer is not None else server
        try:
            label = self.label
        except EvidenceMissingError:
            label = ""
        other = next((item for item in self.members if item is not member and item.inner is not None), None)
        return {
            "group": self.name,
            "member": member.device if member is not None else "<a member>",
            "address": _first(member.addresses) if member is not None else "<address of the member>",
            "server": _first(asked.addresses) if asked is not None else "<key server>",
            "server_name": server.device if server is not None else "<key server>",
            "itself": _first(server.addresses) if server is not None else "<key server>",
            "peer_name": peer.device if peer is not None else "<another key server>",
            "label": label,
            "inner": str(other.inner) if other is not None else "<address behind another member>",
            "own_inner": str(member.inner) if member is not None and member.inner else "<own inside address>",
        }

    def _server_for(self, member: MemberScene | None) -> ServerScene | None:
        """The key server to look at for a member: the one that spoke of it, its own, the primary, any that answers."""
        found: list[ServerScene] = []
        if member is not None:
            found += [server for server, _, _ in member.last_words]
            try:
                own = member.standing.value.server
            except EvidenceMissingError:
                own = None
            found += [server for server in self.servers if own in server.addresses]
        found += [*self.primaries, *self.servers]
        return next((item for item in found if not item.is_mute), next(iter(found), None))


def flow_of(ace: Ace) -> tuple[object, ...]:
    """What an entry matches, however it is written: protocol, source and its port, destination and its port."""
    ends = [item.network or item.text if item is not None else None for item in (ace.source, ace.destination)]
    return (ace.protocol, ends[0], ace.source_port, ends[1], ace.destination_port)


def _first(addresses: Iterable[Address]) -> str:
    return next((str(item) for item in sorted(addresses, key=int)), "<address>")
