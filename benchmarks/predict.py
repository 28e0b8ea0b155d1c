"""How long a change takes to be predicted, and in how much memory: 100, 1,000 and 5,000 members.

Run it with ``python benchmarks/predict.py``. Each figure is of a process of its own. The members are as a large bank
has them: most alike, each read by itself (equal lists are not one object, ends of keys waver by the second), some with
a local list, some passive, some not seen, some sites before which no member stands, and a list of 59 lines that names
twenty networks.

- swap: the list of a live group is swapped.
- cut-over: receive-only is removed as the guide does it, and no way was probed for ESP.
- hitless: the same in our order, two waves before it and two after.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.traffic.facts import GOOD
from getvpn_ops.analysis.traffic.fates import Path as Way
from getvpn_ops.analysis.traffic.group_steps import Rekey
from getvpn_ops.analysis.traffic.member_steps import Passive
from getvpn_ops.analysis.traffic.members import Member, TrafficKey
from getvpn_ops.analysis.traffic.sites import Paths, Site
from getvpn_ops.analysis.traffic.steps import Now, Policy
from getvpn_ops.analysis.traffic.timeline import timeline
from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.dialect.ace import parse_ace

if TYPE_CHECKING:
    from getvpn_ops.analysis.traffic.steps import Step
    from getvpn_ops.model.acl import Ace

SIZES = (100, 1000, 5000)
CHANGES = ("swap", "cut-over", "hitless")
START = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
LIFETIME = 7200.0
TRANSFORM = ("esp-256-aes", "esp-sha-hmac")
LIVING = TrafficKey(0x1001, START + timedelta(seconds=5000), TRANSFORM, 5.0)
SERVICES = (22, 49, 123, 161, 514, 1645, 1812, 3784)
MEASURED = Way(mtu=1500)
PROBED = Way(esp=GOOD.passive_at_once, mtu=1500)


def policy(*more: str, blocks: int = 20) -> tuple[Ace, ...]:
    """The key server's list: services both ways, networks that are no members', and regions with each other."""
    lines = ["deny udp any eq 848 any eq 848", "deny ospf any any", *more]
    for port in SERVICES:
        lines += [f"deny tcp any any eq {port}", f"deny tcp any eq {port} any"]
    for block in range(blocks):
        wild = f"10.{block * 8}.0.0 0.0.7.255"
        lines += [f"deny ip any {wild}", f"deny ip {wild} any"]
    return tuple(parse_ace(line) for line in (*lines, "permit ip 10.0.0.0 0.255.255.255 10.0.0.0 0.255.255.255"))


OLD, NEW = policy(), policy("deny tcp any any eq 443", "deny tcp any eq 443 any")
LOCAL = tuple(parse_ace(line) for line in ("deny tcp any any eq 8080", "deny tcp any eq 8080 any"))


def sites_of(count: int, *, receive_only: bool) -> tuple[Site, ...]:
    """So many members, and one site in fifty beside them before which none stands."""
    chance = random.Random(count)  # noqa: S311 -- repeatable
    found = []
    for number in range(count + count // 50):
        network = IPv4Network((int(IPv4Address("10.0.0.0")) + (number << 9), 24))
        waver = timedelta(seconds=chance.random())
        usual: dict[str, Any] = {
            "keys": (TrafficKey(LIVING.spi, (LIVING.ends or START) + waver, LIVING.transform, LIVING.window),),
            "lists": EffectiveList(LOCAL if number % 40 == 0 else (), tuple(replace(ace) for ace in OLD)),
            "downloaded": True,
            "receive_only": receive_only,
            "facts": GOOD,
        }
        name = f"gm{number:04}"
        if number >= count:
            usual = {"applied": False}
        elif number % 500 == 7:  # noqa: PLR2004
            usual = {"unseen": f"{name}: no answer within 10 s"}
        elif number % 100 == 3:  # noqa: PLR2004
            usual |= {"passive": True}
        found.append(Site(f"site{number:04}", (network,), (Member(name, **usual),)))
    return tuple(found)


def steps_of(change: str, sites: tuple[Site, ...]) -> tuple[Step, ...]:
    """A change."""
    if change == "swap":
        return (Rekey("swap the list", entries=NEW),)
    both = Rekey("remove receive-only", receive_only=False)
    if change == "cut-over":
        return (both,)
    names = [site.members[0].name for site in sites]
    waves = frozenset(names[: len(names) // 10]), frozenset(names[len(names) // 10 :])
    on = [Passive(wave, 600.0) for wave in waves]
    return (*on, both, *(Passive(wave, 600.0, on=False) for wave in waves))


def measure(change: str, count: int) -> dict[str, float]:
    """Predict a change in this process."""
    receive_only = change != "swap"
    sites = sites_of(count, receive_only=receive_only)
    ways = Paths(MEASURED if change == "cut-over" else PROBED)
    begin = Now(START, Policy(OLD, (LIVING,), receive_only), Timing(members=count, lifetime=LIFETIME))
    started = time.perf_counter()
    found = timeline(sites, steps_of(change, sites), begin, ways)
    said = [step.text for step in found.steps]
    took = time.perf_counter() - started
    losses = [loss for step in found.steps for loss in step.losses(0)]
    assert found.statement and said  # noqa: PT018, S101
    return {
        "seconds": took,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "kinds": sum(len(step.kinds) for step in found.steps),
        "losing_pairs": sum(loss.pairs for loss in losses),
        "characters": sum(map(len, said)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--one", nargs=2, metavar=("CHANGE", "MEMBERS"), help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="The smallest size only: whether it runs, not how fast.")
    parser.add_argument("--json", type=Path, help="Write the figures to this file as well.")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one[0], int(asked.one[1]))))
        return
    figures: dict[str, dict[str, float]] = {}
    for change in CHANGES:
        for count in SIZES[:1] if asked.quick else SIZES:
            command = [sys.executable, __file__, "--one", change, str(count)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = figures[f"{change}-{count}"] = json.loads(done.stdout)
            print(
                f"{change:9} {count:5} members: {found['seconds']:6.2f} s {found['megabytes']:5.0f} MB, "
                f"{found['losing_pairs']:.0f} pairs of sites lose, told in {found['characters']:.0f} characters"
            )
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
