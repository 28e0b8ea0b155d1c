"""Access lists as GDOI reads them: what they encrypt, whom they let register, where they send rekeys."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.state import Ace
from getvpn_ops.lab.ios.configuration.access_lists import LISTS, entries, port_number

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.configuration.config import Configuration

_ALL = 0xFFFFFFFF
_PORTED = {"tcp", "udp"}
_WITH_COUNT = {"eq", "neq", "gt", "lt"}


def listed(configuration: Configuration, name: str) -> tuple[Ace, ...]:
    """The entries of a list; none if there is no such list."""
    if not name:
        return ()
    kind = _kind(configuration, name)
    return tuple(ace(item.text, kind) for item in entries(configuration, name))


def _kind(configuration: Configuration, name: str) -> str:
    for block in configuration.top.lines:
        if block.opens in LISTS and block.text.rpartition(" ")[2] == name:
            return LISTS[block.opens]
    return ""


@lru_cache(maxsize=8192)
def ace(text: str, kind: str = "extended") -> Ace:
    """Read an entry as the configuration keeps it.

    Key servers know no port ranges and no other options: an entry with one is read as if it had no port.
    """
    words = text.split()
    permit = words[0] == "permit"
    if kind == "standard":
        source, _ = _address(words[1:])
        return Ace(permit, "ip", source, (0, _ALL), None, None, text)
    protocol = words[1] if len(words) > 1 else "ip"
    source, rest = _address(words[2:])
    source_port, rest = _port(protocol, rest)
    destination, rest = _address(rest)
    destination_port, _ = _port(protocol, rest)
    return Ace(permit, protocol, source, destination, source_port, destination_port, text)


def _address(words: list[str]) -> tuple[tuple[int, int], list[str]]:
    """Address and wildcard at the front, and what follows; what is no address means any."""
    if words[:1] == ["host"]:
        return (int(IPv4Address(words[1])), 0), words[2:]
    if words and words[0].count(".") == 3:  # noqa: PLR2004 -- a dotted address
        if len(words) > 1 and words[1].count(".") == 3:  # noqa: PLR2004 -- a dotted wildcard
            return (int(IPv4Address(words[0])), int(IPv4Address(words[1]))), words[2:]
        return (int(IPv4Address(words[0])), 0), words[1:]
    return (0, _ALL), words[2:] if words[:1] == ["object-group"] else words[1:]


def _port(protocol: str, words: list[str]) -> tuple[int | None, list[str]]:
    if protocol not in _PORTED or not words:
        return None, words
    if words[0] == "range":
        return None, words[3:]
    if words[0] not in _WITH_COUNT:
        return None, words
    number = port_number(protocol, words[1])
    return (number if words[0] == "eq" else None), words[2:]


def covers(pair: tuple[int, int], address: IPv4Address) -> bool:
    """Whether an address and wildcard mean an address."""
    return (pair[0] ^ int(address)) & ~pair[1] & _ALL == 0


def admits(configuration: Configuration, name: str, address: IPv4Address) -> bool:
    """Whether a list lets an address register; a list that is not there lets everyone, as elsewhere in IOS."""
    found = listed(configuration, name)
    if not found:
        return True
    return next((entry.permit for entry in found if covers(entry.source, address)), False)


def multicast_group(configuration: Configuration, name: str) -> IPv4Address | None:
    """The multicast group that ``rekey address ipv4`` names by a list: the destination of its first permit."""
    for entry in listed(configuration, name):
        if entry.permit and not entry.destination[1]:
            return IPv4Address(entry.destination[0])
    return None
