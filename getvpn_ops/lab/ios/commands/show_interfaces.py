"""Interfaces, as ``show interfaces``, ``show ip interface`` and their short forms list them.

What is counted stands at 0: the lab moves no packets over these ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.interfaces import Interface, interface, interfaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_WIDE, _NARROW = 26, 22
_DELAYS = {"Loopback": 5000, "Tunnel": 50000, "FastEthernet": 100, "Serial": 20000}
_SWITCHING = """  IP fast switching is enabled
  IP fast switching on the same interface is disabled
  IP Flow switching is disabled
  IP CEF switching is enabled
  IP CEF switching turbo vector
  IP multicast fast switching is enabled
  IP multicast distributed fast switching is disabled
  IP route-cache flags are Fast, CEF
  Router Discovery is disabled
  IP output packet accounting is disabled
  IP access violation accounting is disabled
  TCP/IP header compression is disabled
  RTP/IP header compression is disabled
  Policy routing is disabled
  Network address translation is {nat}
  BGP Policy Mapping is disabled
  WCCP Redirect outbound is disabled
  WCCP Redirect inbound is disabled
  WCCP Redirect exclude is disabled"""


def _chosen(shell: Shell, values: tuple[str, ...]) -> list[Interface]:
    if not values:
        return interfaces(shell.router)
    found = interface(shell.router, values[0])
    return [found] if found else []


def _unknown(shell: Shell, words: tuple[str, ...]) -> list[str]:
    """The answer to the name of an interface that the router does not have."""
    column = len(shell.prompt) + len(" ".join(words[:-1])) + 1
    return [f"{' ' * column}^", "% Invalid input detected at '^' marker.", ""]


def method(router: Router, shown: Interface) -> str:
    """Where an interface has its address from: ``NVRAM``, ``manual``, ``DHCP`` or ``unset``."""
    if shown.setting("ip address").startswith("dhcp"):
        return "DHCP"
    saved = interfaces(router, router.startup) if router.startup else []
    before = next((item for item in saved if item.name == shown.name), None)
    if before is not None and before.addresses == shown.addresses:
        return "NVRAM"
    return "manual" if shown.addresses or before is not None else "unset"


def show_ip_brief(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show ip interface brief [IF]``."""
    chosen = _chosen(shell, values)
    if values and not chosen:
        return _unknown(shell, words)
    width = _NARROW if shell.router.release.is_xe else _WIDE
    lines = [f"{'Interface':<{width}} IP-Address      OK? Method Status                Protocol"]
    for item in chosen:
        name = item.name if len(item.name) <= width else item.short
        address = str(item.addresses[0].ip) if item.addresses else "unassigned"
        how = method(shell.router, item)
        lines.append(f"{name:<{width}} {address:<15} YES {how:<6} {item.status:<21} {item.protocol:<8}")
    return lines


def show_descriptions(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show interfaces description``."""
    yield "Interface                      Status         Protocol Description"
    for item in _chosen(shell, values):
        status = "admin down" if item.shut else "up"
        yield f"{item.short:<30} {status:<14} {item.protocol:<8} {item.description}".rstrip()


def show_interfaces(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show interfaces [IF]``."""
    chosen = _chosen(shell, values)
    if values and not chosen:
        return _unknown(shell, words)
    return [line for item in chosen for line in _one(shell.router, item)]


def _one(router: Router, item: Interface) -> Iterator[str]:
    yield f"{item.name} is {item.status}, line protocol is {item.protocol} "
    yield f"  Hardware is {_hardware(router, item)}"
    if item.description:
        yield f"  Description: {item.description}"
    if item.addresses:
        yield f"  Internet address is {item.addresses[0]}"
    delay = _DELAYS.get(item.kind, 10)
    yield f"  MTU {item.mtu} bytes, BW {item.bandwidth} Kbit/sec, DLY {delay} usec, "
    yield "     reliability 255/255, txload 1/255, rxload 1/255"
    if item.is_sub:
        tag = item.setting("encapsulation dot1Q") or item.setting("encapsulation dot1q")
        yield (
            f"  Encapsulation 802.1Q Virtual LAN, Vlan ID  {tag.split()[0]}."
            if tag
            else "  Encapsulation ARPA, loopback not set"
        )
        yield "  ARP type: ARPA, ARP Timeout 04:00:00"
        yield "  Keepalive set (10 sec)" if not router.release.is_xe else "  Keepalive not supported "
        yield '  Last clearing of "show interface" counters never'
        return
    yield from _layer_2(router, item)
    yield from _counters(router, item)


def _hardware(router: Router, item: Interface) -> str:
    if item.kind in {"Loopback", "Tunnel"}:
        return item.kind
    name = "Ethernet SVI" if item.kind in {"Vlan", "BVI"} else router.platform.ethernet
    return f"{name}, address is {item.mac} (bia {item.mac})"


def _layer_2(router: Router, item: Interface) -> Iterator[str]:
    if item.kind == "Loopback":
        yield "  Encapsulation LOOPBACK, loopback not set"
        yield "  Keepalive set (10 sec)"
        return
    if item.kind == "Tunnel":
        yield "  Encapsulation TUNNEL, loopback not set"
        yield "  Keepalive not set"
        source, to = item.setting("tunnel source", "UNKNOWN"), item.setting("tunnel destination", "UNKNOWN")
        yield f"  Tunnel source {source}, destination {to}"
        yield "  Tunnel protocol/transport GRE/IP"
        return
    yield "  Encapsulation ARPA, loopback not set"
    if router.release.is_xe:
        yield "  Keepalive not supported "
    else:
        yield "  Keepalive set (10 sec)"
    duplex = {"half": "Half", "full": "Full"}.get(item.setting("duplex"), "Full")
    fast = item.kind == "FastEthernet"
    if item.kind in {"Vlan", "BVI", "Port-channel"}:
        pass
    elif router.release.is_xe:
        speed = {"TenGigabitEthernet": "10000"}.get(item.kind, item.setting("speed", "1000")).replace("auto", "1000")
        link = "auto" if not item.setting("speed") or item.setting("speed") == "auto" else "force-up"
        yield f"  {duplex} Duplex, {speed}Mbps, link type is {link}, media type is RJ45"
        yield "  output flow-control is off, input flow-control is off"
    elif fast:
        yield f"  {duplex}-duplex, 100Mb/s, 100BaseTX/FX"
    else:
        yield f"  {duplex} Duplex, 1Gbps, media type is RJ45"
        yield "  output flow-control is unsupported, input flow-control is unsupported"
    yield "  ARP type: ARPA, ARP Timeout 04:00:00"


def _counters(router: Router, item: Interface) -> Iterator[str]:
    queue = 375 if router.release.is_xe else 75
    yield (
        "  Last input never, output never, output hang never"
        if item.shut
        else "  Last input 00:00:00, output 00:00:00, output hang never"
    )
    yield '  Last clearing of "show interface" counters never'
    yield f"  Input queue: 0/{queue}/0/0 (size/max/drops/flushes); Total output drops: 0"
    yield "  Queueing strategy: fifo"
    yield "  Output queue: 0/40 (size/max)" if item.kind != "Loopback" else "  Output queue: 0/0 (size/max)"
    yield "  5 minute input rate 0 bits/sec, 0 packets/sec"
    yield "  5 minute output rate 0 bits/sec, 0 packets/sec"
    yield "     0 packets input, 0 bytes, 0 no buffer"
    if router.release.family == "12.4":
        yield "     Received 0 broadcasts, 0 runts, 0 giants, 0 throttles"
    else:
        yield "     Received 0 broadcasts (0 IP multicasts)"
        yield "     0 runts, 0 giants, 0 throttles "
    ports = not item.is_virtual
    yield f"     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored{'' if ports else ', 0 abort'}"
    if ports:
        yield "     0 watchdog" if router.release.family == "12.4" else "     0 watchdog, 0 multicast, 0 pause input"
    yield "     0 packets output, 0 bytes, 0 underruns"
    yield "     0 output errors, 0 collisions, 0 interface resets"
    if router.release.family != "12.4":
        yield "     0 unknown protocol drops"
    if ports:
        yield "     0 babbles, 0 late collision, 0 deferred"
        yield "     0 lost carrier, 0 no carrier" + ("" if router.release.family == "12.4" else ", 0 pause output")
    yield "     0 output buffer failures, 0 output buffers swapped out"


def show_ip_interface(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show ip interface [IF]``."""
    chosen = _chosen(shell, values)
    if values and not chosen:
        return _unknown(shell, words)
    return [line for item in chosen for line in _ip(shell.router, item)]


def _ip(router: Router, item: Interface) -> Iterator[str]:
    yield f"{item.name} is {item.status}, line protocol is {item.protocol}"
    if not item.addresses:
        yield "  Internet protocol processing disabled"
        return
    first, *others = item.addresses
    yield f"  Internet address is {first}"
    yield "  Broadcast address is 255.255.255.255"
    yield f"  Address determined by {'non-volatile memory' if method(router, item) == 'NVRAM' else 'setup command'}"
    yield f"  MTU is {item.setting('ip mtu', str(min(item.mtu, 1514) if item.kind != 'Tunnel' else 1476))} bytes"
    helpers = [line.split()[-1] for line in item.lines if line.startswith("ip helper-address ")]
    if len(helpers) > 1:
        yield f"  Helper addresses are {helpers[0]}"
        for helper in helpers[1:]:
            yield f"                       {helper}"
    else:
        yield f"  Helper address is {helpers[0] if helpers else 'not set'}"
    yield "  Directed broadcast forwarding is disabled"
    for address in others:
        yield f"  Secondary address {address}"
    lists = {line.split()[-1]: line.split()[2] for line in item.lines if line.startswith("ip access-group ")}
    if router.release.is_xe:
        yield "  Outgoing Common access list is not set "
    yield f"  Outgoing access list is {lists.get('out', 'not set')}"
    if router.release.is_xe:
        yield "  Inbound Common access list is not set "
    yield f"  Inbound  access list is {lists.get('in', 'not set')}"
    yield "  Proxy ARP is enabled" if "no ip proxy-arp" not in item.lines else "  Proxy ARP is disabled"
    yield "  Local Proxy ARP is disabled"
    yield "  Security level is default"
    yield "  Split horizon is enabled"
    redirects = "never" if "no ip redirects" in item.lines else "always"
    unreachables = "never" if "no ip unreachables" in item.lines else "always"
    yield f"  ICMP redirects are {redirects} sent"
    yield f"  ICMP unreachables are {unreachables} sent"
    yield "  ICMP mask replies are never sent"
    nat = next((line.split()[-1] for line in item.lines if line in {"ip nat inside", "ip nat outside"}), "")
    switching = _SWITCHING.format(nat=f"enabled, interface in domain {nat}" if nat else "disabled").splitlines()
    if item.vrf:
        switching.insert(5, f'  VPN Routing/Forwarding "{item.vrf}"')
    yield from switching


def show_ipv6_brief(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show ipv6 interface brief``."""
    width = _NARROW if shell.router.release.is_xe else _WIDE
    for item in _chosen(shell, values):
        yield f"{item.name:<{width}} [{item.status}/{item.protocol}]"
        yield from (f"    {address}" for address in _addresses6(item) or ("unassigned",))


def _addresses6(item: Interface) -> list[str]:
    if not item.has_ipv6:
        return []
    return [item.link_local, *(str(address.ip).upper() for address in item.addresses6)]


def show_ipv6_interface(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show ipv6 interface [IF]``."""
    chosen = _chosen(shell, values)
    if values and not chosen:
        return _unknown(shell, words)
    lines = []
    for item in chosen:
        if not item.has_ipv6:
            continue
        lines.append(f"{item.name} is {item.status}, line protocol is {item.protocol}")
        lines.append(f"  IPv6 is enabled, link-local address is {item.link_local} ")
        lines.append("  No Virtual link-local address(es):")
        lines.append("  Global unicast address(es):")
        for address in item.addresses6:
            network = str(address.network).upper()
            lines.append(f"    {str(address.ip).upper()}, subnet is {network} ")
        lines.append("  Joined group address(es):")
        lines += ["    FF02::1", "    FF02::2"]
        lines.append(f"  MTU is {min(item.mtu, 1514)} bytes")
        lines.append("  ICMP error messages limited to one every 100 milliseconds")
        lines.append("  ICMP redirects are enabled")
        lines.append("  ICMP unreachables are sent")
        lines.append("  ND DAD is enabled, number of DAD attempts: 1")
        lines.append("  Hosts use stateless autoconfig for addresses.")
    return lines


def show_protocols(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``show protocols``."""
    yield "Global values:"
    yield "  Internet Protocol routing is enabled"
    for item in _chosen(shell, values):
        yield f"{item.name} is {item.status}, line protocol is {item.protocol}"
        if item.addresses:
            yield f"  Internet address is {item.addresses[0]}"


SHOWS = {
    "show-ip-interface-brief": show_ip_brief,
    "show-interfaces-description": show_descriptions,
    "show-interfaces": show_interfaces,
    "show-ip-interface": show_ip_interface,
    "show-ipv6-interface-brief": show_ipv6_brief,
    "show-ipv6-interface": show_ipv6_interface,
    "show-protocols": show_protocols,
}
