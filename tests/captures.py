"""The captures under ``tests/data/captures``: real-format outputs with what must come out of them.

A folder is named like its template (without ending). A case is ``NAME.txt``, the text as bytes, and ``NAME.yaml``:

- ``command``: as a person typed it
- ``release``: ``12.4T``, ``15.x``, ``16/17`` or ``any``
- ``evidence``: what the format rests on: ``guide: ...``, ``IOS-OUTPUT 1.1: ROW``, ``sample: ...`` or ``synthetic``
- ``expect``: path into ``data`` -> value, typed from the text by a person; ``.#`` is the length of a list
- ``unrecognized``: numbers of the lines that must be reported (default: none)
- ``fails``: instead of ``expect``: words of the ``ParseFailure``
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "data" / "captures"
RELEASES = ("12.4T", "15.x", "16/17", "any")


@dataclass(frozen=True)
class Case:
    """One capture."""

    folder: str
    name: str
    text: bytes
    command: str
    release: str
    evidence: tuple[str, ...]
    expect: dict[str, Any]
    unrecognized: tuple[int, ...]
    fails: str | None

    @property
    def id(self) -> str:
        return f"{self.folder}-{self.name}"


@cache
def cases() -> tuple[Case, ...]:
    """Every case, in a stable order."""
    found = []
    for meta in sorted(FOLDER.glob("*/*.yaml")):
        data = yaml.safe_load(meta.read_text(encoding="utf-8"))
        found.append(
            Case(
                folder=meta.parent.name,
                name=meta.stem,
                text=meta.with_suffix(".txt").read_bytes(),
                command=data.pop("command"),
                release=data.pop("release"),
                evidence=tuple(data.pop("evidence")),
                expect=data.pop("expect", {}),
                unrecognized=tuple(data.pop("unrecognized", ())),
                fails=data.pop("fails", None),
            )
        )
        assert not data, f"{meta}: unknown keys {sorted(data)}"
    assert found, "no captures: the tests would pass on nothing"
    return tuple(found)


def good_cases() -> tuple[Case, ...]:
    """The cases that give state."""
    return tuple(case for case in cases() if case.fails is None)


def without_lines(plain: Any) -> Any:  # noqa: ANN401 -- plain data
    """Plain data without line numbers, to compare texts of different length."""
    if isinstance(plain, dict):
        return {key: without_lines(item) for key, item in plain.items() if key != "line"}
    return [without_lines(item) for item in plain] if isinstance(plain, list) else plain


def look_up(data: Any, path: str) -> Any:  # noqa: ANN401 -- plain data
    """Follow ``members.0.address``; ``members.#`` is a length."""
    for step in path.split("."):
        if step == "#":
            data = len(data)
        elif isinstance(data, list):
            data = data[int(step)]
        else:
            data = data[step]
    return data
