"""YAML files that people write: read safely and fast, as YAML 1.2, with the line of every value.

YAML 1.2 is what Nornir reads: ``no`` is a text (as in ``country: no``), and ``010`` is ten. PyYAML's parser in C takes
a sixth of the time that Nornir's takes, but knows YAML 1.1, so the meaning of plain scalars is given here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from pathlib import Path

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_FLOATS = (
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?",
    r"[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+",
    r"[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?",
    r"[-+]?\.(?:inf|Inf|INF)",
    r"\.(?:nan|NaN|NAN)",
)
_ZONE = r"(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?"
_TIMES = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    r"[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?" + _ZONE,
)
_SCALARS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "bool": (("true|True|TRUE|false|False|FALSE",), list("tTfF")),
    "float": (_FLOATS, list("-+0123456789.")),
    "int": (("[-+]?0b[01_]+", "[-+]?0o?[0-7_]+", "[-+]?[0-9_]+", "[-+]?0x[0-9a-fA-F_]+"), list("-+0123456789")),
    "merge": (("<<",), ["<"]),
    "null": (("~|null|Null|NULL|",), ["~", "n", "N", ""]),
    "timestamp": (_TIMES, list("0123456789")),
}
"""Kind of scalar: how it looks, and how it may begin."""


class NotYamlError(ValueError):
    """A file is no YAML, or cannot be read.

    Attributes:
        problem: what is wrong with it.
        line: where; None if it is the whole file.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        self.problem = problem
        self.line = line
        super().__init__(problem)


class _Loader(_BASE):  # type: ignore[misc]  # chosen at run time
    """Safe, YAML 1.2, and a key that stands twice is an error: the first one would be lost."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- PyYAML's own shape

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        keys: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != f"{_TAG}merge":
                if key.value in keys:
                    msg = f"the key {key.value!r} stands twice"
                    raise yaml.constructor.ConstructorError(None, None, msg, key.start_mark)
                keys.add(key.value)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return made

    def construct_int(self, node: yaml.ScalarNode) -> int:
        text = self.construct_scalar(node).replace("_", "")
        digits = text.lstrip("+-")
        base = {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10)
        number = int(digits if base == 10 else digits[2:], base)  # noqa: PLR2004 -- decimal has no prefix
        return -number if text.startswith("-") else number


def _marked(construct: Callable[[Any, yaml.ScalarNode], Any]) -> Callable[[Any, yaml.ScalarNode], Any]:
    """The constructor of a scalar, saying in which line there is none, such as the 31st of February."""

    def made(loader: _Loader, node: yaml.ScalarNode) -> object:
        try:
            return construct(loader, node)
        except ValueError as exc:
            msg = f"a value is not what it looks like: {exc}"
            raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark) from exc

    return made


for _name, (_patterns, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{'|'.join(_patterns)})$"), _first)
for _name, _construct in (
    ("int", _Loader.construct_int),
    ("float", _Loader.construct_yaml_float),
    ("timestamp", _Loader.construct_yaml_timestamp),
):
    _Loader.add_constructor(f"{_TAG}{_name}", _marked(_construct))


class _Dumper(yaml.SafeDumper):
    """Puts in quotes what YAML 1.1 or 1.2 would take for something else than a text."""


for _name, (_patterns, _first) in _SCALARS.items():
    _Dumper.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{'|'.join(_patterns)})$"), _first)


def to_yaml(value: object) -> str:
    """A value as YAML that every reader takes for the same."""
    text = str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))
    if all(line.isprintable() for line in text.split("\n")):
        return text
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=120))


@dataclass(frozen=True)
class Document:
    """One file.

    Attributes:
        path: of the file.
        value: what it says; None if it is empty or holds comments alone.
        text: of the file.
    """

    path: Path
    value: Any
    text: str

    @cached_property
    def _root(self) -> yaml.Node | None:
        return yaml.compose(self.text, Loader=_Loader)

    @cached_property
    def _top(self) -> dict[str, tuple[int, yaml.Node]]:
        """The first step down, for thousands of hosts."""
        node = self._root
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        return {key.value: (key.start_mark.line, value) for key, value in pairs if isinstance(key, yaml.ScalarNode)}

    def line(self, where: Sequence[str | int]) -> int | None:
        """Line of a value, or of the nearest thing around it that there is; 1 is the first.

        Args:
            where: keys and indices from the top of the file, such as ``("lon-gm1", "groups", 0)``.
        """
        node = self._root
        if node is None:
            return None
        line = node.start_mark.line
        for depth, step in enumerate(where):
            found = _step(node, step) if depth else self._top.get(str(step))
            if found is None:
                break
            line, node = found
        return int(line) + 1


def read_yaml(path: Path) -> Document:
    """Read one file.

    Raises:
        NotYamlError: it is no YAML in UTF-8.
        OSError: it cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise NotYamlError("this is no text in UTF-8") from exc
    return Document(path, parse_yaml(text), text)


def parse_yaml(text: str) -> Any:  # noqa: ANN401 -- whatever stands there
    """What a text says.

    Raises:
        NotYamlError: it is no YAML.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 -- a safe loader
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        said = ", ".join(part for part in (exc.context, exc.problem) if part)
        raise NotYamlError(said, mark.line + 1 if mark else None) from exc
    except yaml.YAMLError as exc:
        raise NotYamlError(" ".join(str(exc).split())) from exc
    except RecursionError as exc:
        raise NotYamlError("this is nested too deeply") from exc
    except (ValueError, OverflowError) as exc:
        msg = f"a value in it is not what it looks like: {exc}"
        raise NotYamlError(msg) from exc


def _step(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    """One step down: line of the key or item, and what stands there."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line, item
    return None
