"""Every row of the table of modes against every other, and the facts, sizes and unseen things that fates rest on."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from work import BASE, CLOSED, NEW, OLD, OPEN_WAY, WAYS, aces, member, sites, ssh, web

from getvpn_ops.analysis.packets.sets import Flow, PacketSet
from getvpn_ops.analysis.traffic.facts import GOOD, UNMEASURED, Fact, Known
from getvpn_ops.analysis.traffic.fates import UNPROBED, Outcome, Path, Reason, fate
from getvpn_ops.analysis.traffic.members import Direction, Mode
from getvpn_ops.analysis.traffic.sites import Paths, Site, fates, site_fate, traffic
from getvpn_ops.analysis.traffic.sizes import Link, Shape, plaintext_mtu

if TYPE_CHECKING:
    from getvpn_ops.analysis.traffic.members import Member

ROWS: dict[Mode, dict[str, Any]] = {
    Mode.OUTSIDE: {"applied": False},
    Mode.DOWN: {"up": False},
    Mode.UNSEEN: {"unseen": "it did not answer"},
    Mode.OPEN: {"keys": (), "downloaded": False},
    Mode.CLOSED: {"keys": (), "downloaded": False, "fail_close": True, "bypass": CLOSED},
    Mode.EXPIRED: {"keys": ()},
    Mode.RECEIVE_ONLY: {"receive_only": True},
    Mode.PASSIVE: {"receive_only": True, "passive": True},
    Mode.PASSIVE_BOTH: {"passive": True},
    Mode.OPTIONAL: {"commanded": Direction.INBOUND_OPTIONAL},
    Mode.CONFORMANT: {},
}
SENDS_CLEAR = {Mode.OUTSIDE, Mode.OPEN, Mode.RECEIVE_ONLY}
SENDS_ESP = {Mode.PASSIVE, Mode.PASSIVE_BOTH, Mode.OPTIONAL, Mode.CONFORMANT}
TAKES_CLEAR = {Mode.OUTSIDE, Mode.OPEN, Mode.RECEIVE_ONLY, Mode.PASSIVE, Mode.PASSIVE_BOTH, Mode.OPTIONAL}
TAKES_ESP = {Mode.RECEIVE_ONLY, *SENDS_ESP}


def in_mode(mode: Mode, name: str = "a1", **fields: Any) -> Member:  # noqa: ANN401 -- of the dataclass
    return member(name, **{**ROWS[mode], **fields})


def wanted(sender: Mode, receiver: Mode) -> Outcome:
    """Table 6 of the guide with the states around it, for a flow that matches at both ends, every SPI known."""
    if Mode.DOWN in {sender, receiver} or sender in {Mode.CLOSED, Mode.EXPIRED}:
        return Outcome.DROPPED
    if Mode.UNSEEN in {sender, receiver}:
        return Outcome.UNKNOWN
    if sender in SENDS_CLEAR:
        return Outcome.CLEAR if receiver in TAKES_CLEAR else Outcome.DROPPED
    return Outcome.ENCRYPTED if receiver in TAKES_ESP else Outcome.DROPPED


@pytest.mark.parametrize("sender", ROWS, ids=str)
@pytest.mark.parametrize("receiver", ROWS, ids=str)
def test_every_mode_meets_every_mode(sender: Mode, receiver: Mode) -> None:
    one, other = in_mode(sender), in_mode(receiver, "b1")
    assert (one.mode, other.mode) == (sender, receiver)
    found = fate(web(), one, other, OPEN_WAY)
    if Mode.UNSEEN is sender and receiver is Mode.DOWN:
        assert found.outcome is Outcome.UNKNOWN  # whatever it sends is lost, but nothing was seen of it
        return
    assert found.outcome is wanted(sender, receiver), found


@pytest.mark.parametrize("mode", sorted(set(ROWS) - {Mode.UNSEEN, Mode.DOWN}), ids=str)
def test_what_a_list_denies_passes_as_it_is(mode: Mode) -> None:
    for pair in ((in_mode(mode), in_mode(Mode.CONFORMANT, "b1")), (in_mode(Mode.CONFORMANT), in_mode(mode, "b1"))):
        assert fate(ssh(), *pair, OPEN_WAY).outcome is Outcome.CLEAR


OTHER = aces(*(ace.text for ace in BASE[:3]), "deny tcp any any eq 443", "deny tcp any eq 443 any", BASE[3].text)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], Outcome, Reason | None]] = {
    "a straggler is heard while it sends under its old key": ({}, {"keys": (NEW, OLD)}, Outcome.ENCRYPTED, None),
    "a straggler hears the others while they send under the old key": (
        {"keys": (NEW, OLD)}, {}, Outcome.ENCRYPTED, None
    ),
    "a straggler does not know the new key": ({"keys": (NEW,)}, {}, Outcome.DROPPED, Reason.UNKNOWN_SPI),
    "a straggler is not heard after the old key's end": ({}, {"keys": (NEW,)}, Outcome.DROPPED, Reason.UNKNOWN_SPI),
    "the receiver has the list before the sender": ({}, {"entries": OTHER}, Outcome.DROPPED, Reason.NO_MATCH),
    "the sender has the list before the receiver": ({"entries": OTHER}, {}, Outcome.DROPPED, Reason.CLEAR_REFUSED),
    "a local deny at the sender only": (
        {"local": aces("deny tcp any any eq 443")}, {}, Outcome.DROPPED, Reason.CLEAR_REFUSED
    ),
    "a local deny at both ends, mirrored": (
        {"local": aces("deny tcp any any eq 443")}, {"local": aces("deny tcp any eq 443 any")}, Outcome.CLEAR, None
    ),
    "a local deny at both ends, not mirrored": (
        {"local": aces("deny tcp any any eq 443")}, {"local": aces("deny tcp any any eq 443")}, Outcome.DROPPED,
        Reason.CLEAR_REFUSED,
    ),
    "a local deny at the receiver only": (
        {}, {"local": aces("deny tcp any eq 443 any")}, Outcome.DROPPED, Reason.NO_MATCH
    ),
    "a local permit drops at the sender": (
        {"local": aces("permit tcp any any eq 443")}, {}, Outcome.DROPPED, Reason.LOCAL_PERMIT
    ),
    "fail-close revert drops all but its exceptions": (
        {"keys": (), "fail_close": True, "reverts": True}, {}, Outcome.DROPPED, Reason.FAIL_CLOSE
    ),
    "another pseudotime": ({"ahead": 0.0}, {"ahead": 9.0}, Outcome.DROPPED, Reason.REPLAY),
    "a pseudotime within the window": ({"ahead": 0.0}, {"ahead": 4.0}, Outcome.ENCRYPTED, None),
    "by command both, though passive": (
        {"receive_only": True}, {"passive": True, "commanded": Direction.BOTH}, Outcome.DROPPED, Reason.CLEAR_REFUSED
    ),
    "by command inbound only, on a live group": (
        {"commanded": Direction.INBOUND_ONLY}, {}, Outcome.DROPPED, Reason.CLEAR_REFUSED
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_lists_and_keys(name: str) -> None:
    one, other, outcome, reason = CASES[name]
    found = fate(web(), member(**one), member("b1", **other), OPEN_WAY)
    assert (found.outcome, found.reason) == (outcome, reason)


FACTS: dict[str, tuple[Known, Outcome, bool]] = {
    "measured good": (Known.YES, Outcome.CLEAR, False),
    "measured bad": (Known.NO, Outcome.DROPPED, False),
    "not measured": (Known.UNKNOWN, Outcome.DROPPED, True),
}


@pytest.mark.parametrize("name", FACTS)
def test_passive_under_both_rests_on_what_was_measured(name: str) -> None:
    known, outcome, assumed = FACTS[name]
    receiver = in_mode(Mode.PASSIVE_BOTH, "b1", facts=replace(GOOD, passive_accepts_clear=known))
    found = fate(web(), in_mode(Mode.RECEIVE_ONLY), receiver, OPEN_WAY)
    assert found.outcome is outcome
    assert found.rests_on == {Fact.PASSIVE_ACCEPTS_CLEAR}
    assert bool(found.assumption) is assumed
    assert "(b)" in found.assumption or not assumed


SIZES: dict[str, tuple[Shape, dict[str, Any], Path, Reason | None]] = {
    "small": (Shape(200, df=True), {}, OPEN_WAY, None),
    "too large once encrypted": (Shape(1440, df=True), {}, OPEN_WAY, Reason.TOO_BIG_TO_SEND),
    "the largest that fits": (Shape(1426, df=True), {}, OPEN_WAY, None),
    "may be fragmented": (Shape(1440), {}, OPEN_WAY, None),
    "the DF bit is cleared outside": (Shape(1440, df=True), {"link": Link(1500, "clear")}, OPEN_WAY, None),
    "adjust-mss makes it fit": (Shape(1500, df=True, tcp=True), {"link": Link(clamp=1360)}, OPEN_WAY, None),
    "a narrow path": (Shape(1400, df=True), {}, replace(OPEN_WAY, mtu=1400), Reason.TOO_BIG),
    "DF set outside on a narrow path": (
        Shape(1400), {"link": Link(1500, "set")}, replace(OPEN_WAY, mtu=1400), Reason.TOO_BIG
    ),
    "ESP is filtered": (Shape(), {}, replace(OPEN_WAY, esp=Known.NO), Reason.ESP_FILTERED),
    "nothing passes": (Shape(), {}, replace(OPEN_WAY, passes=Known.NO), Reason.NO_PATH),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_paths(name: str) -> None:
    shape, fields, path, reason = SIZES[name]
    assert fate(web(), member(**fields), member("b1"), path, shape).reason is reason


def test_the_largest_packet_is_the_one_that_real_routers_print() -> None:
    transform = ("esp-256-aes", "esp-sha-hmac")
    assert plaintext_mtu(1500, transform, timed=False) == 1438
    assert plaintext_mtu(1500, transform, timed=True) == 1426


def test_what_was_not_probed_is_said() -> None:
    found = fate(web(), member(), member("b1"), UNPROBED, Shape(600, df=True))
    assert found.outcome is Outcome.ENCRYPTED
    assert found.rests_on == {Fact.ESP_PASSES, Fact.PATH_MTU}
    assert "not probed" in found.assumption


def test_two_readings_give_the_worse_and_say_so() -> None:
    one, other = sites(in_mode(Mode.RECEIVE_ONLY), member("b1"))
    both = Site("b", other.prefixes, (in_mode(Mode.RECEIVE_ONLY, "b1"), member("b2", assumes="no screen tells")))
    found = site_fate(web(), one, both, WAYS)
    assert (found.outcome, found.reason) == (Outcome.DROPPED, Reason.CLEAR_REFUSED)
    assert "no screen tells" in found.assumption
    assert not site_fate(ssh(), one, both, WAYS).assumption


INEXACT = aces("deny tcp any any established", BASE[3].text)


def test_a_line_without_exact_meaning_is_never_clear() -> None:
    one, other = sites(member(entries=INEXACT), member("b1", entries=INEXACT))
    assert site_fate(web(), one, other, WAYS).outcome is Outcome.UNKNOWN
    deaf = replace(other, listens=())
    assert {item.outcome for _, item in fates(one, deaf, WAYS)} == {Outcome.UNKNOWN, Outcome.ENCRYPTED}


def test_a_list_that_was_not_seen_is_never_clear() -> None:
    for mode in (Mode.RECEIVE_ONLY, Mode.CONFORMANT, Mode.EXPIRED):
        found = fate(web(), in_mode(mode, lists=None), in_mode(Mode.RECEIVE_ONLY, "b1"), OPEN_WAY)
        assert found.outcome is Outcome.UNKNOWN
        assert "a1" in found.assumption


def test_multicast_is_matched_as_it_is_at_both_ends() -> None:
    entries = aces("permit ip 10.1.0.0 0.0.255.255 host 239.8.8.8")
    flow = Flow(IPv4Address("10.1.0.4"), IPv4Address("239.8.8.8"), 17, 5000, 5000)
    assert fate(flow, member(entries=entries), member("b1", entries=entries), OPEN_WAY).outcome is Outcome.ENCRYPTED


MODES = st.sampled_from(sorted(ROWS))
LISTS = st.sampled_from([BASE, OTHER, CLOSED, INEXACT])
LOCALS = st.sampled_from([(), aces("deny tcp any any eq 443"), aces("permit udp any any", "deny ip any any")])
PORTS = st.sampled_from([22, 443, 848, 5000])
READINGS = st.tuples(MODES, LISTS, LOCALS, st.sampled_from([GOOD, UNMEASURED]), st.sampled_from([(OLD,), (NEW, OLD)]))


@given(READINGS, READINGS, st.sampled_from([6, 17]), PORTS, PORTS, st.booleans())
def test_the_whole_space_and_one_flow_agree(  # noqa: PLR0913, PLR0917 -- what may differ
    one: tuple[Any, ...],
    other: tuple[Any, ...],
    protocol: int,
    source: int,
    destination: int,
    probed: bool,  # noqa: FBT001
) -> None:
    def reading(name: str, drawn: tuple[Any, ...]) -> Member:
        mode, entries, local, facts, keys = drawn
        fields = {"entries": entries, "local": local, "facts": facts, "keys": keys}
        return in_mode(mode, name, **{**fields, **ROWS[mode]})

    begin, end = sites(reading("a1", one), reading("b1", other))
    ways = WAYS if probed else Paths()
    parts = fates(begin, end, ways)
    union = PacketSet.nothing()
    for part, _ in parts:
        assert (union & part).is_empty
        union |= part
    assert union == traffic(begin, end)
    flow = Flow(IPv4Address("10.1.0.5"), IPv4Address("10.2.0.9"), protocol, source, destination)
    (found,) = [item for part, item in parts if flow in part]
    assert found == site_fate(flow, begin, end, ways)


PAIR = (replace(NEW, policy="B"), replace(OLD, policy="A"))
SEVERAL: dict[str, tuple[dict[str, Any], dict[str, Any], Outcome, str]] = {
    "equal lists": ({"keys": PAIR}, {"keys": PAIR}, Outcome.ENCRYPTED, "the same one matches at both ends"),
    "other lists": (
        {"keys": PAIR}, {"keys": PAIR, "local": aces("deny tcp any any eq 8")}, Outcome.UNKNOWN, "other lists"
    ),
    "one key is missing": ({"keys": PAIR}, {"keys": PAIR[:1]}, Outcome.DROPPED, "may send under a key"),
    "old and new key of one": ({"keys": (NEW, OLD)}, {"keys": (OLD,)}, Outcome.ENCRYPTED, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_several_sa_ipsec_are_not_told_apart_and_it_says_so(name: str) -> None:
    sends, takes, outcome, words = SEVERAL[name]
    one, other = sites(member(**sends), member("b1", **takes))
    found = site_fate(web(), one, other, WAYS)
    assert found.outcome is outcome
    assert words in found.assumption
    assert bool(words) is bool(found.assumption)
