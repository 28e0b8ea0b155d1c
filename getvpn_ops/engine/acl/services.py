"""Which services the routers of a group use, by whole configurations: never guessed from what is not in them."""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.services_used import services_used
from getvpn_ops.checks.acl.services import NAMES, InUse, Need
from getvpn_ops.model.config import RunningConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.analysis.lockout.needs import NeededFlow
    from getvpn_ops.checks.views import GroupView, InGroup
    from getvpn_ops.model.config import ConfigLine
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.values import Address

_SPEAKS = MappingProxyType(
    {
        "tacacs": re.compile(r"tacacs|aaa group server tacacs"),
        "radius": re.compile(r"radius|aaa group server radius"),
        "snmp": re.compile(r"snmp-server (?:community|group|user|view|host)"),
        "snmp-trap": re.compile(r"snmp-server (?:host|enable)"),
        "syslog": re.compile(
            r"logging (?!alarm|buffer|cns|console|count|delimiter|discriminator|dmvpn|esm|event|exception|facility"
            r"|filter|history|message-counter|monitor|on$|origin-id|persistent|queue-limit|rate-limit|snmp-|source-"
            r"|synchronous|trap|userinfo)"
        ),
        "ntp": re.compile(r"s?ntp (?:server|peer|master|broadcast|multicast)|interface .*"),
        "dns": re.compile(r"ip (?:name-server|domain.name-server|dns )|ipv6 (?:host|name-server)"),
        "bgp": re.compile(r"router bgp"),
        "ospf": re.compile(r"router ospf|ipv6 router ospf|interface .*"),
        "eigrp": re.compile(r"router eigrp|ipv6 router eigrp|interface .*"),
        "rip": re.compile(r"router rip|ipv6 router rip|interface .*"),
        "pim": re.compile(r"ip(?:v6)? pim|ip(?:v6)? multicast-routing|interface .*"),
    }
)
"""Global lines that may mean that a service is in use; of an interface its lines tell (``_ON_INTERFACE``)."""
_ON_INTERFACE = MappingProxyType(
    {
        "ntp": re.compile(r"ntp (?:broadcast|multicast)"),
        "ospf": re.compile(r"ip(?:v6)? ospf|ospfv3"),
        "eigrp": re.compile(r"ip(?:v6)? eigrp"),
        "rip": re.compile(r"ip(?:v6)? rip"),
        "pim": re.compile(r"ip(?:v6)? pim"),
    }
)
_SHOWN = ("show running-config", "show startup-config")


def in_use(view: GroupView, expected: Iterable[str]) -> InUse | None:
    """What the routers of a group use; None if none of them gave a whole configuration.

    Args:
        view: of the group.
        expected: devices of the group that this state does not speak of.
    """
    needs: dict[str, list[Need]] = defaultdict(list)
    unclear: dict[str, str] = {}
    for name in expected:
        unclear[""] = f"{name} was not looked at"
    if not view.fleet.inventory.devices:
        unclear[""] = "no inventory says which routers belong to the group"
    some = False
    for router, member in (*((item, True) for item in view.members), *((item, False) for item in view.key_servers)):
        config = _whole(router)
        if config is None:
            unclear.setdefault("", f"{router.device}: its whole configuration is not here")
            continue
        some = True
        _of_router(router, config, needs, unclear, member=member)
    return InUse({name: tuple(found) for name, found in needs.items()}, unclear) if some else None


def _whole(router: InGroup) -> Sample[RunningConfig] | None:
    """The newest configuration that no filter and no doubt makes shorter than it is."""
    samples = [item for item in router.state.samples(RunningConfig) if item.seen.command.startswith(_SHOWN)]
    samples = [item for item in samples if "|" not in item.seen.command]
    return samples[-1] if samples and not samples[-1].doubts else None


def _of_router(
    router: InGroup,
    config: Sample[RunningConfig],
    needs: dict[str, list[Need]],
    unclear: dict[str, str],
    *,
    member: bool,
) -> None:
    vrfs, ports = _outside(config.value, router.local_name)
    told: set[str] = set()
    for needed in services_used(config.value, _address(router)):
        name = NAMES.get(needed.service)
        if name is None:
            continue
        told.add(name)
        if needed.unknown or not needed.options:
            unclear.setdefault(name, f"{router.device}: '{needed.line}': {needed.unknown}")
        elif not member or (needed.vrf in vrfs and _leaves(needed, config.value, ports, router)):
            needs[name].append(Need(router.device, needed, config.seen, member))
    if _address(router) is None:
        unclear.setdefault("ssh", f"{router.device}: by which address it is managed is not known")
    for name in _SPEAKS.keys() - told:
        if line := _speaking(name, config.value.tree):
            unclear.setdefault(name, f"{router.device}: what '{line}' asks for is not known")


def _speaking(name: str, tree: Iterable[ConfigLine]) -> str:
    for line in tree:
        if not _SPEAKS[name].match(line.text):
            continue
        if not line.text.startswith("interface "):
            return line.text
        if found := next((item.text for item in line.commands if _ON_INTERFACE[name].match(item.text)), ""):
            return found
    return ""


def _outside(config: RunningConfig, group: str) -> tuple[frozenset[str], frozenset[str]]:
    """VRFs and names of the interfaces that carry a crypto map of a group."""
    maps = {item.name for item in config.crypto_maps if any(entry.group == group for entry in item.entries)}
    ports = [item for item in config.interfaces if maps & {item.crypto_map, item.ipv6_crypto_map}]
    return frozenset(item.vrf or "" for item in ports), frozenset(item.name for item in ports)


def _leaves(needed: NeededFlow, config: RunningConfig, ports: frozenset[str], router: InGroup) -> bool:
    """Whether packets leave by an interface with the map: not if the other end is a neighbour, or a site, behind it."""
    if needed.port:
        return needed.port in ports
    peers = set(_peers(needed))
    inside = [prefix for prefix in router.state.device.prefixes if any(peer in prefix for peer in peers)]
    near = [
        port.name
        for port in config.interfaces
        if (port.vrf or "") == needed.vrf and not port.shutdown
        for address in port.addresses
        if address.interface is not None and any(peer in address.interface.network for peer in peers)
    ]
    return not inside and (not near or bool(ports & set(near)))


def _peers(needed: NeededFlow) -> Iterator[Address]:
    for talk in needed.options:
        if talk.out is not None:
            yield talk.out.destination
        elif talk.back is not None:
            yield talk.back.source


def _address(router: InGroup) -> Address | None:
    try:
        return ip_address(router.state.device.hostname)
    except ValueError:
        return None
