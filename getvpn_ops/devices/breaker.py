"""One wrong password must not lock an account on every router: after some refusals in a row nobody logs in any more.

AAA servers lock an account after a few wrong passwords, for all devices at once. So a login that has not worked yet is
tried on few devices at a time, and the number of refusals can never pass the limit before the first success.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Self

from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from types import TracebackType

    from getvpn_ops.devices.terms import Slot, Stop

_LOOK = 0.2  # seconds between two looks at whether the wait is still wanted


@dataclass(slots=True)
class _Account:
    """What is known of one login.

    Attributes:
        under_way: logins that were sent and are not answered yet.
        proven: whether it worked once.
        refused_by: devices that refused it since it last worked, in order.
        tripped: whether nobody may use it any more.
    """

    under_way: int = 0
    proven: bool = False
    refused_by: dict[str, None] = field(default_factory=dict)
    tripped: bool = False

    def may_start(self, limit: int) -> bool:
        """Whether one more refusal could be borne if all that are under way were refused, too."""
        return (self.proven and not self.refused_by) or self.under_way + len(self.refused_by) < limit


class Breaker:
    """Counts refusals by account over one sweep. Safe to use from many threads."""

    def __init__(self, limit: int) -> None:
        """Start with nothing known.

        Args:
            limit: how many devices may refuse a login without one success in between.
        """
        self._limit = limit
        self._changed = threading.Condition()
        self._accounts: dict[str, _Account] = {}

    def turn(self, account: str, username: str, device: str, slot: Slot | None = None) -> Turn:
        """One login of one device; use it as a context.

        Args:
            account: tells apart what is tried, such as user and password; is not shown.
            username: for messages.
            device: that is logged in to.
            slot: given back while others go first.
        """
        with self._changed:
            known = self._accounts.setdefault(account, _Account())
        return Turn(self._changed, known, self._limit, username, device, slot)


class _Step(Enum):
    BEFORE = auto()
    UNDER_WAY = auto()
    DONE = auto()


class Turn:
    """The part of one device: ``check`` before it is called, ``wait`` before the login is sent, then how it went."""

    def __init__(  # noqa: PLR0913, PLR0917 -- made by Breaker.turn alone
        self,
        changed: threading.Condition,
        account: _Account,
        limit: int,
        username: str,
        device: str,
        slot: Slot | None,
    ) -> None:
        self._changed = changed
        self._account = account
        self._limit = limit
        self._username = username
        self._device = device
        self._slot = slot
        self._step = _Step.BEFORE

    def check(self) -> None:
        """Go on only if this login may still be tried.

        Raises:
            SessionError: BREAKER.
        """
        if self._account.tripped:
            devices = ", ".join(self._account.refused_by)
            raise SessionError(
                Trouble.BREAKER,
                f"{len(self._account.refused_by)} devices refused the login of {self._username!r} without a success "
                f"in between ({devices}); it was not tried here, so that the account is not locked",
                "put username and password right, try them on one device with --limit, and run this again",
            )

    def wait(self, stop: Stop) -> None:
        """Wait until the login may be sent.

        Raises:
            SessionError: BREAKER, CANCELLED or DEADLINE.
        """
        with self._changed:
            ready = self._account.tripped or self._account.may_start(self._limit)
            if ready:
                self._begin()
        if not ready:
            self._wait_for_others(stop)

    def _wait_for_others(self, stop: Stop) -> None:
        if self._slot is not None:
            self._slot.idle()
        try:
            with self._changed:
                while not (self._account.tripped or self._account.may_start(self._limit)):
                    stop.check()
                    self._changed.wait(_LOOK)
                self._begin()
        finally:
            if self._slot is not None:
                self._slot.busy()

    def _begin(self) -> None:
        self.check()
        self._account.under_way += 1
        self._step = _Step.UNDER_WAY

    def accepted(self) -> None:
        """The login worked: what it proves holds for all devices."""
        self._end()
        with self._changed:
            self._account.proven = True
            self._account.refused_by.clear()
            self._changed.notify_all()

    def refused(self) -> None:
        """The device refused the login."""
        self._end()
        with self._changed:
            self._account.refused_by[self._device] = None
            self._account.tripped = self._account.tripped or len(self._account.refused_by) >= self._limit
            self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            if self._step is _Step.UNDER_WAY:
                self._account.under_way -= 1
            self._step = _Step.DONE
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._step is not _Step.DONE:
            self._end()
