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
    from collections.abc import Iterable, Sequence

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


@dataclass(frozen=True, slots=True)
class Cue:
    """What a command may wait for, and what is typed then.

    Attributes:
        form: searched for in the last line that is not empty.
        lines: to type, each with an Enter; an empty one is the Enter alone.
        is_paste: whether the device waits on an empty line below, and not behind the question.
    """

    form: re.Pattern[str]
    lines: tuple[str, ...]
    is_paste: bool = False

    def keys(self, asked: str) -> bytes:
        """What is typed; where one key is the whole answer an Enter behind it would be the next line's."""
        if asked.rstrip().endswith("[confirm]") and len(self.lines[0]) == 1:
            return self.lines[0].encode()
        return b"".join(line.encode() + ENTER for line in self.lines)


class StuckError(Exception):
    """No prompt of ours came: a question, another prompt, silence, or the end of the session.

    Attributes:
        hindrance: QUESTION, WRONG_MODE, SILENT or LOST.
        reason: in words; quotes the device.
        said: what came behind the echo.
        shown: the prompt of another name, for WRONG_MODE.
        is_entered: whether the Enter behind the line was typed, as far as this side can know.
    """

    def __init__(self, hindrance: Hindrance, reason: str, said: str = "", shown: str = "") -> None:
        self.hindrance = hindrance
        self.reason = reason
        self.said = said
        self.shown = shown
        self.is_entered = True
        super().__init__(reason)


class _ModeAnswer(Answer):
    """An answer that ends with a prompt of any mode of one router."""

    def __init__(self, command: bytes, host: str) -> None:
        super().__init__(command, b"\0")  # no prompt is told from here
        self._host = host
        self._mark = 0

    @property
    def is_echoed(self) -> bool:
        """Whether all of the line stands on the screen."""
        return self._command in self._data

    def answered(self) -> None:
        """A question was answered: what comes before the end of its line means nothing."""
        self._mark = len(self._data)

    @property
    def _is_quiet(self) -> bool:
        """Whether there is nothing to be understood yet: no whole echo of the line, or of an answer."""
        return self._begin < 0 or b"\n" not in self._data[self._mark :]

    def cue(self, cues: Iterable[Cue]) -> tuple[Cue, str] | None:
        """The first of these that the device may be waiting for, and the line that says so."""
        if self._is_quiet:
            return None
        *_, last = lines = self.said.replace("\r", "").split("\n")
        words = last if last.strip() else next((line for line in reversed(lines) if line.strip()), "")
        return next(
            ((cue, words) for cue in cues if cue.is_paste is not bool(last.strip()) and cue.form.search(words)), None
        )

    def end(self) -> tuple[str, str, int] | None:
        """Text, mode and width of the prompt, if this is the end; log lines behind it are no part of the answer."""
        if self._is_quiet:
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
        last = b"" if self._is_quiet else last_line(self._data)
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
        self.asked: list[str] = []
        """Questions of the last command that were answered, without the answers."""

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

    def command(self, line: str, cues: Sequence[Cue] = (), seconds: float | None = None) -> Reply:
        """Type one line, its Enter only when all of it stands on the screen; answer what it was expected to ask.

        Args:
            line: to type.
            cues: each is answered once.
            seconds: of silence that are borne after the Enter; None: as many as the session's.

        Raises:
            NotAllowedError: the line, or an answer, is not one line of text; nothing was typed.
            StuckError: no prompt of this router came; says whether the Enter was typed.
        """
        for text in (line, *(text for cue in cues for text in cue.lines if text)):
            permit(text, Purpose.CHANGE)
        width = self._width
        typed = line.encode()
        answer = _ModeAnswer(typed, self._host)
        is_entered = False
        self.asked = []
        try:
            self._limit(seconds)
            self._terminal.drain()
            self._terminal.write(typed)
            self._echo(answer)
            is_entered = True
            self._terminal.write(ENTER)
            text, mode, self._width = self._read(answer, cues, seconds)
        except SessionError as exc:
            stuck = _stuck(exc, answer.said)
            stuck.is_entered = is_entered
            raise stuck from exc
        return Reply(text, mode, width)

    def _echo(self, answer: _ModeAnswer) -> None:
        while not answer.is_echoed:
            piece = self._terminal.read(self._terminal.silence)
            if not piece:
                stuck = StuckError(
                    Hindrance.SILENT, f"the line did not come back whole in {self._terminal.silence:g} s"
                )
                stuck.is_entered = False
                raise stuck
            answer.add(piece, 0)

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

    def _limit(self, seconds: float | None = None) -> None:
        seconds = _LIMIT * max(self._terminal.silence, seconds or 0)
        self._terminal.stop = Stop(seconds, what="time for one line")

    def _read(
        self, answer: _ModeAnswer, cues: Sequence[Cue] = (), seconds: float | None = None
    ) -> tuple[str, str, int]:
        terminal = self._terminal
        silence = terminal.silence if seconds is None else seconds
        left = list(cues)
        heard = time.monotonic()
        while True:
            end = answer.end()
            cue = None if end else answer.cue(left)
            strange = None if end or cue else answer.strange()
            patience = answer.moment if end or cue else min(_SURE, silence) if strange else silence
            piece = terminal.read(patience)
            now = time.monotonic()
            if piece:
                answer.add(piece, now - heard)
                heard = now
            elif end:
                terminal.at_prompt = True
                return end
            elif cue:
                left.remove(cue[0])
                self.asked.append(cue[1].strip())
                answer.answered()
                terminal.write(cue[0].keys(cue[1]))
                heard = now
            else:
                last = last_line(answer.partial).decode("latin-1") if strange else ""
                reason = f"the device waits at '{last}'" if strange else f"no byte came for {silence:g} s"
                raise StuckError(strange or Hindrance.SILENT, reason, answer.said, last)


def _is_name(host: str, shown: str) -> bool:
    """Whether a prompt shows this host name, which configuration mode may cut."""
    return shown == host or (len(shown) >= _KEPT and host.startswith(shown))


def _stuck(exc: SessionError, said: str) -> StuckError:
    silent = exc.trouble in {Trouble.DEADLINE, Trouble.CANCELLED}
    return StuckError(Hindrance.SILENT if silent else Hindrance.LOST, exc.reason, said)
