"""The very first push of a group to routers in clear text, and its way back: their configurations are as before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from worksites import EXAMPLE, Worksite, part_of_example

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBERS = ("ham-gm1", "opo-gm1")
SECRET = {"from": "command", "argv": ["/bin/sh", "-c", 'printf %s "psk-$0-Ht4" | tr / -', "{name}"]}
_UNSTABLE = re.compile(r"!|ntp clock-period|Current configuration|Building configuration")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("first-push")
    source = part_of_example(root / "source", (*SERVERS, *MEMBERS))
    made = Worksite(root / "work", source, EXAMPLE / "lab_configs" / "clear")
    made.settings(secrets=[SECRET])
    with made:
        made.lab.call(setattr, made.lab.fleet.clock, "speed", 0.0)
        yield made


def configurations(site: Worksite) -> dict[str, list[str]]:
    return {
        name: [line for line in site.lab.call(site.lab.router(name).running.lines) if not _UNSTABLE.match(line)]
        for name in (*SERVERS, *MEMBERS)
    }


def test_a_group_is_brought_up_and_taken_down_again(site: Worksite) -> None:
    before = configurations(site)
    code, out, err = site.run("plan", "action", "rsa-key", "WAN", "--lab", "-o", "json")
    assert code == 0, err
    assert site.run("apply", "last", "--yes", "--lab", "-q")[0] == 0
    code, plan, err = site.ask("plan", "push", "WAN")
    assert (code, plan["refused"]) == (0, False), plan["plan"]["refusals"] + plan["plan"]["lockouts"]
    code, out, err = site.run("apply", plan["plan"]["id"], "--yes", "--accept-loss", "--lab", "-q", "-o", "json")
    assert code == 0, err
    assert configurations(site) != before
    code, back, err = site.ask("plan", "rollback", "last-apply")
    assert (code, back["refused"]) == (0, False), err
    code, out, err = site.run("apply", back["plan"]["id"], "--yes", "--accept-loss", "--lab", "-q", "-o", "json")
    assert code == 0, f"{out}{err}"
    assert configurations(site) == before
