"""What configurations ask for, and whether two ends agree in IKE."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from networks import NEW, OLD, key_server, member

from getvpn_ops.lab.gdoi import intent, policy
from getvpn_ops.lab.gdoi.ike import End, Ike, Verdict, ike, judge
from getvpn_ops.lab.gdoi.lists import ace, admits, covers
from getvpn_ops.lab.gdoi.state import Ace
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.lab.ios.router import Router

ALL = 0xFFFFFFFF


def router(*lines: str, text: str = NEW, name: str = "r") -> Router:
    made = Router(hostname=name, release=release(text))
    assert made.load(lines) == []
    return made


def served(*lines: str, text: str = NEW) -> intent.Serving:
    (found,) = intent.serving(router(*lines, text=text).running)
    return found


def joined(*lines: str) -> intent.Joining:
    return intent.joining(router(*lines))[0]


def test_a_key_server() -> None:
    found = served(*key_server("ks1", "authorization address ipv4 members", "sa receive-only"))
    assert (found.group, found.identity, found.address) == ("gdoi-group1", "12345", IPv4Address("192.0.2.1"))
    assert (found.algorithm, found.kek_lifetime, found.retransmit) == (("AES", 128), 28800, (10, 3))
    assert (found.label, found.unicast, found.receive_only) == ("REKEYRSA", True, True)
    assert (found.priority, found.peers) == (191, (IPv4Address("192.0.2.2"), IPv4Address("192.0.2.3")))
    assert found.members_list == "members"
    (only,) = found.associations
    assert (only.profile, only.transform, only.lifetime) == ("profile1", ("esp-aes", "esp-sha-hmac"), 7200)
    assert (only.acl, len(only.entries), only.replay) == ("getvpn-acl", 4, ("time", 5))
    assert found.is_complete


def test_defaults() -> None:
    found = served(
        *("crypto ipsec transform-set t esp-3des", "crypto ipsec profile p", " set transform-set t"),
        *("crypto gdoi group g", " identity address ipv4 192.0.2.77", " server local", "  sa ipsec 9", "   profile p"),
    )
    assert (found.algorithm, found.kek_lifetime, found.retransmit) == (("3DES", 192), 86400, (10, 2))
    assert (found.unicast, found.label, found.priority, found.redundant) == (False, "", 1, False)
    assert (found.identity, found.sig_hash, found.acknowledgement) == ("192.0.2.77", "sha", "cisco")
    assert [item.lifetime for item in found.associations] == [3600]
    assert not found.associations[0].is_complete
    assert not found.is_complete


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("set security-association lifetime seconds 1800", 1800), ("set security-association lifetime days 2", 172800)],
)
def test_lifetimes(line: str, seconds: int) -> None:
    found = served(
        *key_server("ks1"), "crypto ipsec profile profile1", " no set security-association lifetime seconds", f" {line}"
    )
    assert found.associations[0].lifetime == seconds


def test_a_member() -> None:
    found = joined(
        *member("gm1", "passive"),
        "ip access-list extended mine",
        " deny ip any host 10.9.9.9",
        "crypto map gdoimap 1 gdoi",
        " match address mine",
    )
    assert (found.group, found.identity, found.passive) == ("gdoi-group1", "12345", True)
    assert found.servers == tuple(IPv4Address(f"192.0.2.{number}") for number in (1, 2, 3))
    assert (found.crypto_map, found.interfaces, found.up) == (("gdoimap", 1), ("FastEthernet4",), ("FastEthernet4",))
    assert (found.address, found.vrf) == (IPv4Address("198.51.100.1"), "")
    assert [entry.text for entry in found.entries] == ["deny ip any host 10.9.9.9"]


@pytest.mark.parametrize(
    ("lines", "interfaces", "address"),
    [
        (("interface FastEthernet4", " shutdown"), ("FastEthernet4",), None),
        (("interface FastEthernet4", " no crypto map gdoimap"), (), None),
        (("crypto map gdoimap local-address Loopback3",), ("FastEthernet4",), None),
        (
            (
                "crypto map gdoimap local-address Loopback3",
                "interface Loopback3",
                " ip address 203.0.113.9 255.255.255.255",
            ),
            ("FastEthernet4",),
            "203.0.113.9",
        ),
        (
            ("interface FastEthernet5", " ip address 203.0.113.8 255.255.255.0", " crypto map gdoimap"),
            ("FastEthernet4", "FastEthernet5"),
            "198.51.100.1",
        ),
    ],
)
def test_where_a_map_is_applied(lines: tuple[str, ...], interfaces: tuple[str, ...], address: str | None) -> None:
    found = joined(*member("gm1"), *lines)
    assert found.interfaces == interfaces
    assert found.address == (None if address is None else IPv4Address(address))


def test_a_group_that_no_map_names_is_listed_last() -> None:
    lines = ("crypto gdoi group aaa", " identity number 5", *member("gm1"))
    assert [(found.group, found.crypto_map[0]) for found in intent.joining(router(*lines))] == [
        ("gdoi-group1", "gdoimap"),
        ("aaa", ""),
    ]


@pytest.mark.parametrize(
    ("text", "protocol", "source", "destination", "ports"),
    [
        ("permit ip any any", "ip", (0, ALL), (0, ALL), (None, None)),
        ("deny udp any eq 848 any eq 848", "udp", (0, ALL), (0, ALL), (848, 848)),
        ("deny tcp any any eq tacacs", "tcp", (0, ALL), (0, ALL), (None, 49)),
        ("deny udp any eq ntp any", "udp", (0, ALL), (0, ALL), (123, None)),
        ("permit tcp 10.1.0.0 0.0.255.255 host 10.2.2.2", "tcp", (0x0A010000, 0xFFFF), (0x0A020202, 0), (None, None)),
        ("permit tcp any range 5 9 host 10.2.2.2 eq 22", "tcp", (0, ALL), (0x0A020202, 0), (None, 22)),
        ("deny pim any host 224.0.0.13", "pim", (0, ALL), (0xE000000D, 0), (None, None)),
    ],
)
def test_entries(
    text: str,
    protocol: str,
    source: tuple[int, int],
    destination: tuple[int, int],
    ports: tuple[int | None, int | None],
) -> None:
    found = ace(text)
    assert found == Ace(text.startswith("permit"), protocol, source, destination, *ports, text)


def test_an_address_and_a_wildcard() -> None:
    pair = (0x0A010000, 0x0000FF00)
    assert covers(pair, IPv4Address("10.1.7.0"))
    assert not covers(pair, IPv4Address("10.1.7.1"))


@pytest.mark.parametrize(
    ("lines", "address", "admitted"),
    [
        ((), "192.0.2.1", True),
        (("ip access-list standard who", " permit 192.0.2.1"), "192.0.2.1", True),
        (("ip access-list standard who", " permit 192.0.2.1"), "192.0.2.2", False),
        (("ip access-list standard who", " deny 192.0.2.1", " permit any"), "192.0.2.1", False),
        (("ip access-list standard who", " permit 192.0.2.0 0.0.0.255"), "192.0.2.200", True),
        (("ip access-list extended who", " permit ip host 192.0.2.5 any"), "192.0.2.5", True),
        (("access-list 5 permit 192.0.2.6",), "192.0.2.6", True),
    ],
)
def test_who_may_register(lines: tuple[str, ...], address: str, *, admitted: bool) -> None:
    name = "5" if lines[:1] == ("access-list 5 permit 192.0.2.6",) else "who"
    assert admits(router(*lines).running, name, IPv4Address(address)) is admitted


A, B = IPv4Address("192.0.2.1"), IPv4Address("198.51.100.1")
SHARED = ("crypto isakmp policy 1", " encr aes", " authentication pre-share", " group 2")


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        (
            (*SHARED, "crypto isakmp key k address 192.0.2.1"),
            (*SHARED, "crypto isakmp key k address 198.51.100.1"),
            Verdict.AGREED,
        ),
        (
            (*SHARED, "crypto isakmp key k address 192.0.2.1"),
            (*SHARED, "crypto isakmp key other address 198.51.100.1"),
            Verdict.KEY,
        ),
        ((*SHARED, "crypto isakmp key k address 192.0.2.1"), SHARED, Verdict.KEY),
        (SHARED, (*SHARED, "crypto isakmp key k address 198.51.100.1"), Verdict.KEY),
        (
            (*SHARED, "crypto isakmp key k address 192.0.2.1"),
            (*SHARED, " hash md5", "crypto isakmp key k address 198.51.100.1"),
            Verdict.POLICY,
        ),
        (
            (*SHARED, "crypto isakmp key k address 192.0.2.1"),
            (
                *SHARED,
                "crypto isakmp key wide address 0.0.0.0 0.0.0.0",
                "crypto isakmp key k address 198.51.100.0 255.255.255.0",
            ),
            Verdict.AGREED,
        ),
        (("crypto isakmp policy 1", " encr aes"), ("crypto isakmp policy 1", " encr aes"), Verdict.CERTIFICATE),
        (
            (*SHARED, "crypto keyring x", " pre-shared-key address 192.0.2.1 key k"),
            (*SHARED, "crypto isakmp key 0 k address 198.51.100.1"),
            Verdict.AGREED,
        ),
        (
            (*SHARED, "vrf definition V", "crypto keyring x vrf V", " pre-shared-key address 192.0.2.1 key k"),
            (*SHARED, "crypto isakmp key k address 198.51.100.1"),
            Verdict.KEY,
        ),
    ],
)
def test_ike(ours: tuple[str, ...], theirs: tuple[str, ...], verdict: Verdict) -> None:
    one, other = router(*ours, name="one"), router(*theirs, name="other")
    assert judge(End(one, ike(one), B), End(other, ike(other), A)) is verdict


@pytest.mark.parametrize(("text", "count"), [("12.4(15)T17", 0), (OLD, 8), (NEW, 8)])
def test_policies_that_nobody_configured(text: str, count: int) -> None:
    assert len(ike(router(text=text)).policies) == count


def test_a_key_of_type_6_without_its_master_key_is_no_key() -> None:
    held = router("crypto isakmp key 6 ABCDEFGHIJ address 192.0.2.1")
    assert ike(held) == Ike(ike(held).policies, (), "r", "address")


def test_an_excess_of_entries_does_not_count_as_a_difference() -> None:
    lines = key_server("ks1")
    more = [f" permit ip 10.{number}.0.0 0.0.255.255 any" for number in range(120)]
    full = [*lines, "ip access-list extended getvpn-acl", *more]
    before, after = served(*full), served(*full, " permit gre any any")
    assert before.associations[0].excess == 24
    assert policy.differences(before, after) == ()
