"""Playbooks taken back over SSH: by a gate, by one command, in an emergency with routers out of reach (P12, P13)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from worksites import Worksite, part_of_example

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTS = ("lds-ks1", "ams-ks1", "dub-ks1", "edi-gm1", "opo-gm1")
BOOK = """\
schema: 1
name: to-clear
title: members encrypt by passive, in a group that is receive-only
stages:
  - id: servers
    action: configure
    params: {sending: receive-only, covers: as-it-is}
    targets: {who: key-servers}
  - id: members
    action: configure
    params: {sending: receive-only, covers: as-it-is, passive: "on"}
    targets: {who: members, devices: [edi-gm1, opo-gm1]}
    exit: [{check: direction-as-intended, on_fail: rollback}]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    folder = tmp_path_factory.mktemp("back")
    work = Worksite(folder / "work", part_of_example(folder / "source", HOSTS))
    (work.root / "playbooks").mkdir()
    (work.root / "playbooks" / "to-clear.yaml").write_text(BOOK)
    with work:
        work.lab.call(setattr, work.lab.fleet.clock, "speed", 0.0)
        yield work


def asked(site: Worksite, *words: str) -> tuple[int, Any, str]:
    code, out, err = site.run(*words, "--lab", "-o", "json", "-q")
    return code, json.loads(out) if out else None, err


def receive_only(site: Worksite) -> list[str]:
    return [name for name in ("ams-ks1", "dub-ks1", "lds-ks1") if holds(site, name, "sa receive-only")]


def holds(site: Worksite, name: str, line: str) -> bool:
    return any(text.strip() == line for text in site.lab.call(site.lab.router(name).running.lines))


def applied(site: Worksite) -> tuple[int, str, str]:
    """Plan the playbook and apply it; returns exit code, the run, and what was said."""
    code, plan, err = asked(site, "plan", "to-clear", "WAN", "--pilot", "edi-gm1", "--pilot", "opo-gm1")
    assert code == 0, err
    code, done, err = asked(site, "apply", plan["plan"]["id"], "--accept-loss")
    return code, done["run"]["id"], err


def passive(site: Worksite) -> list[str]:
    return [name for name in ("edi-gm1", "opo-gm1") if holds(site, name, "passive")]


def test_a_gate_takes_its_stage_back_and_one_command_the_rest(site: Worksite) -> None:
    code, run, err = applied(site)
    assert code == 5, err
    assert "stage members is taken back, by run" in err
    assert (receive_only(site), passive(site)) == (["ams-ks1", "dub-ks1", "lds-ks1"], [])
    code, _, err = asked(site, "resume", run)
    assert (code, "was taken back" in err) == (2, True), err
    code, _, err = asked(site, "rollback", run, "--accept-loss")
    assert (code, "nobody is here to say yes" in err) == (8, True), err
    assert receive_only(site) == ["ams-ks1", "dub-ks1", "lds-ks1"]
    code, done, err = asked(site, "rollback", run, "--accept-loss", "--yes")
    assert (code, done["exit_code"]) == (0, 0), err
    assert receive_only(site) == []


def test_an_emergency_is_typed_in_full_and_reaches_whom_it_can(site: Worksite) -> None:
    _, out, _ = site.run("runs", "--kind", "apply", "--lab", "-o", "json")
    run = json.loads(out)[-1]["id"]
    code, _, err = asked(site, "rollback", run, "--emergency", "--yes")
    assert (code, "--confirm 'emergency WAN'" in err) == (8, True), err
    assert receive_only(site) == []
    for name in ("ams-ks1", "opo-gm1"):
        site.arm(name, "down")
    code, done, err = asked(site, "rollback", run, "--emergency", "--confirm", "emergency WAN")
    site.heal()
    assert receive_only(site) == ["dub-ks1", "lds-ks1"], err
    assert (code, "ams-ks1" in err) == (3, True), err
    assert done["exit_code"] == 3
