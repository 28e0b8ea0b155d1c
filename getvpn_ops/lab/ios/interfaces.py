"""Interfaces and routes of a router, read from its configuration."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.router import Router

_NUMBER = re.compile(r"\d")
_VIRTUAL = ("Loopback", "Tunnel", "Vlan", "Port-channel", "Null", "BVI", "Dialer", "Virtual-Template")
_BANDWIDTH = {
    "Ten": 10_000_000,
    "Gig": 1_000_000,
    "Fas": 100_000,
    "Eth": 10_000,
    "Ser": 1544,
    "Loo": 8_000_000,
    "Tun": 100,
}
_SHORT = {
    "GigabitEthernet": "Gi",
    "TenGigabitEthernet": "Te",
    "FastEthernet": "Fa",
    "Ethernet": "Et",
    "Serial": "Se",
    "Loopback": "Lo",
    "Tunnel": "Tu",
    "Vlan": "Vl",
    "Port-channel": "Po",
    "Null": "Nu",
    "Dialer": "Di",
    "BVI": "BV",
}
_NEAREST = 255


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface.

    Attributes:
        name: in full.
        lines: of its mode.
        shut: whether it, or the interface it belongs to, is shut down.
        mac: of its port; the same for the interfaces of one port.
    """

    name: str
    lines: tuple[str, ...]
    shut: bool
    mac: str

    @property
    def kind(self) -> str:
        """``GigabitEthernet``."""
        return _NUMBER.split(self.name, maxsplit=1)[0]

    @property
    def short(self) -> str:
        """``Gi0/0/1``."""
        return f"{_SHORT.get(self.kind, self.kind[:2])}{self.name.removeprefix(self.kind)}"

    @property
    def is_virtual(self) -> bool:
        """Whether it has no port."""
        return self.kind in _VIRTUAL

    @property
    def is_sub(self) -> bool:
        """Whether it is one of several on a port."""
        return "." in self.name

    def setting(self, start: str, default: str = "") -> str:
        """What stands behind the words that begin a line; ``default`` if there is no such line."""
        found = next((line for line in self.lines if line == start or line.startswith(f"{start} ")), None)
        return default if found is None else found[len(start) :].strip()

    @property
    def description(self) -> str:
        """What people wrote."""
        return self.setting("description")

    @property
    def vrf(self) -> str:
        """Its VRF; empty if it is in none."""
        return self.setting("vrf forwarding") or self.setting("ip vrf forwarding")

    @property
    def addresses(self) -> tuple[ipaddress.IPv4Interface, ...]:
        """Addresses with their masks, the primary one first."""
        found = []
        for line in self.lines:
            words = line.split()
            if words[:2] == ["ip", "address"] and len(words) > 3 and _NUMBER.match(words[2]):  # noqa: PLR2004 -- address, mask
                found.append((words[-1] == "secondary", ipaddress.IPv4Interface(f"{words[2]}/{words[3]}")))
        return tuple(address for _, address in sorted(found, key=lambda item: item[0]))

    @property
    def addresses6(self) -> tuple[ipaddress.IPv6Interface, ...]:
        """IPv6 addresses with their prefixes, without the local one."""
        words = [line.split() for line in self.lines if line.startswith("ipv6 address ")]
        return tuple(ipaddress.IPv6Interface(item[2]) for item in words if "/" in item[2])

    @property
    def has_ipv6(self) -> bool:
        """Whether it speaks IPv6."""
        return bool(self.addresses6) or any(line.startswith(("ipv6 enable", "ipv6 address ")) for line in self.lines)

    @property
    def link_local(self) -> str:
        """``FE80::...``, made of its hardware address."""
        octets = bytearray(bytes.fromhex(self.mac.replace(".", "")))
        octets[0] ^= 2
        host = bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
        return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + host)).upper()

    @property
    def bandwidth(self) -> int:
        """Kilobits a second."""
        return int(self.setting("bandwidth", str(_BANDWIDTH.get(self.kind[:3], 1_000_000))).split()[-1])

    @property
    def mtu(self) -> int:
        """Bytes of a packet on the wire's layer."""
        usual = {"Loopback": 1514, "Tunnel": 17916}.get(self.kind, 1500)
        return int(self.setting("mtu", str(usual)))

    @property
    def status(self) -> str:
        """``up`` or ``administratively down``; every cable of the lab is plugged in."""
        return "administratively down" if self.shut else "up"

    @property
    def protocol(self) -> str:
        """``up`` or ``down``."""
        return "down" if self.shut else "up"


@dataclass(frozen=True, slots=True)
class Route:
    """A route that is in use.

    Attributes:
        network: where it leads.
        code: ``C``, ``L`` or ``S``.
        interface: where it leaves; empty if only the next hop says it.
        next_hop: the router to hand to; None if the network is connected.
        distance: of its source.
    """

    network: ipaddress.IPv4Network
    code: str
    interface: str = ""
    next_hop: ipaddress.IPv4Address | None = None
    distance: int = 0


def interfaces(router: Router, running: Configuration | None = None) -> list[Interface]:
    """The interfaces, those with ports first, as the commands list them.

    Args:
        router: whose.
        running: read this configuration instead of the running one.
    """
    blocks = (running or router.running).all("interface ")
    texts = {block.text.split()[1]: tuple(line.text for line in block.lines) for block in blocks}
    shut = {name for name, lines in texts.items() if "shutdown" in lines}
    base = int(hashlib.sha256(router.serial.encode()).hexdigest()[:4], 16) << 8
    ports = [name for name in texts if not name.startswith(_VIRTUAL) and "." not in name]
    made = []
    for name, lines in texts.items():
        port = name.partition(".")[0]
        number = base + (ports.index(port) if port in ports else 0xF0)
        digits = f"6c20{number:08x}"
        mac = f"{digits[:4]}.{digits[4:8]}.{digits[8:12]}"
        made.append(Interface(name, lines, name in shut or port in shut, mac))
    return sorted(made, key=lambda item: item.is_virtual)


def interface(router: Router, name: str) -> Interface | None:
    """One interface by its full name."""
    return next((item for item in interfaces(router) if item.name == name), None)


def own_addresses(router: Router) -> set[str]:
    """Addresses that the router answers for."""
    return {str(address.ip) for item in interfaces(router) if not item.shut for address in item.addresses}


def routes(router: Router, vrf: str = "") -> list[Route]:
    """The routing table of a VRF, or the global one: connected networks, and static routes whose next hop is known.

    Routing protocols are configured only; they learn nothing.
    """
    up = [item for item in interfaces(router) if not item.shut and item.vrf == vrf]
    table = [Route(address.network, "C", item.name) for item in up for address in item.addresses]
    if router.release.family != "12.4":  # since 15.0 a router lists its own addresses
        whole = ipaddress.IPV4LENGTH
        table += [
            Route(ipaddress.IPv4Network(address.ip), "L", item.name)
            for item in up
            for address in item.addresses
            if address.network.prefixlen < whole
        ]
    static = [route for block in router.running.all("ip route ") if (route := _static(block.text, vrf)) is not None]
    names = {item.name for item in up}
    waiting = True
    while waiting:  # a next hop may be reached through another static route
        ready = [route for route in static if _is_usable(route, table, names)]
        static = [route for route in static if route not in ready]
        table += ready
        waiting = bool(ready)
    best = {route.network: route.distance for route in sorted(table, key=lambda item: -item.distance)}
    kept = [route for route in table if route.distance == best[route.network]]
    return sorted(kept, key=lambda route: (route.network.network_address, route.network.prefixlen))


def _is_usable(route: Route, table: Iterable[Route], names: set[str]) -> bool:
    if route.interface:
        return route.interface in names or route.interface == "Null0"
    hop = route.next_hop
    return any(hop in known.network for known in table if known.network.prefixlen)


def _static(text: str, vrf: str) -> Route | None:
    """``ip route [vrf X] PREFIX MASK {IF [HOP] | HOP} [distance] ...``; None if it is of another table."""
    words = text.split()[2:]
    of = ""
    if words[:1] == ["vrf"]:
        of, words = words[1], words[2:]
    if of != vrf or len(words) < 3:  # noqa: PLR2004 -- network, mask, where to
        return None
    try:
        network = ipaddress.IPv4Network(f"{words[0]}/{words[1]}")
    except ValueError:
        return None
    out, hop, distance = "", None, 1
    for word in words[2:]:
        if word.isdigit() and int(word) <= _NEAREST:
            distance = int(word)
        elif _is_address(word):
            hop = ipaddress.IPv4Address(word)
        elif _NUMBER.search(word) and not out and hop is None:
            out = word
        else:
            break  # name, tag, track: they change nothing here
    return Route(network, "S", out, hop, distance)


def _is_address(word: str) -> bool:
    try:
        ipaddress.IPv4Address(word)
    except ValueError:
        return False
    return True
