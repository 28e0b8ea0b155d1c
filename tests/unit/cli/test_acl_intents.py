"""``acl`` on what the inventory says: a planned change is proven before anything is rendered."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import small_wan

from getvpn_ops.cli.app import main
from getvpn_ops.devices.inventory import load_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


def group(*exempt: str, encrypt: str = "10.0.0.0/8 -> 10.0.0.0/8") -> dict[str, Any]:
    """The group with another list."""
    return {**small_wan.WAN, "policies": [{"acl": {"exempt": list(exempt), "encrypt": [encrypt]}}]}


SITES = {
    "abe_gm1": {"prefixes": ["10.1.0.0/16"]},
    "bat_gm1": {"prefixes": ["10.2.0.0/16"]},
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Start the command beside captures of routers that hold what ``now`` says, and a plan in ``then``."""
    now = small_wan.loaded(tmp_path / "now", **SITES)
    (tmp_path / "routers").mkdir()
    for device in small_wan.DEVICES:
        (tmp_path / "routers" / f"{device}.cfg").write_text(small_wan.running(now, device))
    monkeypatch.chdir(tmp_path)

    def started(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["getvpn-ops", "acl", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return started


class Plan(NamedTuple):
    group: dict[str, Any]
    code: int
    says: tuple[str, ...]


PLANS = {
    "as it is": Plan(small_wan.WAN, 0, ("equivalent",)),
    "in another order": Plan(group("bgp", "ssh", "gdoi"), 0, ("equivalent",)),
    "an exemption more": Plan(group("gdoi", "ssh", "bgp", "ntp"), 4, ("encrypted -> clear", "eq ntp")),
    "an exemption less": Plan(group("gdoi", "ssh"), 4, ("clear -> encrypted", "eq bgp")),
    "half of the network": Plan(
        group("gdoi", "ssh", "bgp", encrypt="10.0.0.0/9 -> 10.0.0.0/9"),
        4,
        ("encrypted -> clear", "no line (the end of the list)"),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_held_against_what_runs(run: Run, tmp_path: Path, name: str) -> None:
    plan = PLANS[name]
    small_wan.written(tmp_path / "then", plan.group, **SITES)
    code, out, err = run("diff", "WAN", "intent:WAN", "--from", "routers", "-i", "then", "-o", "table")
    assert code == plan.code, (out, err)
    assert [words for words in plan.says if words not in out] == []


def test_two_intents_need_no_router(run: Run) -> None:
    assert run("diff", "intent:WAN", "intent:WAN", "-i", "now")[0] == 0
    assert run("diff", "intent:WAN", "intent:bat-gm1:GETVPN_WAN_LOCAL", "-i", "now")[0] == 4
    assert run("diff", "intent:WAN:GETVPN_WAN_POLICY", "intent:WAN", "-i", "now")[0] == 0


def test_an_intent_is_linted_with_its_members(run: Run) -> None:
    code, out, err = run("lint", "intent:WAN", "-i", "now", "-o", "json")
    said = json.loads(out)
    assert (code, err) == (4, "")
    outcomes = {(item["spec_id"], item["subject"]): item for item in said["outcomes"]}
    mirror = outcomes["acl-local-mirror", "WAN"]
    assert mirror["status"] == "fail"
    assert "abe-gm1 expects" in mirror["findings"][0]["actual"]
    assert mirror["findings"][0]["evidence"][0]["command"] == "intended configuration"
    assert said["visits"] == []
    assert "intent of WAN" in said["source"]
    assert {item["name"] for item in said["lists"]} == {"WAN on hub-ks1, fal-ks2", "WAN, own list of bat-gm1"}
    assert outcomes["acl-services", "WAN"]["status"] == "not-applicable"
    management = next(item for (rule, _), item in outcomes.items() if rule == "acl-management")
    assert {item["status"] for item in management["findings"]} == {"pass", "fail"}  # no configuration says: not used


def test_a_flow_is_explained_by_an_intent(run: Run) -> None:
    code, out, _ = run("explain", "tcp 10.2.9.4:40000 -> 10.1.9.8:443", "intent:WAN", "-i", "now", "-o", "json")
    said = {item["device"]: item["sends"]["action"] for item in json.loads(out)["decisions"]}
    assert code == 0
    assert said == {"": "encrypted", "abe-gm1": "encrypted", "bat-gm1": "clear"}


WRONG = {
    "no such group": (("lint", "intent:WNA", "-i", "now"), "no file in gdoi_groups/"),
    "a group nobody describes": (("diff", "intent:LAN", "intent:WAN", "-i", "now"), "no file in gdoi_groups/"),
    "a group for health checks only": (("lint", "intent:WAN", "-i", "bare"), "serves health checks only"),
    "a device alone": (("diff", "intent:bat-gm1", "intent:WAN", "-i", "now"), "name one of its lists"),
    "no such list": (("diff", "intent:bat-gm1:NONE", "intent:WAN", "-i", "now"), "there are: GETVPN_WAN_LOCAL"),
    "nothing behind it": (("lint", "intent:", "-i", "now"), "no file in gdoi_groups/"),
    "no inventory": (("lint", "intent:WAN"), "name it with --inventory"),
    "no interfaces": (("lint", "intent:WAN", "-i", "odd"), "interfaces"),
    "as a member's own": (("lint", "intent:WAN", "-i", "now", "--local"), "--local goes with a file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_intent_says_is_said(run: Run, tmp_path: Path, name: str) -> None:
    bare = {key: value for key, value in small_wan.WAN.items() if key in {"schema", "name", "identity", "key_servers"}}
    small_wan.written(tmp_path / "bare", bare)
    small_wan.written(tmp_path / "odd", abe_gm1={"getvpn": {}})
    arguments, words = WRONG[name]
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_groups_of_a_router_in_two_vrfs_do_not_overlap_by_intent(run: Run, tmp_path: Path) -> None:
    own = small_wan.DEVICES["abe-gm1"]["getvpn"]["WAN"]
    for name, vrf in (("same", {}), ("apart", {"vrf": "CARDS"})):
        cards = {**own, **vrf, "interfaces": ["GigabitEthernet0/0/2"], "map_name": "CARDS-MAP", "adjust_mss": {}}
        data = {"gdoi_groups": ["WAN", "CARDS"], "getvpn": {"WAN": own, "CARDS": cards}}
        servers = {"gdoi_groups": ["WAN", "CARDS"]}
        folder = small_wan.written(tmp_path / name, abe_gm1=data, hub_ks1=servers, fal_ks2=servers)
        text = (folder / "gdoi_groups" / "WAN.yaml").read_text()
        (folder / "gdoi_groups" / "CARDS.yaml").write_text(
            text.replace("name: WAN", "name: CARDS").replace("51001", "51002")
        )
        assert set(load_folder(folder).inventory.gdoi_groups) == {"WAN", "CARDS"}
    found = {}
    for name in ("same", "apart"):
        _, out, err = run("lint", "intent:WAN", "-i", name, "-o", "json")
        assert out, err
        found[name] = next(item["status"] for item in json.loads(out)["outcomes"] if item["spec_id"] == "acl-overlap")
    assert found == {"same": "fail", "apart": "not-applicable"}
