"""Packet sets against a plain reading of access lists, written here on its own."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from drawn_lists import Packet, draw_line, first_match, packets
from hypothesis import given, settings
from hypothesis import strategies as st

from getvpn_ops.analysis.lists.effective import Action, EffectiveList
from getvpn_ops.analysis.packets.sets import Flow, InexpressibleError, PacketSet
from getvpn_ops.dialect.ace import parse_ace

if TYPE_CHECKING:
    from getvpn_ops.model.acl import Ace


def _flow(packet: Packet) -> Flow:
    source, destination, protocol, first, second = packet
    ports = (first, second) if protocol in {6, 17} else (None, None)
    return Flow(IPv4Address(source), IPv4Address(destination), protocol, *ports)


def _agrees(rng: random.Random, old: list[str], new: list[str], count: int) -> int:
    """Every sampled packet has the same fate in all ways of asking; returns how many matched a line."""
    before, after = (EffectiveList((), [parse_ace(line) for line in lines]) for lines in (old, new))
    newly = after.encrypted - before.encrypted
    mirrored = after.encrypted.mirrored()
    matched = 0
    for packet in packets(rng, old + new, count):
        flow = _flow(packet)
        first, second = first_match(old, packet), first_match(new, packet)
        assert before.encrypted.contains(flow) is (first == "permit"), (old, flow)
        assert after.clear.contains(flow) is (second != "permit"), (new, flow)
        assert newly.contains(flow) is (second == "permit" and first != "permit"), (old, new, flow)
        assert mirrored.contains(flow.mirrored()) is (second == "permit"), (new, flow)
        assert (after.decide(flow).action is Action.ENCRYPT) is (second == "permit"), (new, flow)
        matched += {first, second} != {"none"}
    return matched


@pytest.mark.parametrize("seed", range(12))
def test_random_lists_agree_with_a_plain_reading(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 -- repeatable
    old, new = ([draw_line(rng) for _ in range(rng.choice((3, 10, 30)))] for _ in range(2))
    assert _agrees(rng, old, new, 400) > 20  # a sample that misses every line would show nothing


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), lengths=st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_small_lists_agree_with_a_plain_reading(seed: int, lengths: tuple[int, int]) -> None:
    rng = random.Random(seed)  # noqa: S311 -- repeatable
    old, new = ([draw_line(rng) for _ in range(length)] for length in lengths)
    _agrees(rng, old, new, 60)


# -- single sets


COUNTS = {
    "a host pair without ports": ("permit icmp host 10.0.0.1 host 10.0.0.2", 1),
    "a host pair of TCP": ("permit tcp host 10.0.0.1 host 10.0.0.2", 2**32),
    "one port": ("permit tcp host 10.0.0.1 host 10.0.0.2 eq 22", 2**16),
    "two ports": ("permit udp host 10.0.0.1 eq 1 2 host 10.0.0.2 eq 22", 2),
    "all ports but one": ("permit udp host 10.0.0.1 eq 9 host 10.0.0.2 neq 0", 2**16 - 1),
    "below": ("permit udp host 10.0.0.1 eq 9 host 10.0.0.2 lt 1024", 1024),
    "below nothing": ("permit udp host 10.0.0.1 eq 9 host 10.0.0.2 lt 0", 0),
    "above": ("permit udp host 10.0.0.1 eq 9 host 10.0.0.2 gt 65533", 2),
    "above everything": ("permit udp host 10.0.0.1 eq 9 host 10.0.0.2 gt 65535", 0),
    "a range written backwards": ("permit udp host 10.0.0.1 eq 9 host 10.0.0.2 range 20 11", 10),
    "every protocol": ("permit ip host 10.0.0.1 host 10.0.0.2", 3 * 2**32 + 253),
    "a network": ("permit esp 10.0.0.0 0.0.0.255 host 10.0.0.2", 256),
    "a wildcard with holes": ("permit esp 10.0.0.1 0.0.255.16 host 10.0.0.2", 512),
    "a standard line": ("permit 10.0.0.0 0.0.0.3", 4 * 2**32 * (3 * 2**32 + 253)),
    "a protocol number": ("permit 50 host 10.0.0.1 host 10.0.0.2", 1),
    "IPv6": ("permit icmp 2001:db8::/120 host 2001:db8::1", 256),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_line_matches_as_many_headers_as_it_says(name: str) -> None:
    line, expected = COUNTS[name]
    assert PacketSet.of_ace(parse_ace(line)).count == expected


INEXPRESSIBLE = {
    "an ICMP type": ("permit icmp any any unreachable", "unreachable"),
    "an ICMP number": ("deny icmp any any 3 4", "3 4"),
    "established": ("permit tcp any any established", "established"),
    "a class of service": ("permit ip any any dscp ef", "dscp ef"),
    "fragments": ("deny ip any any fragments", "fragments"),
    "a time range": ("permit ip any any time-range NIGHT (active)", "time-range"),
    "a group of addresses": ("permit ip object-group SITES any", "object-group SITES"),
    "a group of services": ("permit object-group WEB any any", "object-group"),
    "ports without a protocol that has any": ("permit ip any any eq 22", "no ports"),
    "another list": ("evaluate SESSIONS", "evaluate"),
}


@pytest.mark.parametrize("name", INEXPRESSIBLE)
def test_what_no_crypto_acl_can_say_is_refused_by_name(name: str) -> None:
    line, reason = INEXPRESSIBLE[name]
    ace = parse_ace(line)
    with pytest.raises(InexpressibleError, match=reason):
        PacketSet.of_ace(ace)
    lower, upper = PacketSet.bounds(ace)
    assert lower.is_empty
    assert not upper.is_empty


def test_bounds_leave_open_only_what_cannot_be_said() -> None:
    _, upper = PacketSet.bounds(parse_ace("permit icmp host 10.0.0.1 any unreachable"))
    assert upper == PacketSet.of_ace(parse_ace("deny icmp host 10.0.0.1 any log"))


ALGEBRA = {
    "a network is its halves": ("permit ip 10.0.0.0 0.0.0.255 any", ["10.0.0.0 0.0.0.127", "10.0.0.128 0.0.0.127"]),
    "even and odd hosts": ("permit ip 10.0.0.0 0.0.0.255 any", ["10.0.0.0 0.0.0.254", "10.0.0.1 0.0.0.254"]),
}


@pytest.mark.parametrize("name", ALGEBRA)
def test_sets_are_equal_where_they_hold_the_same(name: str) -> None:
    whole, parts = ALGEBRA[name]
    joined = PacketSet.nothing()
    for part in parts:
        joined |= PacketSet.of_ace(parse_ace(f"permit ip {part} any"))
    expected = PacketSet.of_ace(parse_ace(whole))
    assert joined == expected
    assert hash(joined) == hash(expected)
    assert (joined ^ expected).is_empty
    assert joined <= expected
    assert not expected <= PacketSet.of_ace(parse_ace(f"permit ip {parts[0]} any"))
    assert ~~joined == expected
    assert (joined | ~joined) == PacketSet.everything()


def test_between_networks_never_crosses_ip_versions() -> None:
    networks = [ip_network("10.0.0.0/30"), ip_network("2001:db8::/126")]
    found = PacketSet.between(networks, networks)
    assert found.count == 2 * 4 * 4 * (3 * 2**32 + 253)
    assert (found & PacketSet.everything(6)).count == 16 * (3 * 2**32 + 253)
    assert PacketSet.between(networks[:1], networks[1:]).is_empty


def test_a_line_that_tells_no_version_is_read_as_the_list_says() -> None:
    ace = parse_ace("permit tcp any any")
    assert PacketSet.of_ace(ace) <= PacketSet.everything(4)
    assert PacketSet.of_ace(ace, 6) <= PacketSet.everything(6)


def test_an_example_is_one_that_a_person_would_think_of() -> None:
    known = [ip_network("10.20.0.0/16"), ip_network("10.30.0.0/16")]
    flow = PacketSet.of_ace(parse_ace("permit ip any any")).example(known)
    assert any(flow.source in network for network in known)
    assert any(flow.destination in network for network in known)
    assert (flow.protocol, flow.destination_port) == (6, 443)
    assert flow.source_port is not None
    assert flow.source_port >= 49152


def test_an_example_belongs_to_the_set() -> None:
    rng = random.Random(7)  # noqa: S311 -- repeatable
    for _ in range(40):
        found = PacketSet.of_ace(parse_ace(draw_line(rng)))
        if not found.is_empty:
            assert found.example() in found
            assert found.first() in found


def test_an_empty_set_has_no_example_and_no_truth_value() -> None:
    with pytest.raises(ValueError, match="empty"):
        PacketSet.nothing().example()
    with pytest.raises(TypeError, match="is_empty"):
        bool(PacketSet.everything())


FLOWS = {
    "two IP versions": (ip_address("10.0.0.1"), ip_address("2001:db8::1"), 50, None, None),
    "TCP without ports": (ip_address("10.0.0.1"), ip_address("10.0.0.2"), 6, None, None),
    "TCP with one port": (ip_address("10.0.0.1"), ip_address("10.0.0.2"), 6, 1, None),
    "ESP with ports": (ip_address("10.0.0.1"), ip_address("10.0.0.2"), 50, 1, 2),
    "no such protocol": (ip_address("10.0.0.1"), ip_address("10.0.0.2"), 256, None, None),
    "no such port": (ip_address("10.0.0.1"), ip_address("10.0.0.2"), 17, 1, 65536),
}


@pytest.mark.parametrize("name", FLOWS)
def test_what_is_no_flow_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"versions|ports|protocol"):
        Flow(*FLOWS[name])


# -- the table of nodes


def _hard(rng: random.Random) -> list[Ace]:
    lines = [draw_line(rng) for _ in range(100)]
    return [parse_ace(line) for line in sorted(lines)]  # denies first


def test_many_comparisons_do_not_grow_the_process() -> None:
    rng = random.Random(3)  # noqa: S311 -- repeatable
    lists = [_hard(rng) for _ in range(20)]

    def compare(times: int) -> None:
        for _ in range(times):
            old, new = rng.sample(lists, 2)
            shuffled = rng.sample(new, len(new))
            assert not (EffectiveList((), old).encrypted ^ EffectiveList((), shuffled).encrypted).is_empty

    compare(60)
    before = _resident_kilobytes()
    compare(120)
    assert _resident_kilobytes() - before < 20_000


def _resident_kilobytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def test_threads_share_the_table() -> None:
    lists = [_hard(random.Random(seed)) for seed in range(4)]  # noqa: S311 -- repeatable
    alone = [EffectiveList((), aces).encrypted for aces in lists]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda aces: EffectiveList((), aces).encrypted, lists * 3))
    assert together == alone * 3
