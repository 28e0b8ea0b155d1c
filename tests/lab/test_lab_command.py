"""``getvpn-ops lab`` as a new user types it. The lab is a process of its own; what asks it is typed in this one."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTS = "ks1: {data: {site: dc1, role: ks}}\ngm1: {data: {release: 12.4(22)T5, site: b1, role: gm}}\n"


class Workspace:
    """A folder in which someone uses the lab."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / ".getvpn-ops" / "lab"

    def run(self, *words: str, code: int = 0) -> str:
        """Run ``getvpn-ops lab``; returns stdout and stderr."""
        done = typed("lab", *words, where=self.root)
        shown = (done.stdout + done.stderr).decode()
        assert done.returncode == code, shown
        return shown

    def ask(self, *words: str) -> Any:  # noqa: ANN401 -- JSON
        done = typed("lab", *words, "-o", "json", where=self.root)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def device(self, name: str) -> Any:  # noqa: ANN401 -- JSON
        return next(item for item in self.ask("status")["devices"] if item["name"] == name)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = Workspace(tmp_path_factory.mktemp("workspace"))
    inventory = made.root / "inventory"
    (inventory / "lab_configs" / "clear").mkdir(parents=True)
    (inventory / "hosts.yaml").write_text(HOSTS)
    for name in ("ks1", "gm1"):
        (inventory / "lab_configs" / "clear" / f"{name}.cfg").write_text(f"hostname {name}\nip cef\n")
    made.run("up", "--inventory", "inventory", "--seed", "3")
    yield made
    made.run("down")
    assert sorted(path.name for path in made.state.iterdir()) == ["lab.out", "lock"]
    assert "no lab is running here; start one with getvpn-ops lab up" in made.run("status", code=2)


def test_status(place: Workspace) -> None:
    shown = place.run("status", "-o", "table")
    assert "2 routers, seed 3" in shown
    assert "12.4(22)T5" in shown
    status = place.ask("status")
    assert [device["name"] for device in status["devices"]] == ["ks1", "gm1"]
    assert all(device["answering"] and device["saved"] for device in status["devices"])
    assert status["configs"].endswith("clear")


def test_a_second_one_is_refused(place: Workspace) -> None:
    assert "running in this workspace already" in place.run("up", "--inventory", "inventory", code=2)
    assert "running in this workspace already" in place.run("up", "-i", "inventory", "--foreground", code=2)
    assert place.ask("status")["seed"] == 3


def test_all_that_it_leaves_is_private(place: Workspace) -> None:
    for path in (place.state, *place.state.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    settings = yaml.safe_load((place.state / "settings.yaml").read_text())
    assert settings["clock"] == f"unix:{place.state / 'control.sock'}"


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client")
def test_a_person_logs_in_by_key_with_pinned_host_keys(place: Workspace) -> None:
    command = ["ssh", "-F", str(place.state / "ssh_config"), "-o", "BatchMode=yes"]
    done = subprocess.run([*command, "ks1", "show clock"], capture_output=True, text=True, timeout=20, check=True)
    assert " UTC " in done.stdout
    old = subprocess.run([*command, "gm1", "show clock"], capture_output=True, text=True, timeout=20, check=False)
    assert "Permission denied" in old.stderr, "12.4 knows no login by key, and there is nobody to type a password"


def test_the_inventory_is_one_for_stock_nornir(place: Workspace) -> None:
    hosts = yaml.safe_load((place.state / "inventory" / "hosts.yaml").read_text())
    assert hosts["ks1"]["hostname"] == "127.0.0.1"
    assert hosts["ks1"]["port"] == place.device("ks1")["port"]
    assert hosts["ks1"]["data"]["site"] == "dc1"
    defaults = yaml.safe_load((place.state / "inventory" / "defaults.yaml").read_text())
    assert defaults["password"] == (place.state / "password").read_text().strip()


def test_time_and_faults(place: Workspace) -> None:
    now = place.ask("advance", "+10m")["now"]
    assert place.ask("advance", "+2h")["now"] > now
    assert "has passed" in place.run("advance", "2001-01-01", code=2)
    assert "not a time" in place.run("advance", "soon", code=2)
    assert "say where to" in place.run("advance", code=2)
    place.run("fault", "ks1", "slow-echo", "seconds=9")
    place.run("fault", "gm1", "drop-after-apply", "--line", "match address", "--step", "swap")
    assert [item["kind"] for item in place.device("ks1")["faults"]] == ["slow-echo"]
    assert "from step 'swap'" in place.run("status", "-o", "table")
    place.run("mark", "swap")
    assert [item["kind"] for item in place.device("gm1")["faults"]] == ["drop-after-apply"]
    assert "2 faults cleared" in place.run("fault", "--clear")
    assert place.device("ks1")["faults"] == []
    assert "no fault is called 'slowness'" in place.run("fault", "ks1", "slowness", code=2)
    assert "no device 'ks7'" in place.run("fault", "ks7", "hang", code=2)
    assert "slow-echo" in place.run("fault", "--list", "-o", "table")
    script = place.root / "faults.yaml"
    script.write_text("- {device: '*', fault: ansi, at: +1h}\n")
    place.run("fault", "--script", str(script))
    place.run("advance", "+2h")
    assert [item["kind"] for item in place.device("gm1")["faults"]] == ["ansi"]
    place.run("fault", "--clear")


def test_variants(place: Workspace) -> None:
    assert place.ask("variant", "gm1")["gm1"]["passive"] == "at once"
    chosen = place.ask("variant", "gm1", "passive=next rekey", "passive_accepts_clear=no", "direction_gap=2")
    assert chosen["gm1"] == {
        **chosen["gm1"],
        "passive": "next rekey",
        "passive_accepts_clear": False,
        "direction_gap": 2,
    }
    assert "next rekey" in place.run("variant", "*", "-o", "table")
    assert "no variant is called 'speed'" in place.run("variant", "gm1", "speed=1", code=2)
    assert "expected one of at once, next rekey" in place.run("variant", "gm1", "passive=never", code=2)


def test_ledger(place: Workspace) -> None:
    place.run("advance", "+10m")
    found = place.ask("ledger")
    assert found["totals"]["sent"] == found["totals"]["clear"]
    assert place.ask("status")["traffic"]["lost"] == 0
    assert "sent" in place.run("ledger", "-o", "table")


def test_events(place: Workspace) -> None:
    place.run("mark", "a-step")
    found = place.ask("events", "--kind", "mark")
    assert found[-1]["text"] == "a-step"
    assert "a-step" in place.run("events", "-o", "table")


def test_pace(place: Workspace) -> None:
    assert place.ask("advance", "--speed", "0")["speed"] == 0
    first = place.ask("status")["now"]
    assert place.ask("status")["now"] == first
    assert place.ask("advance", "--speed", "1")["speed"] == 1


WRONG = {
    "no-inventory": (["up", "-i", "nowhere"], "there is no such file"),
    "no-configs": (["up", "-i", "inventory", "-c", "nowhere"], "there is no folder nowhere"),
    "no-workspace": (["status", "-w", "nowhere"], "there is no folder nowhere"),
    "bad-option": (["fault", "ks1", "hang", "seconds"], "an option is KEY=VALUE"),
    "bad-script": (["up", "-i", "inventory", "--faults", "inventory/hosts.yaml"], "expected a list of faults"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_mistakes(place: Workspace, words: list[str], said: str) -> None:
    assert said in place.run(*words, code=2)


def test_trouble_at_the_start_is_told(tmp_path: Path) -> None:
    made = Workspace(tmp_path)
    (tmp_path / "hosts.yaml").write_text("a: {}\nb: {}\n")
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "a.cfg").write_text("hostname a\nthis is no line\n")
    shown = made.run("up", "-i", ".", "-c", "twin", "-o", "table", code=4)
    try:
        assert "a: 1 line not understood:" in shown
        assert "this is no line" in shown
        assert "no start configuration, so they start empty: b" in shown
    finally:
        made.run("down")


def test_a_deep_workspace(tmp_path: Path) -> None:
    """The path of a socket has a limit that paths of folders do not have."""
    made = Workspace(tmp_path / ("deep" * 20) / ("deeper" * 15))
    made.root.mkdir(parents=True)
    (made.root / "hosts.yaml").write_text("a: {}\n")
    made.run("up", "-i", ".")
    try:
        settings = yaml.safe_load((made.state / "settings.yaml").read_text())
        socket = settings["clock"].removeprefix("unix:")
        assert stat.S_IMODE(os.stat(socket).st_mode) == 0o600  # noqa: PTH116 -- as the system sees it
        assert len(made.ask("status")["devices"]) == 1
    finally:
        made.run("down")
