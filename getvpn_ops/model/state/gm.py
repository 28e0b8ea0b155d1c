"""What a group member holds: its registration, and the policy and keys it received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.acl import Ace
from getvpn_ops.model.values import Address, Endpoint, Sentinel, Spi


@dataclass(frozen=True, slots=True)
class Member:
    """A group member of this router; one for each VRF or local address that uses the group.

    12.4T prints no member block: then ``address`` and the registration status are None, and what that release tells of
    the member (timer, age of the last rekey) is here all the same.

    Attributes:
        address: the identity it registers with.
        vrf: ``none`` is the global table.
        local: address and port of the registration (16/17).
        remote: the same of the key server.
        fvrf: VRF of the registration (16/17).
        ivrf: VRF of the protected traffic (16/17).
        version: GETVPN software version of this router.
        registration_status: as printed; ``Registered`` is the healthy word.
        registered_with: key server of the last registration.
        registering_with: key server that is tried while no registration stands.
        reregisters_in: before the TEK dies, unless a rekey comes; while not registered, until the next try.
        succeeded_registrations: since the last clear.
        attempted_registrations: since the last clear; many more than succeeded mean refusals or lost packets.
        last_rekey_from: ``0.0.0.0`` (15.x) or ``unknown`` (17) if no rekey came yet.
        last_rekey_sequence: sequence number of the last rekey.
        unicast_rekeys_received: absent for multicast.
        multicast_rekeys_received: 17 prints it even for a unicast group without KEK.
        acks_sent: rekeys acknowledged; unicast only.
        last_rekey: time since the last rekey, or ``never``.
        pfs_rekeys_received: rekeys with perfect forward secrecy, which make the member register again (17).
        dp_error_monitoring: whether data-plane errors make it register again (``client recovery-check``).
        ipsec_init_registrations_executed: registrations that the data plane asked for.
        ipsec_init_registrations_postponed: the same, put off.
        active_teks: two in the overlap after a rekey.
        sa_track: object and status of SA tracking, or ``disabled``.
        fail_close_revert: whether the fail-close list returns when a re-registration fails.
        retry_timer: ``NOT RUNNING`` unless a registration is being retried (up to 15.0).
        allowable_rekey_cipher: ciphers that the member accepts from a key server.
        allowable_rekey_hash: hashes likewise.
        allowable_transform: transforms likewise.
    """

    address: Address | None = None
    vrf: Sentinel | str | None = None
    local: Endpoint | str | None = None
    remote: Endpoint | str | None = None
    fvrf: Sentinel | str | None = None
    ivrf: Sentinel | str | None = None
    version: str | None = None
    registration_status: str | None = None
    registered_with: Address | Sentinel | str | None = None
    registering_with: Address | Sentinel | str | None = None
    reregisters_in: timedelta | Sentinel | str | None = None
    succeeded_registrations: int | None = None
    attempted_registrations: int | None = None
    last_rekey_from: Address | Sentinel | str | None = None
    last_rekey_sequence: int | None = None
    unicast_rekeys_received: int | None = None
    multicast_rekeys_received: int | None = None
    acks_sent: int | None = None
    last_rekey: timedelta | Sentinel | str | None = None
    pfs_rekeys_received: int | None = None
    dp_error_monitoring: bool | str | None = None
    ipsec_init_registrations_executed: int | None = None
    ipsec_init_registrations_postponed: int | None = None
    active_teks: int | None = None
    sa_track: Sentinel | str | None = None
    fail_close_revert: bool | str | None = None
    retry_timer: str | None = None
    allowable_rekey_cipher: str | None = None
    allowable_rekey_hash: str | None = None
    allowable_transform: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivedPolicy:
    """What the section ``Group Member Information For Group X`` says before its members (16/17).

    Attributes:
        group_name: of the heading.
        sa_direction: in force on this member; the one of the group is the same unless the member overrides it.
        acl_received: name that IOS gives to the downloaded list.
    """

    group_name: str
    sa_direction: str | None = None
    acl_received: str | None = None


@dataclass(frozen=True, slots=True)
class CumulativeRekeys:
    """Counters of rekeys.

    Attributes:
        total_received: since the group was configured or cleared.
        received_after_registration: since the latest registration.
        acks_sent: unicast only.
        last_rekey: time since the last rekey, or ``never``; stands here for multicast in 15.x.
    """

    total_received: int | None = None
    received_after_registration: int | None = None
    acks_sent: int | None = None
    last_rekey: timedelta | Sentinel | str | None = None


@dataclass(frozen=True, slots=True)
class AclDownload:
    """The list that a key server sent: deny is clear text, permit is encrypted.

    Attributes:
        key_server: ``unknown`` while none gave a list.
    """

    key_server: Address | Sentinel | str
    entries: tuple[Ace, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalAce:
    """One entry of a member's own list.

    Attributes:
        access_list: name of the list.
    """

    ace: Ace
    access_list: str | None = None


@dataclass(frozen=True, slots=True)
class LocalAcl:
    """A member's own exceptions, which come before the downloaded list (``match address`` in the crypto map).

    Attributes:
        heading: ``ACL Configured Locally``; printed even if there is no list.
        map_name: the crypto map that names the list.
    """

    heading: str | None = None
    map_name: str | None = None
    entries: tuple[LocalAce, ...] = ()


@dataclass(frozen=True, slots=True)
class Kek:
    """The key that protects rekeys, as a member has it.

    Attributes:
        transport: ``Unicast`` or ``Multicast``.
        remaining: printed as ``Lifetime (secs)``, but it counts down.
        key_size_bits: with parity bits: 192 for 3DES.
        signature_key_length_bits: of the DER public key from 16 on (4400 for RSA 4096), of the modulus before (1024).
    """

    transport: str | None = None
    remaining: timedelta | Sentinel | None = None
    encryption: str | None = None
    key_size_bits: int | None = None
    signature_hash: str | None = None
    signature_key_length_bits: int | None = None


@dataclass(frozen=True, slots=True)
class TekSa:
    """An IPsec SA of a TEK. Old and new stand side by side after a rekey; an old one may have expired.

    Attributes:
        sa_direction: ``inbound`` or ``outbound`` where each has its own SA (12.4T).
        kgs: state of the key generation system (late 15.x).
        remaining: 0 or ``expired`` at the end.
        replay_method: ``Time Based``, ``Counter Based`` or ``Disabled``.
        replay_window: packets, with a counter.
        replay_interval: window of the time-based method.
        tag_method: ``cts sgt`` or ``disabled`` (16/17).
    """

    spi: Spi | None = None
    sa_direction: str | None = None
    kgs: bool | str | None = None
    transform: str | None = None
    remaining: timedelta | Sentinel | None = None
    replay_method: str | None = None
    replay_window: int | None = None
    replay_interval: timedelta | None = None
    tag_method: str | None = None
    key_size_bytes: int | None = None
    signature_key_size_bytes: int | None = None
    encapsulation: str | None = None


@dataclass(frozen=True, slots=True)
class TekInterface:
    """Interfaces with the SAs installed on them; more than one name if they share them."""

    interfaces: tuple[str, ...] = ()
    sas: tuple[TekSa, ...] = ()


@dataclass(frozen=True, slots=True)
class TekPolicy:
    """The keys that protect traffic.

    Attributes:
        title: ``TEK POLICY for the current KS-Policy ACEs Downloaded``; 12.4T says ``TEK POLICY`` alone.
    """

    title: str
    interfaces: tuple[TekInterface, ...] = ()


@dataclass(frozen=True, slots=True)
class KgsPolicy:
    """A line of ``KGS POLICY`` (key generation system, 16/17)."""

    kind: str
    local_address: Address


@dataclass(frozen=True, slots=True)
class P2pPolicy:
    """A line of ``P2P POLICY`` (pairwise keys, 16/17)."""

    kind: str
    local_address: Address


@dataclass(frozen=True, slots=True)
class GmGroup:
    """A group as ``show crypto gdoi gm`` prints it; see ``ReceivedPolicy``."""

    group_name: str
    sa_direction: str | None = None
    acl_received: str | None = None
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Gm:
    """``show crypto gdoi gm``."""

    groups: tuple[GmGroup, ...] = ()
