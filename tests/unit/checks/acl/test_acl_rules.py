"""Rules over one list: for each a list that passes, one that fails, and one of which it cannot be told."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from getvpn_ops.checks.acl import LIST_RULES
from getvpn_ops.checks.acl.views import ListView, Use
from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.model.outcome import Status
from getvpn_ops.registry import evaluate

GDOI = "deny udp any eq 848 any eq 848"
ALL = "permit ip any any"
TYPED = "deny icmp any any unreachable"
ODD = "deny tcp any eq 22 any established"


class Case(NamedTuple):
    rule: str
    lines: tuple[str, ...]
    status: Status
    says: str
    use: Use = Use.POLICY


MANAGEMENT = tuple(
    line
    for protocol, port in (("tcp", 22), ("tcp", 49), ("udp", 161), ("udp", 162), ("udp", 514), ("udp", 123))
    for line in (f"deny {protocol} any any eq {port}", f"deny {protocol} any eq {port} any")
)
AAA_AND_DNS = tuple(
    line
    for protocol, port in (("udp", 1645), ("udp", 1646), ("udp", 1812), ("udp", 1813), ("udp", 53), ("tcp", 53))
    for line in (f"deny {protocol} any any eq {port}", f"deny {protocol} any eq {port} any")
)
ROUTING = ("deny tcp any any eq 179", "deny tcp any eq 179 any", "deny ospf any any", "deny eigrp any any")

CASES = {
    "size: one line": Case("acl-size", (ALL,), Status.PASS, "1"),
    "size: 100 lines and a remark": Case(
        "acl-size",
        ("remark a", *(f"deny ip host 10.0.0.{n} any" for n in range(99)), ALL),
        Status.PASS,
        "100",
    ),
    "size: 101 lines": Case(
        "acl-size", (*(f"deny ip host 10.0.0.{n} any" for n in range(100)), ALL), Status.FAIL, "101"
    ),
    "size: 101 lines of a member": Case(
        "acl-size", tuple(f"deny ip host 10.0.0.{n} any" for n in range(101)), Status.FAIL, "101", Use.LOCAL
    ),
    "ports: eq alone": Case("acl-port-range", (GDOI, ALL), Status.PASS, "so it is"),
    "ports: a range": Case("acl-port-range", ("deny tcp any any range 20 21", ALL), Status.FAIL, "range 20 21"),
    "ports: below": Case("acl-port-range", ("deny tcp any lt 1024 any", ALL), Status.FAIL, "lt 1024"),
    "ports: above": Case("acl-port-range", ("deny tcp any gt 1023 any", ALL), Status.FAIL, "gt 1023"),
    "ports: all but one": Case("acl-port-range", ("permit tcp any any neq 22",), Status.FAIL, "neq 22"),
    "ports: two behind one eq": Case("acl-port-range", ("permit tcp any any eq 80 443",), Status.FAIL, "eq 80 443"),
    "fields: the usual": Case("acl-fields", (GDOI, "deny ospf any any log", ALL), Status.PASS, "no others"),
    "fields: established": Case("acl-fields", ("deny tcp any any established", ALL), Status.FAIL, "established"),
    "fields: a class of service": Case("acl-fields", ("permit ip any any dscp ef",), Status.FAIL, "dscp ef"),
    "fields: an object group": Case("acl-fields", ("permit ip object-group HQ any",), Status.FAIL, "HQ"),
    "fields: an ICMP type": Case("acl-fields", (TYPED, ALL), Status.UNKNOWN, "not attested"),
    "fields: both": Case("acl-fields", (TYPED, ODD, ALL), Status.FAIL, "established"),
    "encrypts: all": Case("acl-encrypts", (GDOI, ALL), Status.PASS, "tcp"),
    "encrypts: nothing": Case("acl-encrypts", (GDOI, "deny ip any any", ALL), Status.FAIL, "none"),
    "encrypts: perhaps": Case("acl-encrypts", ("permit icmp any any echo",), Status.UNKNOWN, "echo"),
    "own list: denies": Case("acl-local-permit", ("deny ip any host 10.1.1.1",), Status.PASS, "none", Use.LOCAL),
    "own list: a permit": Case(
        "acl-local-permit", ("deny ip any host 10.1.1.1", "permit tcp any any"), Status.FAIL, "drops tcp", Use.LOCAL
    ),
    "own list: a permit behind the deny of it": Case(
        "acl-local-permit", ("deny ip any any", "permit tcp any any"), Status.FAIL, "nothing", Use.LOCAL
    ),
    "848: denied first": Case("acl-udp848", (GDOI, ALL), Status.PASS, "clear"),
    "848: not among what is covered": Case(
        "acl-udp848", ("permit tcp 10.0.0.0 0.255.255.255 any",), Status.PASS, "clear"
    ),
    "848: encrypted": Case("acl-udp848", (ALL, GDOI), Status.FAIL, ":848 -> "),
    "848: as a source alone": Case("acl-udp848", ("deny tcp any eq 848 any", ALL), Status.FAIL, ":848 -> "),
    "848: perhaps": Case("acl-udp848", ("deny udp any any fragments", ALL), Status.UNKNOWN, "848"),
    "management: all denied": Case("acl-management", (*MANAGEMENT, *AAA_AND_DNS, ALL), Status.PASS, "clear"),
    "management: SSH one way": Case(
        "acl-management", ("deny tcp any any eq 22", *MANAGEMENT[2:], *AAA_AND_DNS, ALL), Status.FAIL, "to the server"
    ),
    "management: answers alone": Case(
        "acl-management", ("deny tcp any eq 22 any", *MANAGEMENT[2:], *AAA_AND_DNS, ALL), Status.FAIL, "from the server"
    ),
    "management: none denied": Case("acl-management", (ALL,), Status.FAIL, "encrypted"),
    "management: perhaps": Case(
        "acl-management",
        ("deny tcp any any eq 22", ODD, *MANAGEMENT[2:], *AAA_AND_DNS),
        Status.UNKNOWN,
        "exact meaning",
    ),
    "routing: denied": Case("acl-routing", (*ROUTING, ALL), Status.PASS, "clear"),
    "routing: OSPF is not": Case("acl-routing", (*ROUTING[:2], ROUTING[3], ALL), Status.FAIL, "ospf 10."),
    "routing: perhaps": Case("acl-routing", (*ROUTING[:3], "deny eigrp any any tos 4", ALL), Status.UNKNOWN, "eigrp"),
    "path MTU: ICMP is clear": Case("acl-pmtud", ("deny icmp any any", ALL), Status.PASS, "clear"),
    "path MTU: ICMP is encrypted": Case("acl-pmtud", (ALL,), Status.FAIL, "icmp"),
    "path MTU: the line of the guide": Case(
        "acl-pmtud", (TYPED, "deny icmp any any time-exceeded", "permit tcp any any"), Status.UNKNOWN, "exact meaning"
    ),
    "deny mirror: both ways": Case(
        "acl-deny-mirror", ("deny tcp any any eq 22", "deny tcp any eq 22 any", ALL), Status.PASS, "so it is"
    ),
    "deny mirror: its own": Case("acl-deny-mirror", ("deny ospf any any", ALL), Status.PASS, "so it is"),
    "deny mirror: missing": Case(
        "acl-deny-mirror", ("deny udp any any eq 123", ALL), Status.FAIL, "line 1 'deny udp any any eq 123'"
    ),
    "deny mirror: answers that nothing encrypts": Case(
        "acl-deny-mirror",
        ("deny tcp 10.1.0.0 0.0.255.255 any eq 22", "permit ip 10.1.0.0 0.0.255.255 10.2.0.0 0.0.255.255"),
        Status.PASS,
        "so it is",
    ),
    "deny mirror: towards multicast": Case(
        "acl-deny-mirror", ("deny ip any 224.0.0.0 15.255.255.255", ALL), Status.PASS, "so it is"
    ),
    "deny mirror: hidden by an earlier deny": Case(
        "acl-deny-mirror", ("deny ip any any", "deny udp any any eq 123", ALL), Status.PASS, "so it is"
    ),
    "deny mirror: the answers are in doubt": Case(
        "acl-deny-mirror", ("deny tcp any any eq 22", ODD, "permit udp any any"), Status.UNKNOWN, "exact meaning"
    ),
    "permit mirror: its own": Case("acl-permit-mirror", (ALL,), Status.PASS, "so it is"),
    "permit mirror: two lines": Case(
        "acl-permit-mirror",
        ("permit ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255", "permit ip 10.2.0.0 0.0.0.255 10.1.0.0 0.0.0.255"),
        Status.PASS,
        "so it is",
    ),
    "permit mirror: missing": Case(
        "acl-permit-mirror", ("permit ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255",), Status.FAIL, "goes in clear"
    ),
    "permit mirror: half of it": Case(
        "acl-permit-mirror",
        ("permit ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255", "permit ip 10.2.0.0 0.0.0.127 10.1.0.0 0.0.0.255"),
        Status.FAIL,
        "10.2.0.",
    ),
    "permit mirror: towards multicast": Case(
        "acl-permit-mirror", ("permit ip any 239.0.0.0 0.255.255.255",), Status.PASS, "so it is"
    ),
    "permit mirror: in doubt": Case(
        "acl-permit-mirror",
        ("permit ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255", "permit ip 10.2.0.0 0.0.0.255 10.1.0.0 0.0.0.255 dscp ef"),
        Status.UNKNOWN,
        "exact meaning",
    ),
    "contradicted: none": Case("acl-contradicted", (GDOI, ALL), Status.PASS, "none"),
    "contradicted: a deny behind the permit of all": Case("acl-contradicted", (ALL, GDOI), Status.FAIL, "line 1"),
    "contradicted: perhaps": Case("acl-contradicted", (ODD, "permit tcp any eq 22 any"), Status.UNKNOWN, "line 1"),
    "shadowed: none": Case("acl-shadowed", (GDOI, ALL), Status.PASS, "none"),
    "shadowed: within another": Case(
        "acl-shadowed",
        ("permit ip 10.0.0.0 0.255.255.255 any", "permit tcp 10.1.0.0 0.0.255.255 any"),
        Status.FAIL,
        "line 1",
    ),
    "shadowed: by two together": Case(
        "acl-shadowed",
        ("deny ip 10.0.0.0 0.0.0.127 any", "deny ip 10.0.0.128 0.0.0.127 any", "deny ip 10.0.0.0 0.0.0.255 any", ALL),
        Status.FAIL,
        "line 2",
    ),
    "shadowed: on a member": Case(
        "acl-shadowed", ("deny ip any any", "deny tcp any any"), Status.FAIL, "line 1", Use.LOCAL
    ),
    "shadowed: perhaps": Case("acl-shadowed", (TYPED, "permit tcp any any"), Status.UNKNOWN, "exact meaning"),
    "redundant: none": Case("acl-redundant", (GDOI, ALL), Status.PASS, "none"),
    "redundant: a permit before a wider one": Case(
        "acl-redundant", ("permit tcp any any eq 443", ALL), Status.FAIL, "line 2"
    ),
    "redundant: perhaps": Case("acl-redundant", (TYPED, "permit tcp any any"), Status.UNKNOWN, "exact meaning"),
    "host: networks": Case("acl-host", ("deny ip host 10.1.1.1 any", ALL), Status.PASS, "none"),
    "host: one": Case("acl-host", ("permit ip host 10.1.1.1 any",), Status.FAIL, "10.1.1.1"),
    "host: a mask of nothing": Case("acl-host", ("permit ip any 10.1.1.0 0.0.0.0",), Status.FAIL, "10.1.1.0"),
    "host: a multicast group": Case("acl-host", ("permit ip any host 239.1.1.1",), Status.PASS, "none"),
    "multicast: all of it": Case(
        "acl-multicast-mask", ("deny ip any 224.0.0.0 15.255.255.255", ALL), Status.PASS, "none"
    ),
    "multicast: a sixteenth": Case(
        "acl-multicast-mask", ("deny ip any 224.0.0.0 0.255.255.255", ALL), Status.FAIL, "is encrypted"
    ),
    "multicast: a sixteenth, and nothing encrypts the rest": Case(
        "acl-multicast-mask",
        ("deny ip any 224.0.0.0 0.255.255.255", "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"),
        Status.PASS,
        "clear as well",
    ),
}
"""A rule of which no list is in doubt has its UNKNOWN from the missing lists below."""


def view(lines: tuple[str, ...], use: Use = Use.POLICY) -> ListView:
    return ListView("LIST", use, tuple(parse_ace(line) for line in lines), "ks1")


@pytest.mark.parametrize("name", CASES)
def test_a_rule_judges_a_list(name: str) -> None:
    case = CASES[name]
    assert case.use.value in LIST_RULES[case.rule].tags
    outcome = evaluate(LIST_RULES[case.rule], view(case.lines, case.use))
    assert outcome.status is case.status, outcome
    said = [f"{item.message} {item.actual}" for item in outcome.findings if item.status is case.status]
    assert any(case.says in words for words in (*said, outcome.reason)), outcome


@pytest.mark.parametrize("rule", [spec.id for spec in LIST_RULES])
def test_a_list_that_is_not_known_is_unknown(rule: str) -> None:
    for missing in (ListView("LIST", Use.POLICY, missing="ks1 was not asked"), view(("remark nothing else",))):
        outcome = evaluate(LIST_RULES[rule], missing)
        assert outcome.status is Status.UNKNOWN
        assert outcome.reason


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL])
def test_every_rule_has_a_case_of_each_kind(status: Status) -> None:
    covered = {case.rule for case in CASES.values() if case.status is status}
    assert covered == {spec.id for spec in LIST_RULES}


def test_every_rule_that_may_be_in_doubt_has_a_case_of_it() -> None:
    never = {"acl-size", "acl-port-range", "acl-local-permit", "acl-host", "acl-multicast-mask"}
    covered = {case.rule for case in CASES.values() if case.status is Status.UNKNOWN}
    assert covered == {spec.id for spec in LIST_RULES} - never


def test_services_that_are_not_used_are_not_asked_for() -> None:
    used = evaluate(LIST_RULES["acl-management"], view((ALL,)), {"services": ["ntp"]})
    assert [finding.message for finding in used.findings] == ["ntp"]
    wrong = evaluate(LIST_RULES["acl-management"], view((ALL,)), {"services": ["telex"]})
    assert wrong.status is Status.ERROR


def test_the_mirror_to_add_is_written_out() -> None:
    lines = ("deny udp 10.1.0.0 0.0.255.255 any eq ntp", ALL)
    outcome = evaluate(LIST_RULES["acl-deny-mirror"], view(lines))
    assert outcome.findings[0].next_steps == ("add the mirror: deny udp any eq 123 10.1.0.0 0.0.255.255",)
