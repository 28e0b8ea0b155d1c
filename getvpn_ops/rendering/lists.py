"""Access lists of an intent -> entries as IOS has them: services with their mirrors, prefixes, pairs."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.dialect.services import SERVICES, own_service
from getvpn_ops.model.config.system import AccessList

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.model.intent.access import AccessListIntent
    from getvpn_ops.model.values import Network
    from getvpn_ops.rendering.problems import Problems

_ACTIONS = ("permit ", "deny ", "remark ")
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
                key = "exempt" if action == _DENY else "encrypt"
                problems.add(where, key, f"expected {kinds}, found {item!r}")
            found.extend(lines or ())
    return tuple(dict.fromkeys(found))


def made(name: str, entries: Iterable[str], version: int, problems: Problems, kind: str = "extended") -> AccessList:
    """An access list of entries in text."""
    read = []
    for text in entries:
        try:
            read.append(parse_ace(text))
        except ValueError as exc:
            problems.add(name, "", f"{text!r} is no entry of an access list: {exc}")
    return AccessList(name, "ipv6" if version != 4 else kind, tuple(read))  # noqa: PLR2004 -- IP version


def _item(item: str, action: str, services: Mapping[str, tuple[str, ...]], version: int) -> tuple[str, ...] | None:
    if item.startswith(_ACTIONS):
        return (item,)
    matches = _service(item, services)
    if matches is None:
        matches = _addresses(item, action, version)
    return None if matches is None else tuple(f"{action} {match}" for match in matches)


def _service(item: str, services: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    if item in services:
        found: list[str] = []
        for match in services[item]:
            found.extend(own_service(match) or SERVICES.get(match, ()))
        return tuple(found) or None
    return SERVICES.get(item)


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
        return f"host {network.network_address}"
    if network.version == 6:  # noqa: PLR2004 -- IP version
        return str(network)
    return f"{network.network_address} {network.hostmask}"
