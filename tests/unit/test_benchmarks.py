"""The benchmark runs, and every contender sees every record. How fast they are is no matter of a test."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "parse.py"
CONTENDERS = ("getvpn-ops parse()", "getvpn-ops rows", "TextFSM CliTable", "one regular expression")
SUBJECTS = (
    "show crypto gdoi ks members: 50 members",
    "show crypto gdoi ks members: 200 members",
    "show crypto ipsec sa: 2 entries, 8 SAs",
)


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *options], capture_output=True, text=True, check=False)


def test_quick_run(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    done = run("--quick", "--json", str(figures))
    assert done.returncode == 0, done.stderr
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert [item["subject"] for item in written["subjects"]] == list(SUBJECTS)
    genie = ["genie parse()"] if importlib.util.find_spec("genie") else []
    for item in written["subjects"]:
        assert item["subject"] in done.stdout
        assert sorted(item["seconds"]) == sorted([*CONTENDERS, *genie])
        assert all(len(times) == 1 and times[0] > 0 for times in item["seconds"].values())
    for contender in [*CONTENDERS, *genie]:
        # once under each subject, once under growth
        assert sum(line.startswith(contender) for line in done.stdout.splitlines()) == len(SUBJECTS) + 1
    assert genie or "genie is not installed" in done.stdout


def test_a_contender_that_misses_records_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("benchmark_parse", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "benchmark_parse", module)
    spec.loader.exec_module(module)
    short, whole = module.member_subject(3), module.member_subject(4)
    for contender in module.who.contenders(whole.command):
        module.prove(whole, contender, 0, contender.read(whole.make(0)))
        with pytest.raises(module.NotReadError, match="saw"):
            module.prove(whole, contender, 0, contender.read(short.make(0)))
