"""What a router says of itself follows its state, in the form of its release."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from screens import RELEASES, Screen

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.ios.platforms import PLATFORMS, platform
from getvpn_ops.lab.ios.releases import release as read_release
from getvpn_ops.lab.ios.router import Router

START = datetime(2024, 3, 5, 8, 15, 0, 250_000, tzinfo=UTC)
LINES = (
    "hostname SPOKE-3",
    "ip domain name lanes.example",
    "ip host hub-a 10.77.0.1",
    "clock timezone CET 1 0",
    "interface Loopback0",
    "ip address 10.77.255.3 255.255.255.255",
    "interface GigabitEthernet0/0",
    "description fibre to the provider",
    "ip address 10.77.8.2 255.255.255.252",
    "interface GigabitEthernet0/1",
    "ip address 10.78.3.1 255.255.255.0",
    "shutdown",
    "ip route 0.0.0.0 0.0.0.0 10.77.8.1",
    "ip route 10.79.0.0 255.255.0.0 10.77.8.1",
    "ip route 10.80.0.0 255.255.0.0 10.78.3.9",
)


def screen(release: str, *lines: str, model: str = "", privilege: int = 15) -> Screen:
    """A router with these lines beside the usual ones, whose time stands still."""
    router = Router(
        hostname="SPOKE-3",
        release=read_release(RELEASES.get(release, release)),
        model=model,
        serial="FCZ2233A0B1",
        clock=Clock(START, speed=0),
    )
    assert router.load([*LINES, *lines]) == []
    return Screen(release, privilege, router=router)


def shown(on: Screen, command: str) -> list[str]:
    """The lines of an output."""
    return on.enter(command).split("\r\n")[1:-1]


FIRST = {
    "12.4": [
        "Cisco IOS Software, 2800 Software (C2800NM-ADVENTERPRISEK9-M), Version 12.4(22)T5, RELEASE SOFTWARE (fc2)",
        "Technical Support: http://www.cisco.com/techsupport",
    ],
    "15": [
        "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.2(4)M11, RELEASE SOFTWARE (fc2)",
        "Technical Support: http://www.cisco.com/techsupport",
    ],
    "17": [
        "Cisco IOS XE Software, Version 17.06.05",
        (
            "Cisco IOS Software [Bengaluru], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.6.5, "
            "RELEASE SOFTWARE (fc2)"
        ),
    ],
}
IMAGES = {
    "12.4": "flash:c2800nm-adventerprisek9-mz.124-22.T5.bin",
    "15": "flash0:c2900-universalk9-mz.SPA.152-4.M11.bin",
    "17": "bootflash:isr4300-universalk9.17.06.05.SPA.bin",
}


@pytest.mark.parametrize("release", FIRST)
def test_version(release: str) -> None:
    on = screen(release)
    on.router.clock.advance(datetime(2024, 3, 14, 10, 17, tzinfo=UTC))
    lines = shown(Screen(release, 1, router=on.router), "show version")
    assert lines[:2] == FIRST[release]
    assert "SPOKE-3 uptime is 1 week, 2 days, 2 hours, 1 minute" in lines
    assert f'System image file is "{IMAGES[release]}"' in lines
    assert "Processor board ID FCZ2233A0B1" in lines
    assert "2 Gigabit Ethernet interfaces" in lines
    assert lines[-2:] == ["Configuration register is 0x2102", ""]
    assert ("License UDI:" in lines) == (release == "15")
    assert ("Smart Licensing Status: Smart Licensing Using Policy" in lines) == (release == "17")


def test_version_follows_what_happens() -> None:
    on = screen("17", "interface TenGigabitEthernet0/0/5", "no shutdown")
    on.enter("configure terminal", "hostname MOVED", "end")
    lines = shown(on, "show version")
    assert "MOVED uptime is 0 minutes" in lines
    assert "2 Gigabit Ethernet interfaces" in lines
    assert "1 Ten Gigabit Ethernet interface" in lines
    on.router.reload("Reload Command", seconds=60)
    again = Screen("17", 15, router=on.router)
    lines = shown(again, "show version")
    assert "System returned to ROM by Reload Command at 09:16:00 CET Tue Mar 5 2024" in lines
    assert "2 Gigabit Ethernet interfaces" in lines


CODE_NAMES = {
    "16.3.1": "Denali",
    "16.6.4": "Everest",
    "16.9.5": "Fuji",
    "16.12.4": "Gibraltar",
    "17.3.4a": "Amsterdam",
    "17.6.5": "Bengaluru",
    "17.9.4a": "Cupertino",
    "17.12.1": "Dublin",
    "17.15.1": "IOSXE",
}


@pytest.mark.parametrize("release", CODE_NAMES)
def test_code_names(release: str) -> None:
    lines = shown(screen(release), "show version")
    first, second, third = release.split(".")
    padded = f"{first}.{second:0>2}.{third.rstrip('a'):0>2}{'a' if third.endswith('a') else ''}"
    assert lines[0] == f"Cisco IOS XE Software, Version {padded}"
    assert lines[1].startswith(f"Cisco IOS Software [{CODE_NAMES[release]}], ")
    assert f"Version {release}, " in lines[1]


@pytest.mark.parametrize("model", [item.model for item in PLATFORMS])
def test_every_platform_says_what_it_is(model: str) -> None:
    number = platform(model, read_release("17.6.5")).short
    release = (
        "17.6.5" if model[0] in "IA" or number.startswith("C8") else "12.4(24)T8" if number in OLD else "15.4(3)M8"
    )
    on = screen(release, model=model)
    version = "\n".join(shown(on, "show version"))
    assert f"{number.split('-CHASSIS')[0]}" in version
    inventory = shown(on, "show inventory")
    assert inventory[1].startswith(f"PID: {model:<18}, VID: V")
    assert inventory[1].rstrip().endswith("SN: FCZ2233A0B1")
    assert any(line.startswith("Directory of ") for line in shown(on, "dir"))


OLD = {"2811", "2821", "3845"}
ALIASES = {
    "2811": "CISCO2811",
    "CISCO2811": "CISCO2811",
    "isr4331/k9": "ISR4331/K9",
    "C8000V": "C8000V",
    "3945": "CISCO3945-CHASSIS",
}


@pytest.mark.parametrize(("typed", "model"), ALIASES.items(), ids=ALIASES)
def test_names_of_platforms(typed: str, model: str) -> None:
    assert platform(typed, read_release("17.6.5")).model == model


CLOCK = {
    "show clock": ["*09:15:00.250 CET Tue Mar 5 2024"],
    "show clock detail": ["*09:15:00.250 CET Tue Mar 5 2024", "No time source"],
}


@pytest.mark.parametrize(("command", "lines"), CLOCK.items(), ids=CLOCK)
def test_clock(command: str, lines: list[str]) -> None:
    assert shown(screen("15"), command) == lines


BRIEF = {
    "12.4": [
        "Interface                  IP-Address      OK? Method Status                Protocol",
        "GigabitEthernet0/0         10.77.8.2       YES NVRAM  up                    up      ",
        "GigabitEthernet0/1         10.78.3.1       YES NVRAM  administratively down down    ",
        "Loopback0                  10.77.255.3     YES NVRAM  up                    up      ",
    ],
    "17": [
        "Interface              IP-Address      OK? Method Status                Protocol",
        "GigabitEthernet0/0     10.77.8.2       YES NVRAM  up                    up      ",
        "GigabitEthernet0/1     10.78.3.1       YES NVRAM  administratively down down    ",
        "Loopback0              10.77.255.3     YES NVRAM  up                    up      ",
    ],
}


@pytest.mark.parametrize(("release", "lines"), BRIEF.items(), ids=BRIEF)
def test_interfaces_in_brief(release: str, lines: list[str]) -> None:
    assert shown(screen(release), "show ip interface brief") == lines


def test_interfaces_follow_the_configuration() -> None:
    on = screen("17")
    on.enter("configure terminal", "interface GigabitEthernet0/1", "no shutdown", "ip address 10.78.4.1 255.255.255.0")
    on.enter("interface Loopback9", "interface TenGigabitEthernet0/0/10.100", "end")
    by_name = {line.split()[0]: line.split()[1:] for line in shown(on, "show ip interface brief")}
    assert by_name["GigabitEthernet0/1"] == ["10.78.4.1", "YES", "manual", "up", "up"]
    assert by_name["Loopback9"] == ["unassigned", "YES", "unset", "up", "up"]
    assert "Te0/0/10.100" in by_name
    text = shown(on, "show interfaces gi0/0")
    assert text[0] == "GigabitEthernet0/0 is up, line protocol is up "
    assert "  Description: fibre to the provider" in text
    assert shown(on, "show interfaces gi0/7")[-2:] == ["% Invalid input detected at '^' marker.", ""]


ROUTES = {
    "12.4": [
        "     10.0.0.0/8 is variably subnetted, 3 subnets, 3 masks",
        "C       10.77.8.0/30 is directly connected, GigabitEthernet0/0",
        "C       10.77.255.3/32 is directly connected, Loopback0",
        "S       10.79.0.0/16 [1/0] via 10.77.8.1",
        "S*   0.0.0.0/0 [1/0] via 10.77.8.1",
    ],
    "15": [
        "S*    0.0.0.0/0 [1/0] via 10.77.8.1",
        "      10.0.0.0/8 is variably subnetted, 4 subnets, 3 masks",
        "C        10.77.8.0/30 is directly connected, GigabitEthernet0/0",
        "L        10.77.8.2/32 is directly connected, GigabitEthernet0/0",
        "C        10.77.255.3/32 is directly connected, Loopback0",
        "S        10.79.0.0/16 [1/0] via 10.77.8.1",
    ],
}


@pytest.mark.parametrize(("release", "lines"), ROUTES.items(), ids=ROUTES)
def test_routes(release: str, lines: list[str]) -> None:
    """A route whose next hop lies behind a port that is shut is not in use."""
    text = shown(screen(release), "show ip route")
    assert text[text.index("Gateway of last resort is 10.77.8.1 to network 0.0.0.0") + 2 :] == lines


MORE_ROUTES = {
    "subnets of one length": (
        ["ip route 172.20.4.0 255.255.255.0 10.77.8.1", "ip route 172.20.6.0 255.255.255.0 Null0"],
        [
            "      172.20.0.0/24 is subnetted, 2 subnets",
            "S        172.20.4.0 [1/0] via 10.77.8.1",
            "S        172.20.6.0 is directly connected, Null0",
        ],
    ),
    "a whole class": (["ip route 192.168.40.0 255.255.255.0 10.77.8.1"], ["S     192.168.40.0/24 [1/0] via 10.77.8.1"]),
    "through another route": (
        ["ip route 192.168.41.0 255.255.255.0 10.79.1.1"],
        ["S     192.168.41.0/24 [1/0] via 10.79.1.1"],
    ),
    "nearest wins": (
        ["ip route 192.168.42.0 255.255.255.0 Null0 200", "ip route 192.168.42.0 255.255.255.0 10.77.8.1 50"],
        ["S     192.168.42.0/24 [50/0] via 10.77.8.1"],
    ),
}


@pytest.mark.parametrize(("lines", "routes"), MORE_ROUTES.values(), ids=MORE_ROUTES)
def test_more_routes(lines: list[str], routes: list[str]) -> None:
    text = shown(screen("17", *lines), "show ip route")
    assert text[-len(routes) :] == routes


LEVELS = {
    "all": ("logging buffered 9000", 3),
    "no debugging": ("logging buffered 9000 informational", 2),
    "warnings only": ("logging buffered 9000 warnings", 1),
    "small": ("logging buffered 4096", 3),
}


@pytest.mark.parametrize(("setting", "count"), LEVELS.values(), ids=LEVELS)
@pytest.mark.parametrize("release", RELEASES)
def test_logging(release: str, setting: str, count: int) -> None:
    on = screen(release)
    on.enter("configure terminal", setting, "end", "clear logging", "")
    on.router.logged.clear()
    for message in ("%LINK-3-UPDOWN: down", "%SYS-6-LOGGINGHOST_STARTSTOP: started", "%SYS-7-USERLOG_DEBUG: x"):
        on.router.log(message)
    lines = shown(on, "show logging")
    assert sum("%LINK" in line or "%SYS" in line for line in lines) == count
    sizes = [line for line in lines if line.startswith("Log Buffer")]
    assert sizes == [f"Log Buffer ({setting.split()[2]} bytes):"]


def test_the_old_release_keeps_no_log_unless_told() -> None:
    on = screen("12.4")
    on.router.log("%SYS-5-CONFIG_I: x")
    lines = shown(on, "show logging")
    assert "    Buffer logging:  disabled, xml disabled," in lines
    assert not any(line.startswith("Log Buffer") for line in lines)


def test_the_log_buffer_forgets_what_does_not_fit() -> None:
    on = screen("15", "logging buffered 4096")
    for number in range(200):
        on.router.log(f"%SYS-5-TEST: message {number}")
    lines = [line for line in shown(on, "show logging") if "%SYS-5-TEST" in line]
    assert lines[-1].endswith("message 199")
    assert 40 < len(lines) < 120
    assert on.enter("clear logging").endswith("Clear logging buffer [confirm]")
    on.enter("")
    assert not any("message" in line for line in shown(on, "show logging") if "%SYS-5-TEST" in line)


def test_access_lists() -> None:
    lines = ["ip access-list extended LANES", "permit ip 10.77.0.0 0.0.255.255 any", "remark rest", "deny ip any any"]
    on = screen("12.4", *lines, "access-list 12 permit 10.78.3.0 0.0.0.255", "access-list 12 permit 10.1.1.1")
    assert shown(on, "show ip access-lists LANES") == [
        "Extended IP access list LANES",
        "    10 permit ip 10.77.0.0 0.0.255.255 any",
        "    20 deny ip any any",
    ]
    assert shown(on, "show access-lists 12") == [
        "Standard IP access list 12",
        "    10 permit 10.78.3.0, wildcard bits 0.0.0.255",
        "    20 permit 10.1.1.1",
    ]
    assert shown(on, "show ip access-lists NONE") == []


def test_pings() -> None:
    on = screen("15")
    assert "!!!!!\r\nSuccess rate is 100 percent (5/5)" in on.enter("ping 10.77.8.2")
    assert ".....\r\nSuccess rate is 0 percent (0/5)\r\n" in on.enter("ping 10.77.8.1 source loopback0")
    assert "!!!\r\nSuccess rate is 100 percent (3/3)" in on.enter(
        "ping ip 10.77.255.3 timeout 1 size 1400 repeat 3 df-bit"
    )
    assert "Sending 70, 100-byte" in on.enter("ping", "", "10.77.8.2", "70", "", "", "", "")
    assert "% Unrecognized host" in on.enter("ping nowhere")
    assert "10.77.0.1" in on.enter("ping hub-a")


def test_sessions_see_each_other() -> None:
    on = screen("17")
    other = Screen("17", 1, router=on.router)
    other.terminal.line = 1
    on.router.clock.advance(datetime(2024, 3, 5, 8, 16, 30, 250_000, tzinfo=UTC))
    users = shown(on, "show users")
    assert [line[:12] for line in users[1:3]] == ["*  2 vty 0  ", "   3 vty 1  "]
    assert "00:01:30 127.0.0.1" in users[2]
    assert on.enter("clear line vty 1").endswith("[confirm]")
    assert on.enter("").endswith(" [OK]\r\nSPOKE-3#")
    assert other.dropped


def test_load_and_time_before_outputs() -> None:
    on = screen("15")
    on.enter("terminal exec prompt timestamp")
    lines = shown(on, "show privilege")
    assert lines[0].startswith("Load for five secs: ")
    assert lines[1] == "No time source, *09:15:00.250 CET Tue Mar 5 2024"
    assert lines[-1] == "Current privilege level is 15"
    on.enter("terminal no exec prompt timestamp")
    assert shown(on, "show privilege") == ["Current privilege level is 15"]


def test_files() -> None:
    on = screen("17")
    on.router.files["bootflash:kept.cfg"] = ["hostname X", "end"]
    lines = shown(on, "dir")
    assert lines[0] == "Directory of bootflash:/"
    assert [line.split()[-1] for line in lines if "-rw-" in line] == [
        "isr4300-universalk9.17.06.05.SPA.bin",
        "kept.cfg",
    ]
    assert shown(on, "dir bootflash:/kept.cfg")[0] == "Directory of bootflash:/kept.cfg"
    assert shown(on, "dir bootflash:none") == ["%Error opening bootflash:/none (No such file or directory)"]
    assert shown(on, "dir usb9:") == ["%Error opening usb9: (No such device)"]


OTHER = {
    "cdp-off": ("17", "show cdp neighbors", ["% CDP is not enabled"]),
    "lldp-off": ("15", "show lldp neighbors", ["% LLDP is not enabled"]),
    "snmp-off": ("15", "show snmp", ["%SNMP agent not enabled"]),
    "ntp-off": ("15", "show ntp status", ["%NTP is not enabled."]),
    "vrf": ("17", "show ip route vrf NONE", ["% IP routing table NONE does not exist"]),
    "hosts": ("15", "show hosts summary", ["Default domain is lanes.example", "Name servers are 255.255.255.255"]),
    "boot": ("15", "show bootvar", ["BOOT variable does not exist"]),
    "ssh": ("12.4", "show ip ssh", ["SSH Enabled - version 1.99"]),
    "aliases": ("12.4", "show aliases", ["Exec mode aliases:", "  h                     help"]),
}


@pytest.mark.parametrize(("release", "command", "lines"), OTHER.values(), ids=OTHER)
def test_other_commands(release: str, command: str, lines: list[str]) -> None:
    assert shown(screen(release), command)[: len(lines)] == lines


PRIVILEGED = (
    "show access-lists",
    "show logging",
    "dir",
    "show running-config",
    "clear counters",
    "send log x",
    "write terminal",
)


@pytest.mark.parametrize("command", PRIVILEGED)
def test_some_need_privilege(command: str) -> None:
    assert "% Invalid input" in screen("17", privilege=1).enter(command)


def test_a_file_written_in_tcl_is_verified() -> None:
    on = screen("15")
    assert on.enter("tclsh").endswith("SPOKE-3(tcl)#")
    assert on.enter('puts [open "flash:new.cfg" w+] {hostname Y').endswith("+>")
    assert on.enter("end}").endswith("SPOKE-3(tcl)#")
    assert "Current privilege level is 15" in on.enter("show privilege")
    assert on.enter("tclquit").endswith("SPOKE-3#")
    digest = hashlib.md5(b"hostname Y\nend\n", usedforsecurity=False).hexdigest()
    assert shown(on, "verify /md5 flash:new.cfg")[1] == f"verify /md5 (flash:new.cfg) = {digest}"
    assert "No such file" in on.enter("verify /md5 flash:none")
    assert shown(on, "more flash:new.cfg") == ["hostname Y", "end"]
