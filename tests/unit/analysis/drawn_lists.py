"""Random access lists, packets around their edges, and a reading of both that shares no code with the package."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

Packet = tuple[int, int, int, int, int]
"""Source, destination, protocol, source port, destination port."""


def _number(dotted: str) -> int:
    value = 0
    for part in dotted.split("."):
        value = value * 256 + int(part)
    return value


def _take_address(words: list[str]) -> tuple[int, int]:
    """Base and ignored bits."""
    word = words.pop(0)
    if word == "any":
        return 0, 0xFFFFFFFF
    if word == "host":
        return _number(words.pop(0)), 0
    return _number(word), _number(words.pop(0))


def _take_ports(words: list[str]) -> tuple[str, list[int]] | None:
    if not words or words[0] not in {"eq", "neq", "lt", "gt", "range"}:
        return None
    operator, numbers = words.pop(0), []
    while words and words[0].isdigit():
        numbers.append(int(words.pop(0)))
    return operator, numbers


def _port_fits(port: int, wanted: tuple[str, list[int]] | None) -> bool:
    if wanted is None:
        return True
    operator, numbers = wanted
    return {
        "eq": port in numbers,
        "neq": port not in numbers,
        "lt": port < numbers[0],
        "gt": port > numbers[0],
        "range": numbers[0] <= port <= numbers[-1],
    }[operator]


def _fits(line: str, packet: Packet) -> bool:
    source, destination, protocol, source_port, destination_port = packet
    words = line.split()[1:]
    wanted = {"ip": None, "tcp": 6, "udp": 17, "icmp": 1, "esp": 50}[words.pop(0)]
    if wanted is not None and wanted != protocol:
        return False
    base, ignored = _take_address(words)
    if (source | ignored) != (base | ignored):
        return False
    first = _take_ports(words)
    base, ignored = _take_address(words)
    if (destination | ignored) != (base | ignored):
        return False
    second = _take_ports(words)
    return protocol not in {6, 17} or (_port_fits(source_port, first) and _port_fits(destination_port, second))


def first_match(lines: list[str], packet: Packet) -> str:
    """The action of the first line that fits, read from the words of the lines."""
    return next((line.split()[0] for line in lines if _fits(line, packet)), "none")


def _draw_address(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.15:
        return "any"
    base = (10 << 24) | rng.getrandbits(10) << 8 | rng.choice((0, 1, 7, 10, 255))
    if kind < 0.3:
        return f"host {IPv4Address(base)}"
    if kind < 0.8:
        bits = rng.choice((4, 8, 8, 9, 12, 16, 24))
        return f"{IPv4Address(base >> bits << bits)} {IPv4Address((1 << bits) - 1)}"
    return f"{IPv4Address(base)} {IPv4Address(rng.getrandbits(24) & rng.getrandbits(24))}"


def _draw_ports(rng: random.Random) -> str:
    ports = sorted(rng.sample((0, 1, 22, 80, 443, 848, 1023, 1024, 40000, 65534, 65535), 2))
    one = rng.choice(ports)
    return rng.choice(
        (
            *("", "", "", f" eq {one}", f" neq {one}", f" lt {one}", f" gt {one}", f" range {ports[0]} {ports[1]}"),
            *(f" eq {ports[0]} {ports[1]}", f" neq {ports[0]} {ports[1]}"),
        )
    )


def draw_line(rng: random.Random) -> str:
    protocol = rng.choice(("ip", "ip", "tcp", "udp", "icmp", "esp"))
    first, second = (_draw_ports(rng), _draw_ports(rng)) if protocol in {"tcp", "udp"} else ("", "")
    action = rng.choice(("permit", "deny"))
    return f"{action} {protocol} {_draw_address(rng)}{first} {_draw_address(rng)}{second}"


def _edges(lines: list[str]) -> tuple[list[list[int]], list[int]]:
    """Addresses at and beside the ends of every source and destination, and ports beside those named."""
    sides: list[list[int]] = [[0, 0xFFFFFFFF], [0, 0xFFFFFFFF]]
    ports = {0, 5000, 65535}
    for line in lines:
        words = line.split()[2:]
        for side in sides:
            base, ignored = _take_address(words)
            low, high = base & ~ignored, base | ignored
            side += [low, high, max(low - 1, 0), min(high + 1, 0xFFFFFFFF), base]
            found = _take_ports(words)
            for number in found[1] if found else ():
                ports |= {number, max(number - 1, 0), min(number + 1, 65535)}
    return sides, sorted(ports)


def packets(rng: random.Random, lines: list[str], count: int) -> Iterator[Packet]:
    together = _edges(lines)
    alone = [_edges([line]) for line in lines]
    for _ in range(count):
        (sources, destinations), ports = rng.choice(alone) if rng.random() < 0.6 else together
        yield (
            rng.choice(sources),
            rng.choice(destinations),
            rng.choice((1, 6, 6, 17, 17, 50, 89)),
            rng.choice(ports),
            rng.choice(ports),
        )
