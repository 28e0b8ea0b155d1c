"""Where the management station stands: behind the routers with ``manager``, in what the access classes let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.needs import CLIENT_PORT, TCP
from getvpn_ops.analysis.packets.flow import Flow
from getvpn_ops.analysis.traffic.facts import Known
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.analysis.lockout.routers import Filter, Router
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.values import Address, Network

_SSH = 22
_TRIED = 16
"""Hosts of a network that are looked at for one that is no router, at most."""


def stations(inventory: Inventory, routers: Sequence[Router]) -> tuple[Address, ...]:
    """Addresses that stand for the management station: one host of each network behind the routers with ``manager``.

    It logs in to the routers, so where their access classes let in only some of these networks, it stands in those.
    Where no network is let in by all of them, nothing is left out. Extended access classes are not asked: they may look
    at the router's own address.

    Args:
        inventory: says behind which routers it stands.
        routers: as they are now.
    """
    classes = tuple({_said(item): item for router in routers for item in router.vty if item is not None}.values())
    classes = tuple(item for item in classes if all(ace.destination is None for ace in item.entries or ()))
    behind = [prefix for device in inventory.devices.values() if device.manager for prefix in device.prefixes]
    networks = [*behind, *_parts(behind, classes)]
    own = frozenset(address.ip for router in routers for door in router.doors for address in door.addresses)
    hosts = tuple(dict.fromkeys(host for network in networks if (host := _host(network, own)) is not None))
    let_in = tuple(host for host in hosts if all(_takes(item, host) for item in classes))
    return let_in or hosts


def _host(network: Network, routers: frozenset[Address]) -> Address | None:
    """A host of a network that is no router."""
    last = network.num_addresses - 2 if network.num_addresses > 2 else network.num_addresses - 1  # noqa: PLR2004 -- both ends of a network are no hosts
    for number in range(min(1, last), min(last, _TRIED) + 1):
        host = network.network_address + number
        if host not in routers:
            return host
    return None


def _said(item: Filter) -> tuple[str, ...]:
    return tuple(ace.text for ace in item.entries or ())


def _parts(behind: list[Network], classes: tuple[Filter, ...]) -> Iterator[Network]:
    """What access classes name of larger networks."""
    for item in classes:
        for ace in item.entries or ():
            inside = ace.source.network if ace.source is not None else None
            if inside is not None and not isinstance(inside, Sentinel):
                inner = (inside.network_address, inside.broadcast_address)
                if any(inner[0] in network and inner[1] in network for network in behind):
                    yield inside


def _takes(item: Filter, host: Address) -> bool:
    return item.judge(Flow(host, host, TCP, CLIENT_PORT, _SSH), opening=True)[0] is not Known.NO
