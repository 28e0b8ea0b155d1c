"""Is a line missing? Compare each record with the layouts that known outputs have.

A release prints certain lines of a section together. A record with all lines of a known layout but one has probably
lost it: a paste was cut, a line was dropped. Nothing in the record itself shows that, so the layouts of every capture
we have are kept in ``parsers/layouts.json`` (made and checked by the tests), and a record that no layout fits, but that
a fuller one would, gives a warning. Unknown combinations of lines are no damage: releases differ.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING

from getvpn_ops.errors import TemplateError
from getvpn_ops.model.plain import parts
from getvpn_ops.resources import data_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from _typeshed import DataclassInstance

Layout = frozenset[str]
_MOST = 5  # warnings of this kind; more say nothing new
_EMPTY: tuple[()] = ()
_STATE = "getvpn_ops.model.state"


@dataclass(frozen=True, slots=True)
class _Fields:
    """What of a class is looked at.

    Attributes:
        names: fields that hold values: the layout is which of them are filled.
        get: all their values in one call.
        nested: fields that hold records, which come and go with what is configured.
    """

    names: tuple[str, ...]
    get: Callable[[object], tuple[object, ...]]
    nested: tuple[str, ...]


@cache
def _fields(cls: type[DataclassInstance]) -> _Fields:
    hints = typing.get_type_hints(cls)
    nested = tuple(item.name for item in dataclasses.fields(cls) if _holds_records(hints[item.name]))
    names = tuple(item.name for item in dataclasses.fields(cls) if item.name not in nested)
    get = attrgetter(*names) if names else lambda _: _EMPTY
    return _Fields(names, get if len(names) != 1 else lambda record: (get(record),), nested)


def _holds_records(hint: object) -> bool:
    """Whether a field holds records of the state, not values such as an SPI."""
    return any(
        dataclasses.is_dataclass(inner) and getattr(inner, "__module__", "").startswith(_STATE)
        for part in parts(hint)
        for inner in (typing.get_args(part) if typing.get_origin(part) is tuple else (part,))
    )


def records(
    record: DataclassInstance, path: str = "data"
) -> Iterator[tuple[str, DataclassInstance, tuple[object, ...]]]:
    """Every record of a state with its path and its values; of uniform ones, which are compared anyway, the first."""
    fields = _fields(type(record))
    yield path, record, fields.get(record)
    for name in fields.nested:
        value = getattr(record, name)
        below = f"{path}.{name}"
        if isinstance(value, tuple):
            few = value[:1] if value and getattr(value[0], "UNIFORM", False) else value
            for number, item in enumerate(few):
                if dataclasses.is_dataclass(item) and not isinstance(item, type):
                    yield from records(item, f"{below}.{number}")
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            yield from records(value, below)


def layout_of(record: DataclassInstance) -> Layout:
    """The fields of a record that hold a value."""
    fields = _fields(type(record))
    return frozenset(
        name
        for name, value in zip(fields.names, fields.get(record), strict=True)
        if value is not None and value is not _EMPTY
    )


@cache
def known_layouts() -> Mapping[str, Mapping[str, frozenset[Layout]]]:
    """Template -> class -> layouts.

    Raises:
        TemplateError: ``parsers/layouts.json`` is missing or malformed.
    """
    path = data_dir("parsers") / "layouts.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {
            template: {name: frozenset(map(frozenset, layouts)) for name, layouts in classes.items()}
            for template, classes in stored.items()
        }
    except (OSError, ValueError, AttributeError, TypeError) as exc:
        msg = f"parsers/layouts.json: {exc}"
        raise TemplateError(msg) from exc


def doubts(data: DataclassInstance, template: str, lines: frozenset[Layout]) -> Iterator[str]:
    """Say which records probably lack a line.

    Args:
        data: the state.
        template: its template.
        lines: the fields that one line fills together, for each kind of line. What no single line could have brought
            is rather the layout of another release than a loss.

    Yields:
        At most five warnings.
    """
    known = known_layouts().get(template, {})
    answers: dict[tuple[type, tuple[bool, ...]], str] = {}
    said = 0
    for path, record, values in records(data) if known else ():
        key = type(record), tuple([value is None or value is _EMPTY for value in values])
        lost = answers.get(key)
        if lost is None:
            lost = answers[key] = _lost(layout_of(record), known.get(type(record).__name__, frozenset()), lines)
        if lost and said < _MOST:
            said += 1
            yield f"{path} has no {lost}, as known outputs with its other lines have: was a line lost?"


def _lost(layout: Layout, known: frozenset[Layout], lines: frozenset[Layout]) -> str:
    """What a known layout has more, if none fits and one line would make the difference; else nothing."""
    if layout in known:
        return ""
    more = [candidate - layout for candidate in known if layout < candidate]
    lost = sorted((len(names), sorted(names)) for names in more if any(names <= line for line in lines))
    return ", ".join(lost[0][1]) if lost else ""
