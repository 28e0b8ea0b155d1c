"""What diagnosis asks and health does not: the event trace, where the release can know it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from bank import Bank
from fleets import BankClock, BankFleet, Silent, bank_inventory, state_of

from getvpn_ops.checks.diagnosis.judge import looked_at
from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.engine.collect import Collector, Wish
from getvpn_ops.engine.questions import EVENT_TRACE, diagnosis_script
from getvpn_ops.model.state.event_trace import EventTrace

if TYPE_CHECKING:
    from getvpn_ops.model.fleet import DeviceState, FleetState


@cache
def both() -> tuple[FleetState, FleetState]:
    """The same routers, asked by health and by diagnosis."""
    bank = Bank(minutes=10)
    known, silent = bank_inventory(bank), Silent()
    wish = Wish(tuple(known.devices.values()), interval=timedelta(0), seed=1, script=diagnosis_script)
    return state_of(bank), Collector(BankFleet(bank), BankClock(bank), silent, silent).collect("test", known, wish)


def asked(state: DeviceState) -> list[str]:
    return [item.command for item in state.evidence]


def _is_asked(state: DeviceState) -> bool:
    return EVENT_TRACE in asked(state)


CASES = {
    "a key server of 17": ("lds-ks1", True, True),
    "a member of 15.2": ("ork-gm1", True, True),
    "a member of 15.1, whose lab refuses it": ("bre-gm1", True, False),
    "a member of 12.4": ("nor-gm1", False, False),
}


@pytest.mark.parametrize("name", CASES)
def test_who_is_asked_and_who_tells(name: str) -> None:
    device, is_asked, tells = CASES[name]
    state = both()[1].devices[device]
    assert _is_asked(state) is is_asked
    assert state.has(EventTrace) is tells
    assert state.refused(EventTrace) is (is_asked and not tells)
    if tells:
        assert state.latest(EventTrace).value.events


def test_health_asks_for_all_else_and_not_for_it() -> None:
    health, diagnosis = both()
    for name, state in health.devices.items():
        assert [item for item in asked(diagnosis.devices[name]) if item != EVENT_TRACE] == asked(state), name


def test_a_refusal_is_told_and_is_no_more_than_that() -> None:
    state = both()[1].devices["bre-gm1"]
    assert [gap for gap in looked_at(state).gaps if EVENT_TRACE in gap]
    assert state.visit is not None
    assert state.visit.trouble is None


def test_it_only_reads() -> None:
    permit(EVENT_TRACE, Purpose.READ)
