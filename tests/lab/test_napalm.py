"""NAPALM's ``ios`` driver, unmodified."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import napalm
import pytest

from getvpn_ops.lab.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab_routers import Port

MODELS = {"15": "CISCO2911/K9", "17": "ISR4331/K9"}


def open_napalm(port: Port) -> Any:  # noqa: ANN401 -- the library has no types
    """Log in and enable."""
    driver = napalm.get_network_driver("ios")
    options = {"port": port.number, "secret": "enable-1", "read_timeout_override": 3}
    device = driver("127.0.0.1", "ops", "pass-1", optional_args=options)
    device.open()
    return device


@pytest.mark.parametrize("release", MODELS)
def test_a_whole_session(start: Callable[..., Port], figure: Callable[[str], None], release: str) -> None:
    port = start(release)
    more = ["ip domain name branch.example", "interface Loopback0", "ipv6 address 2001:DB8::7/64"]
    assert port.router.load(more) == []
    figure(f"client: NAPALM {version('napalm')} on {port.router.release.text}")
    device = open_napalm(port)
    facts = device.get_facts()
    assert facts["hostname"] == "BR-7"
    assert facts["fqdn"] == "BR-7.branch.example"
    assert facts["model"] == MODELS[release]
    assert facts["serial_number"] == port.router.serial
    assert f"Version {port.router.release.text}," in facts["os_version"]
    assert facts["interface_list"] == ["GigabitEthernet0/0/0", "GigabitEthernet0/0/1", "Loopback0"]
    configs = device.get_config()
    for text in (configs["running"], configs["startup"]):
        assert "crypto gdoi group WAN\n identity number 4711\n" in text
    assert device.is_alive() == {"is_alive": True}
    ports = device.get_interfaces()
    assert ports["GigabitEthernet0/0/0"]["description"] == "to the provider"
    assert [ports[f"GigabitEthernet0/0/{number}"]["is_enabled"] for number in (0, 1)] == [True, False]
    assert ports["GigabitEthernet0/0/0"]["speed"] == 1000
    addresses = device.get_interfaces_ip()
    assert addresses["GigabitEthernet0/0/0"] == {"ipv4": {"10.20.1.1": {"prefix_length": 30}}}
    assert addresses["Loopback0"]["ipv6"]["2001:db8::7"] == {"prefix_length": 64}
    shown = device.cli(["show clock", "show foo"])
    assert "UTC" in shown["show clock"]
    assert "% Invalid input" in shown["show foo"]
    assert device.ping("10.20.1.1")["success"]["packet_loss"] == 0
    assert device.ping("10.99.99.99")["success"]["packet_loss"] == 5
    assert device.get_environment()["memory"]["used_ram"] > 0
    device.close()


def test_a_dropped_session(start: Callable[..., Port]) -> None:
    port = start()
    device = open_napalm(port)
    port.router.faults.arm(fault("drop-before", line="show clock"))
    with pytest.raises(Exception, match=r"."):  # whatever its transport raises
        device.cli(["show clock"])
    assert device.is_alive() == {"is_alive": False}


def test_a_candidate_is_compared_and_committed(start: Callable[..., Port]) -> None:
    """Merged through the router's Tcl shell: the driver's other way, SCP, is not served."""
    port = start()
    device = open_napalm(port)
    device.inline_transfer = True
    device.load_merge_candidate(config="crypto gdoi group WAN\n server address ipv4 10.9.0.9\n")
    assert "+crypto gdoi group WAN" in device.compare_config()
    assert "10.9.0.9" in device.compare_config()
    device.commit_config()
    group = port.router.running.find("crypto gdoi group WAN")
    assert group is not None
    assert "server address ipv4 10.9.0.9" in [line.text for line in group.lines]
    device.close()
