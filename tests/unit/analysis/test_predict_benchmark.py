"""The benchmark of predictions runs, and says what its changes are known to do; how fast it is does not count."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "predict.py"


def test_quick_run(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--json", str(figures)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert list(written) == ["swap-100", "cut-over-100", "hitless-100"]
    assert all(found["seconds"] > 0 and found["megabytes"] > 0 for found in written.values())
    assert written["swap-100"]["losing_pairs"] > written["hitless-100"]["losing_pairs"]
