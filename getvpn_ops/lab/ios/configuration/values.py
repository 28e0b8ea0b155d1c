"""Kinds of values in commands: what a typed word must look like, and how the router keeps it."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

_RANGE = re.compile(r"<(\d+)-(\d+)>")
INTERFACE_KINDS = (
    "Loopback",
    "Tunnel",
    "Port-channel",
    "Multilink",
    "Virtual-Template",
    "Virtual-Access",
    "VirtualPortGroup",
    "Null",
    "HundredGigE",
    "FortyGigabitEthernet",
    "TwentyFiveGigE",
    "TenGigabitEthernet",
    "FiveGigabitEthernet",
    "TwoGigabitEthernet",
    "AppGigabitEthernet",
    "GigabitEthernet",
    "FastEthernet",
    "Ethernet",
    "Serial",
    "ATM",
    "BRI",
    "Async",
    "Cellular",
    "POS",
    "Embedded-Service-Engine",
    "ucse",
    "Service-Engine",
    "wlan-ap",
    "Vlan",
    "Dialer",
    "BVI",
    "BDI",
    "nve",
    "pseudowire",
    "LISP",
)
"""In the order in which routers print them."""
_COMMON = frozenset(
    {
        *("Loopback", "Tunnel", "Vlan", "Port-channel", "Null", "BVI", "Dialer"),
        *("TenGigabitEthernet", "GigabitEthernet", "FastEthernet", "Ethernet", "Serial"),
    }
)
"""Abbreviations mean these before they mean hardware that few routers have."""
_INTERFACE = re.compile(r"(?P<kind>[A-Za-z][A-Za-z\-]*)(?P<number>\d+(?:/\d+)*(?::\d+)?(?:\.\d+)?)")
_PORT_NUMBER = re.compile(r"\d+(?:/\d+)*(?::\d+)?(?:\.\d+)?")
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
_MAC = re.compile(r"[0-9A-Fa-f]{1,4}\.[0-9A-Fa-f]{1,4}\.[0-9A-Fa-f]{1,4}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_COMMUNITY = re.compile(r"(?:\d+|\d+\.\d+|\d+\.\d+\.\d+\.\d+):\d+")
_AS = re.compile(r"(\d{1,5})(?:\.(\d{1,5}))|(\d{1,10})")
_LISTED = re.compile(r"\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*")
_TEXT_KINDS = {
    "TIME": _TIME,
    "H.H.H": _MAC,
    "HEX": _HEX,
    "ASN:NN": _COMMUNITY,
    "N,N-N": _LISTED,
    "N/N": re.compile(r"\d+(?:/\d+)+"),
}
KINDS = frozenset(
    {
        *(
            "WORD",
            "LINE",
            "WORDS",
            "A.B.C.D",
            "A.B.C.D/NN",
            "MASK",
            "X:X:X:X::X",
            "X:X:X:X::X/<0-128>",
            "IFNAME",
            "ASN",
        ),
        *_TEXT_KINDS,
    }
)
"""Names of kinds of values in the grammar files; ``<low-high>`` is one more."""


@lru_cache(maxsize=32768)
def value(kind: str, typed: str) -> str | None:
    """A typed value as the router keeps it, or None if it is not of the kind.

    Args:
        kind: ``<low-high>`` or one of ``KINDS``.
        typed: one word.
    """
    if found := _RANGE.fullmatch(kind):
        number = typed.isascii() and typed.isdigit() and int(typed[:20])
        return str(number) if number is not False and int(found[1]) <= number <= int(found[2]) else None
    if kind == "WORD":
        return typed
    if kind == "IFNAME":
        return interface_name(typed)
    if kind == "ASN":
        return _as_number(typed)
    if kind in _TEXT_KINDS:
        return typed if _TEXT_KINDS[kind].fullmatch(typed) else None
    try:
        if kind == "A.B.C.D":
            return str(ipaddress.IPv4Address(typed))
        if kind == "MASK":
            return str(ipaddress.IPv4Address(typed)) if is_mask(typed) else None
        if kind == "A.B.C.D/NN" and "/" in typed:
            return str(ipaddress.IPv4Interface(typed)) if typed.partition("/")[2].isdigit() else None
        if kind == "X:X:X:X::X":
            return str(ipaddress.IPv6Address(typed)).upper()
        if kind == "X:X:X:X::X/<0-128>" and "/" in typed:
            return str(ipaddress.IPv6Interface(typed)).upper()
    except ValueError:
        pass
    return None


def is_mask(typed: str) -> bool:
    """Whether a dotted address is a subnet mask: ones, then zeros."""
    inverse = int(ipaddress.IPv4Address(typed)) ^ 0xFFFFFFFF
    return inverse & (inverse + 1) == 0


def _as_number(typed: str) -> str | None:
    found = _AS.fullmatch(typed)
    if found is None:
        return None
    if found[3]:
        return str(int(found[3])) if 1 <= int(found[3]) < 1 << 32 else None
    return typed if int(found[1]) < 1 << 16 and int(found[2]) < 1 << 16 else None


def interface_kind(typed: str) -> str | None:
    """The kind of interface that a word without a number names: ``gi`` -> ``GigabitEthernet``; None if not one."""
    kinds = [kind for kind in INTERFACE_KINDS if kind.lower().startswith(typed.lower())]
    exact = [kind for kind in kinds if kind.lower() == typed.lower()]
    chosen = exact or [kind for kind in kinds if kind in _COMMON] or kinds
    return chosen[0] if len(chosen) == 1 else None


def is_port_number(typed: str) -> bool:
    """Whether a word is the number of an interface: ``0/1.20``."""
    return _PORT_NUMBER.fullmatch(typed) is not None


@lru_cache(maxsize=32768)
def interface_name(typed: str) -> str | None:
    """The full name of an interface: ``gi0/1`` -> ``GigabitEthernet0/1``; None if it is none, or not unique."""
    found = _INTERFACE.fullmatch(typed)
    if found is None:
        return None
    kind = interface_kind(found["kind"])
    return f"{kind}{found['number']}" if kind else None


@lru_cache(maxsize=32768)
def natural(word: str) -> tuple[int, tuple[int, ...], str]:
    """A word as routers sort it: numbers by size, then words, then addresses, then interfaces by kind and number."""
    if word.isascii() and word.isdigit():
        return (0, (int(word[:20]),), "")
    try:
        return (2, (int(ipaddress.IPv4Address(word)),), "")
    except ValueError:
        pass
    found = _INTERFACE.fullmatch(word)
    if found and found["kind"] in INTERFACE_KINDS:
        return (
            3 + INTERFACE_KINDS.index(found["kind"]),
            tuple(int(part) for part in re.findall(r"\d+", found["number"])),
            "",
        )
    return (1, (), word)
