"""What the router says of itself: version, hardware, interfaces, access lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from getvpn_ops.lab.ios.shell import Shell


def show_clock(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show clock``."""
    now = shell.router.clock.now()
    return [f"*{now:%H:%M:%S}.{now.microsecond // 1000:03d} UTC {now:%a %b} {now.day} {now.year}"]


def show_version(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show version``."""
    router = shell.router
    hardware = router.platform
    yield f"Cisco IOS Software, {hardware.software} ({hardware.image}), Version {router.release.text}, RELEASE SOFTWARE (fc2)"
    yield "Technical Support: http://www.cisco.com/techsupport"
    yield ""
    yield f"{router.name} uptime is {uptime(router.clock.now() - router.booted)}"
    yield f"System returned to ROM by {router.reload_reason}"
    yield ""
    yield "Configuration register is 0x2102"
    yield ""


def show_interfaces_brief(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show ip interface brief``."""
    yield "Interface                  IP-Address      OK? Method Status                Protocol"
    for block in shell.router.running.all("interface "):
        texts = [line.text for line in block.lines]
        address = next((text.split()[2] for text in texts if text.startswith("ip address ")), "unassigned")
        method = "NVRAM" if address != "unassigned" else "unset"
        status = "administratively down" if "shutdown" in texts else "up"
        line = "down" if "shutdown" in texts else "up"
        yield f"{block.text.split()[1]:<26} {address:<15} YES {method:<6} {status:<21} {line}"


def uptime(span: timedelta) -> str:
    """``1 week, 2 days, 3 hours, 4 minutes``."""
    minutes = int(span.total_seconds() // 60)
    parts: list[str] = []
    for unit, size in (("year", 525600), ("week", 10080), ("day", 1440), ("hour", 60), ("minute", 1)):
        count, minutes = divmod(minutes, size)
        if count or (unit == "minute" and not parts):
            parts.append(f"{count} {unit}{'s' if count != 1 else ''}")
    return ", ".join(parts)


SHOWS = {"show-clock": show_clock, "show-version": show_version, "show-ip-interface-brief": show_interfaces_brief}
