"""What changes lose, for how long and on what that rests: the cut-overs of the guide and ours, swaps, commands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from work import BASE, NEW, OLD, START, WAYS, aces, member, now, sites, web

from getvpn_ops.analysis.traffic.effects import Statement
from getvpn_ops.analysis.traffic.encrypt_gate import unmet
from getvpn_ops.analysis.traffic.facts import GOOD, UNMEASURED, Fact, Known, Measured
from getvpn_ops.analysis.traffic.fates import Reason
from getvpn_ops.analysis.traffic.group_steps import Rekey, Wait
from getvpn_ops.analysis.traffic.member_steps import (
    ApplyMap,
    Command,
    FailClose,
    LocalList,
    Passive,
    Reload,
    RemoveMap,
    Reregister,
)
from getvpn_ops.analysis.traffic.members import Direction, Mode
from getvpn_ops.analysis.traffic.rows import LASTING, Verdict
from getvpn_ops.analysis.traffic.sites import ROUTED_MULTICAST, Paths
from getvpn_ops.analysis.traffic.timeline import timeline
from getvpn_ops.analysis.traffic.timing import Timing, old_life

if TYPE_CHECKING:
    from getvpn_ops.analysis.traffic.steps import Step

NARROWER = aces(*(ace.text for ace in BASE[:3]), "deny tcp any any eq 443", "deny tcp any eq 443 any", BASE[3].text)
ALL = frozenset({"a1", "b1", "c1"})
RO = {"receive_only": True}
FIRST, REST = frozenset({"a1"}), frozenset({"b1", "c1"})
TO_BOTH, TO_RECEIVE_ONLY = Rekey("remove receive-only", receive_only=False), Rekey("receive-only", receive_only=True)
SWAP = Rekey("swap the list", entries=NARROWER)
HITLESS = (Passive(FIRST), Passive(REST, 60.0), TO_BOTH, Passive(FIRST, on=False), Passive(REST, 60.0, on=False))
SPREAD = 2 * 10.0 + 1.0 + 3 * 2 * 0.25
"""Of 20 members by unicast: two more copies after 10 s each, three batches of eight."""


@dataclass(frozen=True)
class Case:
    """A change of three members a1, b1, c1, and what must be said of it."""

    steps: tuple[Step, ...]
    statement: Statement
    begin: dict[str, Any]
    facts: Measured = GOOD
    seconds: float | None = 0.0
    rests_on: frozenset[Fact] = frozenset()
    reason: Reason | None = None


AT_ONCE_AND_WITHOUT_GAP = frozenset({Fact.PASSIVE_AT_ONCE, Fact.TURNS_WITHOUT_GAP})
EVERY_DIRECTION = AT_ONCE_AND_WITHOUT_GAP | {Fact.PASSIVE_ACCEPTS_CLEAR}
CASES = {
    "the guide's cut-over loses for the spread": Case(
        (TO_BOTH,), Statement.LOSES, RO, seconds=SPREAD, rests_on=frozenset({Fact.TURNS_WITHOUT_GAP}),
        reason=Reason.CLEAR_REFUSED,
    ),
    "the hitless order loses nothing where all was measured good": Case(
        HITLESS, Statement.HITLESS, RO, rests_on=AT_ONCE_AND_WITHOUT_GAP
    ),
    "the hitless order where nothing was measured": Case(
        HITLESS, Statement.LOSES, RO, UNMEASURED, None, EVERY_DIRECTION
    ),
    "the hitless order where passive registers again": Case(
        HITLESS, Statement.LOSES, RO, replace(GOOD, passive_at_once=Known.NO), 20.0, EVERY_DIRECTION,
    ),
    "the way back needs that passive accepts clear": Case(
        (Passive(ALL, 60.0), TO_RECEIVE_ONLY, Passive(ALL, 60.0, on=False)), Statement.HITLESS, {},
        rests_on=AT_ONCE_AND_WITHOUT_GAP,
    ),
    "a mixed group on the way back rests on (b)": Case(
        (Passive(FIRST), Command(REST, direction=Direction.INBOUND_ONLY)), Statement.LOSES, {},
        replace(GOOD, passive_accepts_clear=Known.UNKNOWN), None, EVERY_DIRECTION,
        Reason.CLEAR_REFUSED,
    ),
    "a list swapped in a live group loses the difference": Case(
        (SWAP,), Statement.LOSES, {}, seconds=SPREAD, reason=Reason.NO_MATCH
    ),
    "passive members lose by a swap as well": Case(
        (SWAP,), Statement.LOSES, {**RO, "passive": True}, seconds=SPREAD, reason=Reason.NO_MATCH
    ),
    "a list swapped while all are receive-only": Case((SWAP,), Statement.HITLESS, RO),
    "a swap by way of receive-only": Case(
        (TO_RECEIVE_ONLY, Wait(200), SWAP, Wait(200), TO_BOTH), Statement.LOSES, {}, seconds=SPREAD,
        rests_on=frozenset({Fact.TURNS_WITHOUT_GAP}),
    ),
    "a new key alone": Case((Rekey("new key"),), Statement.HITLESS, {}),
    "replaced now": Case(
        (Rekey("replace-now", replace_now=True),), Statement.LOSES, {}, seconds=SPREAD, reason=Reason.UNKNOWN_SPI
    ),
    "a local deny on one side drops for good": Case(
        (LocalList(FIRST, entries=aces("deny tcp any any eq 443")),), Statement.LOSES, {}, seconds=LASTING,
        reason=Reason.CLEAR_REFUSED,
    ),
    "a local deny while all are receive-only": Case(
        (LocalList(FIRST, entries=aces("deny tcp any any eq 443")),), Statement.HITLESS, RO
    ),
    "a command that turns receive-only to optional": Case(
        (Command(FIRST),), Statement.HITLESS, RO, rests_on=frozenset({Fact.TURNS_WITHOUT_GAP})
    ),
    "a registration on a live group": Case((Reregister(FIRST),), Statement.LOSES, {}, seconds=10.0),
    "a registration while all are receive-only": Case((Reregister(FIRST),), Statement.HITLESS, RO),
    "a map applied while all are receive-only": Case((RemoveMap(ALL), ApplyMap(ALL, 5.0)), Statement.HITLESS, RO),
    "a map taken from one of a live group": Case((RemoveMap(FIRST),), Statement.LOSES, {}, seconds=LASTING),
    "fail-close on a registered member": Case((FailClose(FIRST, entries=aces("deny tcp any any eq 22")),),
                                              Statement.HITLESS, {}),
    "a reload on a live group": Case((Reload(FIRST),), Statement.LOSES, {}, seconds=310.0),
    "a reload with unsaved configuration": Case((Reload(FIRST, saved=False),), Statement.LOSES, {}, seconds=LASTING),
}  # fmt: skip


def group(begin: dict[str, Any], facts: Measured = GOOD, **fields: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return sites(*(member(name, facts=facts, **begin, **fields) for name in sorted(ALL)))


def begin_of(case: Case) -> Any:  # noqa: ANN401 -- Now
    return now(receive_only=bool(case.begin.get("receive_only")))


def longest(spans: list[float | None]) -> float | None:
    known = [span for span in spans if span is not None]
    return None if len(known) < len(spans) else max(known, default=0.0)


@pytest.mark.parametrize("name", CASES)
def test_a_change(name: str) -> None:
    case = CASES[name]
    found = timeline(group(case.begin, case.facts), case.steps, begin_of(case), WAYS)
    told = "\n".join(step.text for step in found.steps)
    assert found.statement is case.statement, told
    assert longest([item.lost_seconds for step in found.steps for item in step.losing]) == case.seconds, told
    assert found.rests_on == case.rests_on, told
    assert case.reason is None or case.reason.value in told
    for step in found.steps:
        assert all(item.example in item.packets for item in step.effects)
        assert case.facts is not GOOD or not step.assumptions


def test_a_swap_loses_the_difference_and_nothing_else() -> None:
    (step,) = timeline(group({}), [SWAP], now(), WAYS).steps
    assert any(web() in item.packets for item in step.losing)
    assert any(web(back=True) in item.packets for item in step.losing)
    for item in step.effects:
        ports = item.example.source_port, item.example.destination_port
        assert item.loses is (443 in ports), item
        assert item.verdict is (Verdict.DROPPED if item.loses else Verdict(item.after.outcome.value))


def test_a_turn_to_receive_only_depends_on_who_has_it() -> None:
    (step,) = timeline(group({**RO, "passive": True}), [Passive(ALL, 60.0, on=False)], now(), WAYS).steps
    assert {item.verdict for item in step.effects} == {Verdict.DEPENDS, Verdict.CLEAR}
    assert step.statement is Statement.HITLESS


CANNOT_TELL: dict[str, tuple[dict[str, Any], Paths]] = {
    "a member that was not seen": ({"unseen": "it did not answer"}, WAYS),
    "a list that was not seen": ({"lists": None}, WAYS),
    "ESP that was not probed": ({}, Paths()),
}


@pytest.mark.parametrize("name", CANNOT_TELL)
def test_what_was_not_seen_is_never_hitless(name: str) -> None:
    fields, ways = CANNOT_TELL[name]
    scene = sites(member("a1"), member("b1"), member("c1", **fields))
    found = timeline(scene, [Rekey("new key")], now(), ways)
    assert found.statement is Statement.CANNOT_TELL
    assert found.steps[0].assumptions


def test_nothing_examined_is_not_hitless() -> None:
    assert timeline(group({}), [], now(), WAYS).statement is Statement.CANNOT_TELL


MULTICASTS: dict[str, tuple[str, tuple[Any, ...], Statement]] = {
    "a group that the new list covers": ("permit ip any 239.5.0.0 0.0.255.255", ROUTED_MULTICAST, Statement.LOSES),
    "a group that nobody hears": (
        "permit ip any 239.5.0.0 0.0.255.255", (ip_network("239.6.0.0/16"),), Statement.HITLESS
    ),
    "packets that stay on their link": ("permit ip any host 224.0.0.5", ROUTED_MULTICAST, Statement.HITLESS),
    "no group at all": ("permit ip any 172.16.0.0 0.0.255.255", ROUTED_MULTICAST, Statement.HITLESS),
}  # fmt: skip


@pytest.mark.parametrize("name", MULTICASTS)
def test_multicast_is_part_of_the_traffic(name: str) -> None:
    line, listens, statement = MULTICASTS[name]
    scene = tuple(replace(site, listens=listens) for site in group({}))
    (step,) = timeline(scene, [Rekey("swap", entries=(*BASE, *aces(line)))], now(), WAYS).steps
    assert step.statement is statement, step.text
    found = [item for item in step.effects if item.loses]
    assert all(item.example.destination.is_multicast and item.reason for item in found)
    assert len(found) == (6 if statement is Statement.LOSES else 0)


def test_a_command_dies_with_the_next_rekey() -> None:
    scene = sites(member("a1", **RO, commanded=Direction.INBOUND_OPTIONAL), member("b1"))
    on = Command(frozenset({"b1"}), direction=Direction.INBOUND_OPTIONAL)
    (step,) = timeline(scene, [on], now(receive_only=True, next_rekey=500.0), WAYS).steps
    assert step.lapse is not None
    assert step.lapse_seconds == 500.0
    assert step.lapse.title == "the direction by command dies with the next rekey"
    held = timeline(scene, [on, Rekey("new key")], now(receive_only=True), WAYS).sites
    assert [site.members[0].mode for site in held] == [Mode.RECEIVE_ONLY, Mode.RECEIVE_ONLY]


def test_a_straggler_is_cut_off_when_the_old_keys_end() -> None:
    (live,) = timeline(group({}), [SWAP], now(), WAYS).steps
    assert live.straggler_loses
    assert live.old_keys_seconds == 360.0
    (quiet,) = timeline(group(RO), [SWAP], now(receive_only=True), WAYS).steps
    assert not quiet.straggler_loses
    slow = now(members=4000)
    (late,) = timeline(group({}), [Rekey("new key", entries=BASE)], slow, WAYS).steps
    assert late.spread_seconds is not None
    assert late.spread_seconds > 360.0
    assert late.statement is Statement.CANNOT_TELL


TIMERS: dict[str, tuple[dict[str, Any], tuple[Any, ...], float | None, float | None, str]] = {
    "cut off until its timer": ({}, (OLD,), 900 - 216 + 10, 900 - 216 + 10 - 360, "for up to 334 s"),
    "a short life": ({"lifetime": 1200.0}, (OLD,), 900 - 60 + 10, 900 - 60 + 10 - 90, "for up to 760 s"),
    "its timer comes before the old keys end": (
        {}, (replace(OLD, ends=START + timedelta(seconds=400)),), 400 - 216 + 10, 0.0, "which it tries within 194 s"
    ),
    "the newest of its keys counts": ({}, (NEW, OLD), 7200 - 216 + 10, 7200 - 216 + 10 - 360, "for up to 6634 s"),
    "ends that are not known": ({}, (replace(OLD, ends=None),), None, 0.0, "loses"),
}  # fmt: skip


@pytest.mark.parametrize("name", TIMERS)
def test_a_straggler_registers_again_by_its_own_timer(name: str) -> None:
    times, keys, registers, seconds, words = TIMERS[name]
    (step,) = timeline(group({}, keys=keys), [SWAP], now(keys=keys, **times), WAYS).steps
    assert step.straggler_registers == registers
    assert step.straggler_seconds == seconds
    assert words in step.text


LIVES = {600: 90, 3600: 180, 7200: 360, 28800: 1440, 86400: 3600, 604800: 3600}


@pytest.mark.parametrize("lifetime", LIVES)
def test_the_old_key_lives_as_domain_says(lifetime: int) -> None:
    assert old_life(lifetime, lifetime) == LIVES[lifetime]
    assert old_life(30, lifetime) == 30


SPREADS: dict[str, tuple[Timing, float | None]] = {
    "unicast to a few": (Timing(members=8, interval=10, copies=2), 21.0),
    "unicast to many": (Timing(members=80, interval=10, copies=2), 21.0 + 3 * 9 * 0.25),
    "unicast to nobody knows how many": (Timing(), None),
    "multicast": (Timing(unicast=False, interval=10, copies=3), 31.0),
}


@pytest.mark.parametrize("name", SPREADS)
def test_a_rekey_spreads(name: str) -> None:
    timing, seconds = SPREADS[name]
    assert timing.spread == seconds


def test_time_ends_keys() -> None:
    scene = sites(member("a1", keys=(NEW, OLD)), member("b1"))
    found = timeline(scene, [Wait(901)], now(keys=(NEW, OLD)), WAYS)
    assert [site.members[0].mode for site in found.sites] == [Mode.CONFORMANT, Mode.EXPIRED]
    assert {item.after.reason for item in found.steps[0].losing} == {Reason.NO_SA, Reason.UNKNOWN_SPI}
    assert found.sites[0].members[0].keys == (NEW,)
    assert START + timedelta(seconds=901) > (OLD.ends or START)


MET: dict[str, tuple[dict[str, Any], Paths, tuple[str, ...]]] = {
    "all is well": ({}, WAYS, ()),
    "not registered": ({"keys": (), "downloaded": False}, WAYS, ("never registered",)),
    "no member": ({"applied": False}, WAYS, ("no member",)),
    "another SPI": ({"keys": (NEW,)}, WAYS, ("lacks SPI 0x1001",)),
    "another list": ({"entries": NARROWER}, WAYS, ("another effective list",)),
    "a local deny": ({"local": aces("deny tcp any any eq 443")}, WAYS, ("another effective list",)),
    "not seen": ({"unseen": "it did not answer"}, WAYS, ("it did not answer",)),
    "nothing probed": ({}, Paths(), ("ESP to b1: not measured", "large packets with DF to b1")),
}


@pytest.mark.parametrize("name", MET)
def test_what_must_hold_before_the_first_member_encrypts(name: str) -> None:
    fields, ways, words = MET[name]
    texts = ("10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255", "10.2.0.0 0.0.255.255 10.1.0.0 0.0.255.255")
    narrow = aces(*(f"permit ip {text}" for text in texts))
    usual = {"entries": narrow, **RO}
    one, other = sites(member("a1", **usual), member("b1", **{**usual, **fields}))
    found = unmet(one, [other], ways)
    assert len(found) == len(words)
    assert all(word in item.text for word, item in zip(words, found, strict=True)), [item.text for item in found]


def test_an_address_that_nobody_owns_is_named() -> None:
    one, other = sites(member("a1", **RO), member("b1", **RO))
    (found,) = unmet(one, [other], WAYS)
    assert (found.site, found.what) == ("", "no site is known there")
    assert found.example is not None
    assert found.example.destination not in other.prefixes[0]


def test_a_member_without_keys_cannot_begin() -> None:
    one, other = sites(member("a1", keys=(), downloaded=False), member("b1"))
    (found,) = unmet(one, [other], WAYS)
    assert "never registered" in found.text
