"""Screens of a member follow its state, each in the layout of its release."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from gdoi_states import ENTRIES, GM, KEK, KS, START, TEK, counting, member, member_with, shown, stripped

from getvpn_ops.lab.gdoi.state import Counters, Direction, MemberState, Registration

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = ("12.4", "15", "17")
NEW = ("15", "17")
SPI = "spi: 0x1A2B3C4D(439041101)"
GROUP = IPv4Address("239.66.1.1")
NOBODY = str(IPv4Address(0))


INBOUND = member_with(direction=Direction.INBOUND_ONLY)
EXPIRED = member_with(registration=Registration.EXPIRED, teks=[])
CASES: tuple[tuple[str, tuple[str, ...], Callable[[MemberState], object], str, str], ...] = (
    ("show crypto gdoi", ("12.4", "15"), INBOUND, "IPSec SA Direction : Both", "IPSec SA Direction : Inbound Only"),
    ("show crypto gdoi gm", EVERY, INBOUND, "IPSec SA Direction : Both", "IPSec SA Direction : Inbound Only"),
    ("show crypto gdoi", EVERY, member_with(rekeys_total=13), "Rekeys received : 12", "Rekeys received : 13"),
    ("show crypto gdoi", EVERY, member_with(teks=[replace(TEK, spi=0xAB)]), SPI, "spi: 0xAB(171)"),
    (
        "show crypto gdoi",
        EVERY,
        member_with(downloaded=ENTRIES[:2]),
        "access-list deny ip host 10.66.5.5 any",
        "access-list deny tcp any any port = 22",
    ),
    (
        "show crypto gdoi",
        NEW,
        member_with(kek=replace(KEK, born=START)),
        "Lifetime (secs) : 43000",
        "Lifetime (secs) : 43200",
    ),
    ("show crypto gdoi", NEW, EXPIRED, "Registration status : Registered", "Registration status : Re-registering"),
    ("show crypto gdoi", NEW, EXPIRED, SPI, "Registering to : 10.66.0.1"),
    (
        "show crypto gdoi",
        ("12.4",),
        member_with(reregisters=START + timedelta(seconds=5)),
        "GM Reregisters in : 4600 secs",
        "GM Reregisters in : 5 secs",
    ),
    (
        "show crypto gdoi gm",
        NEW,
        member_with(reregisters=START + timedelta(seconds=5)),
        "Re-registers in : 4600 sec",
        "Re-registers in : 5 sec",
    ),
    ("show crypto gdoi gm", NEW, member_with(attempts=9), "Attempted registration: 3", "Attempted registration: 9"),
    ("show crypto gdoi gm", ("17",), member_with(teks=[TEK]), "Active TEK Number : 2", "Active TEK Number : 1"),
    (
        "show crypto gdoi gm",
        ("17",),
        member_with(reverts=True),
        "Fail-Close Revert : Disabled",
        "Fail-Close Revert : Enabled",
    ),
    (
        "show crypto gdoi gm",
        NEW,
        member_with(last_rekey=START - timedelta(seconds=3)),
        "Rekey Rcvd(hh:mm:ss) : 00:01:05",
        "Rekey Rcvd(hh:mm:ss) : 00:00:03",
    ),
    (
        "show crypto gdoi gm",
        NEW,
        member_with(last_rekey=None),
        "Rekey Rcvd(hh:mm:ss) : 00:01:05",
        "Rekey Received : never",
    ),
    (
        "show crypto gdoi gm",
        NEW,
        member_with(kek=replace(KEK, unicast=False, address=GROUP)),
        "Unicast rekey received: 12",
        "Multicast rekey rcvd : 12",
    ),
    (
        "show crypto gdoi gm acl",
        EVERY,
        member_with(local_entries=(replace(ENTRIES[2], permit=True),)),
        "access-list LOCALS deny ip host 10.70.4.4 any",
        "access-list LOCALS permit ip host 10.66.5.5 any",
    ),
    (
        "show crypto gdoi gm rekey",
        EVERY,
        member_with(acks_sent=12),
        "Number of Rekey Acks sent : 11",
        "Number of Rekey Acks sent : 12",
    ),
    (
        "show crypto gdoi gm rekey detail",
        EVERY,
        member_with(rekeys_since=0),
        "Current : 10.66.9.2 10.66.0.2 1014 C0FFEE01 BEEF0099",
        "New : 10.66.9.2 10.66.0.2 1014 C0FFEE01 BEEF0099",
    ),
    (
        "show crypto gdoi gm replay",
        EVERY,
        member_with(teks=[replace(TEK, replay=("counter", 64))]),
        "No TBAR errors detected",
        "is not enabled",
    ),
    (
        "show crypto gdoi gm replay",
        EVERY,
        counting(dropped_replay=4.0),
        "Input Error Packets : 0 Output Error Packets : 0",
        "Input Error Packets : 4 Output Error Packets : 0",
    ),
    (
        "show crypto gdoi gm dataplane counters",
        NEW,
        counting(encrypted=900.0),
        "#pkts encrypt : 812 #pkts decrypt : 455",
        "#pkts encrypt : 900 #pkts decrypt : 455",
    ),
    (
        "show crypto gdoi gm dataplane counters",
        NEW,
        counting(dropped_unknown_spi=3.0),
        "#pkts no sa (send) : 0 #pkts invalid sa (rcv) : 0",
        "#pkts no sa (send) : 0 #pkts invalid sa (rcv) : 3",
    ),
    (
        "show crypto gdoi ipsec sa",
        EVERY,
        member_with(direction=Direction.INBOUND_OPTIONAL),
        "direction: Both, replay(method/window): Time/9 sec",
        "direction: Inbound Optional, replay(method/window): Time/9 sec",
    ),
    (
        "show crypto gdoi rekey sa",
        NEW,
        member_with(last_rekey_from=KS),
        "10.66.9.2 10.66.0.2 1014 ACTIVE",
        "10.66.9.2 10.66.0.1 1014 ACTIVE",
    ),
    (
        "show crypto gdoi rekey sa detail",
        NEW,
        member_with(kek=replace(KEK, spi=bytes(16))),
        "spi : 0xC0FFEE0112345678BEEF0099AABBCCDD",
        "spi : 0x00000000000000000000000000000000",
    ),
)


@pytest.mark.parametrize(
    ("command", "release", "change", "before", "after"),
    [(command, release, *rest) for command, releases, *rest in CASES for release in releases],
)
def test_the_right_line_changes(
    command: str, release: str, change: Callable[[MemberState], object], before: str, after: str
) -> None:
    on, state = member(release)
    first = stripped(on, command)
    assert before in first
    change(state)
    second = stripped(on, command)
    assert after in second
    assert before not in second


LAYOUTS = {
    "12.4": (
        "    Active Group Server      : 10.66.0.1",
        "                               10.66.0.2",
        "    Rekey Received(hh:mm:ss) : 00:01:05",
        "   access-list permit ip 10.70.0.0 0.0.255.255 10.70.0.0 0.0.255.255",
        "    Sig Key Length (bits)    : 2048",
    ),
    "15": (
        "     Group Server list       : 10.66.0.1",
        "    Group member             : 10.66.9.2       vrf: None",
        "       Registered with       : 10.66.0.1",
        "   access-list  permit ip 10.70.0.0 0.0.255.255 10.70.0.0 0.0.255.255",
        "    Sig Key Length (bits)    : 2048",
        "        sa timing:remaining key lifetime (sec): (5000)",
    ),
    "15.4(3)M8": ("    Crypto Path              : ipv4", "       Version               : 1.0.4"),
    "17": (
        "Group Member Information For Group METRO:",
        "    ACL Received From KS     : gdoi_group_METRO_temp_acl",
        "       Local addr/port       : 10.66.9.2/848",
        "       Remote addr/port      : 10.66.0.1/848",
        "   access-list   permit ip 10.70.0.0 0.0.255.255 10.70.0.0 0.0.255.255",
        "    Sig Key Length (bits)    : 2352",
        "        alg key size: 32 (bytes)",
        "  REG_GM: local_addr 10.66.9.2",
    ),
}


@pytest.mark.parametrize("release", LAYOUTS)
def test_each_release_has_its_own_group_block(release: str) -> None:
    on, _ = member(release)
    lines = shown(on, "show crypto gdoi")
    assert set(LAYOUTS[release]) <= set(lines)
    assert ("Group Member Information For Group METRO:" in lines) == (release == "17")
    assert any("Version" in line for line in lines) == (release not in {"12.4", "15"})


WAITING = {
    Registration.NONE: "Registration status : Not registered",
    Registration.REGISTERING: "Registration status : Registering",
}


@pytest.mark.parametrize("release", ["15", "17"])
@pytest.mark.parametrize("registration", WAITING)
def test_a_member_without_policy(registration: Registration, release: str) -> None:
    on, _ = member(release, registration)
    lines = stripped(on, "show crypto gdoi")
    assert WAITING[registration] in lines
    assert "Registering to : 10.66.0.1" in lines
    assert "Succeeded registration: 0" in lines
    assert not [
        line for line in lines if line.startswith(("access-list", "KEK POLICY", "TEK POLICY", "Registered with"))
    ]
    assert shown(on, "show crypto gdoi ipsec sa") == ["SA created for group METRO:", ""]
    assert shown(on, "show crypto gdoi gm pubkey") == []


def test_time_passes() -> None:
    on, _ = member("17")
    on.router.clock.advance(START + timedelta(seconds=101))
    lines = stripped(on, "show crypto gdoi")
    assert "Active TEK Number : 1" in lines
    assert "sa timing:remaining key lifetime (sec): (4899)" in lines
    assert "Rekey Rcvd(hh:mm:ss) : 00:02:46" in lines
    assert "Re-registers in : 4499 sec" in lines
    assert "Lifetime (secs) : 42899" in lines


def test_old_members_keep_no_timer_of_the_kek() -> None:
    on, _ = member("15.1(4)M10")
    on.router.clock.advance(START + timedelta(seconds=500))
    assert "Lifetime (secs) : 43200" in stripped(on, "show crypto gdoi")


def test_receive_only_with_passive_shows_both_directions() -> None:
    on, state = member("17")
    state.teks = [replace(TEK, receive_only=True)]
    lines = stripped(on, "show crypto gdoi")
    assert [line for line in lines if line.startswith("IPSec SA Direction")] == [
        "IPSec SA Direction : Inbound Only",
        "IPSec SA Direction : Both",
    ]


def test_nobody_sent_a_rekey_yet() -> None:
    for release, word in (("15", NOBODY), ("17", NOBODY), ("17.12.1", "UNKNOWN")):
        on, state = member(release)
        state.last_rekey = state.last_rekey_from = None
        assert f"Last rekey from : {word}" in stripped(on, "show crypto gdoi gm")


def test_denies_are_listed_by_xe_only() -> None:
    assert [
        sum("protocol = " in line for line in shown(member(release)[0], "show crypto gdoi ipsec sa"))
        for release in EVERY
    ] == [1, 1, 4]


def test_a_group_in_two_maps_is_one_group() -> None:
    on, state = member("17")
    second = replace(state, interfaces=("GigabitEthernet0/1.7",), vrf="SHOP", address=IPv4Address("10.66.9.66"))
    on.router.gdoi.members.append(second)
    lines = stripped(on, "show crypto gdoi")
    assert lines.count("Group Name : METRO") == 1
    assert "Group member : 10.66.9.2 vrf: None" in lines
    assert "Group member : 10.66.9.66 vrf: SHOP" in lines
    assert shown(on, "show crypto gdoi ipsec sa")[:3] == [
        "SA created for group METRO:",
        "  GigabitEthernet0/1:",
        "  GigabitEthernet0/1.7:",
    ]


def test_the_public_key_of_rekeys() -> None:
    on, state = member("17")
    state.kek = replace(KEK, public=bytes(range(40)))
    assert shown(on, "show crypto gdoi gm pubkey") == [
        "  GDOI Group: METRO",
        "    KS IP Address: 10.66.0.2",
        "    conn-id: 1014    my-cookie:C0FFEE01    his-cookie:BEEF0099",
        "    Key Data:",
        "      00010203 04050607 08090A0B 0C0D0E0F 10111213 14151617 18191A1B 1C1D1E1F",
        "      20212223 24252627",
        "",
    ]


def test_screens_show_what_the_platform_counts_late() -> None:
    on, state = member("17")
    on.router.gdoi.shown = lambda of: Counters(encrypted=5.0) if of is state else of.counters
    assert "#pkts encrypt : 5 #pkts decrypt : 0" in stripped(on, "show crypto gdoi gm dataplane counters")
    assert "#pkts encaps: 5, #pkts encrypt: 5, #pkts digest: 5" in stripped(on, "show crypto ipsec sa")


def test_part_of_the_word_counters_will_do() -> None:
    assert any(
        "Data-plane statistics for group METRO:" in line
        for line in shown(member("17")[0], "sh cry gdoi gm dataplan counter")
    )


def test_the_identifier_of_a_member() -> None:
    on, _ = member("17")
    assert f"Group Member: {GM} vrf: None" in stripped(on, "show crypto gdoi gm identifier")
    assert "TEK Lifetime : 5000 sec" in stripped(on, "show crypto gdoi gm identifier detail")
