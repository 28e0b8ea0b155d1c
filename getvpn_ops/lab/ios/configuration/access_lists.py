"""Access lists: how their entries are kept, numbered and printed.

Every entry has a sequence number, on all releases: 10, 20, 30 where none is typed. Routers print them from IOS-XE 16.12
on; before, they show only in ``show access-lists``, and numbered lists are printed as ``access-list 101 permit ...``.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.blocks import Block
from getvpn_ops.lab.ios.configuration.rulings import Ruling
from getvpn_ops.lab.ios.configuration.syntax import Accepted
from getvpn_ops.lab.ios.configuration.values import natural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.configuration.grammar_file import Reading

LISTS = {"acl": "extended", "aclstd": "standard", "acl6": "ipv6"}
"""Modes that hold entries, and the kind of their lists."""
_STEP = 10
_ANY, _HOST = "255.255.255.255", "0.0.0.0"  # noqa: S104 -- wildcards, no address to listen on
_PROTOCOLS = {"1": "icmp", "2": "igmp", "4": "ipinip", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "51": "ahp",
              "88": "eigrp", "89": "ospf", "94": "nos", "103": "pim", "108": "pcp"}  # fmt: skip
_PROTOCOLS_6 = {"6": "tcp", "17": "udp", "50": "esp", "51": "ahp", "58": "icmp", "108": "pcp", "132": "sctp"}
_TCP = {"19": "chargen", "514": "cmd", "13": "daytime", "9": "discard", "53": "domain", "7": "echo", "512": "exec",
        "79": "finger", "21": "ftp", "20": "ftp-data", "70": "gopher", "101": "hostname", "113": "ident", "194": "irc",
        "543": "klogin", "544": "kshell", "513": "login", "515": "lpd", "119": "nntp", "496": "pim-auto-rp",
        "109": "pop2", "110": "pop3", "25": "smtp", "111": "sunrpc", "49": "tacacs", "517": "talk", "23": "telnet",
        "37": "time", "540": "uucp", "43": "whois", "80": "www", "179": "bgp"}  # fmt: skip
_UDP = {"512": "biff", "68": "bootpc", "67": "bootps", "9": "discard", "195": "dnsix", "53": "domain", "7": "echo",
        "500": "isakmp", "434": "mobile-ip", "42": "nameserver", "138": "netbios-dgm", "137": "netbios-ns",
        "139": "netbios-ss", "4500": "non500-isakmp", "123": "ntp", "496": "pim-auto-rp", "520": "rip", "161": "snmp",
        "162": "snmptrap", "111": "sunrpc", "514": "syslog", "49": "tacacs", "517": "talk", "69": "tftp", "37": "time",
        "513": "who", "177": "xdmcp"}  # fmt: skip
_PORTS = {"tcp": _TCP, "udp": _UDP}
_DSCP = {"0": "default", "46": "ef", **{str(8 * number): f"cs{number}" for number in range(1, 8)},
         **{str(8 * high + 2 * low): f"af{high}{low}" for high in range(1, 5) for low in range(1, 4)}}  # fmt: skip
_PRECEDENCE = {"0": "routine", "1": "priority", "2": "immediate", "3": "flash", "4": "flash-override", "5": "critical",
               "6": "internet", "7": "network"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: ``permit ip host 192.0.2.1 any``, single blanks between its words."""

    sequence: int
    text: str


@dataclass(frozen=True, slots=True)
class AccessList:
    """A list, of kind ``standard``, ``extended`` or ``ipv6``, with its entries; remarks are none."""

    name: str
    kind: str
    entries: tuple[Entry, ...]


def access_lists(configuration: Configuration) -> list[AccessList]:
    """All lists as ``show access-lists`` orders them: standard, extended, IPv6, each by number and name."""
    found = [
        AccessList(block.text.split()[-1], LISTS[block.opens], _entries(block))
        for block in configuration.top.lines
        if block.opens in LISTS
    ]
    kinds = ["standard", "extended", "ipv6"]
    return sorted(found, key=lambda item: (kinds.index(item.kind), natural(item.name)))


def entries(configuration: Configuration, name: str) -> list[Entry]:
    """The entries of a list in their order, remarks left out; none if there is no such list."""
    for block in configuration.top.lines:
        if block.opens in LISTS and block.text.split()[-1] == name:
            return list(_entries(block))
    return []


def _entries(block: Block) -> tuple[Entry, ...]:
    return tuple(Entry(line.number, line.text) for line in block.lines if not _is_remark(line))


def _is_remark(line: Block) -> bool:
    return line.text.startswith("remark ")


# -- printing


def entry_text(line: Block) -> str:
    """An entry as running configurations print it: blanks fill ``deny`` up to the length of ``permit``."""
    return f"deny   {line.text[5:]}" if line.text.startswith("deny ") else line.text


def list_lines(configuration: Configuration, block: Block) -> Iterator[str]:
    """The entries of a named list as its release prints them."""
    if block.opens == "acl6":
        last = 0
        for line in block.lines:
            numbered = not _is_remark(line) and (configuration.shows_numbers or line.number != last + _STEP)
            yield f"sequence {line.number} {line.text}" if numbered else line.text
            last = last if _is_remark(line) else line.number
        return
    for line in block.lines:
        yield f"{line.number} {entry_text(line)}" if configuration.shows_numbers else entry_text(line)


# -- typing


def ace(_configuration: Configuration, block: Block, reading: Reading) -> Ruling:
    """An entry, or a remark, is typed in the mode of its list."""
    return _ace(block, reading.text.split(" "), negated=reading.negated)


def _ace(block: Block, words: list[str], *, negated: bool) -> Ruling:
    number = 0
    if block.opens == "acl6" and "sequence" in words and "remark" not in words:
        at = words.index("sequence")
        number = int(words[at + 1])
        del words[at : at + 2]
    elif words[0].isdigit():
        number = int(words.pop(0))
    text = canonical(LISTS[block.opens or "acl"], tuple(words)) if words else ""
    if negated:
        block.keep(
            [
                line
                for line in block.lines
                if not ((not number or line.number == number) and (not text or line.text == text))
            ]
        )
        return Ruling()
    last = next((line.number for line in reversed(block.lines) if not _is_remark(line)), 0)
    if text.startswith("remark "):
        number = number or last + _STEP
        if not any((line.number, line.text) == (number, text) for line in block.lines[-3:]):
            place = len(block.lines)
            block.add(Block(text, key=(text, str(number), str(place)), order=(number, 0), number=number))
        return Ruling()
    if block.named((text,)) is not None:
        return Ruling()
    if number and any(line.number == number and not _is_remark(line) for line in block.lines):
        return Ruling(("% Duplicate sequence number",), refused=True)
    number = number or last + _STEP
    block.add(Block(text, key=(text,), order=(number, 1), number=number))
    return Ruling()


def open_list(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``ip access-list KIND NAME``: a number must be of the kind, and no list of another kind may have the name."""
    if reading.negated or not isinstance(reading.outcome, Accepted):
        return None
    kind, name = reading.outcome.words[2], reading.outcome.values[0]
    if name.isdigit() and not is_number_of(kind, int(name)):
        return Ruling(("% Invalid access list name.",), refused=True)
    if any(item.text != f"ip access-list {kind} {name}" for item in access_lists_named(block, name)):
        other = "standard" if kind == "extended" else "extended"
        return Ruling((f"%A named {other} IP access list with this name already exists",), refused=True)
    made = block.named(reading.key)
    if made is None:
        order = reading.order
        if name.isdigit() and not configuration.shows_numbers:  # printed where access-list lines are
            order = (_numbered_place(configuration), natural(name), 0, ())
        made = Block(reading.text, key=reading.key, opens="acl" if kind == "extended" else "aclstd", order=order)
        block.add(made)
    return Ruling(opened=made)


def access_lists_named(top: Block, name: str) -> list[Block]:
    """The IPv4 lists of a name; more than one only while a mistake is looked for."""
    return [line for line in top.lines if line.opens in {"acl", "aclstd"} and line.text.rpartition(" ")[2] == name]


def _numbered_place(configuration: Configuration) -> int:
    listed = configuration.mode(configuration.top).listed
    return next(statement.place for text, statement in listed if statement.rule == "numbered-ace" and text)


def is_number_of(kind: str, number: int) -> bool:
    """Whether a list with this number is of a kind."""
    if kind == "standard":
        return 1 <= number <= 99 or 1300 <= number <= 1999  # noqa: PLR2004 -- the ranges of the vendor
    return 100 <= number <= 199 or 2000 <= number <= 2699  # noqa: PLR2004 -- the ranges of the vendor


def numbered_ace(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``access-list N ...``: the same lists in their old form; ``no`` removes the whole list, whatever follows."""
    words = reading.text.split(" ")
    kind = "standard" if is_number_of("standard", int(words[1])) else "extended"
    if reading.negated:
        block.keep([line for line in block.lines if line.text != f"ip access-list {kind} {words[1]}"])
        return Ruling()
    _, opened = configuration.enter(block, f"ip access-list {kind} {words[1]}", loading=configuration.loading)
    return Ruling() if opened is None else _ace(opened, words[2:], negated=False)


def resequence(_configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``ip access-list resequence NAME FIRST STEP``."""
    if reading.negated or not isinstance(reading.outcome, Accepted):
        return Ruling()
    name, first, step = reading.outcome.values
    for item in access_lists_named(block, name):
        number = int(first)
        for line in item.lines:
            line.number, line.order = number, (number, 0 if _is_remark(line) else 1)
            number += 0 if _is_remark(line) else int(step)
    return Ruling()


# -- the router's own words


@lru_cache(maxsize=16384)
def canonical(kind: str, words: tuple[str, ...]) -> str:
    """An entry as the router keeps it.

    Args:
        kind: ``standard``, ``extended`` or ``ipv6``.
        words: without a sequence number, keywords in full.
    """
    if words[0] == "remark" or words[0] not in {"permit", "deny"}:
        return " ".join(words)
    if kind == "standard":
        address, rest = _address(list(words[1:]))
        return " ".join([words[0], *(address[1:] if address[0] == "host" else address), *rest])
    protocols = _PROTOCOLS_6 if kind == "ipv6" else _PROTOCOLS
    protocol, rest = [protocols.get(words[1], words[1])], list(words[2:])
    if protocol == ["object-group"]:
        protocol.append(rest.pop(0))
    names = _PORTS.get(protocol[0], {})
    kept = [words[0], *protocol]
    for _ in range(2):
        address, rest = _address(rest)
        kept += address
        if rest and rest[0] in {"eq", "neq", "gt", "lt", "range"} and names:
            kept.append(rest.pop(0))
            while rest and (rest[0].isdigit() or rest[0] in names.values()):
                kept.append(names.get(rest[0], rest[0]))
                rest.pop(0)
    for at, word in enumerate(rest):
        before = rest[at - 1] if at else ""
        table = _DSCP if before == "dscp" else _PRECEDENCE if before == "precedence" else {}
        kept.append(table.get(word, word))
    return " ".join(kept)


def port_number(protocol: str, word: str) -> int | None:
    """The number of a port that is written as a number or by its name; None if it is neither."""
    if word.isdigit():
        return int(word)
    return next((int(number) for number, name in _PORTS.get(protocol, {}).items() if name == word), None)


def _address(words: list[str]) -> tuple[list[str], list[str]]:
    """Split what names addresses off, as the router writes it."""
    if not words:
        return [], []
    if words[0] in {"host", "object-group"}:
        return words[:2], words[2:]
    if words[0][0].isdigit() and words[0].count(".") == 3:  # noqa: PLR2004 -- a dotted address
        if len(words) == 1 or words[1].count(".") != 3:  # noqa: PLR2004 -- a dotted wildcard
            return ["host", words[0]], words[1:]
        wildcard = words[1]
        if wildcard == _ANY:
            return ["any"], words[2:]
        if wildcard == _HOST:
            return ["host", words[0]], words[2:]
        base = int(ipaddress.IPv4Address(words[0])) & ~int(ipaddress.IPv4Address(wildcard))
        return [str(ipaddress.IPv4Address(base)), wildcard], words[2:]
    return words[:1], words[1:]
