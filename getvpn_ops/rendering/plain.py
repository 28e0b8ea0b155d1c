"""Typed objects -> plain data: all that a template may see."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from getvpn_ops.model.config.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = (str, int, float, bool, type(None))


@lru_cache(maxsize=256)
def _fields(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def plain(value: object, word: Callable[[Secret], str]) -> Any:  # noqa: ANN401 -- any plain data
    """The same value as plain data. Times become seconds.

    Args:
        value: a dataclass, or what it may hold.
        word: says what stands for a secret.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Secret):
        return {"encryption": value.encryption, "text": word(value)}
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, tuple):
        return [plain(item, word) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name), word) for name in _fields(type(value))}
    return str(value)
