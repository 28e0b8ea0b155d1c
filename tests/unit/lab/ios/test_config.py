"""What typed configuration lines change, how they are refused, and how the whole is printed and read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from screens import RELEASES, Screen

from getvpn_ops.lab.ios.configuration.config import Configuration
from getvpn_ops.lab.ios.releases import release

DATA = Path(__file__).parents[3] / "data" / "lab" / "configurations"
FAMILIES = {"124": "12.4(22)T5", "15": "15.4(3)M2", "17": "17.6.5"}
SAMPLES = {path.stem: FAMILIES[path.stem.split("-")[1]] for path in sorted(DATA.glob("*.txt"))}


@pytest.mark.parametrize(("name", "runs"), SAMPLES.items(), ids=SAMPLES)
def test_what_is_printed_loads_again(name: str, runs: str) -> None:
    lines = (DATA / f"{name}.txt").read_text().splitlines()
    first, second = Configuration(release(runs)), Configuration(release(runs))
    assert first.load(lines) == []
    printed = list(first.lines())
    assert second.load(printed) == []
    assert list(second.lines()) == printed
    assert len(printed) > len(lines) * 0.9
    assert list(first.copy().lines()) == printed


# Lines that a router prints in other words than they were typed in.
RESPELT = {
    "branch-15-zone-qos": {"permit udp any any eq 4500": "permit udp any any eq non500-isakmp"},
    "gm-124-branch": {"permit host 10.99.0.9": "permit 10.99.0.9", "deny 89 any any": "deny ospf any any"},
    "gm-17-vrf-lite": {"20 deny udp any any eq 500": "20 deny udp any any eq isakmp"},
    "ks-15-coop": {"deny tcp any any eq 179": "deny tcp any any eq bgp"},
}
ADDED = {"no tag", "no ip address"}


@pytest.mark.parametrize(("name", "runs"), SAMPLES.items(), ids=SAMPLES)
def test_every_line_is_printed_back(name: str, runs: str) -> None:
    lines = (DATA / f"{name}.txt").read_text().splitlines()
    configuration = Configuration(release(runs))
    configuration.load(lines)
    respelt = RESPELT.get(name, {})
    typed = sorted(respelt.get(text, text) for text in (" ".join(line.split()) for line in lines))
    printed = sorted(
        text for text in (" ".join(line.split()) for line in configuration.lines()) if text not in {"!", *ADDED}
    )
    assert printed == [line for line in typed if line not in ADDED]


def test_a_line_is_worked_out_once_for_all_routers(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (DATA / "gm-124-branch.txt").read_text().splitlines()
    router = release(RELEASES["12.4"])
    Configuration(router).load(lines)

    def walk(*_: object) -> None:
        raise AssertionError("a line that is known is looked into again")

    monkeypatch.setattr("getvpn_ops.lab.ios.configuration.syntax.Syntax._walk", walk)
    assert Configuration(router).load(lines) == []


HELD = {
    "keywords-in-any-case": (
        "17",
        ["Crypto IPsec Transform-Set T ESP-AES 256 Esp-Sha-Hmac"],
        ["crypto ipsec transform-set T esp-aes 256 esp-sha-hmac"],
    ),
    "a-blank-in-a-name": (
        "12.4",
        ["Interface Loopback 0", "Ip address 10.0.0.1 255.255.255.255"],
        ["interface Loopback0", " ip address 10.0.0.1 255.255.255.255"],
    ),
    "a-group-whose-name-begins-a-keyword": ("17", ["crypto gdoi group ip"], ["crypto gdoi group ip"]),
    "identity-replaced": (
        "15",
        ["crypto gdoi group G", "identity number 7", "identity address ipv4 10.0.0.7"],
        ["crypto gdoi group G", " identity address ipv4 10.0.0.7"],
    ),
    "servers-in-typed-order": (
        "12.4",
        ["crypto gdoi group G", "server address ipv4 10.9.0.2", "server address ipv4 10.9.0.1"],
        ["crypto gdoi group G", " server address ipv4 10.9.0.2", " server address ipv4 10.9.0.1"],
    ),
    "default-restores": (
        "12.4",
        ["crypto isakmp policy 5", "lifetime 300", "default lifetime"],
        ["crypto isakmp policy 5"],
    ),
    "no-restores": ("12.4", ["crypto isakmp policy 5", "group 5", "no group"], ["crypto isakmp policy 5"]),
    "default-turns-on-again": ("17", ["no ip domain lookup", "default ip domain lookup"], []),
    "old-spelling": (
        "17",
        ["no ip domain-lookup", "ip domain-name a.example", "logging 10.0.0.9"],
        ["no ip domain lookup", "ip domain name a.example", "logging host 10.0.0.9"],
    ),
    "old-release-keeps-it": ("12.4", ["logging 10.0.0.9"], ["logging 10.0.0.9"]),
    "multicast-again": (
        "12.4",
        [
            "crypto gdoi group G",
            "server local",
            "rekey authentication mypubkey rsa R",
            "rekey transport unicast",
            "no rekey transport unicast",
        ],
        ["crypto gdoi group G", " server local", "  rekey authentication mypubkey rsa R"],
    ),
    "policies-by-number": (
        "12.4",
        ["crypto isakmp policy 20", "crypto isakmp policy 3"],
        ["crypto isakmp policy 3", "crypto isakmp policy 20"],
    ),
    "interfaces-by-kind-and-number": (
        "17",
        ["interface Gi0/0/10", "interface Gi0/0/2", "interface lo1"],
        [
            "interface Loopback1",
            " no ip address",
            "interface GigabitEthernet0/0/2",
            " no ip address",
            "interface GigabitEthernet0/0/10",
            " no ip address",
        ],
    ),
    "map-entries-by-number": (
        "12.4",
        ["crypto map M 20 gdoi", "crypto map M 3 gdoi", "crypto map M local-address Loopback0"],
        ["crypto map M local-address Loopback0", "crypto map M 3 gdoi ", "crypto map M 20 gdoi "],
    ),
    "map-removed-whole": (
        "12.4",
        ["crypto map M 20 gdoi", "crypto map M local-address Loopback0", "no crypto map M"],
        [],
    ),
    "map-entry-removed": (
        "12.4",
        ["crypto map M 20 gdoi", "crypto map M 3 gdoi", "no crypto map M 20"],
        ["crypto map M 3 gdoi "],
    ),
    "one-list-each-way": (
        "17",
        ["interface Gi1", "ip access-group A in", "ip access-group B out", "ip access-group C in"],
        ["interface GigabitEthernet1", " no ip address", " ip access-group B out", " ip access-group C in"],
    ),
    "neighbours-together": (
        "15",
        [
            "router bgp 65001",
            "neighbor 10.0.0.9 remote-as 65009",
            "neighbor 10.0.0.2 remote-as 65002",
            "neighbor 10.0.0.9 timers 5 15",
        ],
        [
            "router bgp 65001",
            " neighbor 10.0.0.2 remote-as 65002",
            " neighbor 10.0.0.9 remote-as 65009",
            " neighbor 10.0.0.9 timers 5 15",
        ],
    ),
    "route-map-by-default": ("15", ["route-map R", "set metric 5"], ["route-map R permit 10", " set metric 5"]),
    "range-of-interfaces": (
        "15",
        ["interface range Fa0/1 - 2 , Vlan7", "shutdown"],
        [
            "interface FastEthernet0/1",
            " no ip address",
            " shutdown",
            "interface FastEthernet0/2",
            " no ip address",
            " shutdown",
            "interface Vlan7",
            " no ip address",
            " shutdown",
        ],
    ),
    "a-word-of-the-outer-mode-in-full": (
        "12.4",
        ["router eigrp 7", "network 10.0.0.0", "router bgp 65001"],
        ["router eigrp 7", " network 10.0.0.0", "router bgp 65001"],
    ),
    "no-tag-where-there-is-none": (
        "17",
        ["crypto gkm group G", "server local", "sa ipsec 1", "profile P"],
        ["crypto gkm group G", " server local", "  sa ipsec 1", "   profile P", "   no tag"],
    ),
    "address-family-is-closed": (
        "17",
        ["vrf definition V", "rd 1:1", "address-family ipv4", "exit-address-family", "rd 1:2"],
        ["vrf definition V", " rd 1:2", " address-family ipv4", " exit-address-family"],
    ),
    "shown-both-ways": (
        "12.4",
        ["no ip http server", "ip http secure-server", "no service password-encryption"],
        ["no service password-encryption", "no ip http server", "ip http secure-server"],
    ),
    "a-global-line-of-two-words-stays": ("12.4", ["logging buffered 9000", "no logging"], ["logging buffered 9000"]),
    "transforms-in-any-order": (
        "15",
        ["crypto ipsec transform-set T comp-lzs esp-sha-hmac esp-aes 128 ah-sha-hmac"],
        ["crypto ipsec transform-set T ah-sha-hmac esp-aes esp-sha-hmac comp-lzs"],
    ),
    "transforms-typed-again": (
        "12.4",
        [
            "crypto ipsec transform-set T esp-3des",
            "mode transport",
            "crypto ipsec transform-set T esp-md5-hmac esp-des",
        ],
        ["crypto ipsec transform-set T esp-des esp-md5-hmac", " mode transport"],
    ),
    "replay-by-time-in-place-of-counter": (
        "12.4",
        [
            "crypto gdoi group G",
            "server local",
            "sa ipsec 1",
            "replay counter window-size",
            "replay time window-size 5",
        ],
        ["crypto gdoi group G", " server local", "  sa ipsec 1", "   replay time window-size 5"],
    ),
    "replay-by-counter-in-place-of-nothing": (
        "12.4",
        ["crypto gdoi group G", "server local", "sa ipsec 1", "no replay", "replay counter window-size"],
        ["crypto gdoi group G", " server local", "  sa ipsec 1", "   replay counter window-size 64"],
    ),
    "no-replay": (
        "12.4",
        ["crypto gdoi group G", "server local", "sa ipsec 1", "replay time window-size 5", "no replay"],
        ["crypto gdoi group G", " server local", "  sa ipsec 1", "   no replay"],
    ),
    "replay-by-default": (
        "12.4",
        ["crypto gdoi group G", "server local", "sa ipsec 1", "no replay", "default replay"],
        ["crypto gdoi group G", " server local", "  sa ipsec 1"],
    ),
    "defaults-are-not-printed": (
        "15",
        [
            "crypto ipsec security-association lifetime seconds 3600",
            "crypto ipsec security-association lifetime kilobytes 4608000",
            "crypto ipsec security-association replay window-size 64",
            "crypto isakmp identity address",
        ],
        [],
    ),
    "abbreviation-that-only-the-global-mode-understands": (
        "15",
        ["interface Gi0/1", "acc 101 permit ip any any", "ip dhcp pool P", "int gi0/1", "shut"],
        [
            "ip dhcp pool P",
            "interface GigabitEthernet0/1",
            " no ip address",
            " shutdown",
            "access-list 101 permit ip any any",
        ],
    ),
    "port-by-default": (
        "15",
        ["interface Gi0/1", "ip address 10.0.0.1 255.255.255.0", "shutdown", "default interface Gi0/1"],
        ["interface GigabitEthernet0/1", " no ip address"],
    ),
    "banner-pasted-as-printed": ("15", ["banner motd ^C hands off ^C"], ["banner motd ^CC hands off ^C"]),
    "routes-to-a-prefix-removed": (
        "15",
        [
            "ip route 10.0.0.0 255.0.0.0 10.1.1.1",
            "ip route 10.0.0.0 255.0.0.0 10.1.1.2 200",
            "no ip route 10.0.0.0 255.0.0.0",
        ],
        [],
    ),
    "vrf-takes-the-address": (
        "15",
        ["vrf definition V", "interface Gi0/1", "ip address 10.0.0.1 255.255.255.0", "vrf forwarding V"],
        ["vrf definition V", "interface GigabitEthernet0/1", " vrf forwarding V", " no ip address"],
    ),
}


@pytest.mark.parametrize(("family", "typed", "held"), HELD.values(), ids=HELD)
def test_what_is_held(family: str, typed: list[str], held: list[str]) -> None:
    screen = Screen(family)
    screen.enter("configure terminal", *typed)
    assert [line for line in screen.running() if line.strip() != "!"] == held


INVALID = "% Invalid input detected at '^' marker."
SAID = {
    "new-map-entry": (
        [],
        "crypto map M 10 ipsec-isakmp",
        [
            "% NOTE: This new crypto map will remain disabled until a peer",
            "        and a valid access list have been configured.",
        ],
    ),
    "new-group-map-entry": (
        [],
        "crypto map M 10 gdoi",
        [
            "% NOTE: This new crypto map will remain disabled until a valid",
            "        group has been configured.",
        ],
    ),
    "the-same-group-entry": (["crypto map M 10 gdoi"], "crypto map M 10 gdoi", []),
    "map-that-is-not-there": (
        ["interface Gi3"],
        "crypto map M",
        ['ERROR: Crypto Map with tag "M" does not exist.'],
    ),
    "map-of-the-other-family": (
        ["crypto map M 10 gdoi", "interface Gi3"],
        "ipv6 crypto map M",
        ['ERROR: Crypto Map with tag "M" does not exist.'],
    ),
    "port-is-not-removed": (
        ["interface Gi3", "shutdown", "exit"],
        "no interface Gi3",
        ["% Removal of physical interfaces is not permitted"],
    ),
    "part-of-a-port-is": (["interface Gi3.5", "exit"], "no interface Gi3.5", []),
    "port-by-default": (
        ["interface Gi3", "shutdown", "exit"],
        "default interface Gi3",
        ["Interface GigabitEthernet3 set to default configuration"],
    ),
    "no-route-to-delete": (
        ["ip route 10.0.0.0 255.0.0.0 10.1.1.1"],
        "no ip route 10.0.0.0 255.0.0.0 10.1.1.2",
        ["%No matching route to delete"],
    ),
    "the-same-again": (["crypto map M 10 ipsec-isakmp"], "crypto map M 10 ipsec-isakmp", []),
    "map-in-use": (
        ["crypto map M 10 gdoi", "interface Gi3", "crypto map M", "exit"],
        "no crypto map M",
        ["% Crypto-map M is in use by interface(s): Gi3"],
    ),
    "one-entry-of-two": (
        ["crypto map M 10 gdoi", "crypto map M 20 gdoi", "interface Gi3", "crypto map M", "exit"],
        "no crypto map M 20",
        [],
    ),
    "group-to-come": (["crypto map M 10 gdoi"], "set group G", ["% group G doesn't yet exist."]),
    "group-of-the-other-family": (
        ["crypto gkm group ipv6 G", "crypto map M 10 gdoi"],
        "set group G",
        ["Group G is an IPv6 group and Crypto map is for IPv4.Please set an IPv4 group."],
    ),
    "host-mask": (["interface Gi1"], "ip address 10.0.0.1 255.255.255.255", ["Bad mask /32 for address 10.0.0.1"]),
    "network-address": (["interface Gi1"], "ip address 10.0.0.0 255.255.255.0", ["Bad mask /24 for address 10.0.0.0"]),
    "broken-mask": (["interface lo1"], "ip address 10.0.0.1 255.0.255.0", ["Bad mask 0xFF00FF00 for address 10.0.0.1"]),
    "overlap": (
        ["interface Gi1", "ip address 10.0.0.1 255.255.255.0", "interface Gi2"],
        "ip address 10.0.0.129 255.255.255.128",
        ["% 10.0.0.0 overlaps with GigabitEthernet1"],
    ),
    "no-overlap-in-another-vrf": (
        ["vrf definition V", "interface Gi1", "ip address 10.0.0.1 255.255.255.0", "interface Gi2", "vrf forwarding V"],
        "ip address 10.0.0.129 255.255.255.128",
        [],
    ),
    "transform-set-missing": (
        ["crypto ipsec profile P"],
        "set transform-set T",
        ['ERROR: transform set with tag "T" does not exist.'],
    ),
    "duplicate-number": (
        ["ip access-list extended A", "10 permit ip any any"],
        "10 deny ip any any",
        ["% Duplicate sequence number"],
    ),
    "incomplete": (["crypto gkm group G"], "identity number", ["% Incomplete command.", ""]),
    "incomplete-in-the-mode-around": (
        ["crypto gkm group G", "server local", "sa ipsec 1"],
        "no sa ipsec",
        ["% Incomplete command.", ""],
    ),
    "incomplete-no": ([], "no crypto", ["% Incomplete command.", ""]),
    "incomplete-list": ([], "no access-list", ["% Incomplete command.", ""]),
    "wrong-first-word": ([], "frobnicate 7", [" " * 13 + "^", INVALID, ""]),
    "wrong-value": (["crypto gkm group G", "server local"], "rekey retransmit 9", [" " * 38 + "^", INVALID, ""]),
    "wrong-mode": (["crypto gkm group G"], "replay time window-size 5", [" " * 23 + "^", INVALID, ""]),
    "rekey-typo": (["crypto gkm group G", "server local"], "rekey algoritm aes 128", [" " * 34 + "^", INVALID, ""]),
}


@pytest.mark.parametrize(("before", "line", "said"), SAID.values(), ids=SAID)
def test_what_the_router_says(before: list[str], line: str, said: list[str]) -> None:
    screen = Screen("17")
    screen.enter("configure terminal", *before)
    assert screen.enter(line).split("\r\n")[1:-1] == said


def test_a_refused_line_changes_nothing() -> None:
    screen = Screen("17")
    screen.enter("configure terminal", "interface Gi1", "ip address 10.0.0.1 255.255.255.0")
    before = screen.running()
    screen.enter(
        "ip address 10.0.0.1 255.255.255.255", "ip address 10.0.0.300 255.255.255.0", "no crypto", "crypto gkm"
    )
    assert screen.running() == before


def test_a_key_server_group_is_not_removed_unasked() -> None:
    screen = Screen("15", 15, "crypto gkm group G", "identity number 7", "server local")
    screen.enter("configure terminal")
    assert screen.enter("no crypto gkm group G").endswith("Do you want to continue ? [yes/no]: ")
    screen.enter("no")
    assert "crypto gkm group G" in screen.running()
    screen.enter("no crypto gkm group G", "yes")
    assert screen.running() == []


def test_incomplete_rekey_is_remarked_and_warned_of() -> None:
    screen = Screen("12.4")
    screen.enter("configure terminal", "crypto gdoi group G", "server local", "rekey transport unicast")
    assert "%Warning Rekey Config is Incomplete, Rekey is disabled" in screen.enter("end")
    assert screen.running()[2:4] == [
        "  ! Incomplete unicast rekey configuration",
        "  ! Rekey authentication is not configured",
    ]


def test_what_stands_between_the_lines() -> None:
    configuration = Configuration(release("15.4(3)M2"))
    configuration.load(
        [
            "hostname A",
            "router bgp 65001",
            "bgp router-id 10.0.0.1",
            "address-family ipv4 vrf V",
            "redistribute static",
            "access-list 7 permit 10.0.0.1",
            "access-list 8 permit any",
            "vrf definition V",
            "address-family ipv4",
            "crypto pki certificate chain T",
            "certificate ca 01",
            "30820201 0A",
            "quit",
        ]
    )
    assert list(configuration.lines()) == [
        "!", "hostname A",
        "!", "vrf definition V", " !", " address-family ipv4", " exit-address-family",
        "!", "crypto pki certificate chain T", " certificate ca 01", "  30820201 0A", "  \tquit",
        "!", "router bgp 65001", " bgp router-id 10.0.0.1", " !", " address-family ipv4 vrf V", "  redistribute static",
        " exit-address-family",
        "!", "access-list 7 permit 10.0.0.1", "access-list 8 permit any",
        "!",
    ]  # fmt: skip
