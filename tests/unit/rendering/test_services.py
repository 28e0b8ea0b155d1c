"""Services by name: every release takes their entries, prints them back as they were written, and has their mirrors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from intents import M152, OLD, XE17
from screens import Screen

from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.dialect.services import SERVICES, own_service, service

if TYPE_CHECKING:
    from getvpn_ops.model.acl import Ace

ALONE = {"multicast", "multicast-link", "pmtud"}
"""Towards multicast addresses there are no answers, and messages of ICMP are not answered."""

OWN = {
    ("tcp 1521", 4): ("tcp any any eq 1521", "tcp any eq 1521 any"),
    ("tcp source 20", 4): ("tcp any eq ftp-data any",),
    ("udp 500 both", 4): ("udp any eq isakmp any eq isakmp",),
    ("tcp 22", 4): ("tcp any any eq 22", "tcp any eq 22 any"),
    ("tcp 135", 4): ("tcp any any eq 135", "tcp any eq 135 any"),
    ("udp 162", 4): ("udp any any eq snmptrap", "udp any eq snmptrap any"),
    ("tcp 65536", 4): None,
    ("tcp 0", 4): None,
    ("vrrp", 4): ("112 any any",),
    ("sctp", 4): ("132 any any",),
    ("sctp", 6): ("sctp any any",),
    ("ospf", 4): ("ospf any any",),
    ("ospf", 6): ("89 any any",),
    ("ah", 4): ("ahp any any",),
    ("ip", 4): None,
    ("ipv6", 6): None,
    ("nothing", 4): None,
}


@pytest.mark.parametrize(("match", "version"), OWN)
def test_a_service_of_ones_own(match: str, version: int) -> None:
    assert own_service(match, version) == OWN[match, version]


def mirror(entry: Ace) -> tuple[object, ...]:
    return (entry.protocol, entry.destination, entry.source, entry.destination_port, entry.source_port, entry.options)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("name", SERVICES)
def test_each_entry_has_its_mirror(name: str, version: int) -> None:
    found = [parse_ace(f"deny {text}") for text in service(name, version) or ()]
    assert found
    if name in ALONE or (name, version) == ("igmp", 6):
        return
    known = {
        (item.protocol, item.source, item.destination, item.source_port, item.destination_port, item.options)
        for item in found
    }
    assert all(mirror(item) in known for item in found)


@pytest.mark.parametrize(
    ("release", "head", "version"),
    [
        (OLD, "ip access-list extended L", 4),
        (M152, "ip access-list extended L", 4),
        (XE17, "ip access-list extended L", 4),
        (M152, "ipv6 access-list L", 6),
        (XE17, "ipv6 access-list L", 6),
    ],
)
def test_releases_take_them_and_print_them_as_written(release: str, head: str, version: int) -> None:
    texts = [text for name in SERVICES for text in service(name, version) or ()]
    texts += [text for (match, of), found in OWN.items() if found and of == version for text in found]
    wanted = [f"deny {text}" for text in dict.fromkeys(texts)]
    screen = Screen(release)
    shown = screen.enter("configure terminal", head, *(f" {line}" for line in wanted), "end")
    assert not re.search(r"^% ", shown.replace("\r", ""), re.MULTILINE), shown
    printed = [re.sub(r"^(?:sequence )?\d+ (?=deny)", "", " ".join(line.split())) for line in screen.running()]
    assert [line for line in wanted if line not in printed] == []


def test_there_is_no_other_service() -> None:
    assert service("nothing", 4) is None
    assert service("nothing", 6) is None
