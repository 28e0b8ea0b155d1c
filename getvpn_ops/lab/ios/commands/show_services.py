"""Clock, NTP, neighbour discovery and SNMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import ntp, times
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell


def show_clock(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show clock [detail]``; a star says that no time server ever confirmed it, a dot that none does any more."""
    router = shell.router
    yield f"{ntp.mark(router)}{times.clock(router.running, router.clock.now())}"
    if words[-1] == "detail":
        yield "No time source" if ntp.mark(router) == "*" else "Time source is NTP"


def show_ntp(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show ntp status`` and ``show ntp associations``: the servers of the configuration answer, all of them."""
    router = shell.router
    if not router.running.all("ntp ") and router.release.family != "12.4":
        return ["%NTP is not enabled."]
    return _associations(router) if words[-1] == "associations" else _status(router)


def _associations(router: Router) -> Iterator[str]:
    yield ""
    yield "  address         ref clock       st   when   poll reach  delay  offset   disp"
    when = int((router.clock.now() - ntp.polled(router)).total_seconds())
    for number, server in enumerate(ntp.servers(router)):
        if ntp.is_synchronized(router):
            sign = "+" if number else "*"
            yield f"{sign}~{server:<15} .GPS.            1 {when:>6} {ntp.POLL:>6}   377  1.000   0.500   0.98"
        else:
            yield f" ~{server:<15} .INIT.          16      - {ntp.POLL:>6}     0  0.000   0.000 15937."
    yield " * sys.peer, # selected, + candidate, - outlyer, x falseticker, ~ configured"


def _status(router: Router) -> Iterator[str]:
    """Words and figures are those of 12.4T to 17; the figures of a clock that is right."""
    good = ntp.is_synchronized(router)
    old = router.release.family == "12.4"
    if good:
        moment = ntp.polled(router)
        shown = times.clock(router.running, moment)
        yield f"Clock is synchronized, stratum 2, reference is {ntp.servers(router)[0]}"
        yield "nominal freq is 250.0000 Hz, actual freq is 249.9987 Hz, precision is 2**10"
        yield f"reference time is {ntp.hexadecimal(moment)} ({shown})"
        yield "clock offset is 0.5000 msec, root delay is 1.00 msec"
        yield "root dispersion is 3.98 msec, peer dispersion is 0.98 msec"
    else:
        yield "Clock is unsynchronized, stratum 16, no reference clock"
        yield "nominal freq is 250.0000 Hz, actual freq is 250.0000 Hz, precision is 2**10"
        yield "reference time is 00000000.00000000 (00:00:00.000 UTC Mon Jan 1 1900)"
        yield "clock offset is 0.0000 msec, root delay is 0.00 msec"
        yield "root dispersion is 0.00 msec, peer dispersion is 0.00 msec"
    if not old:
        word = (
            "'CTRL' (Normal Controlled Loop), drift is 0.000005200"
            if good
            else "'FSET' (Drift set from file), drift is 0.000000000"
        )
        yield f"loopfilter state is {word} s/s"
        ago = int((router.clock.now() - ntp.polled(router)).total_seconds())
        yield f"system poll interval is {ntp.POLL}, {f'last update was {ago} sec ago' if good else 'never updated'}."


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
