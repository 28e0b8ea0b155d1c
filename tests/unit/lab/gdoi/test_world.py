"""Groups that come up from configurations alone, small, as in the worked example, and large."""

from __future__ import annotations

import time
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from networks import NEW, START, Network, address, key_server, member, network, registered, rsa

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.gdoi.paths import Paths, What
from getvpn_ops.lab.gdoi.state import Registration, Role
from getvpn_ops.lab.gdoi.syslog import ATTESTED, TEXTS
from getvpn_ops.lab.gdoi.world import World
from getvpn_ops.lab.inventory import read
from getvpn_ops.lab.ios.identity.keys import rsa_key
from getvpn_ops.lab.ios.releases import release
from getvpn_ops.lab.ios.router import Router

INVENTORY = Path(__file__).parents[4] / "inventory"
ALL = {"ks1", "ks2", "ks3"}


def worked_example() -> World:
    clock = Clock(START, speed=0)
    key = rsa_key("GETVPN_REKEY", 1024, exportable=True, made=START)
    routers = []
    for host in read(INVENTORY):
        router = Router(hostname=host.name, release=host.release, clock=clock)
        assert router.load((INVENTORY / "lab_configs/running" / f"{host.name}.cfg").read_text().splitlines()) == []
        if host.data["role"] == "ks":
            router.keys.held[key.label] = key
        routers.append(router)
    world = World(clock, routers)
    world.start()
    return world


def test_a_group_comes_up() -> None:
    lab = registered()
    assert {name: lab.ks(name).role for name in ALL} == {
        "ks1": Role.PRIMARY,
        "ks2": Role.SECONDARY,
        "ks3": Role.SECONDARY,
    }
    spis = lab.spis("ks1")
    assert len(spis) == 1
    for name in (*ALL, "gm1", "gm2"):
        assert lab.spis(name) == spis
    assert {lab.gm(name).server for name in ("gm1", "gm2")} == {address("ks1")}
    assert lab.gm("gm1").downloaded[-1].text == "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"
    assert lab.logged("gm1", "GM_REGS_COMPL")[0].endswith(
        "%GDOI-5-GM_REGS_COMPL: Registration to KS 192.0.2.1 complete for group gdoi-group1 using address 198.51.100.1"
    )


def test_it_is_typed_into_routers_that_know_nothing_of_it() -> None:
    lab = Network({"ks1": ["hostname x"], "gm1": ["hostname y"]})
    assert lab.routers["ks1"].gdoi.servers == {}
    said = lab.configure("ks1", *key_server("ks1", names=["ks1"]))
    said += lab.configure("gm1", *member("gm1", servers=["ks1"]))
    assert "Invalid" not in said
    lab.run(10)
    assert lab.gm("gm1").registration is Registration.REGISTERED
    assert lab.logged("gm1", "GM_CM_ATTACH")


def test_a_run_repeats() -> None:
    def story() -> list[str]:
        lab = registered()
        lab.run(30000)
        return [line for router in lab.routers.values() for line in router.logged]

    assert story() == story()


def test_the_worked_example_is_registered_within_minutes_and_lives_through_a_day() -> None:
    world = worked_example()
    world.clock.advance(START + timedelta(minutes=3))
    members = [state for router in world.routers.values() for state in router.gdoi.members]
    assert len(members) == 26
    assert {(state.group, state.registration) for state in members} == {
        ("WAN", Registration.REGISTERED),
        ("PAYMENTS", Registration.REGISTERED),
    }
    assert all(state.server == state.servers[0] for state in members)
    primaries = {
        (name, group): router.gdoi.servers[group].role
        for name, router in world.routers.items()
        for group in router.gdoi.servers
    }
    assert [key for key, role in primaries.items() if role is Role.PRIMARY] == [
        ("lds-ks1", "WAN"),
        ("ams-ks1", "PAYMENTS"),
    ]
    began = time.process_time()
    world.clock.advance(START + timedelta(days=1))
    assert time.process_time() - began < 15
    assert all(state.successes == 1 for state in members)
    assert {state.rekeys_total for state in members if state.group == "WAN"} == {14}
    for group in ("WAN", "PAYMENTS"):
        held = {
            tuple(tek.spi for tek in state.teks if tek.ends > world.clock.now())
            for state in members
            if state.group == group
        }
        assert len(held) == 1


def test_a_thousand_members() -> None:
    clock = Clock(START, speed=0)
    routers = []
    for name in ("ks1", "ks2", "ks3"):
        router = Router(hostname=name, release=release(NEW), clock=clock)
        router.load(key_server(name))
        router.keys.held["REKEYRSA"] = rsa("common")
        routers.append(router)
    lines = "\n".join(member("gm1"))
    for number in range(1000):
        router = Router(hostname=f"gm{number}", release=release(NEW), clock=clock)
        router.load(lines.replace("198.51.100.1 ", f"100.64.{number // 250}.{number % 250 + 1} ").splitlines())
        routers.append(router)
    world = World(clock, routers)
    began = time.process_time()
    world.start()
    clock.advance(START + timedelta(minutes=3))
    states = [router.gdoi.members[0] for router in routers[3:]]
    assert {state.registration for state in states} == {Registration.REGISTERED}
    assert [len(router.gdoi.servers["gdoi-group1"].members) for router in routers[:3]] == [1000] * 3
    up = time.process_time() - began
    began = time.process_time()
    clock.advance(START + timedelta(hours=2, minutes=10))
    assert {state.rekeys_total for state in states} == {1}
    assert up < 60
    assert time.process_time() - began < 60


def test_a_reload_boots_clear_and_registers_again() -> None:
    lab = registered()
    lab.routers["gm1"].reload(seconds=90)
    assert lab.routers["gm1"].gdoi.members == []
    lab.run(89)
    assert lab.routers["gm1"].gdoi.members == []
    lab.run(5)
    assert (lab.gm("gm1").registration, lab.gm("gm1").ever_registered) == (Registration.NONE, False)
    lab.run(15)
    assert lab.gm("gm1").registration is Registration.REGISTERED
    assert lab.spis("gm1") == lab.spis("gm2")


def test_what_was_not_saved_is_gone_after_a_reload() -> None:
    lab = Network({"ks1": key_server("ks1", names=["ks1"]), "gm1": ["hostname y"]})
    lab.configure("gm1", *member("gm1", servers=["ks1"]))
    lab.run(60)
    assert lab.gm("gm1").registration is Registration.REGISTERED
    lab.routers["gm1"].reload()
    lab.run(300)
    assert lab.routers["gm1"].gdoi.members == []


def test_a_key_server_comes_back_as_a_secondary() -> None:
    lab = registered()
    spis = lab.spis("ks2")
    lab.routers["ks1"].reload(seconds=300)
    lab.run(200)
    assert lab.ks("ks2").role is Role.PRIMARY
    lab.run(200)
    assert (lab.ks("ks1").role, lab.ks("ks2").role) == (Role.SECONDARY, Role.PRIMARY)
    assert lab.spis("ks1") == spis


def test_observers_hear_of_each_change() -> None:
    lab = network()
    heard: list[tuple[str, Registration]] = []
    lab.world.observers.append(lambda router, state: heard.append((router.hostname, state.registration)))
    lab.run(180)
    assert [what for name, what in heard if name == "gm1"] == [Registration.REGISTERING, Registration.REGISTERED]
    lab.configure("gm1", "interface FastEthernet4", "no crypto map")
    assert heard[-1] == ("gm1", Registration.NONE)
    assert lab.world.member_at("gm1") is None


@pytest.mark.parametrize(
    ("what", "gdoi", "esp", "anything", "mtu"),
    [
        (What.GDOI, False, True, True, 1500),
        (What.ESP, True, False, True, 1500),
        (What.ALL, False, False, False, 1500),
        (What.MTU, True, True, True, 1400),
    ],
)
def test_what_stands_in_the_way(what: What, mtu: int, *, gdoi: bool, esp: bool, anything: bool) -> None:
    paths = Paths()
    told: list[int] = []
    paths.changed.append(lambda: told.append(1))
    number = paths.block(what, ["a"], ["b", "c"], mtu=1400)
    found = (paths.gdoi_passes("b", "a"), paths.esp_passes("a", "b"), paths.passes("a", "c"), paths.mtu("c", "a"))
    assert found == (gdoi, esp, anything, mtu)
    assert paths.gdoi_passes("b", "c")
    assert paths.gdoi_passes("a", "d")
    assert paths.unblock(number)
    assert paths.gdoi_passes("a", "b")
    assert len(told) == 2
    assert not paths.unblock(number)


def test_a_cut_around_one_router_leaves_the_others_alone() -> None:
    paths = Paths()
    paths.block(What.ALL, ["a", "b"])
    assert paths.passes("a", "b")
    assert not paths.passes("c", "b")
    assert paths.passes("c", "d")


def test_delays_are_between_20_and_60_ms_and_the_same_both_ways() -> None:
    paths = Paths("7")
    delays = [paths.delay("a", f"r{number}") for number in range(50)]
    assert all(0.02 <= delay <= 0.06 for delay in delays)
    assert len(set(delays)) == 50
    assert [Paths("7").delay(f"r{number}", "a") for number in range(50)] == delays


@pytest.mark.parametrize(
    ("lines", "answers"),
    [
        ((), True),
        (("interface Loopback0", "shutdown"), False),
        (("interface GigabitEthernet0/1", "shutdown"), False),
        (("interface Loopback0", "ip address 192.0.2.99 255.255.255.255"), False),
    ],
)
def test_an_address_answers_while_its_interface_and_a_port_are_up(lines: tuple[str, ...], *, answers: bool) -> None:
    lab = network(1, 1)
    lab.configure("ks1", *lines)
    assert (lab.world.paths.owner(IPv4Address("192.0.2.1")) == "ks1") is answers


def test_the_names_of_messages_are_in_their_texts() -> None:
    assert all(f"-{name}:" in text for name, text in TEXTS.items())
    assert set(TEXTS) >= ATTESTED
