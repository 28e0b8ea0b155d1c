"""``adopt`` as it is typed: on captures, and on routers that answer over SSH."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from worksites import EXAMPLE, Worksite

if TYPE_CHECKING:
    from collections.abc import Iterator

CAPTURES = Path(__file__).parents[1] / "unit" / "engine" / "adopt" / "data" / "captures"
RUNNING = EXAMPLE / "lab_configs" / "running"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("adopt")
    with Worksite(root / "ops", EXAMPLE) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path) -> Worksite:
    """A folder without a workspace; nothing runs there."""
    return _Nowhere(tmp_path)


class _Nowhere(Worksite):
    def __init__(self, root: Path) -> None:
        self.root = root


ENDINGS = {
    "everything is as described": ("coop-with-type-6", 0),
    "something differs": ("mixed-router", 4),
    "a key server was not seen": ("appendix-a", 3),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_how_it_ends(case: str, place: Worksite) -> None:
    name, expected = ENDINGS[case]
    code, out, err = place.run("adopt", "--from", str(CAPTURES / name), "-o", "json")
    assert code == expected, err
    report = json.loads(out)
    assert report["folder"] is None
    assert report["mistakes"] == []
    assert set(report["files"]) == {"hosts.yaml", *(f"gdoi_groups/{group['name']}.yaml" for group in report["groups"])}


def test_files_are_written_once_and_never_changed(place: Worksite) -> None:
    words = ("adopt", "--from", str(CAPTURES / "gikev2"), "--out", "new", "-o", "json")
    assert place.run(*words)[0] == 0
    hosts = place.root / "new" / "hosts.yaml"
    assert stat.S_IMODE(hosts.stat().st_mode) == 0o600
    assert place.run(*words)[0] == 0, "the same files again are no change"
    group = place.root / "new" / "gdoi_groups" / "PEAK.yaml"
    mine = group.read_text(encoding="utf-8").replace("tek_lifetime: 14400", "tek_lifetime: 7200")
    group.write_text(mine, encoding="utf-8")
    hosts.unlink()
    code, _, err = place.run(*words)
    assert code == 2
    assert "-  tek_lifetime: 7200" in err
    assert "+  tek_lifetime: 14400" in err
    assert "nothing is written: gdoi_groups/PEAK.yaml" in err
    assert group.read_text(encoding="utf-8") == mine
    assert not hosts.exists()


WRONG = {
    "no folder": ("--from", "nowhere"),
    "filter with captures": ("--from", str(CAPTURES / "gikev2"), "--filter", "role=gm"),
    "an inventory for devices": ("--inventory", "x"),
    "a file in place of a folder": ("--from", str(CAPTURES / "gikev2"), "--out", __file__),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage(case: str, place: Worksite) -> None:
    code, out, err = place.run("adopt", *WRONG[case])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")


def test_a_table_for_a_person(place: Worksite) -> None:
    code, out, _ = place.run("adopt", "--from", str(CAPTURES / "mixed-router"), "-o", "table")
    assert code == 4
    lines = out.splitlines()
    assert lines[1].split() == ["MARSH", "10.77.0.0", "1", "whole", "marsh-ks"]
    assert "0 routers as described; 2 differ: marsh-ks, reed-gm" in lines
    assert "  reed-gm:51: access list FORGOTTEN - nothing refers to it" in lines
    assert lines[-1] == "nothing is written: --out DIR writes 2 files"
    for secret in ("onion", "garlic", "shallot", "leek"):
        assert secret not in out


def test_words_of_an_inventory_stay(place: Worksite) -> None:
    """A folder that a person wrote: its hosts keep their words, its host groups come along, and all of it is right."""
    known = place.root / "known"
    shutil.copytree(EXAMPLE, known, ignore=shutil.ignore_patterns("lab_configs", "README.md"))
    (known / "gdoi_groups" / "WAN.yaml").rename(known / "gdoi_groups" / "by-another-name.yaml")
    code, out, err = place.run("adopt", "--from", str(RUNNING), "--inventory", str(known), "--out", "new", "-o", "json")
    assert code in {0, 3}, (out[-2000:], err)
    report = json.loads(out)
    assert report["mistakes"] == []
    assert report["new_hosts"] == 0
    assert len(report["equal"]) == 27
    new = place.root / "new"
    assert (new / "groups.yaml").read_text(encoding="utf-8") == (known / "groups.yaml").read_text(encoding="utf-8")
    assert "site: leeds" in (new / "hosts.yaml").read_text(encoding="utf-8")


def test_running_routers_are_learnt_and_do_not_differ_afterwards(site: Worksite) -> None:
    code, out, err = site.run("adopt", "--lab", "--out", "learnt", "-o", "json")
    report = json.loads(out)
    assert code == 0, (report["remarks"], err)
    assert len(report["equal"]) == 27
    assert report["differing"] == {}
    assert report["remarks"] == [], "the inventory of the lab says what its routers show"
    assert report["source"] == "lab"
    shown = json.loads(site.run("runs", "--kind", "adopt", "--lab", "-o", "json")[1])
    assert shown[0]["id"] == report["run"]
    secret = [{"from": "file", "path": str(site.published / "password")}]
    site.settings(
        inventory="learnt",
        known_hosts=str(site.published / "known_hosts"),
        credentials={"password": secret, "enable": secret},
    )
    code, out, err = site.run("config", "diff", "--no-keys", "--quiet", "-o", "json")
    assert code == 0, (out[-2000:], err)
    assert len(json.loads(out)["devices"]) == 27
