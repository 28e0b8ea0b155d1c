"""The one door to Nornir: exactly one answer for each device, whatever raises."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from nornir.core.exceptions import NornirSubTaskError
from nornir.core.inventory import ConnectionOptions, Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups
from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.core.task import AggregatedResult, MultiResult, Result, Task
from nornir.plugins.runners import SerialRunner, ThreadedRunner

from getvpn_ops.devices.dispatch import dispatch
from getvpn_ops.devices.runner import PatientRunner
from getvpn_ops.errors import DispatchError, ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from nornir.core.plugins.runners import RunnerPlugin

CANARY = "Canary-Pass-1"
RUNNERS: dict[str, RunnerPlugin] = {
    "ours": PatientRunner(4),
    "threads": ThreadedRunner(4),
    "one by one": SerialRunner(),
}


@pytest.fixture
def inventory() -> Inventory:
    group = Group("all", data={"site": "x"})
    hosts = {
        f"r{number}": Host(f"r{number}", hostname="127.0.0.1", password=CANARY, groups=ParentGroups([group]))
        for number in range(10)
    }
    for host in hosts.values():
        host.connection_options["noted"] = ConnectionOptions(extras={"secret": CANARY})
    return Inventory(Hosts(hosts), Groups({"all": group}), Defaults(password=CANARY))


NAMES = tuple(f"r{number}" for number in range(10))


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_one_answer_each_in_order(inventory: Inventory, runner: RunnerPlugin) -> None:
    answers = dispatch(inventory, NAMES[::-1], lambda task: task.host["site"] + task.host.name, runner=runner)
    assert list(answers) == list(NAMES[::-1])
    assert [answer.value for answer in answers.values()] == [f"x{name}" for name in NAMES[::-1]]
    assert all(answer.error is None for answer in answers.values())


WRONG = {
    "nothing": ((), "no device is selected"),
    "unknown": (("r1", "r99"), "not in the inventory: r99"),
    "twice": (("r1", "r2", "r1"), "r1 is selected twice"),
}


@pytest.mark.parametrize(("names", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_selection_is_refused(inventory: Inventory, names: tuple[str, ...], words: str) -> None:
    with pytest.raises(DispatchError, match=words) as caught:
        dispatch(inventory, names, lambda _task: None, runner=SerialRunner())
    assert caught.value.exit_code is ExitCode.USAGE


def crash(task: Task) -> str:
    if task.host.name in {"r3", "r4"}:
        raise ValueError(task.host.name)
    return "fine"


def test_a_task_that_raises_and_the_run_after_it(inventory: Inventory) -> None:
    """Nornir itself would leave both out of the second run, and say nothing."""
    for _ in range(2):
        answers = dispatch(inventory, NAMES, crash, runner=PatientRunner(4))
        assert [name for name, answer in answers.items() if answer.error is not None] == ["r3", "r4"]
        assert isinstance(answers["r3"].error, ValueError)
        assert answers["r3"].value is None
        assert len(answers) == 10


def test_a_subtask_that_raises_and_a_result_that_failed(inventory: Inventory) -> None:
    answers = dispatch(inventory, NAMES, lambda task: task.run(crash)[0].result, runner=PatientRunner(4))
    assert isinstance(answers["r4"].error, NornirSubTaskError)
    failed = dispatch(inventory, NAMES[:1], lambda task: Result(task.host, failed=True), runner=PatientRunner(1))
    assert isinstance(failed["r0"].error, DispatchError)


MOMENTS = (
    "task_started",
    "task_completed",
    "task_instance_started",
    "task_instance_completed",
    "subtask_instance_started",
    "subtask_instance_completed",
)


class Broken:
    """A processor that raises at one moment, or has no such method."""

    def __init__(self, moment: str, seen: list[str]) -> None:
        self._moment = moment
        self._seen = seen

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- any method
        if name == self._moment:
            raise RuntimeError(name)
        return lambda *_args: self._seen.append(name)


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_processor_that_raises_loses_nothing(inventory: Inventory, runner: RunnerPlugin, moment: str) -> None:
    seen: list[str] = []
    answers = dispatch(
        inventory,
        NAMES,
        lambda task: str(task.run(lambda _task: "inner")[0].result),
        runner=runner,
        processors=[Broken(moment, seen), Broken("", seen)],
    )
    assert [answer.value for answer in answers.values()] == ["inner"] * 10
    assert set(seen) == set(MOMENTS)


class Forgetful:
    """A runner that loses a host and an empty result."""

    def run(self, task: Task, hosts: list[Host]) -> AggregatedResult:
        result = AggregatedResult(task.name)
        for host in hosts[2:]:
            result[host.name] = task.copy().start(host)
        result[hosts[1].name] = MultiResult(task.name)
        return result


def test_a_host_that_a_runner_loses_is_told(inventory: Inventory) -> None:
    answers = dispatch(inventory, NAMES, lambda _task: 1, runner=Forgetful())
    assert len(answers) == 10
    assert isinstance(answers["r0"].error, DispatchError)
    assert isinstance(answers["r1"].error, DispatchError)
    assert answers["r2"].value == 1


class Noted:
    """A connection that remembers whether it was closed."""

    closed = 0

    def open(self, *_args: object, **_named: object) -> None:
        self.connection = self

    def close(self) -> None:
        type(self).closed += 1
        if type(self).closed == 1:
            raise OSError("already gone")


def test_no_connection_outlives_its_task(inventory: Inventory) -> None:
    ConnectionPluginRegister.register("noted", Noted)
    try:
        answers = dispatch(
            inventory,
            NAMES,
            lambda task: type(task.host.get_connection("noted", task.nornir.config)).__name__,
            runner=PatientRunner(2),
        )
    finally:
        ConnectionPluginRegister.deregister("noted")
    assert [answer.value for answer in answers.values()] == ["Noted"] * 10
    assert Noted.closed == 10
    assert not any(host.connections for host in inventory.hosts.values())


def test_nothing_of_the_inventory_is_logged_and_no_file_is_written(
    inventory: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.DEBUG):
        dispatch(inventory, NAMES, crash, runner=PatientRunner(4))
    assert caplog.records
    assert CANARY not in caplog.text
    assert not list(tmp_path.iterdir())
