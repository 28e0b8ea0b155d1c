"""The time of an output is the router's own where it is clear, and the order of a file is never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.store.folder.times import clock, script_start, spread, zones

T = datetime(2026, 3, 1, 10, 44, 12, 123000, tzinfo=UTC)
LOADED = "Load for five secs: 1%/0%; one minute: 2%; five minutes: 2%\nTime source is NTP, {}\n\noutput\n"

CLOCKS = {
    "show clock": ("show clock", "10:44:12.123 UTC Sun Mar 1 2026\n", T),
    "in detail": ("show clock detail", "10:44:12.123 UTC Sun Mar 1 2026\nTime source is NTP\n", T),
    "not synchronized": ("show clock", ".10:44:12.123 UTC Sun Mar 1 2026\n", T),
    "never set": ("show clock", "*10:44:12.123 UTC Sun Mar 1 2026\n", None),
    "zone of the configuration": ("show clock", "11:44:12.123 CET Sun Mar 1 2026\n", T),
    "its summer time": ("show clock", "12:44:12.123 CEST Sun Mar 1 2026\n", T),
    "unknown zone": ("show clock", "05:44:12.123 EST Sun Mar 1 2026\n", None),
    "no such day": ("show clock", "10:44:12.123 UTC Sun Feb 30 2026\n", None),
    "stamp of the prompt": ("show crypto gdoi", LOADED.format("10:44:12.123 UTC Sun Mar 1 2026"), T),
    "stamp of a clock never set": ("show crypto gdoi", LOADED.format("*10:44:12.123 UTC Sun Mar 1 2026"), None),
    "a time in another output": ("show version", "System restarted at 10:44:12 UTC Sun Mar 1 2026\n", None),
}


@pytest.mark.parametrize(("command", "text", "expected"), CLOCKS.values(), ids=CLOCKS)
def test_clocks(command: str, text: str, expected: datetime | None) -> None:
    offsets = zones(["hostname x\nclock timezone CET 1 0\nclock summer-time CEST recurring\n"])
    assert clock(command, text, offsets) == expected


@pytest.mark.parametrize(
    ("line", "name", "minutes"),
    [
        ("clock timezone IST 5 30", "IST", 330),
        ("clock timezone NST -3 30", "NST", -210),
        ("clock timezone X 0", "X", 0),
    ],
)
def test_zones(line: str, name: str, minutes: int) -> None:
    assert zones([line])[name] == timedelta(minutes=minutes)


def test_a_log_of_script_says_when_it_began() -> None:
    assert script_start("Script started on 2026-03-01 11:44:12+01:00 [TERM=xterm]\n") == T.replace(microsecond=0)
    assert script_start("Script started on Sun Mar  1 11:44:12 2026\n") is None


def test_times_spread() -> None:
    later = T + timedelta(minutes=5)
    told = [("a", None), ("a", T), ("a", None), ("b", None), ("b", later), ("a", None), ("b", None)]
    step = timedelta(microseconds=1)
    assert spread(told, None, later) == [T - step, T, T + step, later - step, later, T + 2 * step, later + step]
    assert spread([("a", None), ("b", None)], None, T) == [T - 2 * step, T - step]
    assert spread([("a", None), ("b", None)], T, later) == [T + step, T + 2 * step]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.integers(0, 5)), max_size=12))
def test_the_order_on_a_device_is_kept(told: list[tuple[str, int | None]]) -> None:
    """Where its clock goes forward; two outputs never have one time, so that sorting keeps them apart."""
    rising = {"a": 0, "b": 0}
    given_times: list[tuple[str, datetime | None]] = []
    for device, minutes in told:
        if minutes is None:
            given_times.append((device, None))
        else:
            rising[device] += minutes + 1
            given_times.append((device, T + timedelta(minutes=rising[device])))
    times = spread(given_times, None, T + timedelta(days=1))
    for device in "ab":
        own = [moment for (name, _), moment in zip(told, times, strict=True) if name == device]
        assert all(before < after for before, after in pairwise(own))


BEYOND = {
    "the first year": ("show clock", "00:30:00.000 CET Mon Jan 1 0001\n"),
    "the last year": ("show clock", "23:30:00.000 NST Fri Dec 31 9999\n"),
}


@pytest.mark.parametrize(("command", "text"), BEYOND.values(), ids=BEYOND)
def test_clocks_that_cannot_be_reckoned_with(command: str, text: str) -> None:
    assert clock(command, text, {"CET": timedelta(hours=1), "NST": timedelta(hours=-3)}) is None


@pytest.mark.parametrize(
    "told", ["2026-13-01 10:00:00+00:00", "2026-03-01 10:00:00+99:00", "9999-12-31 23:59:59-01:00"]
)
def test_a_log_of_script_may_lie(told: str) -> None:
    assert script_start(f'Script started on {told} [TERM="xterm"]\n') is None
