"""The benchmark of collecting runs, and every contender has every answer. How fast they are is no matter of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "collect.py"
CONTENDERS = ["Nornir + Netmiko, 20", "raw libssh", "getvpn-ops, parsed"]
DEVICES = 20


def test_a_short_run(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [
            sys.executable, str(SCRIPT), "--devices", str(DEVICES), "--scenes", "plain", "--rounds", "1",
            "--only", *CONTENDERS, "--json", str(figures),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert [(item["scene"], item["contender"], item["answered"], item["left"]) for item in written] == [
        ("plain", name, DEVICES, [0, 0]) for name in CONTENDERS
    ]
    assert all(item["seconds"] > 0 and item["cpu_ms"] > 0 for item in written)
    assert all(name in done.stdout for name in CONTENDERS)
    assert "Ansible is left out" in done.stdout
