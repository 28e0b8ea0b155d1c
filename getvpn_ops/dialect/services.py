"""Services that encryption usually leaves alone, by name: what each of them is in an access list.

Each is written as IOS prints it. One that has a client and a server side needs both directions: what a member receives
is matched by the same list turned round, so an entry without its mirror drops the answers (guide, "Local Exception
Policy on GM"; RFC 4301). Sources: the lists of the deployment guide; port numbers of IANA.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from getvpn_ops.dialect.names import PORTS, PROTOCOLS

_PRINTED = MappingProxyType({("udp", 162): "snmptrap", ("tcp", 22): "22"})
"""Ports whose printed name is not the only one that IOS understands, or which it prints as a number."""

_LATER = frozenset({"msrpc", "connectedapps-plain", "connectedapps-tls", "onep-plain", "onep-tls", "ripv6"})
"""Names of ports that not every release knows: their numbers are written."""

_KEYWORDS = frozenset(
    {"ahp", "eigrp", "esp", "gre", "icmp", "igmp", "ip", "ipinip", "nos", "ospf", "pcp", "pim", "tcp", "udp"}
)
"""Protocols that every release knows by name in an IPv4 list; others are written as numbers."""

_KEYWORDS_6 = frozenset({"ahp", "esp", "icmp", "ipv6", "pcp", "sctp", "tcp", "udp"})
_V4 = 4

_OWN = re.compile(r"(?P<protocol>tcp|udp) (?P<source>source )?(?P<port>\d{1,5})(?P<both> both)?")
_PORT_MAX = 65535


def port_text(protocol: str, port: int) -> str:
    """A port as IOS prints it in an entry."""
    if (named := _PRINTED.get((protocol, port))) is not None:
        return named
    names = [name for name, number in PORTS.get(protocol, {}).items() if number == port and name not in _LATER]
    return names[0] if names else str(port)


def _server(protocol: str, port: int) -> tuple[str, ...]:
    text = port_text(protocol, port)
    return (f"{protocol} any any eq {text}", f"{protocol} any eq {text} any")


def _peers(protocol: str, port: int) -> tuple[str, ...]:
    text = port_text(protocol, port)
    return (f"{protocol} any eq {text} any eq {text}",)


SERVICES = MappingProxyType(
    {
        "gdoi": _peers("udp", 848),
        "isakmp": _peers("udp", 500),
        "nat-t": _peers("udp", 4500),
        "ssh": _server("tcp", 22),
        "telnet": _server("tcp", 23),
        "tacacs": _server("tcp", 49),
        "radius": (*_server("udp", 1812), *_server("udp", 1813)),
        "radius-1645": (*_server("udp", 1645), *_server("udp", 1646)),
        "bgp": _server("tcp", 179),
        "ospf": ("ospf any any",),
        "eigrp": ("eigrp any any",),
        "rip": _peers("udp", 520),
        "pim": ("pim any any",),
        "igmp": ("igmp any any",),
        "gre": ("gre any any",),
        "esp": ("esp any any",),
        "bfd": _server("udp", 3784),
        "ldp": (*_server("udp", 646), *_server("tcp", 646)),
        "hsrp": _peers("udp", 1985),
        "ntp": _server("udp", 123),
        "snmp": _server("udp", 161),
        "snmptrap": _server("udp", 162),
        "syslog": _server("udp", 514),
        "dns": (*_server("udp", 53), *_server("tcp", 53)),
        "dns-udp": _server("udp", 53),
        "dhcp": _server("udp", 67),
        "tftp": _server("udp", 69),
        "http": _server("tcp", 80),
        "https": _server("tcp", 443),
        "netflow": _server("udp", 2055),
        "multicast": ("ip any 224.0.0.0 15.255.255.255",),
        "multicast-link": ("ip any 224.0.0.0 0.0.0.255",),
        "icmp": ("icmp any any",),
        "pmtud": ("icmp any any unreachable", "icmp any any time-exceeded"),
    }
)
"""Name -> entries without their action, each with its mirror where it is not its own."""


_SERVICES_6: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "rip": _peers("udp", 521),
        "hsrp": _peers("udp", 2029),
        "dhcp": ("udp any any eq 546", "udp any eq 546 any", "udp any any eq 547", "udp any eq 547 any"),
        "multicast": ("ipv6 any FF00::/8",),
        "multicast-link": ("ipv6 any FF02::/16",),
        "igmp": ("icmp any FF00::/8",),  # MLD
        "pmtud": ("icmp any any packet-too-big", "icmp any any time-exceeded", "icmp any any unreachable"),
    }
)
"""Services that are something else in IPv6."""


def service(name: str, version: int) -> tuple[str, ...] | None:
    """Entries of a service, without their action; None if there is none of this name.

    Args:
        name: as in ``SERVICES``.
        version: of IP.
    """
    if version == _V4:
        return SERVICES.get(name)
    found = _SERVICES_6.get(name, SERVICES.get(name))
    return None if found is None else tuple(_in_version(text, version) for text in found)


def _in_version(entry: str, version: int) -> str:
    """An entry with its protocol as a list of this version has it: ``ospf`` is 89 in one of IPv6."""
    protocol, _, rest = entry.partition(" ")
    protocol = {"ah": "ahp", "icmpv6": "icmp"}.get(protocol, protocol)
    if protocol in (_KEYWORDS if version == _V4 else _KEYWORDS_6):
        return f"{protocol} {rest}"
    return f"{PROTOCOLS.get(protocol) or protocol} {rest}"


def own_service(match: str, version: int = _V4) -> tuple[str, ...] | None:
    """Entries of a service of one's own: ``tcp 1521``, ``udp 500 both``, ``tcp source 20``, or a protocol.

    Args:
        match: as written.
        version: of IP.

    Returns:
        Entries without their action; None if the text is none of these.
    """
    if PROTOCOLS.get(match) is not None:
        return (_in_version(f"{match} any any", version),)
    found = _OWN.fullmatch(match)
    if found is None or not 0 < int(found["port"]) <= _PORT_MAX:
        return None
    protocol, port = found["protocol"], int(found["port"])
    if found["both"]:
        return _peers(protocol, port)
    return _server(protocol, port)[1:] if found["source"] else _server(protocol, port)
