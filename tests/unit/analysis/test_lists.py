"""What a member does with its two lists, what lines do to each other, and what a new list changes."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from getvpn_ops.analysis.lists.covered import Why, useless_lines
from getvpn_ops.analysis.lists.difference import compare
from getvpn_ops.analysis.lists.effective import Action, EffectiveList, Origin
from getvpn_ops.analysis.packets.flow import parse_flow
from getvpn_ops.analysis.packets.sets import InexpressibleError, PacketSet
from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.errors import UsageError

POLICY = ("deny udp any eq 848 any eq 848", "remark what follows is encrypted", "permit ip 10.0.0.0 0.255.255.255 any")


def effective(local: tuple[str, ...] = (), downloaded: tuple[str, ...] = ()) -> EffectiveList:
    return EffectiveList([parse_ace(line) for line in local], [parse_ace(line) for line in downloaded])


class Decides(NamedTuple):
    local: tuple[str, ...]
    flow: str
    action: Action
    line: str | None
    place: int | None
    origin: Origin | None


DECISIONS = {
    "a permit of the key server encrypts": Decides(
        (), "tcp 10.1.0.9:40000 -> 192.0.2.7:443", Action.ENCRYPT, POLICY[2], 2, Origin.DOWNLOADED
    ),
    "its deny passes": Decides((), "udp 10.1.0.9:848 -> 192.0.2.7:848", Action.CLEAR, POLICY[0], 1, Origin.DOWNLOADED),
    "what no line matches passes": Decides((), "icmp 192.0.2.7 -> 10.1.0.9", Action.CLEAR, None, None, None),
    "a local deny comes first": Decides(
        ("deny ip any host 192.0.2.7",),
        "tcp 10.1.0.9:40000 -> 192.0.2.7:443",
        Action.CLEAR,
        "deny ip any host 192.0.2.7",
        1,
        Origin.LOCAL,
    ),
    "a local permit drops": Decides(
        ("deny ip any host 192.0.2.8", "permit ip any host 192.0.2.7"),
        "tcp 10.1.0.9:40000 -> 192.0.2.7:443",
        Action.DROP,
        "permit ip any host 192.0.2.7",
        2,
        Origin.LOCAL,
    ),
    "a local deny before a local permit": Decides(
        ("deny tcp any any eq 443", "permit ip any host 192.0.2.7"),
        "tcp 10.1.0.9:40000 -> 192.0.2.7:443",
        Action.CLEAR,
        "deny tcp any any eq 443",
        1,
        Origin.LOCAL,
    ),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_a_flow_is_decided_by_the_first_line_that_matches(name: str) -> None:
    case = DECISIONS[name]
    lists = effective(case.local, POLICY)
    flow = parse_flow(case.flow)
    found = lists.decide(flow)
    text = found.ace.text if found.ace is not None else None
    assert (found.action, text, found.place, found.origin) == (case.action, case.line, case.place, case.origin)
    sets = {Action.ENCRYPT: lists.encrypted, Action.CLEAR: lists.clear, Action.DROP: lists.dropped}
    assert [action for action, packets in sets.items() if flow in packets] == [case.action]


def test_every_packet_has_exactly_one_fate() -> None:
    lists = effective(("permit tcp any any eq 22", "deny ip any 10.9.0.0 0.0.255.255"), POLICY)
    fates = (lists.encrypted, lists.clear, lists.dropped)
    assert PacketSet.union(fates) == PacketSet.everything()
    assert sum(fate.count for fate in fates) == PacketSet.everything().count


def test_received_packets_are_matched_mirrored() -> None:
    lists = effective((), ("permit ip 10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255",))
    arriving = parse_flow("tcp 10.2.0.1:443 -> 10.1.0.1:40000")
    assert lists.decide(arriving).action is Action.CLEAR
    assert lists.decide(arriving.mirrored()).action is Action.ENCRYPT
    assert arriving in lists.encrypted.mirrored()


def test_a_line_without_exact_meaning_is_never_passed_over() -> None:
    lists = effective((), ("deny icmp any any unreachable", "permit ip any any"))
    for kind in ("encrypted", "clear", "dropped"):
        with pytest.raises(InexpressibleError, match="unreachable"):
            getattr(lists, kind)
    with pytest.raises(InexpressibleError, match="unreachable"):
        lists.decide(parse_flow("icmp 10.0.0.1 -> 10.0.0.2"))
    flow = parse_flow("udp 10.0.0.1:1 -> 10.0.0.2:2")
    assert lists.decide(flow).action is Action.ENCRYPT
    assert flow in lists.sure(Action.ENCRYPT)
    assert parse_flow("icmp 10.0.0.1 -> 10.0.0.2") in lists.unsure
    assert flow not in lists.unsure


def test_a_line_without_exact_meaning_that_decides_nothing_does_no_harm() -> None:
    lists = effective((), ("deny icmp any any", "deny icmp any any unreachable", "permit ip any any"))
    assert lists.decide(parse_flow("icmp 10.0.0.1 -> 10.0.0.2")).action is Action.CLEAR
    assert lists.encrypted == PacketSet.everything(4) - PacketSet.of_ace(parse_ace("deny icmp any any"))


def test_lines_that_tell_no_version_are_of_that_of_the_list() -> None:
    lists = effective((), ("deny tcp any any eq 179", "permit ipv6 2001:db8::/32 any"))
    assert lists.lines[0].matches <= PacketSet.everything(6)
    with pytest.raises(InexpressibleError, match="IPv4"):
        _ = effective((), ("permit ip 10.0.0.0 0.0.0.255 any", "permit ipv6 any any")).encrypted


def test_a_list_that_tells_no_version_is_compared_as_of_the_other() -> None:
    old, new = effective((), ("permit tcp any any",)), effective((), ("permit tcp any any", "deny ipv6 any any"))
    assert compare(old, new).equivalent
    assert compare(new, old).equivalent
    assert not compare(old, effective((), ("permit tcp any any", "permit ip any any"))).equivalent


USELESS = {
    "nothing": (("deny tcp any any eq 22", "permit ip any any"), []),
    "the same line twice": (("permit ip any any", "permit ip any any"), [(1, Why.REPEATED), (2, Why.TAKEN)]),
    "halves before the whole": (
        ("deny ip 10.0.0.0 0.0.0.127 any", "deny ip 10.0.0.128 0.0.0.127 any", "deny ip 10.0.0.0 0.0.0.255 any"),
        [(1, Why.REPEATED), (2, Why.REPEATED), (3, Why.TAKEN)],
    ),
    "a permit behind the deny of more": (
        ("deny ip 10.0.0.0 0.255.255.255 any", "permit ip 10.1.0.0 0.0.255.255 any"),
        [(2, Why.CONTRADICTED)],
    ),
    "some of it decided otherwise": (
        ("deny tcp any any eq 22", "permit ip any any", "permit tcp any any"),
        [(3, Why.CONTRADICTED)],
    ),
    "a port below the first": (("permit udp any any lt 0", "permit tcp any any"), [(1, Why.EMPTY)]),
    "a permit that a later one repeats": (
        ("permit tcp any any eq 443", "deny udp any any", "permit ip any any"),
        [(1, Why.REPEATED)],
    ),
    "a deny between": (("permit tcp any any eq 443", "deny tcp any any", "permit ip any any"), []),
    "a deny that only the end repeats": (("permit ip 10.0.0.0 0.0.0.255 any", "deny ospf any any"), []),
}


@pytest.mark.parametrize("name", USELESS)
def test_lines_that_could_go_are_named(name: str) -> None:
    lines, expected = USELESS[name]
    found = [(item.line.place, item.why) for item in useless_lines(effective((), lines).lines)]
    assert found == expected


@pytest.mark.parametrize("name", USELESS)
def test_taking_out_one_that_could_go_changes_nothing(name: str) -> None:
    lines, _ = USELESS[name]
    whole = effective((), lines)
    for item in useless_lines(whole.lines):
        rest = tuple(line for place, line in enumerate(lines, 1) if place != item.line.place)
        assert compare(whole, effective((), rest)).equivalent


def test_a_line_behind_one_without_exact_meaning_is_not_certainly_useless() -> None:
    lines = effective((), ("deny tcp any any established", "deny tcp any any eq 22", "permit ip any any")).lines
    found = [(item.line.place, item.certain) for item in useless_lines(lines)]
    assert found == [(2, False)]


class Differs(NamedTuple):
    old: tuple[str, ...]
    new: tuple[str, ...]
    shifts: list[tuple[str, str, str, str | None, str | None]]


DIFFERENCES = {
    "the same in other words": Differs(
        ("permit ip 10.0.0.0 0.0.0.127 any", "permit ip 10.0.0.128 0.0.0.127 any"),
        ("permit ip 10.0.0.0 0.0.0.255 any",),
        [],
    ),
    "an exemption more": Differs(
        ("permit ip any any",),
        ("deny ospf any any", "permit ip any any"),
        [("encrypted", "clear", "ospf 10.1.0.10 -> 10.2.0.20", "permit ip any any", "deny ospf any any")],
    ),
    "covered anew": Differs(
        ("permit ip 10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255",),
        ("permit ip 10.1.0.0 0.0.255.255 10.0.0.0 0.3.255.255",),
        [
            (
                "clear",
                "encrypted",
                "tcp 10.1.0.10:49152 -> 10.0.0.20:443",
                None,
                "permit ip 10.1.0.0 0.0.255.255 10.0.0.0 0.3.255.255",
            )
        ],
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_names_the_traffic_and_the_lines(name: str) -> None:
    case = DIFFERENCES[name]
    found = compare(effective((), case.old), effective((), case.new))
    shown = [
        (
            shift.before.value,
            shift.after.value,
            str(cause.packets.example()),
            cause.before.ace.text if cause.before else None,
            cause.after.ace.text if cause.after else None,
        )
        for shift in found.shifts
        for cause in shift.causes
    ]
    assert shown == case.shifts
    assert found.equivalent is not bool(case.shifts)
    for shift in found.shifts:
        assert PacketSet.union(cause.packets for cause in shift.causes) == shift.packets


def test_a_local_permit_shows_as_dropped() -> None:
    found = compare(effective((), POLICY), effective(("permit tcp any any eq 22",), POLICY))
    assert {(shift.before, shift.after) for shift in found.shifts} == {
        (Action.ENCRYPT, Action.DROP),
        (Action.CLEAR, Action.DROP),
    }


def test_what_cannot_be_told_is_not_equivalent_unless_the_text_is_the_same() -> None:
    doubtful = ("deny icmp any any unreachable", "permit ip any any")
    same = compare(effective((), doubtful), effective((), doubtful))
    assert same.equivalent
    other = compare(effective((), doubtful), effective((), (*doubtful, "permit ip any any")))
    assert not other.shifts
    assert not other.is_known
    assert not other.equivalent


NO_FLOWS = {
    "any as a source": ("udp any -> 10.2.3.4:53", "leaves an address open"),
    "a network": ("udp 10.0.0.0/8:1 -> 10.2.3.4:53", "leaves an address open"),
    "any as a port": ("tcp 10.1.2.3:any -> 10.2.3.4:443", "leaves a port open"),
    "no port": ("tcp 10.1.2.3 -> 10.2.3.4:443", "both ports"),
    "ip as the protocol": ("ip 10.1.2.3 -> 10.2.3.4", "leaves the protocol open"),
    "any as the protocol": ("any 10.1.2.3 -> 10.2.3.4", "leaves the protocol open"),
    "no such protocol": ("xyz 10.1.2.3 -> 10.2.3.4", "no IP protocol"),
    "no address": ("icmp 10.1.2.300 -> 10.2.3.4", "10.1.2.300"),
    "ports of ICMP": ("icmp 10.1.2.3:1 -> 10.2.3.4:2", "leaves a port open|no ports"),
    "a port too high": ("tcp 10.1.2.3:65536 -> 10.2.3.4:2", "0-65535"),
    "digits that are none": ("tcp 10.1.2.3:² -> 10.2.3.4:2", "leaves a port open"),
    "nothing": ("", "is no flow"),
}


@pytest.mark.parametrize("name", NO_FLOWS)
def test_what_is_no_whole_flow_is_refused(name: str) -> None:
    text, reason = NO_FLOWS[name]
    with pytest.raises(UsageError, match=reason):
        parse_flow(text)


WRITTEN = {
    "TCP": "tcp 10.1.2.3:40000 -> 10.2.3.4:443",
    "ICMP": "icmp 10.1.2.3 -> 10.2.3.4",
    "a number": "ip proto 200 10.1.2.3 -> 10.2.3.4",
    "IPv6": "udp [2001:db8::1]:123 -> [2001:db8::2]:123",
    "IPv6 without ports": "esp 2001:db8::1 -> 2001:db8::2",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_flow_is_written_as_it_is_read(name: str) -> None:
    assert str(parse_flow(WRITTEN[name])) == WRITTEN[name]


def test_a_flow_may_be_written_in_other_ways() -> None:
    assert parse_flow("ip proto 50 10.1.2.3 -> 10.2.3.4") == parse_flow("esp 10.1.2.3 -> 10.2.3.4")
    assert parse_flow("UDP 10.1.2.3:ntp->10.2.3.4:ntp") == parse_flow("udp 10.1.2.3:123 -> 10.2.3.4:123")
