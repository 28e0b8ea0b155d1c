"""Typed objects -> plain data: all that a template may see."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any

from getvpn_ops.errors import DefectError
from getvpn_ops.model.config.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = (int, float, bool, type(None))


@lru_cache(maxsize=256)
def _fields(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def plain(value: object, word: Callable[[Secret], str]) -> Any:  # noqa: ANN401 -- any plain data
    """The same value as plain data. Times become seconds.

    Args:
        value: a dataclass, or what it may hold.
        word: says what stands for a secret.
    """
    if isinstance(value, str):
        return _line(value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Secret):
        return {"encryption": value.encryption, "text": _line(word(value))}
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, IPv6Address):
        return str(value).upper()  # as IOS prints it
    if isinstance(value, tuple):
        return [plain(item, word) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name), word) for name in _fields(type(value))}
    return _line(str(value))


def _line(text: str) -> str:
    """A value that stays within its line.

    Raises:
        DefectError: it holds something else than visible ASCII and blanks, which the schema refuses.
    """
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise DefectError("a value that would not stay within its line got as far as the templates")
    return text
