"""AAA servers of a configuration: TACACS+ and RADIUS, in the old and the new way of writing them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.needs import TCP, UDP, Conversation, NeededFlow, Service, asks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.analysis.lockout.needs import Addresses
    from getvpn_ops.model.config import ConfigLine, RunningConfig
    from getvpn_ops.model.values import Address

_TACACS = 49
_AUTHENTICATION, _ACCOUNTING = 1645, 1646
"""Ports of RADIUS that IOS uses where none is written."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one of the two is written."""

    service: Service
    word: str
    group: str
    protocol: int


_KINDS = (
    _Kind(Service.TACACS, "tacacs", "tacacs+", TCP),
    _Kind(Service.RADIUS, "radius", "radius", UDP),
)


@dataclass(frozen=True, slots=True)
class _Server:
    """One server.

    Attributes:
        line: that has its address.
        peer: address or name.
        ports: that it is asked at.
    """

    line: ConfigLine
    peer: str
    ports: tuple[int, ...]


def authentication(config: RunningConfig, book: Addresses) -> Iterator[NeededFlow]:
    """What a router asks its AAA servers; a server of several groups is asked by each, in its VRF."""
    for kind in _KINDS:
        yield from _Reader(kind, config.tree, book, _servers(config, kind)).needs()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the servers of one kind."""

    kind: _Kind
    tree: tuple[ConfigLine, ...]
    book: Addresses
    known: dict[str, _Server]

    def needs(self) -> Iterator[NeededFlow]:
        """Servers of groups first, then those of no group."""
        start = f"aaa group server {self.kind.group} "
        grouped: set[str] = set()
        for top in self.tree:
            if top.text.startswith(start):
                yield from self._of_group(top, grouped)
        for name, server in self.known.items():
            if name not in grouped:
                yield from _needs(server, self.kind, "", _source(self.tree, self.kind, ""), self.book)

    def _of_group(self, top: ConfigLine, grouped: set[str]) -> Iterator[NeededFlow]:
        vrf = next((line.text.split()[-1] for line in top.commands if "vrf forwarding " in line.text), "")
        source = _source(top.commands, self.kind, vrf) or _source(self.tree, self.kind, vrf)
        for line in top.commands:
            words = line.text.split()
            server = None
            if words[0] == "server-private" and len(words) > 1:
                server = _Server(line, words[1], _ports(self.kind, words))
            elif words[0] == "server" and len(words) > 1:
                name = words[2] if words[1] == "name" and len(words) > 2 else words[1]  # noqa: PLR2004 -- ``server name X``
                grouped.add(name)
                server = self.known.get(name)
            if server is not None:
                yield from _needs(server, self.kind, vrf, source, self.book)


def _servers(config: RunningConfig, kind: _Kind) -> dict[str, _Server]:
    found: dict[str, _Server] = {}
    for line in config.tree:
        words = line.text.split()
        if words[:2] == [f"{kind.word}-server", "host"] and len(words) > 2:  # noqa: PLR2004 -- and the host
            found[words[2]] = _Server(line, words[2], _ports(kind, words))
        elif words[:2] == [kind.word, "server"] and len(words) > 2:  # noqa: PLR2004 -- and the name
            inside = [child for child in line.commands if child.text.startswith("address ipv")]
            ports = [word for child in line.commands for word in child.text.split()]
            if inside:
                address = inside[0].text.split()
                found[words[2]] = _Server(inside[0], address[2] if len(address) > 2 else "", _ports(kind, ports))  # noqa: PLR2004 -- ``address ipv4 A``
    return found


def _ports(kind: _Kind, words: Sequence[str]) -> tuple[int, ...]:
    def behind(name: str, usual: int) -> int:
        said = words[words.index(name) + 1] if name in words[:-1] else ""
        return int(said) if said.isdigit() else usual

    if kind.service is Service.TACACS:
        return (behind("port", _TACACS),)
    ports = behind("auth-port", _AUTHENTICATION), behind("acct-port", _ACCOUNTING)
    return tuple(port for port in dict.fromkeys(ports) if port)  # port 0: it is not asked for that


def _source(lines: Sequence[ConfigLine], kind: _Kind, vrf: str) -> str | None:
    start = f"ip {kind.word} source-interface "
    found: dict[str, str] = {}
    for line in lines:
        if line.text.startswith(start):
            words = line.text[len(start) :].split()
            found[words[2] if words[1:2] == ["vrf"] and len(words) > 2 else ""] = words[0]  # noqa: PLR2004 -- ``I vrf V``
    return found.get(vrf) or found.get("")


def _needs(server: _Server, kind: _Kind, vrf: str, source: str | None, book: Addresses) -> Iterator[NeededFlow]:
    text, number = server.line.text, server.line.line
    try:
        peer: Address = ip_address(server.peer)
    except ValueError:
        unknown = f"{server.peer} is a name: which address it has is not known here"
        yield NeededFlow(kind.service, (), text, number, vrf, unknown=unknown)
        return
    ours = book.towards(peer, vrf, source)
    if isinstance(ours, str):
        yield NeededFlow(kind.service, (), text, number, vrf, unknown=ours)
        return
    for port in server.ports:
        options: tuple[Conversation, ...] = tuple(asks(own, peer, kind.protocol, port) for own in ours)
        yield NeededFlow(kind.service, options, text, number, vrf)
