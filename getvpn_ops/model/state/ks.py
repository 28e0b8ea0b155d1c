"""What a key server tells of its groups, their members and access lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from getvpn_ops.model.acl import Ace
from getvpn_ops.model.values import Address, Sentinel


@dataclass(frozen=True, slots=True)
class KsGroup:
    """A group of a key server (``show crypto gdoi ks``).

    Attributes:
        group_name: from the heading.
        name: the same from the line ``Group Name``.
        transport: ``Unicast`` or ``Multicast`` if printed behind the name.
        reauth_on_new_crl: whether members must authenticate again after a new CRL.
        group_id: identity number or address.
        group_type: ``GDOI (ISAKMP)`` or ``G-IKEv2 (IKEv2)`` (16/17).
        group_members: registered here or at a cooperating key server.
        rekey_acknowledgement: ``Cisco``, ``Interop``, ``Any`` or ``None`` (16/17).
        ip_d3p_window: a word if D3P is off.
        pfs: rekeys with perfect forward secrecy; the text if it is more than yes or no.
        ckm: Crypto Key Manager (17).
        access_lists: names of the lists that say what to encrypt, one for each SA.
        redundancy: ``Configured`` with cooperating key servers.
        local_address: address of this key server in COOP; this and what follows only with redundancy.
    """

    group_name: str
    name: str | None = None
    transport: str | None = None
    reauth_on_new_crl: bool | str | None = None
    group_id: str | None = None
    group_type: str | None = None
    ikev2_profile: str | None = None
    crypto_path: str | None = None
    key_management_path: str | None = None
    group_members: int | None = None
    rekey_acknowledgement: str | None = None
    sa_direction: str | None = None
    ip_d3p_window: timedelta | Sentinel | str | None = None
    pfs: bool | str | None = None
    split_resiliency_factor: int | None = None
    ckm: bool | str | None = None
    tag_method: str | None = None
    access_lists: tuple[str, ...] = ()
    redundancy: str | None = None
    local_address: Address | None = None
    local_priority: int | Sentinel | str | None = None
    local_status: str | None = None
    local_role: str | None = None
    local_version: str | None = None
    local_coop_version: str | None = None


@dataclass(frozen=True, slots=True)
class Ks:
    """``show crypto gdoi ks [detail]``.

    Attributes:
        total_members: of all groups, registered to this router.
    """

    total_members: int | None = None
    groups: tuple[KsGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class KsAclEntry:
    """One entry of an access list of a group.

    Attributes:
        access_list: name of the list that holds it.
    """

    ace: Ace
    access_list: str | None = None


@dataclass(frozen=True, slots=True)
class KsAclGroup:
    """The access lists of a group; entries in the order printed, which is the order of their effect."""

    group_name: str
    entries: tuple[KsAclEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class KsAcl:
    """``show crypto gdoi ks acl``."""

    groups: tuple[KsAclGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class LastRekey:
    """Summary of a group's rekeys, printed before its members.

    Attributes:
        rekeys_sent: since the group was configured or cleared.
        retransmits: of the last rekey (16/17).
        duration: of the last rekey, from first packet to last acknowledgement (16/17).
    """

    group_name: str
    rekeys_sent: int
    retransmits: int | None = None
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class KsMember:
    """A group member in the database of a key server, LOCAL or REDUNDANT (``show crypto gdoi ks members``).

    Attributes:
        address: the identity it registered with.
        version: GETVPN software version of the member (16/17).
        key_server: where it registered.
        rekeys_sent: this and the other counters are missing in 12.4T without unicast rekey.
        acks_missed: unacknowledged unicast rekeys; the key server drops a member after three in a row.
        sent_sequences: sequence numbers of the last rekeys sent, oldest first.
        received_sequences: the same of the acknowledgements, shifted by one.
    """

    UNIFORM: ClassVar[bool] = True

    address: Address
    version: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    group_type: str | None = None
    state: str | None = None
    key_server: Address | None = None
    rekeys_sent: int | None = None
    rekey_retries: int | None = None
    acks_received: int | None = None
    acks_missed: int | None = None
    sent_sequences: tuple[int, ...] = ()
    received_sequences: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KsMembers:
    """``show crypto gdoi ks members [ADDRESS]``.

    Attributes:
        not_found: ``Group Member not Found``, once for each group without a member of the address asked for.
    """

    rekeys: tuple[LastRekey, ...] = ()
    members: tuple[KsMember, ...] = ()
    not_found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """A member in one line.

    Attributes:
        version: GETVPN software version of the member.
        rekeys_sent: to this member.
        acks_missed: rekeys it did not acknowledge.
    """

    address: Address
    version: str
    rekeys_sent: int | Sentinel | str
    acks_missed: int | Sentinel | str


@dataclass(frozen=True, slots=True)
class ServerSummary:
    """The members of a group that registered with one key server.

    Attributes:
        gmdb_state: ``LOCAL`` for the router asked, ``REDUNDANT`` for what a cooperating key server told it.
        group_members: how many registered there.
    """

    key_server: Address
    gmdb_state: str
    group_members: int
    members: tuple[MemberSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """A group with its members by key server.

    Attributes:
        group_id: identity number or address.
        group_members: of all key servers.
    """

    group_name: str
    group_id: str
    group_members: int
    key_servers: tuple[ServerSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class KsMembersSummary:
    """``show crypto gdoi ks members summary``."""

    groups: tuple[GroupSummary, ...] = ()
