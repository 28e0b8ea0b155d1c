"""Fingerprints line by line are those that reading the whole configuration gives."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from circle import config

from getvpn_ops.model.change import ChangeLine
from getvpn_ops.remediation.apply import RefusedLineError, apply
from getvpn_ops.workflow.fingerprint import managed_of
from getvpn_ops.workflow.states import Simulation

if TYPE_CHECKING:
    from getvpn_ops.model.config import ConfigLine

START = """\
version 17.6
hostname br-1
!
crypto isakmp policy 10
 encr aes 256
 group 14
crypto isakmp key Plain-5 address 10.255.0.1
!
crypto ipsec profile GETVPN-WAN
 set security-association lifetime seconds 3600
 set transform-set T
!
crypto gdoi group WAN
 identity number 51001
 server address ipv4 10.255.0.1
 server address ipv4 10.255.0.2
!
interface GigabitEthernet0/0
 ip address 10.254.1.2 255.255.255.252
 crypto map M
!
ip access-list extended L
 10 remark what stays clear
 10 deny udp any eq 848 any eq 848
 20 permit ip any any
access-list 10 permit 10.1.0.0 0.0.255.255
banner login ^C
ip access-list extended NOT-ONE
^C
end
"""
GROUP = "crypto gdoi group WAN"
CASES: dict[str, list[tuple[str, ...]]] = {
    "a list is built, entry by entry": [
        ("ip access-list extended N",),
        ("ip access-list extended N", "remark new"),
        ("ip access-list extended N", "deny tcp any any eq bgp"),
        ("ip access-list extended N", "permit ip any any"),
    ],
    "an entry moves, a list goes": [
        ("ip access-list extended L", "no permit ip any any"),
        ("ip access-list extended L", "15 deny tcp any any eq 22"),
        ("no ip access-list extended L",),
    ],
    "a numbered list grows": [("access-list 10 permit 10.2.0.0 0.0.255.255",), ("ip access-list standard S",)],
    "a global lifetime makes a default a value": [
        ("crypto ipsec security-association lifetime seconds 7200",),
        ("crypto ipsec profile GETVPN-WAN", "set security-association lifetime seconds 3600"),
        ("no crypto ipsec security-association lifetime seconds 7200",),
    ],
    "the order of servers": [(GROUP, "no server address ipv4 10.255.0.1"), (GROUP, "server address ipv4 10.255.0.1")],
    "a key is replaced": [
        ("no crypto isakmp key Plain-5 address 10.255.0.1",),
        ("crypto isakmp key <redacted sha256:0123456789ab> address 10.255.0.1",),
    ],
    "a value, a flag, and a map on its interface": [
        ("crypto isakmp policy 10", "group 19"),
        (GROUP, "passive"),
        ("interface GigabitEthernet0/0", "no crypto map M"),
        ("interface GigabitEthernet0/1", "ip tcp adjust-mss 1360"),
    ],
    "lines of others count for nothing": [("snmp-server location hall",), ("interface Loopback9",)],
}


def lines_of(case: list[tuple[str, ...]], tree: tuple[ConfigLine, ...]) -> tuple[ChangeLine, ...]:
    """Typed lines; the key of the start has the text that it is shown with."""
    shown = next(line.text for line in tree if line.text.startswith("crypto isakmp key"))
    texts = [(*words[:-1], words[-1].replace("crypto isakmp key Plain-5 address 10.255.0.1", shown)) for words in case]
    return tuple(ChangeLine(words[-1], words[:-1]) for words in texts)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_each_state_is_that_of_the_whole(case: list[tuple[str, ...]]) -> None:
    tree = config(START).tree
    simulation = Simulation(tree)
    typed = lines_of(case, tree)
    states = simulation.typed(typed)
    assert states == tuple(managed_of(apply(tree, typed[:count])) for count in range(len(typed) + 1))
    assert simulation.tree == apply(tree, typed)
    assert simulation.state == states[-1]


def test_lines_of_others_change_no_state_and_managed_ones_do() -> None:
    tree = config(START).tree
    others = Simulation(tree).typed(lines_of(CASES["lines of others count for nothing"], tree))
    assert len(set(others)) == 1
    managed = Simulation(tree).typed(lines_of(CASES["a value, a flag, and a map on its interface"], tree))
    assert all(one != other for one, other in pairwise(managed))


def test_steps_go_on_where_the_last_one_ended() -> None:
    tree = config(START).tree
    typed = lines_of(CASES["a list is built, entry by entry"], tree)
    simulation = Simulation(tree)
    first, second = simulation.typed(typed[:2]), simulation.typed(typed[2:])
    assert second[0] == first[-1]
    assert (*first, *second[1:]) == Simulation(tree).typed(typed)


def test_a_line_that_a_router_refuses_is_refused() -> None:
    with pytest.raises(RefusedLineError, match="no such line"):
        Simulation(config(START).tree).typed((ChangeLine("no crypto isakmp policy 77"),))


def test_thousands_of_lines() -> None:
    """Not one walk through the whole for each: a key server of a large group has a list of all its members."""
    opener = "ip access-list standard MEMBERS"
    lines = tuple(ChangeLine(f"permit 10.{at // 250}.{at % 250}.1", (opener,)) for at in range(1500))
    simulation = Simulation(config(START).tree)
    states = simulation.typed(lines)
    assert len(set(states)) == len(lines) + 1
    assert states[-1] == managed_of(simulation.tree)
