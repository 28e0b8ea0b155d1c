"""Types one line in configuration mode and reads up to the next prompt, whichever mode that is of."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.permissions import Purpose, permit
from getvpn_ops.devices.ssh.answer import Answer, is_question, last_line
from getvpn_ops.devices.ssh.terminal import ENTER
from getvpn_ops.devices.terms import SessionError, Stop
from getvpn_ops.dialect.terminal import SYSLOG
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.receipt import Hindrance

if TYPE_CHECKING:
    from getvpn_ops.devices.ssh.terminal import Terminal

_PROMPT = re.compile(r"(?P<host>[A-Za-z0-9][A-Za-z0-9_.\-]{0,62})(?:\((?P<mode>[A-Za-z0-9_.\-]{1,40})\))?#[ \t]?")
_KEPT = 16  # characters of the host name that every prompt of IOS keeps, also in configuration mode
_SURE = 2.0  # seconds of silence that make a question, or a prompt behind a break, the end
_LIMIT = 5  # times the patience for one byte: most that one answer may take in all
_BREAK = b"\x03"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came between an echo and a prompt.

    Attributes:
        text: of the answer.
        mode: between the brackets of the prompt; empty in exec mode.
        width: characters of the prompt at which the line was typed.
    """

    text: str
    mode: str
    width: int = 0


class StuckError(Exception):
    """No prompt of ours came: a question, another prompt, silence, or the end of the session.

    Attributes:
        hindrance: QUESTION, WRONG_MODE, SILENT or LOST.
        reason: in words; quotes the device.
        said: what came behind the echo.
        shown: the prompt of another name, for WRONG_MODE.
    """

    def __init__(self, hindrance: Hindrance, reason: str, said: str = "", shown: str = "") -> None:
        self.hindrance = hindrance
        self.reason = reason
        self.said = said
        self.shown = shown
        super().__init__(reason)


class _ModeAnswer(Answer):
    """An answer that ends with a prompt of any mode of one router."""

    def __init__(self, command: bytes, host: str) -> None:
        super().__init__(command, b"\0")  # no prompt is told from here
        self._host = host

    def end(self) -> tuple[str, str, int] | None:
        """Text, mode and width of the prompt, if this is the end; log lines behind it are no part of the answer."""
        if self._begin < 0:
            return None
        lines = self._data[self._begin :].decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        at = len(lines) - 1
        if not lines[at].strip():
            while at > 0 and (not lines[at].strip() or SYSLOG.fullmatch(lines[at].strip())):
                at -= 1
        found = _PROMPT.fullmatch(lines[at].lstrip("\r"))
        if found is None or not _is_name(self._host, found["host"]):
            return None
        return "\n".join(lines[:at]), found["mode"] or "", len(found[0])

    @property
    def said(self) -> str:
        """What came behind the echo; nothing if the echo is not whole, for it may hold half a secret."""
        return self._data[self._begin :].decode("utf-8", "replace") if self._begin >= 0 else ""

    def strange(self) -> Hindrance | None:
        """Whether a question, or another prompt, stands at the end."""
        last = last_line(self._data) if self._begin >= 0 else b""
        if is_question(last):
            return Hindrance.QUESTION
        return Hindrance.WRONG_MODE if _PROMPT.fullmatch(last.decode("latin-1")) else None


class Hand:
    """Types on a terminal, never longer than its own limits, whoever cancels: half a line is worse than none."""

    def __init__(self, terminal: Terminal) -> None:
        """Take over a terminal at its exec prompt; the caller puts its ``stop`` back.

        Args:
            terminal: of the session.
        """
        self._terminal = terminal
        self._host = terminal.hostname
        self._width = len(terminal.prompt)

    def type(self, line: str) -> Reply:
        """Type one line and read its answer.

        Raises:
            NotAllowedError: it is not one line of text; nothing was typed.
            StuckError: no prompt of this router came.
        """
        permit(line, Purpose.CHANGE)
        width = self._width
        typed = line.encode()
        answer = _ModeAnswer(typed, self._host)
        try:
            self._limit()
            self._terminal.drain()
            self._terminal.write(typed + ENTER)
            text, mode, self._width = self._read(answer)
        except SessionError as exc:
            raise _stuck(exc, answer.said) from exc
        return Reply(text, mode, width)

    def break_off(self) -> str | None:
        """Press Ctrl-C, which answers no question and leaves configuration mode.

        Returns:
            The mode of the prompt that came; None if none came. Any host name is taken: the session is the same.
        """
        try:
            self._limit()
            shown = self._terminal.drain()
            self._terminal.write(_BREAK)
            while piece := self._terminal.read(min(_SURE, self._terminal.silence)):
                shown += piece
        except SessionError:
            return None
        return self.believe(last_line(shown).decode("latin-1"))

    def believe(self, prompt: str) -> str | None:
        """Take a prompt of another name from now on: the session is the same, and the way out must be found.

        Returns:
            Its mode; None if it is no prompt.
        """
        found = _PROMPT.fullmatch(prompt)
        if found is None:
            return None
        self._host = found["host"]
        self._width = len(found[0])
        return found["mode"] or ""

    def hang_up(self) -> None:
        """End the session: the router leaves configuration mode when its line is gone."""
        self._terminal.engine.close()

    def _limit(self) -> None:
        seconds = _LIMIT * self._terminal.silence
        self._terminal.stop = Stop(seconds, what="time for one line of configuration")

    def _read(self, answer: _ModeAnswer) -> tuple[str, str, int]:
        terminal = self._terminal
        heard = time.monotonic()
        while True:
            end = answer.end()
            strange = None if end else answer.strange()
            patience = answer.moment if end else min(_SURE, terminal.silence) if strange else terminal.silence
            piece = terminal.read(patience)
            now = time.monotonic()
            if piece:
                answer.add(piece, now - heard)
                heard = now
            elif end:
                terminal.at_prompt = True
                return end
            else:
                last = last_line(answer.partial).decode("latin-1") if strange else ""
                reason = f"the device waits at '{last}'" if strange else f"no byte came for {terminal.silence:g} s"
                raise StuckError(strange or Hindrance.SILENT, reason, answer.said, last)


def _is_name(host: str, shown: str) -> bool:
    """Whether a prompt shows this host name, which configuration mode may cut."""
    return shown == host or (len(shown) >= _KEPT and host.startswith(shown))


def _stuck(exc: SessionError, said: str) -> StuckError:
    silent = exc.trouble in {Trouble.DEADLINE, Trouble.CANCELLED}
    return StuckError(Hindrance.SILENT if silent else Hindrance.LOST, exc.reason, said)
