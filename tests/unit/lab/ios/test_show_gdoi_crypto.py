"""IKE, IPsec, maps, sessions and engines of GETVPN routers follow their state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from gdoi_states import MEMBER, START, TEK, counting, key_server, member, member_with, router, shown, stripped
from screens import Screen

from getvpn_ops.lab.gdoi.state import Direction, MemberState, Registration

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = ("12.4", "15", "17")


INBOUND = member_with(direction=Direction.INBOUND_ONLY)
DOWN = member_with(teks=[], registration=Registration.REGISTERING)
OUT_SPI = "current outbound spi: 0x1A2B3C4D(439041101)"
COUNTS = "#pkts encaps: 812, #pkts encrypt: 812, #pkts digest: 812"
CASES: tuple[tuple[str, tuple[str, ...], Callable[[MemberState], object], str, str], ...] = (
    (
        "show crypto isakmp sa",
        EVERY,
        member_with(registered=START - timedelta(seconds=601)),
        "10.66.0.1 10.66.9.2 GDOI_IDLE 1001 ACTIVE",
        "10.66.9.2 10.66.0.2 GDOI_REKEY 1014 ACTIVE",
    ),
    (
        "show crypto isakmp sa",
        EVERY,
        member_with(registration=Registration.REGISTERING, kek=None),
        "10.66.0.1 10.66.9.2 GDOI_IDLE 1001 ACTIVE",
        "10.66.0.1 10.66.9.2 MM_NO_STATE 0 ACTIVE",
    ),
    ("show crypto isakmp sa count", EVERY, member_with(kek=None), "Active ISAKMP SA's: 2", "Active ISAKMP SA's: 1"),
    (
        "show crypto isakmp sa detail",
        EVERY,
        member_with(registered=START),
        "1001 10.66.9.2 10.66.0.1 ACTIVE aes sha psk 5 00:08:55 D",
        "1001 10.66.9.2 10.66.0.1 ACTIVE aes sha psk 5 00:10:00 D",
    ),
    ("show crypto ipsec sa", EVERY, INBOUND, OUT_SPI, "current outbound spi: 0x0(0)"),
    ("show crypto ipsec sa", EVERY, counting(encrypted=813.0), COUNTS, COUNTS.replace("812", "813")),
    (
        "show crypto ipsec sa",
        EVERY,
        counting(dropped_send=2.0),
        "#send errors 0, #recv errors 0",
        "#send errors 2, #recv errors 0",
    ),
    (
        "show crypto ipsec sa detail",
        EVERY,
        counting(dropped_no_match=6.0),
        "#pkts invalid identity (recv) 0, #pkts invalid len (rcv) 0",
        "#pkts invalid identity (recv) 6, #pkts invalid len (rcv) 0",
    ),
    (
        "show crypto ipsec sa",
        EVERY,
        member_with(teks=[replace(TEK, ends=START + timedelta(seconds=7))]),
        "sa timing: remaining key lifetime (k/sec): (4608000/5000)",
        "sa timing: remaining key lifetime (k/sec): (4608000/7)",
    ),
    (
        "show crypto ipsec sa",
        EVERY,
        member_with(teks=[replace(TEK, replay=None)]),
        "replay detection support: Y",
        "replay detection support: N",
    ),
    ("show crypto session", EVERY, DOWN, "Session status: UP-ACTIVE", "Session status: DOWN-NEGOTIATING"),
    ("show crypto session", EVERY, INBOUND, "Active SAs: 4, origin: crypto map", "Active SAs: 2, origin: crypto map"),
    (
        "show crypto session detail",
        EVERY,
        counting(decrypted=460.0),
        "Inbound: #pkts dec'ed 455 drop 0 life (KB/Sec) 4608000/5000",
        "Inbound: #pkts dec'ed 460 drop 0 life (KB/Sec) 4608000/5000",
    ),
    ("show crypto session brief", EVERY, member_with(registered=None), "0.0.0.0 Gi0/1 00:01:05 UA", "0.0.0.0 Gi0/1 UK"),
    (
        "show crypto engine connections active",
        ("15",),
        counting(encrypted=5.0),
        "2 IPsec AES256+SHA 812 0 0 10.70.0.0",
        "2 IPsec AES256+SHA 5 0 0 10.70.0.0",
    ),
    (
        "show crypto engine connections active",
        ("12.4",),
        counting(encrypted=5.0),
        "2 Gi0/1 IPsec AES256+SHA 812 0 10.66.9.2",
        "2 Gi0/1 IPsec AES256+SHA 5 0 10.66.9.2",
    ),
    (
        "show crypto eli",
        EVERY,
        member_with(teks=[TEK]),
        "IPSec-Session : 4 active, 40000 max, 0 failed",
        "IPSec-Session : 2 active, 40000 max, 0 failed",
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
    assert before in stripped(on, command)
    change(state)
    lines = stripped(on, command)
    assert after in lines
    assert before not in lines


def test_clearing_ike_hides_what_is_older() -> None:
    on, state = member("17")
    on.enter("clear crypto isakmp")
    assert not [line for line in shown(on, "show crypto isakmp sa") if "GDOI" in line]
    on.router.clock.advance(START + timedelta(seconds=30))
    state.last_rekey = on.router.clock.now()
    assert [line.split()[2] for line in shown(on, "show crypto isakmp sa") if "GDOI" in line] == ["GDOI_REKEY"]


def test_key_servers_hold_ike_to_each_other() -> None:
    on, _ = key_server("17")
    lines = stripped(on, "show crypto isakmp sa")
    assert lines[2:5] == [
        "10.66.0.2 10.66.0.1 GDOI_IDLE 1001 ACTIVE",
        "10.66.9.6 10.66.0.1 GDOI_REKEY 0 ACTIVE",
        "10.66.0.1 10.66.9.2 GDOI_IDLE 1002 ACTIVE",
    ]
    on.router.clock.advance(START + timedelta(seconds=250))  # registered 100 s ago, kept for 300 s
    assert not [line for line in shown(on, "show crypto isakmp sa") if "10.66.9.2" in line]


FILTERS = {
    "interface GigabitEthernet0/1": True,
    "interface GigabitEthernet0/0": False,
    "map METROMAP": True,
    "map OTHER": False,
    "peer 0.0.0.0": True,
    "peer 10.66.0.1": False,
    "vrf SHOP": False,
    "identity": True,
}


@pytest.mark.parametrize("words", FILTERS)
def test_ipsec_sa_of_some(words: str) -> None:
    found = [line for line in shown(member("17")[0], f"show crypto ipsec sa {words}") if "local  ident" in line]
    assert bool(found) == FILTERS[words]


def test_ipsec_sa_has_the_lines_of_its_release() -> None:
    texts = {release: shown(member(release)[0], "show crypto ipsec sa") for release in (*EVERY, "12.4(15)T8")}
    assert "     path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0/1" in texts["12.4"]
    assert "     plaintext mtu 1426, path mtu 1500, ip mtu 1500, ip mtu idb GigabitEthernet0/1" in texts["17"]
    assert texts["12.4(15)T8"][:2] == ["PFS (Y/N): N, DH group: none"] * 2
    assert "        Status: ACTIVE" in texts["12.4"]
    assert "        Status: ACTIVE(ACTIVE)" in texts["17"]


def test_a_member_without_keys_has_no_flows() -> None:
    on, _ = member("17", Registration.REGISTERING)
    assert "    Crypto map tag: METROMAP, local addr 10.66.9.2" in shown(on, "show crypto ipsec sa")
    assert not [line for line in shown(on, "show crypto ipsec sa") if "ident" in line]
    assert "IPsec SA total: 0, active: 0, rekeying: 0, unused: 0, invalid: 0" in shown(on, "show crypto ipsec sa count")


def test_maps_and_fail_close() -> None:
    lines = ("crypto map METROMAP gdoi fail-close", "match address OPEN", "activate")
    made = router("17", *MEMBER, *lines, "ip access-list extended OPEN", "deny tcp any any eq 22")
    on = Screen("17", router=made)
    state = member("17", Registration.REGISTERING)[1]
    made.gdoi.members.append(state)
    assert shown(on, "show crypto map gdoi fail-close") == [
        'Crypto Map: "METROMAP"',
        "    Activate: yes",
        "    State: fail-close mode is in effect",
        "    Fail-Close Access-List: (Deny = Forward In Clear, Permit = Drop)",
        "        access-list OPEN deny tcp any any port = 22",
        "",
    ]
    state.registration = Registration.REGISTERED
    assert "    State: fail-close mode is not in effect" in shown(on, "show crypto map gdoi fail-close")
    on.enter("configure terminal", "crypto map METROMAP gdoi fail-close", "no activate", "end")
    assert "    Activate: no" in shown(on, "show crypto map gdoi fail-close")
    text = stripped(on, "show crypto map")
    assert text[0] == 'Crypto Map IPv4 "METROMAP" 20 gdoi'
    assert "Group Name: METRO" in text
    assert text[-2:] == ["GigabitEthernet0/1", ""]
    assert shown(on, "show crypto map tag OTHER") == []
    assert stripped(on, "show crypto map interface GigabitEthernet0/1") == text


def test_what_is_configured_for_ike_and_ipsec() -> None:
    on, _ = key_server("17")
    policy = shown(on, "show crypto isakmp policy")
    assert "Protection suite of priority 5" in policy
    assert "        lifetime:               600 seconds, no volume limit" in policy
    assert shown(on, "show crypto isakmp key")[-1].split() == ["default", "10.66.9.2", "river"]
    assert "Transform set STRONG: { esp-256-aes esp-sha-hmac  }" in shown(on, "show crypto ipsec transform-set")
    assert "\tSecurity association lifetime: 4608000 kilobytes/5400 seconds" in shown(on, "show crypto ipsec profile")
    on.enter("configure terminal", "crypto ipsec security-association lifetime seconds 900", "end")
    assert shown(on, "show crypto ipsec security-association lifetime") == [
        "Security association lifetime: 4608000 kilobytes/900 seconds"
    ]
    assert shown(on, "show crypto ikev2 sa") == []
    assert "        crypto engine type:  software" in shown(on, "show crypto engine brief")


def test_groups_with_the_same_ends_share_their_ike() -> None:
    on, state = key_server("17")
    on.router.gdoi.servers["OTHER"] = replace(state, group="OTHER", handle=2)
    lines = stripped(on, "show crypto isakmp sa")
    assert lines.count("10.66.0.2 10.66.0.1 GDOI_IDLE 1001 ACTIVE") == 1
    assert sum("GDOI_REKEY" in line for line in lines) == 2


def test_multicast_groups_that_are_joined() -> None:
    on = Screen("15", router=router("15", *MEMBER, "interface GigabitEthernet0/1", "ip igmp join-group 239.66.1.1"))
    assert shown(on, "show ip igmp groups")[-1].split()[:2] == ["239.66.1.1", "GigabitEthernet0/1"]
