"""What is wrong with files that people wrote, all of it at once: file, line, path, value, and what was expected."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from getvpn_ops.errors import MistakesError
from getvpn_ops.settings.schema import SECRET_SOURCES
from getvpn_ops.settings.yaml_file import Document, NotYamlError, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)

Where = tuple[str | int, ...]
"""Keys and indices from the top of a file."""

_SECRET = re.compile(r"passw|secret|passphrase|token|community|psk|pre_?shared|^enable$", re.IGNORECASE)
_KIND = re.compile(r"[A-Z]|[a-z-]+\[")
"""Names that pydantic gives to the kinds in a union; keys of ours begin with a small letter."""
_LONGEST = 60
_NEAR = 0.8
_EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a text",
    "path_type": "a path",
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "ip_any_address": "an IP address",
    "ip_any_network": "a network, such as 10.1.0.0/16",
}
_NOT_EMPTY = {"too_short": "a list that is not empty", "string_too_short": "a text that is not empty"}
_BOUNDS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "{} or more"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "{} or less"),
    "too_short": ("min_length", "a list of at least {}"),
    "string_too_short": ("min_length", "a text of at least {} characters"),
    "string_too_long": ("max_length", "a text of at most {} characters"),
    "string_pattern_mismatch": ("pattern", "a text that matches {}"),
}


def shown(path: Path) -> str:
    """A path as short as a person would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere; or the current folder is gone
        return str(path)


def is_secret(key: str) -> bool:
    """Whether what stands under a key may be a secret, so that it is not shown."""
    return _SECRET.search(key) is not None


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that someone who typed this may have meant; None if it resembles none, or is one."""
    plain = str(word).lower().replace("-", "_")
    table = {item.lower().replace("-", "_"): item for item in known}
    if str(word) in table.values():
        return None
    found = difflib.get_close_matches(plain, table, n=1, cutoff=_NEAR)
    return table[found[0]] if found else None


def one_of(words: Iterable[object]) -> str:
    """``one of a, b, c``."""
    return f"one of {', '.join(str(word) for word in words)}"


class Mistakes:
    """Collects what is wrong; ``settle`` raises it. The same mistake is told once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def say(self, text: str, *, path: Path | None = None, line: int | None = None) -> None:
        """Add a mistake in words, at a place of a file if there is one."""
        place = "" if path is None else f"{shown(path)}{f':{line}' if line else ''}: "
        self._found.setdefault(place + text, ("" if path is None else str(path), line or 0))

    def add(self, source: Document | str, where: Where, expected: str, found: object = ..., hint: str = "") -> None:
        """Add a wrong value.

        Args:
            source: the file; or a name for where the value comes from, if that is no file.
            where: keys and indices from the top of the file.
            expected: in words.
            found: the value; ``...`` if there is none. Not shown where it may be a secret.
            hint: what may help.
        """
        self.at(source, where, _sentence(where, expected, found, hint))

    def at(self, source: Document | str, where: Where, text: str) -> None:
        """Add a mistake in words at a place of a file; see ``add``."""
        dotted = _dotted(where)
        said = f"{dotted}: {text}" if dotted else text
        if isinstance(source, Document):
            self.say(said, path=source.path, line=source.line(where))
        else:
            self.say(f"{source}: {said}")

    def settle(self, what: str) -> None:
        """Go on only if nothing is wrong.

        Args:
            what: headline, such as ``the inventory is wrong``.

        Raises:
            MistakesError: something is; in the order of files and lines.
        """
        if self._found:
            raise MistakesError(what, self.told())

    def told(self) -> tuple[str, ...]:
        """What was found so far, in the order of files and lines."""
        return tuple(sorted(self._found, key=lambda text: self._found[text]))

    def read(self, path: Path, *, needed: bool = True) -> Document | None:
        """Read a file; what is wrong with it becomes a mistake.

        Args:
            path: of the file.
            needed: whether its absence is a mistake.
        """
        try:
            return read_yaml(path)
        except NotYamlError as exc:
            self.say(exc.problem, path=path, line=exc.line)
        except FileNotFoundError:
            if needed:
                self.say("there is no such file", path=path)
        except OSError as exc:
            self.say(f"this cannot be read: {exc.strerror}", path=path)
        return None

    def check(self, model: type[M], value: object, source: Document | str, where: Where = ()) -> M | None:
        """Make a model of what a file says; what is wrong becomes mistakes, and the result None."""
        return self.check_spread(model, value, lambda inner: (source, (*where, *inner)))

    def check_spread(
        self, model: type[M], value: object, place: Callable[[Where], tuple[Document | str, Where]]
    ) -> M | None:
        """``check``, for a value whose parts come from several files.

        Args:
            model: what it should be.
            value: what was put together.
            place: says where something in it comes from.
        """
        try:
            return model.model_validate(value)
        except ValidationError as exc:
            found: dict[Where, list[str]] = {}
            for error in exc.errors(include_url=False):
                inner = _place(value, error["loc"])
                found.setdefault(inner, []).append(_wording(error, model, inner, value))
            for inner, texts in found.items():
                if any(other != inner and other[: len(inner)] == inner for other in found):
                    continue  # of a union: what is wrong within the kind that was meant says more
                source, where = place(inner)
                self.at(source, where, texts[0] if len(texts) == 1 else _joined(texts))
            return None


def _wording(error: ErrorDetails, model: type[BaseModel], where: Where, whole: object) -> str:
    """One mistake that pydantic found: what was expected, what was found, a hint."""
    kind, context, found = error["type"], error.get("ctx", {}), error["input"]
    expected, hint = _EXPECTED.get(kind, f"something else ({error['msg']})"), ""
    if kind == "extra_forbidden":
        known = _keys(model, where[:-1], whole)
        near = nearest(where[-1], known)
        there = f"known are {', '.join(known)}" if known else "there is none here"
        return f"there is no such key; {_meant(near) or there}"
    if kind == "missing":
        return "this key is missing"
    if kind in {"literal_error", "enum"}:
        words = re.findall(r"'([^']*)'|(\w+)", str(context.get("expected", "")).replace(" or ", ", "))
        choices = [text or word.lower() for text, word in words]
        expected, hint = one_of(choices) if len(choices) > 1 else choices[0], _meant(nearest(found, choices))
    elif kind in {"union_tag_invalid", "union_tag_not_found", "model_attributes_type"}:
        expected = f"{{from: ...}} with {one_of(SECRET_SOURCES)}"
        found = found.get("from", ...) if isinstance(found, dict) else found
    elif kind == "value_error":
        expected = str(context["error"])
    elif kind in _BOUNDS:
        key, phrase = _BOUNDS[kind]
        bound = context[key]
        expected = _NOT_EMPTY[kind] if bound == 1 and kind in _NOT_EMPTY else phrase.format(_number(bound))
    return _sentence(where, expected, found, hint)


def _joined(texts: Sequence[str]) -> str:
    """One sentence for a value that is none of several kinds."""
    kinds = [text.partition(", found ")[0].removeprefix("expected ") for text in texts]
    return f"expected {' or '.join(kinds)}{texts[-1].removeprefix('expected ').removeprefix(kinds[-1])}"


def _sentence(where: Where, expected: str, found: object, hint: str) -> str:
    text = f"expected {expected}"
    if found is not ...:
        text += f", found {_value(where, found)}"
    return f"{text}; {hint}" if hint else text


def _meant(near: str | None) -> str:
    return f"did you mean {near}?" if near else ""


def _keys(model: type[BaseModel], where: Where, whole: object) -> list[str]:
    """The keys that may stand at a place."""
    here, value = model, whole
    for step in where:
        value = value[step] if isinstance(value, dict | list) else None  # type: ignore[index]
        if isinstance(step, int):
            source = value.get("from") if isinstance(value, dict) else None
            here = SECRET_SOURCES.get(str(source), here)
            continue
        field = next((item for name, item in here.model_fields.items() if step in {name, item.alias}), None)
        here = next(_models(None if field is None else field.annotation), here)
    return [item.alias or name for name, item in here.model_fields.items()]


def _models(kind: object) -> Iterator[type[BaseModel]]:
    """The models in a type, such as those of a list's items."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def _place(value: object, loc: Sequence[str | int]) -> tuple[str | int, ...]:
    """Pydantic's path without the names of the kinds in a union, which stand in no file."""
    steps: list[str | int] = []
    here = value
    for step in loc:
        if isinstance(here, dict):
            if step not in here and (here.get("from") == step or _KIND.match(str(step))):
                continue
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            continue
        steps.append(step)
    return tuple(steps)


def _dotted(where: Where) -> str:
    words = (f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in where)
    return "".join(words).removeprefix(".")


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def _number(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value


def _value(where: Where, found: object) -> str:
    if any(is_secret(str(step)) for step in where) or (isinstance(found, str) and "://" in found):
        return "something that is not shown, for it may be secret"
    if isinstance(found, dict | list | tuple) or found is None:
        return _KINDS[type(found)]
    text = repr(found)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


_KINDS: Mapping[type, str] = {dict: "a mapping", list: "a list", tuple: "a list", type(None): "nothing"}
