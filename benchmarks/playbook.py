"""Ansible's way to ask a fleet: ``cisco.ios.ios_command`` over ``network_cli``; all its processes are counted."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from askers import COMMANDS, Figures
from ssh_engines import HOST, USER, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "Ansible ios_command"
FORKS = 20
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=\d+\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
_LOOK = 1.0  # seconds between two looks at the memory of all processes


def has_ansible(python: str) -> bool:
    """Whether an interpreter has it, with the collection for IOS."""
    code = "import ansible, ansible_collections.cisco.ios"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


def _write(folder: Path, places: Sequence[Place]) -> None:
    hosts = {
        place.name: {"ansible_host": HOST, "ansible_port": place.port, "ansible_password": place.password}
        for place in places
    }
    common = {"ansible_user": USER, "ansible_connection": "network_cli", "ansible_network_os": "cisco.ios.ios"}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": common}}), encoding="utf-8")
    shown = [f"'{content.decode()}' in asked.stdout[{number}]" for number, (_, content) in enumerate(COMMANDS)]
    tasks = [
        {"cisco.ios.ios_command": {"commands": [command for command, _ in COMMANDS]}, "register": "asked"},
        {"ansible.builtin.assert": {"that": shown, "quiet": True}},
    ]
    play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    (folder / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    (folder / "ansible.cfg").write_text(
        f"[defaults]\ninventory = hosts.yml\nforks = {FORKS}\nhost_key_checking = False\ngathering = explicit\n"
        f"home = {folder / 'home'}\nnocolor = True\n",
        encoding="utf-8",
    )


def _all_below(process: int) -> list[int]:
    """Numbers of a process's descendants."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    look = [process]
    while look:
        children = below.get(look.pop(), [])
        found += children
        look += children
    return found


def _memory(processes: Sequence[int]) -> float:
    """Memory of processes together, what they share counted once; MiB."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError, IndexError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
            total += int(rollup.partition("Pss:")[2].split()[0])
    return total / 1024


def play(python: str, places: Sequence[Place]) -> Figures:
    """Ask every device once. Call it in a process of its own: it adopts what Ansible leaves behind, to count it."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, places)
        peak, over = [0.0], threading.Event()

        def look() -> None:
            while not over.wait(_LOOK):
                peak[0] = max(peak[0], _memory(_all_below(os.getpid())))

        watcher = threading.Thread(target=look)
        watcher.start()
        began = time.perf_counter()
        done = subprocess.run(
            [python, "-m", "ansible", "playbook", "play.yml"], cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg")},
        )  # fmt: skip
        seconds = time.perf_counter() - began
        with contextlib.suppress(ChildProcessError):
            while True:  # connections that outlive the play count, too
                os.wait()
        over.set()
        watcher.join()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    recap = {host: (int(ok), int(lost) + int(bad)) for host, ok, lost, bad in _RECAP.findall(done.stdout)}
    answered = sum(ok == 2 and not bad for ok, bad in recap.values())  # noqa: PLR2004 -- asked, and found it whole
    last = (done.stderr or done.stdout).strip().rpartition("\n")[2][:100]
    failed = {last: len(places) - answered} if answered < len(places) else {}
    cpu = (used.ru_utime + used.ru_stime) / len(places) * 1000
    return Figures(NAME, len(places), answered, failed, seconds, seconds, cpu, 0, peak[0])


if __name__ == "__main__":
    told = json.load(sys.stdin)
    print(json.dumps(play(told["python"], [Place(*place) for place in told["places"]])))
