"""GDOI groups of a configuration, of key servers and group members (``crypto gdoi group``, ``crypto gkm group``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class RekeyConfig:
    """The ``rekey`` lines of ``server local``. A field is None if its line is not printed: the default holds.

    Attributes:
        algorithm: ``3des-cbc``, ``aes`` and so on, without the key size.
        key_size_bits: of ``aes 128``.
        lifetime: of the KEK.
        retransmit_interval: time between two transmissions of one rekey.
        retransmit_number: how often a rekey is sent again.
        retransmit_periodic: whether it is sent again until acknowledged or replaced (15.x and later).
        authentication_key: label of the RSA key pair.
        sig_hash: hash of the signature (15.x and later).
        transport_unicast: True for ``rekey transport unicast``, False for its ``no`` form.
        address_acl: ACL that names the multicast group.
        acknowledgement: ``any``, ``cisco`` or ``interoperable`` (16/17).
    """

    algorithm: str | None = None
    key_size_bits: int | None = None
    lifetime: timedelta | None = None
    retransmit_interval: timedelta | None = None
    retransmit_number: int | None = None
    retransmit_periodic: bool | None = None
    authentication_key: str | None = None
    sig_hash: str | None = None
    transport_unicast: bool | None = None
    address_acl: str | None = None
    acknowledgement: str | None = None


@dataclass(frozen=True, slots=True)
class GdoiSaConfig:
    """One ``sa ipsec`` of a key server.

    Attributes:
        sequence: number of the policy.
        profile: IPsec profile that gives transform set and TEK lifetime.
        match_acl: ACL that says what to encrypt.
        match_family: ``ipv4`` or ``ipv6``, as in ``match address``.
        replay_time_window: of time-based anti-replay.
        replay_counter_window: of counter-based anti-replay, in packets.
        replay: False for ``no replay``.
        tag: inline tagging such as ``cts sgt``.
        tag_off: True if ``no tag`` is printed.
        other: lines that have no field here.
        line: of ``sa ipsec``.
    """

    sequence: int
    profile: str | None = None
    match_acl: str | None = None
    match_family: str | None = None
    replay_time_window: timedelta | None = None
    replay_counter_window: int | None = None
    replay: bool | None = None
    tag: str | None = None
    tag_off: bool | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CoopPeerConfig:
    """Another key server of the group, in the order of configuration."""

    address: Address
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RedundancyConfig:
    """COOP of a key server.

    Attributes:
        priority: of this key server; None means the default.
        peers: the other key servers.
        pdu_size: of ``protocol pdu``.
        protocol_version: ``base`` or ``optimize`` (16/17).
        other: lines that have no field here.
        line: of ``redundancy``.
    """

    priority: int | None = None
    peers: tuple[CoopPeerConfig, ...] = ()
    pdu_size: int | None = None
    protocol_version: str | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class IdentifierConfig:
    """Key server identifiers (KSSID), needed by counter-mode suites (15.3 and later).

    Attributes:
        values: of ``value N``.
        ranges: of ``range A - B``, as printed.
        other: lines that have no field here.
        line: of ``identifier``.
    """

    values: tuple[int, ...] = ()
    ranges: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LocalServerConfig:
    """``server local``: this router is a key server of the group.

    Attributes:
        rekey: the ``rekey`` lines.
        sas: IPsec policies in order.
        address: the key server's own.
        address_ipv6: the same for IPv6.
        receive_only: True for ``sa receive-only``, False for its ``no`` form.
        d3p_window: of ``sa d3p window``, IP delivery delay detection (16/17).
        redundancy: COOP, or None.
        authorization_acl: ACL of addresses that may register.
        authorization_identity: ``crypto identity`` of members that may register.
        identifier: key server identifiers, or None.
        group_size: such as ``medium`` or ``small 8``.
        pfs: perfect forward secrecy of rekeys (16/17).
        gdoi: True if GDOI members are served, False for ``no gdoi`` (15.x and later).
        gikev2_profile: IKEv2 profile that serves G-IKEv2 members.
        registration_interface: interface whose registrations are served.
        registration_crl_trustpoint: of ``registration periodic crl trustpoint``.
        other: lines that have no field here.
        line: of ``server local``.
    """

    rekey: RekeyConfig = RekeyConfig()
    sas: tuple[GdoiSaConfig, ...] = ()
    address: Address | None = None
    address_ipv6: Address | None = None
    receive_only: bool | None = None
    d3p_window: timedelta | None = None
    redundancy: RedundancyConfig | None = None
    authorization_acl: str | None = None
    authorization_identity: str | None = None
    identifier: IdentifierConfig | None = None
    group_size: str | None = None
    pfs: bool | None = None
    gdoi: bool | None = None
    gikev2_profile: str | None = None
    registration_interface: str | None = None
    registration_crl_trustpoint: str | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class GdoiServerConfig:
    """A key server that a member registers with; the order is the order of attempts."""

    address: Address
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """The ``client`` lines of a member (15.x and later).

    Attributes:
        protocol: ``gdoi`` or ``gikev2``.
        gikev2_profile: IKEv2 profile of ``client protocol gikev2``.
        registration_interface: source of registrations.
        rekey_encryption: rekey ciphers that the member accepts, as printed.
        rekey_hash: rekey hashes that the member accepts.
        transform_sets: transform sets that the member accepts.
        recovery_check_interval: between checks of the data plane.
        status_track: object that follows the state of the SAs.
        bypass_policy: True for ``client bypass-policy``.
        fail_close_revert: True for ``client fail-close revert``.
        pfs: True for ``client pfs``.
    """

    protocol: str | None = None
    gikev2_profile: str | None = None
    registration_interface: str | None = None
    rekey_encryption: tuple[str, ...] = ()
    rekey_hash: tuple[str, ...] = ()
    transform_sets: tuple[str, ...] = ()
    recovery_check_interval: timedelta | None = None
    status_track: int | None = None
    bypass_policy: bool | None = None
    fail_close_revert: bool | None = None
    pfs: bool | None = None


@dataclass(frozen=True, slots=True)
class GdoiGroupConfig:
    """One GDOI group.

    Attributes:
        name: local to the router.
        keyword: ``gdoi`` or ``gkm``, as printed.
        ipv6: whether it is an IPv6 group.
        identity_number: the group's number, equal on all its routers.
        identity_address: the group's address in place of a number.
        servers: key servers of a member, in order.
        server_local: what the key server does, or None on a member.
        passive: True if the member encrypts although the SA is receive-only.
        client: options of a member.
        other: lines that have no field here.
        line: where it begins.
    """

    name: str
    keyword: str
    ipv6: bool = False
    identity_number: int | None = None
    identity_address: Address | None = None
    servers: tuple[GdoiServerConfig, ...] = ()
    server_local: LocalServerConfig | None = None
    passive: bool | None = None
    client: ClientConfig = ClientConfig()
    other: tuple[str, ...] = ()
    line: int | None = None
