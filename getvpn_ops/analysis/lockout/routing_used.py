"""Routing neighbours of a configuration: BGP sessions, and the links on which OSPF and EIGRP speak."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.needs import EIGRP, OSPF, TCP, Conversation, NeededFlow, Service, asks, is_asked
from getvpn_ops.analysis.packets.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.analysis.lockout.needs import Addresses
    from getvpn_ops.model.config import ConfigLine, RunningConfig
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.values import Address

_BGP = 179
_HELLO = {OSPF: IPv4Address("224.0.0.5"), EIGRP: IPv4Address("224.0.0.10")}
_CLASSES = ((128, 8), (192, 16), (224, 24))
"""First byte below which a network without a mask is of a class, and the length of its prefix."""


def routing(config: RunningConfig, book: Addresses) -> Iterator[NeededFlow]:
    """What routing protocols need. Only IPv4 links are read for OSPF and EIGRP."""
    for top in config.tree:
        words = top.text.split()
        if words[:2] == ["router", "bgp"]:
            yield from _bgp(top, book)
        elif words[:2] == ["router", "ospf"]:
            yield from _on_links(_Process(Service.OSPF, OSPF, _vrf(words), top.commands), config, book, words[2:3])
        elif words[:2] == ["router", "eigrp"]:
            families = [line for line in top.commands if line.text.startswith("address-family ipv4 ")]
            yield from _on_links(_Process(Service.EIGRP, EIGRP, "", top.commands), config, book, [])
            for family in families:
                vrf = _vrf(family.text.split())
                yield from _on_links(_Process(Service.EIGRP, EIGRP, vrf, family.commands), config, book, [])


def _vrf(words: Sequence[str]) -> str:
    return words[words.index("vrf") + 1] if "vrf" in words[:-1] else ""


# -- BGP


@dataclass(slots=True)
class _Peers:
    """What ``neighbor`` lines of one address family say, by neighbour or peer group."""

    remote: dict[str, ConfigLine] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)

    def read(self, lines: Sequence[ConfigLine]) -> None:
        """Read the lines of a section."""
        for line in lines:
            words = line.text.split()
            if words[:1] != ["neighbor"] or len(words) < 3:  # noqa: PLR2004 -- neighbour and setting
                continue
            name, what = words[1], words[2]
            if what == "remote-as":
                self.remote[name] = line
            elif what == "update-source" and len(words) > 3:  # noqa: PLR2004 -- and the interface
                self.sources[name] = words[3]
            elif what == "peer-group" and len(words) > 3:  # noqa: PLR2004 -- and the group; without, it is defined
                self.groups[name] = words[3]
                self.remote.setdefault(name, line)
            elif what == "shutdown":
                self.shut.add(name)


def _bgp(top: ConfigLine, book: Addresses) -> Iterator[NeededFlow]:
    peers: dict[str, _Peers] = {"": _Peers()}
    peers[""].read(top.commands)
    for family in top.commands:
        if family.text.startswith("address-family "):
            peers.setdefault(_vrf(family.text.split()), _Peers()).read(family.commands)
    for vrf, found in peers.items():
        for name, line in found.remote.items():
            group = found.groups.get(name, "")
            if name in found.shut or group in found.shut:
                continue
            try:
                peer = ip_address(name)
            except ValueError:
                continue  # a peer group
            yield _session(peer, line, book, vrf, found.sources.get(name) or found.sources.get(group))


def _session(peer: Address, line: ConfigLine, book: Addresses, vrf: str, source: str | None) -> NeededFlow:
    """Either side may open the session."""
    ours = book.towards(peer, vrf, source)
    if isinstance(ours, str):
        return NeededFlow(Service.BGP, (), line.text, line.line, vrf, unknown=ours)
    options = tuple(talk for own in ours for talk in (asks(own, peer, TCP, _BGP), is_asked(own, peer, TCP, _BGP)))
    near = [
        port.name for port in book.ports if (port.vrf or "") == vrf and any(peer in a.network for a in book.on(port))
    ]
    return NeededFlow(Service.BGP, options, line.text, line.line, vrf, near[0] if near else "")


# -- OSPF and EIGRP


@dataclass(frozen=True, slots=True)
class _Process:
    """A routing process in one VRF."""

    service: Service
    protocol: int
    vrf: str
    lines: tuple[ConfigLine, ...]


def _on_links(process: _Process, config: RunningConfig, book: Addresses, number: Sequence[str]) -> Iterator[NeededFlow]:
    networks = [(found, line) for line in process.lines if (found := _network(line.text)) is not None]
    by_interface = {
        line.text.partition(" ")[2]: line
        for top in config.tree
        if top.text.startswith("interface ")
        for line in [top]
        if any(child.text.startswith(f"ip ospf {' '.join(number)} area ") for child in top.commands)
    }
    for port in book.ports:
        if (port.vrf or "") != process.vrf or _is_passive(port, process.lines):
            continue
        for address in book.on(port):
            if not isinstance(address.ip, IPv4Address) or address.network.prefixlen == 32:  # noqa: PLR2004 -- no link
                continue
            said = next((line for (base, wild), line in networks if _is_in(address.ip, base, wild)), None)
            if said is None and process.service is Service.OSPF:
                said = by_interface.get(port.name)
            if said is not None:
                yield from _hellos(process, port, address.ip, IPv4Network(address.network), said)
                break


def _network(text: str) -> tuple[IPv4Address, IPv4Address] | None:
    """Base and wildcard of a ``network`` line."""
    words = text.split()
    if words[:1] != ["network"] or len(words) < 2:  # noqa: PLR2004 -- and the network
        return None
    try:
        base = IPv4Address(words[1])
        if len(words) > 2:  # noqa: PLR2004 -- a wildcard, or a mask, which IOS takes as well
            wild = IPv4Address(words[2])
            return base, wild if not int(wild) >> 31 else IPv4Address(int(wild) ^ 0xFFFFFFFF)
    except ValueError:
        return None
    length = next((length for below, length in _CLASSES if int(base) >> 24 < below), 32)
    return base, IPv4Address((1 << (32 - length)) - 1) if int(base) else IPv4Address(0xFFFFFFFF)


def _is_in(address: IPv4Address, base: IPv4Address, wild: IPv4Address) -> bool:
    return not (int(address) ^ int(base)) & ~int(wild) & 0xFFFFFFFF


def _is_passive(port: InterfaceConfig, lines: Sequence[ConfigLine]) -> bool:
    """By ``passive-interface`` of the process, or of the interface's section in a named EIGRP."""
    if port.name.casefold().startswith("loopback"):
        return True
    said = {line.text for line in lines}
    default = "passive-interface default" in said
    for line in lines:
        if line.text.startswith("af-interface "):
            inside = {child.text for child in line.commands}
            if line.text.endswith(" default"):
                default = default or "passive-interface" in inside
            elif line.text.split()[-1] == port.name and inside & {"passive-interface", "no passive-interface"}:
                return "passive-interface" in inside
    if default:
        return f"no passive-interface {port.name}" not in said
    return f"passive-interface {port.name}" in said


def _hellos(
    process: _Process, port: InterfaceConfig, ours: IPv4Address, network: IPv4Network, line: ConfigLine
) -> Iterator[NeededFlow]:
    """To all neighbours, and with one of them alone: any host of the link stands for it."""
    neighbour = next((host for host in network.hosts() if host != ours), None)
    if neighbour is None:
        return
    to = _HELLO[process.protocol]
    hello = Conversation(Flow(ours, to, process.protocol), Flow(neighbour, to, process.protocol))
    flow = Flow(ours, neighbour, process.protocol)
    for talk in (hello, Conversation(flow, flow.mirrored())):
        yield NeededFlow(process.service, (talk,), line.text, line.line, process.vrf, port.name)
