"""What lines of a key server do to keys, and what must hold before a rekey."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from getvpn_ops.analysis.rekey_impact import BeforeRekey, hindrances, trigger_of
from getvpn_ops.analysis.traffic.timing import Timing, old_life
from getvpn_ops.dialect.managed import Trigger
from getvpn_ops.engine.config.rekey_effects import rekey_effect
from getvpn_ops.model.change import ChangeLine, RekeyEffect

GROUP = ("crypto gdoi group BRANCHES", "server local")
SA = (*GROUP, "sa ipsec 1")
LISTS = ("BRANCHES_POLICY", "120")
LINES: dict[str, tuple[tuple[str, ...], str, Trigger | None]] = {
    "another list": (SA, "match address ipv4 BRANCHES_POLICY_r2", Trigger.POLICY),
    "another profile": (SA, "profile STRONGER", Trigger.POLICY),
    "replay off": (SA, "no replay", Trigger.POLICY),
    "another transform set in a profile": (("crypto ipsec profile BRANCHES",), "set transform-set T2", Trigger.POLICY),
    "unicast": (GROUP, "rekey transport unicast", Trigger.POLICY),
    "multicast": (GROUP, "no rekey transport unicast", Trigger.POLICY),
    "another rekey address": (GROUP, "rekey address ipv4 REKEY_TO", Trigger.POLICY),
    "another RSA key": (GROUP, "rekey authentication mypubkey rsa REKEY2", Trigger.POLICY),
    "another rekey cipher": (GROUP, "rekey algorithm aes 256", Trigger.POLICY),
    "receive-only": (GROUP, "sa receive-only", Trigger.POLICY),
    "no receive-only": (GROUP, "no sa receive-only", Trigger.POLICY),
    "a lifetime of the TEK": (
        ("crypto ipsec profile BRANCHES",),
        "set security-association lifetime seconds 7200",
        Trigger.SCHEDULED,
    ),
    "an entry of the list that is in use": (
        ("ip access-list extended BRANCHES_POLICY",),
        "deny tcp any any eq 22",
        Trigger.POLICY,
    ),
    "an entry of a numbered list in use": ((), "access-list 120 deny tcp any any eq 22", Trigger.POLICY),
    "a list that is in use goes": ((), "no ip access-list extended BRANCHES_POLICY", Trigger.POLICY),
    "an entry of a list that nobody uses yet": (
        ("ip access-list extended BRANCHES_POLICY_r2",),
        "deny tcp any any eq 22",
        Trigger.NONE,
    ),
    "a profile that nobody uses": (("crypto ipsec profile OTHER",), "set transform-set T2", Trigger.NONE),
    "a pre-shared key": ((), "crypto isakmp key sample address 192.0.2.9", Trigger.REGISTRATION),
    "a priority": ((*GROUP, "redundancy"), "local priority 90", Trigger.NONE),
    "a line that is not managed": ((), "hostname other", None),
    "a line in a mode that is not managed": (("router bgp 65000",), "neighbor 192.0.2.1 remote-as 65001", None),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_does_to_keys_what_the_guide_says(name: str) -> None:
    path, text, expected = LINES[name]
    assert trigger_of(ChangeLine(text, path), LISTS, ("BRANCHES",)) is expected


EFFECTS = {
    ("12.4(22)T5", "sa receive-only"): RekeyEffect.AT_ONCE,
    ("15.2(4)M11", "sa receive-only"): RekeyEffect.BY_COMMAND,
    ("17.6.5", "sa receive-only"): RekeyEffect.BY_COMMAND,
    ("", "sa receive-only"): RekeyEffect.AT_ONCE,
    ("17.6.5", "rekey lifetime seconds 86400"): RekeyEffect.NEXT_REKEY,
    ("17.6.5", "no such line"): None,
}


@pytest.mark.parametrize(("release", "text"), EFFECTS)
def test_the_release_decides_when(release: str, text: str) -> None:
    assert rekey_effect(ChangeLine(text, GROUP), release, LISTS) is EFFECTS[release, text]


OLD_LIVES = {600: 90, 3600: 180, 7200: 360, 28800: 1440, 86400: 3600, 172800: 3600}


@pytest.mark.parametrize("lifetime", OLD_LIVES)
def test_old_keys_live_as_long_as_domain_says(lifetime: int) -> None:
    assert old_life(lifetime, lifetime) == OLD_LIVES[lifetime]
    assert old_life(20, lifetime) == 20


READY = BeforeRekey(
    primaries=("ks1",),
    peers={"ks1": True, "ks2": True},
    current=frozenset({0x10}),
    held={"gm1": frozenset({0x10}), "gm2": frozenset({0x9, 0x10})},
    remaining=4000.0,
    next_sync=3000.0,
    timing=Timing(members=2, interval=10, copies=2, lifetime=7200, next_rekey=3000.0),
)
CASES: dict[str, tuple[dict[str, Any], str, bool]] = {
    "two primaries": ({"primaries": ("ks1", "ks2")}, "ks1, ks2", True),
    "no primary": ({"primaries": ()}, "none", True),
    "a dead peer": ({"peers": {"ks1": False}}, "not alive", True),
    "a key server that was not seen": ({"peers": {"ks1": None}}, "not seen", False),
    "no key server at all": ({"peers": {}}, "none was seen", False),
    "a member without the key": ({"held": {"gm1": frozenset({0x9})}}, "0x10", True),
    "a member that was not seen": ({"held": {"gm1": None}}, "not seen", False),
    "no member at all": ({"held": {}}, "none was seen", False),
    "no keys": ({"current": frozenset()}, "current", False),
    "a rekey is due": ({"timing": replace(READY.timing, next_rekey=30.0)}, "scheduled", True),
    "nobody knows when a rekey is due": ({"timing": replace(READY.timing, next_rekey=None)}, "scheduled", False),
    "the pseudotime is due": ({"next_sync": 5.0}, "7200 s", True),
    "nobody knows when the pseudotime is due": ({"next_sync": None}, "7200 s", False),
    "nobody knows how many members": ({"timing": replace(READY.timing, members=None)}, "reach all", False),
    "old keys end before all have the new": ({"remaining": 15.0}, "live 15 s", True),
    "nobody knows how long keys live": ({"remaining": None}, "how long", False),
}


def test_nothing_hinders_a_group_that_is_well() -> None:
    assert hindrances(READY) == ()
    untimed = replace(READY, next_sync=None, timing=replace(READY.timing, time_based=False))
    assert hindrances(untimed) == ()


@pytest.mark.parametrize("name", CASES)
def test_what_does_not_hold_is_named(name: str) -> None:
    changed, words, seen = CASES[name]
    found = hindrances(replace(READY, **changed))
    assert [item.seen for item in found] == [seen], found
    assert words in found[0].what
