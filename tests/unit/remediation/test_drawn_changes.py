"""Drawn pairs of configurations: every way there and back, on the tree and on the lab's routers; and its fleet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from circle import config, walk_round, walk_round_on_lab, weighed
from drawn_pairs import pairs
from hypothesis import given, settings

if TYPE_CHECKING:
    from collections.abc import Callable

_CONFIGS = Path(__file__).parents[3] / "inventory" / "lab_configs"
_RELEASES = {"1": "15.2(4)M11", "12.4": "12.4(22)T5", "15": "15.2(4)M11", "16": "16.9.4", "17": "17.6.5"}


@given(pairs())
def test_every_drawn_change_goes_there_and_back(drawn: tuple[str, str, str]) -> None:
    role, running, intended = drawn
    found = walk_round(config(running), config(intended))
    for step in found.change.steps:
        assert role == "gm" or weighed(step) <= 1, step


@settings(max_examples=60)
@given(pairs())
def test_every_drawn_change_is_taken_by_a_router(drawn: tuple[str, str, str]) -> None:
    _, running, intended = drawn
    walk_round_on_lab(running, config(intended))


def _names() -> list[str]:
    return sorted(path.stem for path in (_CONFIGS / "running").glob("*.cfg"))


def _release(text: str) -> str:
    version = next(line.split()[1] for line in text.splitlines() if line.startswith("version "))
    return next(_RELEASES[key] for key in (version, version.partition(".")[0]) if key in _RELEASES)


def test_the_fleet_is_there() -> None:
    assert len(_names()) > 20


@pytest.mark.parametrize("name", _names())
def test_the_lab_fleet_gets_getvpn_and_goes_back(name: str, figure: Callable[[str], None]) -> None:
    clear = (_CONFIGS / "clear" / f"{name}.cfg").read_text()
    running = (_CONFIGS / "running" / f"{name}.cfg").read_text()
    walk_round(config(clear), config(running), _release(running))
    found = walk_round_on_lab(clear, config(running), _release(running))
    if name == "ams-ks1":
        lines = sum(len(step.lines) for step in found.change.steps)
        figure(f"remediation: {name} from nothing to a key server in {len(found.change.steps)} steps, {lines} lines")
    assert bool(found.change.steps) == (not name.endswith("-ce1"))
