"""Rows and facts in whatever width there is: side by side where no word is broken by it, else below each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from getvpn_ops.reports.console import indented, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_GAP = 2
_LONGEST = 40
"""Letters of a word that keep a column from getting narrower; a longer one, such as a digest, may be broken."""
_READABLE = 12
"""Letters of a line of a column whose cells have several."""
_INDENT = 2


class Listing:
    """Rows of cells. An id stays in one piece, so that it can be copied, and no column is a word wide.

    ``details`` are cells that hold sentences. Where a line has no room for them they stand below their row.
    """

    def __init__(
        self,
        headings: Sequence[str],
        rows: Iterable[Sequence[str | Text]],
        *,
        right: Iterable[str] = (),
        details: Iterable[str] = (),
    ) -> None:
        """Nothing is drawn yet.

        Args:
            headings: of the columns; the first one names a row.
            rows: a cell for each heading; of no more than one line.
            right: headings of numbers.
            details: headings of sentences; the last ones.
        """
        self._headings = tuple(headings)
        self._rows = [tuple(cell if isinstance(cell, Text) else Text(visible(cell)) for cell in row) for row in rows]
        self._right = frozenset(right)
        self._short = len(self._headings) - len(tuple(details))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._fitting(options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._fitting(options.max_width))

    def _fitting(self, width: int) -> RenderableType:
        whole = range(len(self._headings))
        if self._short < len(whole) and sum(self._most(whole)) + self._gaps(len(whole)) <= width:
            return self._table(self._rows, self._most(whole))
        short = range(self._short)
        widths = _shared(self._least(short), self._most(short), width - self._gaps(self._short))
        if widths is None:
            return Group(*(self._block(row) for row in self._rows))
        if self._short == len(whole):
            return self._table(self._rows, widths)
        parts: list[RenderableType] = []
        for place, row in enumerate(self._rows):
            parts.append(self._table([row], widths, headed=not place))
            parts += [indented(line, _INDENT) for line in self._named(row, self._short)]
        return Group(*parts) if parts else self._table([], widths)

    def _table(self, rows: Sequence[Sequence[Text]], widths: Sequence[int], *, headed: bool = True) -> Table:
        table = Table(
            box=None, header_style="cyan", pad_edge=False, padding=(0, _GAP, 0, 0), show_header=headed,
        )  # fmt: skip
        for name, width in zip(self._headings, widths, strict=False):
            table.add_column(name, justify="right" if name in self._right else "left", overflow="fold", width=width)
        for row in rows:
            table.add_row(*row[: len(widths)])
        return table

    def _block(self, row: Sequence[Text]) -> RenderableType:
        """A row whose cells stand below each other; the empty ones are left out."""
        below = (indented(line, _INDENT) for line in self._named(row, 1))
        head = Text.assemble((f"{self._headings[0]} ", "cyan"), (row[0].plain, row[0].style or "bold"))
        return Group(head, *below)

    def _named(self, row: Sequence[Text], first: int) -> Iterator[Text]:
        """Cells from one on, each behind its heading; the empty ones are left out."""
        for name, cell in zip(self._headings[first:], row[first:], strict=True):
            if cell.plain:
                yield Text.assemble((f"{name}: ", "cyan"), cell)

    def _most(self, columns: Iterable[int]) -> list[int]:
        """Of each column, cells of a terminal that its widest cell needs."""
        return [max(Text(self._headings[at]).cell_len, *(row[at].cell_len for row in self._rows), 0) for at in columns]

    def _least(self, columns: Iterable[int]) -> list[int]:
        """Of each column, cells of a terminal that its longest word needs, and enough to be read."""
        found = list(columns)
        words = [max(_word(Text(self._headings[at])), *(_word(row[at]) for row in self._rows), 1) for at in found]
        return [
            min(_LONGEST, max(word, min(_READABLE, most))) for word, most in zip(words, self._most(found), strict=True)
        ]

    def _gaps(self, columns: int) -> int:
        return _GAP * (columns - 1)


class Facts:
    """Names and values: side by side, or in a narrow terminal a value behind its name."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Nothing is drawn yet.

        Args:
            pairs: of each, its name and its value; those without a value are left out.
        """
        self._pairs = [(Text(visible(name), style="cyan"), Text(visible(value))) for name, value in pairs if value]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = max((name.cell_len for name, _ in self._pairs), default=0)
        if options.max_width >= names + _GAP + _LONGEST:
            grid = Table.grid(padding=(0, _GAP, 0, 0))
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            for pair in self._pairs:
                grid.add_row(*pair)
            yield grid
            return
        for name, value in self._pairs:
            yield Text.assemble(name, ": ", value)


def _word(text: Text) -> int:
    return max((Text(word).cell_len for word in text.plain.split()), default=0)


def _shared(least: Sequence[int], most: Sequence[int], width: int) -> list[int] | None:
    """Widths of columns that fill a line; None if there is no room.

    Args:
        least: that each needs.
        most: that each can use.
        width: that there is for all.
    """
    widths = list(least)
    left = width - sum(widths)
    if left < 0:
        return None
    for done, place in enumerate(sorted(range(len(widths)), key=lambda at: most[at] - least[at])):
        given = max(0, min(most[place] - widths[place], left // (len(widths) - done)))
        widths[place] += given
        left -= given
    return widths
