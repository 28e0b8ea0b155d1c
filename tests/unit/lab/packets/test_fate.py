"""What becomes of a packet: every cell of the mode table, the pairs that may coexist, and what happens on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getvpn_ops.lab.gdoi.state import Ace, Direction, MemberState, Tek
from getvpn_ops.lab.packets.fate import End, Fate, Outcome, Reason, Way, esp_size, fate
from getvpn_ops.lab.packets.matching import Packet

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
FREE = Way()
CLEAR, ESP, LOST = Outcome.CLEAR, Outcome.ENCRYPTED, Outcome.LOST


def wild(text: str) -> tuple[int, int]:
    if text == "any":
        return 0, 0xFFFFFFFF
    network = IPv4Network(text)
    return int(network.network_address), int(network.hostmask)


def ace(text: str) -> Ace:
    """``deny tcp any 22 any``: a port stands behind its address."""
    words = text.split()
    ends: list[tuple[tuple[int, int], int | None]] = []
    for word in words[2:]:
        if word.isdigit() and ends:
            ends[-1] = (ends[-1][0], int(word))
        elif len(ends) < 2:
            ends.append((wild(word), None))
    (source, source_port), (destination, destination_port) = ends
    return Ace(words[0] == "permit", words[1], source, destination, source_port, destination_port, text)


LIST = tuple(
    map(ace, ("deny tcp any any 22", "deny tcp any 22 any", "permit ip 172.20.0.0/16 172.20.0.0/16"))
)  # fmt: skip


def tek(spi: int = 0x5A5A, *, ends: int = 900, entries: tuple[Ace, ...] = LIST, **given: object) -> Tek:
    usual: dict[str, object] = {
        "sequence": 1, "profile": "P", "transform": ("esp-aes 256", "esp-sha-hmac"), "acl": "A",
        "receive_only": False, "replay": ("time", 5), "lifetime": timedelta(seconds=1800),
        "born": NOW - timedelta(seconds=900),
    }  # fmt: skip
    usual.update(given)
    return Tek(spi=spi, entries=entries, ends=NOW + timedelta(seconds=ends), **usual)  # type: ignore[arg-type]


def member(*teks: Tek, **given: object) -> MemberState:
    made = MemberState("G", "77", ("Gi0/0",), ("M", 10), IPv4Address("198.18.0.1"), teks=list(teks))
    for key, value in given.items():
        setattr(made, key, value)
    return made


def receive_only(spi: int = 0x5A5A) -> MemberState:
    return member(tek(spi, receive_only=True), direction=Direction.INBOUND_ONLY)


def passive(spi: int = 0x5A5A) -> MemberState:
    return member(tek(spi, receive_only=True), direction=Direction.INBOUND_OPTIONAL, passive=True)


def conformant(spi: int = 0x5A5A) -> MemberState:
    return member(tek(spi))


def fail_open() -> MemberState:
    return member()


def fail_close() -> MemberState:
    return member(fail_close=True, bypass=(ace("deny udp any any 53"), ace("deny udp any 53 any")))


def expired() -> MemberState:
    return member(tek(ends=-1))


MATCHING = Packet(int(IPv4Address("172.20.1.1")), int(IPv4Address("172.20.9.9")), "tcp", 4001, 443, 900)
EXEMPT = replace(MATCHING, destination_port=22)
OUTSIDE = replace(MATCHING, destination=int(IPv4Address("203.0.113.5")))
DNS = replace(MATCHING, protocol="udp", destination_port=53)


def meet(packet: Packet, sender: MemberState | None, receiver: MemberState | None, way: Way = FREE) -> Fate:
    return fate(packet, End(sender), End(receiver), way, NOW)


# -- the table, row by row: what it sends, what it accepts


@pytest.mark.parametrize(
    ("make", "sends", "counter"),
    [
        (receive_only, CLEAR, "sent_clear"),
        (passive, ESP, "encrypted"),
        (conformant, ESP, "encrypted"),
        (fail_open, CLEAR, "sent_clear"),
        (fail_close, LOST, "dropped_send"),
        (expired, LOST, "dropped_send"),
    ],
)
def test_what_a_member_sends(make: object, sends: Outcome, counter: str) -> None:
    """To a passive member, which takes everything that it can take."""
    found = meet(MATCHING, make(), passive())  # type: ignore[operator]
    assert (found.outcome, found.at_sender) == (sends, counter)


@pytest.mark.parametrize(
    ("make", "clear", "esp", "not_matching"),
    [
        (receive_only, None, None, Reason.NO_MATCH),
        (passive, None, None, Reason.NO_MATCH),
        (conformant, Reason.CLEAR_REFUSED, None, Reason.NO_MATCH),
        (fail_open, None, Reason.NOT_REGISTERED, Reason.NOT_REGISTERED),
        (fail_close, Reason.FAIL_CLOSE, Reason.NOT_REGISTERED, Reason.NOT_REGISTERED),
        (expired, Reason.CLEAR_REFUSED, Reason.UNKNOWN_SPI, Reason.UNKNOWN_SPI),
    ],
)
def test_what_a_member_accepts(
    make: object, clear: Reason | None, esp: Reason | None, not_matching: Reason | None
) -> None:
    receiver = make()  # type: ignore[operator]
    assert meet(MATCHING, None, receiver).reason is clear
    assert meet(MATCHING, conformant(), receiver).reason is esp
    wider = member(tek(entries=(ace("permit ip any any"),)))
    assert meet(OUTSIDE, wider, receiver).reason is not_matching


@pytest.mark.parametrize("make", [receive_only, passive, conformant, fail_open, expired])
def test_traffic_that_matches_no_line_passes_as_it_is(make: object) -> None:
    for packet in (EXEMPT, OUTSIDE):
        found = meet(packet, make(), make())  # type: ignore[operator]
        assert (found.outcome, found.at_sender, found.at_receiver) == (CLEAR, "sent_clear", "")


def test_fail_close_lets_pass_what_its_list_denies_and_nothing_else() -> None:
    assert meet(DNS, fail_close(), fail_close()).outcome is CLEAR
    assert meet(EXEMPT, fail_close(), None).reason is Reason.FAIL_CLOSE
    assert meet(EXEMPT, None, fail_close()).reason is Reason.FAIL_CLOSE


def test_fail_close_stays_off_once_registered_unless_it_reverts() -> None:
    gone = replace(expired(), fail_close=True)
    assert meet(OUTSIDE, gone, None).outcome is CLEAR
    assert meet(MATCHING, gone, None).reason is Reason.NO_SA
    gone.reverts = True
    assert meet(OUTSIDE, gone, None).reason is Reason.FAIL_CLOSE


def test_a_member_that_forgot_its_policy_is_open_again() -> None:
    """After ``clear crypto gdoi``, or a reload; with the list that stayed it would drop."""
    assert meet(MATCHING, member(ever_registered=True), None).outcome is CLEAR
    assert meet(MATCHING, member(ever_registered=True, downloaded=LIST), None).reason is Reason.NO_SA
    assert meet(EXEMPT, member(downloaded=LIST), None).outcome is CLEAR


def test_a_missed_rekey_is_noticed_when_the_old_key_ends() -> None:
    old, new = tek(0x111, ends=30), tek(0x222, born=NOW)
    straggler, others = member(old), member(new, old)
    assert meet(MATCHING, straggler, others).spi == 0x111
    assert meet(MATCHING, others, straggler).spi == 0x111
    later = NOW + timedelta(seconds=30)
    assert fate(MATCHING, End(others), End(others), FREE, later) == Fate(ESP, None, 0x222, "encrypted", "decrypted")
    lost = fate(MATCHING, End(others), End(straggler), FREE, later)
    assert (lost.reason, lost.at_receiver) == (Reason.UNKNOWN_SPI, "dropped_unknown_spi")
    assert fate(MATCHING, End(straggler), End(others), FREE, later).reason is Reason.NO_SA


def test_keys_replaced_at_once_are_unknown_to_those_who_wait() -> None:
    assert meet(MATCHING, conformant(0x222), conformant(0x111)).reason is Reason.UNKNOWN_SPI


STEADY = {"receive-only": receive_only, "passive": passive, "conformant": conformant}
COEXIST = {
    ("receive-only", "receive-only"), ("receive-only", "passive"), ("passive", "passive"), ("passive", "conformant"),
    ("conformant", "conformant"),
}  # fmt: skip
ADDRESSES = st.sampled_from(["172.20.1.1", "172.20.200.7", "203.0.113.5", "10.1.1.1"]).map(
    lambda a: int(IPv4Address(a))
)


PORTS = st.sampled_from([22, 443, 4001])


@given(
    pair=st.tuples(st.sampled_from(sorted(STEADY)), st.sampled_from(sorted(STEADY))),
    packet=st.builds(
        Packet, ADDRESSES, ADDRESSES, st.sampled_from(["tcp", "udp"]), PORTS, PORTS, size=st.integers(28, 1400)
    ),
)
def test_pairs_that_may_coexist_lose_nothing(pair: tuple[str, str], packet: Packet) -> None:
    """Equal lists and known SPIs given; and receive-only with conformant loses just what matches."""
    first, second = pair
    one, other = STEADY[first](), STEADY[second]()
    lost = [meet(packet, one, other).reason, meet(packet, other, one).reason]
    if (first, second) in COEXIST or (second, first) in COEXIST:
        assert lost == [None, None]
    else:
        matching = meet(packet, conformant(), conformant()).outcome is ESP
        assert (Reason.CLEAR_REFUSED in lost) == matching


# -- variants and commands


def test_passive_under_both_accepts_clear_or_not() -> None:
    """Nobody attests which; both are in the lab."""
    taking = member(tek(), passive=True, direction=Direction.BOTH)
    refusing = member(tek(), passive=True, direction=Direction.BOTH, refuses_clear=True)
    assert meet(MATCHING, receive_only(), taking).outcome is CLEAR
    assert meet(MATCHING, receive_only(), refusing).reason is Reason.CLEAR_REFUSED
    assert meet(MATCHING, taking, conformant()).outcome is meet(MATCHING, refusing, conformant()).outcome is ESP


def test_inbound_optional_by_command_is_as_passive() -> None:
    commanded = member(tek(receive_only=True), direction=Direction.INBOUND_OPTIONAL, commanded=True)
    assert meet(MATCHING, commanded, receive_only()).outcome is ESP
    assert meet(MATCHING, receive_only(), commanded).outcome is CLEAR


def test_a_gap_at_a_change_of_direction_loses_what_matches() -> None:
    between = replace(conformant(), gap=True)
    assert meet(MATCHING, between, conformant()).reason is Reason.NO_SA
    assert meet(MATCHING, conformant(), between).reason is Reason.UNKNOWN_SPI
    assert meet(EXEMPT, between, between).outcome is CLEAR


# -- lists


def test_a_changed_list_loses_until_all_have_it() -> None:
    """A newly covered flow goes out under the old key, which the other end knows: no line of its list is about it."""
    wider = (*LIST[:2], ace("permit ip any any"))
    ahead = member(tek(0x222, entries=wider, born=NOW), tek(0x111, ends=90))
    behind = member(tek(0x111, ends=90))
    for late in (behind, replace(behind, passive=True)):
        found = meet(OUTSIDE, ahead, late)
        assert (found.reason, found.spi, found.at_receiver) == (Reason.NO_MATCH, 0x111, "dropped_no_match")
    assert meet(OUTSIDE, behind, ahead).reason is Reason.CLEAR_REFUSED
    assert meet(MATCHING, ahead, behind).outcome is ESP


def test_a_local_deny_needs_its_mirror() -> None:
    here = replace(conformant(), local_entries=(ace("deny ip 172.20.1.0/24 172.20.9.0/24"),))
    there = replace(conformant(), local_entries=(ace("deny ip 172.20.9.0/24 172.20.1.0/24"),))
    assert meet(MATCHING, here, conformant()).reason is Reason.CLEAR_REFUSED
    assert meet(MATCHING, conformant(), there).reason is Reason.NO_MATCH
    assert meet(MATCHING, here, there).outcome is CLEAR


def test_a_deny_without_its_mirror_loses_one_way() -> None:
    one_sided = (ace("deny tcp any any 22"), ace("permit ip any any"))
    ends = member(tek(entries=one_sided))
    assert meet(EXEMPT, ends, ends).reason is Reason.CLEAR_REFUSED
    back = replace(EXEMPT, source_port=22, destination_port=4001)
    assert meet(back, ends, ends).reason is Reason.NO_MATCH


def test_a_local_permit_drops() -> None:
    strict = replace(conformant(), local_entries=(ace("permit ip 172.20.0.0/16 172.20.0.0/16"),))
    assert meet(MATCHING, strict, conformant()).reason is Reason.LOCAL_PERMIT
    assert meet(MATCHING, conformant(), strict).reason is Reason.NO_MATCH
    assert meet(MATCHING, None, strict).reason is Reason.LOCAL_PERMIT


def test_an_sa_takes_only_what_its_own_list_permits() -> None:
    first = tek(0x111, entries=(ace("permit tcp any any"),), sequence=1)
    second = tek(0x222, entries=(ace("permit udp any any"),), sequence=2)
    both = member(first, second)
    assert meet(MATCHING, both, both).spi == 0x111
    assert meet(DNS, both, both).spi == 0x222
    crossed = member(replace(first, spi=0x222, sequence=1), replace(second, spi=0x111, sequence=2))
    assert meet(MATCHING, both, crossed).reason is Reason.NO_MATCH


def test_multicast_needs_no_mirror() -> None:
    group = replace(MATCHING, destination=int(IPv4Address("239.7.7.7")), protocol="udp")
    ends = member(tek(entries=(ace("permit ip any 239.0.0.0/8"),)))
    assert meet(group, ends, ends).outcome is ESP


@pytest.mark.parametrize(("line", "left"), [("deny icmp any any", True), ("deny icmp any any unreachable", False),
                                            ("deny icmp any any echo", True)])  # fmt: skip
def test_a_line_for_one_kind_of_icmp_is_about_no_other(line: str, left: bool) -> None:  # noqa: FBT001 -- a column
    echo = replace(MATCHING, protocol="icmp", source_port=None, destination_port=None, icmp="echo")
    sender = member(tek(entries=(ace(line), ace("permit ip any any"))))
    assert (meet(echo, sender, None).outcome is CLEAR) is left


# -- ends without GETVPN


def test_who_is_no_member_sends_clear_and_cannot_read_esp() -> None:
    assert meet(MATCHING, None, None) == Fate(CLEAR)
    found = meet(MATCHING, conformant(), None)
    assert (found.outcome, found.reason, found.at_sender) == (LOST, Reason.NOT_A_MEMBER, "encrypted")
    assert meet(MATCHING, None, receive_only()).outcome is CLEAR


# -- on the way


@pytest.mark.parametrize(
    ("ahead", "lost"), [(0.0, False), (5.0, False), (5.1, True), (-5.1, True), (3600.0, True)]
)  # fmt: skip
def test_time_based_anti_replay_compares_pseudotimes(ahead: float, lost: bool) -> None:  # noqa: FBT001 -- a column
    found = meet(MATCHING, replace(conformant(), skew=ahead), conformant())
    assert (found.reason is Reason.REPLAY) is lost
    assert found.at_receiver == ("dropped_replay" if lost else "decrypted")
    counting = member(tek(replay=("counter", 64)), skew=ahead)
    assert meet(MATCHING, counting, counting).outcome is ESP


def test_esp_filtered_loses_only_what_is_encrypted() -> None:
    filtered = Way(esp=False)
    assert meet(MATCHING, conformant(), conformant(), filtered).reason is Reason.ESP_FILTERED
    assert meet(MATCHING, receive_only(), receive_only(), filtered).outcome is CLEAR
    assert meet(MATCHING, receive_only(), receive_only(), Way(open=False)).reason is Reason.NO_PATH


def test_a_router_that_is_down_loses_everything() -> None:
    end, down = End(conformant()), End(conformant(), up=False)
    assert fate(MATCHING, down, end, FREE, NOW) == Fate(LOST, Reason.SENDER_DOWN)
    assert fate(MATCHING, end, down, FREE, NOW).reason is Reason.RECEIVER_DOWN


@pytest.mark.parametrize(
    ("transform", "replay", "room"),
    [
        (("esp-aes 256", "esp-sha256-hmac"), None, 1438),  # "plaintext mtu" of a real router
        (("esp-aes", "esp-sha-hmac"), None, 1438),
        (("esp-3des", "esp-sha-hmac"), None, 1446),
        (("esp-gcm 256",), None, 1446),
        (("esp-null", "esp-md5-hmac"), None, 1458),
        (("esp-aes 256", "esp-sha256-hmac"), ("time", 5), 1426),
    ],
)
def test_the_largest_packet_that_fits_into_1500_bytes_of_esp(
    transform: tuple[str, ...], replay: tuple[str, int] | None, room: int
) -> None:
    key = tek(transform=transform, replay=replay)
    assert esp_size(room, key) <= 1500 < esp_size(room + 1, key)


def test_a_large_packet_with_df_is_lost_once_it_is_encrypted() -> None:
    large = replace(MATCHING, size=1500, df=True)
    assert meet(large, receive_only(), receive_only()).outcome is CLEAR
    lost = meet(large, conformant(), conformant())
    assert (lost.reason, lost.at_sender) == (Reason.TOO_BIG_TO_SEND, "")
    assert meet(replace(large, df=False), conformant(), conformant()).outcome is ESP
    clearing = End(conformant(), df_bit="clear")
    assert fate(large, clearing, End(conformant()), FREE, NOW).outcome is ESP
    clamping = End(conformant(), clamp=1360)
    assert fate(large, End(conformant()), clamping, FREE, NOW).outcome is ESP
    assert fate(replace(large, protocol="udp"), clamping, clamping, FREE, NOW).reason is Reason.TOO_BIG_TO_SEND


def test_a_narrow_link_in_the_core_is_a_black_hole_for_df() -> None:
    narrow, packet = Way(mtu=1400), replace(MATCHING, size=1380, df=True)
    assert meet(packet, receive_only(), receive_only(), narrow).outcome is CLEAR
    lost = meet(packet, conformant(), conformant(), narrow)
    assert (lost.reason, lost.at_sender) == (Reason.TOO_BIG, "encrypted")
    setting = End(conformant(), df_bit="set")
    assert fate(replace(packet, df=False), setting, End(conformant()), narrow, NOW).reason is Reason.TOO_BIG
