"""Clocks: the wall's, and a lab's over its real socket."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from getvpn_ops.engine.clock import LabClock, LabClockError, SystemClock
from getvpn_ops.errors import ExitCode
from getvpn_ops.lab import control
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.fleet import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HOSTS = "one:\n  hostname: 10.255.0.1\n  username: ops\n"


@pytest.fixture(scope="module", params=[0.0, 1.0], ids=["stands still", "runs"])
def lab(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[tuple[Background, Path]]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "hosts.yaml").write_text(HOSTS)
    path = folder / "control.sock"
    with Background(Settings(folder, start=START, speed=request.param, first_port=0)) as running:

        async def listen() -> object:
            import asyncio  # noqa: PLC0415 -- in the lab's thread alone

            return await control.listen(running.fleet, path, asyncio.Event())

        running._await(listen())  # noqa: SLF001 -- the lab's own thread opens its socket
        yield running, path


def test_it_is_the_lab_s_time_and_waiting_jumps(lab: tuple[Background, Path]) -> None:
    running, path = lab
    clock = LabClock(path)
    before = clock.now()
    assert abs(before - running.call(running.fleet.clock.now)) < timedelta(seconds=30)
    goal = before + timedelta(hours=2)
    clock.wait_until(goal)
    assert running.call(running.fleet.clock.now) >= goal
    assert clock.now() >= goal
    clock.wait_until(before)
    assert clock.now() >= goal


def test_many_threads_may_ask(lab: tuple[Background, Path]) -> None:
    clock = LabClock(lab[1])
    seen: list[datetime] = []
    threads = [threading.Thread(target=lambda: seen.append(clock.now())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 20
    assert max(seen) - min(seen) < timedelta(seconds=30)


ANSWERS = {
    "nothing": (b"", "ended before it answered"),
    "no JSON": (b"SSH-2.0-x\r\n", "ended before it answered"),
    "no object": (b"[1]\n", "ended before it answered"),
    "another service": (b'{"ok": true}\n', "is no lab"),
    "no moment": (b'{"ok": true, "now": "soon", "speed": 1}\n', "is no lab"),
    "a refusal": (b'{"ok": false, "error": "no"}\n', "refused: no"),
}


@pytest.mark.parametrize(("answer", "words"), ANSWERS.values(), ids=ANSWERS)
def test_what_answers_may_be_no_lab(tmp_path: Path, answer: bytes, words: str) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(LabClockError, match=words) as caught:
            LabClock(path).now()
        thread.join()
    assert caught.value.exit_code is ExitCode.UNDETERMINED


def test_no_lab(tmp_path: Path) -> None:
    with pytest.raises(LabClockError, match=r"no lab answers at .*gone.*lab up"):
        LabClock(tmp_path / "gone").now()
    with pytest.raises(LabClockError, match="no lab answers"):
        LabClock(tmp_path / ("x" * 200)).wait_until(START)


def test_the_wall() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    moment = clock.now() + timedelta(milliseconds=30)
    clock.wait_until(moment)
    assert clock.now() >= moment > before
    assert clock.wait_until(before)


def test_a_wait_that_nobody_wants_any_more() -> None:
    assert not SystemClock(lambda: True).wait_until(datetime.now(UTC) + timedelta(hours=1))


def test_a_clock_that_is_set_back_holds_nobody_up() -> None:
    class Stopped(SystemClock):
        """As if it were set back all the time."""

        @staticmethod
        def now() -> datetime:
            return START

    assert Stopped().wait_until(START + timedelta(milliseconds=50))
