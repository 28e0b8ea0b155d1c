"""The runner: one result a host, hangs cost nobody else, cancel and deadline end it, with no host left out."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from nornir.core import Nornir
from nornir.core.inventory import Host, Hosts, Inventory

from getvpn_ops.devices.halt import Halt
from getvpn_ops.devices.runner import PatientRunner
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from nornir.core.task import AggregatedResult, Task


def run(runner: PatientRunner, count: int, work: Callable[[Task], object]) -> AggregatedResult:
    hosts = Hosts({f"r{number}": Host(f"r{number}") for number in range(count)})
    return Nornir(Inventory(hosts), runner=runner).run(work)


def troubles(result: AggregatedResult) -> list[Trouble]:
    return [one.exception.trouble for one in result.values() if isinstance(one.exception, SessionError)]


@pytest.mark.parametrize(("workers", "count"), [(1, 1), (1, 20), (100, 5), (100, 5000)])
def test_one_result_for_each_host(workers: int, count: int) -> None:
    result = run(PatientRunner(workers), count, lambda task: task.host.name)
    assert {name: one.result for name, one in result.items()} == {f"r{n}": f"r{n}" for n in range(count)}


def test_no_more_than_the_slots_work_at_once() -> None:
    runner = PatientRunner(4)
    lock = threading.Lock()
    now = most = 0

    def work(_task: Task) -> None:
        nonlocal now, most
        for _ in range(3):
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.001)
            with lock:
                now -= 1
            runner.idle()
            time.sleep(0.001)
            runner.busy()

    assert len(run(runner, 60, work)) == 60
    assert 1 <= most <= 4


def test_those_that_hang_hold_up_no_one() -> None:
    """With one slot: 30 devices hang until all others are done. Were a slot held, this would never end."""
    runner = PatientRunner(1)
    others = threading.Semaphore(0)

    def work(task: Task) -> str:
        if int(task.host.name[1:]) % 2:
            others.release()
            return "answered"
        runner.idle()
        try:
            for _ in range(30):
                assert others.acquire(timeout=60)
                others.release()
        finally:
            runner.busy()
        return "hung"

    result = run(runner, 60, work)
    assert sorted(one.result for one in result.values()) == ["answered"] * 30 + ["hung"] * 30


class Odd(BaseException):
    """No ``Exception``."""


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, Odd, RecursionError])
def test_an_exception_is_the_answer_of_its_host_alone(error: type[BaseException]) -> None:
    def work(task: Task) -> str:
        if task.host.name == "r7":
            raise error("crashed")
        return "fine"

    result = run(PatientRunner(3), 20, work)
    assert len(result) == 20
    assert isinstance(result["r7"].exception, error)
    assert sum(one.result == "fine" for one in result.values()) == 19


def test_asked_once_it_begins_no_more() -> None:
    halt = Halt()
    begun: list[str] = []

    def work(task: Task) -> str:
        begun.append(task.host.name)
        halt.ask()
        time.sleep(0.5)
        return "finished"

    result = run(PatientRunner(2, halt=halt), 50, work)
    assert len(result) == 50
    assert troubles(result) == [Trouble.CANCELLED] * (50 - len(begun))
    assert all(result[name].result == "finished" for name in begun)
    assert len(begun) <= 6


def test_asked_twice_sweeps_are_told() -> None:
    halt = Halt()
    with halt.sweep() as first, halt.sweep() as second:
        halt.ask()
        assert (halt.draining, halt.aborting, first.is_set) == (True, False, False)
        halt.ask()
        assert (halt.aborting, first.is_set, second.is_set) == (True, True, True)
    with halt.sweep() as third:
        assert third.is_set


def test_when_the_time_is_over_it_begins_no_more() -> None:
    def work(_task: Task) -> None:
        time.sleep(0.3)

    result = run(PatientRunner(1, ends=time.monotonic() + 0.1), 20, work)
    assert len(result) == 20
    assert troubles(result).count(Trouble.DEADLINE) >= 15


def test_an_interrupt_of_the_one_who_waits_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    halt = Halt()
    with halt.sweep() as cancel:
        runner = PatientRunner(2, halt=halt)
        monkeypatch.setattr(runner, "_end_early", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(runner, 10, lambda _task: time.sleep(0.2))
        assert cancel.is_set


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_threads_end() -> None:
    before = threading.active_count()
    run(PatientRunner(50), 500, lambda _task: None)
    for thread in threading.enumerate():
        if thread.name.startswith("device-"):
            thread.join(10)
    assert threading.active_count() <= before
