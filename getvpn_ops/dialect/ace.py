"""One access-list entry, as any command prints it -> ``Ace``.

Spellings seen: ``deny udp any port = 848 any`` (``show crypto gdoi``), ``deny udp any eq 848 any`` (configuration,
IPv6 GDOI lists), ``10 permit tcp any any eq www (5 matches)`` (``show ip access-lists``), ``permit 10.0.0.0, wildcard
bits 0.0.0.255`` (standard lists).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.dialect.names import PORTS, PROTOCOLS
from getvpn_ops.model.acl import Ace, AceAddress, AcePort
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACTIONS = r"(?=(?:permit|deny|remark|evaluate|[Dd]ynamic)(?:\s|$))"
_SEQUENCE = re.compile(rf"(?:sequence\s+)?(\d+)\s+{_ACTIONS}")
_V6_SEQUENCE = re.compile(r"\s+sequence\s+(\d+)$")
_MATCHES = re.compile(r"\s*\((\d+)(?: estimate)? match(?:es)?\)")
_LABEL = re.compile(rf"access-list\s+(?:{_ACTIONS}|\S+\s+(?=(?:\d+\s+)?{_ACTIONS}))")
_OPTION = re.compile(r"\([^()]*\)|\S+")
_OPERATORS = frozenset({"eq", "neq", "lt", "gt", "range"})
_NO_PORTS: Mapping[str, int] = MappingProxyType({})
_SIGNS = {"=": "eq", "!=": "neq", "<": "lt", ">": "gt"}


class _Words:
    """A cursor over the words of one entry."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0

    def peek(self) -> str | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def next(self, what: str) -> str:
        word = self.peek()
        if word is None:
            msg = f"{what} is missing"
            raise ValueError(msg)
        self._at += 1
        return word

    def rest(self) -> tuple[str, ...]:
        """The words that are left; what stands in brackets is one word."""
        left = " ".join(self._words[self._at :])
        self._at = len(self._words)
        return tuple(_OPTION.findall(left))


@lru_cache(maxsize=4096)
def parse_ace(text: str) -> Ace:
    """Read one entry.

    Args:
        text: the entry; a leading ``access-list NAME`` and a sequence number may stand before the action.

    Raises:
        ValueError: it is not an entry, or part of it is not understood.
    """
    body = _LABEL.sub("", " ".join(text.split()), count=1)
    found = _SEQUENCE.match(body)
    sequence = int(found[1]) if found else None
    body = body[found.end() :] if found else body
    if (remark := body.partition(" "))[0] == "remark":
        said = (remark[2],) if remark[2] else ()
        return Ace("remark", None, None, None, None, None, said, sequence, None, body)
    if found := _V6_SEQUENCE.search(body):
        sequence = int(found[1])
        body = body[: found.start()]
    matches = None
    if found := _MATCHES.search(body):
        matches = int(found[1])
        body = body[: found.start()] + body[found.end() :]
    words = _Words(body.split())
    lead: tuple[str, ...] = ()
    if (words.peek() or "").lower() == "dynamic":  # lock-and-key: "Dynamic NAME permit ..."
        lead = (f"{words.next('dynamic')} {words.next('name of the dynamic list')}",)
    action = words.next("action")
    if action == "evaluate":
        return Ace(action, None, None, None, None, None, words.rest(), sequence, matches, body)
    if action not in {"permit", "deny"}:
        msg = f"{action!r} is no action of an access list"
        raise ValueError(msg)
    protocol = _protocol(words)
    source = _address(words)
    source_port = destination = destination_port = None
    if protocol is not None:
        source_port = _port(words, protocol)
        destination = _address(words)
        destination_port = _port(words, protocol)
    options = (*lead, *words.rest())
    return Ace(action, protocol, source, destination, source_port, destination_port, options, sequence, matches, body)


def _protocol(words: _Words) -> str | None:
    """The protocol word, or None for an entry of a standard list, which has none."""
    word = words.peek()
    if word is None:
        msg = "protocol is missing"
        raise ValueError(msg)
    if word == "object-group":
        return f"{words.next('protocol')} {words.next('name of the object group')}"
    if word.lower() in PROTOCOLS or (word.isdigit() and int(word) <= 255):  # noqa: PLR2004 -- IP protocol is a byte
        return words.next("protocol")
    if word in {"any", "host"} or _is_address(word.rstrip(",")):
        return None
    msg = f"{word!r} is no protocol"
    raise ValueError(msg)


def _is_address(word: str) -> bool:
    try:
        ip_address(word.partition("/")[0])
    except ValueError:
        return False
    return True


def _address(words: _Words) -> AceAddress:
    word = words.next("address")
    if word == "any":
        return AceAddress("any", network=Sentinel.ANY)
    if word == "host":
        host = words.next("address")
        return AceAddress(f"host {host}", network=ip_network(host))
    if word == "object-group":
        name = words.next("name of the object group")
        return AceAddress(f"object-group {name}", object_group=name)
    if "/" in word:
        return AceAddress(word, network=ip_network(word, strict=False))
    if word.endswith(","):  # a standard list: "10.0.0.0, wildcard bits 0.0.0.255"
        base = word.rstrip(",")
        for expected in ("wildcard", "bits"):
            if words.next("wildcard bits") != expected:
                msg = f"expected 'wildcard bits' behind {word!r}"
                raise ValueError(msg)
        return _wildcard(base, words.next("wildcard bits"))
    following = words.peek()
    if following is not None and _is_address(following):
        return _wildcard(word, words.next("wildcard"))
    return AceAddress(word, network=ip_network(word))


def _wildcard(base: str, mask: str) -> AceAddress:
    address, wildcard = ip_address(base), ip_address(mask)
    if address.version != wildcard.version:
        msg = f"{base!r} and {mask!r} are of two IP versions"
        raise ValueError(msg)
    text = f"{base} {mask}"
    bits = int(wildcard)
    if bits & (bits + 1):  # not 0..01..1: no network says that
        return AceAddress(text, address=address, wildcard=wildcard)
    return AceAddress(text, network=ip_network(f"{address}/{wildcard.max_prefixlen - bits.bit_length()}", strict=False))


def _port(words: _Words, protocol: str) -> AcePort | None:
    operator = words.peek()
    if operator == "port":  # GDOI output: "port = 848"
        words.next("port")
        sign = words.next("'=' behind 'port'")
        if sign not in _SIGNS:
            msg = f"expected '=' behind 'port', not {sign!r}"
            raise ValueError(msg)
        return AcePort(_SIGNS[sign], (_number(words.next("port number"), protocol),))
    if operator not in _OPERATORS:
        return None
    words.next("operator")
    ports = [_number(words.next("port"), protocol)]
    if operator == "range":
        ports.append(_number(words.next("end of the range"), protocol))
    elif operator in {"eq", "neq"}:
        while (word := words.peek()) is not None and (word.isdigit() or word in PORTS.get(protocol.lower(), _NO_PORTS)):
            ports.append(_number(words.next("port"), protocol))
    return AcePort(operator, tuple(ports))


def _number(word: str, protocol: str) -> int:
    if word.isdigit():
        if int(word) > 65535:  # noqa: PLR2004 -- a port is 16 bits
            msg = f"{word} is no port"
            raise ValueError(msg)
        return int(word)
    number = PORTS.get(protocol.lower(), _NO_PORTS).get(word)
    if number is None:
        msg = f"{word!r} is no {protocol} port that IOS names"
        raise ValueError(msg)
    return number
