"""Typed state as tables: any model, without a line of code of its own.

Scalars stand in a grid of names and values. Records of one kind stand in a table; what is the same in every row is said
once above it, and columns nobody fills are left out. Records that hold further records stand one below the other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeGuard

from rich.console import Group
from rich.table import Table
from rich.text import Text

from getvpn_ops.model.acl import Ace, AceAddress, AcePort
from getvpn_ops.model.values import Endpoint, RsaPublicKey, Spi
from getvpn_ops.reports.console import indented
from getvpn_ops.reports.words import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import DataclassInstance
    from rich.console import RenderableType

_FEW = 1  # a single row says everything itself
_LONG = 60  # a list of texts longer than this stands one a line
_GOOD = frozenset(
    {"registered", "alive", "active", "active(active)", "established", "up-active", "yes", "enabled", "available"}
)
_CELLS = (Ace, AceAddress, AcePort, Endpoint, RsaPublicKey, Spi)  # dataclasses that read best as a few words
_BAD = frozenset({"dead", "failed", "expired", "down", "not registered", "unknown"})


def _is_record(value: object) -> TypeGuard[DataclassInstance]:
    return dataclasses.is_dataclass(value) and not isinstance(value, (type, *_CELLS))


def _needs_section(value: object) -> bool:
    """Whether a value does not fit a cell: records, and lists of them or of access-list entries."""
    if isinstance(value, tuple):
        return any(_is_record(item) or isinstance(item, Ace) for item in value)
    return _is_record(value)


def label(name: str) -> str:
    """A field name as a heading."""
    return name.replace("_", " ")


def _cell(value: object) -> Text:
    text = in_words(value)
    if isinstance(value, Ace):
        return Text(text, style={"permit": "green", "deny": "red"}.get(value.action, "dim"))
    word = text.lower()
    return Text(text, style="green" if word in _GOOD else "red" if word in _BAD else "")


def state_view(data: object) -> RenderableType:
    """Everything a state holds, for a terminal."""
    parts = _record(data)
    return Group(*parts) if parts else Text("nothing", style="dim")


def _fields(value: object) -> list[tuple[str, Any]]:
    """What a record says, in order; nothing for other values."""
    if not _is_record(value):
        return []
    return [
        (item.name, getattr(value, item.name)) for item in dataclasses.fields(value) if not item.metadata.get("private")
    ]


def _record(value: object) -> list[RenderableType]:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    sections: list[RenderableType] = []
    for name, item in _fields(value):
        if item is None or item == ():
            continue
        if _needs_section(item):
            sections.extend(_section(label(name), item if isinstance(item, tuple) else (item,)))
        elif isinstance(item, tuple) and len(in_words(item)) > _LONG:
            grid.add_row(label(name), Text("\n").join(_cell(part) for part in item))
        else:
            grid.add_row(label(name), _cell(item))
    return ([grid] if grid.row_count else []) + sections


def _section(title: str, items: Sequence[object]) -> list[RenderableType]:
    count = f" ({len(items)})" if len(items) > 1 else ""
    heading = Text(f"\n{title}{count}", style="bold")
    if all(isinstance(item, Ace) for item in items):
        lines = Text("\n").join(_numbered(item) for item in items)
        return [heading, indented(lines)]
    nested = any(_needs_section(value) for item in items for _, value in _fields(item))
    if nested or len(items) == 1:
        parts: list[RenderableType] = [heading]
        for place, item in enumerate(items, 1):
            if len(items) > 1:
                parts.append(indented(Text(_name(item, place), style="bold yellow")))
            parts.append(indented(Group(*_record(item)), 4 if len(items) > 1 else 2))
        return parts
    return [heading, *(indented(part) for part in _table(items))]


def _numbered(item: object) -> Text:
    line = _cell(item)
    if isinstance(item, Ace):
        if item.sequence is not None:
            line = Text(f"{item.sequence:>6} ", style="dim") + line
        if item.matches is not None:
            line += Text(f"  ({item.matches} matches)", style="dim")
    return line


def _name(item: object, place: int) -> str:
    """What to call a record among its kind: the first values it has."""
    for _, value in _fields(item):
        if value not in (None, ()) and not _needs_section(value):
            return in_words(value)
    return str(place)


def _table(items: Sequence[object]) -> list[RenderableType]:
    columns: dict[str, list[Any]] = {}
    for place, item in enumerate(items):
        for name, value in _fields(item):
            columns.setdefault(name, [None] * len(items))[place] = value
    columns = {name: column for name, column in columns.items() if any(value not in (None, ()) for value in column)}
    same = (
        {name for name, column in list(columns.items())[1:] if all(value == column[0] for value in column)}
        if len(items) > _FEW
        else set()
    )
    parts: list[RenderableType] = []
    if same:
        said = Text("in every row: ", style="dim")
        said.append(
            ", ".join(f"{label(name)} {in_words(columns[name][0])}" for name in columns if name in same), style="dim"
        )
        parts.append(said)
    table = Table(box=None, header_style="cyan", padding=(0, 2, 0, 0), pad_edge=False)
    shown = [name for name in columns if name not in same]
    for name in shown:
        numeric = all(
            value is None or (isinstance(value, int) and not isinstance(value, bool)) for value in columns[name]
        )
        table.add_column(label(name), justify="right" if numeric else "left", overflow="fold")
    for place in range(len(items)):
        table.add_row(*(_cell(columns[name][place]) for name in shown))
    parts.append(table)
    return parts
