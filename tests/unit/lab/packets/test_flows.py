"""The usual flows of a fleet, flows from a file, and the worked example with all of its members registered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.gdoi.lists import listed
from getvpn_ops.lab.gdoi.paths import Paths, What
from getvpn_ops.lab.gdoi.state import Direction, MemberState, Tek
from getvpn_ops.lab.inventory import read
from getvpn_ops.lab.ios.router import Router
from getvpn_ops.lab.ios.session.dialog import Say
from getvpn_ops.lab.ios.session.shell import Shell
from getvpn_ops.lab.packets.fate import Outcome, Reason
from getvpn_ops.lab.packets.flow_file import FlowError, read_flows
from getvpn_ops.lab.packets.flows import standard_flows
from getvpn_ops.lab.packets.ledger import Ledger
from getvpn_ops.lab.packets.places import PROVIDER, Box, Lan, Site, Sites
from getvpn_ops.lab.packets.sites import read_sites
from getvpn_ops.lab.packets.surroundings import Around
from getvpn_ops.lab.packets.traffic import Traffic

INVENTORY = Path(__file__).parents[4] / "inventory"
START = datetime(2032, 1, 2, 3, 4, 5, tzinfo=UTC)


class Example:
    """The worked example, its members registered by hand."""

    def __init__(self) -> None:
        self.clock = Clock(START, speed=0)
        self.routers: dict[str, Router] = {}
        fleet = []
        for host in read(INVENTORY):
            router = Router(hostname=host.name, release=host.release, clock=self.clock)
            path = INVENTORY / "lab_configs" / "running" / f"{host.name}.cfg"
            router.load(path.read_text(encoding="utf-8").splitlines())
            self.routers[host.name] = router
            fleet.append((host, router))
        self.sites = read_sites(fleet)
        self.paths = Paths()
        for host, router in fleet:
            self.paths.refresh(router)
            if host.data["role"] == "gm":
                router.gdoi.members = [self.member(router, group) for group in host.data["gdoi_groups"]]

    def member(self, router: Router, group: str) -> MemberState:
        entries = listed(self.routers["dub-ks1"].running, f"GETVPN_{group}_POLICY")
        key = Tek(len(group), 1, "P", ("esp-aes 256", "esp-sha-hmac"), "A", entries, False, ("time", 5),  # noqa: FBT003 -- not receive-only
                  timedelta(hours=2), START, START + timedelta(hours=2))  # fmt: skip
        vrf = group if group == "PAYMENTS" else ""
        local = listed(router.running, "GETVPN-LOCAL-DENY") if group == "WAN" else ()
        return MemberState(group, "1", ("Gi0",), ("M", 10), None, vrf, teks=[key], local_entries=local)

    def traffic(self, seed: int = 11) -> Traffic:
        around = Around(self.routers, self.paths)
        return Traffic(standard_flows(self.sites, seed), self.sites, around, self.clock, Ledger(self.clock.now))

    def pass_minute(self) -> None:
        self.clock.advance(self.clock.now() + timedelta(minutes=1))


@cache
def sites() -> Sites:
    return Example().sites


def test_the_same_seed_gives_the_same_flows() -> None:
    assert standard_flows(sites(), 4) == standard_flows(sites(), 4)
    assert standard_flows(sites(), 4) != standard_flows(sites(), 5)


def test_the_usual_flows_of_the_worked_example() -> None:
    flows = standard_flows(sites(), 4)
    kinds = Counter(item.kind for item in flows)
    assert set(kinds) == {
        "application", "branch", "outside", "payments", "multicast", "ssh", "snmp", "syslog", "ntp", "tacacs", "bgp",
    }  # fmt: skip
    assert [item.number for item in flows] == list(range(1, len(flows) + 1))
    assert all(item.rate > 0 and 28 <= item.packet.size <= 1500 for item in flows)
    assert 848 not in {port for item in flows for port in (item.packet.source_port, item.packet.destination_port)}
    assert {item.packet.df for item in flows} == {True, False}
    assert max(item.packet.size for item in flows) == 1500
    assert min(item.packet.size for item in flows) < 100
    assert {site.name for site in sites()} <= {end.site for item in flows for end in (item.source, item.destination)}
    managed = {item.destination.box for item in flows if item.kind == "ssh" and item.destination.box}
    assert managed == {box.name for site in sites() for box in site.boxes if not site.manager}
    assert all(PROVIDER in {item.source.site, item.destination.site} for item in flows if item.kind == "bgp")
    assert {item.vrf for item in flows if item.kind == "payments"} == {"PAYMENTS"}
    assert sum(item.kind == "multicast" and not item.replica for item in flows) == 1


def test_management_goes_where_the_routers_are_configured_to() -> None:
    flows = standard_flows(sites(), 4)
    logged = {(item.source.box, str(item.destination.address)) for item in flows if item.kind == "syslog"}
    assert {("nor-gm1", "10.1.250.31"), ("nor-gm1", "10.2.250.31")} <= logged
    assert {str(item.source.address) for item in flows if item.kind == "ssh" and not item.source.box} == {"10.7.10.40"}


def test_a_limit_takes_from_each_kind_and_leaves_each_site_one() -> None:
    first = IPv4Network("10.0.0.0/24")
    lans = [IPv4Network((int(first.network_address) + 256 * at, 24)) for at in range(300)]
    many = Sites(
        Site(f"s{at}", [Box(f"r{at}", "gm", IPv4Address("10.250.0.0") + at)], [Lan(lan)], manager=at == 0)
        for at, lan in enumerate(lans)
    )
    flows = standard_flows(many, 1, limit=500)
    assert len(flows) == 500
    touched = {end.site for item in flows for end in (item.source, item.destination)}
    assert {f"s{at}" for at in range(300)} == touched
    assert {"application", "branch", "ssh", "multicast", "syslog"} <= {item.kind for item in flows}


# -- the worked example


def test_a_healthy_group_loses_nothing() -> None:
    example = Example()
    traffic = example.traffic()
    example.pass_minute()
    assert traffic.ledger.losses() == []
    by_kind: dict[str, set[Outcome]] = {}
    for item in traffic.flows:
        found = traffic.fate_of(item.number)
        assert found is not None
        by_kind.setdefault(item.kind, set()).add(found.outcome)
    assert {kind for kind, found in by_kind.items() if Outcome.ENCRYPTED in found} == {
        "application", "branch", "payments",
    }  # fmt: skip
    assert all(len(found) == 1 for found in by_kind.values())


def test_local_denies_with_their_mirrors_let_replication_pass_in_clear() -> None:
    example = Example()
    traffic = example.traffic()
    text = "- {from: 10.22.50.9, to: 10.23.50.9, answers: true}"
    added = read_flows(text, example.sites)
    traffic.clear()
    traffic.add(added)
    assert [traffic.fate_of(number).outcome for number in (1, 2)] == [Outcome.CLEAR, Outcome.CLEAR]  # type: ignore[union-attr]
    example.routers["rtm-gm1"].gdoi.members[0].local_entries = ()
    traffic.changed("rtm-gm1")
    assert [traffic.fate_of(number).reason for number in (1, 2)] == [Reason.CLEAR_REFUSED, Reason.NO_MATCH]  # type: ignore[union-attr]


@pytest.mark.parametrize("order", ["cut-over of the guide", "passive first"])
def test_the_guides_cut_over_loses_and_the_hitless_order_does_not(order: str) -> None:
    """One member after the other, a second apart, as a rekey or an operator reaches them."""
    example = Example()
    members = [(name, member) for name, router in example.routers.items() for member in router.gdoi.members]
    for _, member in members:
        member.direction = Direction.INBOUND_ONLY
    traffic = example.traffic()
    steps = [Direction.BOTH] if order == "cut-over of the guide" else [Direction.INBOUND_OPTIONAL, Direction.BOTH]
    for direction in steps:
        for name, member in members:
            example.clock.advance(example.clock.now() + timedelta(seconds=1))
            member.direction = direction
            traffic.changed(name)
    example.pass_minute()
    totals = traffic.ledger.totals()
    assert totals.encrypted > 0
    if order == "passive first":
        assert totals.lost == 0
    else:
        assert set(totals.reasons) == {Reason.CLEAR_REFUSED}
        last = max(item.end for item in traffic.ledger.losses())
        assert last == START + timedelta(seconds=len(members))


def test_the_group_without_denies_for_a_site_outside_loses_it() -> None:
    example = Example()
    for router in example.routers.values():
        for member in router.gdoi.members:
            (key,) = member.teks
            shorter = tuple(item for item in key.entries if "10.61." not in item.text)
            member.teks = [replace(key, entries=shorter)]
    traffic = example.traffic()
    example.pass_minute()
    lost = {(item.flow.source.site, item.flow.destination.site, item.reason) for item in traffic.ledger.losses()}
    assert {reason for _, _, reason in lost} == {Reason.NOT_A_MEMBER, Reason.CLEAR_REFUSED}
    assert all("swansea" in pair[:2] for pair in lost)


def test_blocked_esp_and_a_router_that_is_down() -> None:
    example = Example()
    traffic = example.traffic()
    example.paths.changed.append(traffic.path_changed)
    number = example.paths.block(What.ESP, ["lis-gm1"])
    example.pass_minute()
    lost = {(item.flow.source.site, item.flow.destination.site, item.reason) for item in traffic.ledger.losses()}
    assert lost
    assert all("lisbon" in pair[:2] and pair[2] is Reason.ESP_FILTERED for pair in lost)
    example.paths.unblock(number)
    example.paths.power("lon-gm1", on=False)
    since = example.clock.now()
    example.pass_minute()
    lost_at = {item.flow.source.box or item.flow.destination.box for item in traffic.ledger.losses(since)}
    assert lost_at == {"lon-gm1"}  # London itself has a second router


# -- flows from a file


def test_flows_from_a_file() -> None:
    first, second, third, fourth = read_flows(
        """
- {from: leeds, to: 10.12.0.9, protocol: tcp, port: 443, size: 1400, df: true, rate: 12.5, kind: payroll, answers: true}
- {from: birmingham, to: copenhagen, vrf: PAYMENTS}
- {from: 10.255.1.12, to: edinburgh, protocol: icmp}
""",
        sites(),
    )
    assert first.text == "tcp 10.1.0.10:40000 -> 10.12.0.9:443"
    assert (first.kind, first.rate, first.packet.size, first.packet.df) == ("payroll", 12500, 1400, True)
    assert (second.text, second.number) == ("tcp 10.12.0.9:443 -> 10.1.0.10:40000", 2)
    assert (third.vrf, third.source.edges, third.destination.edges) == ("PAYMENTS", ("bir-gm1",), ("cph-gm1",))
    assert (fourth.text, fourth.source.box) == ("icmp 10.255.1.12 -> 10.7.0.10", "lis-gm1")


def test_multicast_from_a_file_reaches_every_other_site() -> None:
    made = read_flows("- {from: leeds, to: 239.1.1.1}", sites())
    assert len(made) == 24
    assert [item.replica for item in made] == [False, *[True] * 23]
    assert {str(IPv4Address(item.packet.destination)) for item in made} == {"239.1.1.1"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "expected"),
        ("{}", "a list"),
        ("- 5", "entry 1: expected a mapping"),
        ("- {from: leeds, to: atlantis}", "there is no site 'atlantis'"),
        ("- {from: leeds, to: 192.0.2.1}", "belongs to no site"),
        ("- {from: leeds, to: cork, vrf: PAYMENTS}", "leeds has no network in VRF PAYMENTS"),
        ("- {from: leeds, to: cork, rate: 0}", "more than 0"),
        ("- {from: leeds, to: cork, size: 10}", "from 28 to 65535"),
        ("- {from: leeds, to: cork, df: 1}", "true or false"),
        ("- {from: leeds, to: cork, protocol: gre, port: 5}", "gre has none"),
        ("- {from: leeds, to: 239.1.1.1, answers: true}", "nobody answers"),
        ("- {from: leeds, to: cork, speed: 5}", "unknown key 'speed'"),
        ("- {from: leeds, to: [cork]}", "expected a text"),
    ],
)
def test_a_file_that_cannot_be_understood_says_why(text: str, said: str) -> None:
    with pytest.raises(FlowError, match=said):
        read_flows(text, sites())


def test_all_mistakes_of_a_file_are_told() -> None:
    with pytest.raises(FlowError, match=r"entry 1: .*\nentry 3: "):
        read_flows("- {from: x, to: y}\n- {from: leeds, to: cork}\n- {from: leeds, to: y}", sites())


@pytest.mark.parametrize(
    ("line", "rate"),
    [
        ("ping 10.1.0.9 source 10.12.0.1 repeat 3", "100 percent (3/3)"),
        ("ping 10.1.0.9 source 10.12.0.1 size 1426 df-bit", "100 percent (5/5)"),
        ("ping 10.1.0.9 source 10.12.0.1 size 1427 df-bit", "0 percent (0/5)"),
        ("ping 10.1.0.9 source 10.12.0.1 size 1500", "100 percent (5/5)"),
        ("ping 10.255.1.4 size 1500 df-bit", "100 percent (5/5)"),  # clear
        ("ping 10.61.0.9 source 10.12.0.1", "100 percent (5/5)"),  # not a member, and exempt
        ("ping 10.200.6.9", "0 percent (0/5)"),
    ],
)
def test_a_typed_ping_meets_the_same_fates(line: str, rate: str) -> None:
    example = Example()
    traffic, router = example.traffic(), example.routers["lis-gm1"]
    router.gdoi.ping = lambda *asked: traffic.answers("lis-gm1", *asked)
    said = "".join(item.text for item in Shell(router, 15, "console").enter(line) if isinstance(item, Say))
    assert f"Success rate is {rate}" in said


def test_a_typed_ping_in_a_vrf() -> None:
    example = Example()
    traffic, router = example.traffic(), example.routers["cph-gm1"]
    router.gdoi.ping = lambda *asked: traffic.answers("cph-gm1", *asked)
    shell = Shell(router, 15, "console")
    said = "".join(
        item.text for item in shell.enter("ping vrf PAYMENTS 10.200.6.9 source 10.200.8.1") if isinstance(item, Say)
    )
    assert "!!!!!" in said
    traffic.settle()
    assert [member.counters.encrypted > 0 for member in router.gdoi.members] == [False, True]
