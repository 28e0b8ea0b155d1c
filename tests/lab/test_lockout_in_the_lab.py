"""What lock-out says of a list before it is typed is what the lab's ledger of packets says after.

The example fleet with its own lists, the management station in Edinburgh, and what its routers log to and ask.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from bank import INVENTORY, KEY_SERVERS
from fleets import BankClock, BankFleet, Silent
from flowing import FlowingBank

from getvpn_ops.analysis.lockout.cuts import Verdict
from getvpn_ops.analysis.lockout.needs import Service
from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.dialect.ace import parse_ace
from getvpn_ops.engine.collect import Collector, Wish
from getvpn_ops.engine.forecast.lockout import cuts, lockout, situation, situation_of
from getvpn_ops.lab.packets.fate import Outcome
from getvpn_ops.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.analysis.lockout.cuts import Cut
    from getvpn_ops.engine.forecast.lockout import Lockout, Situation
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.inventory import Device

WAN = "41001"
PRIMARY = "lds-ks1"
STATION = IPv4Address("10.7.10.40")
"""Behind edi-gm1: where traps go, and where the lab has it."""
KINDS = {
    Service.SSH: "ssh",
    Service.SNMP: "snmp",
    Service.SYSLOG: "syslog",
    Service.NTP: "ntp",
    Service.TACACS: "tacacs",
    Service.BGP: "bgp",
}
"""Kinds of the lab's flows by what routers need them for."""
AGREES = {Verdict.SAFE: {Outcome.CLEAR}, Verdict.RIDES: {Outcome.ENCRYPTED}, Verdict.CUT: {Outcome.LOST}}
OUTSIDERS = (
    "deny ip any 10.61.0.0 0.0.255.255", "deny ip 10.61.0.0 0.0.255.255 any",
    "deny ip any 10.62.0.0 0.0.255.255", "deny ip 10.62.0.0 0.0.255.255 any",
)  # fmt: skip
GDOI = "deny udp any eq 848 any eq 848"
SSH = ("deny tcp any any eq 22", "deny tcp any eq 22 any")
BGP = ("deny tcp any any eq bgp", "deny tcp any eq bgp any")
ALL = "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"
CASES: dict[str, tuple[tuple[str, ...], set[tuple[str, str]]]] = {
    "NTP to one server without its mirror": (
        (GDOI, *SSH, *BGP, "deny udp any host 10.1.250.11 eq ntp", *OUTSIDERS, ALL),
        {("NTP", ALL)},
    ),
    "SSH without its mirror": (
        (GDOI, SSH[0], *BGP, *OUTSIDERS, ALL),
        {("SSH", ALL)},
    ),
    "nothing for routing": ((GDOI, *SSH, *OUTSIDERS, ALL), {("BGP", ALL)}),
    "nothing for sites outside": ((GDOI, *SSH, *BGP, ALL), {("TACACS+", ALL), ("NTP", ALL), ("SNMP", ALL)}),
}


@pytest.fixture(scope="module")
def bank() -> FlowingBank:
    return FlowingBank()


def seen(bank: FlowingBank) -> Situation:
    """What the routers' own screens say that they have."""
    configs = {}
    for name in bank.world.routers:
        shown = bank.type(name, "terminal length 0", "show running-config")
        text = shown.partition("show running-config\r\n")[2].rpartition("\r\n")[0]
        configs[name] = parse("show running-config", text.encode()).data
    return situation(configs)


def truth(bank: FlowingBank) -> dict[frozenset[str], list[tuple[str, Outcome]]]:
    """What becomes of each flow of the management, by its two ends."""
    now = bank.clock.now()
    bank.pass_time(milliseconds=1)
    found: dict[frozenset[str], list[tuple[str, Outcome]]] = {}
    for interval in bank.traffic.ledger.intervals(now):
        flow = interval.flow
        ends = frozenset({str(flow.source.address), str(flow.destination.address)})
        found.setdefault(ends, []).append((flow.kind, interval.outcome))
    return found


def held(bank: FlowingBank, verdicts: Iterable[Cut]) -> Counter[tuple[str, str]]:
    """Hold verdicts against the ledger; returns how many were compared, by service and verdict."""
    ledger, compared, wrong = truth(bank), Counter[tuple[str, str]](), []
    for cut in verdicts:
        if cut.service not in KINDS or cut.flow is None or cut.verdict is Verdict.UNKNOWN:
            continue
        ends = frozenset({str(cut.flow.source), str(cut.flow.destination)})
        outcomes = {outcome for kind, outcome in ledger.get(ends, ()) if kind == KINDS[cut.service]}
        if not outcomes:
            continue
        worst = next(item for item in (Outcome.LOST, Outcome.ENCRYPTED, Outcome.CLEAR) if item in outcomes)
        compared[cut.service.value, cut.verdict.value] += 1
        if worst not in AGREES[cut.verdict]:
            wrong.append(f"{cut.text}, but {worst.value}")
    assert wrong == []
    return compared


def proposed(bank: FlowingBank, entries: tuple[str, ...]) -> Lockout:
    before = seen(bank)
    after = before.with_policy(WAN, tuple(map(parse_ace, entries)), name="PROPOSED")
    return lockout(load_folder(INVENTORY).inventory, before, after, STATION)


def type_in(bank: FlowingBank, name: str, entries: tuple[str, ...]) -> None:
    for server in reversed(KEY_SERVERS):
        bank.configure(server, f"ip access-list extended {name}", *entries)
        line = f"match address ipv4 {name}"
        bank.configure(server, "crypto gdoi group WAN", "server local", "sa ipsec 1", line)
    bank.type(PRIMARY, "crypto gdoi ks rekey")
    bank.pass_time(minutes=10)


def test_nothing_is_cut_that_works(bank: FlowingBank) -> None:
    found = proposed(bank, CASES["nothing for routing"][0]).before
    bad = [item for item in found if item.verdict is not Verdict.SAFE]
    # answers of DNS come to an address that dub-ks1's own access group does not know: they are dropped indeed
    assert {(item.device, item.service) for item in bad} == {("dub-ks1", Service.DNS)}
    assert all(item.by is not None and item.by.line == "deny ip any any log" for item in bad)
    compared = held(bank, found)
    assert {service for service, _ in compared} == {service.value for service in KINDS}
    assert sum(compared.values()) > 150
    # without being told where the station is, it is found by the access classes, and nothing is worse
    told = cuts(load_folder(INVENTORY).inventory, seen(bank))
    assert [item.verdict for item in told] == [item.verdict for item in found]


def test_screens_say_what_key_servers_serve(bank: FlowingBank) -> None:
    known = load_folder(INVENTORY).inventory
    silent = Silent()
    collector = Collector(BankFleet(bank), BankClock(bank), silent, silent)
    names = [*KEY_SERVERS, "edi-gm1", "nor-gm1"]
    wish = Wish([known.devices[name] for name in names], interval=timedelta(), script=asked)
    found = situation_of(collector.collect("test", known, wish))
    assert set(found.configs) == set(names)
    by_config = situation(found.configs).given
    assert found.given.keys() == by_config.keys()
    for key, policy in found.given.items():
        assert [entry(ace) for ace in policy.entries] == [entry(ace) for ace in by_config[key].entries]
        assert (policy.receive_only, policy.name) == (by_config[key].receive_only, by_config[key].name)
    cut = cuts(known, found, STATION)
    assert {item.verdict for item in cut if item.device == "nor-gm1" and item.service is Service.SSH} == {Verdict.SAFE}
    assert {item.verdict for item in cut if item.device == "lon-gm1"} == {Verdict.UNKNOWN}  # it was not asked


def asked(device: Device) -> Script:
    """What lock-out needs of a device."""
    commands = ("show running-config", "show crypto gdoi")
    for command in (*commands, "show crypto gdoi ks acl") if device.name in KEY_SERVERS else commands:  # noqa: UP028 -- not sent anything
        yield command


def entry(ace: Ace) -> object:
    """What an entry says, however it was printed."""
    return ace.action, ace.protocol, ace.source, ace.destination, ace.source_port, ace.destination_port


@pytest.mark.parametrize("name", CASES)
def test_a_bad_list_is_told_before_it_is_typed(bank: FlowingBank, name: str) -> None:
    entries, expected = CASES[name]
    found = proposed(bank, entries)
    told = {(item.service.value, item.by.line) for item in found.after if item.verdict == "cut" and item.by is not None}
    assert expected <= told, told
    type_in(bank, f"BAD{list(CASES).index(name)}", entries)
    compared = held(bank, found.after)
    print(name, dict(compared), sorted(told))  # noqa: T201 -- what was compared is the proof
    for service, _ in expected:
        assert compared[service, "cut"] > 0
