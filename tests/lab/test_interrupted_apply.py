"""Ctrl-C while devices are changed, by real signals: once drains, twice leaves off, resume ends it (P14)."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from worksites import Worksite, part_of_example

from getvpn_ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBERS = ("ham-gm1", "opo-gm1")
WAS, WANTED = "ip tcp adjust-mss 1360", "ip tcp adjust-mss 1344"
WORDS = ("finishing what is in hand", "leaving off")
PATIENCE = 60
"""Seconds for what must end by itself."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("interrupted")
    with Worksite(root, part_of_example(root / "source", (*SERVERS, *MEMBERS))) as made:
        path = made.published / "inventory" / "hosts.yaml"
        hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name in MEMBERS:
            getvpn = hosts[name]["data"]["getvpn"]["WAN"]
            getvpn["adjust_mss"] = dict.fromkeys(getvpn["adjust_mss"], int(WANTED.rpartition(" ")[2]))
        path.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")
        yield made


def stands(site: Worksite) -> list[str]:
    """The line of each member, as it stands on the router."""
    found: list[str] = []
    for name in MEMBERS:
        lines = site.lab.call(site.lab.router(name).running.lines)
        found += {line.strip() for line in lines if "adjust-mss" in line}
    return found


def struck(site: Worksite) -> bool:
    return any(site.lab.call(lambda name=name: not site.lab.router(name).faults.armed) for name in MEMBERS)


def interrupted(site: Worksite, line: str, *words: str, signals: int) -> tuple[int, dict[str, Any]]:
    """Run the program, and press Ctrl-C while a router takes its time over a line."""
    site.heal()
    for name in MEMBERS:
        site.arm(name, "slow-echo", line, 1, seconds="1.2")
    running = site.start(*words, "--lab", "-o", "json")
    running.until(lambda: struck(site), PATIENCE)
    for announced in WORDS[:signals]:
        running.signal(signal.SIGINT)
        running.says(announced, PATIENCE)  # two signals that come at once may be one
    code, out, rest = running.ended(PATIENCE)
    assert "Traceback" not in rest
    return code, json.loads(out)


def test_ctrl_c_drains_twice_is_safe_and_resume_ends_it(site: Worksite) -> None:
    code, plan, err = site.ask("plan", "push", *MEMBERS)
    assert (code, plan["refused"], plan["empty"]) == (0, False, False), err
    flags = ["--accept-loss"] if plan["loses"] else []
    assert stands(site) == [WAS, WAS]

    code, told = interrupted(site, "^ *interface ", "apply", plan["plan"]["id"], *flags, signals=1)
    run = told["run"]["id"]
    assert code == ExitCode.INTERRUPTED
    assert stands(site) == [WANTED, WAS]
    assert {step["result"] for step in told["steps"]} == {"applied"}
    assert (told["state"], told["leases"], told["next"][0]) == ("held", [], f"getvpn-ops resume {run} --lab")
    assert told["waiting"]

    code, told = interrupted(site, "^configure ", "resume", run, signals=2)
    assert code == ExitCode.INTERRUPTED
    assert stands(site) == [WANTED, WAS]
    assert (told["state"], told["leases"]) == ("held", [])
    assert {step["result"] for step in told["steps"]} == {"applied", "nothing-sent"}

    site.heal()
    code, told, err = site.ask("resume", run)
    assert (code, told["state"], told["waiting"]) == (0, "done", []), err
    assert stands(site) == [WANTED, WANTED]
    tries = {
        step["step"]: step["tries"] for step in told["steps"] if step["lines"] and "adjust-mss" in step["lines"][0]
    }
    assert sorted(tries.values()) == [1, 2]  # what was applied is not sent again
