"""Rules over whole configurations: for each one that passes, one that fails, and one of which it cannot be told."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from getvpn_ops.checks.config import ROUTER_RULES
from getvpn_ops.checks.config.views import RouterConfig
from getvpn_ops.model.outcome import Status
from getvpn_ops.parsing import parse
from getvpn_ops.registry import evaluate

PASS, FAIL, UNKNOWN, NA = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE
CUT = "r1: the text may be cut"
SERVER = """\
crypto gdoi group NORTH
 identity number 7
 server local
  rekey transport unicast
  sa ipsec 1
   profile NORTH-SA
   match address ipv4 NORTH-LIST
"""
PROFILE = """\
crypto ipsec transform-set {name} esp-aes 256 esp-sha-hmac
crypto ipsec profile {profile}
 set transform-set {name}
"""
USED = PROFILE.format(name="GOOD", profile="NORTH-SA")
IDLE = PROFILE.format(name="OLD", profile="OLD-SA")


def port(name: str, mask: str, *more: str) -> str:
    return "\n".join((f"interface {name}", f" ip address 192.0.2.9 {mask}", *(f" {line}" for line in more), ""))


def logins(*lines: str) -> str:
    return "\n".join(("line con 0", *(f" {line}" for line in lines), "line vty 0 4", " transport input ssh", ""))


HOST, LINK = "255.255.255.255", "255.255.255.252"


class Case(NamedTuple):
    rule: str
    text: str
    status: Status
    says: str
    missing: str = ""


CASES = {
    "mask: room for neighbours": Case("address-host-mask", port("GigabitEthernet0/1", LINK), PASS, "room"),
    "mask: of a host": Case("address-host-mask", port("GigabitEthernet0/1", HOST), FAIL, "192.0.2.9/32"),
    "mask: under a map": Case(
        "address-host-mask", port("FastEthernet4", HOST, "crypto map VPN"), FAIL, "under crypto map VPN"
    ),
    "mask: of IPv6": Case(
        "address-host-mask", "interface Vlan7\n ipv6 address 2001:db8::9/128\n", FAIL, "2001:db8::9/128"
    ),
    "mask: a second address": Case(
        "address-host-mask",
        port("Vlan7", LINK, "ip address 192.0.2.77 255.255.255.255 secondary"),
        PASS,
        "room",
    ),
    "mask: a loopback": Case("address-host-mask", port("Loopback0", HOST), NA, "no Ethernet"),
    "mask: a tunnel": Case("address-host-mask", port("Tunnel3", HOST), NA, "no Ethernet"),
    "mask: the text may be cut": Case("address-host-mask", port("Vlan7", LINK), UNKNOWN, "cut", CUT),
    "mask: wrong in what is here": Case("address-host-mask", port("Vlan7", HOST), FAIL, "/32", CUT),
    "command: the right one": Case("command-unknown", "ip multicast-routing\n", PASS, "none"),
    "command: multi-cast": Case("command-unknown", "ip multi-cast routing\n", FAIL, "ip multicast-routing"),
    "command: pre-shared": Case(
        "command-unknown", "crypto isakmp policy 1\n authentication pre-shared\n", FAIL, "authentication pre-share"
    ),
    "command: the text may be cut": Case("command-unknown", "ip multicast-routing\n", UNKNOWN, "cut", CUT),
    "place: each in its own": Case("command-place", f"{SERVER}  address ipv4 192.0.2.1\n", PASS, "mode"),
    "place: an address in sa ipsec": Case(
        "command-place", f"{SERVER}   address ipv4 192.0.2.1\n", FAIL, "line 'address ipv4 192.0.2.1'"
    ),
    "place: an address and COOP in sa ipsec": Case(
        "command-place",
        f"{SERVER}   address ipv4 192.0.2.1\n   redundancy\n    local priority 9\n",
        FAIL,
        "address ipv4",
    ),
    "place: the text may be cut": Case("command-place", SERVER, UNKNOWN, "cut", CUT),
    "sessions: the default": Case("session-timeout", logins(), PASS, "line con 0"),
    "sessions: ten minutes": Case("session-timeout", logins("exec-timeout 10 0"), PASS, "line con 0"),
    "sessions: half a minute": Case("session-timeout", logins("exec-timeout 0 30"), PASS, "line con 0"),
    "sessions: for ever": Case("session-timeout", logins("exec-timeout 0 0"), FAIL, "line con 0"),
    "sessions: for ever, in short": Case("session-timeout", logins("no exec-timeout"), FAIL, "no exec-timeout"),
    "sessions: no line is printed": Case("session-timeout", "hostname r1\n", UNKNOWN, "no line for logins"),
    "sessions: the text may be cut": Case("session-timeout", logins(), UNKNOWN, "cut", CUT),
    "unused: all are used": Case("unused-ipsec", USED + SERVER, PASS, "GOOD"),
    "unused: by a map": Case(
        "unused-ipsec",
        "crypto ipsec transform-set SITE esp-aes esp-sha-hmac\n"
        "crypto map OUT 1 ipsec-isakmp\n set transform-set SITE\n",
        PASS,
        "SITE",
    ),
    "unused: by a tunnel": Case(
        "unused-ipsec", f"{IDLE}interface Tunnel3\n tunnel protection ipsec profile OLD-SA\n", PASS, "OLD"
    ),
    "unused: by a member's choice": Case(
        "unused-ipsec",
        "crypto ipsec transform-set WISH esp-aes esp-sha-hmac\n"
        "crypto gdoi group NORTH\n identity number 7\n server address ipv4 192.0.2.1\n client transform-sets WISH\n",
        PASS,
        "WISH",
    ),
    "unused: a set and its profile": Case("unused-ipsec", IDLE + USED + SERVER, FAIL, "transform set OLD"),
    "unused: named in a description alone": Case(
        "unused-ipsec", f"{IDLE}interface Tunnel3\n description OLD-SA was here\n", FAIL, "IPsec profile OLD-SA"
    ),
    "unused: there is none": Case("unused-ipsec", "hostname r1\n", NA, "none"),
    "unused: the user may be cut off": Case("unused-ipsec", IDLE, UNKNOWN, "cut", CUT),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_judges_a_configuration(name: str) -> None:
    case = CASES[name]
    parsed = parse("show running-config", case.text)
    outcome = evaluate(ROUTER_RULES[case.rule], RouterConfig("r1", parsed.data, case.missing, parsed.warnings))
    assert outcome.status is case.status, outcome
    told = [f"{item.message} {item.expected} {item.actual}" for item in outcome.findings if item.status is case.status]
    assert case.says in "\n".join(told)
    assert all(item.next_steps for item in outcome.findings if item.status is FAIL)


@pytest.mark.parametrize("status", [PASS, FAIL, UNKNOWN])
def test_every_rule_has_a_case_of_each_kind(status: Status) -> None:
    assert {case.rule for case in CASES.values() if case.status is status} == {spec.id for spec in ROUTER_RULES}


@pytest.mark.parametrize("rule", [spec.id for spec in ROUTER_RULES])
def test_a_configuration_that_is_not_here_is_unknown(rule: str) -> None:
    outcome = evaluate(ROUTER_RULES[rule], RouterConfig("r1", missing="r1 was not asked"))
    assert (outcome.status, outcome.reason) == (UNKNOWN, "r1 was not asked")


def test_a_set_that_a_used_profile_names_is_used() -> None:
    parsed = parse("show running-config", IDLE + USED + SERVER)
    outcome = evaluate(ROUTER_RULES["unused-ipsec"], RouterConfig("r1", parsed.data))
    assert {item.message: item.status for item in outcome.findings} == {
        "transform set OLD": FAIL,
        "transform set GOOD": PASS,
        "IPsec profile OLD-SA": FAIL,
        "IPsec profile NORTH-SA": PASS,
    }
