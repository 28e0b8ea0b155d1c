"""``runs verify``: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.model.journal import RunBegun, RunEnded
from getvpn_ops.settings import Settings, Workspace
from getvpn_ops.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, 10, 5, tzinfo=UTC)

CASES: dict[str, tuple[str, int, list[int], int]] = {
    "whole": ("", 0, [], 2),
    "edited": ("UPDATE journal SET body = replace(body, 'ops', 'eve')", 4, [1], 2),
    "removed": ("DELETE FROM journal WHERE number = 1", 4, [1], 1),
    "of another installation": ("another key", 3, [], 0),
    "empty": ("no events", 3, [], 0),
}


@pytest.mark.parametrize(("tamper", "code", "faults", "events"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("form", ["json", "table"])
def test_it_tells_and_ends(  # noqa: PLR0913, PLR0917 -- the parts of a case
    tmp_path: Path, form: str, tamper: str, code: int, faults: list[int], events: int
) -> None:
    (tmp_path / "getvpn-ops.yaml").write_text("{}\n")
    place = Workspace(tmp_path, Settings())
    place.prepare()
    with Store.open(place.store_url) as store:
        journal = store.journal(place.key(), place.journal_end, lambda: NOW)
        run = store.begin_run("push", NOW).id
        for event in () if tamper == "no events" else (RunBegun("push", "ops"), RunEnded(0)):
            journal.append(run, event)
    if tamper == "another key":
        place.key_file.write_bytes(os.urandom(32))
        place.journal_end.unlink()
    elif tamper.startswith(("UPDATE", "DELETE")):
        with sqlite3.connect(place.state / "store.db") as connection:
            connection.execute(tamper)
        connection.close()
    done = CliRunner().invoke(app, ["runs", "verify", "-o", form, "-w", str(tmp_path)])
    assert done.exit_code == code, done.output
    assert f"{events} event" in done.stderr
    assert done.stderr.count(" 0 faults") == (not faults)
    if form == "json":
        said = json.loads(done.stdout)
        assert (said["events"], [fault["number"] for fault in said["faults"]]) == (events, faults)
    elif faults:
        assert "changed, or not sealed" in done.stdout or "event 1 removed" in done.stdout
    if tamper == "another key":
        assert "2 events of installation" in done.stderr
