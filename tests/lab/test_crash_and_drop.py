"""Kills at writes of the journal and drops at lines, over SSH, in real processes: after ``resume`` all is as wanted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import SOAK
from worksites import EXAMPLE, Worksite

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = Path(__file__).parents[1] / "crashing.py"
MEMBER, LINE, GROUP = "ham-gm1", "ip tcp adjust-mss", "WAN"
KEY_SERVER = "lds-ks1"
KILLED = -signal.SIGKILL
PLACES = {
    "before the intent": ("step-intended", 1, "before"),
    "after the intent": ("step-intended", 1, "after"),
    "before the outcome": ("step-outcome", 1, "before"),
    "after the outcome": ("step-outcome", 1, "after"),
    "after the proof": ("step-proven", 1, "after"),
    "while it is saved": ("step-outcome", 2, "before"),
}
SHORT = ("after the intent", "before the outcome", "while it is saved")
DROPS = ("drop-mid-line", "drop-before", "drop-after-apply")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    with Worksite(tmp_path_factory.mktemp("bank"), EXAMPLE) as site:
        yield site


def killed(site: Worksite, place: tuple[str, int, str], *words: str) -> int:
    """Run the program until it kills itself; its exit code."""
    kind, number, when = place
    done = subprocess.run(
        [sys.executable, str(DRIVER), kind, str(number), when, *words, "--lab"],
        cwd=site.root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode


def pushed(site: Worksite) -> tuple[str, list[str], int]:
    """A plan that changes a line of the member: its id, flags to apply it, and what is wanted."""
    path = site.published / "inventory" / "hosts.yaml"
    hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
    sizes = hosts[MEMBER]["data"]["getvpn"]["WAN"]["adjust_mss"]
    wanted = 1352 if set(sizes.values()) != {1352} else 1344
    hosts[MEMBER]["data"]["getvpn"]["WAN"]["adjust_mss"] = dict.fromkeys(sizes, wanted)
    path.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")
    code, plan, err = site.ask("plan", "push", MEMBER)
    assert (code, plan["empty"]) == (0, False), err
    return plan["plan"]["id"], ["--accept-loss"] if plan["loses"] else [], wanted


def sizes_on(site: Worksite) -> list[str]:
    return [line.strip() for line in site.lab.call(site.lab.router(MEMBER).running.lines) if LINE in line]


def nobody_configures(site: Worksite) -> bool:
    """Whether no session stands in configuration mode."""
    sessions = site.lab.call(lambda: list(site.lab.router(MEMBER).sessions))
    return not any(session.shell.blocks for session in sessions)  # type: ignore[attr-defined]


def to_the_end(site: Worksite) -> dict[str, Any]:
    code, done, err = site.ask("resume", "last-apply")
    assert code == 0, str(done["reason"]) + err
    return done


LONG = pytest.mark.skipif(not SOAK, reason="in the long form")


@pytest.mark.parametrize(
    "place", [pytest.param(place, id=name, marks=() if name in SHORT else LONG) for name, place in PLACES.items()]
)
def test_killed_while_a_member_is_pushed(bank: Worksite, place: tuple[str, int, str]) -> None:
    plan, flags, wanted = pushed(bank)
    assert killed(bank, place, "apply", plan, *flags, "--yes") == KILLED
    done = to_the_end(bank)
    assert done["state"] == "done"
    assert sizes_on(bank) == [f"{LINE} {wanted}"]
    assert nobody_configures(bank)
    assert bank.ask("plan", "push", MEMBER)[1]["empty"]
    assert bank.run("runs", "verify", "--lab")[0] == 0


@pytest.mark.parametrize("fault", DROPS)
def test_dropped_at_the_line(bank: Worksite, fault: str) -> None:
    plan, flags, wanted = pushed(bank)
    bank.arm(MEMBER, fault, LINE, 1)
    code, done, err = bank.ask("apply", plan, *flags, "--yes")
    bank.heal()
    assert code in {0, 3}, err
    done = done if code == 0 else to_the_end(bank)
    assert done["state"] == "done"
    assert sizes_on(bank) == [f"{LINE} {wanted}"]
    assert nobody_configures(bank)
    assert bank.ask("plan", "push", MEMBER)[1]["empty"]


REKEYED = {
    "after the intent": ("step-intended", 1, "after"),
    "between send and answer": ("step-outcome", 1, "before"),
    "after the outcome": ("step-outcome", 1, "after"),
}


@pytest.mark.parametrize("place", REKEYED.values(), ids=REKEYED)
def test_a_rekey_is_never_sent_twice(
    bank: Worksite, place: tuple[str, int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str | None] = []
    handles: Any = type(bank.lab.router(KEY_SERVER).gdoi.handles)
    rekey = handles.rekey

    def counted(self: object, group: str | None, *more: object, **options: object) -> object:
        sent.append(group)
        return rekey(self, group, *more, **options)

    monkeypatch.setattr(handles, "rekey", counted)
    code, plan, err = bank.ask("plan", "action", "rekey", GROUP)
    assert code == 0, err
    flags = ["--accept-loss"] if plan["loses"] else []
    assert killed(bank, place, "apply", plan["plan"]["id"], *flags, "--yes") == KILLED
    assert len(sent) == (place[0] == "step-outcome")
    code, done, err = bank.ask("resume", "last-apply")
    assert (code, len(sent)) == (0, 1), (done["reason"], err)
    code, _, err = bank.run("apply", plan["plan"]["id"], *flags, "--yes", "--lab")  # the same plan as another run
    assert (code == 0, len(sent)) == (False, 1), err


def test_a_second_controller_is_told_and_one_that_slept_sends_nothing(bank: Worksite) -> None:
    plan, flags, wanted = pushed(bank)
    before = sizes_on(bank)
    first = subprocess.Popen(
        [sys.executable, str(DRIVER), "step-intended", "1", "after", "apply", plan, *flags, "--yes", "--lab"],
        cwd=bank.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "CRASHING": "SIGSTOP"},
    )  # fmt: skip
    try:
        _, status = os.waitpid(first.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        code, _, err = bank.run("apply", plan, *flags, "--yes", "--lab")
        assert (code, "lease" in err) == (6, True), err
        code, held, err = bank.ask("runs", "leases")
        assert code == 0, err
        lease, run = held["leases"][0]["id"], held["leases"][0]["run"]
        code, _, err = bank.run("unlock", lease, "--reason", "its host hangs", "--lab")
        assert code == 0, err
    finally:
        first.send_signal(signal.SIGCONT)
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 6, said
    assert sizes_on(bank) == before, "who lost its lease types nothing"
    code, done, err = bank.ask("resume", run)
    assert (code, done["state"]) == (0, "done"), err
    assert sizes_on(bank) == [f"{LINE} {wanted}"]
