"""Interfaces."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import TYPE_CHECKING

from getvpn_ops.model.config.interface import IgmpJoin, InterfaceAddress, InterfaceConfig
from getvpn_ops.parsing.config.fill import fill, flag, nested, part, rule, table

if TYPE_CHECKING:
    import re

    from getvpn_ops.model.config.tree import ConfigLine

OPENER = r"interface (?P<name>\S+(?: \d\S*)?)(?: (?P<mode>\S.*))?"


def _ipv4(node: ConfigLine, found: re.Match[str], _doubts: list[str]) -> InterfaceAddress:
    address = ip_interface(f"{found['address']}/{found['mask']}")
    return InterfaceAddress(interface=address, secondary=found["secondary"] is not None, line=node.line)


def _ipv6(node: ConfigLine, found: re.Match[str], _doubts: list[str]) -> InterfaceAddress:
    return InterfaceAddress(interface=ip_interface(found["address"]), options=found["options"], line=node.line)


_RULES = table(
    rule(r"description (?P<description>\S.*)"),
    nested("addresses", _ipv4, r"ip address (?P<address>\d\S*) (?P<mask>\d\S*)(?P<secondary> secondary)?"),
    rule("no ip address", no_address=True),
    part("addresses", InterfaceAddress, r"ip address (?P<how>[A-Za-z]\S*)(?: (?P<options>\S.*))?"),
    rule(r"ip unnumbered (?P<unnumbered>\S.*)"),
    nested("ipv6_addresses", _ipv6, r"ipv6 address (?P<address>[0-9A-Fa-f:]*:[0-9A-Fa-f:./]*)(?: (?P<options>\S.*))?"),
    part("ipv6_addresses", InterfaceAddress, r"ipv6 address (?P<how>[A-Za-z]\S*)(?: (?P<options>\S.*))?"),
    flag("ipv6_enable", "ipv6 enable"),
    rule(r"(?:ip )?vrf forwarding (?P<vrf>\S+)"),
    flag("shutdown", "shutdown"),
    rule(r"crypto map (?:ipv6 )?(?P<crypto_map>\S+)(?: redundancy .*)?"),
    rule(r"ipv6 crypto map (?P<ipv6_crypto_map>\S+)"),
    rule(r"ip access-group (?P<acl_in>\S+) in"),
    rule(r"ip access-group (?P<acl_out>\S+) out"),
    rule(r"ipv6 traffic-filter (?P<ipv6_acl_in>\S+) in"),
    rule(r"ipv6 traffic-filter (?P<ipv6_acl_out>\S+) out"),
    rule(r"ip tcp adjust-mss (?P<adjust_mss>\d+)"),
    rule(r"mtu (?P<mtu>\d+)"),
    rule(r"ip mtu (?P<ip_mtu>\d+)"),
    rule(r"ipv6 mtu (?P<ipv6_mtu>\d+)"),
    rule(r"crypto ipsec df-bit (?P<df_bit>\S+)"),
    rule(r"crypto ipsec fragmentation (?P<fragmentation>\S+)"),
    rule(r"ip nat (?P<nat>inside|outside)"),
    rule(r"ip pim (?P<pim>(?:sparse|dense|passive)\S*)"),
    part("igmp_joins", IgmpJoin, r"ip igmp join-group (?P<group>\S+)(?: source (?P<source>\S+))?"),
    nested(
        "igmp_joins",
        lambda node, found, _: IgmpJoin(found["group"], None, static=True, line=node.line),
        r"ip igmp static-group (?P<group>\S+)",
    ),
    rule(r"hold-queue (?P<hold_queue_in>\d+) in"),
    rule(r"hold-queue (?P<hold_queue_out>\d+) out"),
    rule(r"encapsulation (?P<encapsulation>\S.*)"),
    rule(r"bandwidth (?P<bandwidth>\d+)"),
    rule(r"tunnel source (?P<tunnel_source>\S.*)"),
    rule(r"tunnel destination (?P<tunnel_destination>\S.*)"),
    rule(r"tunnel mode (?P<tunnel_mode>\S.*)"),
    rule(r"tunnel key (?P<tunnel_key>\S+)"),
    rule(r"tunnel protection (?:ipsec profile )?(?P<tunnel_protection>\S.*)"),
    rule(r"tunnel vrf (?P<tunnel_vrf>\S+)"),
    rule(r"ip helper-address (?P<helper_addresses>\S.*)"),
    rule(r"service-policy input (?P<service_policy_in>\S+)"),
    rule(r"service-policy output (?P<service_policy_out>\S+)"),
    rule(r"load-interval (?P<load_interval>\d+)"),
)


def read_interface(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> InterfaceConfig:
    """Read ``interface`` with what is below it."""
    return fill(InterfaceConfig, node.children, _RULES, doubts, name=found["name"], mode=found["mode"], line=node.line)
