"""One value -> the few words a person wants to see in a table cell."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from enum import Enum

from getvpn_ops.model.acl import Ace
from getvpn_ops.model.values import Endpoint, RsaPublicKey, Spi

_UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60))


def in_words(value: object) -> str:
    """Render a value for a person; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Spi):
        return value.hex
    if isinstance(value, Ace):
        return value.text
    if isinstance(value, Endpoint):
        return f"{value.address}/{value.port}"
    if isinstance(value, RsaPublicKey):
        digest = hashlib.sha256(bytes.fromhex(value.hex)).hexdigest()
        return f"{value.modulus_bits or 'not a whole key, ?'} bits, SHA-256 {digest[:16]}…"
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(in_words(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        said = ((item.name, in_words(getattr(value, item.name))) for item in dataclasses.fields(value))
        return ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in said if text)
    return str(value)


def span(value: timedelta) -> str:
    """``2h 5m 3s``; below a second ``250 ms``."""
    total = value.total_seconds()
    if 0 < abs(total) < 1:
        return f"{total * 1000:g} ms"
    rest = abs(total)
    words = []
    for unit, seconds in _UNITS:
        if rest >= seconds:
            words.append(f"{int(rest // seconds)}{unit}")
            rest %= seconds
    if rest or not words:
        words.append(f"{rest:g}s")
    return ("-" if total < 0 else "") + " ".join(words)


def count(number: int, thing: str) -> str:
    """``1 event``, ``3 events``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
