"""Access lists in a form that is equal exactly where their meaning is, as far as lines tell it."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address, IPv6Address
from itertools import groupby
from typing import TYPE_CHECKING

from getvpn_ops.dialect.names import PROTOCOLS
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.acl import Ace, AceAddress, AcePort
    from getvpn_ops.model.state.ks import KsAclEntry

Line = tuple[str, ...]
Form = tuple[tuple[Line, ...], ...]
"""Runs of lines with one action, each run sorted: within a run the order says nothing."""

_SILENT = frozenset({"log", "log-input"})


def normal_form(entries: Iterable[KsAclEntry]) -> Form:
    """The lists of a group, without names, remarks, sequence numbers, hits and spelling."""
    rows = [(entry.access_list, entry.ace) for entry in entries if entry.ace.action != "remark"]
    runs = groupby(rows, key=lambda row: (row[0], row[1].action))
    return tuple(tuple(sorted({_line(ace) for _, ace in run})) for _, run in runs)


def differences(form: Form, other: Form) -> Iterator[str]:
    """What one form has and the other lacks, and the other way round, in words."""
    mine = Counter(line for run in form for line in run)
    theirs = Counter(line for run in other for line in run)
    extra, absent = list(mine - theirs), list(theirs - mine)
    yield from (f"it has {' '.join(line)}" for line in extra)
    yield from (f"it lacks {' '.join(line)}" for line in absent)
    if not extra and not absent:
        yield "the same lines in an order that means something else"


def _line(ace: Ace) -> Line:
    options = sorted(option for option in ace.options if option not in _SILENT)
    parts = (
        ace.action,
        _protocol(ace.protocol),
        _address(ace.source),
        _port(ace.source_port),
        _address(ace.destination),
        _port(ace.destination_port),
        *options,
    )
    return tuple(part for part in parts if part)


def _protocol(name: str | None) -> str:
    if name is None:
        return ""
    word = name.casefold()
    number = PROTOCOLS.get(word)
    if word.isdecimal():
        number = int(word)
        word = next((known for known, value in PROTOCOLS.items() if value == number), word)
    elif number is not None:  # one word for those that have two, such as ah and ahp
        word = next(known for known, value in PROTOCOLS.items() if value == number)
    return word


def _address(address: AceAddress | None) -> str:
    if address is None:
        return ""
    if address.network is Sentinel.ANY:
        return "any"
    if address.network is not None and not isinstance(address.network, Sentinel):
        return "any" if address.network.prefixlen == 0 else str(address.network)
    if address.address is not None and address.wildcard is not None:
        kind = IPv4Address if isinstance(address.address, IPv4Address) else IPv6Address
        return f"{kind(int(address.address) & ~int(address.wildcard))} wildcard {address.wildcard}"
    return address.text.casefold()


def _port(port: AcePort | None) -> str:
    return f"{port.operator} {' '.join(str(number) for number in port.ports)}" if port is not None else ""
