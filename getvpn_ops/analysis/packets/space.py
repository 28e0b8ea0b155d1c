"""The diagram in which packet sets live: one variable a header bit, one table of nodes for the whole process.

Why a library, and why this one. Prefixes, port ranges and discontiguous wildcards together make boxes explode; a binary
decision diagram with complement edges stays small and is canonical, so that equality is exact and costs nothing.
``oxidd`` (MIT or Apache-2.0, Rust, typed, no dependency but typing-extensions, wheels for every Python from 3.9) reads
and compares hard lists of 100 lines in some tens of milliseconds, a cold manager included (``benchmarks/acl.py``).
Nodes that no set uses are freed; a manager serves several threads under locks of its own; a child can go on with it
after ``fork``. ``dd`` was the other candidate: its pure Python is too slow for the goal, and its CUDD wheels bring four
more packages.

The order of the variables is version, source, destination, protocol, ports: what lists tell apart first stands first.
IPv6 shares its variables with IPv4, whose functions never ask for those beyond bit 32.
"""

from __future__ import annotations

import threading
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from oxidd.bcdd import BCDDFunction, BCDDManager

from getvpn_ops.analysis.packets.flow import PORTED
from getvpn_ops.analysis.packets.match import ALL_PORTS, LAST_PORT, WIDTH

if TYPE_CHECKING:
    from getvpn_ops.analysis.packets.match import Bits, Match, Ports

_V6 = 128
SOURCE, DESTINATION = 1, 1 + _V6
PROTOCOL = 1 + 2 * _V6
SOURCE_PORT, DESTINATION_PORT = PROTOCOL + 8, PROTOCOL + 24
VARIABLES = PROTOCOL + 40
"""Variable 0 is the version: false is IPv4."""
UNUSED_BY_V4 = 2 * (_V6 - WIDTH[4])
"""Variables that no function of IPv4 asks for."""
_NODES = 1 << 22
"""At most; memory is only taken for those in use. A list of 100 hard lines needs some 10,000."""
_CACHE = 1 << 18
_TIDY = 1 << 18
"""Nodes from which on dead ones are cleared away."""


class Space:
    """The variables, and the few functions that all sets are made of; nodes live as long as the sets that use them."""

    def __init__(self) -> None:
        self.manager = BCDDManager(_NODES, _CACHE, 1)
        self.manager.add_vars(VARIABLES)
        self.true, self.false = self.manager.true(), self.manager.false()
        self.on = [self.manager.var(place) for place in range(VARIABLES)]
        self.off = [self.manager.not_var(place) for place in range(VARIABLES)]
        self.ported = reduce(or_, (self.number(PROTOCOL, 8, value) for value in sorted(PORTED)))
        swapped = [(SOURCE, DESTINATION, _V6), (SOURCE_PORT, DESTINATION_PORT, 16)]
        pairs = [(left + bit, self.on[right + bit]) for left, right, bits in swapped for bit in range(bits)]
        pairs += [(right + bit, self.on[left + bit]) for left, right, bits in swapped for bit in range(bits)]
        self.swap = BCDDFunction.make_substitution(pairs)
        self._tidy_at = _TIDY

    def number(self, first: int, width: int, value: int, care: int | None = None) -> BCDDFunction:
        """The functions of a field whose bits are those of a value, wherever ``care`` has one."""
        made = self.true
        for bit in range(width):  # from the last variable up: each step costs one node
            if care is None or care >> bit & 1:
                place = first + width - 1 - bit
                made = (self.on if value >> bit & 1 else self.off)[place] & made
        return made

    def bits(self, first: int, version: int, bits: Bits) -> BCDDFunction:
        """Addresses."""
        return self.number(first, WIDTH[version], bits.value, bits.care)

    def ports(self, first: int, ports: Ports) -> BCDDFunction:
        """Ports within intervals."""
        if ports == ALL_PORTS:
            return self.true
        return reduce(or_, (self._interval(first, *interval) for interval in ports), self.false)

    def _interval(self, first: int, low: int, high: int) -> BCDDFunction:
        if low == high:
            return self.number(first, 16, low)
        above = self._at_least(first, low)
        return above if high == LAST_PORT else above & ~self._at_least(first, high + 1)

    def _at_least(self, first: int, value: int) -> BCDDFunction:
        made = self.true
        for bit in range(16):
            variable = self.on[first + 15 - bit]
            made = variable & made if value >> bit & 1 else variable | made
        return made

    def match(self, match: Match) -> BCDDFunction:
        """The packets of a match."""
        made = self.ports(SOURCE_PORT, match.source_ports) & self.ports(DESTINATION_PORT, match.destination_ports)
        if match.protocol is not None:
            made = self.number(PROTOCOL, 8, match.protocol) & made
        made = self.bits(DESTINATION, match.version, match.destination) & made
        made = self.bits(SOURCE, match.version, match.source) & made
        return self.version(match.version) & made

    def version(self, version: int) -> BCDDFunction:
        """All packets of an IP version."""
        return (self.off if version == 4 else self.on)[0]  # noqa: PLR2004 -- IPv4

    def tidy(self) -> None:
        """Free the nodes of sets that are gone, if there are many; called where new sets are made."""
        if self.manager.approx_num_inner_nodes() < self._tidy_at:
            return
        self.manager.gc()
        self._tidy_at = max(_TIDY, 2 * self.manager.num_inner_nodes())


_lock = threading.Lock()
_made: list[Space] = []


def space() -> Space:
    """The one of this process, made when it is first asked for: sets of two tables could not be compared."""
    if not _made:
        with _lock:
            if not _made:
                _made.append(Space())
    return _made[0]
