"""Which lines of a rollback are sent when a step ends in its middle."""

from __future__ import annotations

import pytest

from getvpn_ops.model.change import ChangeLine
from getvpn_ops.remediation.undoing import chosen

LIST = "ip access-list extended NEW"
POLICY = "crypto isakmp policy 10"
MAP = "crypto map GM 10 gdoi"
Lines = tuple[str, ...]


def lines(*texts: str) -> tuple[ChangeLine, ...]:
    """``opener > line`` is a line with its path."""
    split = [text.split(" > ") for text in texts]
    return tuple(ChangeLine(parts[-1], tuple(parts[:-1])) for parts in split)


CASES: dict[str, tuple[Lines, Lines, set[int], set[int], Lines, bool]] = {
    "a list, half made": (
        (f"{LIST} > deny ip any any", f"{LIST} > permit ip any any"), (f"no {LIST}",), {0}, {0}, (f"no {LIST}",), True,
    ),
    "a list that was only opened": ((f"{LIST} > deny ip any any",), (f"no {LIST}",), set(), {0}, (f"no {LIST}",), True),
    "a mode that was only opened": (
        (f"{POLICY} > lifetime 60",), (f"{POLICY} > lifetime 70",), set(), {0}, (), True,
    ),
    "another value": (
        (f"{POLICY} > lifetime 60", f"{POLICY} > group 14"), (f"{POLICY} > group 2", f"{POLICY} > lifetime 70"),
        {0}, {0}, (f"{POLICY} > lifetime 70",), True,
    ),
    "no value": ((f"{POLICY} > lifetime 60",), (f"{POLICY} > no lifetime",), {0}, set(), (f"{POLICY} > no lifetime",),
                 True),
    "one of two keys": (
        ("crypto isakmp key A address 10.0.0.1", "crypto isakmp key B address 10.0.0.2"),
        ("no crypto isakmp key B address 10.0.0.2", "no crypto isakmp key A address 10.0.0.1"),
        {0}, set(), ("no crypto isakmp key A address 10.0.0.1",), True,
    ),
    "a map with what is in it": (
        (MAP, f"{MAP} > set group WAN"), ("no crypto map GM 10",), {0}, {1}, ("no crypto map GM 10",), True,
    ),
    "what was removed with its lines": (
        (f"no {MAP}", "no ip domain lookup"), ("ip domain lookup", f"{MAP} > set group WAN"),
        {0}, set(), (f"{MAP} > set group WAN",), True,
    ),
    "a number for a whole line": (
        (f"{LIST} > 10 permit ip any any", f"{LIST} > 20 permit ip any any"), (f"{LIST} > no 20", f"{LIST} > no 10"),
        {0}, {0}, (f"{LIST} > no 10",), True,
    ),
    "nothing undoes it": ((MAP, "hostname X"), ("hostname Y",), {0}, set(), (), False),
    "nothing was sent": ((MAP,), (f"no {MAP}",), set(), set(), (), True),
    "no rollback at all": ((MAP,), (), {0}, set(), (), False),
    "resembles nothing, so belongs to all": ((MAP, "hostname X"), (f"{POLICY} > hash sha",), {1}, set(),
                                             (f"{POLICY} > hash sha",), True),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_lines_that_undo(case: str) -> None:
    forward, rollback, effective, opened, expected, covered = CASES[case]
    assert chosen(lines(*forward), lines(*rollback), effective, opened) == (lines(*expected), covered)
