"""An answer that broke off never becomes a fault of the network, wherever it broke, and never a crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from bank import KEY_SERVERS
from fleets import BankClock, BankFleet, Silent, bank_inventory, changed
from flowing import FlowingBank
from member_worlds import everything, words

from getvpn_ops.engine.assemble import evidence_of
from getvpn_ops.engine.collect import Collector, Wish
from getvpn_ops.model.outcome import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.fleet import FleetState

MEMBERS = ("lis-gm1", "bir-gm1", "ork-gm1", "cbr-gm1")


class Kept(Silent):
    """Remembers raw answers."""

    def __init__(self) -> None:
        self.captures: list[Capture] = []

    def put_capture(self, run: str, capture: Capture) -> None:
        del run
        self.captures.append(capture)


@cache
def world() -> tuple[FleetState, tuple[Capture, ...]]:
    """Some members after their first rekey, with what was captured of them."""
    bank, kept = FlowingBank(120), Kept()
    inventory = bank_inventory(bank)
    chosen = [inventory.devices[name] for name in (*KEY_SERVERS, *MEMBERS)]
    collector = Collector(BankFleet(bank), BankClock(bank), kept, Silent())
    state = collector.collect("test", inventory, Wish(chosen, interval=timedelta(seconds=30)))
    captures = tuple(item for item in kept.captures if item.text.strip() and item.trouble is None)
    return state, captures


def cut(state: FleetState, capture: Capture, length: int) -> FleetState:
    """The state as it would be if one answer had broken off."""
    stump = evidence_of(replace(capture, text=capture.text[:length]))
    assert stump is not None
    whole = state.devices[capture.device].evidence
    same = [(item.command, item.taken_at) == (stump.command, stump.taken_at) for item in whole]
    assert same.count(True) == 1
    evidence = tuple(stump if found else item for item, found in zip(whole, same, strict=True))
    return changed(state, capture.device, evidence=evidence)


def _cut_all(device: str, where: Callable[[Capture], Iterable[int]]) -> None:
    state, captures = world()
    tried = 0
    for capture in captures:
        if capture.device == device:
            for length in where(capture):
                tried += 1
                for view, outcome in everything(cut(state, capture, length)):
                    bad = outcome.status in {Status.FAIL, Status.ERROR}
                    assert not bad, (view.name, outcome.spec_id, capture.command, length, words(outcome, Status.FAIL))
    assert tried


def test_the_whole_answers_show_no_fault() -> None:
    assert {item.status for _, item in everything(world()[0])} <= {Status.PASS, Status.NOT_APPLICABLE}


@pytest.mark.soak
@pytest.mark.parametrize("device", [*KEY_SERVERS[:1], *MEMBERS])
def test_a_cut_answer_is_no_fault(device: str) -> None:
    from conftest import SOAK  # noqa: PLC0415 -- of the tests

    def where(capture: Capture) -> Iterable[int]:
        length = len(capture.text)
        return range(5, length, 11) if SOAK else {int(length * share) for share in (0.1, 0.35, 0.6, 0.85)}

    _cut_all(device, where)
