"""A drill is killed in its middle, and its run is taken back by one command: a priority that it lent comes back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from worksites import Worksite, part_of_example

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = Path(__file__).parents[1] / "crashing.py"
SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBERS = ("ham-gm1", "opo-gm1")
PRIMARY = SERVERS[0]
WAS, WANTED = "ip tcp adjust-mss 1360", "ip tcp adjust-mss 1344"
PLAYBOOK: dict[str, Any] = {
    "schema": 1,
    "name": "change",
    "title": "a change, and a drill",
    "stages": [
        {"id": "members", "action": "configure", "targets": {"who": "members"}},
        {"id": "drill", "action": "drill", "targets": {"who": "key-servers"}},
    ],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("drilled")
    with Worksite(root, part_of_example(root / "source", (*SERVERS, *MEMBERS))) as made:
        path = made.published / "inventory" / "hosts.yaml"
        hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name in MEMBERS:
            getvpn = hosts[name]["data"]["getvpn"]["WAN"]
            getvpn["adjust_mss"] = dict.fromkeys(getvpn["adjust_mss"], int(WANTED.rpartition(" ")[2]))
        path.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")
        (root / "playbooks").mkdir()
        (root / "playbooks" / "change.yaml").write_text(yaml.safe_dump(PLAYBOOK), encoding="utf-8")
        yield made


def stands(site: Worksite, word: str, *names: str) -> list[str]:
    """The lines with a word in them, as they stand on routers."""
    lines = [line for name in names for line in site.lab.call(site.lab.router(name).running.lines)]
    return [line.strip() for line in lines if word in line]


def test_what_a_drill_lent_is_given_back_and_then_its_run_is_taken_back(site: Worksite) -> None:
    own = stands(site, "local priority", PRIMARY)
    code, plan, err = site.ask("plan", "playbook", "change", "WAN")
    assert (code, plan["refused"]) == (0, False), err
    words = ("apply", plan["plan"]["id"], "--yes", "--accept-loss", "--lab", "-q")
    killed = subprocess.run(
        [sys.executable, DRIVER, "typed:coop role", "1", "before", *words],
        cwd=site.root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert stands(site, "local priority", PRIMARY) != own
    assert stands(site, "adjust-mss", *MEMBERS) == [WANTED, WANTED]
    code, out, err = site.run("rollback", "last-apply", "--accept-loss", "--yes", "--lab", "-o", "json")
    assert code == 0, err
    assert json.loads(out)["state"] == "done"
    assert stands(site, "local priority", PRIMARY) == own
    assert stands(site, "adjust-mss", *MEMBERS) == [WAS, WAS]
    assert "was not brought to its end: lds-ks1 is primary of group WAN now" in err
