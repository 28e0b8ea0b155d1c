"""Progress: lines where no terminal is, the longest in hand first on one, nothing that commands it."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from getvpn_ops.cli.progress import LiveProgress, NoProgress, PlainProgress, Sweep, progress
from getvpn_ops.model.capture import Trouble, Visit

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = "r1\x1b[2J\u202e"


def visit(device: str, trouble: Trouble | None = None) -> Visit:
    return Visit(device, NOW, NOW, trouble=trouble)


class Wall:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def plain(count: int, seconds: float) -> list[str]:
    wall = Wall()
    lines: list[str] = []
    shown = PlainProgress(lines.append, wall)
    shown.begin("devices", count)
    for number in range(count):
        shown.asked(f"r{number}", "show version")
        wall.now += seconds
        shown.visited(visit(f"r{number}", Trouble.UNREACHABLE if number == 2 else None))
    shown.end()
    return lines


def test_a_line_for_each_tenth() -> None:
    lines = plain(1000, 0.02)
    assert lines[0] == "asking 1000 devices"
    assert lines[1] == "100 of 1000 devices, 1 without a whole answer, 2 s"
    assert lines[-1] == "1000 of 1000 devices, 1 without a whole answer, 20 s"
    assert len(lines) == 11


def test_a_small_or_quick_fleet_is_done_before_it_is_worth_a_line() -> None:
    assert len(plain(1000, 0.0005)) == 2


def test_or_every_ten_seconds() -> None:
    assert [line.split(" of")[0] for line in plain(100, 4)][1:4] == ["3", "6", "9"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_devices(count: int) -> None:
    lines = plain(count, 1)
    things = "1 device" if count == 1 else f"{count} devices"
    assert lines[0] == f"asking {things}"
    assert lines[-1].startswith(f"{count} of {things}, ")
    assert len(lines) == 1 + max(1, count)


def test_who_is_in_hand_longest_stands_first() -> None:
    wall = Wall()
    sweep = Sweep(wall)
    sweep.begin("devices", 3)
    for device in ("slow", "quick", "done"):
        wall.now += 5
        sweep.asked(device, "show version")
    sweep.asked("slow", "show clock")
    sweep.visited(visit("done"))
    assert sweep.in_hand() == [("slow", 10, "show clock"), ("quick", 5, "show version")]
    sweep.begin("devices", 1)
    assert sweep.in_hand() == []


def test_the_display_shows_it_and_lets_no_one_command_the_terminal() -> None:
    live = LiveProgress()
    live._sweep.begin("devices", 20)  # noqa: SLF001 -- drawn without a terminal
    for number in range(12):
        live.asked(HOSTILE if number == 0 else f"r{number}", "show clock")
    live.visited(visit("r11", Trouble.DROPPED))
    shown = Console(file=io.StringIO(), width=120, force_terminal=False)
    with shown.capture() as captured:
        shown.print(live.view())
    text = captured.get()
    assert "1 of 20 devices, 1 without a whole answer" in text
    assert r"r1\x1b[2J\u202e" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "and 3 more" in text


def test_who_shows_it() -> None:
    assert isinstance(progress(quiet=True), NoProgress)
    assert isinstance(progress(), PlainProgress), "the tests have no terminal"
