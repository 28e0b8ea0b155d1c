"""Interfaces of a configuration, as far as GETVPN depends on them."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.values import Address, Interface


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """An address of an interface.

    Attributes:
        interface: address with the prefix of its network; None if it is learned.
        how: ``dhcp``, ``negotiated``, ``autoconfig``, a pool or a prefix name as printed, if it is learned.
        secondary: True for a secondary IPv4 address.
        options: words behind it, such as ``eui-64`` or ``link-local``.
        line: where it stands.
    """

    interface: Interface | None = None
    how: str | None = None
    secondary: bool = False
    options: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class IgmpJoin:
    """``ip igmp join-group`` or ``static-group``; ``source`` is a key server in SSM."""

    group: Address | str
    source: Address | None = None
    static: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class InterfaceConfig:
    """One interface. A field is None if its line is not printed.

    Attributes:
        name: as printed.
        mode: words behind the name, such as ``point-to-point``.
        description: as configured.
        addresses: IPv4, the primary first.
        no_address: True for ``no ip address``.
        unnumbered: interface whose address it borrows.
        ipv6_addresses: IPv6.
        ipv6_enable: True for ``ipv6 enable``.
        vrf: VRF it belongs to.
        shutdown: True for ``shutdown``, False for ``no shutdown``.
        crypto_map: crypto map it carries.
        ipv6_crypto_map: IPv6 crypto map it carries.
        acl_in: IPv4 access group inbound.
        acl_out: outbound.
        ipv6_acl_in: IPv6 traffic filter inbound.
        ipv6_acl_out: outbound.
        adjust_mss: of ``ip tcp adjust-mss``, in bytes.
        mtu: in bytes.
        ip_mtu: in bytes.
        ipv6_mtu: in bytes.
        df_bit: of ``crypto ipsec df-bit``.
        fragmentation: of ``crypto ipsec fragmentation``.
        nat: ``inside`` or ``outside``.
        pim: mode, such as ``sparse-mode``.
        igmp_joins: multicast groups it joins.
        hold_queue_in: packets.
        hold_queue_out: packets.
        encapsulation: such as ``dot1Q 10``.
        bandwidth: in kbit/s.
        tunnel_source: interface or address.
        tunnel_destination: address or name.
        tunnel_mode: such as ``gre ip``.
        tunnel_key: as printed.
        tunnel_protection: IPsec profile, and what stands behind it.
        tunnel_vrf: of the outer packets.
        helper_addresses: as printed.
        service_policy_in: policy map inbound.
        service_policy_out: outbound.
        load_interval: in seconds.
        other: lines that have no field here.
        line: where it begins.
    """

    name: str
    mode: str | None = None
    description: str | None = None
    addresses: tuple[InterfaceAddress, ...] = ()
    no_address: bool | None = None
    unnumbered: str | None = None
    ipv6_addresses: tuple[InterfaceAddress, ...] = ()
    ipv6_enable: bool | None = None
    vrf: str | None = None
    shutdown: bool | None = None
    crypto_map: str | None = None
    ipv6_crypto_map: str | None = None
    acl_in: str | None = None
    acl_out: str | None = None
    ipv6_acl_in: str | None = None
    ipv6_acl_out: str | None = None
    adjust_mss: int | None = None
    mtu: int | None = None
    ip_mtu: int | None = None
    ipv6_mtu: int | None = None
    df_bit: str | None = None
    fragmentation: str | None = None
    nat: str | None = None
    pim: str | None = None
    igmp_joins: tuple[IgmpJoin, ...] = ()
    hold_queue_in: int | None = None
    hold_queue_out: int | None = None
    encapsulation: str | None = None
    bandwidth: int | None = None
    tunnel_source: str | None = None
    tunnel_destination: str | None = None
    tunnel_mode: str | None = None
    tunnel_key: str | None = None
    tunnel_protection: str | None = None
    tunnel_vrf: str | None = None
    helper_addresses: tuple[str, ...] = ()
    service_policy_in: str | None = None
    service_policy_out: str | None = None
    load_interval: int | None = None
    other: tuple[str, ...] = ()
    line: int | None = None
