"""Two processes: one changes routers and waits, and another person says hold, promote, and abort to it (P14)."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from worksites import Program, Worksite, part_of_example

from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBERS = ("ham-gm1", "opo-gm1")
WAS, WANTED = "ip tcp adjust-mss 1360", "ip tcp adjust-mss 1344"
SOAK = "it is left alone for an hour"
SAW = {"check": "coop-single-primary"}
PLAYBOOK: dict[str, Any] = {
    "schema": 1,
    "name": "smaller",
    "title": "smaller segments",
    "stages": [
        {"id": "members", "action": "configure", "targets": {"who": "members"}, "batch": {"at_once": 1}},
        {
            "id": "soak",
            "title": SOAK,
            "action": "wait",
            "targets": {"who": "key-servers"},
            "params": {"minutes": 60},
            "exit": [SAW],
        },
        {"id": "see", "action": "look", "targets": {"who": "key-servers"}, "exit": [SAW]},
    ],
}
PATIENCE = 60
"""Seconds for what must end by itself."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("words")
    with Worksite(root, part_of_example(root / "source", (*SERVERS, *MEMBERS))) as made:
        path = made.published / "inventory" / "hosts.yaml"
        hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name in MEMBERS:
            getvpn = hosts[name]["data"]["getvpn"]["WAN"]
            getvpn["adjust_mss"] = dict.fromkeys(getvpn["adjust_mss"], int(WANTED.rpartition(" ")[2]))
        path.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")
        (root / "playbooks").mkdir()
        (root / "playbooks" / "smaller.yaml").write_text(yaml.safe_dump(PLAYBOOK), encoding="utf-8")
        made.as_real()
        yield made


def stands(site: Worksite) -> list[str]:
    """The line of each member, as it stands on the router."""
    lines = [line for name in MEMBERS for line in site.lab.call(site.lab.router(name).running.lines)]
    return [line.strip() for line in lines if "adjust-mss" in line]


def said(site: Worksite, *words: str) -> tuple[int, str]:
    """Another person, in a process of their own."""
    code, out, err = site.start(*words).ended(PATIENCE)
    assert "Traceback" not in err
    return code, out + err


def planned(site: Worksite) -> tuple[str, list[str]]:
    code, out, err = site.run("plan", "playbook", "smaller", "WAN", "-o", "json")
    plan = json.loads(out)
    assert (code, plan["refused"]) == (0, False), err
    return plan["plan"]["id"], ["--accept-loss"] if plan["loses"] else []


def ended(running: Program) -> tuple[int, dict[str, Any]]:
    code, out, err = running.ended(PATIENCE)
    assert "Traceback" not in err
    return code, json.loads(out)


def test_hold_resume_promote_and_abort(site: Worksite) -> None:
    plan, flags = planned(site)
    assert stands(site) == [WAS, WAS]

    site.arm(MEMBERS[0], "slow-echo", "^ *interface ", 1, seconds="4")
    running = site.start("apply", plan, "--yes", *flags, "-o", "json")
    running.until(lambda: site.lab.call(lambda: not site.lab.router(MEMBERS[0]).faults.armed), PATIENCE)
    code, text = said(site, "hold", "last-apply", "--reason", "the phone rings")
    assert (code, "stops after what it has in hand" in text) == (0, True), text
    code, told = ended(running)
    run = told["run"]["id"]
    assert code == ExitCode.INTERRUPTED
    assert "asked for a hold: the phone rings" in told["reason"], told["reason"]
    assert (told["state"], told["leases"]) == ("held", [])
    assert stands(site) == [WANTED, WAS]
    assert said(site, "promote", run, "soak")[0] == ExitCode.USAGE, "nobody is there to heed it"

    running = site.start("resume", run, "-o", "json")
    running.says(SOAK, PATIENCE, alone=True)
    assert stands(site) == [WANTED, WANTED]
    began = time.monotonic()
    code, text = said(site, "promote", run, "soak", "--reason", "enough")
    assert (code, "soaks no longer" in text) == (0, True), text
    code, told = ended(running)
    assert (code, told["state"]) == (0, "done"), told["reason"]
    assert time.monotonic() - began < PATIENCE / 2

    plan, flags = planned(site)
    running = site.start("apply", plan, "--yes", *flags, "-o", "json")
    running.says(SOAK, PATIENCE, alone=True)
    assert said(site, "abort", "last-apply", "--reason", "wrong night")[0] == 0
    code, told = ended(running)
    assert (code, told["leases"]) == (ExitCode.ABORTED, [])
    assert "ended the run for good: wrong night" in told["reason"]
    code, text = said(site, "resume", told["run"]["id"])
    assert (code, "was ended for good" in text) == (ExitCode.USAGE, True), text
    assert stands(site) == [WANTED, WANTED]
