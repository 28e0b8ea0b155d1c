"""Access lists compared: our packet sets against subtracting boxes one by one, and how fast both are.

Run it with ``python benchmarks/acl.py``. Three kinds of hard lists of 100 lines, denies first: prefixes and ports,
wildcards with holes in single octets, and wildcards with holes anywhere. Each pair is read from ``Ace`` objects, both
sets are made, and both differences. The first pair of a process pays for the table of nodes as well: that is the cold
figure.

The other contender is what one writes without a library: lists of boxes (five intervals each), subtracted from each
other. It cannot say wildcards with holes, so it only meets prefixes and ports. Both must find the same number of
headers.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.dialect.ace import parse_ace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.model.acl import Ace, AceAddress

KINDS = ("prefixes", "octets", "holes")
LINES = 100
PAIRS = 500
Box = tuple[tuple[int, int], ...]
"""Closed intervals: source, destination, protocol, source port, destination port."""
_FULL = (2**32 - 1, 2**32 - 1, 255, 65535, 65535)
_PORTED = {"tcp": 6, "udp": 17}


def draw_line(chance: random.Random, kind: str, *, deny: bool) -> str:
    """One line of a hard list."""
    protocol = chance.choice(("ip", "tcp", "udp"))
    ends = (_address(chance, kind) + _port(chance, protocol) for _ in range(2))
    return f"{'deny' if deny else 'permit'} {protocol} {' '.join(ends)}"


def _address(chance: random.Random, kind: str) -> str:
    base = 10 << 24 | chance.getrandbits(24)
    if kind == "octets":
        return f"{IPv4Address(base)} {IPv4Address(chance.choice((0xFF00, 0xFF0000, 0xFE, 0xFF01, 0xFF00FF)))}"
    if kind == "holes":
        return f"{IPv4Address(base)} {IPv4Address(chance.getrandbits(24))}"
    bits = chance.choice((4, 8, 12, 16))
    return f"{IPv4Address(base >> bits << bits)} {IPv4Address((1 << bits) - 1)}"


def _port(chance: random.Random, protocol: str) -> str:
    draw = chance.random()
    if protocol == "ip" or draw < 0.5:  # noqa: PLR2004 -- half of the lines name no port
        return ""
    low = chance.randrange(60000)
    return f" eq {low}" if draw < 0.75 else f" range {low} {low + chance.randrange(5000)}"  # noqa: PLR2004


def draw_list(chance: random.Random, kind: str, lines: int = LINES) -> list[Ace]:
    """A hard list; the first 60 of 100 lines are denies."""
    return [parse_ace(draw_line(chance, kind, deny=place < lines * 0.6)) for place in range(lines)]


def compare(old: list[Ace], new: list[Ace]) -> int:
    """Headers that are encrypted by one of two lists alone, by packet sets."""
    before, after = EffectiveList((), old).encrypted, EffectiveList((), new).encrypted
    lost, won = before - after, after - before
    return 0 if lost.is_empty and won.is_empty else lost.count + won.count


def _interval(address: AceAddress | None) -> tuple[int, int]:
    network = address.network if address is not None else None
    if not isinstance(network, IPv4Network):
        return 0, _FULL[0]
    return int(network.network_address), int(network.broadcast_address)


def box_of(ace: Ace) -> Box:
    """The line as a box; ports of protocols without any are left whole."""
    sides = [_interval(address) for address in (ace.source, ace.destination)]
    number = _PORTED.get(ace.protocol or "ip")
    protocol = (0, 255) if number is None else (number, number)
    ports = [
        (0, 65535) if port is None else (port.ports[0], port.ports[-1])
        for port in (ace.source_port, ace.destination_port)
    ]
    return (*sides, protocol, *ports)


def subtract(box: Box, other: Box) -> Iterator[Box]:
    """The parts of a box that are not in another."""
    meet = tuple((max(a[0], b[0]), min(a[1], b[1])) for a, b in zip(box, other, strict=True))
    if any(low > high for low, high in meet):
        yield box
        return
    rest = list(box)
    for field, (low, high) in enumerate(meet):
        first, last = rest[field]
        if first < low:
            yield (*rest[:field], (first, low - 1), *rest[field + 1 :])
        if high < last:
            yield (*rest[:field], (high + 1, last), *rest[field + 1 :])
        rest[field] = (low, high)


def boxes_of(aces: list[Ace]) -> list[Box]:
    """What a list permits, as boxes apart from each other."""
    permitted: list[Box] = []
    taken: list[Box] = []
    for ace in aces:
        parts = [box_of(ace)]
        for other in taken:
            parts = [rest for part in parts for rest in subtract(part, other)]
        if ace.action == "permit":
            permitted += parts
        taken.append(box_of(ace))
    return permitted


def compare_boxes(old: list[Ace], new: list[Ace]) -> int:
    """The same by boxes."""
    before, after = boxes_of(old), boxes_of(new)
    found = 0
    for whole, others in ((before, after), (after, before)):
        parts = whole
        for other in others:
            parts = [rest for part in parts for rest in subtract(part, other)]
        found += sum(_headers(part) for part in parts)
    return found


def _headers(box: Box) -> int:
    """How many headers, ports counted where the protocol has them."""
    (s0, s1), (d0, d1), (p0, p1), (a0, a1), (b0, b1) = box
    ported = sum(p0 <= number <= p1 for number in (6, 17, 132))
    return (s1 - s0 + 1) * (d1 - d0 + 1) * (ported * (a1 - a0 + 1) * (b1 - b0 + 1) + (p1 - p0 + 1 - ported))


def seconds_of(work: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cold(kind: str, seed: int) -> float:
    """Seconds of the first comparison in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--cold", kind, "--seed", str(seed)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def resident_megabytes() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cold", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="Few repetitions: whether it runs, not how fast.")
    parser.add_argument("--json", type=Path, help="Write the figures to this file as well.")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 -- repeatable
    if asked.cold:
        old, new = (draw_list(chance, asked.cold) for _ in range(2))
        print(seconds_of(lambda: compare(old, new)))
        return
    figures: dict[str, object] = {}
    print(f"packet sets, {LINES} against {LINES} lines, milliseconds")
    for kind in KINDS:
        first = [cold(kind, seed) * 1000 for seed in range(1 if asked.quick else 9)]
        pairs = [[draw_list(chance, kind) for _ in range(2)] for _ in range(2 if asked.quick else 20)]
        warm = [seconds_of(lambda pair=pair: compare(*pair)) * 1000 for pair in pairs]  # type: ignore[misc]
        figures[kind] = {"cold_ms": first, "warm_ms": warm}
        print(f"  {kind:9} cold {_spread(first)}   warm {_spread(warm)}")
    before = resident_megabytes()
    number = 5 if asked.quick else PAIRS
    took = seconds_of(lambda: [compare(*(draw_list(chance, KINDS[at % 2]) for _ in range(2))) for at in range(number)])
    figures["growth"] = {"pairs": number, "megabytes": resident_megabytes() - before, "seconds": took}
    print(f"{number} pairs in a row: {took:.1f} s, memory {resident_megabytes() - before:+.0f} MB")
    print("against boxes (prefixes and ports), milliseconds and ratio")
    for lines in (10, 20) if asked.quick else (10, 20, 40, 100):
        old, new = (draw_list(chance, "prefixes", lines) for _ in range(2))
        if compare(old, new) != compare_boxes(old, new):
            sys.exit("the two do not agree: a figure would mean nothing")
        ours = min(seconds_of(lambda: compare(old, new)) for _ in range(3))  # noqa: B023 -- called at once
        theirs = seconds_of(lambda: compare_boxes(old, new))  # noqa: B023
        figures[f"boxes-{lines}"] = {"ours_ms": ours * 1000, "boxes_ms": theirs * 1000}
        print(f"  {lines:3} lines: sets {ours * 1000:8.1f}   boxes {theirs * 1000:8.1f}   x{theirs / ours:.1f}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def _spread(times: list[float]) -> str:
    return f"median {statistics.median(times):6.1f}, worst {max(times):6.1f}"


if __name__ == "__main__":
    main()
