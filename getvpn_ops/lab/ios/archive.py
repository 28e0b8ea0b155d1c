"""What a router keeps of its configurations beside the running and the saved one: copies, a revert that waits, a log.

Nothing of this is configuration; the copies lie among the files, all else is gone after a reload.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.differences import rollback, tree
from getvpn_ops.lab.ios.identity.accounts import hidden, safe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from getvpn_ops.lab.clock import Event
    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.router import Router

_MAXIMUM = 10
_LOG_SIZE = 100
_STAMPED = ("15", "17")  # 12.4 numbers its copies and no more
_SPECIAL = {
    "running-config": "running",
    "system:running-config": "running",
    "system:/running-config": "running",
    "startup-config": "startup",
    "nvram:startup-config": "startup",
    "nvram:/startup-config": "startup",
}


@dataclass(slots=True)
class Pending:
    """A change that is undone unless someone confirms it.

    Attributes:
        url: the copy that it goes back to.
        minutes: of waiting.
        idle: whether the waiting begins anew at each line that is typed.
        since: when it was set.
        by: who set it.
        event: the moment when it is undone.
        warned: the moment when one minute is left.
    """

    url: str
    minutes: int
    idle: bool
    since: datetime
    by: str
    event: Event | None = None
    warned: Event | None = None

    def cancel(self) -> None:
        """It will not happen."""
        for event in (self.event, self.warned):
            if event is not None:
                event.cancel()


@dataclass(slots=True)
class Scheduled:
    """A reload that is to come."""

    when: datetime
    by: str
    reason: str
    relative: bool
    events: list[Event] = field(default_factory=list)

    def cancel(self) -> None:
        """It will not happen."""
        for event in self.events:
            event.cancel()


@dataclass(frozen=True, slots=True)
class Logged:
    """A configuration command that was typed."""

    session: int
    by: str
    line: str
    text: str


@dataclass(slots=True)
class Archive:
    """The archive of one router."""

    copies: list[str] = field(default_factory=list)
    made: int = 0
    pending: Pending | None = None
    reload: Scheduled | None = None
    logged: list[Logged] = field(default_factory=list)
    entered: int = 0
    periodic: Event | None = None
    minutes: str | None = None

    def forget(self) -> None:
        """The router boots; the copies remain."""
        for waiting in (self.pending, self.reload, self.periodic):
            if waiting is not None:
                waiting.cancel()
        self.pending = self.reload = self.periodic = self.minutes = None
        self.logged.clear()


def setting(router: Router, start: str) -> str | None:
    """What stands behind ``start`` in the archive's mode; None if nothing does."""
    block = router.running.find("archive")
    lines = [line.text for line in block.lines] if block else []
    found = next((text for text in lines if text == start or text.startswith(f"{start} ")), None)
    return None if found is None else found.removeprefix(start).strip()


def log_setting(router: Router, start: str) -> str | None:
    """What stands behind ``start`` in ``log config``; None if nothing does."""
    block = router.running.find("archive")
    for below in block.lines if block else []:
        if below.text == "log config":
            found = next((line.text for line in below.lines if line.text.startswith(start)), None)
            return None if found is None else found.removeprefix(start).strip()
    return None


def maximum(router: Router) -> int:
    """How many copies are kept."""
    return int(setting(router, "maximum") or _MAXIMUM)


# -- files


def file_name(router: Router, url: str) -> str:
    """The name of a file among ``router.files``: with its file system, without a slash before the name."""
    usual = "bootflash" if router.release.is_xe else "flash"
    system, colon, name = url.partition(":")
    if not colon:
        system, name = usual, url
    if system in {"flash", "flash0"}:  # names of the same place
        system = usual
    return f"{system}:{name.lstrip('/')}"


def text_of(router: Router, configuration: Configuration) -> list[str]:
    """A configuration as it stands in a file."""
    return ["!", f"version {router.release.short}", *configuration.lines(), "end"]


def read(router: Router, url: str) -> list[str] | None:
    """The lines of a file or of one of the two configurations; None if there is none."""
    special = _SPECIAL.get(url.lower())
    if special == "running":
        return text_of(router, router.running)
    if special == "startup":
        return None if router.startup is None else text_of(router, router.startup)
    return router.files.get(file_name(router, url))


# -- copies


def next_url(router: Router, stamp: str) -> str:
    """The name of the next copy, with ``stamp`` in the place of the time."""
    path = (setting(router, "path") or "").replace("$h", router.configured_name).replace("$H", router.configured_name)
    kept = router.archive
    path = path.replace("$t", stamp).replace("$T", stamp)
    number = kept.made if router.release.family in _STAMPED else kept.made + 1
    return f"{path}-{stamp}-{number}" if router.release.family in _STAMPED else f"{path}-{number}"


def stamp(moment: datetime) -> str:
    """``Feb-15-15-56-38.517``; a day of one digit has a second hyphen before it."""
    day = f"{moment.day:>2}".replace(" ", "-")
    return f"{moment:%b}-{day}-{moment:%H-%M-%S}.{moment.microsecond // 1000:03d}"


def make_copy(router: Router) -> str | None:
    """Copy the running configuration into the archive; returns its name, or None if no path is configured."""
    if setting(router, "path") is None:
        return None
    kept = router.archive
    url = next_url(router, stamp(router.clock.now()))
    router.files[file_name(router, url)] = text_of(router, router.running)
    kept.made += 1
    kept.copies.append(url)
    while len(kept.copies) > maximum(router):
        router.files.pop(file_name(router, kept.copies.pop(0)), None)
    return url


def watch_period(router: Router) -> None:
    """Copy the configuration every so many minutes, as ``time-period`` says; call it when the period is set."""
    kept = router.archive
    if kept.periodic is not None:
        kept.periodic.cancel()
    minutes = kept.minutes = setting(router, "time-period")
    kept.periodic = router.clock.after(int(minutes) * 60, lambda: _periodic(router)) if minutes else None


def _periodic(router: Router) -> None:
    make_copy(router)
    router.archive.periodic = None
    watch_period(router)


# -- going back


def replace(router: Router, lines: Iterable[str]) -> tuple[list[str], list[str]]:
    """Make the running configuration read like a file.

    Returns:
        The commands that did it, and the lines of the file that the router does not take.
    """
    target = router.running.copy()
    target.top.keep([])
    refused = target.load(lines)
    commands = rollback(tree(router.running.lines()), tree(target.lines()))
    router.running.top.keep(target.top.lines)
    for session in router.sessions:  # a mode that someone is in may be gone
        blocks = getattr(getattr(session, "shell", None), "blocks", [])
        del blocks[1:]
    for command in commands:
        router.told("line", hidden(command))
    if commands:
        router.changed = f"{router.stamp()} by rollback"
        router.configured(left=True)
    return commands, refused


def arm(router: Router, minutes: int, *, idle: bool, by: str, url: str) -> None:
    """Let a change be undone after some minutes.

    Args:
        router: the device.
        minutes: 1-120.
        idle: begin anew at each line that is typed.
        by: who wants it.
        url: the copy to go back to.
    """
    pending = Pending(url, minutes, idle, router.clock.now(), by)
    router.archive.pending = pending
    kind = "IDLETIMER" if idle else "ABSTIMER"
    router.log(
        f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_START_{kind}: User: {by}: "
        f"Scheduled to rollback to config {url} in {minutes} minutes"
    )
    _wind(router, pending)


def _wind(router: Router, pending: Pending) -> None:
    """Start the timer of a pending change, anew where it runs already."""
    pending.cancel()
    pending.event = router.clock.after(pending.minutes * 60, lambda: _expire(router))
    if pending.minutes > 1:
        pending.warned = router.clock.after((pending.minutes - 1) * 60, lambda: _warn(router, pending))
    else:
        _warn(router, pending)


def _expire(router: Router) -> None:
    undo(router)


def _warn(router: Router, pending: Pending) -> None:
    kind = "IDLETIMER" if pending.idle else "ABSTIMER"
    router.log(
        f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_WARNING_{kind}: System will rollback to config {pending.url} in one minute. "
        'Enter "configure confirm" if you wish to keep what you\'ve configured'
    )


def set_timer(router: Router, minutes: int, *, idle: bool, by: str) -> None:
    """Give a pending change another timer."""
    pending = router.archive.pending
    if pending is None:
        return
    pending.cancel()
    arm(router, minutes, idle=idle, by=by, url=pending.url)


def typed(router: Router) -> None:
    """Someone typed a line: an idle timer begins anew."""
    pending = router.archive.pending
    if pending is not None and pending.idle:
        _wind(router, pending)


def confirm(router: Router, by: str) -> bool:
    """Keep what was changed; whether something waited for it."""
    pending, router.archive.pending = router.archive.pending, None
    if pending is None:
        return False
    pending.cancel()
    router.log(f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_CONFIRM: User: {by}: Confirm the configuration change")
    return True


def undo(router: Router) -> list[str]:
    """Go back to the copy of a pending change; returns what a console shows of it."""
    pending, router.archive.pending = router.archive.pending, None
    if pending is None:
        return []
    pending.cancel()
    router.log(f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_START: Start rolling to: {pending.url}")
    lines = read(router, pending.url)
    if lines is None:
        router.log(
            f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_FAIL: Error: Could not open file {pending.url} for reading"
        )
        return [f"Error: Could not open file {pending.url} for reading"]
    router.log("Rollback:Acquired Configuration lock.")
    commands, refused = replace(router, lines)
    told = report(commands, refused, listed=True)
    router.log(f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_END: End of rolling to: {pending.url}")
    return [f"Rollback Confirmed Change: rolling to:{pending.url}", "", *told]


def report(commands: list[str], refused: list[str], *, listed: bool) -> list[str]:
    """What a rollback says of itself."""
    if refused:
        failed = [line.strip() for line in refused]
        return [
            "The rollback configlet from the last pass is listed below:",
            *("********", "!List of Rollback Commands:", *failed, "end", "********", "", ""),
            "Rollback aborted after 5 passes",
            "The following commands are failed to apply to the IOS image.",
            *("********", *failed, "********", ""),
        ]
    shown = ["!Pass 1", "", "!List of Rollback Commands:", *commands, "end", "", ""] if listed and commands else []
    return [*shown, f"Total number of passes: {1 if commands else 0}", "Rollback Done", ""]


# -- the log of commands


def note(router: Router, by: str, line: int, depth: int, text: str, words: tuple[str, ...]) -> None:  # noqa: PLR0913, PLR0917
    """Keep a configuration command that was typed, if the configuration says so.

    Args:
        router: where.
        by: who.
        line: number of the terminal.
        depth: modes that it stands in, below the global one.
        text: as typed.
        words: what the router understood.
    """
    if setting(router, "time-period") != router.archive.minutes:
        watch_period(router)
    if log_setting(router, "logging enable") is None:
        return
    kept = router.archive
    hides = log_setting(router, "hidekeys") is not None or router.release.is_xe  # where hidekeys is the default
    shown = safe(text.strip(), words) if hides and log_setting(router, "no hidekeys") is None else text.strip()
    kept.logged.append(Logged(kept.entered, by, f"vty{line}", " " * depth + shown))
    del kept.logged[: -int(log_setting(router, "logging size") or _LOG_SIZE)]
    if log_setting(router, "notify syslog") is not None:
        router.log(f"%PARSER-5-CFGLOG_LOGGEDCMD: User:{by}  logged command:{shown}")
