"""Names that IOS prints for numbers in access lists (IOS command reference, ``access-list (IP extended)``)."""

from __future__ import annotations

from types import MappingProxyType

_BOTH = {"discard": 9, "domain": 53, "echo": 7, "tacacs": 49, "talk": 517, "sunrpc": 111, "time": 37, "www": 80}
_TCP = {
    "bgp": 179, "chargen": 19, "cmd": 514, "connectedapps-plain": 15001, "connectedapps-tls": 15002, "daytime": 13,
    "drip": 3949, "exec": 512, "finger": 79, "ftp": 21, "ftp-data": 20, "gopher": 70, "hostname": 101, "ident": 113,
    "irc": 194, "klogin": 543, "kshell": 544, "login": 513, "lpd": 515, "msrpc": 135, "nntp": 119,
    "onep-plain": 15001, "onep-tls": 15002, "pim-auto-rp": 496, "pop2": 109, "pop3": 110, "smtp": 25, "ssh": 22,
    "syslog": 514, "telnet": 23, "uucp": 540, "whois": 43,
}  # fmt: skip
_UDP = {
    "biff": 512, "bootpc": 68, "bootps": 67, "dnsix": 195, "isakmp": 500, "mobile-ip": 434, "nameserver": 42,
    "netbios-dgm": 138, "netbios-ns": 137, "netbios-ss": 139, "non500-isakmp": 4500, "ntp": 123, "pim-auto-rp": 496,
    "rip": 520, "ripv6": 521, "snmp": 161, "snmp-trap": 162, "snmptrap": 162, "syslog": 514, "tftp": 69, "who": 513,
    "xdmcp": 177,
}  # fmt: skip

PORTS = MappingProxyType(
    {"tcp": MappingProxyType({**_BOTH, **_TCP}), "udp": MappingProxyType({**_BOTH, **_UDP})},
)
"""Protocol -> name -> port. The guide's own ``eq ssh`` and ``eq tacacs`` are among them."""

PROTOCOLS = MappingProxyType(
    {
        "ahp": 51, "ah": 51, "eigrp": 88, "esp": 50, "gre": 47, "hopopt": 0, "icmp": 1, "icmpv6": 58, "igmp": 2,
        "igrp": 9, "ip": None, "ipinip": 4, "ipv6": None, "nos": 94, "ospf": 89, "pcp": 108, "pim": 103, "rsvp": 46,
        "sctp": 132, "tcp": 6, "udp": 17, "vrrp": 112,
    }
)  # fmt: skip
"""Protocol keyword -> IP protocol number; None where the keyword means every protocol."""
