"""On what terms a session runs: who logs in, until when, and how a session that cannot go on says so."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from getvpn_ops.errors import ExitCode, GetvpnOpsError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from pydantic import SecretStr

QUIET = 2.0
"""Seconds without a byte after which a waiting session gives its work slot back."""


class SessionError(GetvpnOpsError):
    """A session cannot be opened, or cannot go on.

    Attributes:
        trouble: its kind.
        reason: what happened, for a person; names no secret.
        next_step: what a person can do about it.
        partial: bytes of the command in hand that came before it broke.
        engine: SSH engine in use, such as ``libssh 0.11.3 (ssh-python 1.2.0)``; empty if none got to work.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.UNDETERMINED

    def __init__(self, trouble: Trouble, reason: str, next_step: str = "", *, partial: bytes = b"") -> None:
        self.trouble = trouble
        self.reason = reason
        self.next_step = next_step
        self.partial = partial
        self.engine = ""
        super().__init__(f"{trouble}: {reason}")


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in, and by what. Methods are tried in this order: agent, key file, password; the password once.

    Attributes:
        username: of the account.
        password: for the methods ``password`` and ``keyboard-interactive``.
        enable: secret of privilege level 15, used only where the first prompt is ``>``.
        key_file: private key; PEM or OpenSSH format.
        key_passphrase: of the key file.
        use_agent: whether the keys of the SSH agent (``SSH_AUTH_SOCK``) are offered.
    """

    username: str
    password: SecretStr | None = None
    enable: SecretStr | None = None
    key_file: Path | None = None
    key_passphrase: SecretStr | None = None
    use_agent: bool = False


class Slot(Protocol):
    """A place among the sessions that work; one that only waits gives it back for so long. Called in its own thread."""

    def idle(self) -> None:
        """Nothing came for ``QUIET`` seconds: someone else may work."""
        ...

    def busy(self) -> None:
        """The wait is over; may block until there is a place again."""
        ...


class Cancel:
    """A flag that any number of threads can wait for beside their sockets. Once set it stays set."""

    def __init__(self) -> None:
        """Make it, unset; it holds two descriptors until ``close``."""
        self._reader, self._writer = socket.socketpair()
        self._writer.settimeout(0)
        self._is_set = False

    def set(self) -> None:
        """Wake all who wait; safe from any thread and from a signal's handler."""
        if not self._is_set:
            self._is_set = True
            with contextlib.suppress(OSError):
                self._writer.send(b"!")

    @property
    def is_set(self) -> bool:
        """Whether someone cancelled."""
        return self._is_set

    def fileno(self) -> int:
        """A descriptor that is readable once it is set; never read from it."""
        return self._reader.fileno()

    def close(self) -> None:
        """Give the descriptors back, when no thread waits any more."""
        self._reader.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Stop:
    """When to give up: a moment of the monotonic clock, or a flag, whichever is first. Used by one thread."""

    __slots__ = ("_cancel", "_ends", "_slot", "_what")

    def __init__(
        self,
        seconds: float = math.inf,
        cancel: Cancel | None = None,
        *,
        slot: Slot | None = None,
        what: str = "deadline of the device",
    ) -> None:
        """Start counting now.

        Args:
            seconds: from now.
            cancel: flag of the whole sweep.
            slot: told when the session only waits.
            what: name of the limit, for the message.
        """
        self._ends = time.monotonic() + seconds
        self._cancel = cancel
        self._slot = slot
        self._what = f"{what} ({seconds:g} s)"

    def within(self, seconds: float, what: str) -> Stop:
        """A nearer end under the same flag; the nearer of both counts, and is named."""
        inner = Stop(seconds, self._cancel, slot=self._slot, what=what)
        if self._ends < inner._ends:
            inner._ends, inner._what = self._ends, self._what
        return inner

    def alone(self) -> Stop:
        """The same end and flag for a thread beside the session's own, which has no slot to give back."""
        twin = Stop(math.inf, self._cancel)
        twin._ends, twin._what = self._ends, self._what
        return twin

    def remaining(self) -> float:
        """Seconds left; 0 if none, or cancelled."""
        if self.cancelled:
            return 0.0
        return max(0.0, self._ends - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Whether the flag is set."""
        return self._cancel is not None and self._cancel.is_set

    def check(self) -> None:
        """Go on only if there is time.

        Raises:
            SessionError: CANCELLED or DEADLINE.
        """
        if self.cancelled:
            raise SessionError(Trouble.CANCELLED, "the run was cancelled")
        if time.monotonic() >= self._ends:
            raise SessionError(
                Trouble.DEADLINE,
                f"the {self._what} passed",
                "if the device or the line is slow by nature, allow it more seconds in `ssh:` of getvpn-ops.yaml",
            )

    def wait(self, descriptor: int, *, write: bool = False, read: bool = True, seconds: float = math.inf) -> bool:
        """Wait until a descriptor is ready, holding no one else up.

        Args:
            descriptor: of a socket or pipe; numbers beyond 1,023 are fine.
            write: wait until it takes bytes.
            read: wait until it has bytes, or has ended.
            seconds: at most so long, and no longer than the end.

        Returns:
            Whether it is ready; False if ``seconds`` passed first.

        Raises:
            SessionError: CANCELLED or DEADLINE.
        """
        poll = select.poll()
        poll.register(descriptor, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
        if self._cancel is not None:
            poll.register(self._cancel.fileno(), select.POLLIN)
        until = min(time.monotonic() + seconds, self._ends)
        ready = self._poll(poll, until)
        self.check_cancel()
        if not ready and time.monotonic() >= self._ends:
            self.check()
        return ready

    def check_cancel(self) -> None:
        """Go on only if no one cancelled.

        Raises:
            SessionError: CANCELLED.
        """
        if self.cancelled:
            self.check()

    def _poll(self, poll: select.poll, until: float) -> bool:
        first = until if self._slot is None else min(until, time.monotonic() + QUIET)
        if _poll_until(poll, first):
            return True
        if self._slot is None or first >= until:
            return False
        self._slot.idle()
        try:
            return _poll_until(poll, until)
        finally:
            self._slot.busy()


def _poll_until(poll: select.poll, until: float) -> bool:
    """Whether something came before a moment; a moment that has passed is still looked at once."""
    while True:
        left = until - time.monotonic()
        wait = None if left == math.inf else max(0, math.ceil(left * 1000))
        if poll.poll(wait):
            return True
        if left <= 0 or time.monotonic() >= until:
            return False
