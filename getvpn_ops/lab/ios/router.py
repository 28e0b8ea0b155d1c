"""One simulated router: who it is, what it holds, and who is logged in."""

from __future__ import annotations

import base64
import hashlib
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.lab.clock import Clock
from getvpn_ops.lab.faults import Faults
from getvpn_ops.lab.gdoi.state import GdoiState
from getvpn_ops.lab.ios import gdoi_trace, ntp, times
from getvpn_ops.lab.ios.archive import Archive, watch_period
from getvpn_ops.lab.ios.configuration.config import Configuration
from getvpn_ops.lab.ios.identity import passwords
from getvpn_ops.lab.ios.identity.keys import KeyStore
from getvpn_ops.lab.ios.platforms import Platform, platform
from getvpn_ops.lab.ios.releases import Release, release
from getvpn_ops.lab.ios.session.vtys import vty_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.lab.ios.session.lock import Lock

USER, PRIVILEGED = 1, 15
_LOG_KEPT = 2000


class Session(Protocol):
    """A terminal that is logged in, as its router sees it."""

    line: int
    since: datetime

    @property
    def user(self) -> str:
        """Who is logged in."""

    @property
    def privilege(self) -> int:
        """What who is logged in may do by now."""

    @property
    def used(self) -> datetime:
        """When a key came last."""

    def show_log(self, text: str) -> None:
        """A log message comes by."""

    def announce(self, text: str) -> None:
        """Something that every terminal shows, whether it watches the log or not."""

    def drop(self) -> None:
        """The connection breaks off."""


@dataclass(slots=True)
class Account:
    """Someone whom the lab itself lets in, as an authentication server would."""

    password: str
    privilege: int = USER
    public_keys: tuple[str, ...] = ()


@dataclass(slots=True)
class Router:
    """A device.

    Attributes:
        hostname: until the configuration sets one.
        release: what it runs.
        model: what it is; chooses what ``show version`` says of the hardware.
        serial: of its chassis; made from the host name if absent.
        accounts: by user name; beside them the users of the configuration may log in.
        enable_secret: works beside what the configuration sets; None: only that.
        vtys: connections at a time, at most; the configuration's lines say how many of them there are.
        clock: of the lab.
        keys: RSA keys, which are in no configuration.
        faults: armed on it.
        boots: told when it goes down (with the seconds until it is up again).
        applied: told when its configuration may have changed.
        left: told when a session has left configuration mode.
        random: its chance; the same seed gives the same run.
        told: told of what happens on it: a kind and a text.
        gdoi: keys, members and peers of GETVPN.
        lock: who holds configuration mode alone.
    """

    hostname: str = "Router"
    release: Release = field(default_factory=lambda: release("17.6.5"))
    model: str = ""
    serial: str = ""
    accounts: dict[str, Account] = field(default_factory=dict)
    enable_secret: str | None = None
    vtys: int = 16
    clock: Clock = field(default_factory=Clock)
    keys: KeyStore = field(default_factory=KeyStore)
    faults: Faults = field(default_factory=Faults)
    random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 -- must be repeatable
    running: Configuration = field(init=False)
    startup: Configuration | None = field(init=False, default=None)
    booted: datetime = field(init=False)
    reload_reason: str = field(init=False, default="power-on")
    changed: str | None = field(init=False, default=None)
    saved: str | None = field(init=False, default=None)
    sessions: list[Session] = field(init=False, default_factory=list)
    logged: deque[str] = field(init=False, default_factory=lambda: deque(maxlen=_LOG_KEPT))
    files: dict[str, list[str]] = field(init=False, default_factory=dict)
    archive: Archive = field(init=False, default_factory=Archive)
    lock: Lock | None = field(init=False, default=None)
    boots: list[Callable[[float], None]] = field(init=False, default_factory=list)
    applied: list[Callable[[], None]] = field(init=False, default_factory=list)
    left: list[Callable[[], None]] = field(init=False, default_factory=list)
    _taken: set[int] = field(init=False, default_factory=set)
    told: Callable[[str, str], None] = field(init=False, default=lambda _kind, _text: None)
    gdoi: GdoiState = field(default_factory=GdoiState)

    def __post_init__(self) -> None:
        self.running = Configuration(self.release)
        self.running.random = self.random
        self.booted = self.clock.now()
        digest = hashlib.sha256(self.hostname.encode()).hexdigest().upper()
        self.serial = self.serial or f"FDO{int(digest[:4], 16) % 9000 + 1000}{digest[4:8]}"

    @property
    def platform(self) -> Platform:
        """Its hardware."""
        return platform(self.model, self.release)

    @property
    def name(self) -> str:
        """The host name in its prompts."""
        if (changed := self.faults.standing("prompt-changed")) is not None:
            return changed.options["name"]
        return self.configured_name

    @property
    def configured_name(self) -> str:
        """The host name that it has by its configuration."""
        block = self.running.find("hostname ")
        return block.text.split()[1] if block else self.hostname

    def load(self, lines: Iterable[str]) -> list[str]:
        """Read a saved configuration, as at boot, into running and startup.

        Returns:
            The lines that the router does not understand.
        """
        refused = self.running.load(lines)
        self.startup = self.running.copy()
        watch_period(self)
        return refused

    def configured(self, *, left: bool = False) -> None:
        """The running configuration may have changed: tell who listens.

        Args:
            left: configuration mode has been left with it.
        """
        for told in (*self.applied, *(self.left if left else ())):
            told()

    def save(self, by: str = "console") -> None:
        """``write memory``: the configuration, and the keys, which lie beside it."""
        self.startup = self.running.copy()
        self.keys.save()
        self.saved = f"{self.stamp()} by {by}"
        self.told("save", f"configuration saved by {by}")

    def reload(self, reason: str = "reload", seconds: float = 90) -> None:
        """Boot: sessions break, what was not saved is gone, and nothing answers for some seconds."""
        hooks, self.left = self.left, []  # sessions that break now leave nothing behind
        for session in tuple(self.sessions):
            session.drop()
        self.left = hooks
        self.sessions.clear()
        self.running = self.startup.copy() if self.startup else Configuration(self.release)
        self.running.random = self.random
        self.keys.restore()
        self.archive.forget()
        watch_period(self)
        self.booted = self.clock.now() + timedelta(seconds=seconds)
        self.reload_reason = reason
        self.changed = None
        self.logged.clear()
        self.gdoi.debugs.clear()
        self.gdoi.debug_peers.clear()
        self.gdoi.trace.clear()
        self.gdoi.isakmp_cleared = None
        for told in tuple(self.boots):
            told(seconds)

    def authenticate(self, user: str, password: str) -> int | None:
        """The privilege of someone who logs in with a password, or None."""
        if self.faults.meet("login"):
            return None
        account = self.accounts.get(user)
        if account is not None and account.password == password:
            return account.privilege
        for block in self.running.top.lines:
            words = block.text.split()
            if words[:2] == ["username", user]:
                privilege = int(words[words.index("privilege") + 1]) if "privilege" in words else USER
                for kind in ("secret", "password"):
                    if kind in words and passwords.matches(words[words.index(kind) + 1 :], password):
                        return privilege
        return None

    def privilege_of(self, user: str) -> int:
        """The privilege of someone who is let in without a password here, by key."""
        account = self.accounts.get(user)
        if account is not None:
            return account.privilege
        for block in self.running.top.lines:
            words = block.text.split()
            if words[:2] == ["username", user] and "privilege" in words:
                return int(words[words.index("privilege") + 1])
        return USER

    def accepts_key(self, user: str, key: str) -> bool:
        """Whether someone may log in with a public key.

        Args:
            user: who.
            key: the key's blob in base64, as in the second field of a line of ``authorized_keys``.
        """
        if self.faults.standing("refuse-login") is not None:
            return False
        account = self.accounts.get(user)
        if account is not None and key in account.public_keys:
            return True
        digest = hashlib.md5(base64.b64decode(key), usedforsecurity=False).hexdigest().upper()  # as IOS keeps them
        for chain in self.running.all("ip ssh pubkey-chain"):
            for block in chain.lines:
                if block.text == f"username {user}" and any(
                    digest in line.text.upper().split() for line in block.lines
                ):
                    return True
        return False

    def take_line(self) -> int | None:
        """A line for one more connection, or None if all that take SSH are used; ``free_line`` gives it back."""
        if self.faults.meet("session"):
            return None
        line = next((line for line in vty_lines(self.running) if line < self.vtys and line not in self._taken), None)
        if line is not None:
            self._taken.add(line)
        return line

    def free_line(self, line: int) -> None:
        """A connection has ended."""
        self._taken.discard(line)

    def may_enable(self, password: str, level: int = PRIVILEGED) -> bool:
        """Whether an enable password is right."""
        if self.faults.meet("enable"):
            return False
        if self.enable_secret is not None and password == self.enable_secret:
            return True
        return any(passwords.matches(words, password) for words in self._enable_words(level))

    def has_enable(self, level: int = PRIVILEGED) -> bool:
        """Whether there is an enable password for a level at all."""
        return self.enable_secret is not None or bool(self._enable_words(level))

    def _enable_words(self, level: int) -> list[list[str]]:
        """What stands behind ``enable secret``, or else behind ``enable password``, for a level."""
        for kind in ("secret", "password"):
            found = []
            for block in self.running.top.lines:
                words = block.text.split()
                if words[:2] != ["enable", kind]:
                    continue
                rest = words[2:]
                of = PRIVILEGED
                if rest[:1] == ["level"]:
                    of, rest = int(rest[1]), rest[2:]
                if of == level:
                    found.append(rest)
            if found:
                return found
        return []

    def log(self, message: str) -> None:
        """Say a log message, such as ``%SYS-5-CONFIG_I: ...``: it is kept, and shown to every terminal that watches."""
        line = times.log_stamp(self.running, self.clock.now(), self.booted, ntp.mark(self)) + message
        self.logged.append(line)
        self.told("log", message)
        for session in tuple(self.sessions):
            session.show_log(line)
        for text in gdoi_trace.note(self.gdoi, self.clock.now(), message):
            self.log(text)

    def log_login(self, user: str, *, failed: bool = False) -> None:
        """Log a login where the configuration asks for it (``login on-success log``, ``login on-failure log``)."""
        if self.running.find(f"login on-{'failure' if failed else 'success'} log") is None:
            return
        kind, reason = "LOGIN_SUCCESS: Login Success", ""
        if failed:
            kind, reason = "LOGIN_FAILED: Login failed", " [Reason: Login Authentication Failed]"
        severity = 4 if failed else 5
        self.log(
            f"%SEC_LOGIN-{severity}-{kind} [user: {user}] [Source: 127.0.0.1] [localport: 22]{reason} at {self.stamp()}"
        )

    def announce(self, text: str) -> None:
        """Say something on every terminal, such as that the router is about to boot."""
        for session in tuple(self.sessions):
            session.announce(text)

    def stamp(self, moment: datetime | None = None) -> str:
        """``10:44:12 UTC Mon Mar 1 2021``, in the router's zone: now, or another moment."""
        return times.stamp(self.running, moment or self.clock.now())

    def is_saved(self) -> bool:
        """Whether the running configuration is the one that a reload would bring back."""
        return self.startup is not None and list(self.startup.lines()) == list(self.running.lines())
