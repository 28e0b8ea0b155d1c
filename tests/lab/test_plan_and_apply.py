"""``plan``, ``apply``, ``show`` and ``resume`` as they are typed, on routers that answer over SSH (P1, P6, P15)."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from worksites import EXAMPLE, Worksite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEMBER = "ham-gm1"
LINE = "ip tcp adjust-mss"
WANTED = 1352


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    with Worksite(tmp_path_factory.mktemp("bank"), EXAMPLE) as site:
        yield site


@pytest.fixture(autouse=True)
def _as_written(bank: Worksite) -> Iterator[None]:
    texts = {path: path.read_text(encoding="utf-8") for path in (bank.published / "inventory").rglob("*.yaml")}
    yield
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def intend(site: Worksite, size: int) -> None:
    """Another size of TCP segments on one member."""
    path = site.published / "inventory" / "hosts.yaml"
    hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
    sizes = hosts[MEMBER]["data"]["getvpn"]["WAN"]["adjust_mss"]
    hosts[MEMBER]["data"]["getvpn"]["WAN"]["adjust_mss"] = dict.fromkeys(sizes, size)
    path.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")


def typed(site: Worksite) -> list[str]:
    """Configuration lines of the member that speak of the size."""
    lines = site.lab.call(site.lab.router(MEMBER).running.lines)
    return [line.strip() for line in lines if LINE in line]


def planned(site: Worksite, *words: str) -> tuple[int, dict[str, Any]]:
    code, answer, _ = site.ask("plan", *words)
    return code, answer


def test_a_plan_is_shown_kept_applied_and_then_there_is_nothing_left_to_do(bank: Worksite) -> None:
    intend(bank, WANTED)

    code, plan = planned(bank, "push", MEMBER)
    name = plan["plan"]["id"]
    assert (code, plan["refused"], plan["empty"]) == (0, False, False)
    assert [item["name"] for item in plan["plan"]["devices"] if item["is_changed"]] == [MEMBER]
    assert set(plan["rollback_sheets"]) == {MEMBER}
    kept = bank.root / ".getvpn-ops" / "lab-plans" / f"{name}.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert typed(bank) == [f"{LINE} 1360"]

    flags = ["--accept-loss"] if plan["loses"] else []
    code, done, err = bank.ask("apply", name[:-1], *flags)
    assert code == 0, done["reason"] + err
    assert typed(bank) == [f"{LINE} {WANTED}"]
    assert {step["result"] for step in done["steps"]} == {"applied"}
    assert all(step["proven"] for step in done["steps"])
    assert (done["state"], done["waiting"], done["leases"]) == ("done", [], [])

    run = done["run"]["id"]
    code, shown, _ = bank.ask("show", run)
    assert (code, shown["steps"]) == (0, done["steps"])
    _, verified, _ = bank.ask("runs", "verify")
    assert verified["head"].startswith(shown["journal"]["head"])
    assert shown["journal"] == done["journal"]

    code, again, _ = bank.ask("apply", name, *flags)  # P6
    assert (code, again["steps"]) == (7, [])
    code, plan = planned(bank, "push", MEMBER)
    assert (code, plan["empty"]) == (0, True)
    code, nothing, _ = bank.ask("apply", "last")
    assert (code, nothing["run"], nothing["steps"]) == (0, None, [])
    assert bank.ask("resume", run)[0] == 0

    code, back = planned(bank, "rollback", run)
    assert (code, back["refused"]) == (0, False)
    intend(bank, 1360)  # a rollback is of the inventory that is there when it is planned
    code, back = planned(bank, "rollback", run)
    code, done, _ = bank.ask("apply", back["plan"]["id"], *(["--accept-loss"] if back["loses"] else []))
    assert (code, typed(bank)) == (0, [f"{LINE} 1360"]), done["reason"]


def test_a_changed_byte_of_a_plan_or_a_changed_line_of_a_device_makes_it_stale(bank: Worksite, tmp_path: Path) -> None:
    intend(bank, 1340)
    code, plan = planned(bank, "push", MEMBER)
    flags = ["--accept-loss"] if plan["loses"] else []
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(plan).replace("1340", "1341"), encoding="utf-8")
    assert bank.run("apply", str(edited), *flags, "--lab")[0] == 7
    whole = tmp_path / "report.json"
    whole.write_text(json.dumps(plan), encoding="utf-8")
    assert bank.run("plan", "show", str(whole), "--lab", "-o", "table")[0] == 0

    intend(bank, 1342)
    code, _, err = bank.run("apply", plan["plan"]["id"], *flags, "--lab")
    assert (code, "the inventory or an intent changed" in err) == (7, True)

    intend(bank, 1340)
    router = bank.lab.router(MEMBER)
    bank.lab.call(router.running.load, ("ip access-list extended STRAY", " permit ip any any"))
    code, done, _ = bank.ask("apply", plan["plan"]["id"], *flags)
    assert (code, done["steps"]) == (7, [])
    assert "changed since the plan was made" in done["reason"]
    assert typed(bank) == [f"{LINE} 1360"]


def test_loss_that_nobody_accepted_refuses_a_plan(bank: Worksite) -> None:
    path = bank.published / "inventory" / "gdoi_groups" / "WAN.yaml"
    group = yaml.safe_load(path.read_text(encoding="utf-8"))
    group["policies"][0]["acl"]["exempt"].append("10.63.0.0/16")
    path.write_text(yaml.safe_dump(group, sort_keys=False), encoding="utf-8")

    code, plan = planned(bank, "push", "WAN", "--filter", "role=ks")
    assert (code, plan["loses"], plan["next"].count("--accept-loss")) == (0, True, 1)
    code, out, err = bank.run("apply", "last", "--lab")
    assert (code, out) == (4, "")
    assert "loses traffic, or may: nothing was sent" in err
    code, out, _ = bank.run("plan", "show", "--lab", "-o", "sheet")
    assert out.count("! ==== ") == 3
    assert "configure terminal\ncrypto gdoi group WAN\n server local\n  sa ipsec 1\n" in out
