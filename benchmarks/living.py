"""How large a group the lab keeps alive: 3 key servers and N members, registered, with traffic between their sites.

    python benchmarks/living.py [--members N] [--seconds N]

The fleet runs in a process of its own at real pace; its CPU and memory are the system's count. Then the clock jumps an
hour and a day, and a change of policy is sent to every member.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from group import write
from lab import cpu_seconds, memory_mib, running

from getvpn_ops.lab.control import ask

UNREGISTERED = {"not-registered", "clear-refused", "no-sa"}
"""Losses where a member has no key."""


def main() -> int:
    """Measure, and print what was found."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--members", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=60.0)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, given.members)
        with running(root) as (place, pid, began):
            print(f"{given.members} members and 3 key servers are up in {time.perf_counter() - began:.1f} s")
            before = cpu_seconds(pid)
            time.sleep(given.seconds)
            share = (cpu_seconds(pid) - before) / given.seconds
            print(f"real pace: {share:.1%} of a core, {memory_mib(pid, 'VmRSS'):.0f} MiB")
            for span in ("+1h", "+1d"):
                begun = time.perf_counter()
                answer = ask(place.socket, "advance", to=span)
                print(f"advance {span}: {answer['events']} events in {time.perf_counter() - begun:.1f} s")
            totals = ask(place.socket, "ledger")["totals"]
            print(json.dumps(totals))
            if not totals["encrypted"] or totals["reasons"].keys() & UNREGISTERED:
                raise RuntimeError("not every member was registered all the time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
