"""IKE, IPsec and crypto maps of a configuration. A field is None if its line is not printed: the default holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from getvpn_ops.model.config.pki import CertificateChain, CryptoIdentity, Trustpoint
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class IsakmpPolicy:
    """One ISAKMP (IKEv1) policy.

    Attributes:
        number: priority, 1 is the best.
        encryption: ``des``, ``3des`` or ``aes``.
        key_size_bits: of AES, if printed.
        hash: ``md5``, ``sha``, ``sha256`` ...
        authentication: ``pre-share`` or ``rsa-sig`` ...
        dh_group: Diffie-Hellman group.
        lifetime: of the IKE SA.
        other: lines that have no field here.
        line: where it begins.
    """

    number: int
    encryption: str | None = None
    key_size_bits: int | None = None
    hash: str | None = None
    authentication: str | None = None
    dh_group: int | None = None
    lifetime: timedelta | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """A pre-shared key and whom it is for.

    Attributes:
        secret: the key; its ``encryption`` is 0 or 6.
        address: of the peer; 0.0.0.0 is a wildcard.
        mask: of the peer's addresses if printed: ``255.255.255.0``, or ``/64`` for IPv6.
        hostname: of the peer, in place of an address.
        vrf: of the peer, where the line carries it.
        no_xauth: True for ``no-xauth``.
        line: where it stands.
    """

    secret: Secret = field(metadata={"kind": "isakmp-key"})
    address: Address | None = None
    mask: str | None = None
    hostname: str | None = None
    vrf: str | None = None
    no_xauth: bool | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Keyring:
    """``crypto keyring``: pre-shared keys of one VRF."""

    name: str
    vrf: str | None = None
    description: str | None = None
    local_address: str | None = None
    keys: tuple[PreSharedKey, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class IsakmpKeepalive:
    """Dead peer detection.

    Attributes:
        interval: between two messages.
        retry: between two attempts once one failed.
        periodic: True if ``periodic`` is printed; on demand otherwise.
        on_demand: True if ``on-demand`` is printed.
    """

    interval: timedelta
    retry: timedelta | None = None
    periodic: bool = False
    on_demand: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class IsakmpProfile:
    """``crypto isakmp profile``.

    Attributes:
        name: its name.
        keyring: that it uses.
        self_identity: how this router names itself.
        matches: ``match identity`` and the like, without ``match``.
        vrf: inside VRF.
        local_address: interface or address it listens on.
        trustpoint: of ``ca trust-point``.
        other: lines that have no field here.
        line: where it begins.
    """

    name: str
    description: str | None = None
    keyring: str | None = None
    self_identity: str | None = None
    matches: tuple[str, ...] = ()
    vrf: str | None = None
    local_address: str | None = None
    trustpoint: str | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Ikev2Proposal:
    """``crypto ikev2 proposal``; several algorithms on one line are alternatives, best first."""

    name: str
    encryption: tuple[str, ...] = ()
    integrity: tuple[str, ...] = ()
    prf: tuple[str, ...] = ()
    dh_groups: tuple[int, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Ikev2Policy:
    """``crypto ikev2 policy``; ``matches`` are its ``match`` lines without that word."""

    name: str
    proposals: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Ikev2Key:
    """One pre-shared key of a peer in an IKEv2 keyring; ``direction`` is ``local``, ``remote`` or None for both."""

    secret: Secret = field(metadata={"kind": "ikev2-key"})
    direction: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Ikev2Peer:
    """A peer in an IKEv2 keyring; ``address`` is as printed, with its mask."""

    name: str
    description: str | None = None
    address: str | None = None
    hostname: str | None = None
    identity: str | None = None
    keys: tuple[Ikev2Key, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Ikev2Keyring:
    """``crypto ikev2 keyring``."""

    name: str
    peers: tuple[Ikev2Peer, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Ikev2Profile:
    """``crypto ikev2 profile``.

    Attributes:
        name: its name.
        matches: ``match`` lines without that word.
        identity_local: how this router names itself.
        authentication_local: ``pre-share``, ``rsa-sig`` ...
        authentication_remote: the same for peers; several are alternatives.
        keyring: local keyring.
        trustpoints: of ``pki trustpoint``, with ``sign`` or ``verify`` if printed.
        lifetime: of the IKE SA.
        dpd: interval, retry and mode, as printed.
        other: lines that have no field here.
        line: where it begins.
    """

    name: str
    description: str | None = None
    matches: tuple[str, ...] = ()
    identity_local: str | None = None
    authentication_local: str | None = None
    authentication_remote: tuple[str, ...] = ()
    keyring: str | None = None
    trustpoints: tuple[str, ...] = ()
    lifetime: timedelta | None = None
    dpd: str | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class TransformSet:
    """``crypto ipsec transform-set``; ``transforms`` are ``esp-aes 256``, ``esp-sha-hmac`` ... in order."""

    name: str
    transforms: tuple[str, ...] = ()
    mode: str | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class IpsecProfile:
    """``crypto ipsec profile``; on a key server it sets the lifetime of the TEK.

    Attributes:
        name: its name.
        lifetime: of the SA in time.
        lifetime_kilobytes: of the SA in volume; the word ``disable`` where volume rekey is off.
        idle_time: of the SA.
        transform_sets: in order of preference.
        pfs_group: Diffie-Hellman group of perfect forward secrecy.
        isakmp_profile: of ``set isakmp-profile``.
        ikev2_profile: of ``set ikev2-profile``.
        other: lines that have no field here.
        line: where it begins.
    """

    name: str
    description: str | None = None
    lifetime: timedelta | None = None
    lifetime_kilobytes: int | str | None = None
    idle_time: timedelta | None = None
    transform_sets: tuple[str, ...] = ()
    pfs_group: str | None = None
    isakmp_profile: str | None = None
    ikev2_profile: str | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CryptoMapEntry:
    """One entry of a crypto map.

    Attributes:
        sequence: its place.
        type: ``gdoi``, ``ipsec-isakmp`` or ``ipsec-manual``.
        description: as configured.
        group: GDOI group.
        match_acl: of a GDOI entry the ACL of local exceptions, else what to encrypt.
        peers: of an ``ipsec-isakmp`` entry, as printed.
        transform_sets: of an ``ipsec-isakmp`` entry.
        pfs_group: of an ``ipsec-isakmp`` entry.
        lifetime: of the SA in time.
        isakmp_profile: of ``set isakmp-profile``.
        ikev2_profile: of ``set ikev2-profile``.
        dynamic_map: of ``ipsec-isakmp dynamic``.
        other: lines that have no field here.
        line: where it begins.
    """

    sequence: int
    type: str
    description: str | None = None
    group: str | None = None
    match_acl: str | None = None
    peers: tuple[str, ...] = ()
    transform_sets: tuple[str, ...] = ()
    pfs_group: str | None = None
    lifetime: timedelta | None = None
    isakmp_profile: str | None = None
    ikev2_profile: str | None = None
    dynamic_map: str | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class FailClose:
    """``crypto map M gdoi fail-close``: before registration only what its ACL denies may pass in clear.

    Attributes:
        match_acl: traffic that passes.
        activated: True for ``activate``, False for ``no activate``, None if neither is printed: it is off.
        other: lines that have no field here.
        line: where it begins.
    """

    match_acl: str | None = None
    activated: bool | None = None
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CryptoMap:
    """A crypto map, all its lines together.

    Attributes:
        name: its name.
        ipv6: whether it is an IPv6 map.
        local_address: interface whose address names this router.
        entries: in order of the text.
        fail_close: or None.
        interfaces: that carry the map.
        other: lines of the whole map that have no field here.
        line: where it is first named.
    """

    name: str
    ipv6: bool = False
    local_address: str | None = None
    entries: tuple[CryptoMapEntry, ...] = ()
    fail_close: FailClose | None = None
    interfaces: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CryptoConfig:
    """Everything under ``crypto`` but the GDOI groups.

    Attributes:
        isakmp_identity: ``address``, ``hostname`` or ``dn``.
        isakmp_enabled: False for ``no crypto isakmp enable``.
        df_bit: global ``crypto ipsec df-bit``: ``clear``, ``set`` or ``copy``.
        fragmentation: global ``crypto ipsec fragmentation``: ``before-encryption`` or ``after-encryption``.
        lifetime: global lifetime of IPsec SAs in time.
        lifetime_kilobytes: the same in volume.
        replay_window: of ``crypto ipsec security-association replay window-size``.
    """

    isakmp_policies: tuple[IsakmpPolicy, ...] = ()
    isakmp_keys: tuple[PreSharedKey, ...] = ()
    isakmp_keepalive: IsakmpKeepalive | None = None
    isakmp_identity: str | None = None
    isakmp_enabled: bool | None = None
    keyrings: tuple[Keyring, ...] = ()
    isakmp_profiles: tuple[IsakmpProfile, ...] = ()
    ikev2_proposals: tuple[Ikev2Proposal, ...] = ()
    ikev2_policies: tuple[Ikev2Policy, ...] = ()
    ikev2_keyrings: tuple[Ikev2Keyring, ...] = ()
    ikev2_profiles: tuple[Ikev2Profile, ...] = ()
    transform_sets: tuple[TransformSet, ...] = ()
    ipsec_profiles: tuple[IpsecProfile, ...] = ()
    df_bit: str | None = None
    fragmentation: str | None = None
    lifetime: timedelta | None = None
    lifetime_kilobytes: int | str | None = None
    replay_window: int | None = None
    identities: tuple[CryptoIdentity, ...] = ()
    trustpoints: tuple[Trustpoint, ...] = ()
    certificate_chains: tuple[CertificateChain, ...] = ()
