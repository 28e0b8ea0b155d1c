"""Access lists: the words of their entries, their numbers, and how releases print them."""

from __future__ import annotations

import pytest
from screens import Screen

from getvpn_ops.lab.ios.configuration.access_lists import AccessList, Entry, access_lists, entries
from getvpn_ops.lab.ios.configuration.config import Configuration
from getvpn_ops.lab.ios.configuration.syntax import Accepted
from getvpn_ops.lab.ios.releases import release

KEPT = {
    "host-by-wildcard": ("permit ip 10.0.0.1 0.0.0.0 any", "permit ip host 10.0.0.1 any"),
    "any-by-wildcard": ("deny ip 10.0.0.1 255.255.255.255 any", "deny ip any any"),
    "bits-beyond-the-wildcard": ("permit ip 10.1.2.3 0.0.0.255 any", "permit ip 10.1.2.0 0.0.0.255 any"),
    "wildcard-with-holes": ("permit ip 10.1.2.3 0.0.254.0 any", "permit ip 10.1.0.3 0.0.254.0 any"),
    "protocol-by-number": ("permit 50 any any", "permit esp any any"),
    "protocol-without-a-name": ("permit 112 any any", "permit 112 any any"),
    "ports-with-names": ("permit udp any eq 500 any eq 123", "permit udp any eq isakmp any eq ntp"),
    "ports-without": ("permit udp any eq 848 any eq 848", "permit udp any eq 848 any eq 848"),
    "the-same-number-in-tcp-and-udp": ("permit tcp any any eq 514", "permit tcp any any eq cmd"),
    "syslog": ("permit udp any any eq 514", "permit udp any any eq syslog"),
    "snmp-and-traps": ("permit udp any eq 161 any eq 162", "permit udp any eq snmp any eq snmptrap"),
    "ssh-has-no-name": ("permit tcp any any eq 22 established", "permit tcp any any eq 22 established"),
    "several-ports": ("permit tcp any any eq 80 443 179", "permit tcp any any eq www 443 bgp"),
    "port-range": ("permit udp any range 67 68 any gt 1023", "permit udp any range bootps bootpc any gt 1023"),
    "icmp": ("permit icmp any host 10.0.0.1 echo-reply", "permit icmp any host 10.0.0.1 echo-reply"),
    "marks": ("permit ip any any dscp 46 log", "permit ip any any dscp ef log"),
    "precedence": ("permit ip any any precedence 5", "permit ip any any precedence critical"),
    "abbreviated": ("per tc an an eq ww", "permit tcp any any eq www"),
}


@pytest.mark.parametrize(("typed", "kept"), KEPT.values(), ids=KEPT)
def test_words_of_an_entry(typed: str, kept: str) -> None:
    configuration = Configuration(release("12.4(22)T5"))
    assert configuration.load(["ip access-list extended A", typed]) == []
    assert entries(configuration, "A") == [Entry(10, kept)]
    again = Configuration(release("12.4(22)T5"))
    assert again.load([f"access-list 150 {typed}"]) == []
    assert entries(again, "150") == [Entry(10, kept)]


REFUSED = {
    "no-destination": ("permit ip any", None),
    "unknown-protocol": ("permit quic any any", "quic any any"),
    "port-of-ip": ("permit ip any any eq 22", "eq 22"),
    "port-name-of-the-other-protocol": ("permit udp any any eq bgp", "gp"),
    "port-beyond": ("permit udp any any eq 65536", "65536"),
    "wildcard-missing": ("permit ip 10.0.0.0 any any", "any any"),
    "address-wrong": ("permit ip host 10.0.0.256 any", "256 any"),
    "dscp-wrong": ("permit ip any any dscp 64", "64"),
    "trailing": ("permit ip any any sometimes", "sometimes"),
    "number-zero": ("0 permit ip any any", "0 permit ip any any"),
}


@pytest.mark.parametrize(("line", "rest"), REFUSED.values(), ids=REFUSED)
def test_wrong_entries(line: str, rest: str | None) -> None:
    screen = Screen("12.4")
    screen.enter("configure terminal", "ip access-list extended A")
    said = screen.enter(line).split("\r\n")
    if rest is None:
        assert said[1] == "% Incomplete command."
    else:
        assert said[1] == " " * (len("R1(config-ext-nacl)#") + len(line) - len(rest)) + "^"
    assert screen.running() == ["ip access-list extended A"]


NUMBERED = {
    "by-tens": (["permit ip host 10.0.0.1 any", "permit ip host 10.0.0.2 any"], [(10, "1"), (20, "2")]),
    "inserted": (["permit ip host 10.0.0.1 any", "5 permit ip host 10.0.0.2 any"], [(5, "2"), (10, "1")]),
    "after-the-last": (["17 permit ip host 10.0.0.1 any", "permit ip host 10.0.0.2 any"], [(17, "1"), (27, "2")]),
    "not-twice": (["permit ip host 10.0.0.1 any", "permit ip 10.0.0.1 0.0.0.0 any"], [(10, "1")]),
    "removed-by-number": (["permit ip host 10.0.0.1 any", "permit ip host 10.0.0.2 any", "no 10"], [(20, "2")]),
    "removed-by-text": (["permit ip host 10.0.0.1 any", "no permit ip host 10.0.0.1 any"], []),
    "number-taken": (["permit ip host 10.0.0.1 any", "10 permit ip host 10.0.0.2 any"], [(10, "1")]),
    "again-with-its-number": (["permit ip host 10.0.0.1 any", "10 permit ip host 10.0.0.1 any"], [(10, "1")]),
    "resequenced": (
        ["permit ip host 10.0.0.1 any", "12 permit ip host 10.0.0.2 any", "ip access-list resequence A 100 5"],
        [(100, "1"), (105, "2")],
    ),
    "remarks-have-no-entry": (["remark why", "permit ip host 10.0.0.1 any"], [(10, "1")]),
}


@pytest.mark.parametrize("runs", ["12.4(22)T5", "17.6.5"])
@pytest.mark.parametrize(("typed", "held"), NUMBERED.values(), ids=NUMBERED)
def test_numbers(runs: str, typed: list[str], held: list[tuple[int, str]]) -> None:
    configuration = Configuration(release(runs))
    stack = [configuration.top]
    for line in ["ip access-list extended A", *typed]:
        assert isinstance(configuration.type_line(stack, line), Accepted)
    assert entries(configuration, "A") == [Entry(number, f"permit ip host 10.0.0.{last} any") for number, last in held]


TYPED = ["access-list 7 remark who", "access-list 7 permit 10.0.0.0 0.0.0.255", "access-list 7 deny host 10.1.0.1",
         "ip access-list extended A", "remark why", "deny udp any any eq 848", "permit ip any any",
         "ip access-list standard S", "permit any", "ipv6 access-list X", "deny udp any any eq 848",
         "sequence 25 permit ipv6 2001:db8::/32 any"]  # fmt: skip
PRINTED = {
    "15.4(3)M2": [
        "ip access-list standard S", " permit any",
        "ip access-list extended A", " remark why", " deny   udp any any eq 848", " permit ip any any",
        "access-list 7 remark who", "access-list 7 permit 10.0.0.0 0.0.0.255", "access-list 7 deny   10.1.0.1",
        "ipv6 access-list X", " deny udp any any eq 848", " sequence 25 permit ipv6 2001:DB8::/32 any",
    ],
    "17.6.5": [
        "ip access-list standard 7", " 10 remark who", " 10 permit 10.0.0.0 0.0.0.255", " 20 deny   10.1.0.1",
        "ip access-list standard S", " 10 permit any",
        "ip access-list extended A", " 10 remark why", " 10 deny   udp any any eq 848", " 20 permit ip any any",
        "ipv6 access-list X", " sequence 10 deny udp any any eq 848", " sequence 25 permit ipv6 2001:DB8::/32 any",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("runs", "printed"), PRINTED.items(), ids=PRINTED)
def test_how_releases_print_them(runs: str, printed: list[str]) -> None:
    configuration = Configuration(release(runs))
    assert configuration.load(TYPED) == []
    assert [line for line in configuration.lines() if line != "!"] == printed


def test_a_numbered_list_has_two_names() -> None:
    configuration = Configuration(release("15.4(3)M2"))
    configuration.load(["access-list 150 permit ip any any", "ip access-list extended 150", "5 deny tcp any any"])
    assert [line for line in configuration.lines() if line != "!"] == [
        "access-list 150 deny   tcp any any",
        "access-list 150 permit ip any any",
    ]
    stack = [configuration.top]
    configuration.type_line(stack, "no access-list 150 deny tcp any any")
    assert access_lists(configuration) == []


def test_lists_are_listed_by_kind_and_name() -> None:
    configuration = Configuration(release("12.4(22)T5"))
    configuration.load(
        ["ip access-list extended B", "access-list 12 permit any", "access-list 2 permit any", "ipv6 access-list A"]
    )
    assert access_lists(configuration) == [
        AccessList("2", "standard", (Entry(10, "permit any"),)),
        AccessList("12", "standard", (Entry(10, "permit any"),)),
        AccessList("B", "extended", ()),
        AccessList("A", "ipv6", ()),
    ]
    assert entries(configuration, "none") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ip access-list standard 150", "% Invalid access list name."),
        ("ip access-list standard A", "%A named extended IP access list with this name already exists"),
    ],
)
def test_names_that_do_not_fit(line: str, said: str) -> None:
    screen = Screen("15")
    screen.enter("configure terminal", "ip access-list extended A")
    assert said in screen.enter(line)
