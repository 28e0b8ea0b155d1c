"""Outputs are read by parsers that nobody here wrote: ntc-templates, which follow captures of real devices."""

from __future__ import annotations

from typing import Any

import pytest
from ntc_templates.parse import parse_output
from screens import RELEASES, Screen

from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Router

LINES = (
    "hostname KIOSK-5",
    "ip domain name kiosk.example",
    "ip name-server 10.60.0.53",
    "logging buffered 16384",
    "interface Loopback0",
    "ip address 10.60.255.5 255.255.255.255",
    "ipv6 address 2001:DB8:60::5/128",
    "interface GigabitEthernet0/0",
    "description leased line",
    "ip address 10.60.5.2 255.255.255.252",
    "ip access-group EDGE in",
    "interface GigabitEthernet0/1",
    "shutdown",
    "ip route 0.0.0.0 0.0.0.0 10.60.5.1",
    "ip access-list extended EDGE",
    "permit tcp 10.60.0.0 0.0.255.255 any eq 22",
    "deny ip any any",
)
Rows = list[dict[str, Any]]


@pytest.fixture(params=sorted(RELEASES))
def screen(request: pytest.FixtureRequest) -> Screen:
    router = Router(hostname="KIOSK-5", release=read_release(RELEASES[request.param]), serial="FGL2101K5K5")
    assert router.load(LINES) == []
    router.log("%SYS-5-RESTART: System restarted --")
    return Screen(request.param, 15, router=router)


def rows(screen: Screen, command: str) -> Rows:
    """What the foreign parser reads; it raises where a line is none that it knows."""
    text = screen.enter(command).split("\r\n", 1)[1].rpartition("\r\n")[0].replace("\r\n", "\n")
    found: Rows = parse_output(platform="cisco_ios", command=command, data=text)
    return found


def picked(found: Rows, *names: str) -> list[tuple[Any, ...]]:
    """Some columns."""
    return [tuple(row[name] for name in names) for row in found]


def test_version(screen: Screen) -> None:
    (row,) = rows(screen, "show version")
    assert row["version"] == screen.router.release.text
    assert (row["hostname"], row["serial"], row["config_register"]) == ("KIOSK-5", ["FGL2101K5K5"], "0x2102")
    assert row["hardware"] == [{"12.4": "2811", "15": "CISCO2911/K9", "17": "ISR4331/K9"}[screen.router.release.family]]
    assert row["uptime_minutes"] == "0"
    assert row["running_image"].startswith(
        {"12.4": "c2800nm-", "15": "c2900-", "17": "isr4300-"}[screen.router.release.family]
    )


def test_interfaces(screen: Screen) -> None:
    assert picked(rows(screen, "show ip interface brief"), "interface", "ip_address", "status", "proto") == [
        ("GigabitEthernet0/0", "10.60.5.2", "up", "up"),
        ("GigabitEthernet0/1", "unassigned", "administratively down", "down"),
        ("Loopback0", "10.60.255.5", "up", "up"),
    ]
    found = rows(screen, "show interfaces")
    assert picked(found, "interface", "link_status", "protocol_status", "ip_address", "prefix_length", "mtu") == [
        ("GigabitEthernet0/0", "up", "up", "10.60.5.2", "30", "1500"),
        ("GigabitEthernet0/1", "administratively down", "down", "", "", "1500"),
        ("Loopback0", "up", "up", "10.60.255.5", "32", "1514"),
    ]
    assert found[0]["description"] == "leased line"
    assert found[0]["mac_address"] == found[0]["bia"] != found[1]["mac_address"]
    assert [row["input_packets"] for row in found] == ["0"] * 3
    assert picked(rows(screen, "show interfaces description"), "port", "status", "protocol", "description") == [
        ("Gi0/0", "up", "up", "leased line"),
        ("Gi0/1", "admin down", "down", ""),
        ("Lo0", "up", "up", ""),
    ]


def test_ip_interfaces(screen: Screen) -> None:
    found = rows(screen, "show ip interface")
    assert picked(found, "interface", "ip_address", "prefix_length", "inbound_acl") == [
        ("GigabitEthernet0/0", ["10.60.5.2"], ["30"], "EDGE"),
        ("GigabitEthernet0/1", [], [], ""),
        ("Loopback0", ["10.60.255.5"], ["32"], ""),
    ]
    six = rows(screen, "show ipv6 interface brief")
    assert picked(six, "interface", "admin", "protocol")[1] == ("GigabitEthernet0/1", "administratively down", "down")
    assert six[2]["ipv6_address"][1:] == ["2001:DB8:60::5"]


def test_inventory(screen: Screen) -> None:
    first, *others = rows(screen, "show inventory")
    assert (first["pid"], first["sn"]) == (screen.router.platform.model, "FGL2101K5K5")
    assert len(others) + 1 == len(screen.router.platform.parts)


def test_access_lists(screen: Screen) -> None:
    found = [row for row in rows(screen, "show ip access-lists") if row["action"]]
    assert picked(found, "acl_name", "line_num", "action", "protocol", "src_network", "dst_any", "dst_port") == [
        ("EDGE", "10", "permit", "tcp", "10.60.0.0", "any", "22"),
        ("EDGE", "20", "deny", "ip", "", "any", ""),
    ]


def test_routes(screen: Screen) -> None:
    old = screen.router.release.family == "12.4"
    found = picked(rows(screen, "show ip route"), "protocol", "network", "prefix_length", "nexthop_ip", "nexthop_if")
    expected = [
        ("S", "0.0.0.0", "0", "10.60.5.1", ""),  # noqa: S104 -- the default route
        ("C", "10.60.5.0", "30", "", "GigabitEthernet0/0"),
        ("L", "10.60.5.2", "32", "", "GigabitEthernet0/0"),
        ("C", "10.60.255.5", "32", "", "Loopback0"),
    ]
    assert sorted(found) == sorted(row for row in expected if not (old and row[0] == "L"))


def test_logging(screen: Screen) -> None:
    (row,) = rows(screen, "show logging")
    assert (row["facility"], row["severity"], row["mnemonic"]) == ("SYS", "5", "RESTART")


def test_clock(screen: Screen) -> None:
    (row,) = rows(screen, "show clock")
    assert row["timezone"] == "UTC"
    assert row["year"] == str(screen.router.clock.now().year)


def test_files(screen: Screen) -> None:
    (row,) = rows(screen, "dir")
    hardware = screen.router.platform
    assert row["name"] == hardware.image_file(screen.router.release)
    assert row["file_system"] == f"{hardware.flash}/"
    assert int(row["total_size"]) == hardware.flash_kilobytes * 1024 == int(row["total_free"]) + int(row["size"])
    systems = {row["prefixes"]: row for row in rows(screen, "show file systems")}
    assert systems["nvram:"]["size"] == str(hardware.nvram)
    assert systems["scp:"]["type"] == "network"


def test_the_rest(screen: Screen) -> None:
    if screen.router.release.is_xe:  # their parser does not know the larger numbers of lines that others have
        screen.terminal.shell.user = "clerk"
        found = picked(rows(screen, "show users"), "line", "user", "hosts", "idle", "location")
        assert found == [("*  2 vty 0", "clerk", "idle", "00:00:00", "127.0.0.1")]
    (hosts,) = rows(screen, "show hosts summary")
    assert (hosts["default_domain"], hosts["name_servers"]) == ("kiosk.example", "10.60.0.53")
    assert picked(rows(screen, "show arp"), "address", "interface") == [("10.60.5.2", "GigabitEthernet0/0")]
    (load, *_others) = rows(screen, "show processes cpu")
    assert 0 < int(load["cpu_usage_5_sec"]) < 10
    assert ("h", "help") in picked(rows(screen, "show aliases"), "alias", "command")
