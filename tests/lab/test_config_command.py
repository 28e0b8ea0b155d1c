"""``config render`` and ``config diff`` as they are typed, on routers that answer over SSH."""

from __future__ import annotations

import csv
import io
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
import small_wan
from worksites import EXAMPLE, PASSWORD, Worksite

from getvpn_ops.devices.inventory import load_folder
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from getvpn_ops.model.inventory import Inventory

BY_HAND = {  # what somebody typed, as old and new text
    "fal-ks2": ((" deny tcp any eq 22 any\n", ""), ("  local priority 95\n", "  local priority 90\n")),
    "bat-gm1": (
        ("key Kq7-bat-gm1-x address 10.255.0.2", "key typed-wrong-8 address 10.255.0.2"),
        (" match address GETVPN_WAN_LOCAL\n", ""),
    ),
}
DRIFT = {
    "fal-ks2": {
        ("missing", "ip access-list extended GETVPN_WAN_POLICY", "deny tcp any eq 22 any"),
        ("changed", "redundancy", "local priority 95"),
    },
    "bat-gm1": {
        ("changed", "", "crypto isakmp key KEY address 10.255.0.2"),
        ("missing", "crypto map GETVPN-MAP 10 gdoi", "match address GETVPN_WAN_LOCAL"),
    },
}
PORT = 23700  # and up, for the four routers of a site


def site_of(root: Path, edits: Mapping[str, tuple[tuple[str, str], ...]], port: int) -> Worksite:
    source, configs = small_wan.written(root / "source"), root / "configs"
    configs.mkdir()
    inventory: Inventory = load_folder(source).inventory
    for device in small_wan.DEVICES:
        text = small_wan.running(inventory, device)
        for old, new in edits.get(device, ()):
            assert old in text
            text = text.replace(old, new, 1)
        (configs / f"{device}.cfg").write_text(text, encoding="utf-8")
    site = Worksite(root / "ops", source)
    site.lab = Background(Settings(source, configs, seed=7, password=PASSWORD, first_port=port))
    return site


def with_keys(site: Worksite) -> None:
    """Give the workspace a source of secrets: one file for each name."""
    for name in (*small_wan.DEVICES, "fal-ks2-hub-ks1"):
        path = site.root / "keys" / "psk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{small_wan.key_of(name)}\n", encoding="utf-8")
        path.chmod(0o600)
    site.settings(secrets=[{"from": "file", "path": "keys/{name}"}])


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    with site_of(tmp_path_factory.mktemp("healthy"), {}, PORT) as site:
        yield site


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    with site_of(tmp_path_factory.mktemp("drifted"), BY_HAND, PORT + 20) as site:
        yield site


@pytest.fixture(autouse=True)
def _afresh(healthy: Worksite, drifted: Worksite) -> Iterator[None]:
    for site in (healthy, drifted):
        with_keys(site)
    yield
    for site in (healthy, drifted):
        site.heal()


def without_print(text: str) -> str:
    head, _, tail = text.partition("<redacted")
    return f"{head}KEY{tail.partition('>')[2]}" if tail else text


def by_device(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["device"]: item for item in answer["devices"]}


def test_a_fleet_as_intended_has_no_drift_and_all_its_keys_were_compared(healthy: Worksite) -> None:
    code, answer, _ = healthy.ask("config", "diff")

    assert code == 0, answer
    assert answer["counts"] == {"as intended": 4, "drift": 0, "unknown": 0}
    assert [item["remarks"] for item in answer["devices"]] == [[]] * 4
    assert answer["source"] == "lab"


def test_without_a_source_of_secrets_keys_are_said_to_be_uncompared(healthy: Worksite) -> None:
    healthy.settings()

    code, out, _ = healthy.run("config", "diff", "--lab", "-o", "table")

    assert code == 0
    assert "10 keys on 4 devices not compared: `secrets:` of getvpn-ops.yaml names no source" in out
    assert "not compared" not in healthy.run("config", "diff", "--lab", "-o", "table", "--no-keys")[1]


def test_a_source_that_lacks_a_key_leaves_its_routers_unknown(healthy: Worksite) -> None:
    (healthy.root / "keys" / "psk" / "abe-gm1").unlink()

    code, answer, _ = healthy.ask("config", "diff")

    standing = {name: item["standing"] for name, item in by_device(answer).items()}
    assert (code, standing["abe-gm1"], standing["hub-ks1"], standing["bat-gm1"]) == (
        3,
        "unknown",
        "unknown",
        "as intended",
    )
    assert "psk/abe-gm1 is not known here" in by_device(answer)["abe-gm1"]["reason"]


def test_what_was_changed_by_hand_is_found_and_no_secret_is_shown(drifted: Worksite) -> None:
    code, answer, err = drifted.ask("config", "diff", "--changes")

    assert code == 4
    found = {
        name: {
            (drift["kind"], (drift["path"] or [""])[-1], without_print(drift["intended"])) for drift in item["drifts"]
        }
        for name, item in by_device(answer).items()
        if item["drifts"]
    }
    assert found == DRIFT
    assert all(step["rollback"] for item in answer["devices"] for step in item["change"] or [])
    effects = [step["effect"] for step in by_device(answer)["fal-ks2"]["change"]]
    assert effects.count("by-command") == 1
    text = json.dumps(answer) + err
    assert not [secret for secret in ("Kq7-", "typed-wrong-8") if secret in text]


def test_devices_and_groups_may_be_named_and_chosen(drifted: Worksite) -> None:
    for words, devices, code in (
        (("hub-ks1",), ["hub-ks1"], 0),
        (("WAN", "--filter", "role=gm"), ["abe-gm1", "bat-gm1"], 4),
        (("--limit", "fal*"), ["fal-ks2"], 4),
    ):
        got, answer, _ = drifted.ask("config", "diff", *words)
        assert (got, [item["device"] for item in answer["devices"]]) == (code, devices)
    code, _, err = drifted.run("config", "diff", "hub-ks7", "--lab")
    assert (code, "did you mean hub-ks1?" in err) == (2, True)


def test_a_router_that_does_not_answer_is_never_without_drift(healthy: Worksite) -> None:
    healthy.arm("abe-gm1", "reload", seconds="3600")
    healthy.arm("bat-gm1", "truncate")

    code, answer, _ = healthy.ask("config", "diff")

    standing = {name: (item["standing"], bool(item["reason"])) for name, item in by_device(answer).items()}
    assert code == 3
    assert standing["abe-gm1"] == standing["bat-gm1"] == ("unknown", True)
    assert standing["hub-ks1"] == standing["fal-ks2"] == ("as intended", False)


def test_the_table_reads_as_a_diff_and_the_sheet_has_a_row_for_each_line(drifted: Worksite) -> None:
    _, out, _ = drifted.run("config", "diff", "--lab", "-o", "table", "--changes")
    lines = out.splitlines()
    assert lines[0] == "4 devices: 2 as intended, 2 differ (4 lines)"
    at = lines.index("  @ crypto gdoi group WAN / server local / redundancy")
    assert lines[at + 1 : at + 3] == ["  - local priority 90", "  + local priority 95"]
    assert any(line.strip() == "< no ip access-list extended GETVPN_WAN_POLICY_r2" for line in lines)

    _, out, _ = drifted.run("config", "diff", "--lab", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["device"] for row in rows} == set(small_wan.DEVICES)
    assert sum(row["kind"] in {"missing", "extra", "changed"} for row in rows) == 4

    _, out, _ = drifted.run("config", "diff", "--lab", "-o", "ndjson")
    assert [json.loads(line)["device"] for line in out.splitlines()] == list(small_wan.DEVICES)


def test_what_was_read_is_kept_without_secrets(healthy: Worksite) -> None:
    _, answer, _ = healthy.ask("config", "diff")

    code, out, _ = healthy.run("runs", "--lab", "-o", "json")
    assert code == 0
    assert any(run["id"] == answer["run"] and run["kind"] == "config" for run in json.loads(out))
    kept = (healthy.root / ".getvpn-ops" / "lab-store.db").read_bytes()
    assert b"Kq7-" not in kept


def test_configurations_are_rendered_for_the_screen_and_into_files(healthy: Worksite) -> None:
    code, out, _ = healthy.run("config", "render", "abe-gm1", "--lab")
    assert code == 0
    assert "crypto isakmp key <secret:psk/abe-gm1> address 10.255.0.1\n" in out
    assert not out.startswith("! ====")

    code, out, _ = healthy.run("config", "render", "WAN", "--role", "gm", "--lab", "-o", "json")
    assert [item["device"] for item in json.loads(out)["devices"]] == ["abe-gm1", "bat-gm1"]

    code, _, err = healthy.run("config", "render", "WAN", "--lab", "--out", "written")
    assert (code, "4 files written to written" in err) == (0, True)
    files = sorted((healthy.root / "written").iterdir())
    assert [path.name for path in files] == sorted(f"{name}.cfg" for name in small_wan.DEVICES)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_worked_example_runs_what_its_intents_say(tmp_path: Path) -> None:
    with Worksite(tmp_path / "bank", EXAMPLE) as bank:
        code, answer, _ = bank.ask("config", "diff")

    assert [item for item in answer["devices"] if item["drifts"] or item["reason"]] == []
    assert (code, answer["counts"]["as intended"]) == (0, 27)


MISTAKES = {
    "no such name": (("config", "render", "nobody"), "has no group and no device 'nobody'"),
    "no device of the role": (("config", "render", "abe-gm1", "--role", "ks"), "no device there has the role ks"),
    "files of JSON": (("config", "render", "WAN", "--out", "x", "-o", "json"), "--out writes a file of text"),
    "an inventory beside the devices": (("config", "diff", "-i", "source"), "--inventory goes with --from"),
    "nobody left": (("config", "diff", "hub-ks1", "--filter", "role=gm"), "leave none of the devices named"),
    "filters with captures": (("config", "diff", "--from", ".", "--limit", "2"), "name devices or groups"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_wrong_usage_is_said(name: str, healthy: Worksite) -> None:
    words, message = MISTAKES[name]

    code, out, err = healthy.run(*words, "--lab")

    assert (code, out) == (2, "")
    assert message in err
