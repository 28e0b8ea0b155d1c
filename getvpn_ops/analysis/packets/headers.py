"""One packet header as values of the variables of a decision diagram, and back."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.flow import PORTED, Flow
from getvpn_ops.analysis.packets.match import WIDTH
from getvpn_ops.analysis.packets.space import DESTINATION, DESTINATION_PORT, PROTOCOL, SOURCE, SOURCE_PORT, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getvpn_ops.model.values import Address

_IPV4 = 4


def values_of(flow: Flow) -> list[tuple[int, bool]]:
    """Every variable with its value for a flow."""
    width = WIDTH[flow.version]
    values = [(place, False) for place in range(VARIABLES)]
    values[0] = (0, flow.version != _IPV4)
    _put(values, SOURCE, width, int(flow.source))
    _put(values, DESTINATION, width, int(flow.destination))
    _put(values, PROTOCOL, 8, flow.protocol)
    _put(values, SOURCE_PORT, 16, flow.source_port or 0)
    _put(values, DESTINATION_PORT, 16, flow.destination_port or 0)
    return values


def _put(values: list[tuple[int, bool]], first: int, width: int, number: int) -> None:
    for bit in range(width):
        place = first + width - 1 - bit
        values[place] = (place, bool(number >> bit & 1))


def flow_of(bits: Sequence[bool]) -> Flow:
    """The flow of which these are the values, in the order of the variables."""

    def number(first: int, width: int) -> int:
        return sum(1 << (width - 1 - bit) for bit in range(width) if bits[first + bit])

    def address(first: int) -> Address:
        return IPv6Address(number(first, WIDTH[6])) if bits[0] else IPv4Address(number(first, WIDTH[4]))

    protocol = number(PROTOCOL, 8)
    ports = (number(SOURCE_PORT, 16), number(DESTINATION_PORT, 16)) if protocol in PORTED else (None, None)
    return Flow(address(SOURCE), address(DESTINATION), protocol, *ports)
