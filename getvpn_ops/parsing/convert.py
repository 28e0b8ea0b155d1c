"""Text of one value -> a real type, chosen by the type of the model's field.

Every converter takes a stripped, non-empty text and raises ``ValueError`` if it is not what the type says; ``build``
then names the line instead of guessing.
"""

from __future__ import annotations

import re
import types
import typing
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.errors import TemplateError
from getvpn_ops.model.acl import Ace
from getvpn_ops.model.plain import parts
from getvpn_ops.model.values import Address, Endpoint, Interface, Network, RsaPublicKey, Sentinel, Spi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Converter = typing.Callable[[str], Any]

_YES = frozenset({"yes", "y", "true", "enabled", "enable", "on", "configured", "up"})
_NO = frozenset({"no", "n", "false", "disabled", "disable", "off", "not configured", "not enabled", "down"})
_SENTINELS = {sentinel.value: sentinel for sentinel in Sentinel} | {
    "(none)": Sentinel.NONE,
    "na": Sentinel.NOT_APPLICABLE,
}

_CLOCK = re.compile(r"(?:(\d+)d)?(\d+):(\d\d):(\d\d)")
_UNIT_SECONDS = {
    "msec": 0.001, "msecs": 0.001, "ms": 0.001, "millisecond": 0.001, "milliseconds": 0.001,
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "wk": 604800, "week": 604800, "weeks": 604800,
    "y": 31536000, "yr": 31536000, "year": 31536000, "years": 31536000,
}  # fmt: skip
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")


def duration(text: str) -> timedelta:
    """Read ``2752``, ``(510)``, ``449 sec``, ``10000 msec``, ``00:01:30``, ``1d02:03:04``, ``1 hours, 10 mins``.

    A bare number is seconds. Years are 365 days, as IOS counts its uptime.

    Raises:
        ValueError: none of these.
    """
    body = text.strip("() ")
    if clock := _CLOCK.fullmatch(body):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        return timedelta(seconds=int(body) if body.isdigit() else float(body))
    except (ValueError, OverflowError):
        pass
    total = 0.0
    end = 0
    for amount in _AMOUNT.finditer(body):
        if body[end : amount.start()].strip(", ") or amount[2].lower() not in _UNIT_SECONDS:
            break
        total += float(amount[1]) * _UNIT_SECONDS[amount[2].lower()]
        end = amount.end()
    if end == 0 or body[end:].strip(", "):
        msg = f"{text!r} is no duration"
        raise ValueError(msg)
    return timedelta(seconds=round(total, 6))


def truth(text: str) -> bool:
    """Read the words that IOS has for yes and no.

    Raises:
        ValueError: another word.
    """
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    msg = f"{text!r} is neither yes nor no"
    raise ValueError(msg)


def whole(text: str) -> int:
    """Read a decimal or ``0x`` hexadecimal number; brackets around it are IOS's.

    Raises:
        ValueError: neither.
    """
    try:
        return int(text)
    except ValueError:
        body = text.strip("()")
        return int(body, 16) if body[:2].lower() == "0x" else int(body)


def spi(text: str) -> Spi:
    """Read ``0x5A69F51E`` or ``0x5A69F51E(1516893470)``.

    Raises:
        ValueError: no hexadecimal number, or the decimal behind it is another one.
    """
    hexadecimal, bracket, decimal = text.partition("(")
    value = int(hexadecimal, 16)
    if bracket and int(decimal.rstrip(")")) != value:
        msg = f"{text!r}: the two numbers differ"
        raise ValueError(msg)
    return Spi(value, hexadecimal)


def endpoint(text: str) -> Endpoint:
    """Read ``10.1.1.1/848``, ``10.1.1.1 port 848`` or ``10.1.1.1:848``.

    Raises:
        ValueError: none of these.
    """
    for separator in ("/", " port ", ":"):
        host, found, port = text.rpartition(separator)
        if found:
            number = int(port)
            if not 0 <= number <= 65535:  # noqa: PLR2004 -- a port is 16 bits
                msg = f"{port} is no port"
                raise ValueError(msg)
            return Endpoint(ip_address(host.strip()), number)
    msg = f"{text!r} is no address with port"
    raise ValueError(msg)


def rsa_key(text: str) -> RsaPublicKey:
    """Read the hexadecimal DER of a public key (a SubjectPublicKeyInfo, RFC 3279 2.3.1); blanks do not matter.

    Raises:
        ValueError: not hexadecimal.
    """
    digits = "".join(text.split()).upper()
    der = bytes.fromhex(digits)
    try:
        return RsaPublicKey(digits, _modulus_bits(der))
    except ValueError:
        return RsaPublicKey(digits, None)


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Content of the DER element with which the data begins, and what stands behind it."""
    if len(data) < 2 or data[0] != tag:  # noqa: PLR2004 -- tag and length
        raise ValueError("this is not a whole RSA key")
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if len(data) < start + length:
        raise ValueError("this is not a whole RSA key")
    return data[start : start + length], data[start + length :]


def _modulus_bits(der: bytes) -> int:
    info, behind = _element(der, 0x30)
    if behind:
        raise ValueError("something stands behind the RSA key")
    _, rest = _element(info, 0x30)
    bits, _ = _element(rest, 0x03)
    key, _ = _element(bits[1:], 0x30)
    modulus, _ = _element(key, 0x02)
    return int.from_bytes(modulus, "big").bit_length()


_STAMP = re.compile(
    r"[*.]?(?P<clock>\d\d:\d\d:\d\d(?:\.\d+)?) (?P<zone>[A-Za-z+\-\d:]+)"
    r"(?: (?P<weekday>[A-Z][a-z]{2}))? (?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<year>\d{4})"
)


def date_time(text: str) -> datetime:
    """Read ``12:34:56.789 UTC Mon Mar 1 2021``, with or without fraction and weekday.

    The result has no time zone: IOS prints a zone name that each router defines for itself.

    Raises:
        ValueError: another format.
    """
    found = _STAMP.fullmatch(" ".join(text.split()))
    if found is None:
        msg = f"{text!r} is no date and time"
        raise ValueError(msg)
    form = "%H:%M:%S.%f" if "." in found["clock"] else "%H:%M:%S"
    return datetime.strptime(  # noqa: DTZ007 -- see the docstring
        f"{found['clock']} {found['month']} {found['day']} {found['year']}", f"{form} %b %d %Y"
    )


def text_of(text: str) -> str:
    """The text itself, single blanks."""
    return text if "  " not in text and "\t" not in text else " ".join(text.split())


_ip = lru_cache(maxsize=16384)(ip_address)

_CONVERTERS: dict[object, Converter] = {
    str: text_of,
    int: whole,
    float: float,
    bool: truth,
    timedelta: duration,
    datetime: date_time,
    Spi: spi,
    Endpoint: endpoint,
    Ace: parse_ace,
    RsaPublicKey: rsa_key,
    IPv4Address: IPv4Address,
    IPv6Address: IPv6Address,
    frozenset(parts(Address)): _ip,
    frozenset(parts(Network)): ip_network,  # strict: host bits would vanish without a word
    frozenset(parts(Interface)): ip_interface,
}


def several(convert: Converter) -> Converter:
    """A converter of one text that holds several values, with blanks or commas between them, to a tuple."""
    return lambda text: tuple(map(convert, text.replace(",", " ").split()))


def joined(convert: Converter) -> Callable[[list[str]], Any]:
    """A converter of one value that stands on several lines."""
    return lambda texts: convert("\n".join(texts))


def converter_for(hint: object, own: Mapping[object, Converter] = MappingProxyType({})) -> Converter:
    """The converter of a field's type.

    Args:
        hint: a type such as ``int``, ``timedelta | Sentinel | None`` or ``Address | None``. ``Sentinel`` in it means
            that IOS may print a word instead; ``str`` as an alternative takes what the others do not.
        own: converters of a command's own types.

    Raises:
        TemplateError: no converter makes this type.
    """
    alternatives = [part for part in parts(hint) if part is not types.NoneType]
    takes_words = Sentinel in alternatives
    takes_text = str in alternatives and len(alternatives) > 1
    rest = [part for part in alternatives if part is not Sentinel and not (takes_text and part is str)]
    key: object = rest[0] if len(rest) == 1 else frozenset(rest)
    if not rest:
        base: Converter = text_of if takes_text else _word
    elif key in own:
        base = own[key]
    elif key in _CONVERTERS:
        base = _CONVERTERS[key]
    else:
        msg = f"no converter makes {hint}"
        raise TemplateError(msg)
    if not takes_words and not takes_text:
        return base

    def convert(text: str) -> object:
        if takes_words and (word := _SENTINELS.get(text.lower())) is not None:
            return word
        try:
            return base(text)
        except ValueError:
            if takes_text:
                return text_of(text)
            raise

    return convert


def _word(text: str) -> Sentinel:
    return _SENTINELS[text.lower()] if text.lower() in _SENTINELS else Sentinel(text)
