"""SAs as GDOI lists them: ``show crypto gdoi ipsec sa`` and ``show crypto gdoi rekey sa``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.values import Address, Endpoint, Network, Sentinel, Spi


@dataclass(frozen=True, slots=True)
class Ident:
    """What one ACE of the policy became.

    Attributes:
        protocol: name or number.
        local: ``any``, or what it covers.
        local_port: 0 is any.
        sa_direction: ``Both`` or ``Inbound Only``.
        replay_method: ``Time``, ``Counter`` or ``Disabled``.
        replay_window: packets, with a counter.
        replay_interval: window of the time-based method.
    """

    protocol: str
    local: Network | Sentinel | str | None = None
    local_port: int | None = None
    remote: Network | Sentinel | str | None = None
    remote_port: int | None = None
    sa_direction: str | None = None
    replay_method: str | None = None
    replay_window: int | None = None
    replay_interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class IdentInterface:
    """Interfaces with the idents on them; more than one name if they share them."""

    interfaces: tuple[str, ...] = ()
    idents: tuple[Ident, ...] = ()


@dataclass(frozen=True, slots=True)
class IpsecSaGroup:
    """The IPsec SAs of a group."""

    group_name: str
    interfaces: tuple[IdentInterface, ...] = ()


@dataclass(frozen=True, slots=True)
class GdoiIpsecSa:
    """``show crypto gdoi ipsec sa``."""

    groups: tuple[IpsecSaGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class RekeySa:
    """A KEK SA. Two of one pair are the current and the previous one.

    Attributes:
        destination: the member, or the multicast group.
        source: the key server.
        status: as printed; ``ACTIVE`` is the healthy word.
    """

    destination: Address
    source: Address
    connection_id: int
    status: str


@dataclass(frozen=True, slots=True)
class GdoiRekeySa:
    """``show crypto gdoi rekey sa``."""

    sas: tuple[RekeySa, ...] = ()


@dataclass(frozen=True, slots=True)
class RekeySaDetail:
    """A KEK SA with its keys' properties.

    Attributes:
        transport: ``Unicast`` or ``Multicast``.
        spi: 128 bits.
        signature_key_length_bytes: of the DER public key.
        signature_size_bytes: of a signature.
        acknowledgement: what the key server expects: ``Cisco``, ``Any`` ...
        ike_version: of the connection, such as ``IKEv1``.
        previous_sequence: sequence number of the rekey before.
        handle: as printed, hexadecimal without 0x.
        interface: IOS cuts it to the type.
    """

    transport: str | None = None
    local: Endpoint | str | None = None
    remote: Endpoint | str | None = None
    spi: Spi | None = None
    management_algorithm: str | None = None
    encryption: str | None = None
    iv_length_bytes: int | None = None
    key_size_bytes: int | None = None
    lifetime: timedelta | Sentinel | None = None
    remaining: timedelta | Sentinel | None = None
    time_to_rekey: timedelta | Sentinel | None = None
    signature_hash: str | None = None
    signature_key_length_bytes: int | None = None
    signature_size_bytes: int | None = None
    signature_key_name: str | None = None
    acknowledgement: str | None = None
    ike_version: str | None = None
    connection_id: int | None = None
    sequence: int | None = None
    previous_sequence: int | None = None
    handle: str | None = None
    interface: str | None = None
    group_name: str | None = None


@dataclass(frozen=True, slots=True)
class GdoiRekeySaDetail:
    """``show crypto gdoi rekey sa detail``.

    Attributes:
        active: KEK SAs in use.
        allocated: ever made; many more than freed would be a leak.
        freed: given back.
    """

    active: int | None = None
    allocated: int | None = None
    freed: int | None = None
    keks: tuple[RekeySaDetail, ...] = ()
