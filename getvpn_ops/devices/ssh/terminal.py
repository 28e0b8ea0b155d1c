"""A shell on a router: the prompt, privilege, and commands with their answers as bytes."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from getvpn_ops.devices.ssh.answer import MOMENT, Answer, is_prompt, is_question, last_line
from getvpn_ops.devices.ssh.engine import WIDTH, Engine, LostError
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.dialect.terminal import PROMPT, REFUSALS
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from getvpn_ops.devices.terms import Stop

ENTER = b"\n"
_LENGTH = b"terminal length 0"
_WIDTH = f"terminal width {WIDTH}".encode()
_ECHO = re.compile(rb"(?:^|[\r\n])([^\r\n]*[#>][ \t]?)" + re.escape(_LENGTH) + rb"[ \t]*\r*\n")
_SURE = 2.0  # seconds of silence that make a question, or another prompt, the end
_SHOWN = 80
_FULL = re.compile(r"(?i)no free|too many|all (?:lines|ttys|vtys)|(?:session|login|line)s? limit|maximum number|in use")
_DROPPED = "the device may have reloaded, or someone cleared the line; look at its log, then run again"


class Terminal:
    """Types and reads. Belongs to one thread at a time."""

    def __init__(self, engine: Engine, stop: Stop, silence: float) -> None:
        """Take over a shell that is open.

        Args:
            engine: with the shell.
            stop: end of the session.
            silence: most seconds without a byte, while an answer is awaited.
        """
        self.engine = engine
        self.stop = stop
        self.silence = silence
        self.prompt = b""
        self.watch: Callable[[], None] = lambda: None
        """Called before anything is typed; raises where nothing more may be."""
        self.at_prompt = False
        """Whether the device waits for a command, as far as was seen."""

    @property
    def hostname(self) -> str:
        """Of the prompt; empty if it shows none."""
        found = PROMPT.fullmatch(self.prompt.decode("latin-1").strip())
        return found["host"] or "" if found else ""

    # -- opening

    def prepare(self) -> None:
        """Learn the prompt; turn the pager and the line breaks off.

        Raises:
            SessionError: UNEXPECTED_PROMPT, LOGIN_REFUSED, DROPPED, DEADLINE.
        """
        shown = self._await(b"", lambda shown: is_prompt(last_line(shown)), MOMENT)
        self._type(_LENGTH + ENTER + _WIDTH + ENTER)
        shown = self._await(shown, lambda shown: _ECHO.search(shown) is not None, 0)
        found = _ECHO.search(shown)
        assert found is not None  # noqa: S101 -- awaited
        self.prompt = found[1]
        self._read_answer(Answer(_WIDTH, self.prompt), bytes(shown[found.end() :]))

    def _await(self, shown: bytes | bytearray, ready: Callable[[bytearray], bool], moment: float) -> bytearray:
        """Read until something stands there, with nothing behind it for a moment."""
        data = bytearray(shown)
        while True:
            is_ready = ready(data)
            if is_ready and not moment:
                return data
            asks = not is_ready and is_question(last_line(data))
            piece = self._receive(moment if is_ready else min(self.silence, _SURE) if asks else self.silence, data)
            if piece is not None:
                data += piece
            elif is_ready:
                return data
            elif asks or data:
                raise self._unexpected(_last_words(data), data)
            else:
                raise self._silent("nothing", data)

    def enable(self, secret: SecretStr) -> None:
        """Go to privilege level 15, if it is not there yet. The secret is typed once.

        Raises:
            SessionError: ENABLE_REFUSED, or as ``ask``.
        """
        if self.prompt.rstrip().endswith(b"#"):
            return
        privileged = self.prompt.rstrip()[:-1] + b"#"

        def ended(shown: bytearray) -> bool:
            last = last_line(shown).rstrip()
            return last in {privileged, self.prompt.rstrip()} or last.lower().endswith((b"assword:", b"asscode:"))

        self._type(b"enable" + ENTER)
        shown = self._await(b"", lambda data: b"\n" in data and ended(data), MOMENT)
        if b"assword:" in last_line(shown):
            self._type(secret.get_secret_value().encode() + ENTER)
            shown = self._await(b"", lambda data: b"\n" in data and ended(data), MOMENT)
        last = last_line(shown)
        if last.rstrip() != privileged:
            said = " ".join(line for line in shown.decode("latin-1").split() if line)[-_SHOWN:]
            raise SessionError(
                Trouble.ENABLE_REFUSED,
                f"the device does not take the enable secret: it says {said!r}; it was tried once and not again",
                "check `credentials.enable`; `show privilege` and the AAA server's `enable` rules on the device",
            )
        self.prompt = last
        self.at_prompt = True

    # -- commands

    def ask(self, command: str) -> bytes:
        """Type a command and read its answer.

        Args:
            command: one line, permitted by the caller.

        Returns:
            What the device printed between the echo and the next prompt, as it came.

        Raises:
            SessionError: DROPPED, DEADLINE, CANCELLED, UNEXPECTED_PROMPT; with what came of the answer.
        """
        typed = command.encode()
        self.drain()
        self._type(typed + ENTER)
        return self._read_answer(Answer(typed, self.prompt), b"")

    def _read_answer(self, answer: Answer, first: bytes) -> bytes:
        if first:
            answer.add(first, 0)
        began, heard = time.monotonic(), time.monotonic()
        while True:
            whole, surprise = answer.whole, None
            if whole:
                patience = answer.moment
            else:
                surprise = answer.surprise()
                patience = min(self.silence, _SURE) if surprise else self.silence
            try:
                piece = self._receive(patience, b"")
            except SessionError as exc:
                exc.partial = answer.partial
                raise
            now = time.monotonic()
            if piece is not None:
                answer.add(piece, now - heard)
                heard = now
            elif whole:
                self.at_prompt = True
                return answer.text
            elif surprise:
                raise self._unexpected(surprise, answer.partial)
            else:
                error = self._silent(f"{now - began:.0f} s after the command", answer.partial)
                raise error

    def drain(self) -> bytes:
        """Take what came by itself, such as log lines between two commands."""
        data = b""
        while piece := self._receive(0, b""):
            data += piece
            self.at_prompt = False
        if data and last_line(data) == self.prompt:
            self.at_prompt = True
        return data

    def read(self, seconds: float = 0) -> bytes:
        """What comes next; empty if nothing comes in so many seconds.

        Raises:
            SessionError: DROPPED, CANCELLED, DEADLINE.
        """
        piece = self._receive(seconds, b"") or b""
        if piece:
            self.at_prompt = is_prompt(last_line(piece))
        return piece

    def write(self, data: bytes) -> None:
        """Type as it is.

        Raises:
            SessionError: DROPPED, CANCELLED, DEADLINE.
        """
        self._type(data)

    # -- the wire

    def _receive(self, seconds: float, had: bytes | bytearray) -> bytes | None:
        try:
            piece = self.engine.read(self.stop, seconds)
        except LostError as exc:
            raise self._lost(str(exc), bytes(had)) from exc
        except SessionError as exc:
            exc.partial = exc.partial or bytes(had)
            raise
        if piece == b"":
            raise self._lost("", bytes(had))
        return piece

    def _type(self, data: bytes) -> None:
        self.watch()
        self.at_prompt = False
        try:
            self.engine.write(data, self.stop)
        except LostError as exc:
            raise self._lost(str(exc), b"") from exc

    def _lost(self, why: str, had: bytes) -> SessionError:
        detail = f" ({why})" if why else ""
        if self.prompt:
            return SessionError(Trouble.DROPPED, f"the session broke off{detail}", _DROPPED, partial=had)
        said = _last_words(had)
        detail = f"; it said {said!r}" if said else detail
        if any(pattern.search(said) for pattern in REFUSALS):
            return SessionError(
                Trouble.LOGIN_REFUSED,
                f"the device took the login and refused the session{detail}",
                "check the `exec` authorization of the account on the AAA server",
                partial=had,
            )
        full = _FULL.search(said) is not None
        return SessionError(
            Trouble.VTYS_FULL if full else Trouble.DROPPED,
            f"the device closed the session before its prompt{detail}",
            "`show users`, `clear line vty N` from the console" if full else _DROPPED,
            partial=had,
        )

    def _unexpected(self, found: str, had: bytes | bytearray) -> SessionError:
        expected = f"the prompt {self.prompt.decode('latin-1').strip()!r}" if self.prompt else "a prompt"
        return SessionError(
            Trouble.UNEXPECTED_PROMPT,
            f"expected {expected}, and the device waits at {found[-_SHOWN:]!r}; nothing was answered",
            "log in by hand and see what it asks; was it renamed?",
            partial=bytes(had),
        )

    def _silent(self, since: str, had: bytes | bytearray) -> SessionError:
        return SessionError(
            Trouble.DEADLINE,
            f"no byte came for {self.silence:g} s, and no prompt ({since})",
            "if the device is slow by nature, allow more in `ssh.command_timeout`",
            partial=bytes(had),
        )


def _last_words(data: bytes | bytearray) -> str:
    """The last line that says something."""
    lines = bytes(data[-1000:]).decode("latin-1").split("\n")
    return next((line.strip()[-_SHOWN:] for line in reversed(lines) if line.strip()), "")
