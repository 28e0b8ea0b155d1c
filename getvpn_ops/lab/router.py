"""One simulated router: its release, its configurations, and what its commands answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from getvpn_ops.lab.config import Configuration
from getvpn_ops.lab.syntax import Accepted, GrammarError, Syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

USER, PRIVILEGED = 1, 15
_EXEC = re.compile(r"(\d+) (.+) = ([a-z\-]+)")


@dataclass(frozen=True, slots=True)
class Flavour:
    """What differs by release.

    Attributes:
        release: key of the grammar: ``12.4``, ``15`` or ``17``.
        version: as ``version`` stands in the configuration.
        software: first line of ``show version``.
    """

    release: str
    version: str
    software: str


FLAVOURS = {
    "12.4": Flavour(
        "12.4",
        "12.4",
        "Cisco IOS Software, 2800 Software (C2800NM-ADVENTERPRISEK9-M), Version 12.4(22)T5, RELEASE SOFTWARE (fc3)",
    ),
    "15": Flavour(
        "15",
        "15.2",
        "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.2(4)M11, RELEASE SOFTWARE (fc2)",
    ),
    "17": Flavour(
        "17",
        "17.6",
        "Cisco IOS Software [Bengaluru], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.6.5, "
        "RELEASE SOFTWARE (fc2)",
    ),
}


@dataclass(frozen=True, slots=True)
class Command:
    """An exec command: who may use it, and its name."""

    privilege: int
    name: str


@cache
def exec_syntax(privilege: int) -> Syntax[Command]:
    """The exec commands of a privilege level.

    Raises:
        GrammarError: the grammar file is malformed.
    """
    text = resources.files("getvpn_ops.lab").joinpath("grammar", "exec.txt").read_text(encoding="utf-8")
    commands = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = _EXEC.fullmatch(line.strip())
        if found is None:
            msg = f"exec.txt: {line!r}"
            raise GrammarError(msg)
        if int(found[1]) <= privilege:
            commands.append((found[2], Command(int(found[1]), found[3])))
    return Syntax(commands)


@dataclass(slots=True)
class Account:
    """Who may log in, and what they may do at once."""

    password: str
    privilege: int = USER


@dataclass(slots=True)
class Router:
    """A device.

    Attributes:
        hostname: until the configuration sets one.
        release: key of ``FLAVOURS``.
        accounts: by user name.
        enable_secret: None: nobody becomes privileged but by account.
        vtys: sessions at a time.
        clock: gives the time; the lab's own.
        watchers: terminals that show log messages as they come.
    """

    hostname: str = "Router"
    release: str = "17"
    accounts: dict[str, Account] = field(default_factory=dict)
    enable_secret: str | None = None
    vtys: int = 16
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    running: Configuration = field(init=False)
    startup: Configuration | None = field(init=False, default=None)
    booted: datetime = field(init=False)
    changed: str | None = field(init=False, default=None)
    sessions: int = field(init=False, default=0)
    watchers: list[Callable[[str], None]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.running = Configuration(self.release)
        self.booted = self.clock()

    @property
    def flavour(self) -> Flavour:
        """What its release prints and does."""
        return FLAVOURS[self.release]

    @property
    def name(self) -> str:
        """The host name in its prompts."""
        block = self.running.find("hostname ")
        return block.text.split()[1] if block else self.hostname

    def load(self, lines: Iterable[str]) -> list[str]:
        """Read a saved configuration, as at boot, into running and startup.

        Returns:
            The lines that the router does not understand.
        """
        refused = []
        stack = [self.running.top]
        for line in lines:
            if not line.strip() or line.lstrip().startswith("!") or line.strip() in {"end", "exit"}:
                continue
            if line.startswith(("Building configuration", "Current configuration", "version ")):
                continue
            if line.strip() == "no ip address":
                continue  # printed for an interface that has none
            if not isinstance(self.running.type_line(stack, line.strip()), Accepted):
                refused.append(line)
        self.startup = self.running.copy()
        return refused

    def save(self) -> None:
        """``write memory``."""
        self.startup = self.running.copy()

    def reload(self) -> None:
        """Boot: what was not saved is gone."""
        self.running = self.startup.copy() if self.startup else Configuration(self.release)
        self.booted = self.clock()
        self.changed = None

    def log(self, message: str) -> None:
        """Say a log message, such as ``%SYS-5-CONFIG_I: ...``, to every terminal that watches."""
        now = self.clock()
        line = f"*{now:%b} {now.day:>2} {now:%H:%M:%S}.{now.microsecond // 1000:03d}: {message}"
        for watcher in tuple(self.watchers):
            watcher(line)

    def stamp(self) -> str:
        """``10:44:12.123 UTC Mon Mar 1 2021``."""
        now = self.clock()
        return f"{now:%H:%M:%S}.{now.microsecond // 1000:03d} UTC {now:%a %b} {now.day} {now.year}"

    def show_configuration(self, *, saved: bool = False) -> list[str]:
        """``show running-config`` or ``show startup-config``."""
        held = self.startup if saved else self.running
        if held is None:
            return ["startup-config is not present"]
        body = ["!", f"version {self.flavour.version}", *held.lines(), "end", ""]
        if self.changed and not saved:
            body.insert(0, f"! Last configuration change at {self.changed}")
            body.insert(0, "!")
        size = sum(len(line) + 1 for line in body)
        if saved:
            return [f"Using {size} out of 262136 bytes", *body]
        return ["Building configuration...", "", f"Current configuration : {size} bytes", *body]

    def show_interface_configuration(self, name: str) -> list[str]:
        """``show running-config interface X``."""
        block = self.running.find(f"interface {name}")
        if block is None or block.text != f"interface {name}":
            return []
        body = ["!", block.text, *(f" {line.text}" for line in block.lines), "end", ""]
        return ["Building configuration...", "", f"Current configuration : {sum(map(len, body))} bytes", *body]

    def show_version(self) -> list[str]:
        """``show version``, as far as clients read it."""
        up = self.clock() - self.booted
        return [
            self.flavour.software,
            "Technical Support: http://www.cisco.com/techsupport",
            "",
            f"{self.name} uptime is {uptime(up)}",
            "System returned to ROM by power-on",
            "",
            "Configuration register is 0x2102",
            "",
        ]

    def show_interfaces_brief(self) -> list[str]:
        """``show ip interface brief``."""
        rows = ["Interface                  IP-Address      OK? Method Status                Protocol"]
        for block in self.running.top.lines:
            if not block.text.startswith("interface "):
                continue
            texts = [line.text for line in block.lines]
            address = next((text.split()[2] for text in texts if text.startswith("ip address ")), "unassigned")
            method = "NVRAM" if address != "unassigned" else "unset"
            status = "administratively down" if "shutdown" in texts else "up"
            line = "down" if "shutdown" in texts else "up"
            rows.append(f"{block.text.split()[1]:<26} {address:<15} YES {method:<6} {status:<21} {line}")
        return rows


def uptime(span: timedelta) -> str:
    """``1 week, 2 days, 3 hours, 4 minutes``."""
    minutes = int(span.total_seconds() // 60)
    parts: list[str] = []
    for unit, size in (("year", 525600), ("week", 10080), ("day", 1440), ("hour", 60), ("minute", 1)):
        count, minutes = divmod(minutes, size)
        if count or (unit == "minute" and not parts):
            parts.append(f"{count} {unit}{'s' if count != 1 else ''}")
    return ", ".join(parts)
