"""What a router looks at when transform sets, crypto maps and replay checks are typed, beyond the grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.blocks import Block
from getvpn_ops.lab.ios.configuration.rulings import Ruling
from getvpn_ops.lab.ios.configuration.syntax import Accepted

if TYPE_CHECKING:
    from getvpn_ops.lab.ios.configuration.config import Configuration
    from getvpn_ops.lab.ios.configuration.grammar_file import Reading

_NAME = 4
"""Words of ``crypto ipsec transform-set NAME``."""
_WINDOW = 64
"""Packets of a replay window whose size is not typed."""
_UNSAID = ("esp-aes", "128")
"""A cipher and the key length that its name alone stands for."""


def transform_set(configuration: Configuration, block: Block, reading: Reading) -> Ruling | None:
    """``crypto ipsec transform-set``: typed in any order, kept as authentication header, cipher, hash, compression."""
    if reading.negated or not isinstance(reading.outcome, Accepted):
        return None
    words = reading.outcome.words
    parts: list[list[str]] = []
    for word in words[_NAME:]:
        if not word.isdigit():
            parts.append([word])
        elif (parts[-1][0], word) != _UNSAID:
            parts[-1].append(word)
    parts.sort(key=lambda part: _place(part[0]))
    kept = [*words[:_NAME], *(word for part in parts for word in part)]
    opened = configuration.put(block, configuration.mode(block).read(" ".join(kept)))
    return Ruling(opened=opened)


def _place(transform: str) -> int:
    """Where a transform stands in the printed line."""
    return 0 if transform.startswith("ah-") else 3 if transform == "comp-lzs" else 2 if "-hmac" in transform else 1


def interface_map(configuration: Configuration, _block: Block, reading: Reading) -> Ruling | None:
    """``crypto map M`` on an interface: the map must be there (wording from memory)."""
    if reading.negated or configuration.loading or not isinstance(reading.outcome, Accepted):
        return None
    name = reading.outcome.values[0]
    start = f"crypto map {'ipv6 ' if reading.outcome.words[0] == 'ipv6' else ''}{name} "
    if any(line.text.startswith(start) for line in configuration.top.lines):
        return None
    return Ruling((f'ERROR: Crypto Map with tag "{name}" does not exist.',), refused=True)


def replay(_configuration: Configuration, block: Block, reading: Reading) -> Ruling:
    """``replay`` in an SA of a key server: by counter or by time, one in place of the other, or not at all."""
    block.keep([line for line in block.lines if line.text.removeprefix("no ").split(" ")[0] != "replay"])
    text = reading.text
    if reading.negated:
        text = "no replay" if text == "replay" and not reading.resets else ""
    elif text == "replay counter window-size":
        text = f"{text} {_WINDOW}"
    if text:
        rank = reading.statement.rank if reading.statement else 0
        block.add(Block(text, rank, ("replay",), None, [], reading.order))
    return Ruling()
