"""One visit to a device: a script of questions driven over one session, or two if the first one drops.

Whatever happens, it ends with one ``Visit``, and every question that was sent has its ``Capture``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.devices.terms import SessionError
from getvpn_ops.dialect.terminal import refusal
from getvpn_ops.errors import GetvpnOpsError, ParseFailure
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.index import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.model.inventory import Device

logger = logging.getLogger(__name__)

Script = Generator[str, Capture, None]
"""What to ask a device: yields a show command, is sent its ``Capture``, decides the next."""

_VERSION = "show version"
_REFUSAL_MAX = 4096  # bytes; a refusal is a few lines


class Speaker(Protocol):
    """What a visit needs of a session."""

    @property
    def engine(self) -> str:
        """SSH engine, such as ``libssh 0.11.3``."""
        ...

    @property
    def hostname(self) -> str:
        """Of the prompt."""
        ...

    def show(self, command: str) -> bytes:
        """What the device answers."""
        ...

    def close(self) -> None:
        """End it; never raises."""
        ...


class KeepError(Exception):
    """What was fetched could not be kept: ``__cause__`` says why. Nothing may be done on the strength of it."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a visit tells others.

    Attributes:
        keep: gets each capture before the script does.
        asked: told of each command that is sent.
        redact: command and text as it came -> text without secrets.
        now: the moment by the clock of the run, UTC.
        write: a transcript gets command and text without secrets.
    """

    keep: Callable[[Capture], None]
    asked: Callable[[str], None]
    redact: Callable[[str, bytes], bytes]
    now: Callable[[], datetime]
    write: Callable[[Capture], None]


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
    _session: Speaker | None = None
    _engine: str = ""
    _hostname: str = ""
    _answered: int = 0
    _broken: SessionError | None = None
    _checked: bool = field(default=False)
    _shown: tuple[str, str] = ("", "")

    def run(self, script: Callable[[], Script]) -> Visit:
        """Ask all that the script wants to know.

        Raises:
            KeepError: a capture could not be kept.
        """
        started = self.hooks.now()
        try:
            self._talk(script)
        except SessionError as exc:
            self._broken = exc
            self._engine = self._engine or exc.engine
        except KeepError:
            raise
        except Exception as exc:
            logger.exception("asking %s crashed", self.device.name)
            self._broken = _defect(exc)
        finally:
            self._hang_up()
        broken = self._broken
        return Visit(
            device=self.device.name,
            started=started,
            ended=self.hooks.now(),
            engine=self._engine,
            hostname=self._hostname,
            commands=self._answered,
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
                capture = self._ask(command)
                self._keep(capture)
                if self._broken is not None:
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
        self._engine, self._hostname = self._session.engine, self._session.hostname

    def _ask(self, command: str) -> Capture:
        """Send one command; a session that drops under it is opened anew, once."""
        while True:
            assert self._session is not None  # noqa: S101 -- _open() opened it or raised
            self.hooks.asked(self._shown_as(command))
            begun = time.monotonic()
            try:
                text = self._session.show(command)
            except SessionError as exc:
                if exc.trouble is Trouble.NOT_ALLOWED:
                    return self._capture(command, b"", begun, exc.trouble, exc.reason)
                if self._again(exc):
                    continue
                self._broken = self._broken or exc
                return self._capture(command, exc.partial, begun, exc.trouble, exc.reason)
            return self._judge(command, text, begun)

    def _again(self, exc: SessionError) -> bool:
        """Whether a new session stands in place of one that dropped."""
        if exc.trouble is not Trouble.DROPPED or not self.retries:
            return False
        self.retries -= 1
        self._hang_up()
        logger.warning("%s: %s; opening the session anew", self.device.name, exc.reason)
        try:
            self._open()
        except SessionError as second:
            reason = f"{exc.reason}; then a new session failed: {second.trouble}: {second.reason}"
            self._broken = SessionError(Trouble.DROPPED, reason, exc.next_step or second.next_step)
            return False
        return True

    def _judge(self, command: str, text: bytes, begun: float) -> Capture:
        """What came whole: an answer, a refusal, or the answer of another device."""
        if len(text) < _REFUSAL_MAX and (words := refusal(text.decode(errors="replace"))) is not None:
            return self._capture(command, text, begun, Trouble.REFUSED, words)
        self._answered += 1
        other = self._other_serial(command, text)
        if other:
            reason = f"the inventory says serial number {self.device.serial}, the device says {other}"
            self._broken = SessionError(
                Trouble.WRONG_DEVICE,
                reason,
                "is it the right address? If the router was replaced, put its serial number into the inventory",
            )
            return self._capture(command, text, begun, Trouble.WRONG_DEVICE, reason)
        return self._capture(command, text, begun)

    def _other_serial(self, command: str, text: bytes) -> str:
        """Serial numbers of a device that has another one than the inventory says; empty if it is the right one."""
        if self._checked or not self.device.serial or _template(command) != _template(_VERSION):
            return ""
        self._checked = True
        try:
            state = parse(_VERSION, text).data
        except ParseFailure:
            return ""  # judged where it is read
        found = [state.board_id, *(udi.serial_number for udi in state.udis)]
        told = [serial for serial in found if serial]
        if not told or self.device.serial.casefold() in {serial.casefold() for serial in told}:
            return ""
        return ", ".join(dict.fromkeys(told))

    def _capture(
        self, command: str, text: bytes, begun: float, trouble: Trouble | None = None, reason: str = ""
    ) -> Capture:
        return Capture(
            device=self.device.name,
            command=self._shown_as(command),
            text=self.hooks.redact(command, text),
            taken_at=self.hooks.now(),
            seconds=time.monotonic() - begun,
            source=self._engine,
            trouble=trouble,
            reason=self._clean(command, reason) if reason else "",
        )

    def _shown_as(self, command: str) -> str:
        """A command without the secret that it may search for."""
        if self._shown[0] != command:
            self._shown = command, self._clean(command, command)
        return self._shown[1]

    def _clean(self, command: str, text: str) -> str:
        return self.hooks.redact(command, text.encode(errors="replace")).decode(errors="replace")

    def _keep(self, capture: Capture) -> None:
        try:
            self.hooks.keep(capture)
        except Exception as exc:
            raise KeepError from exc
        self.hooks.write(capture)

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except Exception:
                logger.exception("closing the session of %s failed", self.device.name)


def _template(command: str) -> str:
    found = resolve(command)
    return "" if found is None or found.output_filter is not None else found.template


def _defect(exc: Exception) -> SessionError:
    """A crash of ours, which must not look like a fault of the network."""
    shown = str(exc) if isinstance(exc, GetvpnOpsError) else type(exc).__name__
    return SessionError(Trouble.DEFECT, shown, "please report it; GETVPN_OPS_DEBUG=1 shows the traceback")
