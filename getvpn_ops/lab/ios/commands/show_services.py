"""Clock, NTP, neighbour discovery and SNMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import times
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.session.shell import Shell


def show_clock(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show clock [detail]``; the star says that no time server confirmed it."""
    router = shell.router
    yield f"*{times.clock(router.running, router.clock.now())}"
    if words[-1] == "detail":
        yield "No time source"


def _servers(shell: Shell) -> list[str]:
    blocks = shell.router.running.all("ntp ")
    return [
        next(word for word in block.text.split()[2:] if word[0].isdigit())
        for block in blocks
        if block.text.split()[1] in {"server", "peer"} and any(word[0].isdigit() for word in block.text.split()[2:])
    ]


def show_ntp(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show ntp status`` and ``show ntp associations``: no time server answers in the lab."""
    router = shell.router
    if not router.running.all("ntp ") and router.release.family != "12.4":
        return ["%NTP is not enabled."]
    if words[-1] == "associations":
        lines = ["", "  address         ref clock       st   when   poll reach  delay  offset   disp"]
        lines += [
            f" ~{server:<15} .INIT.          16      -     64     0  0.000   0.000 15937." for server in _servers(shell)
        ]
        return [*lines, " * sys.peer, # selected, + candidate, - outlyer, x falseticker, ~ configured"]
    lines = [
        "Clock is unsynchronized, stratum 16, no reference clock",
        "nominal freq is 250.0000 Hz, actual freq is 250.0000 Hz, precision is 2**10",
        "reference time is 00000000.00000000 (00:00:00.000 UTC Mon Jan 1 1900)",
        "clock offset is 0.0000 msec, root delay is 0.00 msec",
        "root dispersion is 0.00 msec, peer dispersion is 0.00 msec",
    ]
    if router.release.family != "12.4":
        lines.append("loopfilter state is 'FSET' (Drift set from file), drift is 0.000000000 s/s")
        lines.append("system poll interval is 64, never updated.")
    return lines


def _runs(shell: Shell, protocol: str, *, on: bool) -> bool:
    if shell.router.running.find(f"no {protocol} run") is not None:
        return False
    return on or shell.router.running.find(f"{protocol} run") is not None


def show_cdp(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show cdp neighbors [detail]``: nobody is on the other end of the lab's cables."""
    family = shell.router.release.family
    if not _runs(shell, "cdp", on=family != "17"):
        yield "% CDP is not enabled"
        return
    if words[-1] != "detail":
        yield "Capability Codes: R - Router, T - Trans Bridge, B - Source Route Bridge"
        if family == "12.4":
            yield "                  S - Switch, H - Host, I - IGMP, r - Repeater"
        else:
            yield "                  S - Switch, H - Host, I - IGMP, r - Repeater, P - Phone, "
            yield "                  D - Remote, C - CVTA, M - Two-port Mac Relay "
        yield ""
        yield "Device ID        Local Intrfce     Holdtme    Capability  Platform  Port ID"
    if family != "12.4":
        yield ""
        yield "Total cdp entries displayed : 0"


def show_lldp(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show lldp neighbors [detail]``."""
    if not _runs(shell, "lldp", on=False):
        yield "% LLDP is not enabled"
        return
    if words[-1] != "detail":
        yield "Capability codes:"
        yield "    (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device"
        yield "    (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other"
        yield ""
        yield "Device ID           Local Intf     Hold-time  Capability      Port ID"
    yield ""
    yield "Total entries displayed: 0"
    yield ""


def show_snmp(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show snmp [chassis | location | contact]``."""
    router = shell.router
    if not router.running.all("snmp-server "):
        return ["%SNMP agent not enabled"]
    what = words[-1]
    if what in {"location", "contact"}:
        block = router.running.find(f"snmp-server {what} ")
        return [block.text.split(maxsplit=2)[2]] if block else [""]
    chassis = router.running.find("snmp-server chassis-id ")
    serial = chassis.text.split()[2] if chassis else router.serial
    if what == "chassis":
        return [serial]
    hosts = [block.text.split()[2] for block in router.running.all("snmp-server host ")]
    lines = [
        f"Chassis: {serial}",
        "0 SNMP packets input",
        "    0 Bad SNMP version errors",
        "    0 Unknown community name",
    ]
    lines += ["    0 Illegal operation for community name supplied", "    0 Encoding errors", "0 SNMP packets output"]
    return [
        *lines,
        f"SNMP logging: {'enabled' if hosts else 'disabled'}",
        *(f"    Logging to {host}.162, 0/10, 0 sent, 0 dropped." for host in hosts),
    ]


def clear_counters(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``clear counters [IF]``."""
    which = "this interface" if values else "all interfaces"
    if (yield Ask(f'Clear "show interface" counters on {which} [confirm]', one_key=True)).lower() in {"", "y"}:
        name = f"interface {values[0]}" if values else "all interfaces"
        shell.router.log(f"%CLEAR-5-COUNTERS: Clear counter on {name} by {shell.user} on vty{shell.line} (127.0.0.1)")


SHOWS = {
    "show-clock": show_clock,
    "show-ntp": show_ntp,
    "show-cdp": show_cdp,
    "show-lldp": show_lldp,
    "show-snmp": show_snmp,
}
ACTIONS = {"clear-counters": clear_counters}
