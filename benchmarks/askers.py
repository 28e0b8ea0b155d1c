"""Ways to ask a fleet the same questions, for ``collect.py``; each runs in a process of its own.

Whoever asks says of each device how it went and when it was done. An answer without its content is a failure. What a
way needs once for all devices (imports, the inventory, the store) is prepared before the time is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib
import os
import re
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ssh_engines import HOST, PATIENCE, USER, Place, raw_ssh2_python, raw_ssh_python

if TYPE_CHECKING:
    from getvpn_ops.model.capture import Capture

COMMANDS = (("show version", b"Cisco IOS"), ("show clock detail", b"ime source"), ("show crypto gdoi", b"WAN"))
SILENCE = 10.0
"""Seconds without an answer after which a command is given up: Netmiko's own value, so ours is set to it."""

_TEMPLATES = Path(__file__).parents[1] / "parsers"
_DESCRIPTORS = Path("/proc/self/fd")

Ended = dict[str, tuple[str, float]]
"""By device: what went wrong, empty if nothing did; and the moment (``time.time``) at which it was done."""

Sweep = Callable[[Sequence[Place]], Ended]


class Figures(NamedTuple):
    """What asking a fleet took.

    Attributes:
        contender: who asked.
        devices: asked.
        answered: of them.
        failed: how each other one ended, and how often.
        seconds: until all was done.
        answered_seconds: until the last of those that answered was done.
        cpu_ms: user and system, a device.
        resting_mib: memory before.
        peak_mib: most memory.
        left: descriptors and threads that stayed behind.
    """

    contender: str
    devices: int
    answered: int
    failed: dict[str, int]
    seconds: float
    answered_seconds: float
    cpu_ms: float
    resting_mib: float
    peak_mib: float
    left: tuple[int, int] = (0, 0)

    @property
    def per_second(self) -> float:
        """Devices a second."""
        return self.answered / self.seconds if self.seconds else 0.0


class Task(NamedTuple):
    """What a contender is told.

    Attributes:
        contender: who.
        root: workspace.
        workers: devices in hand at once.
        places: the routers.
    """

    contender: str
    root: str
    workers: int
    places: Sequence[Place]


def _pooled(workers: int, one: Callable[[Place], None]) -> Sweep:
    """A thread for each device in hand."""

    def timed(place: Place) -> tuple[str, tuple[str, float]]:
        wrong = ""
        try:
            one(place)
        except Exception as exc:  # noqa: BLE001 -- whatever a library raises is counted
            wrong = f"{type(exc).__name__}: {exc}"
        return place.name, (wrong, time.time())

    def sweep(places: Sequence[Place]) -> Ended:
        with ThreadPoolExecutor(workers) as pool:
            return dict(pool.map(timed, places))

    return sweep


# -- the floor


@contextlib.contextmanager
def libssh2(task: Task) -> Iterator[Sweep]:
    """A raw shell over libssh2; nothing is checked, kept or read."""
    yield _pooled(task.workers, raw_ssh2_python)


@contextlib.contextmanager
def libssh(task: Task) -> Iterator[Sweep]:
    """A raw shell over libssh."""
    yield _pooled(task.workers, raw_ssh_python)


@contextlib.contextmanager
def asyncssh(task: Task) -> Iterator[Sweep]:
    """A raw shell over asyncssh, all in one thread."""
    library = importlib.import_module("asyncssh")

    async def one(place: Place, gate: asyncio.Semaphore) -> tuple[str, float]:
        try:
            async with (
                gate,
                library.connect(
                    HOST, place.port, username=USER, password=place.password, known_hosts=None, client_keys=None
                ) as connection,
            ):
                stdin, stdout, _ = await connection.open_session(term_type="vt100", encoding=None)
                prompt = f"{place.name}#".encode()
                await stdout.readuntil(prompt)
                for command, content in (("terminal length 0", b""), *place.commands):
                    stdin.write(command.encode() + b"\r")
                    if content not in await stdout.readuntil(prompt):
                        return command, time.time()
        except Exception as exc:  # noqa: BLE001 -- whatever the library raises is counted
            return f"{type(exc).__name__}: {exc}", time.time()
        return "", time.time()

    async def every(places: Sequence[Place]) -> Ended:
        gate = asyncio.Semaphore(task.workers)
        ended = await asyncio.gather(*(one(place, gate) for place in places))
        return {place.name: end for place, end in zip(places, ended, strict=True)}

    yield lambda places: asyncio.run(every(places))


# -- the usual script


@contextlib.contextmanager
def script(task: Task, *, parse: bool) -> Iterator[Sweep]:
    """Nornir and Netmiko as they come: threads, ``ConnectHandler``, ``send_command``; templates by ``use_textfsm``."""
    os.environ["NET_TEXTFSM"] = str(_TEMPLATES)
    connect = importlib.import_module("netmiko").ConnectHandler
    inventory = Path(task.root, ".getvpn-ops", "lab", "inventory")
    nornir = importlib.import_module("nornir").InitNornir(
        runner={"plugin": "threaded", "options": {"num_workers": task.workers}},
        inventory={
            "plugin": "SimpleInventory",
            "options": {f"{of}_file": str(inventory / f"{of}s.yaml") for of in ("host", "group")}
            | {"defaults_file": str(inventory / "defaults.yaml")},
        },
        logging={"enabled": False},
    )

    def ask(task: Any) -> float:  # noqa: ANN401 -- Nornir's
        host = task.host
        with connect(
            device_type="cisco_ios", host=host.hostname, port=host.port, username=USER, password=host.password,
            conn_timeout=PATIENCE, banner_timeout=PATIENCE, auth_timeout=PATIENCE,
        ) as device:  # fmt: skip
            for command, content in COMMANDS:
                shown = device.send_command(command, use_textfsm=parse, read_timeout=SILENCE)
                if not (isinstance(shown, list) and shown if parse else content.decode() in shown):
                    raise ValueError(command)
        return time.time()

    def sweep(places: Sequence[Place]) -> Ended:
        names = {place.name for place in places}
        found = nornir.filter(filter_func=lambda host: host.name in names).run(task=ask)
        return {
            name: (_short(result[0].exception), 0) if result[0].failed else ("", result[0].result)
            for name, result in found.items()
        }

    yield sweep


def _short(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {' '.join(str(exc).split())}"


# -- ours


@contextlib.contextmanager
def ours(task: Task, *, assemble: bool, full: bool = False) -> Iterator[Sweep]:
    """The product: its fleet, store and collector as its own commands wire them."""
    collecting, questions, wiring = (
        importlib.import_module(f"getvpn_ops.{name}") for name in ("engine.collect", "engine.questions", "cli.wiring")
    )
    find_workspace = importlib.import_module("getvpn_ops.settings").find_workspace

    def few(_device: object) -> Iterator[str]:
        for command, _ in COMMANDS:
            yield command

    asking = questions.script if full else few
    content = dict(COMMANDS)
    with wiring.wired(find_workspace(Path(task.root)), quiet=True) as tools:
        known = tools.loaded.inventory.devices

        def capture_only(places: Sequence[Place]) -> dict[str, tuple[Any, str]]:
            run = tools.store.begin_run("collect", tools.clock.now()).id
            wrong: dict[str, str] = {}

            def keep(capture: Capture) -> None:
                tools.store.put_capture(run, capture)
                if content.get(capture.command, b"") not in capture.text:
                    wrong[capture.device] = capture.command

            scripts = {known[place.name]: functools.partial(asking, known[place.name]) for place in places}
            visits = tools.fleet.ask(scripts, keep=keep, progress=tools.collector.progress)
            tools.store.put_visits(run, visits.values())
            return {name: (visit, wrong.get(name, "")) for name, visit in visits.items()}

        def assembled(places: Sequence[Place]) -> dict[str, tuple[Any, str]]:
            run = tools.store.begin_run("collect", tools.clock.now()).id
            wish = collecting.Wish([known[place.name] for place in places], interval=timedelta(0), script=asking)
            state = tools.collector.collect(run, tools.loaded.inventory, wish)
            return {
                name: (
                    device.visit,
                    next((item.reason for item in device.evidence if not full and not item.parsed), ""),
                )
                for name, device in state.devices.items()
            }

        def sweep(places: Sequence[Place]) -> Ended:
            found = (assembled if assemble else capture_only)(places)
            return {
                name: (f"{visit.trouble}: {visit.reason}" if visit.trouble else wrong, visit.ended.timestamp())
                for name, (visit, wrong) in found.items()
            }

        yield sweep


# -- all


class Contender(NamedTuple):
    """A way to ask.

    Attributes:
        module: that the interpreter must have.
        workers: devices in hand at once; None is what the run says.
        prepare: gives the sweep.
    """

    module: str
    workers: int | None
    prepare: Callable[[Task], AbstractContextManager[Sweep]]


OURS, ASSEMBLED, FULL = "getvpn-ops", "getvpn-ops, parsed", "getvpn-ops, all it asks"
STOCK_20, STOCK = "Nornir + Netmiko, 20", "Nornir + Netmiko"
STOCK_PARSED = "Nornir + Netmiko, TextFSM"
LIBSSH2, LIBSSH, ASYNCSSH = "raw libssh2", "raw libssh", "raw asyncssh"
FLOORS = (LIBSSH2, LIBSSH, ASYNCSSH)

CONTENDERS = {
    OURS: Contender("getvpn_ops", None, functools.partial(ours, assemble=False)),
    STOCK_20: Contender("netmiko", 20, functools.partial(script, parse=False)),
    STOCK: Contender("netmiko", None, functools.partial(script, parse=False)),
    LIBSSH2: Contender("ssh2", None, libssh2),
    LIBSSH: Contender("ssh", None, libssh),
    ASYNCSSH: Contender("asyncssh", None, asyncssh),
    ASSEMBLED: Contender("getvpn_ops", None, functools.partial(ours, assemble=True)),
    STOCK_PARSED: Contender("netmiko", None, functools.partial(script, parse=True)),
    FULL: Contender("getvpn_ops", None, functools.partial(ours, assemble=True, full=True)),
}


def _memory(what: str) -> float:
    """``VmRSS`` or ``VmHWM`` of this process, MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


def measure(task: Task) -> Figures:
    """Ask every device once, in this process."""
    contender = CONTENDERS[task.contender]
    task = task._replace(workers=contender.workers or task.workers)
    with contender.prepare(task) as sweep:
        sweep(task.places[:1])  # imports and tables are not a device's cost
        gc.collect()
        before = len(list(_DESCRIPTORS.iterdir())), threading.active_count()
        resting = _memory("VmRSS")
        wall, began, cpu = time.time(), time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        ended = sweep(task.places)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        until = time.monotonic() + 1
        while threading.active_count() > before[1] and time.monotonic() < until:
            time.sleep(0.01)  # the last thread may be on its way out
        left = len(list(_DESCRIPTORS.iterdir())) - before[0], threading.active_count() - before[1]
    failed = Counter(re.sub(r"\d+", "N", wrong)[:100] for wrong, _ in ended.values() if wrong)
    count = len(task.places)
    spent = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    return Figures(
        task.contender, count, count - failed.total() - (count - len(ended)), dict(failed), seconds,
        max((moment for wrong, moment in ended.values() if not wrong), default=wall) - wall,
        spent / count * 1000, resting, _memory("VmHWM"), left,
    )  # fmt: skip


def child(told: dict[str, Any]) -> Figures:
    """Be one contender.

    Args:
        told: a ``Task`` as JSON; of each place name, port, password, release and known hosts.
    """
    places = [Place(*place)._replace(commands=COMMANDS) for place in told["places"]]
    return measure(Task(told["contender"], told["root"], told["workers"], places))


if __name__ == "__main__":
    import json

    print(json.dumps(child(json.load(sys.stdin))))
