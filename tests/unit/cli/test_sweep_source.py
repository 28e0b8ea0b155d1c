"""A folder of captures may be called as the sources that are none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from getvpn_ops.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("folder", "source"), [("lab", "./lab"), ("devices", "./devices"), ("monday", "monday")])
def test_the_next_command_looks_where_this_one_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "gm1.txt").write_text("gm1#show clock detail\n10:00:00.000 UTC Sun Mar 1 2026\ngm1#\n")
    done = CliRunner().invoke(app, ["health", "--from", folder, "-o", "json"])
    assert json.loads(done.stdout)["source"] == source
    table = CliRunner().invoke(app, ["health", "--from", folder, "-o", "table"]).stdout
    assert f"source {source}" in table
