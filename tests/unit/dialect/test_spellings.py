"""Lines that say the same are spelled the same, and lines that do not are not."""

from __future__ import annotations

import pytest

from getvpn_ops.dialect.spellings import spell, spell_entry

SAME = {
    "gkm": ("", "crypto gkm group WAN", "crypto gdoi group WAN"),
    "encryption": ("isakmp-policy", "encryption aes 128", "encr aes"),
    "pre-shared": ("isakmp-policy", "authentication pre-shared", "authentication pre-share"),
    "ca": ("", "crypto ca trustpoint CA", "crypto pki trustpoint CA"),
    "key type 0": (
        "", "crypto isakmp key 0 <redacted sha256:0123456789ab> address 10.0.0.1",
        "crypto isakmp key <redacted sha256:0123456789ab> address 10.0.0.1",
    ),
    "host mask of a peer": ("", "crypto isakmp key k address 10.0.0.1 255.255.255.255",
                            "crypto isakmp key k address 10.0.0.1"),
    "transforms in any order": ("", "crypto ipsec transform-set T esp-sha-hmac esp-aes 128",
                                "crypto ipsec transform-set T esp-aes esp-sha-hmac"),
    "days": ("gdoi-local-server", "rekey lifetime days 2", "rekey lifetime seconds 172800"),
    "days of a profile": ("ipsec-profile", "set security-association lifetime days 1",
                          "set security-association lifetime seconds 86400"),
    "family of a list": ("crypto-map", "match address ipv4 LOCAL", "match address LOCAL"),
}  # fmt: skip

OTHER = {
    "key size": ("isakmp-policy", "encr aes 256", "encr aes"),
    "a key called 0": ("", "crypto isakmp key 0 address 10.0.0.1", "crypto isakmp key address 10.0.0.1"),
    "wider mask": ("", "crypto isakmp key k address 10.0.0.0 255.255.255.0", "crypto isakmp key k address 10.0.0.0"),
    "transforms": ("", "crypto ipsec transform-set T esp-aes 256", "crypto ipsec transform-set T esp-aes"),
    "encryption of IKEv2": ("ikev2-proposal", "encryption aes-cbc-256", "encr aes-cbc-256"),
}

ENTRIES_SAME = {
    "numbers and blanks": ("10 deny   udp any eq 848  any eq 848", "deny udp any eq 848 any eq 848"),
    "port names": ("permit tcp any any eq www", "permit tcp any any eq 80"),
    "ports of both sides": ("deny tcp any eq tacacs any eq bgp", "deny tcp any eq 49 any eq 179"),
    "a range": ("permit udp any range ntp snmp any", "permit udp any range 123 161 any"),
    "protocol numbers": ("deny 89 any any", "deny ospf any any"),
    "a host": ("permit ip 10.0.0.1 0.0.0.0 any", "permit ip host 10.0.0.1 any"),
    "everything": ("permit ip 10.0.0.1 255.255.255.255 any", "permit ip any any"),
    "bits that are ignored": ("deny ip any 224.0.0.9 0.255.255.255", "deny ip any 224.0.0.0 0.255.255.255"),
    "a standard host": ("20 permit 10.254.7.2", "permit host 10.254.7.2"),
    "IPv6": ("sequence 20 permit ipv6 2001:DB8::/32 any", "permit ipv6 2001:db8::/32 any"),
    "IPv6, number behind": ("permit ipv6 any 2001:db8::1/128 sequence 30", "permit ipv6 any host 2001:DB8::1"),
}

ENTRIES_OTHER = {
    "action": ("permit ip any any", "deny ip any any"),
    "syslog of TCP and of UDP": ("deny tcp any any eq syslog", "deny udp any any eq syslog"),
    "sides": ("deny tcp any eq 22 any", "deny tcp any any eq 22"),
    "options": ("permit tcp any any established", "permit tcp any any"),
    "wildcard": ("permit ip 10.0.0.0 0.0.0.255 any", "permit ip 10.0.0.0 0.0.0.127 any"),
    "fragments": ("permit ip any any fragments", "permit ip any any log"),
    "nonsense": ("permit ip 10.0.0.0 any", "permit ip host 10.0.0.0 any"),
}


@pytest.mark.parametrize("name", SAME)
def test_same(name: str) -> None:
    mode, one, other = SAME[name]
    assert spell(mode, one) == spell(mode, other)


@pytest.mark.parametrize("name", OTHER)
def test_other(name: str) -> None:
    mode, one, other = OTHER[name]
    assert spell(mode, one) != spell(mode, other)


@pytest.mark.parametrize("name", ENTRIES_SAME)
def test_same_entry(name: str) -> None:
    one, other = ENTRIES_SAME[name]
    assert spell_entry(one) == spell_entry(other)


@pytest.mark.parametrize("name", ENTRIES_OTHER)
def test_other_entry(name: str) -> None:
    one, other = ENTRIES_OTHER[name]
    assert spell_entry(one) != spell_entry(other)
