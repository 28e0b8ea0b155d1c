"""The command line while it is typed: cursor, history, and what a terminal must be sent to show it."""

from __future__ import annotations

from dataclasses import dataclass, field

_LINE_MAX = 254  # characters of a command line, as IOS takes
_SHIFT = 10  # characters by which a line that is too long moves to the left
_HISTORY = 20


@dataclass(slots=True)
class Editor:
    """A line that is being typed.

    Attributes:
        width: columns of the terminal; 0 never shifts a long line.
        before: columns that the prompt takes.
        hidden: nothing of the line is shown.
    """

    width: int = 80
    before: int = 0
    hidden: bool = False
    text: str = ""
    cursor: int = 0
    history: list[str] = field(default_factory=list)
    _place: int = 0
    _shown: str = ""
    _column: int = 0
    _offset: int = 0

    def start(self, before: int, *, hidden: bool = False) -> None:
        """Begin an empty line behind a prompt of so many columns."""
        self.before, self.hidden = before, hidden
        self.text, self.cursor = "", 0
        self._shown, self._column, self._offset = "", 0, 0
        self._place = len(self.history)

    def reshow(self) -> str:
        """What shows the line again behind a fresh prompt."""
        self._shown, self._column = "", 0
        return self._draw()

    def take(self, *, remember: bool = True) -> str:
        """The line is entered.

        Args:
            remember: whether it can be recalled; an answer to a question cannot.
        """
        line, self.text, self.cursor = self.text, "", 0
        if line.strip() and remember and self.history[-1:] != [line]:
            self.history = [*self.history[-(_HISTORY - 1) :], line]
        self._shown, self._column, self._offset = "", 0, 0
        self._place = len(self.history)
        return line

    def insert(self, key: str) -> str:
        """Type a character; returns what the terminal shows for it."""
        if len(self.text) >= _LINE_MAX:
            return "\a"
        self.text = f"{self.text[: self.cursor]}{key}{self.text[self.cursor :]}"
        self.cursor += 1
        return self._draw()

    def replace(self, text: str) -> str:
        """Another text stands in the line."""
        self.text, self.cursor = text, len(text)
        return self._draw()

    def command(self, key: str) -> str:
        """An editing key: a control character, or ``A`` to ``D`` for the arrows; returns what the terminal is sent."""
        text, at = self.text, self.cursor
        if key in "\x7f\b" and at:
            self.text, self.cursor = text[: at - 1] + text[at:], at - 1
        elif key == "\x04" and at < len(text):
            self.text = text[:at] + text[at + 1 :]
        elif key in "\x15\x18":  # Ctrl-U, Ctrl-X: from the beginning
            self.text, self.cursor = text[at:], 0
        elif key == "\x0b":
            self.text = text[:at]
        elif key == "\x17":
            start = len(text[:at].rstrip().rpartition(" ")[0])
            start += start > 0
            self.text, self.cursor = text[:start] + text[at:], start
        elif key == "\x01":
            self.cursor = 0
        elif key == "\x05":
            self.cursor = len(text)
        elif key in "\x02D" and at:
            self.cursor = at - 1
        elif key in "\x06C" and at < len(text):
            self.cursor = at + 1
        elif key in "\x10\x0eAB":
            self._recall(-1 if key in "\x10A" else 1)
        return self._draw()

    def _recall(self, way: int) -> None:
        place = self._place + way
        if 0 <= place <= len(self.history):
            self._place = place
            self.text = self.history[place] if place < len(self.history) else ""
            self.cursor = len(self.text)

    def _draw(self) -> str:
        """What brings the screen from what it shows to what it should."""
        if self.hidden:
            return ""
        room = max(self.width - self.before - 1, 2 * _SHIFT) if self.width else _LINE_MAX + 1
        while self.cursor - self._offset > room:
            self._offset += _SHIFT
        while self._offset and self.cursor - self._offset < 1:
            self._offset = max(0, self._offset - _SHIFT)
        shown = self.text[self._offset : self._offset + room]
        if self._offset:
            shown = f"${shown[1:]}"
        column = self.cursor - self._offset
        old, old_column = self._shown, self._column
        self._shown, self._column = shown, column
        if old_column == len(old) and column == len(shown):
            if shown.startswith(old):
                return shown[len(old) :]
            if old.startswith(shown):
                gone = len(old) - len(shown)
                return "\b" * gone + " " * gone + "\b" * gone
        if shown == old:
            return "\b" * (old_column - column) if column < old_column else shown[old_column:column]
        rest = " " * max(0, len(old) - len(shown))
        return "\b" * old_column + shown + rest + "\b" * (len(shown) + len(rest) - column)
