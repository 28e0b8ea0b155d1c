"""One visit to a device: a script of questions driven over one session, or two if the first one drops.

Whatever happens, it ends with one ``Visit``, and every question that was sent has its ``Capture``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.devices.asking import Asker, Hooks, KeepError, Speaker
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.errors import GetvpnOpsError
from getvpn_ops.model.capture import Capture, Trouble, Visit

if TYPE_CHECKING:
    from getvpn_ops.model.inventory import Device

logger = logging.getLogger(__name__)

Script = Generator[str, Capture, None]
"""What to ask a device: yields a show command, is sent its ``Capture``, decides the next."""


@dataclass(slots=True)
class Conversation:
    """Drives one script on one device.

    Attributes:
        device: who is asked.
        start: opens a session and logs in.
        hooks: who is told.
        retries: how often a session that drops may be opened anew.
    """

    device: Device
    start: Callable[[], Speaker]
    hooks: Hooks
    retries: int = 0
    _asker: Asker = field(init=False)
    _session: Speaker | None = None
    _hostname: str = ""

    def __post_init__(self) -> None:
        self._asker = Asker(self.device, self.hooks)

    def run(self, script: Callable[[], Script]) -> Visit:
        """Ask all that the script wants to know.

        Raises:
            KeepError: a capture could not be kept.
        """
        started = self.hooks.now()
        try:
            self._talk(script)
        except SessionError as exc:
            self._asker.broken = exc
            self._asker.engine = self._asker.engine or exc.engine
        except KeepError:
            raise
        except Exception as exc:
            logger.exception("asking %s crashed", self.device.name)
            self._asker.broken = _defect(exc)
        finally:
            self._hang_up()
        broken = self._asker.broken
        return Visit(
            device=self.device.name,
            started=started,
            ended=self.hooks.now(),
            engine=self._asker.engine,
            hostname=self._hostname,
            commands=self._asker.answered,
            trouble=broken.trouble if broken else None,
            reason=broken.reason if broken else "",
            next_step=broken.next_step if broken else "",
        )

    def _talk(self, script: Callable[[], Script]) -> None:
        self._open()
        asking = script()
        try:
            command = next(asking, None)
            while command is not None:
                assert self._session is not None  # noqa: S101 -- _open() opened it or raised
                capture = self._asker.ask(self._session, command, self._again)
                self._asker.keep(capture)
                if self._asker.broken is not None:
                    return
                try:
                    command = asking.send(capture)
                except StopIteration:
                    return
        finally:
            asking.close()

    def _open(self) -> None:
        try:
            self._session = self.start()
        except SessionError as exc:
            if exc.trouble is not Trouble.DROPPED or not self.retries:
                raise
            self.retries -= 1
            logger.warning("%s: %s; trying once more", self.device.name, exc.reason)
            self._session = self.start()
        self._asker.engine, self._hostname = self._session.engine, self._session.hostname

    def _again(self, exc: SessionError) -> Speaker | None:
        """A new session in place of one that dropped; None if there is none."""
        if exc.trouble is not Trouble.DROPPED or not self.retries:
            return None
        self.retries -= 1
        self._hang_up()
        logger.warning("%s: %s; opening the session anew", self.device.name, exc.reason)
        try:
            self._open()
        except SessionError as second:
            reason = f"{exc.reason}; then a new session failed: {second.trouble}: {second.reason}"
            self._asker.broken = SessionError(Trouble.DROPPED, reason, exc.next_step or second.next_step)
            return None
        return self._session

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except Exception:
                logger.exception("closing the session of %s failed", self.device.name)


def _defect(exc: Exception) -> SessionError:
    """A crash of ours, which must not look like a fault of the network."""
    shown = str(exc) if isinstance(exc, GetvpnOpsError) else type(exc).__name__
    return SessionError(Trouble.DEFECT, shown, "please report it; GETVPN_OPS_DEBUG=1 shows the traceback")
