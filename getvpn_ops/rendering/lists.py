"""Access lists of an intent -> entries as IOS has them: services with their mirrors, prefixes, pairs."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.dialect.services import own_service, service
from getvpn_ops.model.config.system import AccessList
from getvpn_ops.model.intent.written import is_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.intent.access import AccessListIntent
    from getvpn_ops.model.values import Network
    from getvpn_ops.rendering.problems import Problems

_ACTIONS = ("permit ", "deny ", "remark ")
_NUMBERS = {"standard": (range(1, 100), range(1300, 2000)), "extended": (range(100, 200), range(2000, 2700))}
_ARROW = " -> "
_DENY, _PERMIT = "deny", "permit"
Matches = tuple[tuple[str, ...], ...]


def expand(
    intent: AccessListIntent, services: Mapping[str, tuple[str, ...]], version: int, problems: Problems, where: str
) -> tuple[str, ...]:
    """The entries of a list, in order; one that stands twice is written once.

    Args:
        intent: what it should say.
        services: of the group's own, as written.
        version: of IP.
        problems: gets every item that is none of the kinds.
        where: subject of those problems.
    """
    if intent.entries is not None:
        return intent.entries
    found: list[str] = []
    for action, items in ((_DENY, intent.exempt), (_PERMIT, intent.encrypt)):
        for item in items or ():
            lines = _item(item, action, services, version)
            if lines is None:
                kinds = "a service, a prefix, PREFIX -> PREFIX, any, or an entry of an access list"
                if item in services:
                    kinds = "ports from 1 to 65535, protocols and services in this service"
                key = "exempt" if action == _DENY else "encrypt"
                problems.add(where, key, f"expected {kinds}, found {item!r}")
            found.extend(lines or ())
    return tuple(dict.fromkeys(found))


def made(name: str, entries: Iterable[str], version: int, problems: Problems, kind: str = "extended") -> AccessList:
    """An access list of entries in text."""
    read = []
    for text in entries:
        if not is_entry(text):
            problems.add(name, "", f"{text!r} has characters that no entry of an access list has")
            continue
        try:
            entry = parse_ace(text)
        except ValueError as exc:
            problems.add(name, "", f"{text!r} is no entry of an access list: {exc}")
            continue
        if (said := _unfit(entry, version, kind)) is not None:
            problems.add(name, "", f"{text!r} {said}")
        read.append(entry)
    if (said := _unfit_name(name, version, kind)) is not None:
        problems.add(name, "name", said)
    return AccessList(name, "ipv6" if version != 4 else kind, tuple(read))  # noqa: PLR2004 -- IP version


def _unfit(entry: Ace, version: int, kind: str) -> str | None:
    """Why an entry is none of a list of this kind."""
    if entry.action == "remark":
        return None
    if entry.action not in {_DENY, _PERMIT} or entry.sequence is not None:
        return "must begin with permit, deny or remark"
    if (entry.protocol is None) != (kind == "standard"):
        return "is one of a standard list" if entry.protocol is None else "is one of an extended list"
    for end in (entry.source, entry.destination):
        network = end.network if end is not None else None
        if isinstance(network, IPv4Network | IPv6Network) and network.version != version:
            return f"is of IPv{network.version}"
    return None


def _unfit_name(name: str, version: int, kind: str) -> str | None:
    """Why a list of this kind cannot have this name: IOS keeps numbers for its own ranges."""
    if not name.isdigit():
        return None if name[:1].isalpha() else "a name must begin with a letter"
    ranges = () if version != 4 else _NUMBERS[kind]  # noqa: PLR2004 -- IP version
    if any(int(name) in numbers for numbers in ranges):
        return None
    shown = " or ".join(f"{numbers[0]} to {numbers[-1]}" for numbers in ranges)
    what = "an IPv6" if version != 4 else "a standard" if kind == "standard" else "an extended"  # noqa: PLR2004
    return "expected a name" + (f", or a number from {shown}," if shown else "") + f" for {what} list"


def _item(item: str, action: str, services: Mapping[str, tuple[str, ...]], version: int) -> tuple[str, ...] | None:
    if item.startswith(_ACTIONS):
        return (item,)
    matches = _service(item, services, version)
    if matches is None:
        matches = _addresses(item, action, version)
    return None if matches is None else tuple(f"{action} {match}" for match in matches)


def _service(item: str, services: Mapping[str, tuple[str, ...]], version: int) -> tuple[str, ...] | None:
    if item not in services:
        return service(item, version)
    found = [own_service(match, version) or service(match, version) for match in services[item]]
    if not found or any(entries is None for entries in found):
        return None
    return tuple(entry for entries in found for entry in entries or ())


def _addresses(item: str, action: str, version: int) -> tuple[str, ...] | None:
    every = "ip" if version == 4 else "ipv6"  # noqa: PLR2004 -- IP version
    if item == "any":
        return (f"{every} any any",)
    if _ARROW in item:
        left, _, right = item.partition(_ARROW)
        first, second = _address(left, version), _address(right, version)
    else:
        second = _address(item, version)
        first = "any" if action == _DENY else second
    if first is None or second is None:
        return None
    return tuple(dict.fromkeys([f"{every} {first} {second}", f"{every} {second} {first}"]))


def _address(text: str, version: int) -> str | None:
    if text.strip() == "any":
        return "any"
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        return None
    return address_text(network) if network.version == version else None


def address_text(network: Network) -> str:
    """A network as an entry has it: ``host A``, ``A WILDCARD``, ``P/LENGTH`` for IPv6, or ``any``."""
    if network.prefixlen == 0:
        return "any"
    if network.prefixlen == network.max_prefixlen:
        return f"host {_upper(network)}"
    if network.version == 6:  # noqa: PLR2004 -- IP version
        return f"{_upper(network)}/{network.prefixlen}"
    return f"{network.network_address} {network.hostmask}"


def _upper(network: Network) -> str:
    """The address as IOS prints it: IPv6 in capitals."""
    return str(network.network_address).upper()
