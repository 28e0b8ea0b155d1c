"""What most have in common, and what is the same for all."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_SEVERAL = 2


def most(values: Iterable[Any]) -> Any:  # noqa: ANN401 -- of the values
    """The value that most have; of equally many the first. None if there are none.

    Args:
        values: plain data.
    """
    items = list(values)
    if not items:
        return None
    counted = Counter(_key(item) for item in items)
    return max(items, key=lambda item: counted[_key(item)])


def alike(values: Iterable[Any]) -> bool:
    """Whether all values are the same."""
    return len({_key(item) for item in values}) <= 1


def hoisted(words: Mapping[str, dict[str, Any]], fields: Iterable[str]) -> dict[str, Any]:
    """Take what routers share out of their words.

    A field moves if there are several routers, every one says it and most say the same; a router that says another
    value keeps its own.

    Args:
        words: of each router; are changed.
        fields: that may move.

    Returns:
        What is common.
    """
    common: dict[str, Any] = {}
    if len(words) < _SEVERAL:
        return common
    for field in fields:
        if any(field not in own for own in words.values()):
            continue
        value = most(own[field] for own in words.values())
        holders = [own for own in words.values() if same(own[field], value)]
        if len(holders) * 2 <= len(words):
            continue
        common[field] = value
        for own in holders:
            del own[field]
    return common


def same(left: object, right: object) -> bool:
    """Whether two plain values say the same."""
    return _key(left) == _key(right)


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
