"""Who goes first: few, and of every platform and release about its share."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.model.inventory import Device
from getvpn_ops.workflow.playbooks.rings import rings_of

KINDS = (("ISR4331", "17.9.4"), ("C1111", "17.6.1"), ("1841", "12.4(24)T"))


def members(count: int) -> list[Device]:
    return [
        Device(f"m{number}", model=KINDS[number % 3][0], release=KINDS[number % 3][1], site=f"s{number}")
        for number in range(count)
    ]


CASES = {
    "nobody": (0, (5, 100), {}),
    "one is a ring of its own": (1, (5, 25, 100), {1: 1}),
    "a ring has one at least": (10, (5, 25, 100), {1: 1, 2: 2, 3: 7}),
    "shares": (200, (5, 25, 100), {1: 10, 2: 40, 3: 150}),
    "no rings": (7, (), {1: 7}),
}


@pytest.mark.parametrize(("count", "percents", "expected"), CASES.values(), ids=CASES)
def test_sizes(count: int, percents: tuple[int, ...], expected: dict[int, int]) -> None:
    assert Counter(rings_of(members(count), percents).values()) == expected


def test_a_ring_holds_every_kind() -> None:
    found = rings_of(members(60), (10, 100))
    first = Counter(device.model for device in members(60) if found[device.name] == 1)
    assert first == {"ISR4331": 2, "C1111": 2, "1841": 2}


def test_rings_of_the_inventory_go_in_their_order() -> None:
    last = [Device(f"x{number}", ring=2) for number in range(3)]
    first = [Device(f"y{number}", ring=1) for number in range(3)]
    found = rings_of([*last, *first], (50, 100))
    assert {name for name, ring in found.items() if ring == 1} == {"y0", "y1", "y2"}


@given(count=st.integers(0, 120), percents=st.lists(st.integers(1, 99), unique=True, max_size=4).map(sorted))
def test_everyone_has_a_ring_and_no_ring_is_larger_than_its_share(count: int, percents: list[int]) -> None:
    bounds = (*percents, 100)
    found = rings_of(members(count), bounds)
    assert len(found) == count
    for number, percent in enumerate(bounds, 1):
        inside = sum(ring <= number for ring in found.values())
        assert inside <= max(1, -(-count * percent // 100))
