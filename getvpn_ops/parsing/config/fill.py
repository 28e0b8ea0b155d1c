"""Lines of a mode -> a dataclass, by tables of patterns whose groups are named like its fields."""

from __future__ import annotations

import dataclasses
import re
import typing
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from getvpn_ops.dialect.secrets import Found, find_secrets
from getvpn_ops.model.config.secret import Secret, placeholder
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.model.plain import parts
from getvpn_ops.parsing.convert import converter_for, several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from getvpn_ops.model.config.tree import ConfigLine

T = TypeVar("T")
Reader = typing.Callable[["ConfigLine", "re.Match[str]", "list[str]"], Any]

_EXIT = re.compile(r"exit(?:-[\w\-]+)?", re.IGNORECASE)
_UNIT = "__"  # group "lifetime__days": the unit goes to the converter with the number


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of line says.

    Attributes:
        pattern: matches the whole line. Its groups are fields.
        constants: fields that the line sets by standing there.
        into: field that takes an object made of this line, and what makes it.
    """

    pattern: re.Pattern[str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    into: tuple[str, Reader] | None = None


def rule(pattern: str, **constants: Any) -> Rule:  # noqa: ANN401 -- values of fields
    """Groups and constants fill fields."""
    return Rule(_compile(pattern), constants)


def flag(name: str, pattern: str) -> tuple[Rule, Rule]:
    """The line sets a field to True, its ``no`` form to False."""
    return rule(pattern, **{name: True}), rule(rf"no {pattern}", **{name: False})


def part(name: str, cls: type, pattern: str) -> Rule:
    """The line makes an object of its own, from its groups."""

    def read(node: ConfigLine, found: re.Match[str], doubts: list[str]) -> Any:  # noqa: ANN401
        values: dict[str, Any] = {"line": node.line} if "line" in _hints(cls) else {}
        _take(cls, values, found, node, doubts)
        return cls(**values)

    return Rule(_compile(pattern), into=(name, read))


def nested(name: str, read: Reader, pattern: str) -> Rule:
    """The line opens a mode that makes an object."""
    return Rule(_compile(pattern), into=(name, read))


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)  # lines have single blanks


def table(*rules: Rule | Iterable[Rule]) -> tuple[Rule, ...]:
    """Join rules and pairs of rules."""
    return tuple(one for item in rules for one in ([item] if isinstance(item, Rule) else item))


def fill(cls: type[T], lines: Iterable[ConfigLine], rules: tuple[Rule, ...], doubts: list[str], **known: Any) -> T:  # noqa: ANN401
    """Make an object of the lines of its mode.

    Args:
        cls: the class; its field ``other``, if it has one, takes the lines that no rule knows.
        lines: of the mode.
        rules: the first that matches a whole line wins.
        doubts: takes what could not be understood, with the line's number.
        known: fields that are known already.
    """
    values: dict[str, Any] = dict(known)
    other: list[str] = []
    for node in lines:
        if _EXIT.fullmatch(node.text):
            continue
        if node.kind is not LineKind.COMMAND or not apply(cls, values, node, rules, doubts):
            other.extend(line.text for line in node.walk())
    if "other" in _hints(cls):  # type: ignore[arg-type]
        values["other"] = tuple(other)
    return cls(**values)


def apply(cls: type, values: dict[str, Any], node: ConfigLine, rules: tuple[Rule, ...], doubts: list[str]) -> bool:
    """Let the first rule that knows a line set its fields; False if none does, or its value is wrong."""
    text = node.true_text
    for one in rules:
        found = one.pattern.fullmatch(text)
        if found is None:
            continue
        before = len(doubts)
        try:
            if one.into is not None:
                name, read = one.into
                _put(cls, values, name, read(node, found, doubts), node, doubts)
            else:
                _take(cls, values, found, node, doubts)
                for name, value in one.constants.items():
                    _put(cls, values, name, value, node, doubts)
        except (ValueError, TypeError) as exc:
            del doubts[before:]
            reason = str(exc) if node.hidden is None and isinstance(exc, ValueError) else "a value is missing or wrong"
            doubts.append(f"line {node.line}: {node.text!r} is not understood: {reason}")
            return False
        return True
    return False


def _take(cls: type, values: dict[str, Any], found: re.Match[str], node: ConfigLine, doubts: list[str]) -> None:
    """Convert the groups of a line."""
    groups = {name: text for name, text in found.groupdict().items() if text is not None}
    secrets = find_secrets(node.true_text) if node.hidden is not None else []
    for group, text in groups.items():
        name, _, unit = group.partition(_UNIT)
        if name.endswith("_encryption") and name.removesuffix("_encryption") in groups:
            continue  # of the secret beside it
        if _is_secret(cls, name):
            kind = _kind(cls, name)
            value: Any = Secret.of(kind, text, groups.get(f"{name}_encryption"))
        else:
            text = _shown(found, group, secrets)  # noqa: PLW2901 -- the same text, fit to be shown
            value = _converter(cls, name)(f"{text} {unit}" if unit else text)
        _put(cls, values, name, value, node, doubts)


def _shown(found: re.Match[str], group: str, secrets: list[Found]) -> str:
    """The text of a group without the secrets in it, such as the password of a URL."""
    start, end = found.span(group)
    text = found[group]
    for item in reversed(secrets):
        if item.start < end and start < item.end:
            inside, outside = max(item.start, start) - start, min(item.end, end) - start
            text = f"{text[:inside]}{placeholder(item.secret.reveal())}{text[outside:]}"
    return text


def _put(cls: type, values: dict[str, Any], name: str, value: Any, node: ConfigLine, doubts: list[str]) -> None:  # noqa: ANN401, PLR0913, PLR0917
    """Set a field, or add to it."""
    if _is_many(cls, name):
        values[name] = (*values.get(name, ()), *(value if isinstance(value, tuple) else (value,)))
        return
    if name in values and values[name] not in (value, None):
        doubts.append(f"line {node.line}: {node.text!r} replaces an earlier line")
    values[name] = value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@cache
def _kind(cls: type, name: str) -> str:
    """What the secret of a field is called."""
    return str(next(item.metadata["kind"] for item in dataclasses.fields(cls) if item.name == name))


@cache
def _is_many(cls: type, name: str) -> bool:
    return typing.get_origin(_hints(cls)[name]) is tuple


@cache
def _is_secret(cls: type, name: str) -> bool:
    return Secret in parts(_hints(cls)[name])


@cache
def _converter(cls: type, name: str) -> Callable[[str], Any]:
    hint = _hints(cls)[name]
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return converter_for(str) if inner is str else several(converter_for(inner))
    if bool in parts(hint):  # an optional word of the line; beside it the field may hold text
        return converter_for(str) if str in parts(hint) else bool
    return converter_for(hint)


def words(name: str, pattern: str) -> Rule:
    """The line holds several words; each is a value of the field. The pattern has one group, ``words``."""

    def read(_node: ConfigLine, found: re.Match[str], _doubts: list[str]) -> tuple[str, ...]:
        return tuple(found["words"].replace(",", " ").split())

    return Rule(_compile(pattern), into=(name, read))
