"""Simulated time: it runs, jumps, pauses and steps, and events happen in order at their own moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.lab.clock import Clock

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


class Wall:
    """A clock on the wall that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def clock(speed: float = 1.0) -> tuple[Clock, Wall]:
    wall = Wall()
    return Clock(START, speed=speed, wall=wall), wall


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(("speed", "passed"), [(1.0, 7.0), (60.0, 420.0), (0.0, 0.0)])
def test_it_runs_at_its_pace(speed: float, passed: float) -> None:
    made, wall = clock(speed)
    wall.seconds += 7
    assert made.now() == after(passed)


def test_a_change_of_pace_does_not_move_it() -> None:
    made, wall = clock()
    wall.seconds += 5
    made.speed = 10
    assert made.now() == after(5)
    wall.seconds += 1
    assert made.now() == after(15)
    made.speed = 0
    wall.seconds += 100
    assert made.now() == after(15)


def test_events_happen_in_order_each_at_its_moment() -> None:
    made, _ = clock(0)
    seen: list[tuple[str, datetime]] = []

    def happen(name: str) -> None:
        seen.append((name, made.now()))
        if name == "first":
            made.after(5, lambda: happen("made on the way"))

    made.after(30, lambda: happen("third"))
    made.after(10, lambda: happen("first"))
    made.after(10, lambda: happen("second"))
    made.after(90, lambda: happen("too late"))
    assert made.advance(after(60)) == 4
    assert seen == [("first", after(10)), ("second", after(10)), ("made on the way", after(15)), ("third", after(30))]
    assert made.now() == after(60)
    assert made.next_event() == after(90)


def test_what_was_cancelled_does_not_happen() -> None:
    made, _ = clock(0)
    event = made.after(1, lambda: pytest.fail("cancelled"))
    event.cancel()
    assert made.next_event() is None
    assert made.advance(after(5)) == 0


def test_stepping() -> None:
    made, _ = clock(0)
    seen: list[int] = []
    made.after(10, lambda: seen.append(1))
    made.after(20, lambda: seen.append(2))
    assert made.step() == after(10)
    assert (seen, made.now()) == ([1], after(10))
    assert made.step() == after(20)
    assert made.step() is None


def test_what_is_due_runs_late_but_in_order() -> None:
    made, wall = clock()
    seen: list[datetime] = []
    for seconds in (3, 1, 2):
        made.after(seconds, lambda: seen.append(made.now()))
    assert made.real_seconds_to_next() == 1
    wall.seconds += 2.5
    assert made.run_due() == 2
    assert seen == [after(1), after(2)]
    assert made.now() == after(2.5)


def test_who_drives_it_hears_of_a_nearer_event() -> None:
    made, _ = clock()
    heard: list[datetime | None] = []
    made.rescheduled = lambda: heard.append(made.next_event())
    made.after(10, lambda: None)
    made.after(20, lambda: None)
    made.after(5, lambda: None)
    assert heard == [after(10), after(5)]


def test_an_event_that_fails_does_not_stop_time() -> None:
    made, _ = clock(0)

    def fail() -> None:
        raise RuntimeError("a defect")

    made.after(1, fail)
    with pytest.raises(RuntimeError):
        made.advance(after(5))
    assert made.now() == START
    assert made.advance(after(5)) == 0


def test_it_does_not_run_backwards() -> None:
    made, _ = clock(0)
    with pytest.raises(ValueError, match="has passed"):
        made.advance(START - timedelta(seconds=1))
    with pytest.raises(ValueError, match="backwards"):
        made.speed = -1
    with pytest.raises(ValueError, match="backwards"):
        Clock(START, speed=-1)
    with pytest.raises(ValueError, match="time zone"):
        Clock(datetime(2026, 1, 1))  # noqa: DTZ001 -- what is refused


@given(st.lists(st.floats(0, 1000), max_size=30), st.lists(st.floats(0, 400), min_size=1, max_size=6))
def test_a_jump_in_parts_is_the_jump(moments: list[float], parts: list[float]) -> None:
    whole, _ = clock(0)
    parted, _ = clock(0)
    seen: dict[int, list[tuple[int, datetime]]] = {0: [], 1: []}
    for which, made in enumerate((whole, parted)):
        for number, seconds in enumerate(moments):
            made.after(seconds, lambda w=which, m=made, n=number: seen[w].append((n, m.now())))  # type: ignore[misc]
    for part in parts:
        parted.advance(parted.now() + timedelta(seconds=part))
    whole.advance(parted.now())
    assert seen[0] == seen[1]
    assert [moment for _, moment in seen[0]] == sorted(moment for _, moment in seen[0])
