"""Terminal lines as the configuration says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.lab.ios.configuration.blocks import Block
    from getvpn_ops.lab.ios.configuration.config import Configuration

_USUAL = 5  # lines that a router has without a word in its configuration
_IDLE = 600.0


def vty_lines(configuration: Configuration) -> list[int]:
    """The lines that take SSH, in the order in which they are given to connections."""
    taken: dict[int, bool] = dict.fromkeys(range(_USUAL), True)
    for block, first, last in _ranges(configuration):
        inputs = next((line.text.split()[2:] for line in block.lines if line.text.startswith("transport input ")), None)
        takes = inputs is None or bool({"ssh", "all"} & set(inputs))
        taken.update(dict.fromkeys(range(first, last + 1), takes))
    return [line for line in sorted(taken) if taken[line]]


def exec_timeout(configuration: Configuration, number: int) -> float:
    """Seconds after which an idle session on a line ends; 0 never. Ten minutes unless configured."""
    seconds = _IDLE
    for block, first, last in _ranges(configuration):
        if not first <= number <= last:
            continue
        for line in block.lines:
            if line.text.startswith("exec-timeout "):
                minutes, *rest = (int(word) for word in line.text.split()[1:])
                seconds = minutes * 60.0 + (rest or [0])[0]
            elif line.text == "no exec-timeout":
                seconds = 0.0
    return seconds


def _ranges(configuration: Configuration) -> Iterator[tuple[Block, int, int]]:
    """Each block of VTY lines with its first and last number."""
    for block in configuration.all("line vty "):
        first, *last = (int(word) for word in block.text.split()[2:4])
        yield block, first, (last or [first])[0]
