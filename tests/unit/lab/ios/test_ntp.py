"""Time servers: a router believes them after some minutes of life, and shows it in every time that it prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from screens import Screen

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.ios import ntp
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.lab.ios.router import Router
from getvpn_ops.parsing import parse

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SERVERS = ("ntp server 10.0.0.1", "ntp server 10.0.0.2 prefer")


def router(text: str, minutes: float, *lines: str) -> Router:
    clock = Clock(START, speed=0)
    made = Router(release=release(text), clock=clock)
    assert made.load(lines) == []
    clock.advance(START + timedelta(minutes=minutes))
    return made


@pytest.mark.parametrize("text", ["12.4(22)T5", "15.2(4)M11", "17.6.5"])
@pytest.mark.parametrize(
    ("lines", "minutes", "state", "mark"),
    [(SERVERS, 6, "synchronized", ""), (SERVERS, 2, "unsynchronized", "*"), ((), 600, None, "*")],
    ids=["synchronized", "young", "no servers"],
)
def test_what_is_shown(text: str, lines: tuple[str, ...], minutes: float, state: str | None, mark: str) -> None:
    made = router(text, minutes, *lines)
    screen = Screen(router=made)
    status = screen.enter("show ntp status")
    clock = screen.enter("show clock detail")
    if state is None and text.startswith("12.4"):
        state = "unsynchronized"  # whose NTP cannot be off
    parsed = parse("show ntp status", status)
    assert parsed.unrecognized == ()
    assert parsed.data.state == state
    assert ntp.mark(made) == mark
    assert parse("show clock detail", clock).data.now.mark == (mark or None)
    assert ("Time source is NTP" in clock) is (mark == "")


def test_lost() -> None:
    made = router("17.6.5", 60, *SERVERS)
    made.log("%SYS-5-CONFIG_I: before")
    made.faults.arm(fault("ntp-lost"))
    made.log("%SYS-5-CONFIG_I: during")
    assert [line[:1] for line in made.logged] == ["M", "."]
    assert "unsynchronized" in Screen(router=made).enter("show ntp status")
    assert " ~10.0.0.1" in Screen(router=made).enter("show ntp associations")
    made.faults.clear()
    assert "*~10.0.0.1" in Screen(router=made).enter("show ntp associations")


def test_a_boot_begins_anew() -> None:
    made = router("17.6.5", 60, *SERVERS)
    made.reload(seconds=90)
    assert ntp.mark(made) == "*"


def test_a_moment_as_ntp_carries_it() -> None:
    assert ntp.hexadecimal(datetime(2036, 2, 7, 6, 28, 15, 500000, tzinfo=UTC)) == "FFFFFFFF.80000000"
