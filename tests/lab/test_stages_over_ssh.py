"""Stages that are no configuration, over SSH: traffic proven, another primary drilled, and nothing lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from worksites import Worksite, part_of_example

if TYPE_CHECKING:
    from pathlib import Path

SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBERS = ("ham-gm1", "ork-gm1")
PLAYBOOK = {
    "schema": 1,
    "name": "exercise",
    "title": "traffic, and a drill",
    "stages": [
        {"id": "traffic", "action": "prove-traffic", "params": {"packets": 5}, "targets": {"who": "members"}},
        {"id": "sizes", "action": "test-applications", "params": {"sizes": [100, 1300]}, "targets": {"who": "members"}},
        {
            "id": "drill",
            "action": "drill",
            "targets": {"who": "key-servers"},
            "exit": [{"check": "coop-single-primary", "patience": 5}, {"check": "parity-keys", "patience": 5}],
        },
    ],
}


def test_traffic_is_proven_and_the_role_goes_and_comes_back(tmp_path: Path) -> None:
    root = tmp_path / "w"
    with Worksite(root, part_of_example(tmp_path / "inventory", [*SERVERS, *MEMBERS])) as site:
        (root / "playbooks").mkdir()
        (root / "playbooks" / "exercise.yaml").write_text(yaml.safe_dump(PLAYBOOK), encoding="utf-8")
        code, told, err = site.ask("plan", "playbook", "exercise", "WAN")
        assert code == 0, err
        (step,) = [item for wave in told["plan"]["waves"] for item in wave["steps"] if item["id"].endswith("drill")]
        assert "clear crypto gdoi group WAN ks coop role" in step["act"]["lines"]
        assert told["plan"]["effects"][-1]["statement"] == "loses", "one member of a group that encrypts registers anew"
        code, out, err = site.run("apply", "last", "--yes", "--accept-loss", "--lab", "-o", "json")
        said = out + err
        assert code == 0, said
        assert "decrypted on ork-gm1" in said
        assert "ham-gm1 -> ork-gm1: all sizes up to 1300 bytes pass with DF" in said
        assert "ams-ks1 took over from lds-ks1; rekey of group WAN on ams-ks1" in said
        assert "lds-ks1 is primary again" in said
        roles = site.lab.call(lambda: {name: site.lab.router(name).gdoi.servers["WAN"].role.value for name in SERVERS})
        assert roles == {"lds-ks1": "Primary", "ams-ks1": "Secondary", "dub-ks1": "Secondary"}
        again = site.lab.call(
            lambda: [name for name in MEMBERS if any("GM_CLEAR_REGISTER" in x for x in site.lab.router(name).logged)]
        )
        assert len(again) == 1
