"""What single entries of an intended list would do to GDOI itself, and entries that hardly mean what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from getvpn_ops.model.acl import Ace, AcePort
    from getvpn_ops.model.config.system import AccessList
    from getvpn_ops.model.values import Address

_GDOI = 848
_ANY_PROTOCOL = frozenset({"ip", "ipv6"})
_UDP = frozenset({"udp", "17"})


def exempts_gdoi(held: AccessList) -> bool:
    """Whether some entry leaves registrations and rekeys alone (UDP 848), be it for a few addresses only."""
    return any(entry.action == "deny" and _matches_gdoi(entry) for entry in held.entries)


def _matches_gdoi(entry: Ace) -> bool:
    ports = [port for port in (entry.source_port, entry.destination_port) if port is not None]
    if entry.protocol in _ANY_PROTOCOL or (entry.protocol in _UDP and not ports):
        every = (end.network is Sentinel.ANY for end in (entry.source, entry.destination) if end is not None)
        return all(every)
    return entry.protocol in _UDP and all(_holds(port) for port in ports)


def _holds(port: AcePort) -> bool:
    if port.operator == "range":
        return port.ports[0] <= _GDOI <= port.ports[1]
    return port.operator == "eq" and _GDOI in port.ports


def is_mask(wildcard: Address | None) -> bool:
    """Whether a wildcard looks like the mask of a network: ones first, then zeros."""
    if wildcard is None or wildcard.version == 6:  # noqa: PLR2004 -- IP version
        return False
    bits = f"{int(wildcard):032b}"
    return "01" not in bits and "10" in bits
