"""The migration of the package over SSH, as it is typed: forward, and all the way back; no kind of packet is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import SOAK
from worksites import EXAMPLE, Worksite, part_of_example

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTS = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "ham-gm1", "ork-gm1", "nor-gm1", "swa-ce1")
KINDS = {"member", "full-df", "non-member", "management", "multicast"}
SECRET = {"from": "command", "argv": ["/bin/sh", "-c", 'printf %s "psk-$0-Kx7" | tr / -', "{name}"]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    folder = tmp_path_factory.mktemp("migrate")
    flows = (EXAMPLE / "lab_flows.yaml").read_text(encoding="utf-8")
    source = part_of_example(folder / "source", HOSTS)
    work = Worksite(folder / "work", source, EXAMPLE / "lab_configs" / "clear", flows)
    work.settings(secrets=[SECRET])
    with work:
        work.lab.call(setattr, work.lab.fleet.clock, "speed", 0.0)
        yield work


def asked(site: Worksite, *words: str) -> tuple[int, Any, str]:
    code, out, err = site.run(*words, "--lab", "-o", "json", "-q")
    return code, json.loads(out) if out else None, err


def told(site: Worksite) -> dict[str, dict[str, Any]]:
    """What became of the packets so far, by kind of flow."""
    found: dict[str, dict[str, Any]] = {}
    for flow, totals in site.lab.call(site.lab.fleet.life.ledger.by_flow).items():
        plain, sums = totals.plain(), found.setdefault(flow.kind, {"sent": 0, "lost": 0, "encrypted": 0})
        for name in sums:
            sums[name] += plain[name]
    return found


def lines(site: Worksite) -> dict[str, list[str]]:
    """What routers run, but for what a router writes by itself."""
    return {name: list(site.lab.call(site.lab.router(name).running.lines)) for name in HOSTS}


def left(site: Worksite, line: str) -> list[str]:
    return [name for name, held in lines(site).items() if any(text.strip() == line for text in held)]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="three minutes; `make demo` does the same forward, for the whole bank")
def test_forward_and_all_the_way_back_without_losing_a_packet(site: Worksite) -> None:
    before = lines(site)
    code, plan, err = asked(site, "plan", "migrate-to-getvpn", "WAN")
    assert code == 0, err
    assert len(plan["plan"]["stages"]) > 20
    code, done, err = asked(site, "apply", plan["plan"]["id"], "--accept-loss", "--ticket", "CHG0012")
    assert (code, done["state"]) == (0, "done"), err
    run = done["run"]["id"]
    site.lab.advance(300)
    sums = told(site)
    assert set(sums) == KINDS
    assert {kind: item["lost"] for kind, item in sums.items()} == dict.fromkeys(KINDS, 0)
    assert all(item["sent"] > 0 for item in sums.values())
    assert {kind for kind, item in sums.items() if item["encrypted"]} == {"member", "full-df"}
    assert (left(site, "sa receive-only"), left(site, "passive")) == ([], [])
    reports = site.root / ".getvpn-ops" / "lab-reports"
    assert "CHG0012" in (reports / f"{run}.md").read_text(encoding="utf-8")

    code, plan, err = asked(site, "plan", "push", "WAN")
    assert (code, plan["plan"]["waves"]) == (0, []), err

    code, back, err = asked(site, "rollback", run, "--accept-loss", "--yes")
    assert (code, back["exit_code"]) == (0, 0), err
    site.lab.advance(300)
    assert {kind: item["lost"] for kind, item in told(site).items()} == dict.fromkeys(KINDS, 0)
    assert lines(site) == before
