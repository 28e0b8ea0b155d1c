"""Access lists, VRFs, multicast, archive and the global lines that GETVPN depends on."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.model.config.system import (
    AccessList,
    ArchiveConfig,
    Buffers,
    HostConfig,
    User,
    VrfConfig,
)
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.parsing.config.fill import fill, flag, part, rule, table, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.config.tree import ConfigLine

_NAMED = re.compile(
    r"(?P<family>ip|ipv6)\s+access-list\s+(?:(?P<type>standard|extended)\s+)?(?!resequence\s|log|persistent|"
    r"helper|hardware|fragment|match-local|role-based\s)(?P<name>\S+)", re.IGNORECASE
)  # fmt: skip
_NUMBERED = re.compile(r"access-list\s+(?P<name>\d+)\s+(?P<entry>\S.*)", re.IGNORECASE)
_SEQUENCE = re.compile(r"sequence\s+(?=\d)", re.IGNORECASE)
_ACTION = re.compile(r"(?:\d+ )?(?:permit|deny|remark|evaluate)\b", re.IGNORECASE)


def _type_of(number: int) -> str | None:
    """Type of a numbered list, or None if it is none of IP."""
    if number in range(1, 100) or number in range(1300, 2000):
        return "standard"
    if number in range(100, 200) or number in range(2000, 2700):
        return "extended"
    return None


def read_access_lists(lines: Iterable[ConfigLine], doubts: list[str]) -> tuple[AccessList, ...]:
    """Read named and numbered lists; what is continued later is joined."""
    lists: dict[tuple[bool, str], AccessList] = {}
    for node in lines:
        if found := _NAMED.fullmatch(node.text):
            ipv6 = found["family"].lower() == "ipv6"
            name = found["name"]
            kind = "ipv6" if ipv6 else (found["type"] or "extended").lower()
            entries = node.children
        elif (found := _NUMBERED.fullmatch(node.text)) and (numbered := _type_of(int(found["name"]))):
            ipv6, name, kind = False, found["name"], numbered
            entries = (dataclasses.replace(node, text=found["entry"], children=()),)
        else:
            continue
        held = lists.get((ipv6, name)) or AccessList(name, kind, line=node.line)
        lists[ipv6, name] = _extend(held, entries, doubts)
    return tuple(lists.values())


def _extend(held: AccessList, lines: Iterable[ConfigLine], doubts: list[str]) -> AccessList:
    entries, other = list(held.entries), list(held.other)
    for line in lines:
        text = _SEQUENCE.sub("", line.text, count=1)
        if line.kind is LineKind.COMMAND and _ACTION.match(text):
            try:
                entries.append(parse_ace(text))
            except ValueError as exc:
                doubts.append(f"line {line.line}: entry of access list {held.name} is not understood: {exc}")
            else:
                continue
        other.append(line.text)
    return dataclasses.replace(held, entries=tuple(entries), other=tuple(other))


_VRF = table(
    rule(r"rd (?P<rd>\S+)"),
    rule(r"description (?P<description>\S.*)"),
    rule(r"route-target (?P<route_targets>\S.*)"),
)
_FAMILY = re.compile(r"address-family\s+(?P<name>\S.*)", re.IGNORECASE)


def read_vrf(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> VrfConfig:
    """Read ``vrf definition`` or ``ip vrf``."""
    lines: list[ConfigLine] = []
    families: list[str] = []
    for child in node.children:
        if family := _FAMILY.fullmatch(child.text):
            families.append(family["name"])
            lines.extend(child.children)
        else:
            lines.append(child)
    return fill(VrfConfig, lines, _VRF, doubts, name=found["name"], address_families=tuple(families), line=node.line)


_ARCHIVE = table(
    rule(r"path (?P<path>\S.*)"),
    flag("write_memory", "write-memory"),
    rule(r"maximum (?P<maximum>\d+)"),
    rule(r"time-period (?P<time_period_minutes>\d+)"),
    flag("log_config", "logging enable"),
    flag("hidekeys", "hidekeys"),
)


def read_archive(node: ConfigLine, _found: re.Match[str], doubts: list[str]) -> ArchiveConfig:
    """Read ``archive`` with ``log config``."""
    lines: list[ConfigLine] = []
    for child in node.children:
        if child.text.lower() == "log config":
            lines.extend(child.children)
        else:
            lines.append(child)
    return fill(ArchiveConfig, lines, _ARCHIVE, doubts, line=node.line)


MULTICAST = table(
    rule(r"ip multicast-routing vrf (?P<routing_vrfs>\S+) distributed", distributed=True),
    rule(r"ip multicast-routing vrf (?P<routing_vrfs>\S+)"),
    rule(r"ip multicast-routing distributed", routing=True, distributed=True),
    flag("routing", "ip multicast-routing"),
    rule(r"ip pim ssm range (?P<ssm_range>\S+)"),
    rule(r"ip pim ssm (?P<ssm_range>default)"),
    rule(r"ip pim (?:vrf \S+ )?rp-address (?P<rp_addresses>\S.*)"),
    flag("igmp_ssm_map", "ip igmp ssm-map enable"),
    rule(r"ip igmp ssm-map static (?P<igmp_ssm_map_static>\S.*)"),
)
"""Lines of the global mode that fill ``MulticastConfig``."""

_HOST = r"(?:vrf (?P<vrf>\S+) )?(?:ip |ipv6 )?(?P<address>\S+)(?: (?P<options>\S.*))?"

SYSTEM = table(
    rule(r"ip domain[ -]name (?P<domain_name>[^\s]+)"),
    words("name_servers", r"ip name-server (?P<words>\S.*)"),
    rule(r"clock timezone (?P<clock_timezone>\S.*)"),
    rule(r"clock summer-time (?P<clock_summer_time>\S.*)"),
    part("ntp_servers", HostConfig, rf"ntp (?:server|peer) {_HOST}"),
    part(
        "logging_hosts",
        HostConfig,
        r"logging (?:host )?(?:ipv6 )?(?P<address>\d+\.\S+|[0-9A-Fa-f]*:\S+)(?: vrf (?P<vrf>\S+))?"
        r"(?: (?P<options>\S.*))?",
    ),
    part("logging_hosts", HostConfig, r"logging host (?P<address>\S+)(?: vrf (?P<vrf>\S+))?(?: (?P<options>\S.*))?"),
    rule(r"logging buffered (?P<logging_buffered>\S.*)"),
    rule(r"snmp-server enable traps (?:gdoi|gkm)", snmp_gdoi_all=True),
    words("snmp_gdoi_traps", r"snmp-server enable traps (?:gdoi|gkm) (?P<words>\S.*)"),
    rule(r"ip nat (?P<nat_rules>(?!inside$|outside$)\S.*)"),
    part("buffers", Buffers, r"buffers (?P<pool>\S+(?: \d+)?) (?P<setting>[a-z\-]+) (?P<value>\d+)"),
    part(
        "users",
        User,
        r"username (?P<name>\S+)(?: (?P<options>\S.*?))??"
        r"(?: (?:password|secret) (?:(?P<secret_encryption>\d) )?(?P<secret>\S.*))?",
    ),
    rule(r"enable secret (?:level 15 )?(?:(?P<enable_secret_encryption>\d) )?(?P<enable_secret>\S.*)"),
    flag("service_password_encryption", "service password-encryption"),
    flag("password_encryption_aes", "password encryption aes"),
    flag("cef", "ip cef"),
    rule(r"ip route (?P<static_routes>\S.*)"),
)
"""Lines of the global mode that fill ``SystemConfig``."""
