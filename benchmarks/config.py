"""Render and compare a fleet: ours, hier_config as it comes, and Jinja2 alone as the floor.

    python benchmarks/config.py [--members 1000 5000] [--json FILE]

Each size runs in a process of its own, which tells its greatest memory. For each member all contenders get the same two
texts, one after the other: what it runs (150 lines, every twentieth with a line changed by hand) and what it should
hold. Ours renders, reads the text back, proves that it says what was meant, reads the running configuration, compares
them and plans the change; hier_config reads both texts by its own loader and computes its remediation; Jinja2 only
writes the text. What ours finds is counted and must be exactly what was changed by hand.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from hier_config import Platform, WorkflowRemediation, get_hconfig

from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.engine.config.drift import KeyTerms, difference_of
from getvpn_ops.engine.config.intended import Intents
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.intent.group import GdoiGroupIntent
from getvpn_ops.model.intent.router import MemberIntent
from getvpn_ops.model.inventory import Device, Inventory, Role
from getvpn_ops.parsing import parse
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import text_of, true_text_of

SIZES = (1000, 5000)
EVERY = 20  # a member in so many was changed by hand
LINEAR = 1.25  # times the time of a member in the smaller fleet
PORT = "GigabitEthernet0/0/0"
GROUP = {
    "schema": 1,
    "name": "WAN",
    "identity": 61001,
    "key_servers": ["ks-1", "ks-2"],
    "ike": {"psk": {"reference": "psk/{member}"}},
    "policies": [
        {
            "acl": {
                "exempt": ["gdoi", "ssh", "tacacs", "ntp", "bgp", "ospf"],
                "encrypt": ["10.0.0.0/8 -> 10.0.0.0/8"],
            }
        }
    ],
}


class WrongAnswerError(Exception):
    """A contender did not find what was changed."""


@dataclass
class Figures:
    """Seconds of each contender for a whole fleet, in processor time."""

    members: int
    seconds: dict[str, float] = field(default_factory=dict)
    found: int = 0
    lines: int = 0
    mebibytes: float = 0.0

    def add(self, who: str, since: float) -> None:
        """Count the time since a moment."""
        self.seconds[who] = self.seconds.get(who, 0.0) + time.process_time() - since


def fleet(count: int) -> Inventory:
    """Two key servers and so many members."""
    devices = {
        f"ks-{place}": Device(
            f"ks-{place}", f"10.255.255.{place}", role=Role.KEY_SERVER, gdoi_groups=("WAN",), release="17.6.5",
            gdoi_addresses=(ip_address(f"10.255.255.{place}"),),
        )
        for place in (1, 2)
    }  # fmt: skip
    own = MemberIntent.model_validate(
        {"interfaces": [PORT], "adjust_mss": {"GigabitEthernet0/0/1": 1360}, "exceptions": {"exempt": ["ssh"]}}
    )
    for number in range(count):
        name, address = f"gm-{number:05}", ip_address(0x0AF00000 + 4 * number + 2)
        devices[name] = Device(
            name, str(address), role=Role.MEMBER, gdoi_groups=("WAN",), release="17.6.5", gdoi_addresses=(address,),
            member_of={"WAN": own},
        )  # fmt: skip
    return Inventory(devices, {"WAN": GdoiGroupIntent.model_validate(GROUP)}, "made up")


def running(ours: str, number: int) -> str:
    """What a member prints: our lines among those of others, 150 in all."""
    address = ip_address(0x0AF00000 + 4 * number + 2)
    for name, said in ((PORT, f"{address} 255.255.255.252"), ("GigabitEthernet0/0/1", "10.1.0.1 255.255.255.0")):
        ours = ours.replace(f"interface {name}\n", f"interface {name}\n ip address {said}\n load-interval 30\n")
    if number % EVERY == 0:
        ours = ours.replace(" lifetime 300\n", " lifetime 1200\n")
    others = [
        *(f"class-map match-any C{place}\n match dscp {place}" for place in range(28)),
        *(f"ip route 10.{place}.0.0 255.255.0.0 10.254.0.1 name net-{place}" for place in range(24)),
        "router bgp 65001",
        *(f" network 10.77.{place}.0 mask 255.255.255.0" for place in range(24)),
        *(f"logging host 10.9.0.{place}" for place in range(1, 9)),
    ]
    return f"version 17.6\nhostname gm-{number:05}\n!\n{ours}\n" + "\n".join([*others, "end", ""])


def measure(count: int) -> Figures:
    """One size."""
    figures = Figures(count)
    inventory = fleet(count)
    redactor = Redactor()
    secrets = Secrets(lambda name: Secret.of("isakmp-key", f"key-of-{name.rpartition('/')[2]}"))
    terms = KeyTerms(has_source=True)
    since = time.process_time()
    intents = Intents(inventory, secrets)
    intents.resolver.group("WAN")
    figures.add("decide the group", since)
    since = time.process_time()
    intents.of("ks-1")
    figures.add("one key server", since)
    for number in range(count):
        name = f"gm-{number:05}"
        config = intents.resolver.config(name)
        wanted = true_text_of(config)
        text = running(wanted, number)
        figures.lines = text.count("\n")
        since = time.process_time()
        intended = intents.of(name)
        figures.add("ours: render, read back, prove", since)
        since = time.process_time()
        read = parse("show running-config", redactor.capture(text.encode(), "show running-config")).data
        figures.add("ours: read what runs", since)
        since = time.process_time()
        found = difference_of(intended, read, terms)
        figures.add("ours: compare and plan", since)
        figures.found += len(found.drifts)
        since = time.process_time()
        text_of(config)
        figures.add("Jinja2 alone", since)
        since = time.process_time()
        stock = WorkflowRemediation(
            get_hconfig(Platform.CISCO_IOS, text), get_hconfig(Platform.CISCO_IOS, f"hostname {name}\n{wanted}")
        )
        if not str(stock.remediation_config.dump_simple()):
            raise WrongAnswerError("hier_config found nothing to do")
        figures.add("hier_config: read both, remediation", since)
    expected = -(-count // EVERY)
    if figures.found != expected:
        msg = f"{figures.found} lines were found to differ, {expected} do"
        raise WrongAnswerError(msg)
    figures.mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def show(all_figures: list[dict[str, object]]) -> bool:
    """Print them; whether time grows with the members."""
    linear = True
    each: list[float] = []
    for figures in all_figures:
        members, seconds = figures["members"], figures["seconds"]
        assert isinstance(members, int)  # noqa: S101 -- JSON of our own
        assert isinstance(seconds, dict)  # noqa: S101
        print(f"\n{members} members, {figures['lines']} lines each, {figures['mebibytes']:.0f} MiB at most")
        ours = sum(value for who, value in seconds.items() if who.startswith("ours"))
        for who, value in {**seconds, "ours, all of it": ours}.items():
            print(f"  {who:40} {value:8.2f} s  {1000 * value / members:7.3f} ms a member")
        stock, floor = seconds["hier_config: read both, remediation"], seconds["Jinja2 alone"]
        print(
            f"  hier_config takes {stock / ours:.2f} times as long as ours; ours {ours / floor:.1f} times Jinja2 alone"
        )
        each.append(ours / members)
    for small, large in itertools.pairwise(each):
        linear &= large <= LINEAR * small
        print(f"\na member of the larger fleet takes {large / small:.2f} times as long (linear: at most {LINEAR})")
    return linear


def main() -> int:
    """Run every size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--members", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(vars(measure(asked.members[0]))))
        return 0
    print(f"Python {platform.python_version()}, {platform.machine()}")
    found = []
    for count in asked.members:
        done = subprocess.run(
            [sys.executable, __file__, "--child", "--members", str(count)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
    linear = show(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0 if linear else 1


if __name__ == "__main__":
    sys.exit(main())
