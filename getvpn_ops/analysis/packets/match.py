"""What one line of an access list matches, read once for all that reason about it.

GDOI carries source, destination, protocol and ports, and nothing else (guide, "Traffic Classification ACL"; RFC 4301).
A line that asks for more (an ICMP type, ``established``, ``dscp``, a time range, an object group) has no exact meaning
here: it is refused by name, and only an upper bound of it can be had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.flow import PORTED
from getvpn_ops.dialect.names import PROTOCOLS
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.model.acl import Ace, AceAddress, AcePort
    from getvpn_ops.model.values import Network

Ports = tuple[tuple[int, int], ...]
"""Closed intervals, ascending, apart from each other; empty matches no port."""

LAST_PORT = 65535
ALL_PORTS: Ports = ((0, LAST_PORT),)
WIDTH = {4: 32, 6: 128}
"""Bits of an address by IP version."""
SILENT = frozenset({"log", "log-input"})
"""Words that change what is logged, not what is matched."""
_VERSIONS = {"ip": 4, "icmp": 4, "igmp": 4, "ipv6": 6, "icmpv6": 6}


class InexpressibleError(EvidenceMissingError):
    """A line asks for what a crypto ACL cannot say, or for what is not known here; a check over it is UNKNOWN.

    Attributes:
        ace: the line.
        reason: the part that has no meaning here.
    """

    def __init__(self, ace: Ace, reason: str) -> None:
        self.ace = ace
        self.reason = reason
        super().__init__(f"'{ace.text}' has no exact meaning here: {reason}")


@dataclass(frozen=True, slots=True)
class Bits:
    """Addresses that agree with ``value`` wherever ``care`` has a bit: a network, or a discontiguous wildcard."""

    value: int = 0
    care: int = 0

    def holds(self, number: int) -> bool:
        """Whether an address is one of them."""
        return not (number ^ self.value) & self.care


ANYWHERE = Bits()


@dataclass(frozen=True, slots=True)
class Match:
    """The packets of one IP version that one line matches: a product of five fields.

    Attributes:
        version: of IP.
        source: addresses.
        destination: likewise.
        protocol: number; None for all.
        source_ports: only narrower than all where the protocol has ports.
        destination_ports: likewise.
    """

    version: int
    source: Bits = ANYWHERE
    destination: Bits = ANYWHERE
    protocol: int | None = None
    source_ports: Ports = ALL_PORTS
    destination_ports: Ports = ALL_PORTS

    def takes(self, flow: Flow) -> bool:
        """Whether a flow is among them."""
        return (
            flow.version == self.version
            and self.protocol in {None, flow.protocol}
            and self.source.holds(int(flow.source))
            and self.destination.holds(int(flow.destination))
            and _inside(flow.source_port, self.source_ports)
            and _inside(flow.destination_port, self.destination_ports)
        )


def _inside(port: int | None, ports: Ports) -> bool:
    return port is None or any(first <= port <= last for first, last in ports)


def network_bits(network: Network) -> Bits:
    """A network as bits."""
    return Bits(int(network.network_address), int(network.netmask))


def version_of(aces: Iterable[Ace]) -> int | None:
    """The IP version of a list, told by its addresses and protocol words; None if nothing tells (``tcp any any``).

    Raises:
        InexpressibleError: two lines tell different versions.
    """
    found: int | None = None
    for ace in aces:
        told = _told(ace)
        if told is not None and found is not None and told != found:
            raise InexpressibleError(ace, f"it is of IPv{told}, and lines before it of IPv{found}")
        found = found or told
    return found


def _told(ace: Ace) -> int | None:
    for address in (ace.source, ace.destination):
        if address is None:
            continue
        if address.address is not None:
            return address.address.version
        if address.network is not None and not isinstance(address.network, Sentinel):
            return address.network.version
    return _VERSIONS.get((ace.protocol or "").casefold())


def match_of(ace: Ace, version: int | None = None) -> Match:
    """What a permit or deny matches.

    Args:
        ace: the line; its action does not matter here.
        version: of IP, where the line does not tell: ``tcp any any`` is written alike for both. IPv4 if not given.

    Raises:
        InexpressibleError: the line asks for more than addresses, protocol and ports, or names what is not known.
    """
    if reason := unsayable(ace):
        raise InexpressibleError(ace, reason)
    return _lenient(ace, version)


def bounds_of(ace: Ace, version: int | None = None) -> tuple[Match | None, Match]:
    """What a line matches at least and at most.

    Returns:
        Twice the same for a line with an exact meaning; else None, as it may match nothing at all, and the match
        without the parts that have no meaning here.
    """
    upper = _lenient(ace, version)
    return (None if unsayable(ace) else upper), upper


def unsayable(ace: Ace) -> str:
    """Why a line has no exact meaning here, in words; empty if it has one."""
    if ace.action not in {"permit", "deny"}:
        return f"{ace.action!r} matches by another list"
    for part in (ace.source, ace.destination):
        if part is not None and part.object_group is not None:
            return f"what is in object-group {part.object_group} is not known"
        if part is not None and part.network is None and part.address is None:
            return f"address {part.text!r} is not known"
        if part is not None and isinstance(part.network, Sentinel) and part.network is not Sentinel.ANY:
            return f"address {part.text!r} is not known"
    word = (ace.protocol or "ip").casefold()
    if word.startswith("object-group"):
        return f"what is in {word} is not known"
    if word not in PROTOCOLS and not word.isdecimal():
        return f"protocol {word!r} is not known"
    if (ace.source_port or ace.destination_port) and _protocol(ace) not in PORTED:
        return f"protocol {word} has no ports"
    extra = [option for option in ace.options if option.casefold() not in SILENT]
    if extra:
        return f"'{' '.join(extra)}' is no field of a crypto ACL"
    return ""


def _protocol(ace: Ace) -> int | None:
    word = (ace.protocol or "ip").casefold()
    return int(word) if word.isdecimal() else PROTOCOLS.get(word)


def _lenient(ace: Ace, version: int | None) -> Match:
    """The match with every part that has no meaning left open."""
    protocol = _protocol(ace)
    match = Match(_told(ace) or version or 4, _bits(ace.source), _bits(ace.destination), protocol)
    if protocol not in PORTED:
        return match
    return replace(
        match, source_ports=port_intervals(ace.source_port), destination_ports=port_intervals(ace.destination_port)
    )


def _bits(address: AceAddress | None) -> Bits:
    if address is None or address.object_group is not None:
        return ANYWHERE
    if address.address is not None and address.wildcard is not None:
        full = (1 << WIDTH[address.address.version]) - 1
        return Bits(int(address.address), full ^ int(address.wildcard))
    if address.network is None or isinstance(address.network, Sentinel):
        return ANYWHERE
    return network_bits(address.network)


def port_intervals(port: AcePort | None) -> Ports:
    """The ports of a port match; all of them for none."""
    if port is None:
        return ALL_PORTS
    first, last = port.ports[0], port.ports[-1]
    if port.operator == "range":
        return ((min(first, last), max(first, last)),)
    if port.operator == "lt":
        return ((0, first - 1),) if first else ()
    if port.operator == "gt":
        return ((first + 1, LAST_PORT),) if first < LAST_PORT else ()
    listed = sorted(set(port.ports))
    if port.operator == "eq":
        return tuple((number, number) for number in listed)
    if port.operator != "neq":
        msg = f"{port.operator!r} is no operator of ports"
        raise ValueError(msg)
    edges = [-1, *listed, LAST_PORT + 1]
    return tuple((low + 1, high - 1) for low, high in pairwise(edges) if low + 1 < high)
