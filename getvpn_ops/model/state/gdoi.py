"""``show crypto gdoi``: the groups of a router, whether it is key server, group member, or both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.state.gm import (
    AclDownload,
    CumulativeRekeys,
    Kek,
    KgsPolicy,
    LocalAcl,
    Member,
    P2pPolicy,
    ReceivedPolicy,
    TekPolicy,
)
from getvpn_ops.model.values import Address, Sentinel

LOCAL = "Local"
"""Stands for the address of a group's server on the key server itself."""


@dataclass(frozen=True, slots=True)
class GroupServer:
    """A key server of the group's list, in the order of preference.

    Attributes:
        address: ``Local`` on a key server.
    """

    address: Address | str


@dataclass(frozen=True, slots=True)
class Redundancy:
    """This key server in COOP.

    Attributes:
        redundancy: ``Configured``.
        local_priority: the highest becomes primary.
        local_status: ``Alive`` is the healthy word.
        local_role: ``Primary`` or ``Secondary``.
        local_version: GETVPN software version (15.2 on).
        local_coop_version: version of the COOP protocol (16/17).
    """

    redundancy: str
    local_address: Address | None = None
    local_priority: int | Sentinel | str | None = None
    local_status: str | None = None
    local_role: str | None = None
    local_version: str | None = None
    local_coop_version: str | None = None


@dataclass(frozen=True, slots=True)
class KsRekey:
    """How a key server renews the KEK and repeats rekeys.

    Attributes:
        lifetime: of the KEK, as configured.
        remaining: of the KEK; absent while nobody has registered.
        time_to_rekey: until the next rekey of the KEK (16/17).
        acknowledgement: what acknowledgements it expects: ``Cisco``, ``Any`` ... (16/17).
        retransmit_period: between repetitions of a rekey.
        retransmit_attempts: how often it is repeated.
        retransmit_remaining: until the repetition under way, else 0.
    """

    lifetime: timedelta | Sentinel | None = None
    remaining: timedelta | Sentinel | None = None
    time_to_rekey: timedelta | Sentinel | None = None
    acknowledgement: str | None = None
    retransmit_period: timedelta | None = None
    retransmit_attempts: int | None = None
    retransmit_remaining: timedelta | Sentinel | None = None


@dataclass(frozen=True, slots=True)
class KsSa:
    """An ``sa ipsec`` of a key server.

    Attributes:
        number: its sequence number in the configuration.
        lifetime: of the TEK, as configured.
        profile: name of the IPsec profile.
        replay_method: ``Time Based``, ``Count Based`` or ``Disabled``.
        replay_window: packets if count based, seconds if time based.
        replay_interval: the window, if it is printed with a unit.
        tag_method: ``CTS SGT`` or ``Disabled`` (16/17).
        remaining: of the TEK; absent while nobody has registered.
        time_to_rekey: until the next rekey of the TEK (16/17).
        access_list: name of the list that says what to encrypt.
    """

    number: int
    lifetime: timedelta | Sentinel | None = None
    profile: str | None = None
    replay_method: str | None = None
    replay_window: int | None = None
    replay_interval: timedelta | None = None
    tag_method: str | None = None
    remaining: timedelta | Sentinel | None = None
    time_to_rekey: timedelta | Sentinel | None = None
    access_list: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group, with what its role on this router shows; what belongs to the other role is absent.

    Attributes:
        transport: of rekeys, ``Unicast`` or ``Multicast``; a key server prints it behind the name.
        group_id: identity number or address.
        group_type: ``GDOI (ISAKMP)`` or ``G-IKEv2 (IKEv2)`` (16/17).
        ikev2_profile: G-IKEv2 only.
        crypto_path: ``ipv4`` or ``ipv6``, of the protected traffic (15.2 on).
        key_management_path: the same of the registration.
        reauth_on_new_crl: key server: whether members must authenticate again after a new CRL.
        rekeys_received: member: since the group was configured or cleared.
        group_members: key server: how many are registered, here or at a cooperating key server.
        sa_direction: ``Both`` or ``Inbound Only``; of the group, see ``received`` for that of the member (16/17).
        active_server: the server in use, ``Local`` on a key server (12.4T).
        ip_d3p_window: key server: a word if D3P is off.
        pfs: key server: rekeys with perfect forward secrecy; the text if it is more than yes or no.
        split_resiliency_factor: key server (17).
        ckm: key server: Crypto Key Manager (17).
        redundancy: key server with COOP.
        rekey: key server: KEK and retransmissions.
        ipsec_sas: key server: one for each ``sa ipsec``.
        servers: in the order of preference.
        received: member (16/17).
        members: member: one for each VRF or local address.
        cumulative: member: once for the group, or once for each member.
        acl_downloads: member: the lists received.
        local_acls: member: own exceptions.
        keks: member: none if the key server sends no rekeys.
        tek_policies: member: keys for traffic, by interface.
        kgs_policies: member (16/17).
        p2p_policies: member (16/17).
    """

    group_name: str
    transport: str | None = None
    group_id: str | None = None
    group_type: str | None = None
    ikev2_profile: str | None = None
    crypto_path: str | None = None
    key_management_path: str | None = None
    reauth_on_new_crl: bool | str | None = None
    rekeys_received: int | None = None
    group_members: int | None = None
    sa_direction: str | None = None
    active_server: Address | str | None = None
    ip_d3p_window: timedelta | Sentinel | str | None = None
    pfs: bool | str | None = None
    split_resiliency_factor: int | str | None = None
    ckm: bool | str | None = None
    redundancy: Redundancy | None = None
    rekey: KsRekey | None = None
    ipsec_sas: tuple[KsSa, ...] = ()
    servers: tuple[GroupServer, ...] = ()
    received: ReceivedPolicy | None = None
    members: tuple[Member, ...] = ()
    cumulative: tuple[CumulativeRekeys, ...] = ()
    acl_downloads: tuple[AclDownload, ...] = ()
    local_acls: tuple[LocalAcl, ...] = ()
    keks: tuple[Kek, ...] = ()
    tek_policies: tuple[TekPolicy, ...] = ()
    kgs_policies: tuple[KgsPolicy, ...] = ()
    p2p_policies: tuple[P2pPolicy, ...] = ()

    @property
    def is_key_server(self) -> bool:
        """Whether this router serves the group rather than being a member of it."""
        return self.active_server == LOCAL or any(server.address == LOCAL for server in self.servers)


@dataclass(frozen=True, slots=True)
class Gdoi:
    """``show crypto gdoi [group NAME] [detail]``."""

    groups: tuple[Group, ...] = ()
