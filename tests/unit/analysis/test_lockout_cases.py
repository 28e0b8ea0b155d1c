"""What lists, fail-close, access groups and access classes cut off, and the line that does it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from intents import fleet

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.lists.indexed import IndexedList
from getvpn_ops.analysis.packets.flow import parse_flow
from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.engine.forecast.lockout import Situation, cuts, intended_policies, lockout, situation
from getvpn_ops.model.inventory import Device, Inventory, Role
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.analysis.lockout.cuts import Cut
    from getvpn_ops.model.config import RunningConfig

GROUP = "771"
"""Identity of the group."""

COMMON = """\
version 15.4
hostname {name}
interface Loopback0
 ip address {loopback} 255.255.255.255
ip tacacs source-interface Loopback0
ntp source Loopback0
logging source-interface Loopback0
ip access-list standard STATIONS
 permit 10.1.7.0 0.0.0.255
line vty 0 4
 access-class STATIONS in
 transport input ssh
"""
SERVICES = "tacacs-server host 10.1.0.21\nntp server 10.1.0.11\nlogging host 10.1.0.31\n"
MEMBER = """\
crypto gdoi group BRANCHES
 identity number 771
 server address ipv4 10.9.0.9
crypto map M 10 gdoi
 set group BRANCHES
interface GigabitEthernet0/0
 ip address {wan} 255.255.255.252
 crypto map M
router bgp 65000
 neighbor {pe} remote-as 65001
"""
HUB = """\
interface GigabitEthernet0/1
 ip address 10.1.0.1 255.255.255.0
interface GigabitEthernet0/2
 ip address 10.1.9.1 255.255.255.252
"""
BRANCH = "interface GigabitEthernet0/1\n ip address 10.2.0.1 255.255.255.0\n"
SERVER = """\
crypto ipsec profile P
crypto gdoi group BRANCHES
 identity number 771
 server local
  address ipv4 10.9.0.9
  sa ipsec 1
   profile P
   match address ipv4 POLICY
interface GigabitEthernet0/0
 ip address 10.1.9.2 255.255.255.252
ip access-list extended POLICY
 deny udp any eq 848 any eq 848
 permit ip any any
"""
SHOP = """\
interface GigabitEthernet0/0
 ip address 192.0.2.10 255.255.255.252
interface GigabitEthernet0/1
 ip address 10.3.0.1 255.255.255.0
"""
EXEMPT = (
    "deny udp any eq 848 any eq 848", "deny tcp any any eq 22", "deny tcp any eq 22 any", "deny tcp any any eq tacacs",
    "deny tcp any eq tacacs any", "deny tcp any any eq bgp", "deny tcp any eq bgp any", "deny udp any any eq ntp",
    "deny udp any eq ntp any", "deny udp any any eq syslog", "deny udp any eq syslog any",
)  # fmt: skip
ALL = "permit ip any any"
PREFIXES = {"hub": "10.1.0.0/16", "branch": "10.2.0.0/16", "shop": "10.3.0.0/16"}
LOOPBACKS = {"hub": "10.9.0.1", "branch": "10.9.0.2", "shop": "10.9.0.3", "ks": "10.9.0.9"}


TEXTS = {
    "hub": (MEMBER.format(wan="192.0.2.2", pe="192.0.2.1"), HUB, SERVICES),
    "branch": (MEMBER.format(wan="192.0.2.6", pe="192.0.2.5"), BRANCH, SERVICES),
    "shop": (SHOP,),
    "ks": (SERVER, SERVICES),
}


ROUTERS: dict[str, dict[str, Any]] = {
    "ks1": {"addresses": ["10.9.0.9"]},
    "gm1": {"addresses": ["192.0.2.2"], "groups": {"G": {"interfaces": ["GigabitEthernet0/0"]}}},
}


def _config(name: str, *more: tuple[str, str]) -> RunningConfig:
    text = COMMON.format(name=name, loopback=LOOPBACKS[name]) + "".join(TEXTS[name])
    for old, new in more:
        assert old in text
        text = text.replace(old, new, 1)
    config: RunningConfig = parse("show running-config", f"{text}end\n".encode()).data
    return config


def inventory() -> Inventory:
    roles = {"ks": Role.KEY_SERVER, "shop": Role.OUTSIDER}
    devices = {
        name: Device(
            name,
            loopback,
            role=roles.get(name, Role.MEMBER),
            prefixes=(ip_network(PREFIXES[name]),) if name in PREFIXES else (),
            manager=name == "hub",
        )
        for name, loopback in LOOPBACKS.items()
    }
    return Inventory(devices)


@dataclass(frozen=True)
class Case:
    """A fleet, and what of it does not pass.

    Attributes:
        entries: of the group's list.
        found: device, service, verdict, device that has the line, and the line; all else is safe.
        more: by device, texts that stand in place of others.
        receive_only: of the group.
        unseen: devices without a configuration.
    """

    entries: tuple[str, ...]
    found: set[tuple[str, str, str, str, str]]
    more: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    receive_only: bool = False
    unseen: tuple[str, ...] = ()


def scene(case: Case) -> Situation:
    configs = {name: _config(name, *case.more.get(name, ())) for name in LOOPBACKS}
    seen = {name: config for name, config in configs.items() if name not in case.unseen}
    entries = tuple(map(parse_ace, case.entries))
    return situation(seen).with_policy(GROUP, entries, name="POLICY", receive_only=case.receive_only)


def bad(found: tuple[Cut, ...]) -> set[tuple[str, str, str, str, str]]:
    return {
        (item.device, item.service.value, item.verdict.value, *(_by(item))) for item in found if item.verdict != "safe"
    }


def _by(item: Cut) -> tuple[str, str]:
    return (item.by.device, item.by.line) if item.by is not None else ("", "")


def without(*words: str) -> tuple[str, ...]:
    return (*(line for line in EXEMPT if not any(word in line for word in words)), ALL)


def after(line: str, text: str) -> tuple[str, str]:
    """More lines behind a line."""
    return f"{line}\n", f"{line}\n{text}"


def also(text: str) -> tuple[str, str]:
    """More lines of the global mode."""
    return after(" transport input ssh", text)


def close(entries: str) -> tuple[tuple[str, str], ...]:
    """Activated fail-close with a list."""
    text = f"crypto map M gdoi fail-close\n match address CLOSE\n activate\nip access-list extended CLOSE\n{entries}"
    return (also(text),)


def inbound(entries: str) -> tuple[tuple[str, str], ...]:
    """An access group at the provider's side."""
    return (
        after("interface GigabitEthernet0/0", " ip access-group WAN in\n"),
        also(f"ip access-list extended WAN\n{entries}"),
    )


def own(entries: str) -> tuple[tuple[str, str], ...]:
    """A local list."""
    return (after(" set group BRANCHES", " match address OWN\n"), also(f"ip access-list extended OWN\n{entries}"))


CLOSED_BUT = "".join(f" {line}\n" for line in EXEMPT)
CASES = {
    "everything is exempt": Case((*EXEMPT, ALL), set()),
    "TACACS+ is not exempt: it rides": Case(
        without("tacacs"), {("branch", "TACACS+", "rides on the SA", "branch", ALL)}
    ),
    "BGP to the provider is not exempt": Case(
        without("bgp"), {("hub", "BGP", "cut", "hub", ALL), ("branch", "BGP", "cut", "branch", ALL)}
    ),
    "only what we open of BGP is exempt": Case(
        without("eq bgp any"),
        {("hub", "BGP", "unknown", "hub", ALL), ("branch", "BGP", "unknown", "branch", ALL)},
    ),
    "SSH without its mirror": Case(
        (*without("eq 22 any"),),
        {("branch", "SSH", "cut", "branch", ALL)},
    ),
    "NTP to the server alone, without its mirror": Case(
        ("deny udp any host 10.1.0.11 eq ntp", *without("ntp")),
        {("branch", "NTP", "cut", "hub", ALL)},
    ),
    "UDP 848 is not exempt": Case(without("848"), {("branch", "GDOI", "cut", "branch", ALL)}),
    "a server at a site that is no member": Case(
        without("ntp"),
        {
            ("branch", "NTP", "rides on the SA", "branch", ALL),
            ("hub", "NTP", "cut", "hub", ALL),
        },
        {"hub": (also("ntp server 10.3.0.11\n"),)},
    ),
    "that server is denied by its prefix": Case(
        ("deny ip any 10.3.0.0 0.0.255.255", "deny ip 10.3.0.0 0.0.255.255 any", *without("ntp")),
        {("branch", "NTP", "rides on the SA", "branch", ALL)},
        {"hub": (also("ntp server 10.3.0.11\n"),)},
    ),
    "a server that nobody has": Case(
        without("ntp"),
        {
            ("branch", "NTP", "rides on the SA", "branch", ALL),
            ("branch", "NTP", "unknown", "branch", ALL),
        },
        {"branch": (also("ntp server 203.0.113.9\n"),)},
    ),
    "all are receive-only: nothing is cut": Case((ALL,), set(), receive_only=True),
    "nothing but encryption": Case(
        (ALL,),
        {
            ("hub", "BGP", "cut", "hub", ALL),
            ("branch", "BGP", "cut", "branch", ALL),
            ("branch", "GDOI", "cut", "branch", ALL),
            ("branch", "SSH", "rides on the SA", "hub", ALL),
            ("branch", "TACACS+", "rides on the SA", "branch", ALL),
            ("branch", "NTP", "rides on the SA", "branch", ALL),
            ("branch", "syslog", "rides on the SA", "branch", ALL),
            ("shop", "SSH", "cut", "hub", ALL),
        },
    ),
    "fail-close lets all of it pass": Case((*EXEMPT, ALL), set(), {"branch": close(CLOSED_BUT)}),
    "fail-close without SSH": Case(
        (*EXEMPT, ALL),
        {("branch", "SSH", "cut", "branch", "no line: implicit")},
        {"branch": close(CLOSED_BUT.replace(" deny tcp any any eq 22\n", "").replace(" deny tcp any eq 22 any\n", ""))},
    ),
    "fail-close with a list that is not there": Case(
        (*EXEMPT, ALL),
        {
            ("branch", service, "cut", "branch", "the list has no entries")
            for service in ("SSH", "TACACS+", "NTP", "syslog", "GDOI", "BGP")
        },
        {"branch": (also("crypto map M gdoi fail-close\n match address NONE\n activate\n"),)},
    ),
    "fail-close that is prepared only": Case(
        (*EXEMPT, ALL), set(), {"branch": (also("crypto map M gdoi fail-close\n match address NONE\n"),)}
    ),
    "an access group without ESP": Case(
        without("tacacs"),
        {("branch", "TACACS+", "cut", "branch", "no line: implicit")},
        {"branch": inbound(" permit udp any any\n permit tcp any any\n permit ospf any any\n")},
    ),
    "an access group with ESP": Case(
        without("tacacs"),
        {("branch", "TACACS+", "rides on the SA", "branch", ALL)},
        {"branch": inbound(" permit udp any any\n permit tcp any any\n permit esp any any\n")},
    ),
    "an access group without UDP 848": Case(
        (*EXEMPT, ALL),
        {("branch", "GDOI", "cut", "branch", "deny udp any any eq 848")},
        {"branch": inbound(" deny udp any any eq 848\n permit ip any any\n")},
    ),
    "an access group that takes answers alone": Case(
        (*EXEMPT, ALL),
        {
            ("branch", "SSH", "cut", "branch", "deny tcp any any"),
            ("branch", "BGP", "unknown", "branch", "deny tcp any any"),
        },
        {"branch": inbound(" permit tcp any any established\n deny tcp any any\n permit ip any any\n")},
    ),
    "an access group whose meaning is not known here": Case(
        (*EXEMPT, ALL),
        {("branch", "SSH", "unknown", "branch", "deny tcp any any eq 22 time-range NIGHT")},
        {"branch": inbound(" deny tcp any any eq 22 time-range NIGHT\n permit ip any any\n")},
    ),
    "an access group on the way to the key server": Case(
        (*EXEMPT, ALL),
        {("branch", "GDOI", "cut", "hub", "deny udp any any eq 848")},
        {
            "hub": (
                after("interface GigabitEthernet0/2", " ip access-group KS out\n"),
                also("ip access-list extended KS\n deny udp any any eq 848\n permit ip any any\n"),
            )
        },
    ),
    "an access group that tells ports of clients apart": Case(
        (*EXEMPT, ALL),
        {
            ("branch", "SSH", "cut", "branch", "deny tcp any range 2000 2999 any"),
            ("branch", "BGP", "unknown", "branch", "deny tcp any range 2000 2999 any"),
        },
        {"branch": inbound(" deny tcp any range 2000 2999 any\n permit ip any any\n")},
    ),
    "no VTY line takes SSH": Case(
        (*EXEMPT, ALL),
        {("branch", "SSH", "cut", "branch", "transport input telnet")},
        {"branch": ((" transport input ssh", " transport input telnet"),)},
    ),
    "a local deny that the other end does not have": Case(
        without("tacacs"),
        {("branch", "TACACS+", "cut", "hub", ALL)},
        {"branch": own(" deny ip any host 10.1.0.21\n")},
    ),
    "a local permit drops": Case(
        (*EXEMPT, ALL),
        {("branch", "NTP", "cut", "branch", "permit udp any any eq ntp")},
        {"branch": own(" permit udp any any eq ntp\n")},
    ),
    "passive on a key server that says Both is not measured": Case(
        ("deny udp any host 10.1.0.31 eq syslog", *without("syslog")),
        {("branch", "syslog", "unknown", "hub", ALL)},
        {"hub": (after(" identity number 771", " passive\n"),)},
    ),
    "who was not seen is unknown": Case(
        (*EXEMPT, ALL),
        {
            ("hub", "SSH", "unknown", "", ""),
            ("branch", "SSH", "unknown", "", ""),
            ("branch", "GDOI", "unknown", "", ""),
            ("branch", "TACACS+", "unknown", "", ""),
            ("branch", "NTP", "unknown", "", ""),
            ("branch", "syslog", "unknown", "", ""),
            ("shop", "SSH", "unknown", "", ""),
            ("ks", "SSH", "unknown", "", ""),
            ("ks", "TACACS+", "unknown", "", ""),
            ("ks", "NTP", "unknown", "", ""),
            ("ks", "syslog", "unknown", "", ""),
        },
        unseen=("hub",),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_cut_is_named_with_its_line(name: str) -> None:
    case = CASES[name]
    found = cuts(inventory(), scene(case))
    assert bad(found) == case.found, "\n".join(item.text for item in found if item.verdict != "safe")
    assert {item.device for item in found} == set(LOOPBACKS)


FLOWS = (
    "tcp 10.1.0.9:40000 -> 10.2.0.7:22", "tcp 10.1.0.9:22 -> 10.2.0.7:40000", "udp 10.1.0.9:123 -> 10.2.0.7:123",
    "icmp 10.1.0.9 -> 10.2.0.7", "ospf 10.1.0.9 -> 224.0.0.5", "tcp 10.1.0.9:40000 -> 10.3.0.7:22",
)  # fmt: skip


@pytest.mark.parametrize("text", FLOWS)
def test_an_indexed_list_decides_as_the_list_does(text: str) -> None:
    local = (parse_ace("deny tcp any host 10.3.0.7 eq 22"), parse_ace("permit udp any any eq ntp"))
    downloaded = tuple(map(parse_ace, ("deny udp any any eq ntp", "deny tcp any any range 20 30", *EXEMPT, ALL)))
    indexed = IndexedList(local, downloaded)
    flow = parse_flow(text)
    assert indexed.decide(flow) == EffectiveList(local, downloaded).decide(flow)
    assert indexed.decide(flow.mirrored()) == EffectiveList(local, downloaded).decide(flow.mirrored())
    assert indexed.decide(flow) == indexed.decide(flow)


def test_a_management_vrf_has_a_way_of_its_own() -> None:
    port = "interface GigabitEthernet0\n vrf forwarding Mgmt\n ip address 172.31.0.2 255.255.255.0\n"
    held = scene(Case((ALL,), set(), {"branch": (also(port),)}))
    known = inventory()
    branch = replace(known.devices["branch"], hostname="172.31.0.2")
    known = replace(known, devices={**known.devices, "branch": branch})
    (ssh,) = [item for item in cuts(known, held) if item.device == "branch" and item.service.value == "SSH"]
    assert ssh.verdict == "unknown"
    assert "VRF Mgmt" in ssh.reason


def test_a_management_address_that_the_router_does_not_have_is_unknown() -> None:
    known = inventory()
    branch = replace(known.devices["branch"], hostname="branch.example")
    known = replace(known, devices={**known.devices, "branch": branch})
    found = cuts(known, scene(CASES["everything is exempt"]))
    (ssh,) = [item for item in found if item.device == "branch" and item.service.value == "SSH"]
    assert (ssh.verdict.value, "branch.example" in ssh.reason) == ("unknown", True)


def test_intents_say_what_key_servers_will_give() -> None:
    policy = {"acl": {"name": "WANTED", "entries": [EXEMPT[0], ALL]}}
    given = intended_policies(fleet(ROUTERS, {"identity": 771, "policies": [policy], "direction": "receive-only"}))
    (found,) = given.values()
    assert list(given) == [GROUP]
    assert ([ace.text for ace in found.entries], found.name, found.receive_only) == ([EXEMPT[0], ALL], "WANTED", True)


def test_a_change_is_held_against_what_was() -> None:
    before = scene(CASES["TACACS+ is not exempt: it rides"])
    after = before.with_policy(GROUP, tuple(map(parse_ace, without("tacacs", "bgp"))), name="POLICY_r2")
    found = lockout(inventory(), before, after)
    assert {(item.device, item.service.value) for item in found.worse} == {("hub", "BGP"), ("branch", "BGP")}
    assert found.cuts == found.worse
    assert "POLICY_r2" in found.cuts[0].text
    assert lockout(inventory(), before, before).worse == ()


def test_each_port_of_a_server_is_held_against_itself() -> None:
    more = {
        "branch": (
            also("radius-server host 10.1.0.22 auth-port 1812 acct-port 1813\nip radius source-interface Loopback0\n"),
        )
    }
    accounting = "deny udp any host 10.1.0.22 eq 1813"  # without its mirror
    before = scene(Case((*EXEMPT, accounting, ALL), set(), more))
    after = before.with_policy(
        GROUP, tuple(map(parse_ace, (accounting.replace("1813", "1812"), *EXEMPT, accounting, ALL)))
    )
    found = lockout(inventory(), before, after)
    ports = [item.flow.destination_port for item in found.worse if item.flow is not None]
    assert ([item.service.value for item in found.cuts], ports) == (["RADIUS"], [1812])


def test_a_change_of_an_access_class_does_not_move_the_station() -> None:
    case = CASES["everything is exempt"]
    before = scene(case)
    closed = _config("branch", (" permit 10.1.7.0 0.0.0.255", " permit 10.1.8.0 0.0.0.255"))
    found = lockout(inventory(), before, before.with_configs({"branch": closed}))
    assert [(item.device, item.service.value, *_by(item)) for item in found.worse] == [
        ("branch", "SSH", "branch", "no line: implicit")
    ]


def test_a_station_that_is_told_is_believed() -> None:
    found = cuts(inventory(), scene(CASES["everything is exempt"]), ip_address("10.1.0.99"))
    refused = {item.device for item in found if item.service.value == "SSH" and item.verdict == "cut"}
    assert refused == set(LOOPBACKS)


def test_without_what_key_servers_give_nothing_is_safe() -> None:
    held = scene(CASES["everything is exempt"])
    found = cuts(inventory(), Situation(held.configs))
    crossing = [item for item in found if item.device == "branch"]
    assert crossing
    assert {item.verdict.value for item in crossing} == {"unknown"}
