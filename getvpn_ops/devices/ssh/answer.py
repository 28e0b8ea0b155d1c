"""Where a command's answer begins and where it ends, in a stream that tells neither."""

from __future__ import annotations

import re

MOMENT = 0.02
"""Seconds for which nothing may come behind a prompt, before it is taken for one."""

_LONGEST = 1.0
_TAIL = 200
_PROMPT_LIKE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.\-]{0,62}(?:\([A-Za-z0-9_.\-]{1,40}\))?[#>][ \t]*")
_QUESTION = re.compile(
    rb".*(?:\[confirm\]|\[yes/no\]:?|\[y/n\]:?|\(y/n\)\??|\(yes/no\)[?:]?|\[no\]:?|\[yes\]:?|assword:|sername:|passcode:"
    rb"|--More--|\]\?)[ \t]*",
    re.IGNORECASE,
)


class Answer:
    """Bytes of one command as they come, with the echo before them and the prompt behind.

    The end is a last line that is the prompt and nothing else, with nothing behind it for a moment; that moment grows
    with the pauses that the device makes, so a prompt in the middle of a slow output does not cut it. Every piece is
    looked at once: the time is linear in the length, however it is cut.
    """

    def __init__(self, command: bytes, prompt: bytes) -> None:
        """Begin.

        Args:
            command: as it was typed, without the Enter.
            prompt: that ends the answer, whole.
        """
        self._command = command
        self._prompt = prompt
        self._data = bytearray()
        self._begin = -1
        self._look = 0
        self._pause = 0.0

    def add(self, piece: bytes, pause: float) -> None:
        """Take what came.

        Args:
            piece: the bytes.
            pause: seconds since the piece before.
        """
        if self._begin >= 0 and len(self._data) > self._begin:
            self._pause = max(self._pause, pause)
        self._data += piece
        if self._begin < 0:
            self._find_echo()

    def _find_echo(self) -> None:
        """The echo begins a line or stands behind a prompt, and a line end follows; log lines may name the command."""
        while (at := self._data.find(self._command, self._look)) >= 0:
            end = self._data.find(b"\n", at + len(self._command))
            if end < 0:
                self._look = at
                return
            between = self._data[at + len(self._command) : end]
            before = self._data[:at] if at <= _TAIL else self._data[at - _TAIL : at]
            if not between.strip() and (not before or before[-1:] in b"\r\n" or before.endswith(self._prompt)):
                self._begin = end + 1
                return
            self._look = at + 1
        self._look = max(self._look, len(self._data) - len(self._command))

    @property
    def whole(self) -> bool:
        """Whether this is the end, if nothing more comes within ``moment``."""
        data, start = self._data, len(self._data) - len(self._prompt)
        if self._begin < 0 or start < self._begin or not data.endswith(self._prompt):
            return False
        return start == self._begin or data[start - 1] in b"\r\n"

    @property
    def moment(self) -> float:
        """Seconds of silence that make the end sure: more for a device that pauses in its output."""
        return min(_LONGEST, max(MOMENT, 2 * self._pause))

    @property
    def text(self) -> bytes:
        """Between echo and prompt."""
        return bytes(self._data[self._begin : len(self._data) - len(self._prompt)])

    @property
    def partial(self) -> bytes:
        """What came of the answer if it does not end; all that came if not even the echo did."""
        return bytes(self._data[max(0, self._begin) :])

    def surprise(self) -> str | None:
        """What stands where the prompt should: another prompt or a question; None for anything else."""
        last = last_line(self._data)
        if last and last != self._prompt and (_PROMPT_LIKE.fullmatch(last) or _QUESTION.fullmatch(last)):
            return last.decode("latin-1").strip()
        return None


def last_line(data: bytes | bytearray) -> bytes:
    """What stands behind the last line end; at most its last bytes."""
    tail = bytes(data[-_TAIL:])
    return re.split(rb"[\r\n]", tail)[-1]


def is_prompt(line: bytes) -> bool:
    """Whether a whole line can be the prompt of an exec session."""
    return bool(re.fullmatch(rb"[^\r\n]{0,80}[#>][ \t]?", line))


def is_question(line: bytes) -> bool:
    """Whether a line waits for an answer that nobody declared."""
    return bool(_QUESTION.fullmatch(line))
