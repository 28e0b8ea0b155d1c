"""YAML files that people write: read safely and fast, as YAML 1.2, with the line of every value.

YAML 1.2 is what Nornir reads: ``no`` is a text (as in ``country: no``), and ``010`` is ten. PyYAML's parser in C takes
a sixth of the time that Nornir's takes, but knows YAML 1.1, so the meaning of plain scalars is given here.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_LARGEST = 32 * 2**20  # bytes: thousands of hosts are a few MB
_DEEPEST = 100  # steps down
_MOST = 1_000_000  # nodes, each counted as often as an alias names it

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

    _depth = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        """PyYAML calls this at each step down. Its parser in C recurses, and would take the process with it."""
        del current_index
        self._depth += 1
        if self._depth > _DEEPEST:
            mark = None if current_node is None else current_node.start_mark
            raise yaml.composer.ComposerError(None, None, "this is nested too deeply", mark)

    def ascend_resolver(self) -> None:
        """A step up."""
        self._depth -= 1

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Look for keys that stand twice, then take in what ``<<`` names; both once, for another may merge it, too."""
        flat: set[int] = self.__dict__.setdefault("_flat", set())
        if id(node) in flat:
            return
        flat.add(id(node))
        keys: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != f"{_TAG}merge":
                if key.value in keys:
                    msg = f"the key {key.value!r} stands twice"
                    raise yaml.constructor.ConstructorError(None, None, msg, key.start_mark)
                keys.add(key.value)
        super().flatten_mapping(node)

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
        except (ValueError, OverflowError, KeyError, AttributeError) as exc:  # the last two by tags, as in !!bool maybe
            msg = f"a value is not what it looks like: {exc if isinstance(exc, ValueError) else node.tag}"
            raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark) from exc

    return made


for _name, (_patterns, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{'|'.join(_patterns)})$"), _first)
for _name, _construct in (
    ("bool", _Loader.construct_yaml_bool),
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
        NotYamlError: it is no YAML in UTF-8, no file, or too large.
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would keep us waiting
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotYamlError("this is no file")
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        msg = f"this is larger than {_LARGEST >> 20} MB"
        raise NotYamlError(msg)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise NotYamlError("this is no text in UTF-8") from exc
    return Document(path, parse_yaml(text), text)


def parse_yaml(text: str) -> Any:  # noqa: ANN401 -- whatever stands there
    """What a text says.

    Raises:
        NotYamlError: it is no YAML.
    """
    try:
        return _constructed(_Loader(text))
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


def _constructed(loader: Any) -> Any:  # noqa: ANN401 -- whatever stands there
    """What ``yaml.load`` gives, unless aliases make it many times larger than it is written (a "YAML bomb")."""
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > _MOST:
            raise yaml.composer.ComposerError(None, None, "aliases make this too large", node.start_mark)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are where every alias is written out."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    found = known.get(id(node))
    if found == 0:
        raise yaml.composer.ComposerError(None, None, "an alias stands within what it names", node.start_mark)
    if found is None:
        known[id(node)] = 0  # under way
        pairs = node.value if isinstance(node, yaml.MappingNode) else [(item,) for item in node.value]
        found = known[id(node)] = 1 + sum(_size(item, known) for pair in pairs for item in pair)
    return found


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
