"""The sites of a fleet, and what its routers do to packets, read from inventory and configurations.

The inventory's data say what stands behind a router; where they are silent, and for VRFs, its configuration does.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.interfaces import interfaces
from getvpn_ops.lab.packets.fate import USUAL_MTU
from getvpn_ops.lab.packets.places import Box, Lan, Site, Sites, Uplink

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from getvpn_ops.lab.inventory import Host
    from getvpn_ops.lab.ios.interfaces import Interface
    from getvpn_ops.lab.ios.router import Router

_NO_LAN = ("Loopback", "Tunnel", "Null")
_SERVICES = {
    "syslog": ("logging host ", "logging "),
    "ntp": ("ntp server ",),
    "tacacs": ("tacacs-server host ",),
    "snmp": ("snmp-server host ",),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a router's configuration says of the packets that it forwards, beside its crypto maps.

    Attributes:
        df_bit: of the outer header: ``copy``, ``clear`` or ``set`` (``crypto ipsec df-bit``).
        clamp: largest TCP segment that it lets pass (``ip tcp adjust-mss``); None: any.
        mtu: of its narrowest link with a crypto map; 1500 without one.
        linked: whether one of its links with a crypto map is up, if there are such.
    """

    df_bit: str = "copy"
    clamp: int | None = None
    mtu: int = USUAL_MTU
    linked: bool = True


def read_sites(fleet: Iterable[tuple[Host, Router]]) -> Sites:
    """The sites of a fleet.

    Args:
        fleet: each host of the inventory with its router.
    """
    found: dict[str, Site] = {}
    known = [(host, router, interfaces(router)) for host, router in fleet]
    inside = {address.ip for _, _, ports in known for port in ports for address in port.addresses}
    for host, router, ports in known:
        name = str(host.data.get("site") or host.name)
        site = found.setdefault(name, Site(name))
        links = tuple(link for link in _uplinks(router, ports) if link.neighbour not in inside)
        site.boxes.append(
            Box(
                host.name,
                str(host.data.get("role", "")),
                _management(host, ports),
                frozenset({"", *(port.vrf for port in ports if not port.shut and port.addresses)}),
                links,
                tuple(_services(router)),
            )
        )
        site.manager |= bool(host.data.get("manager"))
        for lan in _lans(host, ports, links):
            if lan not in site.lans:
                site.lans.append(lan)
    return Sites(found.values())


def settings(router: Router, vrf: str = "") -> Settings:
    """What a router's configuration says of the packets that it forwards in a VRF."""
    ports = [port for port in interfaces(router) if port.vrf == vrf]
    outer = [port for port in ports if port.setting("crypto map")]
    links = [port for port in outer if not port.shut]
    clamps = [port.setting("ip tcp adjust-mss") for port in ports if not port.shut]
    block = router.running.find("crypto ipsec df-bit ")
    return Settings(
        block.text.split()[-1] if block else "copy",
        min((int(text) for text in clamps if text.isdigit()), default=None),
        min((int(port.setting("ip mtu") or port.mtu) for port in links), default=USUAL_MTU),
        linked=bool(links) or not outer,
    )


def _management(host: Host, ports: Sequence[Interface]) -> IPv4Address | None:
    try:
        return IPv4Address(host.address)
    except ValueError:
        return next((port.addresses[0].ip for port in ports if port.kind == "Loopback" and port.addresses), None)


def _uplinks(router: Router, ports: Sequence[Interface]) -> tuple[Uplink, ...]:
    """Links with a neighbour of another AS, or with the next hop of the default route."""
    neighbours = set(_neighbours(router)) | set(_gateways(router))
    return tuple(
        Uplink(address.ip, neighbour, port.vrf)
        for port in ports
        if not port.shut
        for address in port.addresses
        for neighbour in sorted(neighbours)
        if neighbour in address.network and neighbour != address.ip
    )


def _neighbours(router: Router) -> Iterator[IPv4Address]:
    for block in router.running.all("router bgp "):
        own = block.text.split()[-1]
        lines = [*block.lines, *(below for line in block.lines for below in line.lines)]
        for words in (line.text.split() for line in lines):
            if words[:1] == ["neighbor"] and words[2:3] == ["remote-as"] and words[3] != own:
                yield from _address(words[1])


def _gateways(router: Router) -> Iterator[IPv4Address]:
    for block in router.running.all("ip route "):
        words = block.text.split()
        if "0.0.0.0" in words and words.count("0.0.0.0") > 1:  # noqa: S104 -- the default route
            yield from (found for word in words[4:] for found in _address(word) if int(found))


def _address(word: str) -> Iterator[IPv4Address]:
    try:
        yield IPv4Address(word)
    except ValueError:
        return


def _services(router: Router) -> Iterator[tuple[str, IPv4Address]]:
    for kind, starts in _SERVICES.items():
        for block in router.running.top.lines:
            start = next((start for start in starts if block.text.startswith(start)), None)
            if start is not None:
                words = [word for word in block.text[len(start) :].split() if word[0].isdigit()]
                yield from ((kind, address) for word in words[:1] for address in _address(word))
    for block in router.running.all("tacacs server "):
        for line in block.lines:
            if line.text.startswith("address ipv4 "):
                yield from (("tacacs", address) for address in _address(line.text.split()[2]))


def _lans(host: Host, ports: Sequence[Interface], links: Sequence[Uplink]) -> Iterator[Lan]:
    """What stands behind a router: as the inventory says, or else what its interfaces say."""
    outer = {link.address for link in links}
    inner = [
        (address.network, port.vrf)
        for port in ports
        if not port.shut and port.kind not in _NO_LAN and not port.setting("crypto map")
        for address in port.addresses
        if address.ip not in outer
    ]
    given = host.data.get("prefixes")
    if not isinstance(given, list):
        yield from (Lan(network, vrf) for network, vrf in inner if host.data.get("role") != "ks")
        return
    for text in given:
        try:
            network = IPv4Network(str(text), strict=False)
        except ValueError:
            continue
        yield Lan(network, next((vrf for known, vrf in inner if known.overlaps(network)), ""))
