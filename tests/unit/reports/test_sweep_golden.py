"""What a reader gets of one sweep with everything in it, word for word (P18).

To accept a change of words on purpose, run with ``GETVPN_OPS_GOLDEN=write`` and read the difference.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sweeps
from rich.console import Console

from getvpn_ops.reports.console import Visible
from getvpn_ops.reports.sweep import SweepForm, sweep_text
from getvpn_ops.reports.sweep_json import SCHEMA
from getvpn_ops.reports.sweep_table import sweep_view

if TYPE_CHECKING:
    from getvpn_ops.model.report import Sweep

FOLDER = Path(__file__).parents[2] / "data" / "reports"


def table(sweep: Sweep, width: int, *, changes_only: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as shown:
        console.print(Visible(sweep_view(sweep, changes_only=changes_only)))
    return "".join(f"{line.rstrip()}\n" for line in shown.get().splitlines())


MIXED = sweeps.mixed()
CASES = {
    "mixed-80.txt": lambda: table(MIXED, 80),
    "mixed-160.txt": lambda: table(MIXED, 160),
    "changes.txt": lambda: table(MIXED, 100, changes_only=True),
    "well.txt": lambda: table(sweeps.all_well(), 80),
    "nothing.txt": lambda: table(sweeps.empty(), 80),
    "large.txt": lambda: table(sweeps.large(5000), 100),
    "mixed.json": lambda: sweep_text(MIXED, SweepForm.JSON),
    "mixed.ndjson": lambda: sweep_text(MIXED, SweepForm.NDJSON),
    "mixed.xml": lambda: sweep_text(MIXED, SweepForm.JUNIT),
    "nothing.xml": lambda: sweep_text(sweeps.empty(), SweepForm.JUNIT),
    "mixed.csv": lambda: sweep_text(MIXED, SweepForm.CSV),
    "mixed.md": lambda: sweep_text(MIXED, SweepForm.MARKDOWN),
    "changes.md": lambda: sweep_text(MIXED, SweepForm.MARKDOWN, changes_only=True),
}


@pytest.mark.parametrize("name", CASES)
def test_word_for_word(name: str) -> None:
    path = FOLDER / name
    text = CASES[name]()
    if os.environ.get("GETVPN_OPS_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()


def test_every_golden_file_is_held() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*CASES, "junit.xsd"}


def test_the_shape_of_the_json_has_its_version() -> None:
    said = json.loads((FOLDER / "mixed.json").read_text())
    assert said["schema"] == SCHEMA == 1
    lines = [json.loads(line) for line in (FOLDER / "mixed.ndjson").read_text().splitlines()]
    kinds = {"specs": "spec", "outcomes": "outcome", "visits": "visit", "changes": "change", "notes": "note"}
    for key, record in (*kinds.items(), ("not_looked_at", "not_looked_at")):
        rows = [line for line in lines if line["record"] == record]
        assert rows == [{"record": record} | (item if record != "note" else {"text": item}) for item in said[key]]
    assert lines[0] == {"record": "sweep"} | {key: said[key] for key in said if not isinstance(said[key], list)}
