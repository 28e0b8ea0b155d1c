"""Routers asked beforehand, over SSH: two faults are found, named and written down; without them the run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from worksites import EXAMPLE, Worksite, part_of_example

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "ham-gm1", "ork-gm1")
PLAYBOOK = {
    "schema": 1,
    "name": "beforehand",
    "title": "are they fit?",
    "stages": [
        {"id": "ask", "action": "preflight", "params": {"open": ["udp-848", "esp"]}, "exit": [{"check": "clock-right"}]}
    ],
}


def test_two_faults_hold_the_run_and_are_named_in_its_report(tmp_path: Path) -> None:
    root = tmp_path / "w"
    source = part_of_example(tmp_path / "inventory", HOSTS)
    with Worksite(root, source, EXAMPLE / "lab_configs" / "clear") as site:
        (root / "playbooks").mkdir()
        (root / "playbooks" / "beforehand.yaml").write_text(yaml.safe_dump(PLAYBOOK), encoding="utf-8")
        site.arm("ham-gm1", "ntp-lost")
        site.arm("ork-gm1", "mtu", bytes="1350")
        code, told, err = site.ask("plan", "playbook", "beforehand", "WAN")
        assert code == 0, err
        (step,) = [item for wave in told["plan"]["waves"] for item in wave["steps"] if item["id"].endswith("preflight")]
        assert "these may stay open, as the playbook says: udp-848, esp" in step["notes"]
        code, out, err = site.run("apply", "last", "--yes", "--lab", "-o", "json")
        assert code == 4, out + err
        assert "ham-gm1: ntp: fail: unsynchronized" in out + err
        assert "mtu: fail" in out + err
        shown = site.run("show", "last", "-o", "table", "--lab")[1]
        assert "pre-flight: " in shown
        assert "fail" in shown
        code, page, err = site.run("report", "last", "-o", "md", "--lab")
        assert "## Pre-flight" in page, (code, page, err)
        assert "- fail: `ham-gm1`, `ntp`" in page
        site.heal()
        code, out, err = site.run("resume", "last-apply", "--lab", "-o", "json")
        assert code == 0, out + err
