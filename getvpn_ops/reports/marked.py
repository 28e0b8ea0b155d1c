"""Lines with a mark before them: the same ones make the screen, and the text of a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.reports.console import command_line, indented, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType


class Line:
    """One line.

    Attributes:
        text: of it.
        style: on a screen.
        mark: one character before it.
        indent: blanks before the mark.
        inner: blanks behind the mark.
        is_command: whether it is to be copied as one line.
    """

    __slots__ = ("indent", "inner", "is_command", "mark", "style", "text")

    def __init__(  # noqa: PLR0913 -- what a line is made of
        self,
        text: str = "",
        style: str = "",
        *,
        mark: str = " ",
        indent: int = 0,
        inner: int = 0,
        is_command: bool = False,
    ) -> None:
        self.text = text.replace("\n", "\\n")
        self.style = style
        self.mark = mark
        self.indent = indent
        self.inner = inner
        self.is_command = is_command


def lines_view(lines: Iterable[Line]) -> RenderableType:
    """The screen: what is too long goes on below its own beginning."""
    parts: list[RenderableType] = []
    for line in lines:
        mark, style = line.mark, line.style
        if not line.text:
            parts.append(Text())
        elif line.is_command:
            parts.append(command_line(line.text, line.indent))
        elif mark == " " and not line.indent:
            parts.append(Text(visible(line.text), style=style))
        else:
            grid = Table.grid()
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            grid.add_row(Text(f"{mark} {' ' * line.inner}", style=style), Text(visible(line.text), style=style))
            parts.append(indented(grid, line.indent))
    return Group(*parts)


def lines_text(lines: Iterable[Line]) -> str:
    """The same as text: no line is broken, so that ``grep`` finds it whole."""
    made = []
    for line in lines:
        plain = line.mark == " " and not line.indent
        shown = line.text if plain else f"{' ' * line.indent}{line.mark} {' ' * line.inner}{line.text}"
        made.append(visible(shown).rstrip())
    return "\n".join(made) + "\n"
