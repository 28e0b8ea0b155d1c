"""One log line -> ``SyslogMessage``.

A line is ``[server's part] [router's stamps] %FACILITY-SEVERITY-MNEMONIC: text``. The stamps are read from the right,
where the router put them; what is left over belongs to whoever stored the line.
"""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from getvpn_ops.dialect.syslog_catalogue import look_up
from getvpn_ops.model.syslog import CollectedMessage, SyslogMessage

if TYPE_CHECKING:
    from getvpn_ops.model.values import Address

_CODE = re.compile(
    r"(?:^|(?<=[\s:>\]]))%(?P<facility>[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*?)-(?P<severity>[0-7])-"
    r"(?P<mnemonic>[A-Za-z0-9_][A-Za-z0-9_'/]*)\s?:(?P<text>.*)",
    re.DOTALL,
)
_PRIORITY = re.compile(r"\s*<(\d{1,3})>(?:1 )?\s*")
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?"
_RECEIVED = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    rf"|[A-Z][a-z]{{2}} +\d{{1,2}} (?:\d{{4}} )?{_CLOCK}(?: \d{{4}})?)(?=[:\s]|$):?\s*"
)
_STAMP = re.compile(
    r"(?P<mark>[*.])?(?:(?P<year_first>\d{4}) )?(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?:(?P<year>\d{4}) )?"
    rf"(?P<clock>{_CLOCK})(?: ?(?P<zone>[A-Za-z][\w+\-]*|[+\-]\d[\d:]*))?\s*:\s*$"
)
_UPTIME = re.compile(r"(?P<uptime>\d{1,3}:\d\d:\d\d|\d+[ywdh](?:\d+[ywdhm])?)\s*:\s*$")
_UPTIME_PARTS = re.compile(r"(\d+)([ywdhm])")
_UNIT_DAYS = {"y": 365.0, "w": 7.0, "d": 1.0, "h": 1 / 24, "m": 1 / 1440}
_SEQUENCE = re.compile(r"(?:^|(?<=\s))(\d{1,10})\s*:(?=\s|$)")

_GROUP = re.compile(r"\b(?:GDOI )?[Gg]roup(?: name)?:? (?P<name>[A-Za-z0-9][\w\-.]*)")
_NO_NAME = frozenset({
    "address", "and", "by", "configuration", "count", "for", "from", "gm", "has", "have", "id", "identity", "in",
    "interface", "is", "key", "ks", "list", "member", "members", "of", "on", "or", "policy", "received", "rekey",
    "server", "size", "spi", "the", "to", "using", "was", "with",
})  # fmt: skip
"""Words that follow "group" in log texts and are no name of one."""
_IPV4 = r"(?<![\w.:])(?:\d{1,3}\.){3}\d{1,3}(?![\w:]|\.\d)"
_IPV6 = r"(?<![\w.:])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*(?![\w])"
_ADDRESS = re.compile(rf"{_IPV4}|{_IPV6}")


@lru_cache(maxsize=1024)
def parse_syslog(line: str) -> SyslogMessage | None:
    """Read one line.

    Args:
        line: from a terminal, a log buffer or a server's file.

    Returns:
        The message (a ``CollectedMessage`` if a server added something), or None if the line holds none. Never raises.
    """
    code = _CODE.search(line)
    if code is None:
        return None
    head = line[: code.start()]
    priority, received = None, None
    if found := _PRIORITY.match(head):
        priority = int(found[1])
        head = head[found.end() :]
    mark, stamp, zone, uptime = None, None, None, None
    if found := _STAMP.search(head):
        mark, zone = found["mark"], found["zone"]
        stamp = _stamp(found)
        head = head[: found.start()]
    elif found := _UPTIME.search(head):
        uptime = _uptime(found["uptime"])
        head = head[: found.start()]
    if found := _RECEIVED.search(head):
        received = found["stamp"]
        head = f"{head[: found.start()]} {head[found.end() :]}"
    numbers = [int(number) for number in _SEQUENCE.findall(head)]
    head = _SEQUENCE.sub(" ", head)
    origin = " ".join(head.split()).rstrip(": ") or None
    text = " ".join(code["text"].split())
    entry = look_up(code["mnemonic"])
    message = SyslogMessage(
        facility=code["facility"],
        severity=int(code["severity"]),
        mnemonic=code["mnemonic"],
        text=text,
        entry=entry.mnemonic if entry else None,
        group=_group(text),
        addresses=_addresses(text),
        sequence=numbers[-1] if numbers else None,
        mark=mark,
        stamp=stamp,
        zone=zone,
        uptime=uptime,
    )
    if priority is None and received is None and origin is None and not numbers[:-1]:
        return message
    own = {item.name: getattr(message, item.name) for item in fields(message)}
    return CollectedMessage(
        **own, priority=priority, received=received, origin=origin, other_sequences=tuple(numbers[:-1])
    )


def log_line(text: str) -> SyslogMessage:
    """``parse_syslog`` as a converter of models.

    Raises:
        ValueError: the line holds no message.
    """
    message = parse_syslog(text)
    if message is None:
        msg = f"{text!r} is no log message"
        raise ValueError(msg)
    return message


def _stamp(found: re.Match[str]) -> datetime | str:
    """A datetime if there is a year, else (or for a date that does not exist) the text."""
    clock = found["clock"].replace(",", ".")
    year = found["year"] or found["year_first"]
    text = " ".join(part for part in (year, found["month"], found["day"], clock) if part)
    if year is None:
        return text
    whole, _, fraction = clock.partition(".")
    try:
        return datetime.strptime(  # noqa: DTZ007 -- the name of a zone is defined on each router
            f"{year} {found['month']} {found['day']} {whole}.{(fraction or '0')[:6]}", "%Y %b %d %H:%M:%S.%f"
        )
    except ValueError:
        return text


def _uptime(text: str) -> timedelta | None:
    if ":" in text:
        hours, minutes, seconds = (int(part) for part in text.split(":"))
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    try:
        return sum(
            (timedelta(days=int(count) * _UNIT_DAYS[unit]) for count, unit in _UPTIME_PARTS.findall(text)), timedelta()
        )
    except OverflowError:
        return None


def _group(text: str) -> str | None:
    """The name behind "group", if the word behind it is one."""
    for found in _GROUP.finditer(text):
        name = found["name"].rstrip(".-")
        if name and name not in _NO_NAME:
            return name
    return None


def _addresses(text: str) -> tuple[Address, ...]:
    found: dict[IPv4Address | IPv6Address, None] = {}
    for candidate in _ADDRESS.findall(text):
        for shape in (candidate, candidate.rstrip(".:")):
            try:
                found[ip_address(shape)] = None
            except ValueError:
                continue
            break
    return tuple(found)
