"""Which services a router uses, read from its configuration: the packets that a change must not cut.

Grammar: IOS command references of 12.4T, 15.x and IOS-XE 16/17, old and new forms (``tacacs-server host``, ``tacacs
server``). A server that is named, not numbered, and a distribution point that only a certificate names are unknown
here, and are said to be.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from getvpn_ops.analysis.lockout.authentication_used import authentication
from getvpn_ops.analysis.lockout.needs import (
    TCP,
    UDP,
    Addresses,
    Conversation,
    NeededFlow,
    Service,
    asks,
    is_asked,
    tells,
)
from getvpn_ops.analysis.lockout.routing_used import routing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from getvpn_ops.model.config import ConfigLine, RunningConfig
    from getvpn_ops.model.config.gdoi import GdoiGroupConfig
    from getvpn_ops.model.config.pki import Trustpoint
    from getvpn_ops.model.values import Address

_GDOI, _DNS, _NTP, _SYSLOG, _TRAPS, _SNMP = 848, 53, 123, 514, 162, 161
_SCHEMES = {"http": 80, "https": 443, "ldap": 389}
_LOOKUP = ("ip domain lookup", "ip domain-lookup")


def services_used(
    config: RunningConfig, management: Address | None = None, stations: Sequence[Address] = (), ssh: int = 22
) -> tuple[NeededFlow, ...]:
    """What a router needs the network for.

    Args:
        config: of it, whole.
        management: the address by which it is managed; None: nothing is said of SSH and SNMP polls.
        stations: addresses of which the management station has one.
        ssh: port of SSH.

    Returns:
        One for each server, neighbour and key server, in the order of services.
    """
    book = Addresses(config)
    return tuple(
        chain(
            _sessions(config, book, management, stations, ssh),
            authentication(config, book),
            _dns(config, book),
            _ntp(config, book),
            _syslog(config, book),
            _snmp(config, book, management),
            _pki(config, book),
            _gdoi(config, book),
            routing(config, book),
        )
    )


def starting(config: RunningConfig, *starts: str) -> Iterator[tuple[ConfigLine, list[str]]]:
    """Global lines that begin with some words, with the words behind these."""
    for line in config.tree:
        for start in starts:
            if line.text.startswith(f"{start} "):
                yield line, line.text[len(start) :].split()
                break


def _after(words: Sequence[str], name: str) -> str:
    """The word behind another; empty if it is not there."""
    return words[words.index(name) + 1] if name in words[:-1] else ""


def _source(config: RunningConfig, start: str, vrf: str) -> str | None:
    """The interface of a ``source-interface`` line, that of the VRF first."""
    found = {_after(words, "vrf"): words[0] for _, words in starting(config, start) if words}
    return found.get(vrf) or found.get("")


def _need(  # noqa: PLR0913 -- the parts of one record
    service: Service,
    line: ConfigLine,
    peer: str,
    book: Addresses,
    make: Callable[[Address, Address], Conversation],
    *,
    vrf: str = "",
    source: str | None = None,
) -> NeededFlow:
    try:
        address = ip_address(peer)
    except ValueError:
        unknown = f"{peer} is a name: which address it has is not known here"
        return NeededFlow(service, (), line.text, line.line, vrf, unknown=unknown)
    ours = book.towards(address, vrf, source)
    if isinstance(ours, str):
        return NeededFlow(service, (), line.text, line.line, vrf, unknown=ours)
    return NeededFlow(service, tuple(make(own, address) for own in ours), line.text, line.line, vrf)


def _sessions(
    config: RunningConfig, book: Addresses, management: Address | None, stations: Sequence[Address], ssh: int
) -> Iterator[NeededFlow]:
    if management is None:
        return
    line = next((item for item in config.tree if item.text.startswith("line vty ")), None)
    text, number = (line.text, line.line) if line is not None else ("line vty", None)
    found = [peer for peer in stations if peer.version == management.version and peer != management]
    unknown = "" if found else "where the management station stands is not known"
    options = tuple(is_asked(management, peer, TCP, ssh) for peer in found)
    yield NeededFlow(Service.SSH, options, text, number, book.vrf_of(management), unknown=unknown)


def _dns(config: RunningConfig, book: Addresses) -> Iterator[NeededFlow]:
    if any(line.text in {f"no {start}" for start in _LOOKUP} for line in config.tree):
        return
    for line, words in starting(config, "ip name-server"):
        vrf = words[1] if words[:1] == ["vrf"] else ""
        source = _source(config, f"{_LOOKUP[0]} source-interface", vrf)
        source = source or _source(config, f"{_LOOKUP[1]} source-interface", vrf)
        for peer in words[2:] if vrf else words:
            yield _need(Service.DNS, line, peer, book, lambda own, to: asks(own, to, UDP, _DNS), vrf=vrf, source=source)


def _ntp(config: RunningConfig, book: Addresses) -> Iterator[NeededFlow]:
    usual = _source(config, "ntp source", "")
    for line, said in starting(config, "ntp server", "ntp peer"):
        vrf = said[1] if said[:1] == ["vrf"] else ""
        words = [word for word in (said[2:] if vrf else said) if word not in {"ip", "ipv6"}]
        if words:
            source = _after(words, "source") or usual
            yield _need(
                Service.NTP,
                line,
                words[0],
                book,
                lambda own, to: asks(own, to, UDP, _NTP, _NTP),  # IOS asks from the same port
                vrf=vrf,
                source=source,
            )


def _syslog(config: RunningConfig, book: Addresses) -> Iterator[NeededFlow]:
    for line, said in starting(config, "logging"):
        words = said[1:] if said[:1] == ["host"] else said
        words = words[1:] if words[:1] == ["ipv6"] else words
        if not words or (said[:1] != ["host"] and not words[0][0].isdigit()):
            continue
        vrf = _after(words, "vrf")
        port = int(number) if (number := _after(words, "port")).isdigit() else _SYSLOG
        protocol = TCP if _after(words, "transport") in {"tcp", "tls"} else UDP
        source = _source(config, "logging source-interface", vrf)

        made = partial(_logs, protocol=protocol, port=port)
        found = _need(Service.SYSLOG, line, words[0], book, made, vrf=vrf, source=source)
        same = [
            replace(talk, out=replace(talk.out, source_port=port)) for talk in found.options if talk.out is not None
        ]
        # over UDP some releases send from the port that they send to
        yield replace(found, options=(*found.options, *same)) if protocol == UDP else found


def _logs(own: Address, to: Address, protocol: int, port: int) -> Conversation:
    return tells(own, to, UDP, port) if protocol == UDP else asks(own, to, protocol, port)


def _snmp(config: RunningConfig, book: Addresses, management: Address | None) -> Iterator[NeededFlow]:
    """Traps, and polls by who receives them: no line says who polls."""
    polled = any(True for _ in starting(config, "snmp-server community", "snmp-server group", "snmp-server user"))
    source = _source(config, "snmp-server trap-source", "")
    source = source or _source(config, "snmp-server source-interface traps", "")
    for line, words in starting(config, "snmp-server host"):
        if not words:
            continue
        vrf = _after(words, "vrf")
        port = int(number) if (number := _after(words, "udp-port")).isdigit() else _TRAPS
        answered = "informs" in words

        def made(own: Address, to: Address, port: int = port, answered: bool = answered) -> Conversation:  # noqa: FBT001 -- bound early
            return asks(own, to, UDP, port) if answered else tells(own, to, UDP, port)

        yield _need(Service.TRAPS, line, words[0], book, made, vrf=vrf, source=source)
        if polled and not vrf and management is not None:
            yield _polled(line, words[0], book, management)


def _polled(line: ConfigLine, peer: str, book: Addresses, management: Address) -> NeededFlow:
    try:
        asked = (is_asked(management, ip_address(peer), UDP, _SNMP),)
    except ValueError:
        unknown = f"{peer} is a name: which address it has is not known here"
        return NeededFlow(Service.SNMP, (), line.text, line.line, unknown=unknown)
    return NeededFlow(Service.SNMP, asked, line.text, line.line, book.vrf_of(management))


def _pki(config: RunningConfig, book: Addresses) -> Iterator[NeededFlow]:
    sections = {line.text: line for line in config.tree if line.text.startswith("crypto pki trustpoint ")}
    for point in config.crypto.trustpoints:
        top = sections.get(f"crypto pki trustpoint {point.name}")
        if top is None or any(word.startswith("self") for word in point.enrollment_other):
            continue
        if point.enrollment_url is not None:
            line = next((item for item in top.commands if "enrollment url" in item.text), top)
            yield _url(Service.ENROLMENT, line, point.enrollment_url, point, book)
        methods = point.revocation_check or ("crl",)  # the default
        if methods[0] == "none":
            continue
        line = next((item for item in top.commands if item.text.startswith("revocation-check")), top)
        urls = [text.split()[-1] for text in point.other if text.startswith(("ocsp url ", "crl query "))]
        if urls:
            yield _url(Service.REVOCATION, line, urls[0], point, book)
        else:
            unknown = f"trustpoint {point.name}: where {methods[0]} is asked stands in certificates only"
            yield NeededFlow(Service.REVOCATION, (), line.text, line.line, point.vrf or "", unknown=unknown)


def _url(service: Service, line: ConfigLine, url: str, point: Trustpoint, book: Addresses) -> NeededFlow:
    parts = urlsplit(url)
    try:
        port = parts.port or _SCHEMES.get(parts.scheme)
    except ValueError:
        port = None
    if port is None or not parts.hostname:
        unknown = f"trustpoint {point.name}: {url} names no server and port that are known here"
        return NeededFlow(service, (), line.text, line.line, point.vrf or "", unknown=unknown)
    return _need(
        service,
        line,
        parts.hostname,
        book,
        lambda own, to: asks(own, to, TCP, port),
        vrf=point.vrf or "",
        source=point.source_interface,
    )


def _gdoi(config: RunningConfig, book: Addresses) -> Iterator[NeededFlow]:
    for group in config.gdoi_groups:
        local = group.server_local
        for own, vrf in _registering(config, group, book):
            for server in group.servers:
                if server.address.version == own.version:
                    text = f"server address ipv{server.address.version} {server.address}"
                    talk = asks(own, server.address, UDP, _GDOI, _GDOI)
                    yield NeededFlow(Service.GDOI, (talk,), text, server.line, vrf)
        if local is None or local.redundancy is None or local.address is None:
            continue
        for peer in local.redundancy.peers:
            if peer.address.version == local.address.version:
                text = f"peer address ipv{peer.address.version} {peer.address}"
                talk = asks(local.address, peer.address, UDP, _GDOI, _GDOI)
                yield NeededFlow(Service.COOP, (talk,), text, peer.line)


def _registering(config: RunningConfig, group: GdoiGroupConfig, book: Addresses) -> Iterator[tuple[Address, str]]:
    """The addresses by which a member registers, with their VRFs: the map's, else of each interface with the map."""
    for item in config.crypto_maps:
        if not any(entry.group == group.name for entry in item.entries):
            continue
        ports = [port for port in book.ports if item.name in {port.crypto_map, port.ipv6_crypto_map}]
        if not ports:
            continue
        name = group.client.registration_interface or item.local_address
        single = book.named(name) if name else None
        for port in [single] if single is not None else ports:
            vrf = port.vrf or ""
            yield from ((address.ip, vrf) for address in book.on(port)[:1])
