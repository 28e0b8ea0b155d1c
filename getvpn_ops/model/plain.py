"""Typed state -> plain data (dicts, lists, strings, numbers) for JSON and YAML.

Keys are the field names, and durations carry their unit in the key: a ``timedelta`` field ``lifetime`` becomes
``lifetime_seconds``. Addresses are text. Sentinels stay the word that IOS printed. Secrets are never written.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Any

from pydantic import BaseModel, SecretStr

_TEXT = (IPv4Address, IPv6Address, IPv4Network, IPv6Network, IPv4Interface, IPv6Interface)
_AS_IS = (str, int, float, bool)


def parts(hint: object) -> tuple[object, ...]:
    """The alternatives of a type hint: ``X | Y | None`` -> (X, Y, NoneType); anything else -> itself."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)


@cache
def _keys(cls: type) -> tuple[tuple[str, str], ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        (field.name, f"{field.name}_seconds" if timedelta in parts(hints[field.name]) else field.name)
        for field in dataclasses.fields(cls)
        if not field.metadata.get("private")
    )


def to_plain(value: object) -> Any:  # noqa: ANN401 -- the shape of JSON
    """Turn a value into plain data.

    Raises:
        TypeError: the value is of a type that has no plain form.
    """
    if value is None:
        return None
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _AS_IS):
        return value
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds == int(seconds) else seconds
    if isinstance(value, _TEXT):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, SecretStr):
        return "<redacted>"
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {key: to_plain(getattr(value, name)) for name, key in _keys(type(value))}
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    msg = f"no plain form for {type(value).__name__}"
    raise TypeError(msg)
