"""What causes look at on a key server, each fact worked out once.

A fact that no one told raises ``EvidenceMissingError``, as views do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.witness import Witness
from getvpn_ops.checks.health.acl_text import normal_form
from getvpn_ops.checks.views import gdoi_addresses
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.state.keys import RsaKeyPairs
from getvpn_ops.model.state.ks import KsAclEntry

if TYPE_CHECKING:
    from getvpn_ops.checks.diagnosis.scene import GroupScene
    from getvpn_ops.checks.health.acl_text import Form
    from getvpn_ops.checks.views import KeyServerView
    from getvpn_ops.model.state.keys import RsaKeyPair
    from getvpn_ops.model.state.ks import KsMember
    from getvpn_ops.model.values import Address

_NOT_DEAD = frozenset({"alive", ""})
NO_ANSWER = frozenset({Trouble.UNREACHABLE, Trouble.CONNECTION_REFUSED, Trouble.DROPPED, Trouble.DEADLINE})
"""Troubles that a device has which is down, or cut off."""


@dataclass(frozen=True)
class ServerScene(Witness):
    """A key server in a group.

    Attributes:
        view: of it.
        group: the scene it stands in.
    """

    view: KeyServerView
    group: GroupScene

    @property
    def is_mute(self) -> bool:
        """Whether it was asked and gave no answer at all, as a device that is down."""
        visit = self.state.visit
        return visit is not None and visit.trouble in NO_ANSWER and not visit.commands

    @property
    def serves(self) -> bool:
        """Whether it is known to have the group and to be up."""
        try:
            return self.view.configured()
        except EvidenceMissingError:
            return False

    @property
    def blocks_new(self) -> bool:
        """Whether it says that it registers nobody for now."""
        try:
            return self.view.coop().value.new_members_blocked is True
        except EvidenceMissingError:
            return False

    @cached_property
    def addresses(self) -> frozenset[Address]:
        """That members and peers know it by; of this group where it tells them."""
        try:
            coop = self.view.coop().value
            own = {coop.local_address} if coop.local_address is not None else set()
        except EvidenceMissingError:
            own = set()
        return frozenset(own) or gdoi_addresses(self.state)

    @cached_property
    def peers_seen(self) -> Sample[dict[Address, str]]:
        """Status of each peer, as this key server sees it, empty where none is printed; no peers without COOP."""
        coop = self.view.coop()
        found = {peer.address: peer.status or "" for peer in coop.value.peers if peer.address is not None}
        return Sample(found, coop.seen, coop.doubts)

    @property
    def unheard(self) -> list[Address]:
        """Peers that it says it does not hear."""
        return [address for address, status in self.peers_seen.value.items() if status.casefold() not in _NOT_DEAD]

    @property
    def is_primary(self) -> bool:
        """Whether it says so; a key server without COOP is."""
        try:
            redundancy = self.view.gdoi().value.redundancy
        except EvidenceMissingError:
            return False
        return redundancy is None or (redundancy.local_role or "").casefold() == "primary"

    @cached_property
    def key(self) -> Sample[RsaKeyPair]:
        """The RSA key pair that signs rekeys.

        Raises:
            EvidenceMissingError: nobody tells its label, or what keys the device holds.
        """
        label = self.group.label
        pairs = self.state.latest(RsaKeyPairs)
        for pair in pairs.value.keys:
            if pair.key_name == label and pair.key_data is not None:
                return Sample(pair, pairs.seen)
        msg = f"{self.device} holds no RSA key {label}"
        raise EvidenceMissingError(msg)

    @cached_property
    def lists(self) -> Sample[Form]:
        """What is to be encrypted, in one wording."""
        acl = self.view.acl()
        return Sample(normal_form(KsAclEntry(item.ace) for item in acl.value.entries), acl.seen)

    @cached_property
    def rows(self) -> Sample[dict[Address, KsMember]]:
        """Its database by address."""
        sample = self.view.members()
        return Sample({row.address: row for row in sample.value}, sample.seen)
