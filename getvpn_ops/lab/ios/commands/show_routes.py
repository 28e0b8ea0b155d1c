"""Routes, neighbours on the wire, VRFs and names of hosts."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.interfaces import Route, interfaces, routes

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.session.shell import Shell

_CODES = """Codes: {local}C - connected, S - static, R - RIP, M - mobile, B - BGP
       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area 
       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2
       E1 - OSPF external type 1, E2 - OSPF external type 2{more}
       ia - IS-IS inter area, * - candidate default, U - per-user static route
       o - ODR, P - periodic downloaded static route"""  # noqa: W291 -- as routers print it
_ZERO = "0.0.0.0"  # noqa: S104 -- the default route, no address to listen on
_ISIS = "\n       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2"
_PER_FLOW = ", m - OMP\n       n - NAT, Ni - NAT inside, No - NAT outside, Nd - NAT DIA"
_SINCE_15 = ", H - NHRP, l - LISP\n       a - application route\n       + - replicated route, % - next hop override"
_SINCE_17 = ", p - overrides from PfR\n       & - replicated local route overrides by connected"


def show_ip_route(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show ip route [vrf X] [connected | static]``: what the configuration gives; protocols learn nothing here."""
    family = shell.router.release.family
    vrf = values[0] if values and "vrf" in words else ""
    if vrf and vrf not in dict(_vrfs(shell)):
        return [f"% IP routing table {vrf} does not exist"]
    found = routes(shell.router, vrf)
    lines = ["", f"Routing Table: {vrf}"] if vrf else []
    isis = (_PER_FLOW if family == "17" else "") + _ISIS
    lines += _CODES.format(local="" if family == "12.4" else "L - local, ", more=isis).splitlines()
    if family != "12.4":
        lines = _continued(lines, _SINCE_15)
    if family == "17":
        lines = _continued(lines, _SINCE_17)
    default = next((route for route in found if not route.network.prefixlen), None)
    gateway = f"is {default.next_hop or _ZERO} to network {_ZERO}" if default else "is not set"
    lines += ["", f"Gateway of last resort {gateway}", ""]
    wanted = {"connected": "CL", "static": "S"}.get(words[-1], "CLS")
    return [*lines, *_table([route for route in found if route.code in wanted], old=family == "12.4")]


def _continued(lines: list[str], text: str) -> list[str]:
    first, *more = text.split("\n")
    return [*lines[:-1], lines[-1] + first, *more]


def _classful(network: ipaddress.IPv4Network) -> ipaddress.IPv4Network:
    first = int(network.network_address) >> 24
    length = 8 if first < 128 else 16 if first < 192 else 24  # noqa: PLR2004 -- classes A, B, C
    return network if network.prefixlen <= length else network.supernet(new_prefix=length)


def _table(found: list[Route], *, old: bool) -> Iterator[str]:
    """The lines, subnets under the network of their class."""
    blank = 0 if old else 1
    default: list[str] = []
    for parent, group in groupby(found, key=lambda route: _classful(route.network)):
        children = list(group)
        if parent.prefixlen == 0:
            default = [f"S*{' ' * (3 + blank)}0.0.0.0/0 {_way(route)}" for route in children]
            if not old:
                yield from default
            continue
        networks = sorted({route.network for route in children})
        if networks == [parent]:
            for number, route in enumerate(children):
                yield _line(f"{route.code}    {' ' * blank}", str(parent), route, number)
            continue
        lengths = {network.prefixlen for network in networks}
        head = f"     {' ' * blank}{parent if len(lengths) > 1 else f'{parent.network_address}/{max(lengths)}'} is "
        count = len(networks)
        if len(lengths) > 1:
            yield f"{head}variably subnetted, {count} subnets, {len(lengths)} masks"
        else:
            yield f"{head}subnetted, {count} subnets"
        seen: set[ipaddress.IPv4Network] = set()
        for route in children:
            text = str(route.network) if len(lengths) > 1 else str(route.network.network_address)
            yield _line(f"{route.code}       {' ' * blank}", text, route, int(route.network in seen))
            seen.add(route.network)
    if old:
        yield from default


def _way(route: Route) -> str:
    if route.next_hop is None:
        return f"is directly connected, {route.interface}"
    out = f", {route.interface}" if route.interface else ""
    return f"[{route.distance}/0] via {route.next_hop}{out}"


def _line(start: str, network: str, route: Route, number: int) -> str:
    """A route; further ways to the same network stand below the first without its name."""
    if number and route.next_hop is not None:
        return f"{' ' * (len(start) + len(network) + 1)}{_way(route)}"
    return f"{start}{network} {_way(route)}"


def show_arp(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show arp`` and ``show ip arp``: the router's own addresses; it hears no others."""
    yield "Protocol  Address          Age (min)  Hardware Addr   Type   Interface"
    for item in interfaces(shell.router):
        if not item.shut and item.kind not in {"Loopback", "Tunnel"}:
            for address in item.addresses:
                yield f"Internet  {address.ip!s:<15}         -   {item.mac}  ARPA   {item.name}"


def _vrfs(shell: Shell) -> list[tuple[str, str]]:
    """VRFs with their distinguishers."""
    blocks = [*shell.router.running.all("vrf definition "), *shell.router.running.all("ip vrf ")]
    return [
        (
            block.text.split()[2],
            next((line.text.split()[1] for line in block.lines if line.text.startswith("rd ")), "<not set>"),
        )
        for block in blocks
        if len(block.text.split()) == 3  # noqa: PLR2004 -- definition and name
    ]


def show_vrf(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show vrf`` and ``show ip vrf``."""
    found = _vrfs(shell)
    old = words[1] == "ip"
    if not found:
        return
    if old:
        yield "  Name                             Default RD            Interfaces"
    else:
        yield "  Name                             Default RD            Protocols   Interfaces"
    for name, distinguisher in found:
        names = [item.short for item in interfaces(shell.router) if item.vrf == name] or [""]
        middle = "" if old else "ipv4        "
        yield f"  {name:<32} {distinguisher:<21} {middle}{names[0]}".rstrip()
        for more in names[1:]:
            yield f"{' ' * (57 + len(middle))}{more}"


def _domain(shell: Shell) -> str:
    for start in ("ip domain name ", "ip domain-name "):
        if block := shell.router.running.find(start):
            return block.text.split()[-1]
    return ""


def show_hosts(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show hosts [summary]``."""
    router = shell.router
    texts = [block.text.split() for block in router.running.all("ip host ")]
    servers = [server for block in router.running.all("ip name-server ") for server in block.text.split()[2:]]
    domain = _domain(shell)
    if words[-1] == "summary":
        yield f"Default domain is {domain or 'not set'}"
        yield f"Name servers are {', '.join(servers) or '255.255.255.255'}"
        yield f"Local cache entries: {len(texts)}"
        yield "Dynamic cache entries: 0"
        return
    lookup = "disabled" if router.running.find("no ip domain lookup") else "domain service"
    if router.release.is_xe:
        yield "Name lookup view: Global"
    yield f"Default domain is {domain}" if domain else "Default domain is not set"
    yield f"Name/address lookup uses {lookup if lookup != 'disabled' else 'static mappings'}"
    yield f"Name servers are {', '.join(servers) or '255.255.255.255'}"
    yield ""
    yield "Codes: UN - unknown, EX - expired, OK - OK, ?? - revalidate"
    yield "       temp - temporary, perm - permanent"
    yield "       NA - Not Applicable None - Not defined"
    yield ""
    yield "Host                      Port  Flags      Age Type   Address(es)"
    for words_of in texts:
        yield f"{words_of[2]:<25} None  (perm, OK)  0   IP    {'  '.join(words_of[3:])}"


SHOWS = {"show-ip-route": show_ip_route, "show-arp": show_arp, "show-vrf": show_vrf, "show-hosts": show_hosts}
