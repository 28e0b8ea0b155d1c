"""One spelling for lines that say the same: aliases, units, values that stand for themselves, entries of access lists.

Two configurations are compared in this spelling, and none of it is ever typed on a router.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.dialect.names import PORTS, PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DAY = 86400

_SECONDS: tuple[str, Callable[[re.Match[str]], str]] = (
    r"\blifetime days (\d+)$",
    lambda found: f"lifetime seconds {int(found[1]) * _DAY}",
)

_SPELLINGS: Mapping[str, tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = MappingProxyType(
    {
        "": (
            (r"^(no )?crypto gkm group ", r"\1crypto gdoi group "),
            (r"^(no )?crypto ca trustpoint ", r"\1crypto pki trustpoint "),
            (r"^(no )?crypto ipsec ", r"\1crypto ipsec "),  # in print "IPsec"
            (r"^(interface \S+) (?:point-to-point|multipoint)$", r"\1"),
            (r"^(no )?(crypto isakmp key) 0 (?=\S+ (?:sha256:\S+ )?(?:address|hostname) )", r"\1\2 "),
            (r"( address \d+\.\d+\.\d+\.\d+) 255\.255\.255\.255(?= no-xauth$|$)", r"\1"),
            (r"( address 0\.0\.0\.0) 0\.0\.0\.0(?= no-xauth$|$)", r"\1"),
            (r"\besp-(aes|gcm|gmac) 128\b", r"esp-\1"),
            _SECONDS,
        ),
        "isakmp-policy": (
            (r"^(no )?encryption ", r"\1encr "),
            (r"^(no )?encr aes 128$", r"\1encr aes"),
            (r"^(no )?authentication pre-shared?$", r"\1authentication pre-share"),
        ),
        "keyring": (
            (r" key 0 (?=\S)", " key "),
            (r"(address \d+\.\d+\.\d+\.\d+) 255\.255\.255\.255(?= key )", r"\1"),
            (r"(address 0\.0\.0\.0) 0\.0\.0\.0(?= key )", r"\1"),
        ),
        "ikev2-peer": ((r"^(no )?(pre-shared-key (?:local |remote )?)0 (?=\S)", r"\1\2"),),
        "ipsec-profile": (_SECONDS,),
        "gdoi-local-server": (
            _SECONDS,
            (r"^(no )?sa ipsec ", r"\1sa ipsec "),  # likewise
            (r"^(no )?rekey algorithm aes$", r"\1rekey algorithm aes 128"),
            (r"^(no )?rekey sig-hash algorithm sha1$", r"\1rekey sig-hash algorithm sha"),
        ),
        "crypto-map": ((r"^(no )?match address ipv[46] ", r"\1match address "),),
        "crypto-map-fail-close": ((r"^(no )?match address ipv[46] ", r"\1match address "),),
    }
)
_COMPILED = MappingProxyType(
    {
        mode: tuple((re.compile(pattern, re.IGNORECASE), new) for pattern, new in rows)
        for mode, rows in _SPELLINGS.items()
    }
)
_TRANSFORMS = re.compile(r"(crypto ipsec transform-set \S+) (\S.*)")
_TRANSFORM = re.compile(r"[^\s\d]\S*(?: \d+)?")


def spell(mode: str, text: str) -> str:
    """A line of a mode in the one spelling.

    Args:
        mode: as in ``config_modes``; empty for the global mode.
        text: with single blanks.
    """
    for pattern, new in _COMPILED.get(mode, ()):
        text = pattern.sub(new, text)
    if not mode and (found := _TRANSFORMS.fullmatch(text)):
        parts = sorted(_TRANSFORM.findall(found[2]), key=_place)
        text = f"{found[1]} {' '.join(parts)}"
    return text


def _place(transform: str) -> int:
    """Where IOS prints a transform: authentication header, cipher, hash, compression."""
    return 0 if transform.startswith("ah-") else 3 if transform == "comp-lzs" else 2 if "-hmac" in transform else 1


_ACE = re.compile(r"(?:(?:sequence )?(?P<number>\d+) )?(?P<rest>(?:permit|deny|remark|evaluate)\b.*)", re.IGNORECASE)
_NUMBERS = MappingProxyType({str(number): word for word, number in reversed(list(PROTOCOLS.items())) if number})
_SAME_PROTOCOL = MappingProxyType({"ah": "ahp"})
_OPERATORS = {"eq": 5, "neq": 5, "lt": 1, "gt": 1, "range": 2}
_ALL_ONES = IPv4Address(0xFFFFFFFF)


def split_number(text: str) -> tuple[int | None, str] | None:
    """Sequence number and rest of an entry; None for a line that is no entry."""
    found = _ACE.fullmatch(text)
    if found is None:
        return None
    return (int(found["number"]) if found["number"] else None), found["rest"]


@lru_cache(maxsize=16384)
def spell_entry(text: str) -> str:
    """An entry of an access list in the one spelling: ports and protocols by number or name alike, no sequence number.

    Args:
        text: as printed; what is no entry, or not understood, comes back with single blanks.
    """
    split = split_number(text)
    words = (text if split is None else split[1]).split()
    if words and words[0].lower() in {"permit", "deny"}:
        try:
            return " ".join(_entry(words))
        except (ValueError, IndexError):
            pass
    return " ".join(words)


def _entry(words: list[str]) -> list[str]:
    """Raises ValueError or IndexError for what is no entry."""
    kept, rest = [words[0].lower()], words[1:]
    if rest[0] == "host" or rest[0] == "any" or _is_address(rest[0]):  # a standard list
        if rest[-2:-1] == ["sequence"]:
            rest = rest[:-2]
        address, rest = _address(rest, alone=True)
        return [*kept, *address, *rest]
    protocol = rest.pop(0).lower()
    protocol = _NUMBERS.get(protocol, _SAME_PROTOCOL.get(protocol, protocol))
    kept.append(protocol)
    if protocol == "object-group":
        kept.append(rest.pop(0))
    if rest[-2:-1] == ["sequence"]:  # IPv6
        rest = rest[:-2]
    names: Mapping[str, int] = PORTS.get(protocol, MappingProxyType({}))
    for _ in range(2):
        address, rest = _address(rest, alone=False)
        kept += address
        if rest and rest[0] in _OPERATORS and names:
            operator = rest.pop(0)
            kept.append(operator)
            for _ in range(_OPERATORS[operator]):
                if not rest or not (rest[0].isdigit() or rest[0] in names):
                    break
                word = rest.pop(0)
                kept.append(word if word.isdigit() else str(names[word]))
    return [*kept, *rest]


def _is_address(word: str) -> bool:
    try:
        ip_address(word.partition("/")[0])
    except ValueError:
        return False
    return True


def _address(words: list[str], *, alone: bool) -> tuple[list[str], list[str]]:
    """Split an address off; a host by whatever words is ``host A``, and everything is ``any``."""
    first = words[0]
    if first == "any":
        return ["any"], words[1:]
    if first == "object-group":
        return words[:2], words[2:]
    if first == "host":
        return ["host", str(ip_address(words[1]))], words[2:]
    if "/" in first:
        network = ip_network(first, strict=False)
        if network.prefixlen == 0:
            return ["any"], words[1:]
        if network.prefixlen == network.max_prefixlen:
            return ["host", str(network.network_address)], words[1:]
        return [str(network)], words[1:]
    base = ip_address(first)
    if isinstance(base, IPv6Address) or (alone and (len(words) == 1 or not _is_address(words[1]))):
        return ["host", str(base)], words[1:]
    wildcard = IPv4Address(words[1])
    if wildcard == _ALL_ONES:
        return ["any"], words[2:]
    if int(wildcard) == 0:
        return ["host", str(base)], words[2:]
    return [str(IPv4Address(int(base) & ~int(wildcard))), str(wildcard)], words[2:]
