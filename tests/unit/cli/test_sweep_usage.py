"""What is wrong with a sweep is said before a device is asked; and what becomes of the result where nobody reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from getvpn_ops.cli.app import app
from getvpn_ops.errors import GetvpnOpsError

if TYPE_CHECKING:
    from pathlib import Path

# the port is that of "discard", where nobody listens
HOSTS = "r1: {hostname: 127.0.0.1, port: 9, data: {role: gm, gdoi_groups: [WAN]}}\n"
SETTINGS = "schema: 1\ncredentials: {username: u, password: [{from: environment, name: PW}]}\n"

REFUSED = {
    "an interval without end": ("health --interval inf", "3600"),
    "an interval that is no number": ("health --interval nan", "less than or equal to 3600"),
    "an interval of ages": ("diagnose --interval 1e12", "3600"),
    "a tag that no check has": ("health --tag nosuch", "no check has the tag nosuch; there are acl, "),
    "a check that is none": ("health --check nosuch", "there is no check called nosuch"),
    "an empty limit": ("doctor --limit ", "an empty --limit names no device"),
    "a limit of commas": ("collect --limit ,", "an empty --limit names no device"),
    "an empty filter": ("health --filter ", "an empty --filter"),
    "an empty run": ("health --since ", "an empty --since names nothing"),
    "a file in no folder": ("health --out no/such/file", "cannot write no/such/file: there is no such folder"),
    "a folder for a file": ("doctor --out .", "cannot write .: it is a folder"),
    "a file for a folder": ("collect --out getvpn-ops.yaml", "is no folder: name one that is new or empty"),
    "a folder within a file": ("collect --out getvpn-ops.yaml/x", "is no folder"),
    "a folder that has other things": ("collect --out inventory", "holds files that getvpn-ops did not write"),
    "captures that are not there": ("health --from nosuch", "there is no nosuch"),
    "a file with too long a name": (f"health --out {'x' * 300}", ": File name too long"),
    "a folder with too long a name": (f"collect --out {'x' * 300}", ": File name too long"),
    "captures with too long a name": (f"health --from {'x' * 300}", "there is no xxx"),
    "a run with too long a name": (f"health --since {'x' * 5000}", "run is called"),
    "a device of captures": ("health --from . --limit r1", "--from judges all that the captures hold"),
    "an inventory without captures": ("health --inventory x", "--inventory goes with --from"),
    "what no router said": ("health --from inventory", "nothing in inventory could be read as what a router said"),
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yaml").write_text(HOSTS)
    (tmp_path / "getvpn-ops.yaml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PW", "x")
    return tmp_path


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("case", REFUSED)
def test_wrong_usage_asks_no_device(case: str) -> None:
    line, words = REFUSED[case]
    done = CliRunner().invoke(app, line.split(" "))
    said = f"{done.output}{done.exception}"
    assert words in said
    assert (done.exception.exit_code if isinstance(done.exception, GetvpnOpsError) else done.exit_code) == 2
    runs = CliRunner().invoke(app, ["runs", "-o", "json"])
    assert json.loads(runs.stdout) == []


READERS = {
    "who reads nothing": (subprocess.PIPE, 3, ""),
    "a closed stdout": (None, 2, "standard output is closed: name a file with --out"),
    "a full disk": ("/dev/full", 2, "cannot write to standard output: No space left on device"),
}


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("case", READERS)
def test_nobody_reads_the_result(case: str) -> None:
    where, code, words = READERS[case]
    command = [sys.executable, "-m", "getvpn_ops", "health", "-q", "--interval", "0", "-o", "json"]
    if where is None:
        command = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command]
    target = os.open(where, os.O_WRONLY) if isinstance(where, str) else subprocess.PIPE
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=target, stderr=subprocess.PIPE, text=True)
    if running.stdout is not None:
        running.stdout.close()
    assert running.stderr is not None
    said = running.stderr.read()
    assert (running.wait(60), words in said, "Traceback" in said) == (code, True, False), said
