"""One question to one device: its answer judged, without secrets, and kept before anyone reads it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.devices.terms import SessionError
from getvpn_ops.dialect.terminal import refusal
from getvpn_ops.errors import ParseFailure
from getvpn_ops.model.capture import Capture, Trouble
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.index import resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from getvpn_ops.model.inventory import Device

_VERSION = "show version"
_REFUSAL_MAX = 4096  # bytes; a refusal is a few lines


class Speaker(Protocol):
    """What asking needs of a session."""

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
class Asker:
    """Makes captures of what one device answers.

    Attributes:
        device: who is asked.
        hooks: who is told.
        engine: of the session, for the captures.
        answered: commands that were answered whole.
        broken: what ended the asking; nothing more may be asked then.
    """

    device: Device
    hooks: Hooks
    engine: str = ""
    answered: int = 0
    broken: SessionError | None = None
    _checked: bool = False
    _shown: tuple[str, str] = ("", "")

    def ask(self, session: Speaker, command: str, again: Callable[[SessionError], Speaker | None]) -> Capture:
        """Send one command.

        Args:
            session: to the device.
            command: one line.
            again: gives another session in place of one that ended, once; None if there is none.
        """
        while True:
            self.hooks.asked(self.shown_as(command))
            begun = time.monotonic()
            try:
                text = session.show(command)
            except SessionError as exc:
                if exc.trouble is Trouble.NOT_ALLOWED:
                    return self.capture(command, b"", begun, exc.trouble, exc.reason)
                if (other := again(exc)) is not None:
                    session = other
                    continue
                self.broken = self.broken or exc
                return self.capture(command, exc.partial, begun, exc.trouble, exc.reason)
            return self._judge(command, text, begun)

    def _judge(self, command: str, text: bytes, begun: float) -> Capture:
        """What came whole: an answer, a refusal, or the answer of another device."""
        if len(text) < _REFUSAL_MAX and (words := refusal(text.decode(errors="replace"))) is not None:
            return self.capture(command, text, begun, Trouble.REFUSED, words)
        self.answered += 1
        other = self._other_serial(command, text)
        if other:
            reason = f"the inventory says serial number {self.device.serial}, the device says {other}"
            self.broken = SessionError(
                Trouble.WRONG_DEVICE,
                reason,
                "is it the right address? If the router was replaced, put its serial number into the inventory",
            )
            return self.capture(command, text, begun, Trouble.WRONG_DEVICE, reason)
        return self.capture(command, text, begun)

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

    def capture(
        self, command: str, text: bytes, begun: float, trouble: Trouble | None = None, reason: str = ""
    ) -> Capture:
        """What came of a command, without secrets.

        Args:
            command: as it was sent.
            text: as it came.
            begun: moment of the monotonic clock when it was sent.
            trouble: why there is no whole answer.
            reason: the trouble in words.
        """
        return Capture(
            device=self.device.name,
            command=self.shown_as(command),
            text=self.hooks.redact(command, text),
            taken_at=self.hooks.now(),
            seconds=time.monotonic() - begun,
            source=self.engine,
            trouble=trouble,
            reason=self._clean(command, reason) if reason else "",
        )

    def shown_as(self, command: str) -> str:
        """A command without the secret that it may search for."""
        if self._shown[0] != command:
            self._shown = command, self._clean(command, command)
        return self._shown[1]

    def _clean(self, command: str, text: str) -> str:
        return self.hooks.redact(command, text.encode(errors="replace")).decode(errors="replace")

    def keep(self, capture: Capture) -> None:
        """Keep a capture, and write it down for people.

        Raises:
            KeepError: it could not be kept.
        """
        try:
            self.hooks.keep(capture)
        except Exception as exc:
            raise KeepError from exc
        self.hooks.write(capture)


def _template(command: str) -> str:
    found = resolve(command)
    return "" if found is None or found.output_filter is not None else found.template
