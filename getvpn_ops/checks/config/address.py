"""Masks of interfaces that have neighbours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.config.views import RouterConfig
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.outcome import Finding

_SHARED = re.compile(r"(?:[\w-]*Ethernet|[A-Za-z]*GigE|Vlan|BDI|Port-channel)\s*\d", re.IGNORECASE)
"""Interfaces on a segment with others. A tunnel, dialer or serial line may well have a mask of 32 bits."""


def host_mask(view: RouterConfig, _params: NoParams) -> Iterator[Finding]:
    """An Ethernet interface with a host's mask has no neighbours: nothing can be registered, served or routed by it.

    The guide's basic key server has ``ip address 10.0.0.2 255.255.255.255`` on its WAN interface. On such a segment
    the next hop is in no connected network, so the router cannot reach it. Loopbacks are meant to have such a mask, and
    tunnels, dialers and serial lines may: these are not looked at.
    """
    looked = 0
    for port in view.running.interfaces:
        if not _SHARED.match(port.name) or not (port.addresses or port.ipv6_addresses):
            continue
        looked += 1
        for text in _host_masks(port):
            carries = port.crypto_map or port.ipv6_crypto_map
            yield view.finding(
                Status.FAIL,
                f"address of {port.name}",
                expected="a mask with room for its neighbours",
                actual=f"{text}, which has room for none{f', under crypto map {carries}' if carries else ''}",
                next_steps=(f"show ip route connected on {view.name}", "ask whoever gave out the address for its mask"),
            )
            break
        else:
            yield view.clean(f"address of {port.name}", "a mask with room for its neighbours")
    if looked:
        return
    if view.missing:
        yield view.clean("addresses of interfaces", "a mask with room for neighbours")
        return
    yield view.finding(
        Status.NOT_APPLICABLE, "addresses of interfaces", expected="", actual="no Ethernet interface has an address"
    )


def _host_masks(port: InterfaceConfig) -> Iterator[str]:
    for address in (*port.addresses, *port.ipv6_addresses):
        told = address.interface
        if told is not None and not address.secondary and told.network.prefixlen == told.network.max_prefixlen:
            yield str(told)


ADDRESS_RULES = (
    Spec(
        id="address-host-mask",
        title="No interface with neighbours has the mask of a host",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=host_mask,
        tags=frozenset({"config"}),
    ),
)
