"""What a whole migration costs the controller, by members: processor time and elapsed time, to plan and to apply.

Run it with ``python benchmarks/migrate.py [--members 50 200 500]``. The fleet is the worked example's three key
servers, its pilot and its head offices, and as many copies of a branch as are wanted, each with networks of its own.
The lab is a process of its own, and not counted. Figures are of the commands ``plan`` and ``apply`` as anybody types
them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from getvpn_ops.cli.demo_site import prepare

EXAMPLE = Path(__file__).parents[1] / "inventory"
SERVERS = ("lds-ks1", "ams-ks1", "dub-ks1")
MEMBERS = ("lds-gm1", "ams-gm1", "dub-gm1", "edi-gm1", "ham-gm1", "ork-gm1")
TEMPLATE = "ham-gm1"
SIZES = (50, 200, 500)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command took.

    Attributes:
        seconds: elapsed.
        cpu: seconds of the processor, of the command alone.
        megabytes: most memory.
    """

    seconds: float
    cpu: float
    megabytes: float


def fleet(folder: Path, members: int) -> None:
    """Write the inventory and the start configurations of so many members."""
    (folder / "clear").mkdir(parents=True)
    (folder / "gdoi_groups").mkdir()
    for name in ("groups.yaml", "defaults.yaml", "gdoi_groups/WAN.yaml"):
        (folder / name).write_text((EXAMPLE / name).read_text(encoding="utf-8"), encoding="utf-8")
    every = yaml.safe_load((EXAMPLE / "hosts.yaml").read_text(encoding="utf-8"))
    hosts = {name: every[name] for name in (*SERVERS, *MEMBERS)}
    for name in SERVERS:
        hosts[name]["data"]["gdoi_groups"] = ["WAN"]
    for name in hosts:
        _config(folder, name, _clear(name))
    text = yaml.safe_dump({TEMPLATE: every[TEMPLATE]})
    for number in range(members - len(MEMBERS)):
        name, changes = f"b{number:04}-gm1", _own(number)
        made = _changed(text, {TEMPLATE: name, "hamburg": f"branch-{number:04}", **changes})
        hosts |= yaml.safe_load(made)
        hosts[name]["data"].pop("pilot")
        _config(folder, name, _changed(_clear(TEMPLATE), {TEMPLATE: name, **changes}))
    (folder / "hosts.yaml").write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")


def _own(number: int) -> dict[str, str]:
    high, low = divmod(number, 100)
    third, fourth = divmod(4 * number, 256)
    return {
        "FDO2142R05E": f"FDOB{number:07}",
        "10.255.1.11": f"10.255.{10 + high}.{low + 1}",
        "10.254.11.2": f"10.253.{third}.{fourth + 2}",
        "10.254.11.1": f"10.253.{third}.{fourth + 1}",
        "10.11.0.": f"10.{64 + high}.{low * 2}.",
        "10.11.": f"10.{64 + high}.",
    }


def _changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def _clear(name: str) -> str:
    return (EXAMPLE / "lab_configs" / "clear" / f"{name}.cfg").read_text(encoding="utf-8")


def _config(folder: Path, name: str, text: str) -> None:
    (folder / "clear" / f"{name}.cfg").write_text(text, encoding="utf-8")


def typed(root: Path, *words: str) -> Spent:
    """Type a command, and wait for it.

    Raises:
        SystemExit: it failed; what it said is shown.
    """
    began = time.monotonic()
    said = root / "said.txt"
    command = [sys.executable, "-m", "getvpn_ops", *words]
    with said.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)}: exit code {os.waitstatus_to_exitcode(status)}\n{_end(said)}")
    return Spent(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _end(said: Path) -> str:
    return said.read_text(encoding="utf-8", errors="replace")[-3000:]


def migrate(members: int) -> tuple[Spent, Spent, float]:
    """A fleet, migrated: what the plan took, what applying it took, and how many packets were lost."""
    with tempfile.TemporaryDirectory(prefix="migrate-") as place:
        folder, root = Path(place) / "fleet", Path(place) / "ops"
        fleet(folder, members)
        prepare(root, folder)
        typed(root, "lab", "up", "--inventory", str(folder), "--configs", str(folder / "clear"), "--seed", "1")
        try:
            plan = typed(
                root, "plan", "migrate-to-getvpn", "WAN", "--lab", "--quiet", "--out", "plan.json", "-o", "json"
            )
            applied = typed(root, "apply", "last", "--yes", "--accept-loss", "--lab", "--quiet")
            typed(root, "lab", "ledger", "-o", "json", "--out", "ledger.json")
            lost = json.loads((root / "ledger.json").read_text(encoding="utf-8"))["totals"]["lost"]
        finally:
            typed(root, "lab", "down")
    return plan, applied, float(lost)


def main() -> None:
    """Show a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--members", type=int, nargs="+", default=SIZES)
    print("| members | plan s | CPU s | apply s | CPU s | CPU s a member | MiB | packets lost |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for members in asked.parse_args().members:
        plan, applied, lost = migrate(members)
        each = (plan.cpu + applied.cpu) / members
        print(
            f"| {members} | {plan.seconds:.0f} | {plan.cpu:.1f} | {applied.seconds:.0f} | {applied.cpu:.1f} | "
            f"{each:.2f} | {max(plan.megabytes, applied.megabytes):.0f} | {lost:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
