"""IPsec security associations (``show crypto ipsec sa``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.values import Address, Network, Sentinel, Spi


@dataclass(frozen=True, slots=True)
class IpsecSa:
    """An IPsec SA in one direction; GETVPN shows old and new TEK side by side during a rekey.

    Attributes:
        transforms: such as ``esp-256-aes``, ``esp-sha-hmac``.
        settings: mode and encapsulation, such as ``Tunnel`` or ``Transport``, ``UDP-Encaps``.
        slot: slot of the crypto engine (before 12.4).
        flow_id: crypto engine and number of the flow, such as ``SW:1`` or ``Motorola SEC 2.0:31``.
        sibling_flags: hexadecimal flags without public meaning.
        initiator: whether this router began the negotiation (17.x).
        remaining_kilobytes: volume left; None if the SA has a lifetime in time only, as TEKs have.
        remaining: time left; 0 for a TEK that has ended and is still kept.
        volume_rekey: whether a volume of traffic ends the SA (16/17).
        replay_detection: for GETVPN see ``show crypto gdoi`` for the method and its window.
        replay_window: packets, if the method counts.
        replay_interval: window of time-based anti-replay.
        ecn_status: whether congestion marks are copied (16/17).
        status: such as ``ACTIVE``, or ``ACTIVE(ACTIVE)`` with the status in the data path (16/17).
    """

    spi: Spi
    transforms: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    slot: int | None = None
    connection_id: int | None = None
    flow_id: str | None = None
    sibling_flags: str | None = None
    crypto_map: str | None = None
    initiator: bool | None = None
    remaining_kilobytes: int | str | None = None
    remaining: timedelta | Sentinel | str | None = None
    volume_rekey: bool | None = None
    iv_size_bytes: int | None = None
    replay_detection: bool | str | None = None
    replay_method: str | None = None
    replay_window: int | None = None
    replay_interval: timedelta | None = None
    tag_method: str | Sentinel | None = None
    engine_type: str | None = None
    engine_id: int | None = None
    ike_cookies: str | None = None
    reference_count: int | None = None
    ecn_support: bool | None = None
    ecn_status: bool | Sentinel | str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class SaTable:
    """The SAs of one ident with one direction and protocol.

    Attributes:
        direction: ``inbound`` or ``outbound``.
        protocol: ``esp``, ``ah`` or ``pcp`` (compression).
        no_sas: the text if the router says that there are none.
    """

    direction: str
    protocol: str
    no_sas: str | None = None
    sas: tuple[IpsecSa, ...] = ()


@dataclass(frozen=True, slots=True)
class IpsecIdent:
    """A pair of traffic selectors with its counters and SAs; for GETVPN one per permit entry of the group's list.

    Attributes:
        protected_vrf: inside VRF.
        local_network: selector of the protected traffic; text if the mask is no prefix.
        local_protocol: IP protocol, 0 for all.
        local_port: 0 for all.
        group_name: GDOI group, if printed.
        peer: ``0.0.0.0`` for GETVPN.
        peer_port: 848 for GDOI, 500 or 4500 for IKE.
        action: ``PERMIT`` or ``DENY``.
        flags: such as ``origin_is_acl``.
        send_errors: packets that should have been encrypted and were dropped.
        receive_errors: packets that could not be decrypted or verified.
        packets_no_sa_sent: dropped for lack of an outbound SA; this and all further counters only with ``detail``.
        packets_invalid_sa_received: came with an SPI that is unknown here.
        packets_replay_failed_received: dropped by anti-replay.
        ip_mtu_interface: interface whose IP MTU holds.
        outbound_spi: SPI used for sending; 0 if there is no SA.
        pfs: perfect forward secrecy (16/17).
        dh_group: Diffie-Hellman group of PFS.
        pqc_key_exchange: post-quantum method (17.x).
        tables: in the order printed.
    """

    protected_vrf: str | Sentinel | None = None
    local_network: Network | str | None = None
    local_protocol: int | None = None
    local_port: int | None = None
    remote_network: Network | str | None = None
    remote_protocol: int | None = None
    remote_port: int | None = None
    group_name: str | None = None
    peer: Address | Sentinel | str | None = None
    peer_port: int | None = None
    action: str | None = None
    flags: tuple[str, ...] = ()
    packets_encapsulated: int | None = None
    packets_encrypted: int | None = None
    packets_digested: int | None = None
    packets_decapsulated: int | None = None
    packets_decrypted: int | None = None
    packets_verified: int | None = None
    packets_compressed: int | None = None
    packets_decompressed: int | None = None
    packets_not_compressed: int | None = None
    packets_compression_failed: int | None = None
    packets_not_decompressed: int | None = None
    packets_decompression_failed: int | None = None
    send_errors: int | None = None
    receive_errors: int | None = None
    packets_no_sa_sent: int | None = None
    packets_invalid_sa_received: int | None = None
    packets_encapsulation_failed: int | None = None
    packets_decapsulation_failed: int | None = None
    packets_invalid_protocol_received: int | None = None
    packets_verify_failed: int | None = None
    packets_invalid_identity_received: int | None = None
    packets_invalid_length_received: int | None = None
    packets_replay_rollover_sent: int | None = None
    packets_replay_rollover_received: int | None = None
    packets_replay_failed_received: int | None = None
    packets_tagged_sent: int | None = None
    packets_untagged_received: int | None = None
    packets_not_tagged_sent: int | None = None
    packets_not_untagged_received: int | None = None
    packets_internal_errors_sent: int | None = None
    packets_internal_errors_received: int | None = None
    local_endpoint: Address | Sentinel | str | None = None
    remote_endpoint: Address | Sentinel | str | None = None
    plaintext_mtu_bytes: int | None = None
    path_mtu_bytes: int | None = None
    media_mtu_bytes: int | None = None
    ip_mtu_bytes: int | None = None
    ip_mtu_interface: str | Sentinel | None = None
    outbound_spi: Spi | None = None
    pfs: bool | None = None
    dh_group: str | Sentinel | None = None
    pqc_key_exchange: str | Sentinel | None = None
    tables: tuple[SaTable, ...] = ()

    def sas(self, direction: str) -> tuple[IpsecSa, ...]:
        """The SAs of all protocols in one direction.

        Args:
            direction: ``inbound`` or ``outbound``.
        """
        return tuple(sa for table in self.tables if table.direction == direction for sa in table.sas)


@dataclass(frozen=True, slots=True)
class MapSas:
    """What a crypto map on an interface protects."""

    crypto_map: str
    local_address: Address | Sentinel | str | None = None
    no_sas: str | None = None
    idents: tuple[IpsecIdent, ...] = ()


@dataclass(frozen=True, slots=True)
class InterfaceSas:
    """The crypto maps of an interface."""

    interface: str
    no_sas: str | None = None
    crypto_maps: tuple[MapSas, ...] = ()


@dataclass(frozen=True, slots=True)
class IpsecSas:
    """``show crypto ipsec sa``, with or without ``detail`` and filters.

    Attributes:
        no_sas: the text if the router says that there are none.
        leading_pfs: of a PFS line before the first interface, which 12.4T prints detached from what it describes.
        loose_idents: idents of a capture without its head: nothing tells which interface they belong to.
    """

    no_sas: str | None = None
    leading_pfs: bool | None = None
    leading_dh_group: str | Sentinel | None = None
    loose_idents: tuple[IpsecIdent, ...] = ()
    interfaces: tuple[InterfaceSas, ...] = ()

    def idents(self) -> Iterator[tuple[InterfaceSas, MapSas, IpsecIdent]]:
        """Every ident with the interface and the map it belongs to."""
        for interface in self.interfaces:
            for crypto_map in interface.crypto_maps:
                for ident in crypto_map.idents:
                    yield interface, crypto_map, ident
