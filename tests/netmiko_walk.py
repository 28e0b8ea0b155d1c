"""One walk with Netmiko through all that its users do on a router; runs in this process, or alone as a program.

As a program it takes the port as its argument and prints what it saw as JSON, so that another paramiko can carry it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import netmiko
import paramiko
from netmiko.exceptions import ConfigInvalidException

ENTRIES = 100
LONG = "leads to " + " and ".join(f"floor {number}" for number in range(15))
BANNER = ["banner login ^C", "Staff of the branch only.", "All is logged.", "^C"]


def open_netmiko(port: int, **options: Any) -> netmiko.BaseConnection:  # noqa: ANN401 -- whatever Netmiko takes
    """Log in."""
    login: dict[str, Any] = {
        "device_type": "cisco_ios",
        "host": "127.0.0.1",
        "port": port,
        "username": "ops",
        "password": "pass-1",
        "secret": "enable-1",
    }
    return netmiko.ConnectHandler(**login | options)


def walk(port: int) -> dict[str, Any]:
    """Everything in one session; the router drops it in the end, where a fault was armed for ``show privilege``."""
    folder = Path(tempfile.mkdtemp())
    seen: dict[str, Any] = {"paramiko": paramiko.__version__, "netmiko": netmiko.__version__}
    device = open_netmiko(port, session_log=str(folder / "session.log"))
    seen["prompt"] = device.find_prompt()
    device.enable()
    seen["enabled"] = device.find_prompt()
    seen["alive"] = device.is_alive()
    seen["version"] = device.send_command("show version")
    seen["brief"] = device.send_command("show ip interface brief", use_textfsm=True)
    seen["wrong"] = device.send_command("show foo")
    seen["timing"] = device.send_command_timing("show clock", strip_prompt=False, last_read=0.5)
    device.send_command("terminal length 8")
    seen["page"] = device.send_command("show version", expect_string=r"--More--")
    device.write_channel("q")
    seen["left"] = device.read_until_pattern(r"#")
    device.send_command("terminal length 0")
    _configure(device, seen, folder)
    seen["ping"] = device.send_multiline(
        [
            ["ping", r"Protocol \[ip\]: "],
            ["", "Target IP address: "],
            ["10.20.1.1", r"Repeat count \[5\]: "],
            ["100", r"Datagram size \[100\]: "],
            ["", r"Timeout in seconds \[2\]: "],
            ["", r"Extended commands \[n\]: "],
            ["", r"Sweep range of sizes \[n\]: "],
            ["", r"#"],
        ]
    )
    seen["saved"] = [
        device.save_config(),
        device.save_config(cmd="copy running-config startup-config", confirm=True),
    ]
    seen["log"] = (folder / "session.log").read_text()
    try:
        device.send_command("show privilege", read_timeout=1)
    except Exception as error:  # noqa: BLE001 -- whatever Netmiko raises is what its users see
        seen["dropped"] = type(error).__name__
    seen["alive at the end"] = device.is_alive()
    return seen


def _configure(device: netmiko.BaseConnection, seen: dict[str, Any], folder: Path) -> None:
    device.config_mode()
    seen["in configuration"] = [device.check_config_mode(), device.find_prompt()]
    device.exit_config_mode()
    group = ["crypto gdoi group WAN", "server address ipv4 10.9.0.2", "foo bar", "identity num 5"]
    seen["block"] = device.send_config_set(["logging buffered 20000", *group])
    try:
        lines = ["logging buffered 20001", "foo bar", "logging buffered 20002"]
        device.send_config_set(lines, error_pattern=r"% Invalid")
    except ConfigInvalidException as error:
        seen["stopped"] = str(error)
    if device.check_config_mode():
        device.exit_config_mode()
    seen["logging"] = device.send_command("show running-config | include logging buffered")
    device.send_config_set(["no logging buffered", "logging buffered 9000"])
    seen["logging again"] = device.send_command("show running-config | include logging buffered")
    entries = [f"permit ip host 10.30.{number}.1 any" for number in range(ENTRIES)]
    device.send_config_set(["ip access-list extended BRANCHES", *entries])
    seen["list"] = device.send_command("show ip access-lists BRANCHES")
    file = folder / "lines.txt"
    file.write_text(f"interface GigabitEthernet0/0/1\ndescription {LONG}\n")
    device.send_config_from_file(str(file))
    seen["long"] = device.send_command("show running-config | include floor")
    device.send_config_set(["no banner login"])
    device.send_config_set(BANNER, cmd_verify=False)
    seen["banner"] = device.send_command("show running-config | begin banner login")
    device.send_config_set(["hostname BR-8"])
    device.set_base_prompt()
    seen["renamed"] = device.find_prompt()
    device.send_config_set(["hostname BR-7"])
    device.set_base_prompt()


if __name__ == "__main__":
    json.dump(walk(int(sys.argv[1])), sys.stdout)
