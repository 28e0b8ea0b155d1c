"""The benchmark of access lists runs, and its two contenders agree. How fast they are is no matter of a test."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

FOLDER = Path(__file__).parents[3] / "benchmarks"


def test_quick_run(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, str(FOLDER / "acl.py"), "--quick", "--json", str(figures)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert list(written) == ["prefixes", "octets", "holes", "growth", "boxes-10", "boxes-20"]
    for kind in ("prefixes", "octets", "holes"):
        assert all(0 < taken < 60_000 for taken in (*written[kind]["cold_ms"], *written[kind]["warm_ms"]))


def test_the_contenders_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import acl  # noqa: PLC0415 -- a script, found by the path above

    for seed in range(6):
        chance = random.Random(seed)  # noqa: S311 -- repeatable
        old, new = (acl.draw_list(chance, "prefixes", 12) for _ in range(2))
        assert acl.compare(old, new) == acl.compare_boxes(old, new) > 0
        assert acl.compare(old, old) == acl.compare_boxes(old, old) == 0
