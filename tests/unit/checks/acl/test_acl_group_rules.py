"""Rules over a group's list with its surroundings, and over the names of a configuration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import NamedTuple

import pytest

from getvpn_ops.analysis.lockout.needs import Conversation, NeededFlow, Service, asks, tells
from getvpn_ops.checks.acl import CONFIG_RULES, GROUP_RULES
from getvpn_ops.checks.acl.services import InUse, Need
from getvpn_ops.checks.acl.views import (
    ConfigView,
    GroupLists,
    ListView,
    MemberLists,
    Neighbour,
    Outsider,
    RekeyTransport,
    Use,
)
from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.model.outcome import Seen, Status
from getvpn_ops.parsing import parse
from getvpn_ops.registry import evaluate

ALL = "permit ip any any"
A, B, OUT = (ip_network(text) for text in ("10.11.0.0/16", "10.12.0.0/16", "10.13.0.0/16"))
WEST = "10.11.0.0 0.0.255.255"
EAST = "10.12.0.0 0.0.255.255"
OUTSIDE = "10.13.0.0 0.0.255.255"


def policy(*lines: str, name: str = "WAN on ks1") -> ListView:
    return ListView(name, Use.POLICY, tuple(parse_ace(line) for line in lines), "ks1")


def member(name: str, *local: str, prefixes: tuple[object, ...] = ()) -> MemberLists:
    return MemberLists(name, prefixes, tuple(parse_ace(line) for line in local))  # type: ignore[arg-type]


OURS, OTHER, SERVER = (ip_address(text) for text in ("10.11.0.1", "10.11.0.2", "10.12.0.9"))
CONFIG = Seen(device="gm1", command="show running-config", taken_at=datetime(2026, 1, 1, tzinfo=UTC))


def using(
    *lines: str,
    own: tuple[str, ...] = (),
    talk: Conversation | None = None,
    other: Conversation | None = None,
    member_: bool = True,
) -> GroupLists:
    """A group with a router that asks a server."""
    talks = (talk or asks(OURS, SERVER, 17, 123, 123), *([other] if other is not None else []))
    needed = NeededFlow(Service.NTP, talks, "ntp server 10.12.0.9", 7)
    used = InUse({"ntp": (Need("gm1", needed, CONFIG, member_),)})
    return GroupLists("WAN", policy(*lines), (member("gm1", *own),), in_use=used)


UNKNOWN_MEMBER = MemberLists("gm9", (ip_network("10.19.0.0/16"),), missing="gm9 was not asked")
MULTICAST = RekeyTransport((ip_address("239.192.1.190"),))


class Case(NamedTuple):
    rule: str
    group: GroupLists
    status: Status
    says: str


CASES = {
    "rekey: unicast": Case(
        "acl-rekey-address",
        GroupLists("WAN", policy(ALL), rekey=RekeyTransport()),
        Status.NOT_APPLICABLE,
        "unicast",
    ),
    "rekey: its address is denied": Case(
        "acl-rekey-address",
        GroupLists("WAN", policy("deny ip any host 239.192.1.190", ALL), rekey=MULTICAST),
        Status.PASS,
        "clear",
    ),
    "rekey: 224/8 is not 224/4": Case(
        "acl-rekey-address",
        GroupLists(
            "WAN",
            policy("deny udp any eq 848 any eq 848", "deny ip any 224.0.0.0 0.255.255.255", ALL),
            rekey=MULTICAST,
        ),
        Status.FAIL,
        "-> 239.192.1.190",
    ),
    "rekey: all multicast": Case(
        "acl-rekey-address",
        GroupLists("WAN", policy("deny ip any 224.0.0.0 15.255.255.255", ALL), rekey=MULTICAST),
        Status.PASS,
        "clear",
    ),
    "rekey: nobody tells": Case("acl-rekey-address", GroupLists("WAN", policy(ALL)), Status.UNKNOWN, "not told"),
    "rekey: perhaps": Case(
        "acl-rekey-address",
        GroupLists("WAN", policy("deny ip any host 239.192.1.190 dscp ef", "permit tcp any any"), rekey=MULTICAST),
        Status.UNKNOWN,
        "exact meaning",
    ),
    "overlap: alone": Case("acl-overlap", GroupLists("WAN", policy(ALL)), Status.NOT_APPLICABLE, "none"),
    "overlap: apart": Case(
        "acl-overlap",
        GroupLists(
            "WAN",
            policy(f"permit ip {WEST} {WEST}"),
            neighbours=(Neighbour(policy(f"permit ip {EAST} {EAST}", name="PAY on ks1"), ("gm1",)),),
        ),
        Status.PASS,
        "nothing",
    ),
    "overlap: the same traffic": Case(
        "acl-overlap",
        GroupLists(
            "WAN", policy(ALL), neighbours=(Neighbour(policy(f"permit ip {EAST} {EAST}", name="PAY"), ("gm1",)),)
        ),
        Status.FAIL,
        "on gm1",
    ),
    "overlap: in different VRFs": Case(
        "acl-overlap",
        GroupLists("WAN", policy(ALL), neighbours=(Neighbour(policy(ALL, name="PAY"), ("gm1",), apart=("gm1",)),)),
        Status.NOT_APPLICABLE,
        "VRF",
    ),
    "overlap: VRFs are not known": Case(
        "acl-overlap",
        GroupLists("WAN", policy(ALL), neighbours=(Neighbour(policy(ALL, name="PAY"), ("gm1",), unclear=("gm1",)),)),
        Status.UNKNOWN,
        "VRFs are not known",
    ),
    "overlap: the other list is not known": Case(
        "acl-overlap",
        GroupLists(
            "WAN",
            policy(ALL),
            neighbours=(Neighbour(ListView("PAY", Use.POLICY, missing="ks2 was not asked"), ("gm1",)),),
        ),
        Status.UNKNOWN,
        "ks2 was not asked",
    ),
    "own lists: nobody has one": Case(
        "acl-local-mirror", GroupLists("WAN", policy(ALL), (member("gm1"),)), Status.NOT_APPLICABLE, "no member"
    ),
    "own lists: the peer has the mirror": Case(
        "acl-local-mirror",
        GroupLists(
            "WAN",
            policy(ALL),
            (
                member("gm1", f"deny ip {WEST} {EAST}", prefixes=(A,)),
                member("gm2", f"deny ip {EAST} {WEST}", prefixes=(B,)),
            ),
        ),
        Status.PASS,
        "they do",
    ),
    "own lists: the peer has none": Case(
        "acl-local-mirror",
        GroupLists(
            "WAN",
            policy(ALL),
            (member("gm1", f"deny ip {WEST} {EAST}", prefixes=(A,)), member("gm2", prefixes=(B,))),
        ),
        Status.FAIL,
        "gm2 expects",
    ),
    "own lists: the peer is not the one that is reached": Case(
        "acl-local-mirror",
        GroupLists(
            "WAN",
            policy(ALL),
            (member("gm1", f"deny ip {WEST} {OUTSIDE}", prefixes=(A,)), member("gm2", prefixes=(B,))),
        ),
        Status.PASS,
        "they do",
    ),
    "own lists: what the policy denies anyway": Case(
        "acl-local-mirror",
        GroupLists(
            "WAN",
            policy("deny tcp any any eq 22", "deny tcp any eq 22 any", ALL),
            (member("gm1", f"deny tcp {WEST} {EAST} eq 22", prefixes=(A,)), member("gm2", prefixes=(B,))),
        ),
        Status.PASS,
        "they do",
    ),
    "own lists: what is behind the peer is not known": Case(
        "acl-local-mirror",
        GroupLists(
            "WAN", policy(ALL), (member("gm1", f"deny ip {WEST} {EAST}", prefixes=(A,)), member("gm2", prefixes=()))
        ),
        Status.UNKNOWN,
        "what lies behind gm2",
    ),
    "own lists: one is not known": Case(
        "acl-local-mirror",
        GroupLists("WAN", policy(ALL), (member("gm1", prefixes=(A,)), UNKNOWN_MEMBER)),
        Status.UNKNOWN,
        "gm9 was not asked",
    ),
    "own lists: no member is known": Case(
        "acl-local-mirror", GroupLists("WAN", policy(ALL)), Status.UNKNOWN, "no member is known"
    ),
    "outsiders: none": Case(
        "acl-outsiders", GroupLists("WAN", policy(ALL), outsiders=()), Status.NOT_APPLICABLE, "none in the inventory"
    ),
    "outsiders: denied both ways": Case(
        "acl-outsiders",
        GroupLists(
            "WAN",
            policy(f"deny ip any {OUTSIDE}", f"deny ip {OUTSIDE} any", ALL),
            (member("gm1", prefixes=(A,)),),
            (Outsider("ce1", (OUT,)),),
        ),
        Status.PASS,
        "clear",
    ),
    "outsiders: denied one way": Case(
        "acl-outsiders",
        GroupLists(
            "WAN",
            policy(f"deny ip any {OUTSIDE}", ALL),
            (member("gm1", prefixes=(A,)),),
            (Outsider("ce1", (OUT,)),),
        ),
        Status.FAIL,
        "10.13.0.10",
    ),
    "outsiders: denied by the member itself": Case(
        "acl-outsiders",
        GroupLists(
            "WAN",
            policy(ALL),
            (member("gm1", f"deny ip {WEST} {OUTSIDE}", f"deny ip {OUTSIDE} {WEST}", prefixes=(A,)),),
            (Outsider("ce1", (OUT,)),),
        ),
        Status.PASS,
        "clear",
    ),
    "outsiders: one of two members forgets": Case(
        "acl-outsiders",
        GroupLists(
            "WAN",
            policy(ALL),
            (
                member("gm1", f"deny ip {WEST} {OUTSIDE}", f"deny ip {OUTSIDE} {WEST}", prefixes=(A,)),
                member("gm2", prefixes=(B,)),
            ),
            (Outsider("ce1", (OUT,)),),
        ),
        Status.FAIL,
        "encrypted by gm2",
    ),
    "outsiders: without members the policy speaks": Case(
        "acl-outsiders", GroupLists("WAN", policy(ALL), outsiders=(Outsider("ce1", (OUT,)),)), Status.FAIL, "WAN on ks1"
    ),
    "outsiders: prefixes are not known": Case(
        "acl-outsiders",
        GroupLists("WAN", policy(ALL), (member("gm1"),), (Outsider("ce1"),)),
        Status.UNKNOWN,
        "not in the inventory",
    ),
    "outsiders: a member's list is not known": Case(
        "acl-outsiders",
        GroupLists("WAN", policy(ALL), (UNKNOWN_MEMBER,), (Outsider("ce1", (OUT,)),)),
        Status.UNKNOWN,
        "gm9 was not asked",
    ),
    "outsiders: a member that is not known cannot encrypt what the policy does not": Case(
        "acl-outsiders",
        GroupLists("WAN", policy(f"permit ip {WEST} {EAST}"), (UNKNOWN_MEMBER,), (Outsider("ce1", (OUT,)),)),
        Status.PASS,
        "clear",
    ),
    "own lists: whether the answer comes by the other map is not known": Case(
        "acl-local-mirror",
        GroupLists(
            "WAN",
            policy(ALL),
            (
                member("gm1", f"deny ip {WEST} {EAST}", prefixes=(A,)),
                replace(member("gm2", f"deny ip {EAST} {WEST}", prefixes=(B,)), crypto_map="RED"),
                replace(member("gm2", prefixes=(B,)), crypto_map="BLUE"),
            ),
        ),
        Status.UNKNOWN,
        "gm2, crypto map BLUE expects",
    ),
    "outsiders: only one of two maps encrypts": Case(
        "acl-outsiders",
        GroupLists(
            "WAN",
            policy(ALL),
            (
                replace(member("gm1", "deny ip any any", prefixes=(A,)), crypto_map="RED"),
                replace(member("gm1", prefixes=(A,)), crypto_map="BLUE"),
            ),
            (Outsider("ce1", (OUT,)),),
        ),
        Status.UNKNOWN,
        "gm1, crypto map BLUE encrypts",
    ),
    "outsiders: both maps encrypt": Case(
        "acl-outsiders",
        GroupLists(
            "WAN",
            policy(ALL),
            (
                replace(member("gm1", f"deny ip {EAST} any", prefixes=(A,)), crypto_map="RED"),
                replace(member("gm1", prefixes=(A,)), crypto_map="BLUE"),
            ),
            (Outsider("ce1", (OUT,)),),
        ),
        Status.FAIL,
        "encrypted by gm1, crypto map RED",
    ),
    "services: nobody tells": Case("acl-services", GroupLists("WAN", policy(ALL)), Status.NOT_APPLICABLE, "names"),
    "services: encrypted": Case("acl-services", using(ALL), Status.FAIL, "udp 10.11.0.1:123 -> 10.12.0.9:123"),
    "services: exempt by the member itself, its answers not": Case(
        "acl-services",
        using(ALL, own=("deny tcp any any eq tacacs",), talk=asks(OURS, SERVER, 6, 49)),
        Status.FAIL,
        "tcp 10.12.0.9:49 -> 10.11.0.1:",
    ),
    "services: the line that says so": Case("acl-services", using(ALL), Status.FAIL, "by 'ntp server 10.12.0.9'"),
    "services: exempt": Case("acl-services", using("deny udp any any eq ntp", ALL), Status.PASS, "clear"),
    "services: only the answers are encrypted": Case(
        "acl-services",
        using("deny tcp any any eq tacacs", ALL, talk=asks(OURS, SERVER, 6, 49)),
        Status.FAIL,
        "tcp 10.12.0.9:49 -> 10.11.0.1:",
    ),
    "services: from some ports of a client": Case(
        "acl-services",
        using("permit tcp any eq 2000 any eq 49", "deny ip any any", talk=asks(OURS, SERVER, 6, 49)),
        Status.FAIL,
        ":2000 -> 10.12.0.9:49",
    ),
    "services: one of two ways": Case(
        "acl-services",
        using("permit ip host 10.11.0.1 any", talk=asks(OURS, SERVER, 17, 514), other=tells(OTHER, SERVER, 17, 514)),
        Status.UNKNOWN,
        "if that is how it goes",
    ),
    "services: of a key server": Case("acl-services", using(ALL, member_=False), Status.UNKNOWN, "if a member lies"),
    "services: a line without meaning": Case(
        "acl-services", using("permit udp any any eq ntp dscp ef"), Status.UNKNOWN, "exact meaning"
    ),
    "outsiders: no inventory": Case(
        "acl-outsiders", GroupLists("WAN", policy(ALL), (member("gm1"),)), Status.UNKNOWN, "no inventory"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_judges_a_group(name: str) -> None:
    case = CASES[name]
    outcome = evaluate(GROUP_RULES[case.rule], case.group)
    assert outcome.status is case.status, outcome
    said = [f"{item.message} {item.actual}" for item in outcome.findings if item.status is case.status]
    assert any(case.says in words for words in (*said, outcome.reason)), outcome


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL, Status.UNKNOWN])
def test_every_group_rule_has_a_case_of_each_kind(status: Status) -> None:
    assert {case.rule for case in CASES.values() if case.status is status} == {spec.id for spec in GROUP_RULES}


@pytest.mark.parametrize("rule", [spec.id for spec in GROUP_RULES])
def test_a_group_whose_list_is_not_known_is_unknown(rule: str) -> None:
    group = GroupLists(
        "WAN",
        ListView("WAN", Use.POLICY, missing="ks1 was not asked"),
        (member("gm1", "deny ip any any", prefixes=(A,)), member("gm2", prefixes=(B,))),
        (Outsider("ce1", (OUT,)),),
        MULTICAST,
        (Neighbour(policy(ALL), ("gm1",)),),
        using(ALL).in_use,
    )
    outcome = evaluate(GROUP_RULES[rule], group)
    assert outcome.status is Status.UNKNOWN
    assert "ks1 was not asked" in outcome.reason + "".join(item.actual for item in outcome.findings)


CONFIGURATION = """\
hostname gm7
crypto gdoi group WAN
 identity number 7
 server address ipv4 10.9.0.1
!
crypto map VPN 10 gdoi
 set group WAN
 match address LOCAL_O1
!
interface GigabitEthernet0/0/0
 crypto map VPN
!
ip access-list extended {defined}
 deny ip 10.11.0.0 0.0.255.255 host 10.12.0.7
"""


class Names(NamedTuple):
    defined: str
    missing: str
    status: Status
    says: str


NAMES = {
    "defined": Names("LOCAL_O1", "", Status.PASS, "defined"),
    "a zero for a letter": Names("LOCAL_01", "", Status.FAIL, "there is LOCAL_01"),
    "the text may be cut": Names("LOCAL_01", "gm7: the text may be cut", Status.UNKNOWN, "may be cut"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_without_a_list_is_found(name: str) -> None:
    case = NAMES[name]
    config = parse("show running-config", CONFIGURATION.format(defined=case.defined)).data
    outcome = evaluate(CONFIG_RULES["acl-dangling"], ConfigView("gm7", config, case.missing))
    assert outcome.status is case.status, outcome
    assert case.says in outcome.findings[0].actual


def test_a_configuration_that_is_not_here_is_unknown() -> None:
    outcome = evaluate(CONFIG_RULES["acl-dangling"], ConfigView("gm7", missing="gm7 was not asked"))
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, "gm7 was not asked")


def test_a_router_that_names_no_list_is_not_judged() -> None:
    config = parse("show running-config", "hostname r1\ninterface Loopback0\n ip address 10.0.0.1 255.255.255.255\n")
    outcome = evaluate(CONFIG_RULES["acl-dangling"], ConfigView("r1", config.data))
    assert outcome.status is Status.NOT_APPLICABLE


def test_names_that_may_be_lost_leave_the_router_unknown() -> None:
    config = parse("show running-config", "hostname r1\ninterface Loopback0\n ip address 10.0.0.1 255.255.255.255\n")
    outcome = evaluate(CONFIG_RULES["acl-dangling"], ConfigView("r1", config.data, "r1: the text may be cut"))
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, "r1: the text may be cut")
