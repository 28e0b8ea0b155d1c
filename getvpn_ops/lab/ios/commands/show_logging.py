"""The log: ``show logging``, ``clear logging``, ``send log``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.router import Router
    from getvpn_ops.lab.ios.session.shell import Shell

LEVELS = ("emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging")
_SEVERITY = re.compile(r"%[A-Z][\w\-]*?-(\d)-")
_BUFFER = 4096
_HOST = re.compile(r"logging (?:host )?(\d+\.\d+\.\d+\.\d+)(?: |$)")


def setting(router: Router, place: str, *, on: bool = True) -> tuple[int, str | None]:
    """Bytes and level of a place where messages go (``buffered``, ``console``, ``monitor``, ``trap``).

    Args:
        router: whose.
        place: as in the configuration.
        on: whether messages go there if nothing is configured.

    Returns:
        The size, and the level's name, or None if no messages go there.
    """
    running = router.running
    usual = "informational" if place == "trap" else "debugging"
    if running.find(f"no logging {place}") is not None:
        return _BUFFER, None
    block = next((item for item in running.all(f"logging {place}") if item.text.split()[1] == place), None)
    if block is None:
        return _BUFFER, usual if on else None
    size, level = _BUFFER, usual
    for word in block.text.split()[2:]:
        if word.isdigit() and int(word) < len(LEVELS):
            level = LEVELS[int(word)]
        elif word.isdigit():
            size = int(word)
        elif word in LEVELS:
            level = word
    return size, level


def buffered(router: Router) -> tuple[int, str | None, list[str]]:
    """Size, level and messages of the buffer, as much as it holds."""
    size, level = setting(router, "buffered", on=router.release.family != "12.4")
    if level is None:
        return size, None, []
    kept: list[str] = []
    left = size
    for line in reversed(router.logged):
        found = _SEVERITY.search(line)
        if found and int(found[1]) > LEVELS.index(level):
            continue
        left -= len(line) + 2
        if left < 0:
            break
        kept.append(line)
    return size, level, kept[::-1]


def show_logging(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show logging``."""
    router = shell.router
    old = router.release.family == "12.4"
    size, level, messages = buffered(router)
    if not old:
        yield ""
    dropped = "0 messages dropped, 0 messages rate-limited,"
    if old:
        yield f"Syslog logging: enabled ({dropped}"
        yield "                0 flushes, 0 overruns, xml disabled, filtering disabled)"
    else:
        yield f"Syslog logging: enabled ({dropped} 0 flushes, 0 overruns, xml disabled, filtering disabled)"
    yield from ("", "No Active Message Discriminator.", "", "", "", "No Inactive Message Discriminator.", "", "")
    yield from _place("Console logging:", setting(router, "console")[1], len(router.logged))
    yield from _place("Monitor logging:", setting(router, "monitor")[1], 0)
    yield from _place("Buffer logging: ", level, len(messages), narrow=not old)
    yield "    Logging Exception size (4096 bytes)" if old else "    Exception Logging: size (4096 bytes)"
    yield "    Count and timestamp logging messages: disabled"
    yield "    Persistent logging: disabled"
    yield from ("", "No active filter modules.", "")
    yield from _trap(router)
    if level is not None:
        yield ""
        yield f"Log Buffer ({size} bytes):"
        if old:
            yield ""
        yield from messages


def _place(name: str, level: str | None, count: int, *, narrow: bool = False) -> Iterator[str]:
    text = f"level {level}, {count} messages logged" if level else "disabled"
    if level is None and name.startswith("Console"):
        yield f"    {name} disabled"
        return
    yield f"    {name} {text}, xml disabled,"
    yield f"{' ' * (20 if narrow else 21)}filtering disabled"


def _trap(router: Router) -> Iterator[str]:
    level = setting(router, "trap")[1]
    count = len(router.logged)
    yield f"    Trap logging: level {level}, {count} message lines logged" if level else "    Trap logging: disabled"
    hosts = [found[1] for block in router.running.all("logging ") if (found := _HOST.match(block.text))]
    for host in hosts:
        yield f"        Logging to {host}  (udp port 514, audit disabled,"
        yield "              link up),"
        yield f"              {count} message lines logged, "
        yield "              0 message lines rate-limited, "
        yield "              0 message lines dropped-by-MD, "
        yield "              xml disabled, sequence number disabled"
        yield "              filtering disabled"
    if router.release.family != "12.4":
        source = router.running.find("logging source-interface ")
        yield "        Logging Source-Interface:       VRF Name:"
        if source is not None:
            yield f"        {source.text.split()[2]}"


def clear_logging(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``clear logging``."""
    if (yield Ask("Clear logging buffer [confirm]", one_key=True)).lower() in {"", "y"}:
        shell.router.logged.clear()


def send_log(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``send log [LEVEL] TEXT``."""
    level = int(values[0]) if len(values) > 1 else 7
    name = ("EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG")[level]
    number = shell.router.platform.first_vty + shell.line
    shell.router.log(f"%SYS-{level}-USERLOG_{name}: Message from tty{number}(user id: {shell.user}): {values[-1]}")
    yield Say("")


SHOWS = {"show-logging": show_logging}
ACTIONS = {"clear-logging": clear_logging, "send-log": send_log}
