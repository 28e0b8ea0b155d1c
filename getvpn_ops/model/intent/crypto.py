"""What a group's keys are made of: transforms, lifetimes, rekey, IKE, who may register."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.model.intent.written import (
    AceText,
    IdentityLine,
    IkeLifetime,
    KekLifetime,
    ListName,
    MulticastAddress,
    MulticastRange,
    Name,
    SecretPattern,
    Sequence,
    Subject,
    TekLifetime,
    Url,
    Whole,
    once,
)


class Profile(StrEnum):
    """Where values come from that nobody wrote."""

    TODAY = "today"
    """Good practice, within what every router of the group can do."""
    GUIDE = "guide"
    """The values of the deployment guide (2009): AES-128, SHA-1, DH group 2, RSA 1024."""


class Cipher(StrEnum):
    """Of traffic keys, rekeys and IKE."""

    DES = "des"
    TRIPLE_DES = "3des"
    AES_128 = "aes-128"
    AES_192 = "aes-192"
    AES_256 = "aes-256"
    GCM_128 = "gcm-128"
    GCM_192 = "gcm-192"
    GCM_256 = "gcm-256"
    GMAC_128 = "gmac-128"
    GMAC_192 = "gmac-192"
    GMAC_256 = "gmac-256"


class Digest(StrEnum):
    """Of integrity and signatures."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


COUNTER_MODE = frozenset(item for item in Cipher if item.startswith(("gcm", "gmac")))
"""Ciphers with an integrity of their own; they need key server identifiers."""
AES = frozenset(item for item in Cipher if item not in {Cipher.DES, Cipher.TRIPLE_DES})
"""Ciphers that may live longer than a day ("GET VPN Resiliency", long SA lifetime)."""


def _without_counter_mode(cipher: Cipher) -> Cipher:
    if cipher in COUNTER_MODE:
        raise ValueError("one of des, 3des, aes-128, aes-192, aes-256")
    return cipher


def _of_ikev2(cipher: Cipher) -> Cipher:
    if cipher in COUNTER_MODE - {Cipher.GCM_128, Cipher.GCM_256}:
        raise ValueError("one of des, 3des, aes-128, aes-192, aes-256, gcm-128, gcm-256")
    return cipher


def _of_signature(digest: Digest) -> Digest:
    if digest is Digest.MD5:
        raise ValueError("one of sha1, sha256, sha384, sha512")
    return digest


BlockCipher = Annotated[Cipher, AfterValidator(_without_counter_mode)]
"""Of rekeys and IKEv1, which know no counter mode."""
Modulus = Annotated[Whole, Field(ge=1024, le=4096)]
"""Bits; the guide's 1024 is the least, and 2048 today's practice."""


class TransformIntent(FrozenModel):
    """A transform set. ``integrity`` is None for GCM and GMAC, which have their own."""

    name: Name | None = None
    encryption: Cipher | None = None
    integrity: Digest | None = None


class ReplayIntent(FrozenModel):
    """Anti-replay: exactly one of the two, or ``off``.

    Attributes:
        time: window of time-based anti-replay in seconds.
        counter: window in packets.
        off: none at all.
    """

    time: Annotated[Whole, Field(ge=1, le=100)] | None = None
    counter: Literal[64, 128, 256, 512, 1024] | None = None
    off: bool = False

    @model_validator(mode="after")
    def _one(self) -> ReplayIntent:
        if (self.time is not None) + (self.counter is not None) + self.off != 1:
            raise ValueError("exactly one of time, counter and off")
        return self


class PolicyIntent(FrozenModel):
    """One ``sa ipsec``: what is encrypted and how.

    Attributes:
        sequence: of ``sa ipsec``.
        acl: what is encrypted.
        transform: None: the profile's, within what all routers of the group can do.
        tek_lifetime: seconds.
        replay: None: by time, 5 seconds.
        profile_name: of the IPsec profile; None: made from the group's name.
        tag_cts_sgt: inline tagging (``tag cts sgt``).
    """

    sequence: Sequence = 1
    acl: AccessListIntent
    transform: TransformIntent | None = None
    tek_lifetime: TekLifetime | None = None
    replay: ReplayIntent | None = None
    profile_name: Name | None = None
    tag_cts_sgt: bool = False


class RetransmitIntent(FrozenModel):
    """How often a rekey is sent again: ``number`` times every ``interval`` seconds, or ``periodic``."""

    interval: Annotated[Whole, Field(ge=10, le=60)] = 10
    number: Annotated[Whole, Field(ge=1, le=10)] | None = None
    periodic: bool = False

    @model_validator(mode="after")
    def _one(self) -> RetransmitIntent:
        if (self.number is not None) == self.periodic:
            raise ValueError("either number or periodic: true")
        return self


class MulticastIntent(FrozenModel):
    """Rekeys by multicast (guide, "Multicast Rekeying").

    Attributes:
        group: the multicast address.
        acl_name: of the list that names it; None: made from the group's name.
        entries: of that list; None: ``permit ip any host GROUP``, as the guide has it.
        ssm: source-specific: members join for each key server.
        ssm_acl: number or name of the standard list of ``ip pim ssm range``. None: ``GETVPN_SSM``, since a list of a
            low number may be there for something else; by the guide's profile 1.
        ssm_range: what that list permits; None: the group alone.
    """

    group: MulticastAddress
    acl_name: ListName | None = None
    entries: tuple[AceText, ...] | None = None
    ssm: bool = True
    ssm_acl: ListName | None = None
    ssm_range: MulticastRange | None = None


class RekeyIntent(FrozenModel):
    """How keys are renewed.

    Attributes:
        algorithm: of the KEK.
        kek_lifetime: seconds.
        signature_hash: None where the release has no such line.
        key_label: of the RSA key pair that signs.
        modulus: of that key pair, in bits; IOS keeps it in the key, not in the configuration.
        transport: by unicast, or by multicast as described.
        retransmit: of unacknowledged rekeys.
        acknowledgement: 16/17 only.
    """

    algorithm: BlockCipher | None = None
    kek_lifetime: KekLifetime | None = None
    signature_hash: Annotated[Digest, AfterValidator(_of_signature)] | None = None
    key_label: Name | None = None
    modulus: Modulus | None = None
    transport: Literal["unicast", "multicast"] = "unicast"
    multicast: MulticastIntent | None = None
    retransmit: RetransmitIntent | None = None
    acknowledgement: Literal["any", "cisco", "interoperable"] | None = None

    @model_validator(mode="after")
    def _address(self) -> RekeyIntent:
        if self.transport == "multicast" and self.multicast is None:
            raise ValueError("the key multicast where transport is multicast")
        return self


class IkePolicyIntent(FrozenModel):
    """One ``crypto isakmp policy``. A field that nobody wrote comes from the profile."""

    number: Annotated[Whole, Field(ge=1, le=10000)]
    encryption: BlockCipher | None = None
    hash: Digest | None = None
    dh_group: Literal[1, 2, 5, 14, 15, 16, 19, 20, 21, 24] | None = None
    lifetime: IkeLifetime | None = None


class PskIntent(FrozenModel):
    """Pre-shared keys, by reference.

    Attributes:
        reference: pattern of the names of secrets: ``{member}`` and ``{group}`` are replaced. A member has one key
            for all key servers; between two key servers ``{member}`` is both names in order, joined by a hyphen. Two
            groups in one VRF need the same key towards one address, so a pattern with ``{group}`` serves a group that
            shares no router. One without ``{member}`` is a common key: allowed, and a finding.
    """

    reference: SecretPattern = "psk/{member}"


class PkiIntent(FrozenModel):
    """Certificates.

    Attributes:
        trustpoint: its name.
        enrollment_url: None: the trustpoint is there already and not ours to write.
        subject: of the routers' certificates; ``{device}`` is not replaced by IOS but by us.
        revocation: methods in order.
        rsa_label: key pair of the certificate; None: the router's default.
        modulus: of that key pair, in bits.
        auto_enroll: percent of the lifetime after which a new certificate is asked for; None: none is.
        ra: enrolment through a registration authority.
    """

    trustpoint: Name
    enrollment_url: Url | None = None
    subject: Subject | None = None
    revocation: Annotated[tuple[Literal["crl", "ocsp", "none"], ...], Field(min_length=1), AfterValidator(once)] = (
        "crl",
    )
    rsa_label: Name | None = None
    modulus: Modulus | None = None
    auto_enroll: Annotated[Whole, Field(ge=1, le=100)] | None = None
    ra: bool = False


class KeepaliveIntent(FrozenModel):
    """Dead peer detection between key servers; seconds."""

    interval: Annotated[Whole, Field(ge=10, le=3600)] = 15
    retry: Annotated[Whole, Field(ge=2, le=60)] | None = None
    periodic: bool = True


class Gikev2Intent(FrozenModel):
    """G-IKEv2 in place of GDOI (or, on key servers, beside it); names of IKEv2 objects are made from ``name``.

    Attributes:
        name: of proposal, policy, keyring and profile.
        encryption: of the IKEv2 SA.
        integrity: and pseudorandom function.
        dh_group: of it.
        also_gdoi: key servers serve members of both kinds.
    """

    name: Name | None = None
    encryption: Annotated[Cipher, AfterValidator(_of_ikev2)] | None = None
    integrity: Digest | None = None
    dh_group: Literal[14, 15, 16, 19, 20, 21] | None = None
    also_gdoi: bool = True


class IkeIntent(FrozenModel):
    """How routers of the group authenticate each other.

    Attributes:
        policies: of the key servers, best first; a member has the first that its release can do. None: the profile's.
        key_server_lifetime: seconds, where a policy says none; the guide asks for a day.
        member_lifetime: seconds; the guide asks for 300.
        psk: pre-shared keys; None with ``pki``.
        pki: certificates; None with ``psk``.
        keepalive: between key servers; None: the profile's; False: none.
        gikev2: None: GDOI over IKEv1 alone.
    """

    policies: Annotated[tuple[IkePolicyIntent, ...], Field(min_length=1)] | None = None
    key_server_lifetime: IkeLifetime = 86400
    member_lifetime: IkeLifetime = 300
    psk: PskIntent | None = None
    pki: PkiIntent | None = None
    keepalive: KeepaliveIntent | Literal[False] | None = None
    gikev2: Gikev2Intent | None = None

    @model_validator(mode="after")
    def _one(self) -> IkeIntent:
        if self.psk is not None and self.pki is not None:
            raise ValueError("either psk or pki")
        return self


class AuthorizationIntent(FrozenModel):
    """Who may register: the group's members (the default), addresses of a list, or a ``crypto identity``.

    Attributes:
        members: a list of exactly the members' GDOI addresses is written.
        acl: a list of one's own instead: entries of a standard list, such as ``permit 10.0.0.0 0.0.255.255``.
        identity: name of a ``crypto identity``; ``names`` are its ``dn`` and ``fqdn`` lines.
        acl_name: of the list; None: made from the group's name.
    """

    members: bool = True
    acl: Annotated[tuple[AceText, ...], Field(min_length=1)] | None = None
    identity: Name | None = None
    names: tuple[IdentityLine, ...] = ()
    acl_name: ListName | None = None

    @model_validator(mode="after")
    def _one_way(self) -> AuthorizationIntent:
        if self.identity is not None and self.acl is not None:
            raise ValueError("either acl or identity")
        if self.names and self.identity is None:
            raise ValueError("names with identity only: they are its lines")
        return self


class CoopIntent(FrozenModel):
    """Several key servers (guide, "Co-operative Key Server").

    Attributes:
        priorities: of each key server, 1 to 255. None: falling in the order of ``key_servers``.
        protocol_version: ``optimize`` above 4,000 members.
        pdu: size in bytes.
    """

    priorities: dict[Name, Annotated[Whole, Field(ge=1, le=255)]] | None = None
    protocol_version: Literal["base", "optimize"] | None = None
    pdu: Annotated[Whole, Field(ge=1, le=65000)] | None = None


class KssidIntent(FrozenModel):
    """Key server identifiers, which counter-mode suites need: of each key server, ``value N`` or ``range A - B``.

    Attributes:
        values: identifiers 0 to 127 by device; None: 16 each in the order
            of the key servers, or as many as there are for more than eight.
    """

    values: dict[Name, tuple[Annotated[Whole, Field(ge=0, le=127)], ...]] | None = None


class D3pIntent(FrozenModel):
    """IP delivery delay detection: window in milliseconds, 1000 to 100000."""

    window: Annotated[Whole, Field(ge=1000, le=100000)]
