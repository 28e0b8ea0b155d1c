"""The house: layers hold, and the wheel works in an empty environment elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_import_contracts() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_carries_the_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for path in (ROOT / "parsers").iterdir():
        assert f"getvpn_ops/_data/parsers/{path.name}" in names
    for folder in ("playbooks", "inventory"):
        assert any(name.startswith(f"getvpn_ops/_data/{folder}/") for name in names)
    assert "getvpn_ops/py.typed" in names
    for step in (ROOT / "getvpn_ops" / "store" / "migrations").rglob("*.py"):
        assert step.relative_to(ROOT).as_posix() in names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_wheel_works_elsewhere(wheel: Path, tmp_path: Path) -> None:
    """Installed with its dependencies in an empty environment, away from the checkout."""
    home = tmp_path / "env"
    venv.create(home)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(home / "bin" / "python")]
    install = [*pip, "install", "--quiet", "--no-compile", "-c", str(ROOT / "constraints.txt")]
    installed = subprocess.run(
        [*install, str(wheel)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert installed.returncode == 0, installed.stderr
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "GETVPN"))}
    done = subprocess.run(
        [home / "bin" / "getvpn-ops", "parse", "sh cry gdoi ks mem", "-o", "json"],
        input="Group Member ID    : 10.20.1.1\n Group ID          : 4711\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["members"][0]["group_id"] == "4711"

    def lab(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [home / "bin" / "getvpn-ops", "lab", *words],
            capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=120,
        )  # fmt: skip

    without = lab("up")
    assert without.returncode == 2
    assert "the lab needs asyncssh: pip install 'getvpn-ops[lab]'" in without.stderr
    subprocess.run([*install, f"{wheel}[lab]"], check=True, timeout=600)
    up = lab("up", "-o", "json")
    try:
        assert up.returncode == 0, up.stderr
        assert len(json.loads(up.stdout)["devices"]) == 29
    finally:
        assert lab("down").returncode == 0
