"""Hardware and load: inventory, processor, memory, environment, flash, boot variables, licences."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

_PROCESSES = (
    "Chunk Manager",
    "Load Meter",
    "Exec",
    "Check heaps",
    "Pool Manager",
    "IP Input",
    "Crypto IKMP",
    "SSH Process",
)
_IMAGE_AGE = timedelta(days=200)
_IMAGE_SHARE, _XE_IMAGE_SHARE = 0.6, 0.12  # of the flash


def show_inventory(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show inventory``."""
    router = shell.router
    for part in router.platform.parts:
        serial = router.serial if part.has_serial else ""
        wide = 0 if serial or not router.release.is_xe else 11
        yield f'NAME: "{part.name}", DESCR: "{part.text.format(serial=router.serial)}"'
        vid = f"{part.vid:<{5 if router.release.is_xe else 4}}"
        yield f"PID: {part.pid or router.platform.model:<18}, VID: {vid}, SN: {serial:<{wide}}"
        yield ""


def load(router: Router) -> tuple[int, int, int]:
    """Per cent of the processor in use in five seconds, a minute, five minutes: a little, and repeatable."""
    if (busy := router.faults.standing("cpu-high")) is not None:
        percent = int(busy.options["percent"])
        return percent, percent, percent
    minute = int((router.clock.now() - router.booted).total_seconds() // 60)
    number = hashlib.sha256(f"{router.serial} {minute}".encode()).digest()
    return 1 + number[0] % 4, 1 + number[1] % 3, 1 + number[2] % 2


def show_processes_cpu(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show processes cpu``."""
    five, minute, five_minutes = load(shell.router)
    yield f"CPU utilization for five seconds: {five}%/0%; one minute: {minute}%; five minutes: {five_minutes}%"
    yield " PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process "
    up = max(1, int((shell.router.clock.now() - shell.router.booted).total_seconds()))
    for number, name in enumerate(_PROCESSES, 1):
        runs = f"{up // 60 * number:>12}{up * number:>12}{16 * number:>11}"
        yield f"{number:>4}{runs}  0.00%  0.00%  0.00%   0 {name:<16} "


def memory(router: Router) -> tuple[int, int]:
    """Bytes of the processor's memory, and how much of it is used."""
    total = router.platform.memory[0] * 1024
    return total, total * 11 // 50


def show_memory(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show memory statistics``."""
    total, used = memory(shell.router)
    io = shell.router.platform.memory[1] * 1024
    wide = 12 if shell.router.release.is_xe else 8
    head = " " * wide
    yield f"{head}         Head    Total(b)     Used(b)     Free(b)   Lowest(b)  Largest(b)"
    for name, size, taken in (("Processor", total, used), ("I/O", io, io // 4)):
        free = size - taken
        start = f"{0x2AB1C00 + size:0{wide}X}"
        yield f"{name:>9}  {start}{size:>12}{taken:>12}{free:>12}{free - 4096:>12}{free - 65536:>12}"


def show_environment(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show environment``: nothing in the lab runs hot."""
    router = shell.router
    if not router.release.is_xe:
        if router.release.family == "12.4":
            return ["Main Power Supply is AC", "", "Fan 1: OK", "Fan 2: OK", "", "System Temperature: normal", ""]
        rule = "SYSTEM POWER SUPPLY STATUS"
        return [
            rule,
            "=" * len(rule),
            " Internal Power Supply Type: AC",
            " Internal Power Supply 12V Output Status: Normal",
            "",
        ]
    return [
        "Number of Critical alarms:  0",
        "Number of Major alarms:     0",
        "Number of Minor alarms:     0",
        "",
        " Slot        Sensor          Current State   Reading        Threshold(Minor,Major,Critical,Shutdown)",
        " ----------  --------------  --------------- ------------   ---------------------------------------",
        " R0          Temp: Inlet 1   Normal          27    Celsius\t(na ,58 ,68 ,73 )(Celsius)",
        " P0          Temp: Temp 1    Normal          31    Celsius\t(na ,na ,na ,na )(Celsius)",
        "",
    ]


# -- files


def stored(router: Router) -> list[tuple[str, int, datetime]]:
    """The files of the flash: name, bytes, when they were written."""
    hardware = router.platform
    image = int(hardware.flash_kilobytes * 1024 * (_XE_IMAGE_SHARE if router.release.is_xe else _IMAGE_SHARE))
    found = [(hardware.image_file(router.release), image, router.booted - _IMAGE_AGE)]
    for name, lines in sorted(router.files.items()):
        place, colon, rest = name.partition(":")
        if not colon or f"{place}:" in {hardware.flash, "flash:", "bootflash:"}:
            size = sum(len(line) + 1 for line in lines)
            found.append((rest.lstrip("/") if colon else name, size, router.clock.now()))
    return found


def show_directory(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Iterable[str]:
    """``dir [FILE SYSTEM | FILE]``."""
    router = shell.router
    hardware = router.platform
    asked = values[0] if values else hardware.flash
    place, colon, name = asked.partition(":")
    known = {hardware.flash, "flash:", "bootflash:", "nvram:"}
    if not colon:
        place, name = hardware.flash.removesuffix(":"), asked
    if f"{place}:" not in known:
        yield f"%Error opening {asked} (No such device)"
        return
    total, files = (
        (hardware.nvram, _nvram(router)) if place == "nvram" else (hardware.flash_kilobytes * 1024, stored(router))
    )
    wanted = name.strip("/")
    if wanted:
        shown = [item for item in files if item[0] == wanted]
        if not shown:
            yield f"%Error opening {place}:/{wanted} (No such file or directory)"
            return
        yield f"Directory of {place}:/{wanted}"
    else:
        shown = files
        yield f"Directory of {hardware.flash if place != 'nvram' else 'nvram:'}/"
    yield ""
    wide = router.release.is_xe
    for number, (name, size, moment) in enumerate(shown, 1):
        local = moment + times.zone(router.running)[1]
        when = f"{local:%b} {local.day} {local.year} {local:%H:%M:%S} +00:00"
        yield f"{number if not wide else number + 10:>5}  -rw-  {size:>11}  {when:<28}  {name}"
    yield ""
    yield f"{total} bytes total ({total - sum(size for _, size, _ in files)} bytes free)"


def _nvram(router: Router) -> list[tuple[str, int, datetime]]:
    if router.startup is None:
        return []
    return [("startup-config", sum(len(line) + 1 for line in router.startup.lines()), router.booted)]


def show_flash(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show flash:``."""
    router = shell.router
    files = stored(router)
    yield "-#- --length-- -----date/time------ path"
    for number, (name, size, moment) in enumerate(files, 1):
        local = moment + times.zone(router.running)[1]
        yield f"{number:<4}{size:>10} {local:%b} {local.day} {local.year} {local:%H:%M:%S} +00:00 {name}"
    yield ""
    used = sum(size for _, size, _ in files)
    yield f"{router.platform.flash_kilobytes * 1024 - used} bytes available ({used} bytes used)"
    yield ""


def show_file_systems(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show file systems``."""
    router = shell.router
    hardware = router.platform
    total = hardware.flash_kilobytes * 1024
    used = sum(size for _, size, _ in stored(router))
    yield "File Systems:"
    yield ""
    yield "       Size(b)       Free(b)      Type  Flags  Prefixes"
    rows: list[tuple[str, str, str, str, str, str]] = [
        (" ", "-", "-", "opaque", "rw", "system:"),
        (" ", "-", "-", "opaque", "rw", "tmpsys:"),
        (
            "*",
            str(total),
            str(total - used),
            "disk",
            "rw",
            hardware.flash + (" flash:#" if hardware.flash != "flash:" else "#"),
        ),
        (
            " ",
            str(hardware.nvram),
            str(hardware.nvram - sum(size for _, size, _ in _nvram(router))),
            "nvram",
            "rw",
            "nvram:",
        ),
        (" ", "-", "-", "opaque", "wo", "syslog:"),
        (" ", "-", "-", "network", "rw", "tftp:"),
        (" ", "-", "-", "network", "rw", "ftp:"),
        (" ", "-", "-", "network", "rw", "scp:"),
    ]
    for mark, size, free, kind, flags, prefix in rows:
        yield f"{mark}{size:>13} {free:>13} {kind:>9}  {flags:>5}   {prefix}"
    yield ""


def show_boot(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show boot`` and ``show bootvar``."""
    router = shell.router
    paths = [
        block.text.removeprefix("boot system ").replace("flash ", "") for block in router.running.all("boot system ")
    ]
    variable = "".join(f"{path},1;" for path in paths)
    if not router.release.is_xe:
        yield f"BOOT variable = {variable}" if variable else "BOOT variable does not exist"
        yield "CONFIG_FILE variable does not exist"
        yield "BOOTLDR variable does not exist"
        yield "Configuration register is 0x2102"
        return
    yield f"BOOT variable = {variable}" if variable else "BOOT variable does not exist"
    yield "CONFIG_FILE variable does not exist"
    yield "BOOTLDR variable does not exist"
    yield "Configuration register is 0x2102"
    yield ""
    yield "Standby not ready to show bootvar"
    yield ""


# -- licences


def show_license(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show license [feature | udi | status | summary]``: what 15.x and IOS-XE say of their licences."""
    router = shell.router
    if words[-1] == "udi":
        if router.release.is_xe:
            yield f"UDI: PID:{router.platform.model},SN:{router.serial}"
            return
        yield "Device#   PID                   SN                   UDI"
        yield "-" * 85
        yield f"*0        {router.platform.model:<21} {router.serial:<20} {router.platform.model}:{router.serial}"
        return
    if router.release.is_xe:
        yield from _smart()
        return
    for number, name in enumerate(("ipbasek9", "securityk9"), 1):
        yield f"Index {number} Feature: {name:<30}"
        yield "\tPeriod left: Life time"
        yield "\tLicense Type: Permanent"
        yield "\tLicense State: Active, In Use"
        yield "\tLicense Count: Non-Counted"
        yield "\tLicense Priority: Medium"


def _smart() -> Iterator[str]:
    yield "License Usage:"
    yield "  License                 Entitlement Tag               Count Status"
    yield "  " + "-" * 77
    yield "  network-advantage_250M  (ESR_P_250M_A)                    1 IN USE"
    yield ""


SHOWS = {
    "show-inventory": show_inventory,
    "show-processes-cpu": show_processes_cpu,
    "show-memory": show_memory,
    "show-environment": show_environment,
    "show-directory": show_directory,
    "show-flash": show_flash,
    "show-file-systems": show_file_systems,
    "show-boot": show_boot,
    "show-license": show_license,
}
