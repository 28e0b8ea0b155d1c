"""What a router needs the network for: who talks to whom, and which line of its configuration says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.values import Address, Interface

CLIENT_PORT = 49152
"""Stands for any port of a client; ``ports_of`` puts others in its place where a list has ranges of ports."""
TCP, UDP, EIGRP, OSPF = 6, 17, 88, 89


class Service(StrEnum):
    """What for."""

    SSH = "SSH"
    SNMP = "SNMP"
    TRAPS = "SNMP traps"
    TACACS = "TACACS+"
    RADIUS = "RADIUS"
    DNS = "DNS"
    NTP = "NTP"
    SYSLOG = "syslog"
    ENROLMENT = "PKI enrolment"
    REVOCATION = "PKI revocation"
    GDOI = "GDOI"
    COOP = "COOP"
    BGP = "BGP"
    OSPF = "OSPF"
    EIGRP = "EIGRP"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Packets that all must arrive.

    Attributes:
        out: what the router sends; None if it only listens.
        back: what comes to it; None if nothing has to.
        we_open: whether the router sends the first packet, which no ``established`` lets pass.
    """

    out: Flow | None
    back: Flow | None
    we_open: bool = True


@dataclass(frozen=True, slots=True)
class NeededFlow:
    """One thing that a router needs the network for.

    Attributes:
        service: what for.
        options: conversations of which any may be the one; where they fare differently, nobody knows. Empty: unknown.
        line: of the configuration, which says so.
        number: of that line; None if it was not read from a text.
        vrf: in which; empty: the global table.
        port: interface behind which the other end is the next neighbour; empty: it may be anywhere.
        unknown: why there are no options.
    """

    service: Service
    options: tuple[Conversation, ...]
    line: str
    number: int | None = None
    vrf: str = ""
    port: str = ""
    unknown: str = ""


def asks(ours: Address, peer: Address, protocol: int, port: int, our_port: int = CLIENT_PORT) -> Conversation:
    """The router asks a server, and gets an answer."""
    flow = Flow(ours, peer, protocol, our_port, port)
    return Conversation(flow, flow.mirrored())


def tells(ours: Address, peer: Address, protocol: int, port: int) -> Conversation:
    """The router sends, and expects no answer."""
    return Conversation(Flow(ours, peer, protocol, CLIENT_PORT, port), None)


def is_asked(ours: Address, peer: Address, protocol: int, port: int) -> Conversation:
    """The router is asked, and answers."""
    flow = Flow(peer, ours, protocol, CLIENT_PORT, port)
    return Conversation(flow.mirrored(), flow, we_open=False)


def ports_of(conversation: Conversation, ports: Iterable[int]) -> Iterator[Conversation]:
    """The conversation with each of some ports as that of the client; itself if it has no client's port."""
    if not any(_has_client(flow) for flow in (conversation.out, conversation.back)):
        yield conversation
        return
    for port in ports:
        out, back = (None if flow is None else _on(flow, port) for flow in (conversation.out, conversation.back))
        yield Conversation(out, back, conversation.we_open)


def _has_client(flow: Flow | None) -> bool:
    return flow is not None and CLIENT_PORT in {flow.source_port, flow.destination_port}


def _on(flow: Flow, port: int) -> Flow:
    if flow.source_port == CLIENT_PORT:
        return replace(flow, source_port=port)
    return replace(flow, destination_port=port) if flow.destination_port == CLIENT_PORT else flow


class Addresses:
    """The addresses of a router, by interface."""

    def __init__(self, config: RunningConfig) -> None:
        """Read them from its configuration."""
        self.ports = tuple(port for port in config.interfaces if not port.shutdown)
        self._by_name = {port.name.casefold(): port for port in config.interfaces}
        self._maps = {item.name for item in config.crypto_maps if any(e.type == "gdoi" for e in item.entries)}

    def named(self, name: str) -> InterfaceConfig | None:
        """An interface by its name."""
        return self._by_name.get(name.casefold())

    def on(self, port: InterfaceConfig) -> tuple[Interface, ...]:
        """The addresses on an interface, those of the one that it borrows from as well."""
        lender = self.named(port.unnumbered) if port.unnumbered else None
        found = [*port.addresses, *port.ipv6_addresses, *(lender.addresses if lender else ())]
        return tuple(item.interface for item in found if item.interface is not None)

    def vrf_of(self, address: Address) -> str:
        """The VRF in which the router has an address; the global table if it has it nowhere."""
        return next((port.vrf or "" for port in self.ports if any(address == a.ip for a in self.on(port))), "")

    def is_outer(self, port: InterfaceConfig) -> bool:
        """Whether an interface carries the crypto map of a group."""
        return bool({port.crypto_map, port.ipv6_crypto_map} & self._maps)

    def towards(self, peer: Address, vrf: str, source: str | None) -> tuple[Address, ...] | str:
        """The addresses of which one is the source of packets to a peer.

        Args:
            peer: where to.
            vrf: in which.
            source: interface that a ``source-interface`` line names.

        Returns:
            Addresses, or why there is none. Without a source line it is that of the interface behind which the peer
            is connected, else of any that leads out: only the routing table could tell which.
        """
        if source:
            port = self.named(source)
            found = () if port is None else tuple(a.ip for a in self.on(port) if a.version == peer.version)
            return found[:1] or f"its source interface {source} has no address"
        there = [port for port in self.ports if (port.vrf or "") == vrf]
        near = [a.ip for port in there for a in self.on(port) if a.version == peer.version and peer in a.network]
        if near:
            return tuple(near[:1])
        leading = [port for port in there if self.is_outer(port)]
        leading = leading or [port for port in there if not port.name.casefold().startswith("loopback")]
        found = tuple(dict.fromkeys(a.ip for port in leading for a in self.on(port) if a.version == peer.version))
        return found or "the router has no address that could be its source"
