"""A fleet on its ports: time, faults of the network, the twin, and many sessions at once."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import netmiko
import paramiko
import pytest

from getvpn_ops.lab.background import Background
from getvpn_ops.lab.faults import UnknownFaultError, fault
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.lab.script import Entry, arm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLE = Path(__file__).parents[2] / "inventory"
HOSTS = """
ks1: {groups: [new], data: {site: dc1, role: ks}}
ks2: {groups: [new], data: {site: dc2, role: ks}}
gm1: {data: {release: 15.2(4)M11, site: b1, role: gm}}
gm2: {data: {release: 12.4(22)T5, site: b2, role: gm, privilege: 1}}
"""
GROUPS = "new: {data: {release: 17.6.5, model: ISR4331/K9}}"
KEY_SERVER = """hostname {name}
crypto gdoi group WAN
 identity number 7
 server local
  rekey authentication mypubkey rsa REKEY
  rekey transport unicast
  sa ipsec 1
   profile P
  address ipv4 10.0.0.1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "groups.yaml").write_text(GROUPS)
    configs = tmp_path / "lab_configs" / "running"
    configs.mkdir(parents=True)
    for name in ("ks1", "ks2"):
        (configs / f"{name}.cfg").write_text(KEY_SERVER.format(name=name))
    (configs / "gm1.cfg").write_text("hostname gm1\nno such line\nip domain name a.example\n")
    return tmp_path


@pytest.fixture
def lab(folder: Path) -> Iterator[Background]:
    with Background(Settings(folder, folder / "lab_configs" / "running", seed=5)) as running:
        yield running


def log_in(lab: Background, device: str, **more: object) -> netmiko.BaseConnection:
    return netmiko.ConnectHandler(
        device_type="cisco_ios", host="127.0.0.1", port=lab.port(device), username="ops", password=lab.password,
        secret=lab.password, **more,
    )  # fmt: skip


def inject(lab: Background, device: str, name: str, **more: object) -> list[int]:
    return lab.call(arm, lab.fleet, Entry((device,), name, **more))  # type: ignore[arg-type]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def reaches(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_each_router_has_a_port_of_its_own_on_loopback(lab: Background) -> None:
    ports = [lab.port(name) for name in ("ks1", "ks2", "gm1", "gm2")]
    assert len(set(ports)) == 4
    assert all(reaches(port) for port in ports)
    listening = lab.call(lambda: [s._acceptor.sockets[0].getsockname()[0] for s in lab.fleet.stations.values()])  # type: ignore[union-attr]  # noqa: SLF001
    assert set(listening) == {"127.0.0.1"}


def test_the_twin_starts_from_saved_configurations(lab: Background) -> None:
    with log_in(lab, "ks1") as device:
        assert device.find_prompt() == "ks1#"
        assert "rekey authentication mypubkey rsa REKEY" in device.send_command("show startup-config")
    assert lab.fleet.stations["gm1"].refused == ["no such line"]
    assert lab.fleet.missing == ["gm2"]
    keys = [lab.router(name).keys.held["REKEY"].private.public_key().public_numbers() for name in ("ks1", "ks2")]
    assert keys[0] == keys[1]


def test_time_jumps_and_clocks_follow(lab: Background) -> None:
    with log_in(lab, "ks1") as device:
        before = lab.call(lab.fleet.clock.now)
        lab.advance(300)
        after = lab.call(lab.fleet.clock.now)
        assert 300 <= (after - before).total_seconds() < 310
        assert f"{after:%H:%M}" in device.send_command("show clock")
        lab.advance(3600)
        assert until(lambda: not lab.router("ks1").sessions), "an idle session ends after ten minutes"


def test_a_router_that_reloads_is_away_for_a_while(lab: Background) -> None:
    device = log_in(lab, "gm1")
    device.send_config_set(["ip domain name b.example"])
    inject(lab, "gm1", "reload", line="show clock", options=(("seconds", "900"),))
    with pytest.raises((OSError, EOFError, netmiko.ReadTimeout)):
        device.send_command("show clock", read_timeout=5)
    assert until(lambda: not reaches(lab.port("gm1")))
    lab.advance(600)
    assert not reaches(lab.port("gm1"))
    lab.advance(300)
    assert reaches(lab.port("gm1")), "what a jump passes has happened when it returns"
    with log_in(lab, "gm1") as again:
        assert "ip domain name a.example" in again.send_command("show running-config | include domain name")
        assert "uptime is 0 minutes" in again.send_command("show version | include uptime")


def test_a_host_key_changes(lab: Background) -> None:
    def key() -> str:
        with socket.create_connection(("127.0.0.1", lab.port("ks2")), 5) as connection:
            transport = paramiko.Transport(connection)
            transport.start_client(timeout=10)
            found = str(transport.get_remote_server_key().get_base64())
            transport.close()
            return found

    first = key()
    assert key() == first
    inject(lab, "ks2", "host-key-changed")
    assert key() != first


def test_another_device_answers(lab: Background) -> None:
    numbers = inject(lab, "ks1", "wrong-device", options=(("device", "ks2"),))
    with log_in(lab, "ks1") as device:
        assert device.find_prompt() == "ks2#"
    lab.call(lab.fleet.clear, "ks1", numbers[0])
    with log_in(lab, "ks1") as device:
        assert device.find_prompt() == "ks1#"
    with pytest.raises(UnknownFaultError):
        inject(lab, "ks1", "wrong-device")
    with pytest.raises(UnknownFaultError, match="no device 'ks9'"):
        inject(lab, "ks9", "hang")


def test_nothing_answers(lab: Background) -> None:
    (number,) = inject(lab, "gm1", "down")
    assert not reaches(lab.port("gm1"))
    lab.call(lab.fleet.clear, "gm1", number)
    assert reaches(lab.port("gm1"))


def test_a_login_is_refused_and_counted(lab: Background) -> None:
    inject(lab, "ks1", "refuse-login", times=3)
    with pytest.raises(netmiko.NetmikoAuthenticationException):
        log_in(lab, "ks1")
    told = lab.call(lab.fleet.events.since, device="ks1", kind="session")
    assert any("refused" in event.text for event in told)


def test_a_drop_after_apply_is_felt_by_a_stock_client(lab: Background) -> None:
    device = log_in(lab, "ks1")
    inject(lab, "ks1", "drop-after-apply", line="^ip host")
    with pytest.raises((OSError, EOFError, netmiko.ReadTimeout)):
        device.send_config_set(["ip host a 10.0.0.1", "ip host b 10.0.0.2"], read_timeout=5)
    with log_in(lab, "ks1") as again:
        shown = again.send_command("show running-config | include ip host")
    assert "ip host a 10.0.0.1" in shown
    assert "ip host b" not in shown


def test_faults_wait_for_a_time_or_a_step(lab: Background) -> None:
    def armed(name: str) -> list[str]:
        return [item.kind.name for item in lab.router(name).faults.armed]

    now = lab.call(lab.fleet.clock.now)
    lab.call(lab.fleet.arm, "ks1", fault("ansi"), at=lab.fleet.moment(3600))
    lab.call(lab.fleet.arm, "ks2", fault("hang"), step="pilot")
    assert (armed("ks1"), armed("ks2")) == ([], [])
    lab.advance(to=now.replace(microsecond=0) + (lab.fleet.moment(3700) - now))
    assert armed("ks1") == ["ansi"]
    assert lab.call(lab.fleet.mark, "other") == 0
    assert lab.call(lab.fleet.mark, "pilot") == 1
    assert armed("ks2") == ["hang"]


def test_the_same_seed_is_the_same_fleet(folder: Path) -> None:
    def look() -> list[tuple[object, ...]]:
        with Background(Settings(folder, seed=11, speed=0, start=None)) as lab:
            base = lab.fleet.started
            return [
                (name, station.router.serial, (base - station.router.booted).total_seconds())
                for name, station in lab.fleet.stations.items()
            ]

    assert look() == look()


@pytest.mark.parametrize("state", ["clear", "running"])
def test_the_worked_example_comes_up_whole(state: str, figure: Callable[[str], None]) -> None:
    begun = time.perf_counter()
    with Background(Settings(EXAMPLE, EXAMPLE / "lab_configs" / state)) as lab:
        taken = time.perf_counter() - begun
        assert len(lab.fleet.stations) == 29
        assert all(reaches(lab.port(name)) for name in lab.fleet.stations)
        assert lab.fleet.missing == []
        assert [name for name, station in lab.fleet.stations.items() if station.refused] == []
    figure(f"lab: the worked example ({state}, 29 routers) ready in {taken:.2f} s")
