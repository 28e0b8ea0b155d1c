"""A fleet collected again and again, with devices in trouble among it: no hang, no crash, nothing left behind."""

from __future__ import annotations

import functools
import gc
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asked import Asked
from conftest import SOAK
from fleets import Silent

from getvpn_ops.engine.clock import SystemClock
from getvpn_ops.engine.collect import Collector, Wish
from getvpn_ops.engine.questions import doctor_script
from getvpn_ops.lab.background import Background
from getvpn_ops.lab.faults import fault
from getvpn_ops.lab.fleet import Settings
from getvpn_ops.model.capture import Trouble
from getvpn_ops.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, DEVICES = (20, 1000) if SOAK else (2, 40)
TROUBLES = {  # what one device in twenty each meets
    "hang": Trouble.DEADLINE,
    "drop-before": Trouble.DROPPED,
    "vtys-full": Trouble.VTYS_FULL,
    "dialog": Trouble.UNEXPECTED_PROMPT,
}
EVERY = 20
SETTLED = 3  # rounds after which memory should not grow any more
DESCRIPTORS, STATUS = Path("/proc/self/fd"), Path("/proc/self/status")


def _threads() -> set[threading.Thread]:
    """The threads that are not the lab's."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith(("lab", "asyncio"))}


def _descriptors() -> int:
    return len(list(DESCRIPTORS.iterdir()))


def _memory() -> float:
    return int(STATUS.read_text(encoding="ascii").partition("VmRSS:")[2].split()[0]) / 1024


def _until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.mark.soak
def test_collecting_again_and_again_leaves_nothing_behind(tmp_path: Path, figure: Callable[[str], None]) -> None:
    names = [f"r{number}" for number in range(DEVICES)]
    (tmp_path / "hosts.yaml").write_text(
        "".join(f"{name}: {{hostname: 10.255.0.1, username: ops, data: {{role: gm}}}}\n" for name in names)
    )
    expected = Counter[Trouble | None]({None: DEVICES})
    with (
        Background(Settings(tmp_path, seed=5)) as lab,
        Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store,
    ):
        for number, (kind, trouble) in enumerate(TROUBLES.items()):
            for name in names[number::EVERY]:
                line = "show clock" if kind != "vtys-full" else None
                lab.call(lab.router(name).faults.arm, fault(kind, line=line, times=0))
                expected.update({trouble: 1, None: -1})
        asked = Asked(lab, tmp_path / "workspace", command_timeout=2.0)
        collector = Collector(asked.fleet(), SystemClock(), store, Silent())
        devices = asked.loaded.inventory.devices
        collect = functools.partial(
            collector.collect,
            inventory=asked.loaded.inventory,
            wish=Wish(list(devices.values()), interval=timedelta(0), script=doctor_script),
        )

        def sweep() -> None:
            run = store.begin_run("collect", SystemClock.now()).id
            state = collect(run)
            assert list(state.devices) == names
            visits = [device.visit for device in state.devices.values() if device.visit is not None]
            assert Counter(visit.trouble for visit in visits) == expected
            assert {visit.device: visit for visit in store.visits(run)} == {visit.device: visit for visit in visits}
            captures = Counter(capture.device for capture in store.captures(run))
            assert captures.total() >= sum(visit.commands for visit in visits)
            del state

        sweep()
        gc.collect()
        assert _until(lambda: not any(len(lab.router(name).sessions) for name in names))
        before, threads, memory, began = _descriptors(), _threads(), 0.0, time.monotonic()
        for number in range(ROUNDS):
            sweep()
            if number == min(SETTLED, ROUNDS) - 1:
                gc.collect()
                memory = _memory()
        taken = time.monotonic() - began
        gc.collect()
        grown = _memory() - memory
        assert _until(lambda: not _threads() - threads)
        assert _until(lambda: _descriptors() <= before + 2)  # of the lab's own
    figure(
        f"collect: {ROUNDS} x {DEVICES} devices, one in five in trouble: {ROUNDS * DEVICES / taken:.0f} a second "
        f"with the lab in the same process; memory {memory:.0f} MiB, {grown:+.0f} since round {min(SETTLED, ROUNDS)}"
    )
