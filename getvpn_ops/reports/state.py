"""Typed state as tables: any model, without a line of code of its own.

Values stand in a grid of names and values. Records of one kind stand in a table; what is the same in every row is said
once above it, and columns nobody fills are left out. A few records that are too wide stand side by side, a column each;
records that hold further records stand one below the other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeGuard

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.model.acl import Ace, AceAddress, AcePort
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.config.tree import ConfigLine
from getvpn_ops.model.values import Endpoint, RsaPublicKey, Spi
from getvpn_ops.reports.console import indented
from getvpn_ops.reports.words import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from _typeshed import DataclassInstance
    from rich.console import RenderableType

_FEW_VALUES = 4  # a record with no more of them, and nothing below, fits a line
_SIDE_BY_SIDE = 5  # records that may stand as columns
_LONG = 60  # a list of texts longer than this stands one a line
_CELLS = (Ace, AceAddress, AcePort, Endpoint, RsaPublicKey, Secret, Spi)  # dataclasses that read best as a few words
_GOOD = frozenset({"registered", "alive", "active", "active(active)", "established", "up-active", "available"})
_BAD = frozenset({"dead", "failed", "expired", "down", "not registered", "unknown"})
_ACTION = {"permit": "green", "deny": "red"}


def state_view(data: object, width: int = 120) -> RenderableType:
    """Everything a state holds, for a terminal.

    Args:
        data: an instance of a model.
        width: columns of the terminal.
    """
    parts = list(_View(width).record(data))
    return Group(*parts) if parts else Text("nothing", style="dim")


def _is_record(value: object) -> TypeGuard[DataclassInstance]:
    return dataclasses.is_dataclass(value) and not isinstance(value, (type, *_CELLS))


def _needs_section(value: object) -> bool:
    """Whether a value does not fit a cell: records, and lists of them or of access-list entries."""
    if isinstance(value, tuple):
        return any(_is_record(item) or isinstance(item, Ace) for item in value)
    return _is_record(value)


def _fields(value: object) -> list[tuple[str, Any]]:
    """What a record says, in order; nothing for other values."""
    if not _is_record(value):
        return []
    said = (
        (item.name, getattr(value, item.name)) for item in dataclasses.fields(value) if not item.metadata.get("private")
    )
    return [(name, item) for name, item in said if item is not None and item != ()]


def _label(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: object) -> Text:
    text = in_words(value)
    if isinstance(value, Ace):
        return Text(text, style=_ACTION.get(value.action, "dim"))
    word = text.lower()
    return Text(text, style="green" if word in _GOOD else "red" if word in _BAD else "")


def _entry(ace: Ace) -> Text:
    """An access-list entry with its number and its counter."""
    number = Text(f"{ace.sequence:>6} " if ace.sequence is not None else "", style="dim")
    counter = "" if ace.matches is None else f"  ({ace.matches} {'match' if ace.matches == 1 else 'matches'})"
    return number + _cell(ace) + Text(counter, style="dim")


def _config(lines: Sequence[ConfigLine], depth: int = 0) -> Iterator[Text]:
    """Configuration lines as the router indents them, with their numbers."""
    for line in lines:
        style = "" if line.kind.value == "command" else "dim"
        yield Text(f"{line.line:>5} ", style="dim") + Text(" " * depth + line.text, style=style)
        yield from _config(line.children, depth + 1)


class _View:
    """Renders records into the columns that are left at their depth."""

    def __init__(self, width: int) -> None:
        self._width = max(width, 40)

    def _deeper(self, by: int) -> _View:
        return _View(self._width - by)

    def record(self, value: object, *, named: bool = False) -> Iterator[RenderableType]:
        """A record's own values, then its sections; a heading may have said the first value already."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="cyan", no_wrap=True)
        grid.add_column(overflow="fold")
        sections: list[RenderableType] = []
        for place, (name, item) in enumerate(_fields(value)):
            if _needs_section(item):
                sections.extend(self._section(_label(name), item if isinstance(item, tuple) else (item,)))
            elif isinstance(item, tuple) and len(in_words(item)) > _LONG:
                grid.add_row(_label(name), Text("\n").join(_cell(part) for part in item))
            elif place or not named:
                grid.add_row(_label(name), _cell(item))
        if grid.row_count:
            yield grid
        yield from sections

    def _section(self, title: str, items: Sequence[object]) -> Iterator[RenderableType]:
        count = f" ({len(items)})" if len(items) > 1 else ""
        yield Text(f"\n{title}{count}", style="bold")
        aces = [item for item in items if isinstance(item, Ace)]
        lines = [item for item in items if isinstance(item, ConfigLine)]
        below = self._deeper(2)
        if len(aces) == len(items):
            yield indented(Text("\n").join(_entry(ace) for ace in aces))
        elif len(lines) == len(items):
            yield Text("\n").join(_config(lines))
        elif len(items) == 1:
            yield indented(Group(*below.record(items[0])))
        elif any(_needs_section(value) for item in items for _, value in _fields(item)):
            for place, item in enumerate(items, 1):
                yield indented(below.nested(item, place))
        else:
            yield indented(below.table(items))

    def nested(self, item: object, place: int) -> RenderableType:
        """One of several records that hold further ones."""
        fields = _fields(item)
        if len(fields) <= _FEW_VALUES and not any(_needs_section(value) for _, value in fields):
            return Text(", ".join(f"{_label(name)} {in_words(value)}" for name, value in fields), style="yellow")
        named = bool(fields) and not _needs_section(fields[0][1])
        heading = f"{_label(fields[0][0])} {in_words(fields[0][1])}" if named else str(place)
        body = self._deeper(2).record(item, named=named)
        return Group(Text(heading, style="bold yellow"), indented(Group(*body)))

    def table(self, items: Sequence[object]) -> RenderableType:
        """Records of one kind, a row each, or a column each if rows would be too wide."""
        said = [dict(_fields(item)) for item in items]
        records = [item for item in items if _is_record(item)]
        order = dict.fromkeys(item.name for record in records for item in dataclasses.fields(record))
        columns = {
            name: [values.get(name) for values in said] for name in order if any(name in values for values in said)
        }
        first, *others = columns
        same = [name for name in others if all(value == columns[name][0] for value in columns[name])]
        shown = [first, *(name for name in others if name not in same)]
        parts: list[RenderableType] = []
        if same:
            alike = ", ".join(f"{_label(name)} {in_words(columns[name][0])}" for name in same)
            parts.append(Text(f"the same in all: {alike}", style="dim"))
        cells = {name: [_cell(value) for value in columns[name]] for name in shown}
        needed = sum(max(len(_label(name)), *(cell.cell_len for cell in cells[name])) + 2 for name in shown)
        table = Table(box=None, header_style="cyan", padding=(0, 2, 0, 0), pad_edge=False)
        if needed > self._width and len(items) <= _SIDE_BY_SIDE:
            table.show_header = False
            table.add_column(style="cyan", no_wrap=True)
            for _ in items:
                table.add_column(overflow="fold")
            for name in shown:
                table.add_row(Text(_label(name)), *cells[name])
        else:
            for name in shown:
                numbers = all(isinstance(value, int | None) and not isinstance(value, bool) for value in columns[name])
                table.add_column(_label(name), justify="right" if numbers else "left", overflow="fold")
            for row in zip(*cells.values(), strict=True):
                table.add_row(*row)
        return Group(*parts, table)
