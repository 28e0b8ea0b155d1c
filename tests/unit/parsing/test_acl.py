"""Every spelling of an access-list entry that IOS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.model.plain import to_plain

if TYPE_CHECKING:
    from getvpn_ops.model.acl import Ace

ANY = "any"


def short(ace: Ace) -> dict[str, object]:
    """Only what is set, in one line: addresses and ports as text."""
    plain = to_plain(ace)
    del plain["text"]
    for side in ("source", "destination"):
        if plain[side] is not None:
            address = plain[side]
            plain[side] = (
                f"{address['address']} ignoring {address['wildcard']}"
                if address["wildcard"]
                else address["network"] or f"group {address['object_group']}"
            )
        if (port := plain[f"{side}_port"]) is not None:
            plain[f"{side}_port"] = " ".join([port["operator"], *map(str, port["ports"])])
    return {key: value for key, value in plain.items() if value not in (None, [])}


CASES: dict[str, dict[str, object]] = {
    # standard lists
    "permit any": {"action": "permit", "source": ANY},
    "permit 10.1.1.1": {"action": "permit", "source": "10.1.1.1/32"},
    "permit host 10.1.1.1": {"action": "permit", "source": "10.1.1.1/32"},
    "access-list 1 permit 239.192.1.190 0.0.0.0": {"action": "permit", "source": "239.192.1.190/32"},
    "10 permit 10.0.0.0, wildcard bits 0.0.0.255 (3 matches)": {
        "action": "permit", "source": "10.0.0.0/24", "sequence": 10, "matches": 3,
    },
    "20 deny   10.0.0.0, wildcard bits 0.255.0.255 log (1 match)": {
        "action": "deny", "source": "10.0.0.0 ignoring 0.255.0.255", "options": ["log"], "sequence": 20, "matches": 1,
    },
    # what show crypto gdoi prints
    "access-list deny udp any port = 848 any port = 848": {
        "action": "deny", "protocol": "udp", "source": ANY, "source_port": "eq 848",
        "destination": ANY, "destination_port": "eq 848",
    },
    "access-list   deny udp any port = 848 any": {
        "action": "deny", "protocol": "udp", "source": ANY, "source_port": "eq 848", "destination": ANY,
    },
    "access-list  permit ip 10.0.0.0 0.255.255.255 any": {
        "action": "permit", "protocol": "ip", "source": "10.0.0.0/8", "destination": ANY,
    },
    "access-list LAB-v6  permit ipv6 1900::/16 any": {
        "action": "permit", "protocol": "ipv6", "source": "1900::/16", "destination": ANY,
    },
    "access-list deny-all permit ip any any": {
        "action": "permit", "protocol": "ip", "source": ANY, "destination": ANY,
    },
    "access-list 101 10 permit esp any any": {
        "action": "permit", "protocol": "esp", "source": ANY, "destination": ANY, "sequence": 10,
    },
    "deny tcp any any port > 1023": {
        "action": "deny", "protocol": "tcp", "source": ANY, "destination": ANY, "destination_port": "gt 1023",
    },
    # extended lists
    "10 permit tcp any any eq www (5 matches)": {
        "action": "permit", "protocol": "tcp", "source": ANY, "destination": ANY, "destination_port": "eq 80",
        "sequence": 10, "matches": 5,
    },
    "deny ip any 224.0.0.0 15.255.255.255": {
        "action": "deny", "protocol": "ip", "source": ANY, "destination": "224.0.0.0/4",
    },
    "permit ip 10.1.0.1 0.0.255.0 host 10.9.9.9": {
        "action": "permit", "protocol": "ip", "source": "10.1.0.1 ignoring 0.0.255.0", "destination": "10.9.9.9/32",
    },
    "permit ip 10.1.2.3 0.0.0.255 0.0.0.0 255.255.255.255": {
        "action": "permit", "protocol": "ip", "source": "10.1.2.0/24", "destination": "0.0.0.0/0",
    },
    "deny tcp any eq tacacs any": {
        "action": "deny", "protocol": "tcp", "source": ANY, "source_port": "eq 49", "destination": ANY,
    },
    "permit tcp any range 1024 65535 any eq 22 www 8080 established log": {
        "action": "permit", "protocol": "tcp", "source": ANY, "source_port": "range 1024 65535", "destination": ANY,
        "destination_port": "eq 22 80 8080", "options": ["established", "log"],
    },
    "permit udp any neq snmp any lt 500": {
        "action": "permit", "protocol": "udp", "source": ANY, "source_port": "neq 161", "destination": ANY,
        "destination_port": "lt 500",
    },
    "permit tcp any any match-all +syn -ack": {
        "action": "permit", "protocol": "tcp", "source": ANY, "destination": ANY,
        "options": ["match-all", "+syn", "-ack"],
    },
    "permit icmp any any packet-too-big": {
        "action": "permit", "protocol": "icmp", "source": ANY, "destination": ANY, "options": ["packet-too-big"],
    },
    "permit icmp any any 3 4": {
        "action": "permit", "protocol": "icmp", "source": ANY, "destination": ANY, "options": ["3", "4"],
    },
    "permit ip any any dscp ef fragments time-range WORK (inactive) log-input (9 matches)": {
        "action": "permit", "protocol": "ip", "source": ANY, "destination": ANY, "matches": 9,
        "options": ["dscp", "ef", "fragments", "time-range", "WORK", "(inactive)", "log-input"],
    },
    "permit igmp any host 224.0.0.22 tos min-delay precedence internet": {
        "action": "permit", "protocol": "igmp", "source": ANY, "destination": "224.0.0.22/32",
        "options": ["tos", "min-delay", "precedence", "internet"],
    },
    "permit 88 any any": {"action": "permit", "protocol": "88", "source": ANY, "destination": ANY},
    "permit object-group SVC object-group A object-group B": {
        "action": "permit", "protocol": "object-group SVC", "source": "group A", "destination": "group B",
    },
    "10 permit tcp any any reflect OUT timeout 300 (12 matches)": {
        "action": "permit", "protocol": "tcp", "source": ANY, "destination": ANY, "sequence": 10, "matches": 12,
        "options": ["reflect", "OUT", "timeout", "300"],
    },
    "permit tcp host 10.1.1.1 eq telnet host 10.2.2.2 eq 1035 (10 matches) (time left 299)": {
        "action": "permit", "protocol": "tcp", "source": "10.1.1.1/32", "source_port": "eq 23",
        "destination": "10.2.2.2/32", "destination_port": "eq 1035", "matches": 10, "options": ["(time left 299)"],
    },
    "20 Dynamic lock permit ip any any": {
        "action": "permit", "protocol": "ip", "source": ANY, "destination": ANY, "sequence": 20,
        "options": ["Dynamic lock"],
    },
    "30 evaluate OUT": {"action": "evaluate", "options": ["OUT"], "sequence": 30},
    "40 remark (3 matches) are no counter here, sequence 7": {
        "action": "remark", "options": ["(3 matches) are no counter here, sequence 7"], "sequence": 40,
    },
    "remark": {"action": "remark"},
    # IPv6
    "permit ipv6 2001:DB8::/32 any sequence 10": {
        "action": "permit", "protocol": "ipv6", "source": "2001:db8::/32", "destination": ANY, "sequence": 10,
    },
    "permit udp host 2001:DB8::1 eq isakmp any (8 matches) sequence 20": {
        "action": "permit", "protocol": "udp", "source": "2001:db8::1/128", "source_port": "eq 500", "destination": ANY,
        "sequence": 20, "matches": 8,
    },
    "sequence 30 deny icmp any any nd-na": {
        "action": "deny", "protocol": "icmp", "source": ANY, "destination": ANY, "sequence": 30, "options": ["nd-na"],
    },
    "permit ipv6 2001:DB8:1::5 ::FFFF any": {
        "action": "permit", "protocol": "ipv6", "source": "2001:db8:1::/112", "destination": ANY,
    },
}  # fmt: skip


@pytest.mark.parametrize("text", CASES, ids=str)
def test_entry(text: str) -> None:
    assert short(parse_ace(text)) == CASES[text]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10 permit  tcp any\tany eq www (5 matches)", "permit tcp any any eq www"),
        ("permit ipv6 any any (2 matches) sequence 10", "permit ipv6 any any"),
        ("access-list X  deny udp any port = 848 any", "deny udp any port = 848 any"),
    ],
)
def test_text_has_neither_number_nor_counter(text: str, said: str) -> None:
    assert parse_ace(text).text == said


BAD = {
    "": "action is missing",
    "permit": "protocol is missing",
    "allow ip any any": "no action",
    "permit foo any any": "no protocol",
    "permit ip any": "address is missing",
    "permit ip any host": "address is missing",
    "permit ip any host 10.1.1.256": "10.1.1.256",
    "permit ip 10.0.0.0/33 any": "10.0.0.0/33",
    "permit 10.0.0.0, mask 0.0.0.255": "wildcard bits",
    "permit ip 10.0.0.0 2001:db8::1 any": "two IP versions",
    "permit tcp any any eq": "port is missing",
    "permit tcp any any eq 65536": "no port",
    "permit udp any any eq telnet": "no udp port",
    "permit tcp any any range 1": "end of the range is missing",
    "deny udp any port : 848 any": "expected '='",
    "10 Dynamic": "name of the dynamic list is missing",
}


@pytest.mark.parametrize("text", BAD, ids=str)
def test_error_says_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=BAD[text]):
        parse_ace(text)


WORDS = st.sampled_from(
    [*" ".join(CASES).split(), "access-list", "permit", "eq", "range", "host", "object-group", "(", "(1 match)", "\0"]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
@example("access-list")
def test_raises_nothing_but_value_error(text: str) -> None:
    try:
        ace = parse_ace(text)
    except ValueError:
        return
    assert ace.action in {"permit", "deny", "remark", "evaluate"}
