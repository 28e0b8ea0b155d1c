"""The lines of a configuration, each with the lines of the mode that it opens."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import attrgetter

Order = tuple[object, ...]
_ORDER = attrgetter("order")


@dataclass(slots=True)
class Block:
    """A line with the lines of the mode it opens.

    Attributes:
        text: the line as it is kept, without the sequence number of an entry of an access list.
        rank: place of its command in the grammar.
        key: names the setting among the lines of its mode.
        opens: the mode that it opens, or None.
        lines: of that mode.
        order: sorts it among its neighbours.
        number: sequence number of an entry of an access list; 0: it has none.
    """

    text: str
    rank: int = 0
    key: tuple[str, ...] = ()
    opens: str | None = None
    lines: list[Block] = field(default_factory=list)
    order: Order = ()
    number: int = 0
    _index: dict[tuple[str, ...], Block] = field(default_factory=dict, repr=False)
    _indexed: int = 0

    def copy(self) -> Block:
        """An independent copy, lines and all."""
        lines = [line.copy() for line in self.lines] if self.lines else []
        return Block(self.text, self.rank, self.key, self.opens, lines, self.order, self.number)

    def named(self, key: tuple[str, ...]) -> Block | None:
        """The line that a key names."""
        if self._indexed != len(self.lines):
            self._index = {line.key: line for line in self.lines}
            self._indexed = len(self.lines)
        found = self._index.get(key)
        return found if found is None or found.key == key else None

    def add(self, line: Block) -> None:
        """Put a line where it belongs."""
        if not self.lines or _ORDER(self.lines[-1]) <= _ORDER(line):
            self.lines.append(line)
        else:
            self.lines.insert(bisect_right(self.lines, line.order, key=_ORDER), line)
        if self._indexed == len(self.lines) - 1:
            self._index[line.key] = line
            self._indexed += 1

    def keep(self, lines: list[Block]) -> None:
        """Hold these lines and no others."""
        self.lines = lines
        self._indexed = -1
