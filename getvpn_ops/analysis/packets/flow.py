"""One flow: what a crypto ACL can tell packets apart by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from getvpn_ops.dialect.names import PORTS, PROTOCOLS
from getvpn_ops.errors import UsageError

if TYPE_CHECKING:
    from getvpn_ops.model.values import Address

PORTED = frozenset({6, 17, 132})
"""Protocols with ports at a place that an access list reads: TCP, UDP, SCTP."""
_PORT_MAX = 65535
_PROTOCOL_MAX = 255
_LONG, _SHOWN = 400, 60  # characters
_FLOW = re.compile(r"(?:ip\s+proto(?:col)?\s+)?(?P<protocol>\S+)\s+(?P<source>\S+)\s*(?:->|→)\s*(?P<destination>\S+)")
_HOW = 'write it as "tcp 10.1.2.3:40000 -> 10.2.3.4:443", "icmp A -> B" or "ip proto 50 A -> B"'


@dataclass(frozen=True, slots=True)
class Flow:
    """The header fields of RFC 4301 that a crypto ACL can match, all of them known.

    Attributes:
        source: of the packet, before it is encrypted.
        destination: likewise.
        protocol: IP protocol number, 0-255.
        source_port: of TCP, UDP and SCTP; None for the others.
        destination_port: likewise.

    Raises:
        ValueError: two IP versions, a number out of range, or ports that the protocol lacks or has too many of.
    """

    source: Address
    destination: Address
    protocol: int
    source_port: int | None = None
    destination_port: int | None = None

    def __post_init__(self) -> None:
        if self.source.version != self.destination.version:
            msg = f"{self.source} and {self.destination} are of two IP versions"
            raise ValueError(msg)
        if not 0 <= self.protocol <= _PROTOCOL_MAX:
            msg = f"{self.protocol} is no IP protocol: 0-{_PROTOCOL_MAX}"
            raise ValueError(msg)
        ports = (self.source_port, self.destination_port)
        if self.protocol not in PORTED and ports != (None, None):
            msg = f"IP protocol {self.protocol} has no ports"
            raise ValueError(msg)
        if self.protocol in PORTED and not all(port is not None and 0 <= port <= _PORT_MAX for port in ports):
            msg = f"IP protocol {self.protocol} needs both ports, each 0-{_PORT_MAX}"
            raise ValueError(msg)

    @property
    def version(self) -> int:
        """Of IP: 4 or 6."""
        return self.source.version

    def mirrored(self) -> Flow:
        """The packets that answer it."""
        return Flow(self.destination, self.source, self.protocol, self.destination_port, self.source_port)

    def __str__(self) -> str:
        """As ``parse_flow`` reads it."""
        name = protocol_name(self.protocol)
        word = f"ip proto {self.protocol}" if name.isdigit() else name
        return f"{word} {_end(self.source, self.source_port)} -> {_end(self.destination, self.destination_port)}"


def _end(address: Address, port: int | None) -> str:
    if port is None:
        return str(address)
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"


def protocol_name(number: int) -> str:
    """The IOS word of a protocol, such as ``tcp``; the number as text where there is none."""
    return next((name for name, value in PROTOCOLS.items() if value == number and len(name) > 2), str(number))  # noqa: PLR2004 -- ``ah`` is no word of IOS 12.4


def parse_flow(text: str) -> Flow:
    """Read a flow as a person writes it, such as ``tcp 10.1.2.3:40000 -> 10.2.3.4:443``.

    An IPv6 address with a port stands in brackets. Ports may be names that IOS knows (``:ntp``).

    Raises:
        UsageError: it is none, or leaves something open: only a whole flow is decided by one line.
    """
    if len(text) > _LONG:
        msg = f"{text[:_SHOWN]!r} and more is no flow, for it is longer than any; {_HOW}"
        raise UsageError(msg)
    found = _FLOW.fullmatch(" ".join(text.split()))
    if found is None:
        msg = f"{text!r} is no flow; {_HOW}"
        raise UsageError(msg)
    protocol = _protocol(found["protocol"], text)
    source, source_port = _ends(found["source"], protocol, text)
    destination, destination_port = _ends(found["destination"], protocol, text)
    try:
        return Flow(source, destination, protocol, source_port, destination_port)
    except ValueError as exc:
        msg = f"{text!r} is no flow: {exc}; {_HOW}"
        raise UsageError(msg) from exc


def _protocol(word: str, text: str) -> int:
    lower = word.casefold()
    if lower.isascii() and lower.isdigit() and int(lower) <= _PROTOCOL_MAX:
        return int(lower)
    number = PROTOCOLS.get(lower)
    if number is None:
        what = "leaves the protocol open" if lower in {"any", "ip", "ipv6"} else f"has no IP protocol {word!r}"
        msg = f"{text!r} {what}; {_HOW}"
        raise UsageError(msg)
    return number


def _ends(word: str, protocol: int, text: str) -> tuple[Address, int | None]:
    if word.casefold().partition(":")[0] == "any" or "/" in word:
        msg = f"{text!r} leaves an address open, so no single line decides it; {_HOW}"
        raise UsageError(msg)
    address, port = word, ""
    if word.startswith("["):
        address, _, port = word[1:].partition("]")
        port = port.removeprefix(":")
    elif word.count(":") == 1:
        address, _, port = word.partition(":")
    try:
        return ip_address(address), _port(port, protocol, text) if port else None
    except ValueError as exc:
        msg = f"{text!r}: {exc}; {_HOW}"
        raise UsageError(msg) from exc


def _port(word: str, protocol: int, text: str) -> int:
    if word.isascii() and word.isdigit():
        return int(word)
    names = PORTS.get(protocol_name(protocol))
    named = names.get(word.casefold()) if names is not None else None
    if named is None:
        msg = f"{text!r} leaves a port open or names one that IOS does not know: {word!r}; {_HOW}"
        raise UsageError(msg)
    return named
