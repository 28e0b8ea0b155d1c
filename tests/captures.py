"""The captures under ``tests/data/captures``: real-format outputs with what must come out of them.

A folder is named like its template (without ending). A case is ``NAME.txt``, the text as bytes, and ``NAME.yaml``:

- ``command``: as a person typed it
- ``release``: ``12.4T``, ``15.x``, ``16/17`` or ``any``
- ``evidence``: what the format rests on: ``guide: ...``, ``IOS-OUTPUT 1.1: ROW``, ``sample: ...`` or ``synthetic``
- ``expect``: path into ``data`` -> value, typed from the text by a person; ``.#`` is the length of a list
- ``unrecognized``: numbers of the lines that must be reported (default: none)
- ``fails``: instead of ``expect``: words of the ``ParseFailure``

Tests that spoil a capture line by line look at ``lines_to_spoil``: in the soak form, that is every line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from conftest import SOAK

FOLDER = Path(__file__).parent / "data" / "captures"
RELEASES = ("12.4T", "15.x", "16/17", "any")
_EVERY = 4
_VARIES = re.compile(rb"[A-Za-z]*\d[A-Za-z0-9]*")


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


@cache
def _first_of_their_kind() -> dict[str, frozenset[int]]:
    """Case -> lines that differ in more than numbers from every line before them in the folder."""
    found, seen = {}, {case.folder: set[bytes]() for case in good_cases()}
    for case in good_cases():
        fresh = set()
        for number, line in enumerate(case.text.split(b"\n"), 1):
            kind = _VARIES.sub(b"0", line)
            if kind not in seen[case.folder]:
                fresh.add(number)
                seen[case.folder].add(kind)
        found[case.id] = frozenset(fresh)
    return found


def is_new(case: Case, number: int) -> bool:
    """Whether a line, counted from 1, is one of its kind's first in its folder; every line in the soak form."""
    return SOAK or number in _first_of_their_kind()[case.id]


def lines_to_spoil(case: Case) -> list[int]:
    """Lines, counted from 1: the first of each kind in its folder, every fourth of the rest; all in the soak form."""
    lines = range(1, case.text.count(b"\n") + 2)
    return [number for number in lines if is_new(case, number) or number % _EVERY == 0]


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
