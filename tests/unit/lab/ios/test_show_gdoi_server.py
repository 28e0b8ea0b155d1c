"""Screens of a key server follow its state, each in the layout of its release."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from gdoi_states import GM, GM2, KEK, KS2, START, TEK, key_server, shown, stripped

from getvpn_ops.lab.gdoi.state import KeyServerState, PeerStatus, Role

if TYPE_CHECKING:
    from collections.abc import Callable

Change = "Callable[[KeyServerState], object]"
EVERY = ("12.4", "15", "17")


def _set(**values: object) -> Callable[[KeyServerState], object]:
    def change(state: KeyServerState) -> None:
        for name, value in values.items():
            setattr(state, name, value)

    return change


def _drop(state: KeyServerState) -> None:
    del state.members[GM2]


def _dead(state: KeyServerState) -> None:
    state.peers[KS2].status, state.peers[KS2].role = PeerStatus.DEAD, Role.UNKNOWN


def _miss(state: KeyServerState) -> None:
    state.members[GM].acks_missed = 2


def _read_on(state: KeyServerState) -> None:
    state.peers[KS2].ann_sent = 99


WITHOUT_KEK = _set(kek=None)
CASES: tuple[tuple[str, tuple[str, ...], Callable[[KeyServerState], object], str, str], ...] = (
    ("show crypto gdoi", EVERY, _drop, "Group Members : 2", "Group Members : 1"),
    (
        "show crypto gdoi",
        EVERY,
        _set(receive_only=True),
        "IPSec SA Direction : Both",
        "IPSec SA Direction : Inbound Only",
    ),
    ("show crypto gdoi", EVERY, _set(role=Role.SECONDARY), "Local KS Role : Primary", "Local KS Role : Secondary"),
    (
        "show crypto gdoi",
        EVERY,
        _set(kek=replace(KEK, born=START)),
        "Remaining Lifetime : 43000 secs",
        "Remaining Lifetime : 43200 secs",
    ),
    (
        "show crypto gdoi group METRO",
        EVERY,
        _set(teks=[replace(TEK, ends=START + timedelta(seconds=9))]),
        "Remaining Lifetime : 5000 secs",
        "Remaining Lifetime : 9 secs",
    ),
    (
        "show crypto gdoi ks",
        EVERY,
        lambda state: state.members.pop(GM),
        "Total group members registered to this box: 1",
        "Total group members registered to this box: 0",
    ),
    ("show crypto gdoi ks detail", ("17",), _set(priority=7), "Local Priority : 90", "Local Priority : 7"),
    (
        "show crypto gdoi ks coop",
        EVERY,
        _set(role=Role.SECONDARY),
        "Primary Refresh Policy Time: 20",
        "Sec Primary Periodic Time: 30",
    ),
    ("show crypto gdoi ks coop", EVERY, _dead, "IKE status: Established", "IKE status: Failed"),
    (
        "show crypto gdoi ks coop",
        EVERY,
        _dead,
        "Peer KS Role: Secondary , Peer KS Status: Alive",
        "Peer KS Role: Unknown , Peer KS Status: Dead",
    ),
    ("show crypto gdoi ks coop", EVERY, _read_on, "Ann msgs sent: 31", "Ann msgs sent: 99"),
    (
        "show crypto gdoi ks coop",
        EVERY,
        _set(redundant=False),
        "Local Priority: 90",
        "*NO* redundancy configured for this group",
    ),
    ("show crypto gdoi ks members", EVERY, _miss, "Rekey Acks missed : 1", "Rekey Acks missed : 2"),
    (
        "show crypto gdoi ks members",
        EVERY,
        _set(rekeys_sent=60),
        "Number of rekeys sent for group METRO : 6",
        "Number of rekeys sent for group METRO : 60",
    ),
    ("show crypto gdoi ks members 10.66.9.6", EVERY, _drop, "Key Server ID : 10.66.0.2", "Group Member not Found"),
    (
        "show crypto gdoi ks members summary",
        ("15", "17"),
        _drop,
        "Key Server ID: 10.66.0.2, GMDB state: REDUNDANT, Group Members: 1",
        "Key Server ID: 10.66.0.2, GMDB state: REDUNDANT, Group Members: 0",
    ),
    (
        "show crypto gdoi ks policy",
        EVERY,
        WITHOUT_KEK,
        "KEK POLICY (transport type : Unicast)",
        "# of teks : 1 Seq num : 4",
    ),
    ("show crypto gdoi ks policy", EVERY, _set(sequence=5), "# of teks : 1 Seq num : 4", "# of teks : 1 Seq num : 5"),
    (
        "show crypto gdoi ks policy",
        ("15", "17"),
        _set(next_tek_rekey=START + timedelta(seconds=77)),
        "time to rekey (sec): 4200",
        "time to rekey (sec): 77",
    ),
    (
        "show crypto gdoi ks rekey",
        EVERY,
        _set(rekeys_sent=8),
        "Number of Rekeys sent : 6",
        "Number of Rekeys sent : 8",
    ),
    (
        "show crypto gdoi ks replay",
        EVERY,
        _set(next_sync=START + timedelta(seconds=6900)),
        "Replay Value : 1200.00 secs",
        "Replay Value : 1300.00 secs",
    ),
    (
        "show crypto isakmp sa",
        EVERY,
        _dead,
        "10.66.0.2 10.66.0.1 GDOI_IDLE 1001 ACTIVE",
        "10.66.0.2 10.66.0.1 MM_NO_STATE 0 ACTIVE",
    ),
)


@pytest.mark.parametrize(
    ("command", "release", "change", "before", "after"),
    [(command, release, *rest) for command, releases, *rest in CASES for release in releases],
)
def test_the_right_line_changes(
    command: str, release: str, change: Callable[[KeyServerState], object], before: str, after: str
) -> None:
    on, state = key_server(release)
    first = stripped(on, command)
    assert before in first
    change(state)
    second = stripped(on, command)
    assert after in second
    if after in first:  # the line was there; then the other one goes
        assert before not in second


LAYOUTS = {
    "12.4": ("    Active Group Server      : Local", "    Group Server list        : Local"),
    "15": ("    IPSec SA Direction       : Both", "     Group Server list       : Local"),
    "15.4(3)M8": ("    Crypto Path              : ipv4", "        Local KS Version     : 1.0.8"),
    "17": ("    Group Type               : GDOI (ISAKMP)", "      Tagging method         : Disabled"),
}
FOREIGN = {
    "12.4": ("Crypto Path", "Group Type", "Local KS Version"),
    "15": ("Active Group Server", "Crypto Path", "Group Type"),
    "15.4(3)M8": ("Active Group Server", "Group Type", "CKM status"),
    "17": ("Active Group Server",),
}


@pytest.mark.parametrize("release", LAYOUTS)
def test_each_release_has_its_own_group_block(release: str) -> None:
    on, _ = key_server(release)
    lines = shown(on, "show crypto gdoi")
    assert lines[:3] == ["GROUP INFORMATION", "", "    Group Name               : METRO (Unicast)"]
    assert set(LAYOUTS[release]) <= set(lines)
    assert not [line for line in lines if any(word in line for word in FOREIGN[release])]
    assert "      ACL Configured         : access-list METROLIST" in lines


def test_without_members_nothing_runs_out() -> None:
    on, state = key_server("17")
    state.members.clear()
    lines = stripped(on, "show crypto gdoi")
    assert "Group Members : 0" in lines
    assert not [line for line in lines if line.startswith("Remaining Lifetime")]
    assert not [line for line in shown(on, "show crypto gdoi ks members") if "Member ID" in line]


def test_policy_in_the_words_of_each_release() -> None:
    old, new = key_server("12.4")[0], key_server("17")[0]
    assert "For group METRO (handle: 2147483649) server 10.66.0.1 (handle: 2147483649):" in shown(
        old, "show crypto gdoi ks policy"
    )
    assert "    hmac alg           : HMAC_AUTH_SHA" in shown(old, "show crypto gdoi ks policy")
    lines = shown(new, "show crypto gdoi ks policy")
    assert "For group METRO (handle: 0x40000001) server 10.66.0.1 (handle: 0x40000001):" in lines
    assert "    transform          : esp-256-aes esp-sha-hmac" in lines
    assert "    sig hash algorithm : enabled       sig key length        : 294" in lines
    assert "    orig life(sec)     : 5400          remaining life(sec)   : 5000" in lines


def test_a_replaced_key_shows_its_shorter_life() -> None:
    on, state = key_server("17")
    short = replace(TEK, spi=0x99, ends=START + timedelta(seconds=90))
    state.teks.append(short)
    lines = stripped(on, "show crypto gdoi ks policy")
    assert "override life(sec) : 490 antireplay window size: 9" in lines
    assert "time to rekey (sec): n/a" in lines
    on.router.clock.advance(START + timedelta(seconds=95))
    assert "orig life(sec) : 5400 remaining life(sec) : 0" in stripped(on, "show crypto gdoi ks policy")


def test_the_list_is_the_configured_one() -> None:
    on, _ = key_server("15")
    on.enter("configure terminal", "ip access-list extended METROLIST", "permit udp any host 10.66.1.1 eq 53", "end")
    assert shown(on, "show crypto gdoi ks acl") == [
        "Group Name: METRO",
        " Configured ACL:",
        "   access-list METROLIST deny udp any port = 848 any port = 848",
        "   access-list METROLIST deny tcp any any port = 22",
        "   access-list METROLIST deny ip host 10.66.5.5 any",
        "   access-list METROLIST permit ip 10.70.0.0 0.0.255.255 10.70.0.0 0.0.255.255",
        "   access-list METROLIST permit udp any host 10.66.1.1 port = 53",
    ]


FEATURES = {"policy-replace": ("Yes", "Yes"), "long-sa-lifetime": ("Yes", "No"), "ip-d3p": ("No", "No")}


@pytest.mark.parametrize("feature", FEATURES)
def test_features_follow_versions(feature: str) -> None:
    on, state = key_server("17")
    state.members[GM2].version = "1.0.2"
    lines = stripped(on, f"show crypto gdoi feature {feature}")
    own, others = FEATURES[feature]
    assert f"10.66.0.1 1.0.25 {'Yes' if feature != 'ip-d3p' else 'No'}" in lines
    assert f"10.66.9.2 1.0.4 {own}" in lines
    assert f"10.66.9.6 1.0.2 {others}" in lines


def test_the_newer_word_shows_the_same() -> None:
    on, _ = key_server("17")
    for rest in ("", " ks", " ks members", " ks coop", " feature"):
        assert shown(on, f"show crypto gkm{rest}") == shown(on, f"show crypto gdoi{rest}")
    assert any("Invalid input" in line for line in shown(key_server("12.4")[0], "show crypto gkm"))


ABSENT = {
    "12.4": ("show crypto gdoi feature", "show crypto gdoi ks members summary", "show crypto gdoi rekey sa"),
    "15": ("show crypto gdoi feature ip-d3p",),
}


@pytest.mark.parametrize(("release", "command"), [(key, text) for key, texts in ABSENT.items() for text in texts])
def test_older_software_lacks_commands(release: str, command: str) -> None:
    assert any("Invalid input" in line for line in shown(key_server(release)[0], command))


def test_identifiers_and_versions() -> None:
    on, _ = key_server("17")
    assert "Client : SID_CLIENT Version : 1.0.1" in shown(on, "show crypto gdoi ks coop version")
    plain = shown(on, "show crypto gdoi ks coop identifier")
    detail = shown(on, "show crypto gdoi ks coop identifier detail")
    assert "        Local Address                : 10.66.0.1" in plain
    assert "        Peer Address                 : 10.66.0.2" not in plain
    assert "        Peer Address                 : 10.66.0.2" in detail
    assert "    REMAINING SIDs: none" in shown(on, "show crypto gdoi ks identifier detail")


def test_a_group_that_is_not_there() -> None:
    assert "METRO" not in " ".join(shown(key_server("17")[0], "show crypto gdoi group OTHER"))
