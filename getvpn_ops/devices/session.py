"""One login on one device: what it is pointed at, how it opens, what it answers."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from getvpn_ops.devices.hostkeys import verify
from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.devices.ssh.driver import Driver
from getvpn_ops.devices.ssh.engine import LIBSSH
from getvpn_ops.devices.ssh.engine import LostError as _LostError
from getvpn_ops.devices.ssh.opening import greet, log_in
from getvpn_ops.devices.ssh.terminal import Terminal
from getvpn_ops.devices.terms import Login, SessionError, Stop
from getvpn_ops.errors import NotAllowedError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from netmiko import BaseConnection

    from getvpn_ops.devices.hostkeys import KnownHosts

__all__ = ["Session", "SessionError", "Target"]

_PATIENCE = 1.0  # seconds that ``close`` leaves to a command that another thread has in hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A device, as a session needs it.

    Attributes:
        device: name in the inventory.
        host: name or address to reach it by; host keys are pinned under it.
        port: of its SSH server.
        engine: SSH library, one of ``ssh.engine.ENGINES``.
        jump: command that makes the connection, as OpenSSH's ``ProxyCommand``; None connects from here.
        known_hosts: the pinned keys.
        expected_hostname: that its prompt must show; empty takes any.
        connect_timeout: seconds for the connection, and again for the server's first byte.
        command_timeout: most seconds without a byte while the device has something to answer; a long output may take
            longer as a whole, up to the stop of the session.
    """

    device: str
    host: str
    known_hosts: KnownHosts
    port: int = 22
    engine: str = LIBSSH
    jump: str | None = None
    expected_hostname: str = ""
    connect_timeout: float = 10.0
    command_timeout: float = 60.0


class Session:
    """A shell on a device, at the highest privilege that was given. Belongs to one thread at a time."""

    def __init__(self, device: str, driver: Driver, purpose: Purpose) -> None:
        """Take over an open connection; see ``open``.

        Args:
            device: name in the inventory.
            driver: the Netmiko connection.
            purpose: list that every line is held against.
        """
        self.device = device
        self.purpose = purpose
        self._driver = driver
        self._terminal = driver.terminal
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        target: Target,
        login: Login,
        stop: Stop,
        *,
        purpose: Purpose = Purpose.READ,
        gate: Callable[[], None] | None = None,
    ) -> Self:
        """Reach a device, check its host key, log in once, learn its prompt, enable.

        Args:
            target: the device.
            login: who logs in.
            stop: end of the whole session, also of what is asked later.
            purpose: list that every line is held against.
            gate: called right before the login is sent; may wait, or raise ``SessionError`` so that it is not sent.

        Raises:
            SessionError: anything that went wrong, with its kind; nothing is left open then.
        """
        try:
            return cls._open(target, login, stop, purpose, gate)
        except OSError as exc:  # the devices' own are SessionErrors by now
            raise SessionError(
                Trouble.SETUP,
                f"this station cannot open one more connection: {exc.strerror or exc}",
                "raise `ulimit -n`, or set fewer `ssh.workers`",
            ) from exc

    @classmethod
    def _open(cls, target: Target, login: Login, stop: Stop, purpose: Purpose, gate: Callable[[], None] | None) -> Self:
        greeted = greet(
            target.host,
            target.port,
            stop,
            engine_name=target.engine,
            jump=target.jump,
            user=login.username,
            known=[key.algorithm for key in target.known_hosts.find(target.host, target.port)],
            connect_timeout=target.connect_timeout,
        )
        engine = greeted.engine
        try:
            verify(target.known_hosts, target.device, target.host, target.port, greeted.key)
            if gate is not None:
                gate()
            phase = stop.within(target.command_timeout, "time for the login")
            log_in(engine, login, phase)
            try:
                engine.shell(phase)
            except _LostError as exc:
                raise SessionError(
                    Trouble.VTYS_FULL,
                    f"the device took the login and gave no terminal: {exc}",
                    "all VTYs may be in use: `show users`, `clear line vty N` from the console",
                ) from exc
            terminal = Terminal(engine, stop, target.command_timeout)
            terminal.prepare()
            _check_name(target, terminal.hostname)
            if login.enable is not None:
                terminal.enable(login.enable)
            driver = Driver(terminal, host=target.host, port=target.port, username=login.username, purpose=purpose)
            return cls(target.device, driver, purpose)
        except BaseException as exc:
            engine.close()
            if isinstance(exc, SessionError):
                exc.engine = engine.name
            raise

    @property
    def engine(self) -> str:
        """SSH library in use, such as ``libssh 0.11.3 (ssh-python 1.2.0)``."""
        return self._terminal.engine.name

    @property
    def hostname(self) -> str:
        """Of the prompt."""
        return self._terminal.hostname

    @property
    def is_alive(self) -> bool:
        """Whether it stands, as far as this side knows."""
        return self._terminal.engine.alive()

    @property
    def netmiko(self) -> BaseConnection:
        """The session as Netmiko knows sessions; what is typed through it is held against the same list."""
        return self._driver

    def show(self, command: str) -> bytes:
        """Ask, within ``command_timeout`` of silence and the stop of the session.

        What the device refuses (``% Invalid input ...``) is an answer.

        Returns:
            What it printed between the echo and the next prompt, byte for byte.

        Raises:
            SessionError: NOT_ALLOWED, and the session goes on; or what ended it, with the bytes that came before.
        """
        try:
            permit(command, self.purpose)
        except NotAllowedError as exc:
            raise SessionError(Trouble.NOT_ALLOWED, str(exc)) from exc
        if not self._lock.acquire(blocking=False):
            raise SessionError(Trouble.DEFECT, "two threads use one session")
        try:
            return self._terminal.ask(command)
        except SessionError as exc:
            exc.engine = self.engine
            raise
        finally:
            self._lock.release()

    def watched(self, watch: Callable[[], None]) -> None:
        """From now on, call this before anything is typed; what it raises ends the command, and nothing is typed."""
        self._terminal.watch = watch

    @contextlib.contextmanager
    def hold(self) -> Iterator[Terminal]:
        """The terminal itself, for a stay in configuration mode, with the session's own stop put back behind it.

        Raises:
            SessionError: NOT_ALLOWED, the session is not there to change; DEFECT, another thread uses it.
        """
        if self.purpose is not Purpose.CHANGE:
            raise SessionError(Trouble.NOT_ALLOWED, f"a session to {self.purpose} opens no configuration mode")
        if not self._lock.acquire(blocking=False):
            raise SessionError(Trouble.DEFECT, "two threads use one session")
        stop = self._terminal.stop
        try:
            yield self._terminal
        finally:
            self._terminal.stop = stop
            self._lock.release()

    def close(self) -> None:
        """End the session: at once, without raising, and without waiting for the device."""
        if self._lock.acquire(timeout=_PATIENCE):
            try:
                self._driver.disconnect()
            finally:
                self._lock.release()
        else:
            self._terminal.engine.hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_name(target: Target, found: str) -> None:
    expected = target.expected_hostname.lower()
    if expected and found.lower() not in {expected, expected.partition(".")[0]}:
        raise SessionError(
            Trouble.UNEXPECTED_PROMPT,
            f"the prompt shows the name {found!r}, expected {target.expected_hostname!r}; nothing was asked",
            "another device may answer at that address, or it was renamed: set `expected_hostname` in the inventory",
        )
