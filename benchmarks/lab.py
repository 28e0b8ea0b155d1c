"""How large a fleet the lab carries: start, memory, sessions; beside FakeNOS, what its users would take instead.

    python benchmarks/lab.py [--devices N] [--sessions N] [--at-once N] [--fakenos PYTHON] [--json FILE]

Each fleet runs in a process of its own, whose CPU and memory the system counts. A session is: log in, three show
commands, log out; an answer that lacks its prompt or its content is an error, not a session. FakeNOS takes part where
``--fakenos`` names an interpreter that has it; it serves the same number of devices with the three commands canned.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
from group import write

from getvpn_ops.lab.control import ControlError, ask
from getvpn_ops.lab.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RELEASES = ("17.6.5",) * 5 + ("15.2(4)M11",) * 4 + ("12.4(22)T5",)
COMMANDS = (("show version", "Cisco IOS"), ("show running-config", "hostname"), ("show version", "Cisco IOS"))
FULL_SCALE, UP_AIM, MEMORY_AIM = 1000, 15.0, 2048.0  # devices, seconds, MiB
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 300.0


@dataclass(frozen=True)
class Figures:
    """What one fleet took.

    Attributes:
        name: of the fleet's software.
        devices: routers that answer.
        up_seconds: from the start of the process until every port answers.
        resting_mib: memory of the process then.
        sessions: that were had.
        sessions_per_second: with the client on the same machine.
        cpu_ms_per_session: of the fleet's process.
        peak_mib: most memory of the process.
    """

    name: str
    devices: int
    up_seconds: float
    resting_mib: float
    sessions: int
    sessions_per_second: float
    cpu_ms_per_session: float
    peak_mib: float


def cpu_seconds(pid: int) -> float:
    """CPU that a process has taken, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mib(pid: int, what: str) -> float:
    """``VmRSS`` or ``VmHWM`` of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(what)


async def session(port: int, password: str, old: bool) -> None:  # noqa: FBT001 -- a private shorthand
    """One session; raises if an answer is not what it should be."""
    legacy = {"kex_algs": ["diffie-hellman-group14-sha1"], "server_host_key_algs": ["ssh-rsa"],
              "encryption_algs": ["aes128-cbc"], "mac_algs": ["hmac-sha1"]} if old else {}  # fmt: skip
    async with asyncssh.connect(
        "127.0.0.1", port, username="ops", password=password, known_hosts=None, client_keys=None, **legacy
    ) as connection:
        stdin, stdout, _ = await connection.open_session(term_type="vt100", encoding="latin-1")
        name = (await stdout.readuntil(("#", ">"))).split("\n")[-1][:-1]
        prompts = (f"\n{name}#", f"\n{name}>")
        for command, content in (("enable", ""), ("terminal length 0", ""), *COMMANDS):
            stdin.write(f"{command}\r")
            shown = await stdout.readuntil(prompts)
            if content not in shown:
                msg = f"{command}: {shown[:200]!r}"
                raise RuntimeError(msg)
        stdin.write("exit\r")


async def have(ports: Sequence[tuple[int, bool]], password: str, count: int, at_once: int) -> None:
    """Have so many sessions, so many at once, over all ports in turn."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with gate:
            await session(*(ports[number % len(ports)][:1]), password, ports[number % len(ports)][1])

    await asyncio.gather(*(one(number) for number in range(count)))


def measure(  # noqa: PLR0913, PLR0917 -- what a run is made of
    name: str, pid: int, began: float, ports: Sequence[tuple[int, bool]], password: str, sessions: int, at_once: int
) -> Figures:
    """Have the sessions, and read what they took."""
    up = time.perf_counter() - began
    resting = memory_mib(pid, "VmRSS")
    before, started = cpu_seconds(pid), time.perf_counter()
    asyncio.run(have(ports, password, sessions, at_once))
    taken = time.perf_counter() - started
    return Figures(
        name, len(ports), up, resting, sessions, sessions / taken,
        (cpu_seconds(pid) - before) / sessions * 1000, memory_mib(pid, "VmHWM"),
    )  # fmt: skip


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until a fleet answers."""
    until = time.monotonic() + _PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the fleet did not start")
        time.sleep(0.02)


def ours(devices: int, sessions: int, at_once: int) -> Figures:
    """The lab: three key servers, and members that are registered and have traffic."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, devices - 3, RELEASES)
        with running(root) as (place, pid, began):
            status = ask(place.socket, "status")
            ports = [(item["port"], item["release"].startswith("12")) for item in status["devices"]]
            password = (place.folder / "password").read_text(encoding="utf-8").strip()
            return measure("getvpn-ops lab", pid, began, ports, password, sessions, at_once)


@contextlib.contextmanager
def running(root: Path) -> Iterator[tuple[Workspace, int, float]]:
    """A lab of the inventory and configurations in a folder: its workspace, its process, and when it was started."""
    place, began = Workspace(root), time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "getvpn_ops", "lab", "up", "--foreground",
            "-w", str(root), "-i", str(root), "-c", str(root / "configs"),
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ready() -> bool:
        try:
            return bool(ask(place.socket, "now"))
        except ControlError:
            return False

    try:
        wait_for(ready, process)
        yield place, process.pid, began
    finally:
        process.terminate()
        process.wait(_PATIENCE)


_FAKENOS = """
import socket, sys, time
from fakenos import FakeNOS
count, first = int(sys.argv[1]), int(sys.argv[2])
login = {"username": "ops", "password": "fakenos", "platform": "cisco_ios"}
hosts = {f"r{n}": {"port": first + n, **login} for n in range(count)}
network = FakeNOS(inventory={"hosts": hosts})
network.start()
for port in range(first, first + count):
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                break
        time.sleep(0.05)
print("ready", flush=True)
time.sleep(100000)
"""


def fakenos(python: str, devices: int, sessions: int, at_once: int) -> Figures:
    """FakeNOS with its own cisco_ios platform."""
    first = 25000
    began = time.perf_counter()
    process = subprocess.Popen(
        [python, "-c", textwrap.dedent(_FAKENOS), str(devices), str(first)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.stdout is not None and (line := process.stdout.readline()):
            if line.strip() == b"ready":
                ports = [(first + number, False) for number in range(devices)]
                return measure("FakeNOS", process.pid, began, ports, "fakenos", sessions, at_once)
        raise RuntimeError("FakeNOS did not start")
    finally:
        process.kill()
        process.wait(_PATIENCE)


def main() -> int:
    """Measure, print a table, and say whether the aims are met."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--devices", type=int, default=1000)
    options.add_argument("--sessions", type=int, default=1000)
    options.add_argument("--at-once", type=int, default=100)
    options.add_argument("--fakenos", metavar="PYTHON")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    found = [ours(given.devices, given.sessions, given.at_once)]
    if given.fakenos:
        found.append(fakenos(given.fakenos, given.devices, given.sessions, given.at_once))
    print(f"{platform.python_version()}, {os.cpu_count()} cores, {given.at_once} sessions at once\n")
    print(f"{'fleet':<16}{'devices':>8}{'up s':>8}{'MiB':>8}{'peak':>8}{'sessions/s':>12}{'CPU ms/session':>16}")
    for item in found:
        print(
            f"{item.name:<16}{item.devices:>8}{item.up_seconds:>8.1f}{item.resting_mib:>8.0f}{item.peak_mib:>8.0f}"
            f"{item.sessions_per_second:>12.0f}{item.cpu_ms_per_session:>16.1f}"
        )
    if len(found) > 1:
        mine, other = found
        print(
            f"\nFakeNOS takes {other.up_seconds / mine.up_seconds:.1f} times as long to start, "
            f"{other.peak_mib / mine.peak_mib:.1f} times the memory, "
            f"{other.cpu_ms_per_session / mine.cpu_ms_per_session:.1f} times the CPU of a session"
        )
    if given.json:
        given.json.write_text(json.dumps([asdict(item) for item in found], indent=2), encoding="utf-8")
    if given.devices < FULL_SCALE:
        return 0
    met = found[0].up_seconds <= UP_AIM and found[0].peak_mib <= MEMORY_AIM
    print(f"aims ({UP_AIM:g} s, {MEMORY_AIM:g} MiB): {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
