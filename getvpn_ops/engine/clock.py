"""Time as the devices live it: the wall's, or the lab's, which jumps when someone waits (see DESIGN, "Time")."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from getvpn_ops.errors import ExitCode, GetvpnOpsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NAP = 0.2  # seconds between two looks at whether a wait is still wanted
_SLACK = 1.0  # seconds by which two clocks of one machine may differ over a wait
_FRESH = 1.0  # seconds for which an answer of the lab is good; others may jump, too
_PATIENCE = 30.0  # seconds that the lab has for an answer
_JUMP = 600.0  # seconds that it has for a jump: all that happens in between happens
_LINE_MAX = 1 << 20


class LabClockError(GetvpnOpsError):
    """The lab whose clock is in use does not answer, or refused."""

    exit_code = ExitCode.UNDETERMINED


class SystemClock:
    """The clock on the wall."""

    def __init__(self, unwanted: Callable[[], bool] = lambda: False) -> None:
        """Take the wall's time.

        Args:
            unwanted: whether nobody wants to wait any more; asked some times a second.
        """
        self._unwanted = unwanted

    @staticmethod
    def now() -> datetime:
        """This moment, UTC."""
        return datetime.now(UTC)

    def wait_until(self, moment: datetime) -> bool:
        """Sleep until then, also if the machine sleeps in between.

        A clock that is set back meanwhile makes the wait a second longer at most.

        Returns:
            False if the wait was unwanted before it was over.
        """
        ends = time.monotonic() + (moment - self.now()).total_seconds() + _SLACK
        while (left := min((moment - self.now()).total_seconds(), ends - time.monotonic())) > 0:
            if self._unwanted():
                return False
            time.sleep(min(left, _NAP))
        return True


class LabClock:
    """The clock of a running lab, over its control socket (a JSON object a line). Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        """Nothing is asked yet.

        Args:
            path: of the lab's control socket.
        """
        self._path = path
        self._lock = threading.Lock()
        self._moment: datetime | None = None
        self._speed = 0.0
        self._read_at = 0.0

    def now(self) -> datetime:
        """This moment in the lab, UTC; counted on from its last answer for a second at most.

        Raises:
            LabClockError: no lab answers.
        """
        with self._lock:
            if self._moment is None or time.monotonic() - self._read_at >= _FRESH:
                self._set(self._ask(_PATIENCE, do="now"))
            assert self._moment is not None  # noqa: S101 -- _set() has set it
            return self._moment + timedelta(seconds=(time.monotonic() - self._read_at) * self._speed)

    def wait_until(self, moment: datetime) -> bool:
        """Let the lab jump to that moment; at once if it has passed.

        Returns:
            True: nobody breaks a jump off.

        Raises:
            LabClockError: no lab answers, or it refused.
        """
        with self._lock:
            self._set(self._ask(_PATIENCE, do="now"))
            if self._moment is None or moment <= self._moment:
                return True
            try:
                self._set(self._ask(_JUMP, do="advance", to=moment.isoformat()))
            except _RefusedError:  # someone else jumped further meanwhile
                self._set(self._ask(_PATIENCE, do="now"))
                if self._moment < moment:
                    raise
            return True

    def _set(self, answer: dict[str, Any]) -> None:
        try:
            self._moment = datetime.fromisoformat(answer["now"])
            self._speed = float(answer["speed"])
        except (KeyError, TypeError, ValueError) as exc:
            msg = f"what answers at {self._path} is no lab: it does not tell the time"
            raise LabClockError(msg) from exc
        self._read_at = time.monotonic()

    def _ask(self, patience: float, **request: object) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(patience)
                connection.connect(str(self._path))
                connection.sendall(json.dumps(request).encode() + b"\n")
                with connection.makefile("rb") as answers:
                    line = answers.readline(_LINE_MAX)
        except OSError as exc:
            msg = (
                f"the clock is that of a lab, and no lab answers at {self._path} "
                f"({exc.strerror or 'it takes too long'}): `getvpn-ops lab up` starts one"
            )
            raise LabClockError(msg) from exc
        try:
            answer = dict(json.loads(line))
        except (ValueError, TypeError) as exc:
            msg = f"the lab at {self._path} ended before it answered"
            raise LabClockError(msg) from exc
        if not answer.get("ok"):
            msg = f"the lab at {self._path} refused: {answer.get('error', 'it does not say why')}"
            raise _RefusedError(msg)
        return answer


class _RefusedError(LabClockError):
    """The lab understood, and would not."""
