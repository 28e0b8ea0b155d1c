"""Rings of a rollout: which members go first, so that few are touched before the gates are asked (promises P7, P8)."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from getvpn_ops.model.inventory import Device


def rings_of(members: Iterable[Device], percents: Sequence[int]) -> Mapping[str, int]:
    """Give each member a ring, from 1.

    A ring holds its share of every platform and release, as far as numbers allow: what one of them does not bear shows
    on few. The first ring has one member at least; members whose inventory says a ring go in that order.

    Args:
        members: of the stage.
        percents: cumulative, ascending, the last 100; empty: one ring.
    """
    ordered = _spread(members)
    bounds = _bounds(len(ordered), percents or (100,))
    found: dict[str, int] = {}
    for ring, bound in enumerate(bounds, 1):
        for device in ordered[len(found) : bound]:
            found[device.name] = ring
    return found


def _bounds(total: int, percents: Sequence[int]) -> list[int]:
    bounds: list[int] = []
    for percent in percents:
        wanted = math.ceil(total * percent / 100)
        bounds.append(min(total, max(wanted, bounds[-1] if bounds else min(1, total))))
    return bounds


def _spread(members: Iterable[Device]) -> list[Device]:
    """Members so that any first part of them holds each platform and release about as often as the whole does."""
    kinds: defaultdict[tuple[int, str, str], list[Device]] = defaultdict(list)
    for device in members:
        kinds[_NOT_SAID if device.ring is None else device.ring, device.model, device.release].append(device)
    placed: list[tuple[int, float, int, Device]] = []
    for number, ((said, _, _), devices) in enumerate(sorted(kinds.items(), key=lambda item: item[0])):
        for at, device in enumerate(devices):
            placed.append((said, (at + 0.5) / len(devices), number, device))
    placed.sort(key=lambda item: item[:3])
    return [device for *_, device in placed]


_NOT_SAID = 1 << 30
