"""What it costs to ask a fleet: ours beside the usual scripts and the raw SSH floor, against one lab, in turn.

    python benchmarks/collect.py [--devices N ...] [--scenes NAME ...] [--rounds N] [--workers N] [--only TEXT ...]
                                 [--also PYTHON] [--ansible PYTHON] [--json FILE]

Every contender asks each device the same three show commands in one session, in a process of its own, whose CPU and
memory the system counts; the lab has a process, too, on the same machine. Ours does what ``collect`` does: pinned host
keys, one login, answers redacted and kept in SQLite; in another row all is parsed and assembled to the fleet's state,
too, and in a third each device is asked everything that ``health`` wants to know. The floor is a raw SSH shell that
waits for the prompt and does nothing else; how it stands to the usual script is the bound for whatever is built on it,
and is printed as such. ``--also`` names an interpreter that has other contenders (ssh2-python),
``--ansible`` one that has Ansible with ``cisco.ios``; ``--only`` takes names or parts. Scenes: ``plain``; ``slow``,
30 ms a reply; ``hanging``, one device in twenty never answers the second command. Figures are medians of all rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import askers
import playbook
from askers import Figures
from group import write
from lab import cpu_seconds, running

from getvpn_ops.lab.control import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from getvpn_ops.lab.workspace import Workspace

RELEASE = "17.6.5"  # paramiko 5 cannot log in to 12.4
ANSIBLE_MOST = 200  # devices
HANGING = 20  # one device in so many
AIM_SPEED, AIM_CPU = 3.0, 0.25  # of the usual script's, which we want to reach
_PATIENCE = 900.0
_SETTINGS = """schema: 1
inventory: .getvpn-ops/lab/inventory
known_hosts: .getvpn-ops/lab/known_hosts
ssh: {{workers: {workers}, command_timeout: {silence}}}
credentials: {{username: ops}}
"""


def slow(place: Workspace, _names: Sequence[str]) -> None:
    """Every answer waits."""
    ask(place.socket, "fault", device="*", fault="slow-echo", options={"seconds": "0.03"})


def hanging(place: Workspace, names: Sequence[str]) -> None:
    """Some devices hang."""
    ask(place.socket, "fault", devices=list(names[1::HANGING]), fault="hang", line="show clock", times=0)


class Scene(NamedTuple):
    """What is wrong with the fleet.

    Attributes:
        title: for people.
        begin: makes it so.
        left_out: contenders that it says nothing about.
    """

    title: str
    begin: Callable[[Workspace, Sequence[str]], None]
    left_out: tuple[str, ...]


SCENES = {
    "plain": Scene("", lambda _place, _names: None, ()),
    "slow": Scene("30 ms a reply", slow, (playbook.NAME, askers.FULL)),
    "hanging": Scene("one device in twenty hangs", hanging, (playbook.NAME, askers.FULL, *askers.FLOORS)),
}


class Row(NamedTuple):
    """One measurement: where, and what; the lab's CPU a device beside it."""

    scene: str
    devices: int
    figures: Figures
    lab_ms: float


def who(pythons: Sequence[str], ansible: str | None, only: Sequence[str]) -> dict[str, str]:
    """Contenders with the interpreter that has them, in the order of the tables."""
    modules = sorted({contender.module for contender in askers.CONTENDERS.values()})
    code = f"import importlib.util as u; print([m for m in {modules} if u.find_spec(m)])"
    found: dict[str, str] = {}
    for python in pythons:
        shown = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
        for name, contender in askers.CONTENDERS.items():
            if repr(contender.module) in shown:
                found.setdefault(name, python)
    ordered = {name: found[name] for name in askers.CONTENDERS if name in found}
    if ansible is not None:
        ordered[playbook.NAME] = ansible
    return {name: python for name, python in ordered.items() if not only or _is_meant(name, only)}


def _is_meant(name: str, only: Sequence[str]) -> bool:
    """A whole name means itself alone, a part of a name all that have it."""
    return any(text == name or (text in name and text not in askers.CONTENDERS) for text in only)


def run(given: argparse.Namespace, contenders: dict[str, str]) -> Iterator[Row]:
    """All contenders in turn, round by round; a lab for each size."""
    for devices in given.devices:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write(root, devices - 3, (RELEASE,))
            settings = _SETTINGS.format(workers=given.workers, silence=askers.SILENCE)
            (root / "getvpn-ops.yaml").write_text(settings, encoding="utf-8")
            with running(root) as (place, pid, _began):
                password = (place.folder / "password").read_text(encoding="utf-8").strip()
                found = ask(place.socket, "status")["devices"]
                known = str(place.folder / "known_hosts")
                places = [(item["name"], item["port"], password, item["release"], known) for item in found]
                for scene in given.scenes:
                    for _ in range(given.rounds):
                        for name, python in contenders.items():
                            if name in SCENES[scene].left_out or (name == playbook.NAME and devices > ANSIBLE_MOST):
                                continue
                            with _scene(scene, place, [item[0] for item in places]):
                                before = cpu_seconds(pid)
                                told = {"contender": name, "root": folder, "workers": given.workers, "places": places}
                                figures = _child(python, told)
                                yield Row(scene, devices, figures, (cpu_seconds(pid) - before) / devices * 1000)


@contextlib.contextmanager
def _scene(name: str, place: Workspace, names: Sequence[str]) -> Iterator[None]:
    SCENES[name].begin(place, names)
    try:
        yield
    finally:
        ask(place.socket, "clear", device="*")


def _child(python: str, told: dict[str, Any]) -> Figures:
    name = told["contender"]
    here = Path(__file__).parent
    argv = [python, "-W", "ignore", str(here / "askers.py")]
    if name == playbook.NAME:
        argv, told = [sys.executable, str(here / "playbook.py")], {**told, "python": python}
    with tempfile.TemporaryFile("w+") as said:  # what libraries print does not fill a pipe
        try:
            done = subprocess.run(
                argv, input=json.dumps(told), stdout=subprocess.PIPE, stderr=said, text=True, check=False,
                timeout=_PATIENCE,
            )  # fmt: skip
            if done.returncode == 0:
                return Figures(*json.loads(done.stdout.strip().rpartition("\n")[2]))
            said.seek(0)
            failed = f"the process ended with {done.returncode}: {said.read().strip().rpartition(chr(10))[2][:100]}"
        except subprocess.TimeoutExpired:
            failed = f"the process hung for {_PATIENCE:g} s"
    count = len(told["places"])
    return Figures(name, count, 0, {failed: count}, 0, 0, 0, 0, 0)


# -- tables


def middle(rows: Sequence[Row], of: Callable[[Row], float]) -> float:
    """The median."""
    return statistics.median(of(row) for row in rows)


def show(rows: Sequence[Row]) -> None:
    """A table for each scene and size."""
    for scene, devices in dict.fromkeys((row.scene, row.devices) for row in rows):
        here = [row for row in rows if (row.scene, row.devices) == (scene, devices)]
        names = list(dict.fromkeys(row.figures.contender for row in here))
        print(f"\n{devices} devices" + (f", {SCENES[scene].title}" if SCENES[scene].title else ""))
        print(f"{'':<28}{'answered':>9}{'a second':>9}{'CPU ms':>8}{'MiB':>6}{'peak':>6}{'s':>7}{'answers s':>10}"
              f"{'lab ms':>8}  left behind")  # fmt: skip
        for name in names:
            mine = [row for row in here if row.figures.contender == name]
            figures = [row.figures for row in mine]
            print(
                f"{name:<28}{min(item.answered for item in figures):>9}"
                f"{middle(mine, lambda row: row.figures.per_second):>9.1f}"
                f"{middle(mine, lambda row: row.figures.cpu_ms):>8.1f}"
                f"{middle(mine, lambda row: row.figures.resting_mib):>6.0f}"
                f"{middle(mine, lambda row: row.figures.peak_mib):>6.0f}"
                f"{middle(mine, lambda row: row.figures.seconds):>7.1f}"
                f"{middle(mine, lambda row: row.figures.answered_seconds):>10.1f}"
                f"{middle(mine, lambda row: row.lab_ms):>8.1f}"
                f"  {max(item.left[0] for item in figures)} fds, {max(item.left[1] for item in figures)} threads"
            )
            for what, count in figures[-1].failed.items():
                print(f"    {count} x {what}")


def ratios(rows: Sequence[Row]) -> None:
    """How ours stands to the others, for each scene and size: pair by pair in each round, and the median of that."""
    pairs = ((askers.OURS, (askers.STOCK, askers.STOCK_20, playbook.NAME, *askers.FLOORS)),
             (askers.ASSEMBLED, (askers.STOCK_PARSED,)))  # fmt: skip
    print()
    for scene, devices in dict.fromkeys((row.scene, row.devices) for row in rows):
        here = [row for row in rows if (row.scene, row.devices) == (scene, devices)]
        for mine, others in pairs:
            for other in others:
                if (found := compared(here, mine, other)) is not None:
                    print(f"{scene}, {devices}: {mine} has {found[0]:.2f} times the devices/s of {other}, "
                          f"and {found[1]:.2g} times its CPU")  # fmt: skip


def bounds(rows: Sequence[Row]) -> None:
    """What any program over an SSH library could reach at best against the usual scripts, on this machine.

    A raw shell checks, keeps and reads nothing, so its ratios are the most that a program over it can have: what the
    shell itself misses, no program over that library meets here. On a busy machine that needs many rounds to be sure.
    """
    for scene, devices in dict.fromkeys((row.scene, row.devices) for row in rows):
        here = [row for row in rows if (row.scene, row.devices) == (scene, devices)]
        for floor in askers.FLOORS:
            for other in (askers.STOCK, askers.STOCK_20):
                if (found := compared(here, floor, other)) is not None:
                    print(f"{scene}, {devices}: bound: {floor} alone has {found[0]:.2f} times the devices/s of "
                          f"{other} and {found[1]:.2g} times its CPU; aims: {_aim(*found)}")  # fmt: skip


def compared(here: Sequence[Row], mine: str, other: str) -> tuple[float, float] | None:
    """Devices/s and CPU of one contender as multiples of another's; None if they did not both answer in some round."""
    both = [
        (one, two)
        for one, two in zip(*([row.figures for row in here if row.figures.contender == name] for name in (mine, other)),
                            strict=False)
        if one.answered and two.answered
    ]  # fmt: skip
    if not both:
        return None
    return (statistics.median(one.per_second / two.per_second for one, two in both),
            statistics.median(one.cpu_ms / two.cpu_ms for one, two in both))  # fmt: skip


def _aim(speed: float, cpu: float) -> str:
    """Which aims a raw shell itself misses."""
    missed = [
        f"{what} ({aim:g} times)"
        for what, aim, met in (("devices/s", AIM_SPEED, speed >= AIM_SPEED), ("CPU", AIM_CPU, cpu <= AIM_CPU))
        if not met
    ]
    return f"it misses that of {' and '.join(missed)} itself" if missed else "it meets both itself"


def main() -> int:
    """Measure, and print tables and ratios."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--devices", type=int, nargs="+", default=[50, 200, 1000])
    options.add_argument("--scenes", nargs="+", choices=SCENES, default=list(SCENES))
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--workers", type=int, default=100)
    options.add_argument("--only", metavar="TEXT", nargs="+", default=[])
    options.add_argument("--also", metavar="PYTHON", action="append", default=[])
    options.add_argument("--ansible", metavar="PYTHON")
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    if given.ansible is not None and not playbook.has_ansible(given.ansible):
        print(f"{given.ansible} has no Ansible with cisco.ios: left out")
        given.ansible = None
    elif given.ansible is None:
        print("Ansible is left out: name an interpreter that has it with --ansible")
    contenders = who([sys.executable, *given.also], given.ansible, given.only)
    missing = [name for name in askers.CONTENDERS if name not in contenders and not given.only]
    print(*(f"{name} is left out: not installed; name an interpreter with --also\n" for name in missing), end="")
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {given.workers} workers unless the name says "
          f"otherwise, {len(askers.COMMANDS)} show commands, median of {given.rounds}")  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the lab ends with it
    rows: list[Row] = []
    for row in run(given, contenders):
        rows.append(row)
        print(f"  {row.scene:<8} {row.devices:>5} {row.figures.contender:<28} {row.figures.per_second:>6.1f} a second",
              file=sys.stderr, flush=True)  # fmt: skip
    show(rows)
    ratios(rows)
    bounds(rows)
    if given.json:
        plain = [{"scene": row.scene, **row.figures._asdict(), "lab_ms": row.lab_ms} for row in rows]
        given.json.write_text(json.dumps(plain, indent=2), encoding="utf-8")
    return 0 if all(row.figures.answered for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
