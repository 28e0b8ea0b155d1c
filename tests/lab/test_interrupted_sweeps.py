"""Sweeps that are broken off, killed, or run beside each other: each ends soon and says so, and the store is right."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from worksites import Program, Worksite, part_of_example

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("lds-ks1", "ams-ks1", "dub-ks1", "lds-gm1", "man-gm1", "nor-gm1")
STUCK = "man-gm1"
HEALTH = ("health", "-o", "json", "--interval", "0")
PATIENCE = 120
"""Seconds for what must end by itself; a router that hangs would take far longer."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worksite]:
    root = tmp_path_factory.mktemp("interrupted")
    with Worksite(root, part_of_example(root / "source", NAMES)) as made:
        made.as_real(ssh={"command_timeout": 3600, "deadline": 3600})
        yield made


@pytest.fixture(autouse=True)
def _healed(site: Worksite) -> None:
    site.heal()


def stuck(site: Worksite) -> bool:
    """Whether the router does not answer the command any more."""
    router = site.lab.router(STUCK)
    return site.lab.call(lambda: not router.faults.armed)


def ended(running: Program) -> tuple[int, dict[str, Any], str]:
    code, out, err = running.ended(PATIENCE)
    assert "Traceback" not in err
    return code, json.loads(out), err


def last_run(site: Worksite) -> dict[str, Any]:
    code, out, err = site.run("runs", "-o", "json", "--last", "1")
    assert code == ExitCode.GOOD, err
    return dict(json.loads(out)[0])


FINISHING, LEAVING = "finishing the devices in hand", "leaving the devices in hand"
SIGNALS = {
    "Ctrl-C twice": ((signal.SIGINT, FINISHING), (signal.SIGINT, LEAVING)),
    "SIGTERM": ((signal.SIGTERM, LEAVING),),
    "terminal gone, then SIGTERM": ((signal.SIGHUP, FINISHING), (signal.SIGTERM, LEAVING)),
}


@pytest.fixture
def _hears_of_its_terminal() -> Iterator[None]:
    """A child would inherit the deafness of tests that run under ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_hears_of_its_terminal")
@pytest.mark.parametrize("case", SIGNALS)
def test_a_device_that_hangs_is_left(site: Worksite, case: str) -> None:
    site.arm(STUCK, "hang", "show crypto gdoi", 1)
    running = site.start(*HEALTH)
    running.until(lambda: stuck(site), PATIENCE)
    for number, words in SIGNALS[case]:
        running.signal(number)
        running.says(words, PATIENCE)  # two signals that come at once may be one
    code, told, _ = ended(running)
    assert code == ExitCode.INTERRUPTED
    visits = {item["device"]: item["trouble"] for item in told["visits"]}
    assert set(visits) == set(NAMES)
    assert visits[STUCK] == Trouble.CANCELLED.value
    assert {outcome["status"] for outcome in told["outcomes"] if outcome["subject"] == STUCK} <= {
        "unknown", "not-applicable", "pass",
    }  # fmt: skip
    assert last_run(site)["exit_code"] == ExitCode.INTERRUPTED


def test_the_first_ctrl_c_lets_devices_in_hand_answer(site: Worksite) -> None:
    site.arm(STUCK, "slow-echo", "show crypto gdoi$", 1, seconds="2")
    running = site.start(*HEALTH)
    running.until(lambda: stuck(site), PATIENCE)
    running.signal(signal.SIGINT)
    code, told, said = ended(running)
    assert (code, "finishing the devices in hand" in said) == (ExitCode.INTERRUPTED, True)
    assert not [item["reason"] for item in told["visits"] if item["trouble"]]


def test_ctrl_c_ends_the_wait_between_two_looks(site: Worksite) -> None:
    running = site.start("health", "-o", "json", "--interval", "3000")
    running.says(f"{len(NAMES)} of {len(NAMES)} devices", PATIENCE)
    running.signal(signal.SIGINT)
    code, told, _ = ended(running)
    assert code == ExitCode.INTERRUPTED
    assert not [item["reason"] for item in told["visits"] if item["trouble"]]
    assert "one look only" in json.dumps(told)


def test_a_killed_run_is_not_taken_for_a_finished_one(site: Worksite) -> None:
    assert site.run(*HEALTH, "-q")[0] in {ExitCode.GOOD, ExitCode.UNDETERMINED}
    finished = last_run(site)["id"]
    for command in ("health", "collect"):
        site.arm(STUCK, "hang", "show crypto gdoi", 1)
        more = ("--out", "captures") if command == "collect" else ()
        running = site.start(command, "-o", "json", "--interval", "0", *more)
        running.until(lambda: stuck(site), PATIENCE)
        running.signal(signal.SIGKILL)
        assert running.ended(PATIENCE)[1] == ""
        killed = last_run(site)
        assert (killed["kind"], killed["ended"], killed["exit_code"]) == (command, None, None)
        code, _, said = site.run("health", "--interval", "0", "--since", killed["id"])
        assert (code, killed["id"] in said, finished in said) == (ExitCode.USAGE, True, True), said
    assert not [item.name for item in site.root.iterdir() if "captures" in item.name]
    shown = site.run("runs", "-o", "table", "--last", "1")[1]
    assert "did not end" in shown
    code, out, said = site.run(*HEALTH, "--changes")
    assert json.loads(out)["compared_with"] == finished, said
    assert code in {ExitCode.GOOD, ExitCode.UNDETERMINED}


def test_two_at_once_in_one_workspace(site: Worksite) -> None:
    both = [site.start(*HEALTH) for _ in range(2)]
    told = [ended(running)[1] for running in both]
    runs = {item["run"] for item in told}
    assert len(runs) == len(both)
    known = {item["id"]: item for item in json.loads(site.run("runs", "-o", "json")[1])}
    assert all(known[run]["ended"] for run in runs)
    assert {item["summary"]["devices"]["answered"] for item in told} == {len(NAMES)}
