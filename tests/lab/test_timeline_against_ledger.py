"""What the prediction says of a change, step by step, against what the lab's ledger has of the same change.

No flow may be lost for longer than was said; what was called hitless loses nothing; after each step every flow has the
fate that was predicted. And what was said to lose does lose in the lab, so that the test cannot pass by fear.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from drawn import HAPPENED, KEY_SERVERS, Drawn, asked_flow, flows_between

from getvpn_ops.analysis.traffic.effects import Statement
from getvpn_ops.analysis.traffic.facts import GOOD, Known, Measured
from getvpn_ops.analysis.traffic.group_steps import Rekey
from getvpn_ops.analysis.traffic.member_steps import (
    ApplyMap,
    Command,
    LocalList,
    Passive,
    Reload,
    RemoveMap,
    Reregister,
)
from getvpn_ops.analysis.traffic.members import Direction
from getvpn_ops.analysis.traffic.sites import site_fate
from getvpn_ops.analysis.traffic.timeline import timeline
from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.engine.forecast.predict import at_work, start
from getvpn_ops.lab.gdoi.variants import GOOD as GOOD_LAB
from getvpn_ops.lab.gdoi.variants import Takes, Variants
from getvpn_ops.lab.packets.fate import Outcome as Happened

if TYPE_CHECKING:
    from collections.abc import Callable

    from getvpn_ops.analysis.traffic.effects import StepEffect
    from getvpn_ops.analysis.traffic.sites import Site
    from getvpn_ops.analysis.traffic.steps import Now, Step

CAST = ["lds-gm1", "lon-gm1", "bri-gm1", "ode-gm1", "lis-gm1", "opo-gm1", "swa-ce1"]
MEMBERS = tuple(CAST[:-1])
WAVES = (frozenset(MEMBERS[:2]), frozenset(MEMBERS[2:]))
GAP = Variants(direction_gap=2.0)
MEASURED_GAP = replace(GOOD, turns_without_gap=Known.NO, gap_seconds=2.0)
REREGISTERS = Variants(passive=Takes.REREGISTRATION)
BOOT = 400.0
"""Seconds of the longest reload in the lab."""
LATE = 0.3
"""Seconds of the lab for what is typed one after the other."""


@dataclass(frozen=True)
class Deed:
    """A step as it is predicted, and as it is typed."""

    step: Step
    typed: Callable[[Drawn], object]


def _direction(*, receive_only: bool) -> Deed:
    def typed(fleet: Drawn) -> None:
        fleet.on_servers("crypto gdoi group WAN", "server local", f"{'' if receive_only else 'no '}sa receive-only")
        fleet.rekey()

    return Deed(Rekey("direction", receive_only=receive_only), typed)


def _list(name: str, *lines: str) -> Deed:
    outside = ("deny ip any 10.61.0.0 0.0.255.255", "deny ip 10.61.0.0 0.0.255.255 any")
    inside = "permit ip 10.0.0.0 0.127.255.255 10.0.0.0 0.127.255.255"
    texts = ("deny udp any eq 848 any eq 848", *lines, *outside, inside)

    def typed(fleet: Drawn) -> None:
        fleet.on_servers(f"ip access-list extended {name}", *texts)
        fleet.on_servers("crypto gdoi group WAN", "server local", "sa ipsec 1", f"match address ipv4 {name}")
        fleet.rekey()

    return Deed(Rekey(f"list {name}", entries=tuple(parse_ace(text) for text in texts)), typed)


def _each(names: frozenset[str], *lines: str) -> Callable[[Drawn], None]:
    def typed(fleet: Drawn) -> None:
        for name in sorted(names):
            fleet.configure(name, *lines)

    return typed


def _passive(names: frozenset[str], *, on: bool) -> Deed:
    line = "passive" if on else "no passive"
    return Deed(Passive(names, 60.0, on=on), _each(names, "crypto gdoi group WAN", line))


def _everybody(fleet: Drawn, line: str) -> None:
    """Those whose sites are not looked at, too: no key of a hitless cut-over may meet a member that sends clear."""
    for name in fleet.joined:
        if name not in CAST:
            fleet.type(name, "configure terminal", "crypto gdoi group WAN", line, "end")


def _command(name: str, direction: Direction) -> Deed:
    def typed(fleet: Drawn) -> None:
        fleet.type(name, f"crypto gdoi gm group WAN ipsec direction {direction.value}")

    return Deed(Command(frozenset({name}), direction=direction), typed)


def _local(name: str, *lines: str) -> Deed:
    def typed(fleet: Drawn) -> None:
        fleet.configure(name, "ip access-list extended MINE", *lines)
        fleet.configure(name, "crypto map GETVPN-MAP 10 gdoi", "match address MINE")

    return Deed(LocalList(frozenset({name}), entries=tuple(parse_ace(text) for text in lines)), typed)


def _map(name: str, *, on: bool) -> Deed:
    step: Step = ApplyMap(frozenset({name})) if on else RemoveMap(frozenset({name}))

    def typed(fleet: Drawn) -> None:
        fleet.configure(name, "interface GigabitEthernet0/0", f"{'' if on else 'no '}crypto map GETVPN-MAP")

    return Deed(step, typed)


def _clear(name: str) -> Deed:
    return Deed(Reregister(frozenset({name})), lambda fleet: fleet.type(name, "clear crypto gdoi", "yes"))


def _reload(name: str) -> Deed:
    def typed(fleet: Drawn) -> None:
        fleet.type(name, "write memory", "reload", "")

    return Deed(Reload(frozenset({name})), typed)


RECEIVE_ONLY, BOTH = _direction(receive_only=True), _direction(receive_only=False)
NARROWER = _list("NARROWER", "deny tcp any any eq 443", "deny tcp any eq 443 any")
PASSIVE = tuple(_passive(wave, on=True) for wave in WAVES)
ACTIVE = tuple(_passive(wave, on=False) for wave in WAVES)

CASES: dict[str, tuple[tuple[Deed, ...], Statement, Variants, Measured]] = {
    "the guide's cut-over": ((RECEIVE_ONLY, BOTH), Statement.LOSES, GOOD_LAB, GOOD),
    "the hitless cut-over": ((*PASSIVE, BOTH, *ACTIVE), Statement.HITLESS, GOOD_LAB, GOOD),
    "the hitless order where a turn leaves a gap": ((*PASSIVE, BOTH, *ACTIVE), Statement.LOSES, GAP, MEASURED_GAP),
    "the hitless order where passive registers again": (
        (*PASSIVE, BOTH, *ACTIVE), Statement.LOSES, REREGISTERS, replace(GOOD, passive_at_once=Known.NO)
    ),
    "a list swapped in a live group": ((NARROWER,), Statement.LOSES, GOOD_LAB, GOOD),
    "a list swapped while all are receive-only": ((NARROWER,), Statement.HITLESS, GOOD_LAB, GOOD),
    "a local deny on one side": ((_local("opo-gm1", "deny ip any any"),), Statement.LOSES, GOOD_LAB, GOOD),
    "a direction by command": ((_command("opo-gm1", Direction.INBOUND_OPTIONAL),), Statement.HITLESS, GOOD_LAB, GOOD),
    "a registration on a live group": ((_clear("bri-gm1"),), Statement.LOSES, GOOD_LAB, GOOD),
    "a registration while all are receive-only": ((_clear("bri-gm1"),), Statement.HITLESS, GOOD_LAB, GOOD),
    "a reload": ((_reload("opo-gm1"),), Statement.LOSES, GOOD_LAB, GOOD),
    "a map taken away and applied": ((_map("opo-gm1", on=False), _map("opo-gm1", on=True)), Statement.LOSES, GOOD_LAB,
                                     GOOD),
    "a member that joins while all are receive-only": (
        (_map("opo-gm1", on=False), _map("opo-gm1", on=True)), Statement.HITLESS, GOOD_LAB, GOOD
    ),
}  # fmt: skip
RECEIVING = ("the hitless", "receive-only", "command")
"""Words of the cases that begin with a group that is receive-only."""


def _predicted(fleet: Drawn, steps: list[Step]) -> tuple[dict[str, Site], tuple[StepEffect, ...], Now]:
    state = fleet.look([*CAST, *KEY_SERVERS[:-1]])
    sites = [site for site in at_work(state, "WAN", fleet.facts).sites if site.members[0].name in CAST]
    begin = start(state, "WAN")
    now = replace(begin, timing=replace(begin.timing, registration=10.0, boot=BOOT))
    return {site.name: site for site in sites}, timeline(sites, steps, now, fleet.ways).steps, now


def _wait(step: Step, effect: StepEffect) -> float:
    """Seconds after which every member has a step, and the old keys still live."""
    return BOOT + 30.0 if isinstance(step, Reload) else max(effect.spread_seconds or 0.0, 15.0) + 1.0


def _held(fleet: Drawn, deed: Deed) -> tuple[StepEffect, list[str], float]:
    """Predict a step, take it, look into the ledger; returns what was said, what is wrong, and seconds lost."""
    sites, (effect,), _ = _predicted(fleet, [deed.step])
    flows = [flow for flow in flows_between(fleet, set(sites), "") if not flow.packet.df]
    before = {flow.number: fleet.traffic.fate_of(flow.number) for flow in flows}
    begun = fleet.clock.now()
    deed.typed(fleet)
    fleet.pass_time(seconds=_wait(deed.step, effect))
    lost: defaultdict[int, float] = defaultdict(float)
    for interval in fleet.traffic.ledger.intervals(begun):
        if interval.outcome is Happened.LOST:
            lost[interval.flow.number] += (interval.end - interval.begin) / timedelta(seconds=1)
    wrong, after = [], {site.name: site for site in at_work(fleet.look(CAST), "WAN", fleet.facts).sites}
    for flow in flows:
        was, became = before[flow.number], fleet.traffic.fate_of(flow.number)
        assert was is not None
        assert became is not None
        asked, _ = asked_flow(flow)
        ends = flow.source.site, flow.destination.site
        said = next((i for i in effect.effects if (i.sender, i.receiver) == ends and i.packets.contains(asked)), None)
        allowed = 0.0 if said is None else said.lost_seconds
        predicted = site_fate(asked, sites[ends[0]], sites[ends[1]], fleet.ways) if said is None else said.after
        told = said.reason if said is not None else "no effect"
        if was.outcome is not Happened.LOST and allowed is not None and lost[flow.number] > allowed + LATE:
            wrong.append(f"{flow.text}: lost {lost[flow.number]:.1f} s, said {allowed:.1f}: {told}")
        if predicted.outcome is not HAPPENED[became.outcome]:
            wrong.append(f"{flow.text}: {became.outcome.value} after it, said {predicted.text}: {told}")
        seen = site_fate(asked, after[ends[0]], after[ends[1]], fleet.ways)
        if seen.outcome is not predicted.outcome:
            wrong.append(f"{flow.text}: {seen.text} as seen afterwards, said {predicted.text}")
    passed = {number for number, was in before.items() if was is not None and was.outcome is not Happened.LOST}
    news = sum(span for number, span in lost.items() if number in passed)
    return effect, wrong, news


@pytest.mark.parametrize("name", CASES)
def test_a_change_does_what_was_predicted(name: str) -> None:
    deeds, statement, variants, facts = CASES[name]
    fleet = Drawn(1, variants, facts)
    if any(words in name for words in RECEIVING):
        RECEIVE_ONLY.typed(fleet)
        if "hitless" in name:
            fleet.pass_time(seconds=30)
            _everybody(fleet, "passive")
        fleet.pass_time(seconds=400)
    said, wrong, lost = [], [], 0.0
    for deed in deeds:
        effect, found, seconds = _held(fleet, deed)
        said.append(effect.statement)
        wrong += found
        lost += seconds
    told = Statement.LOSES if Statement.LOSES in said else max(said, key=list(Statement).index)
    assert not wrong, "\n".join(wrong[:20])
    assert told is statement
    assert (lost > 0) is (statement is Statement.LOSES)


def test_a_straggler_is_cut_off_no_longer_than_was_said() -> None:
    fleet = Drawn(1, GOOD_LAB, GOOD)
    fleet.arm("lose-rekeys", "opo-gm1")
    _, (effect,), _ = _predicted(fleet, [NARROWER.step])
    ends, seconds = effect.old_keys_seconds, effect.straggler_seconds
    assert ends is not None
    assert seconds is not None
    flows = {
        flow.number
        for flow in flows_between(fleet, {"porto", "leeds"}, "")
        if not flow.packet.df and {443}.isdisjoint({flow.packet.source_port, flow.packet.destination_port})
    }
    begun = fleet.clock.now()
    NARROWER.typed(fleet)
    fleet.pass_time(seconds=ends + seconds + 60)
    lost = [
        (item.begin - begun, item.end - begun)
        for item in fleet.traffic.ledger.intervals(begun)
        if item.outcome is Happened.LOST and item.flow.number in flows
    ]
    assert lost
    assert all(abs(begin.total_seconds() - ends) < 1 + LATE for begin, _ in lost)
    assert all(ends + seconds / 2 < end.total_seconds() <= ends + seconds for _, end in lost)
