"""Configurations with a sample in them, or without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Change, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samples import Sample

Path = tuple[str, ...]
_OVERWRITTEN = {Change.REPLACE, Change.SECRET}


def nested(text: str, above: Path = ()) -> list[Path]:
    """The lines of a text, each with the lines that it stands under."""
    stack: list[tuple[int, str]] = []
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        while stack and stack[-1][0] >= depth:
            stack.pop()
        stack.append((depth, line.strip()))
        found.append((*above, *(name for _, name in stack)))
    return found


def joined(paths: Iterable[Path]) -> str:
    """A configuration of lines with their paths; those of one section come together."""
    root: dict[str, object] = {}
    for path in paths:
        level = root
        for name in path:
            level = level.setdefault(name, {})  # type: ignore[assignment]
    return "\n".join(_printed(root, 0)) + "\n"


def _printed(level: dict[str, object], depth: int) -> Iterator[str]:
    for name, below in level.items():
        yield f"{' ' * depth}{name}"
        assert isinstance(below, dict)
        yield from _printed(below, depth + 1)


def settled(text: str) -> str:
    """A configuration as a router can hold it: of lines that overwrite each other the last one stays."""
    last: dict[tuple[Path, str], Path] = {}
    modes: dict[Path, str] = {(): ""}
    gone: set[Path] = set()
    paths = list(dict.fromkeys(nested(text)))
    for path in paths:
        mode = modes.get(path[:-1], "-")
        found = None if mode == "-" else read(mode, path[-1])
        modes[path] = (found.type.opens or "-") if found is not None else "-"
        if found is None or (found.type.change not in _OVERWRITTEN and found.type.id != "transform-set"):
            continue
        key = (path[:-1], found.key)
        if key in last:
            gone.add(last[key])
        last[key] = path
    return joined(path for path in paths if not any(path[: at + 1] in gone for at in range(len(path))))


def with_sample(base: str, sample: Sample, which: str) -> str:
    """A base with a sample's line.

    Args:
        base: a configuration.
        sample: of a line; where the base has it, it is taken away first.
        which: ``one``, ``other``, ``bare`` (no such line) or ``none`` (said to be none).
    """
    line = {"one": sample.one, "other": sample.other or sample.one}.get(which, "")
    uses = {"one": sample.uses_one, "other": sample.uses_other if sample.other else sample.uses_one}
    values = {text.splitlines()[0].strip() for text in (sample.one, sample.other or "") if text}
    depth = len(sample.path)

    def stays(path: Path) -> bool:
        if depth and path[:depth] == sample.path and len(path) > depth and path[depth] in values:
            return False
        return f" {path[-1]}" not in sample.drop

    return joined(
        (
            *(path for path in nested(base) if stays(path)),
            *(sample.path[: at + 1] for at in range(depth)),
            *nested(sample.around),
            *nested(line, sample.path),
            *nested(uses.get(which, sample.uses_none)),
            *(nested(sample.none, sample.path) if which == "none" else ()),
        )
    )
