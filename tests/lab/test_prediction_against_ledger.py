"""The prediction and the lab's ledger of packets agree flow by flow, on fleets drawn at random.

The prediction knows what routers print, as a user does; the ledger knows what became of the packets.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from drawn import HAPPENED, Drawn, asked_flow, flows_between

from getvpn_ops.analysis.traffic.fates import Outcome
from getvpn_ops.analysis.traffic.sites import site_fate
from getvpn_ops.engine.forecast.predict import at_work
from getvpn_ops.lab.packets.fate import Outcome as Happened
from getvpn_ops.lab.packets.fate import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.analysis.traffic.fates import Fate
    from getvpn_ops.lab.packets.ledger import Interval

GROUPS = {"WAN": "", "PAYMENTS": "PAYMENTS"}
SHORT, LONG = (4, 20), (40, 40)
"""Worlds, and draws in each."""
MUST_OCCUR = set(Reason) - {
    Reason.SENDER_DOWN, Reason.RECEIVER_DOWN, Reason.NO_PATH, Reason.ESP_FILTERED,
}  # fmt: skip
"""All but what no router prints; ``test_fates`` has those."""
MEMBERS = 6
"""Of a draw; its routers are asked, and all flows between their sites are held against the ledger."""


class Tally:
    """What came of many draws."""

    def __init__(self) -> None:
        self.draws = self.lossy = self.flows = self.assumed = 0
        self.outcomes: Counter[str] = Counter()
        self.reasons: set[Reason] = set()
        self.wrong: list[str] = []

    def hold(self, seed: int, what: str, asked: str, predicted: Fate, truth: Interval) -> bool:
        """One flow; returns whether it was lost."""
        self.flows += 1
        self.assumed += bool(predicted.assumption)
        reason = truth.reason.value if truth.reason is not None else ""
        self.outcomes[f"{truth.outcome.value} {reason}".strip()] += 1
        self.reasons |= {truth.reason} if truth.reason is not None else set()
        if not _agree(predicted, truth):
            self.wrong.append(
                f"seed {seed} after {what}: {asked}: {predicted.text}, but {truth.outcome.value} {reason}"
            )
        return truth.outcome is Happened.LOST

    @property
    def head(self) -> str:
        return f"{self.draws} draws, {self.lossy} lossy, {self.flows} flows, {len(self.wrong)} disagreements"

    @property
    def text(self) -> str:
        return "\n".join(
            [self.head, *(f"  {count:6} {what}" for what, count in self.outcomes.most_common()), *self.wrong[:40]]
        )


def _agree(predicted: Fate, truth: Interval) -> bool:
    """Outcome and reason are the same; what rests on an assumption may be better than it was feared."""
    happened = HAPPENED[truth.outcome]
    if predicted.assumption and predicted.outcome is Outcome.DROPPED and happened is not Outcome.DROPPED:
        return True
    names = [item.name if item is not None else "" for item in (predicted.reason, truth.reason)]
    return predicted.outcome is happened and names[0] == names[1]


def draw(fleet: Drawn, seed: int, tally: Tally) -> None:
    """Let something happen, predict, look into the ledger."""
    names = fleet.cast(MEMBERS)
    done = [fleet.happen(names) for _ in range(fleet.chance.choice((1, 1, 2)))]
    fleet.settle()
    state = fleet.look(names)
    sites = {fleet.known.devices[name].site for name in names}
    groups = {
        vrf: {site.name: site for site in at_work(state, name, fleet.facts).sites} for name, vrf in GROUPS.items()
    }
    found = []
    for vrf, there in groups.items():
        for flow in flows_between(fleet, sites & set(there), vrf):
            asked, shape = asked_flow(flow)
            ends = there[flow.source.site], there[flow.destination.site]
            found.append((flow, site_fate(asked, ends[0], ends[1], fleet.ways, shape)))
    truth = fleet.truth()
    lost = [tally.hold(seed, "+".join(done), flow.text, fate, truth[flow.number]) for flow, fate in found]
    tally.draws += 1
    tally.lossy += any(lost)


def drawn(banks: int, each: int, first: int = 0) -> Tally:
    tally = Tally()
    for seed in range(first, first + banks):
        fleet = Drawn(seed)
        for _ in range(each):
            draw(fleet, seed, tally)
    return tally


@pytest.mark.soak
def test_prediction_agrees_with_the_ledger(figure: Callable[[str], None]) -> None:
    tally = drawn(*LONG, first=100) if os.environ.get("GETVPN_OPS_SOAK") else drawn(*SHORT)
    figure(f"prediction against ledger: {tally.head}")
    print(tally.text)  # noqa: T201 -- what was drawn is the proof
    assert not tally.wrong, tally.text
    assert tally.lossy * 3 >= tally.draws, tally.text
    assert tally.assumed * 100 <= tally.flows, tally.text
    assert set(tally.reasons) >= MUST_OCCUR, tally.text
