"""Rows of a template -> a tree of dataclasses.

A state of the template is a section of the output, and gives records of one class. A Value ``REKEYS_SENT`` fills the
field ``rekeys_sent``; the field's type says how. A class that is the type of another's field (``tuple[Member, ...]`` or
``Member | None``) is its child, and a record goes to the nearest open record above it that can hold it. So a parser is
a template plus models, and has no code of its own.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import repeat
from operator import getitem, is_, itemgetter
from typing import TYPE_CHECKING, Any

from getvpn_ops.errors import TemplateError
from getvpn_ops.model.plain import parts
from getvpn_ops.parsing.convert import converter_for, joined, several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from getvpn_ops.parsing.convert import Converter
    from getvpn_ops.parsing.machine import Machine, Row


_MEMO_LIMIT = 4096  # distinct texts remembered per field and build; as in ``machine``


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A field that a Value fills."""

    name: str
    place: int
    convert: Callable[[Any], Any]
    required: bool
    is_list: bool
    is_joined: bool = False
    default: tuple[Any, ...] = ()  # the field's default if it has one


@dataclass(frozen=True, slots=True)
class _Child:
    """A field that records fill."""

    name: str
    many: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one class is built from a row."""

    cls: type
    leaves: tuple[_Leaf, ...]
    foreign: tuple[int, ...]
    foreign_of: Callable[[list[Any]], tuple[Any, ...]]
    children: Mapping[type, _Child]
    uniform: bool
    in_bulk: bool
    essential: frozenset[str]
    lists: tuple[str, ...]

    def has_foreign(self, row: Row) -> bool:
        """Whether the row has a value that the class has no field for."""
        return self.foreign_of(row.values) != (None,) * len(self.foreign)

    @property
    def is_flat(self) -> bool:
        """Whether a record is complete with its own row."""
        return not self.children


class _Memo(dict[str | None, Any]):
    """Converted values of one field by their text; None stands for an absent line."""

    __slots__ = ("_convert",)

    def __init__(self, leaf: _Leaf) -> None:
        self._convert = leaf.convert
        if leaf.default:
            self[None] = leaf.default[0]

    def __missing__(self, text: str | None) -> Any:  # noqa: ANN401 -- what the field's type says
        if text is None:
            raise KeyError
        value = self._convert(text)
        if len(self) < _MEMO_LIMIT:
            self[text] = value
        return value


class _Bulk:
    """Makes whole records of one flat class: thousands of members, or of SAs. Lives for one build.

    It knows no damage: a row that is not perfect is left to the way that all other rows go.
    """

    def __init__(self, plan: _Plan) -> None:
        self._cls = plan.cls
        self._memos = [_Memo(leaf) for leaf in plan.leaves]
        self._own = _getter([leaf.place for leaf in plan.leaves])
        self._has_foreign = plan.has_foreign

    def make(self, row: Row) -> Any:  # noqa: ANN401 -- an instance of the class
        """The record, or None if a value of the row is foreign, wrong, or missing where it is essential."""
        if self._has_foreign(row):
            return None
        try:
            return self._cls(*map(getitem, self._memos, self._own(row.values)))
        except (KeyError, ValueError):
            return None


def _getter(places: Sequence[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    """An ``itemgetter`` that gives a tuple for one place and for none, too."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple([values[place] for place in places])


class _Shapes:
    """Which Values the records of a uniform class have, to tell the ones that lack a line."""

    def __init__(self) -> None:
        self._interned: dict[tuple[bool, ...], tuple[bool, ...]] = {}
        self.seen: list[tuple[bool, ...]] = []
        self.first_lines: list[int] = []

    def add(self, row: Row) -> None:
        """Take note of a record."""
        shape = tuple(map(is_, row.values, repeat(None)))
        self.seen.append(self._interned.setdefault(shape, shape))
        self.first_lines.append(row.first_line())


@dataclass(slots=True)
class _Open:
    """A record whose children may still come."""

    plan: _Plan
    values: dict[str, Any]
    row: Row | None
    children: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Damage:
    """What could not be built.

    Attributes:
        lines: line number -> reason.
        warnings: doubts that belong to no single line.
        unknown: lines that no rule knew; grows while the rows are drawn.
    """

    lines: dict[int, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    unknown: Sequence[int] = ()

    def breaks(self, lines: list[int]) -> bool:
        """Whether an unknown line stands between or next to these, so that they may be but a part."""
        return any(lines[0] - 1 <= line <= lines[-1] + 1 for line in self.unknown)

    def blame(self, row: Row, place: int, reason: str) -> None:
        """Say why the lines that gave one Value of a row are not in the tree."""
        lines = row.lines[place]
        self.lines.update(dict.fromkeys(lines if isinstance(lines, list) else [typing.cast("int", lines)], reason))


def _element(hint: object) -> tuple[object, bool]:
    """``tuple[X, ...]`` -> (X, True); anything else -> (itself without None, False)."""
    for part in parts(hint):
        if typing.get_origin(part) is tuple:
            return typing.get_args(part)[0], True
    rest = [part for part in parts(hint) if part is not types.NoneType]
    return (rest[0] if len(rest) == 1 else hint), False


class Builder:
    """Builds the tree of one command. Made once; holds no state of a build."""

    def __init__(
        self, machine: Machine, records: Mapping[str, type], root: type, own: Mapping[object, Converter] | None = None
    ) -> None:
        """Check that template and models fit each other.

        Args:
            machine: the compiled template.
            records: state of the template -> class of its records.
            root: class of the whole; it may itself be the class of a state.
            own: converters of the command's own types.

        Raises:
            TemplateError: a Value has no field, a field of a record has no Value, or a type has no converter.
        """
        self.name = machine.name
        self.root = root
        self.records = dict(records)
        self._lists = machine.lists
        self._own = own or {}
        place = {value.lower(): index for index, value in enumerate(machine.values)}
        known = {root, *records.values()}
        self.plans: dict[type, _Plan] = {cls: self._plan(cls, place, known) for cls in known}
        used = {leaf.place for plan in self.plans.values() for leaf in plan.leaves}
        if spare := [value for index, value in enumerate(machine.values) if index not in used]:
            msg = f"template {self.name}: no field for Value {', '.join(spare)}"
            raise TemplateError(msg)

    def _plan(self, cls: type, place: Mapping[str, int], known: set[type]) -> _Plan:
        hints = _hints(cls)
        leaves: list[_Leaf] = []
        children: dict[type, _Child] = {}
        for item in dataclasses.fields(cls):
            element, many = _element(hints[item.name])
            if isinstance(element, type) and element in known:
                children[element] = _Child(item.name, many)
                continue
            if item.name not in place:
                if cls is self.root and cls not in self.records.values():
                    msg = f"template {self.name}: the root {cls.__name__} has {item.name}, but no state gives it"
                else:
                    msg = f"template {self.name}: no Value for {cls.__name__}.{item.name}"
                raise TemplateError(msg)
            required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING and not many
            index = place[item.name]
            default = () if item.default is dataclasses.MISSING else (item.default,)
            convert = converter_for(element if many else hints[item.name], self._own)
            if many and index not in self._lists:  # one text that holds several: "0     1     2"
                leaves.append(_Leaf(item.name, index, several(convert), required=False, is_list=False, default=default))
            elif not many and index in self._lists:  # one value over several lines: the hexadecimal of a key
                leaves.append(_Leaf(item.name, index, joined(convert), required, is_list=False, is_joined=True))
            else:
                leaves.append(_Leaf(item.name, index, convert, required, many, default=default))
        own = {leaf.place for leaf in leaves}
        foreign = tuple(index for index in range(len(place)) if index not in own)
        uniform = bool(getattr(cls, "UNIFORM", False))
        positional = not any(item.kw_only or not item.init for item in dataclasses.fields(cls))
        in_bulk = positional and not children and cls is not self.root and self._lists.isdisjoint(own)
        return _Plan(
            cls,
            tuple(leaves),
            foreign,
            _getter(foreign),
            children,
            uniform,
            in_bulk,
            essential=frozenset(leaf.name for leaf in leaves if leaf.required),
            lists=tuple(leaf.name for leaf in leaves if leaf.is_list),
        )

    def build(self, rows: Iterable[Row], damage: Damage) -> Any:  # noqa: ANN401 -- an instance of the root class
        """Build the tree.

        Args:
            rows: in the order of the text.
            damage: filled with every line whose value is not in the tree, and why.

        Returns:
            The root; None if one of its required fields is missing.
        """
        root = _Open(self.plans[self.root], {}, None)
        stack: list[_Open] = [root]
        shapes: defaultdict[type, _Shapes] = defaultdict(_Shapes)
        bulks: dict[type, _Bulk] = {}
        for row in rows:
            cls = self.records.get(row.state)
            if cls is None:
                self._disown(row, damage, "belongs to no known section")
                continue
            plan = self.plans[cls]
            record = self._whole(plan, row, bulks)
            values = self._values(plan, row, damage) if record is None else {}
            if values is None:
                continue
            if plan.uniform:
                shapes[cls].add(row)
            if cls is self.root:
                self._merge(root, values, row, damage)
                del stack[1:]
                continue
            parent = self._parent(stack, cls)
            if parent is None:
                self._disown(row, damage, f"no {cls.__name__} belongs here: the heading above it is missing")
                continue
            slot = parent.plan.children[cls]
            held = parent.children.setdefault(slot.name, [])
            if held and not slot.many:
                self._disown(row, damage, f"a second {cls.__name__} where only one can be")
                continue
            if plan.is_flat:
                held.append(cls(**values) if record is None else record)
            else:
                child = _Open(plan, values, row)
                held.append(child)
                stack.append(child)
        for cls, seen in shapes.items():
            self._compare(cls, seen, damage)
        return self._close(root, damage)

    def _parent(self, stack: list[_Open], cls: type) -> _Open | None:
        """The nearest open record that can hold the class; what is open below it is closed."""
        for depth in range(len(stack) - 1, -1, -1):
            if cls in stack[depth].plan.children:
                del stack[depth + 1 :]
                return stack[depth]
        return None

    def _whole(self, plan: _Plan, row: Row, bulks: dict[type, _Bulk]) -> Any:  # noqa: ANN401 -- as ``_Bulk.make``
        """The finished record if it is one of many that are alike, and perfect; else None."""
        if not plan.in_bulk:
            return None
        if plan.cls not in bulks:
            bulks[plan.cls] = _Bulk(plan)
        return bulks[plan.cls].make(row)

    def _values(self, plan: _Plan, row: Row, damage: Damage) -> dict[str, Any] | None:
        """Convert a row; None if an essential value is missing or wrong."""
        got = row.values
        values: dict[str, Any] = {}
        for place in plan.foreign if plan.has_foreign(row) else ():
            if got[place] is not None:
                damage.blame(row, place, f"a {plan.cls.__name__} has no place for this value")
        for leaf in plan.leaves:
            text = got[leaf.place]
            if text is None:
                if leaf.is_list:
                    values[leaf.name] = ()
                elif leaf.required:
                    self._disown(row, damage, f"a {plan.cls.__name__} without {leaf.name}")
                    return None
                continue
            if leaf.is_list:
                values[leaf.name] = self._many(leaf, text, row, damage)
                continue
            try:
                if leaf.is_joined and damage.breaks(typing.cast("list[int]", row.lines[leaf.place])):
                    raise ValueError("a line of this value is damaged")  # noqa: TRY301 -- the same end as no conversion
                values[leaf.name] = leaf.convert(text)
            except ValueError as exc:
                damage.blame(row, leaf.place, f"{leaf.name}: {exc}")
                if leaf.required:
                    self._disown(row, damage, f"a {plan.cls.__name__} without {leaf.name}")
                    return None
        return values

    def _many(self, leaf: _Leaf, texts: str | list[str], row: Row, damage: Damage) -> tuple[Any, ...]:
        lines = typing.cast("list[int]", row.lines[leaf.place])
        found = []
        for text, line in zip(texts, lines, strict=True):
            try:
                found.append(leaf.convert(text))
            except ValueError as exc:
                damage.lines[line] = f"{leaf.name}: {exc}"
        return tuple(found)

    def _merge(self, root: _Open, values: dict[str, Any], row: Row, damage: Damage) -> None:
        """Add a further row to the root; a value it has already stays."""
        for leaf in root.plan.leaves:
            if row.values[leaf.place] is None or leaf.name not in values:
                continue
            if leaf.is_list:
                root.values[leaf.name] = root.values.get(leaf.name, ()) + values[leaf.name]
            elif leaf.name in root.values:
                damage.blame(row, leaf.place, f"repeats {leaf.name}")
            else:
                root.values[leaf.name] = values[leaf.name]

    def _disown(self, row: Row, damage: Damage, reason: str) -> None:
        for line in row.line_numbers():
            damage.lines.setdefault(line, reason)

    def _compare(self, cls: type, shapes: _Shapes, damage: Damage) -> None:
        """Name the records that lack a line which most of their kind have: a line of theirs was lost."""
        counts = Counter(shapes.seen)
        if len(counts) < 2:  # noqa: PLR2004 -- all alike
            return
        usual = max(counts, key=lambda shape: (counts[shape], -sum(shape)))
        names = {leaf.place: leaf.name for leaf in self.plans[cls].leaves}
        for shape, line in zip(shapes.seen, shapes.first_lines, strict=True):
            lost = [
                names.get(place, "?")
                for place, (missing, usually) in enumerate(zip(shape, usual, strict=True))
                if missing and not usually
            ]
            if lost:
                damage.warnings.append(
                    f"line {line}: this {cls.__name__} has no {', '.join(lost)}, "
                    f"which {counts[usual]} of {len(shapes.seen)} have"
                )

    def _close(self, item: _Open, damage: Damage) -> Any:  # noqa: ANN401 -- an instance of the record's class
        """Make the dataclass of an open record, children first."""
        for name, held in item.children.items():
            closed = [self._close(child, damage) if isinstance(child, _Open) else child for child in held]
            slot = next(slot for slot in item.plan.children.values() if slot.name == name)
            item.values[name] = tuple(closed) if slot.many else closed[0]
        for slot in item.plan.children.values():
            item.values.setdefault(slot.name, () if slot.many else None)
        if not item.plan.essential <= item.values.keys():
            return None
        for name in item.plan.lists:
            item.values.setdefault(name, ())
        return item.plan.cls(**item.values)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)
