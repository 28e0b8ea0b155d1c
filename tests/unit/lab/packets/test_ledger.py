"""The ledger: intervals, sums, and what it says as JSON."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.packets.fate import Outcome, Reason
from getvpn_ops.lab.packets.flows import Flow, flow, numbered
from getvpn_ops.lab.packets.ledger import PACKET, Ledger, packets
from getvpn_ops.lab.packets.places import Place
from getvpn_ops.reports import lab as views

START = datetime(2030, 2, 3, 4, 5, 6, tzinfo=UTC)
TURIN, GHENT = Place("turin", IPv4Address("10.1.0.1")), Place("ghent", IPv4Address("10.2.0.1"))
CLEAR, ESP, LOST = Outcome.CLEAR, Outcome.ENCRYPTED, Outcome.LOST


def pair(rate: float = 4) -> tuple[Flow, Flow]:
    one, other = numbered([
        flow("a", TURIN, GHENT, "tcp", (1025, 443), rate=rate),
        flow("b", GHENT, TURIN, "tcp", (443, 1025), rate=2 * rate),
    ])  # fmt: skip
    return one, other


def told() -> tuple[Ledger, Clock]:
    """Ten seconds each: clear, encrypted, lost one way by one reason and by another, encrypted."""
    clock = Clock(START, speed=0)
    ledger = Ledger(clock.now)
    one, other = pair()
    ledger.note(other, CLEAR)
    for outcome, reason in (
        (CLEAR, None),
        (ESP, None),
        (LOST, Reason.UNKNOWN_SPI),
        (LOST, Reason.NO_SA),
        (ESP, None),
    ):
        ledger.note(one, outcome, reason)
        clock.advance(clock.now() + timedelta(seconds=10))
    return ledger, clock


def test_sums_by_outcome_reason_pair_and_flow() -> None:
    ledger, _ = told()
    totals = ledger.totals()
    assert (packets(totals.sent), packets(totals.clear), packets(totals.encrypted)) == (600, 440, 80)
    assert totals.reasons == {Reason.UNKNOWN_SPI: 40 * PACKET, Reason.NO_SA: 40 * PACKET}
    pairs = ledger.by_pair()
    assert packets(pairs["turin", "ghent"].lost) == 80
    assert packets(pairs["ghent", "turin"].clear) == 400
    assert {item.number: packets(sums.sent) for item, sums in ledger.by_flow().items()} == {1: 200, 2: 400}


@pytest.mark.parametrize(
    ("since", "until", "lost", "encrypted"),
    [(0, None, 80, 80), (25, None, 60, 40), (25, 35, 40, 0), (45, None, 0, 20), (0, 20, 0, 40), (60, None, 0, 0)],
)
def test_sums_between_moments_are_cut_there(since: int, until: int | None, lost: float, encrypted: float) -> None:
    ledger, _ = told()
    end = None if until is None else START + timedelta(seconds=until)
    totals = ledger.totals(START + timedelta(seconds=since), end)
    assert (packets(totals.lost), packets(totals.encrypted)) == (lost, encrypted)


def test_losses_are_told_with_their_times() -> None:
    ledger, _ = told()
    assert [(item.reason, (item.begin - START).seconds, (item.end - START).seconds) for item in ledger.losses()] == [
        (Reason.UNKNOWN_SPI, 20, 30),
        (Reason.NO_SA, 30, 40),
    ]


def test_a_fate_that_goes_on_is_one_interval_and_one_without_time_is_none() -> None:
    clock = Clock(START, speed=0)
    ledger = Ledger(clock.now)
    one, _ = pair()
    for seconds, outcome, reason in ((5, ESP, None), (5, ESP, None), (0, LOST, Reason.NO_PATH), (5, ESP, None)):
        ledger.note(one, outcome, reason)
        clock.advance(clock.now() + timedelta(seconds=seconds))
    (only,) = ledger.intervals()
    assert (only.outcome, only.begin, only.end) == (ESP, START, START + timedelta(seconds=15))
    ledger.note(one, None)
    clock.advance(clock.now() + timedelta(seconds=5))
    assert packets(ledger.totals().sent) == 60


@given(
    changes=st.lists(st.tuples(st.integers(0, 10**8), st.sampled_from([CLEAR, ESP, *Reason])), min_size=1),
    step=st.integers(1, 10**7),
    rate=st.floats(0.001, 5000),
)
def test_a_timeline_adds_up(changes: list[tuple[int, Outcome | Reason]], step: int, rate: float) -> None:
    """For any sequence of fates, any rate and any step: nothing is counted twice and nothing forgotten."""
    clock = Clock(START, speed=0)
    ledger = Ledger(clock.now)
    one, _ = pair(rate)
    for microseconds, found in changes:
        ledger.note(one, *((LOST, found) if isinstance(found, Reason) else (found,)))
        clock.advance(clock.now() + timedelta(microseconds=microseconds))
    whole = clock.now() - START
    totals = ledger.totals()
    assert totals.sent == one.rate * (whole // timedelta(microseconds=1))
    every = max(timedelta(microseconds=step), whole / 100)
    line = [sums for _, sums in ledger.timeline(START, every)]
    assert sum(sums.clear for sums in line) == totals.clear
    assert sum(sums.encrypted for sums in line) == totals.encrypted
    assert sum(sums.lost for sums in line) == totals.lost


def test_a_timeline_with_too_many_steps_is_refused() -> None:
    ledger, _ = told()
    for step in (timedelta(), timedelta(milliseconds=1)):
        with pytest.raises(ValueError, match="longer step"):
            ledger.timeline(START, step)


def test_json_says_all_of_it() -> None:
    ledger, _ = told()
    plain = json.loads(json.dumps(ledger.plain(START + timedelta(seconds=15), step=timedelta(seconds=20))))
    assert plain["totals"] == {
        "sent": 420.0, "clear": 280.0, "encrypted": 60.0, "lost": 80.0, "reasons": {"unknown-spi": 40.0, "no-sa": 40.0},
    }  # fmt: skip
    assert [(item["from"], item["to"], item["lost"]) for item in plain["pairs"]] == [
        ("ghent", "turin", 0), ("turin", "ghent", 80),
    ]  # fmt: skip
    (losing,) = plain["losing_flows"]
    assert (losing["flow"], losing["packet"], losing["rate"]) == (1, "tcp 10.1.0.1:1025 -> 10.2.0.1:443", 4)
    assert [(item["reason"], item["packets"]) for item in plain["losses"]] == [("unknown-spi", 40), ("no-sa", 40)]
    assert [item["lost"] for item in plain["timeline"]] == [60, 20]
    assert plain["since"] == "2030-02-03T04:05:21+00:00"
    assert plain["reasons"]["no-sa"] == "no valid SA at the sender"
    assert ledger.summary()["lost"] == 80


def test_changes_told_late_never_overlap() -> None:
    """An event that was due some milliseconds ago is told after a change that came by hand meanwhile."""
    clock = Clock(START, speed=0)
    ledger = Ledger(clock.now)
    one, _ = pair()
    ledger.note(one, CLEAR)
    clock.advance(START + timedelta(seconds=10))
    for seconds, outcome in ((3, ESP), (5, CLEAR), (4, ESP)):
        ledger.note(one, outcome, at=START + timedelta(seconds=seconds))
    assert [(item.outcome, (item.end - item.begin).seconds) for item in ledger.intervals()] == [(CLEAR, 3), (ESP, 7)]
    assert packets(ledger.totals().sent) == 40


def shown(found: dict[str, Any]) -> str:
    out = io.StringIO()
    Console(file=out, width=140).print(views.ledger(found))
    return out.getvalue()


def test_a_terminal_shows_what_was_lost_and_why() -> None:
    ledger, _ = told()
    text = " ".join(shown(ledger.plain(step=timedelta(seconds=25))).split())
    assert "600 packets sent, 440 delivered clear, 80 delivered encrypted, 80 lost" in text
    assert "40 ESP with an SPI that the receiver does not know" in text
    assert "turin ghent 200 40 80 80 ESP with an SPI" in text
    assert "1 a tcp 10.1.0.1:1025 -> 10.2.0.1:443 100 200 40 80 80" in text
    assert "2030-02-03 04:05:26.000 2030-02-03 04:05:36.000 1 40 ESP with an SPI" in text
    assert "2030-02-03 04:05:31.000 300 200 40 60" in text


def test_a_terminal_shows_no_losses_where_there_are_none() -> None:
    ledger, _ = told()
    text = shown(ledger.plain(START + timedelta(seconds=45)))
    assert "60 packets sent, 40 delivered clear, 20 delivered encrypted, 0 lost" in text
    assert "sites" not in text
