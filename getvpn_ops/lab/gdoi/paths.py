"""Who reaches whom. An address answers while its interface and its router are up.

The network between is assumed to route everything. What stands in the way is put there and taken away by number: UDP
848, ESP, everything, or larger packets.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.interfaces import interfaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from ipaddress import IPv4Address

    from getvpn_ops.lab.ios.router import Router

_SHORTEST, _LONGEST = 0.020, 0.060  # seconds, one way
_MTU = 1500


class What(Enum):
    """What a block stops."""

    GDOI = "UDP 848"
    ESP = "ESP"
    ALL = "everything"
    MTU = "larger packets"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something in the way between routers of one side and routers of the other.

    Attributes:
        number: names it.
        what: it stops.
        ones: routers of one side.
        others: routers of the other side; None: all that are not of the first.
        mtu: of ``What.MTU``.
    """

    number: int
    what: What
    ones: frozenset[str]
    others: frozenset[str] | None
    mtu: int = _MTU

    def lies_between(self, one: str, other: str) -> bool:
        """Whether a packet between two routers meets it."""
        return self._meets(one, other) or self._meets(other, one)

    def _meets(self, one: str, other: str) -> bool:
        return one in self.ones and (other not in self.ones if self.others is None else other in self.others)


class Paths:
    """The network of the provider, and the addresses behind it."""

    def __init__(self, seed: str = "0") -> None:
        """Begin without routers and without obstacles.

        Args:
            seed: of the delays.
        """
        self.blocks: dict[int, Blocked] = {}
        self.changed: list[Callable[[], None]] = []
        """Told when a block comes or goes, and when a router goes down or up."""
        self._numbers = itertools.count(1)
        self._seed = seed
        self._held: dict[str, dict[tuple[str, IPv4Address], bool]] = {}
        self._owners: dict[tuple[str, IPv4Address], list[str]] = {}
        self._down: set[str] = set()
        self._delays: dict[tuple[str, str], float] = {}

    # -- addresses

    def refresh(self, router: Router) -> bool:
        """Read a router's addresses again; returns whether they changed."""
        name = router.hostname
        ports = [port for port in interfaces(router) if not port.shut]
        wired = {port.vrf for port in ports if not port.is_virtual and port.addresses}
        found = {
            (port.vrf, address.ip): not port.is_virtual or port.vrf in wired
            for port in ports
            for address in port.addresses
        }
        before = self._held.get(name)
        if found == before:
            return False
        for key in before or ():
            self._owners[key].remove(name)
        for key in found:
            self._owners.setdefault(key, []).append(name)
        self._held[name] = found
        return True

    def owner(self, address: IPv4Address, vrf: str = "") -> str | None:
        """The router that answers for an address, by name; None if none does.

        An address of a loopback answers while a port with an address in the same VRF is up.
        """
        return next(
            (
                name
                for name in self._owners.get((vrf, address), ())
                if name not in self._down and self._held[name][vrf, address]
            ),
            None,
        )

    def answers(self, name: str, address: IPv4Address | None, vrf: str = "") -> bool:
        """Whether a router is up and can speak from an address."""
        return address is not None and name not in self._down and self._held.get(name, {}).get((vrf, address), False)

    # -- routers

    def up(self, name: str) -> bool:
        """Whether a router runs."""
        return name not in self._down

    def power(self, name: str, *, on: bool) -> None:
        """A router goes down or comes up."""
        if on:
            self._down.discard(name)
        else:
            self._down.add(name)
        self._tell()

    # -- obstacles

    def block(self, what: What, ones: Iterable[str], others: Iterable[str] | None = None, *, mtu: int = _MTU) -> int:
        """Put something between routers; returns its number.

        Args:
            what: it stops.
            ones: routers of one side.
            others: routers of the other side; None: all others, which cuts the first side off.
            mtu: largest packet that passes ``What.MTU``.
        """
        number = next(self._numbers)
        self.blocks[number] = Blocked(number, what, frozenset(ones), None if others is None else frozenset(others), mtu)
        self._tell()
        return number

    def unblock(self, number: int) -> bool:
        """Take an obstacle away; returns whether there was one of this number."""
        gone = self.blocks.pop(number, None) is not None
        self._tell()
        return gone

    def _tell(self) -> None:
        for told in self.changed:
            told()

    def _stopped(self, one: str, other: str, *kinds: What) -> bool:
        return any(item.what in kinds and item.lies_between(one, other) for item in self.blocks.values())

    def gdoi_passes(self, one: str, other: str) -> bool:
        """Whether UDP 848 passes between two routers."""
        return self.up(one) and self.up(other) and not self._stopped(one, other, What.GDOI, What.ALL)

    def esp_passes(self, one: str, other: str) -> bool:
        """Whether ESP passes between two routers."""
        return not self._stopped(one, other, What.ESP, What.ALL)

    def passes(self, one: str, other: str) -> bool:
        """Whether anything passes between two routers."""
        return not self._stopped(one, other, What.ALL)

    def mtu(self, one: str, other: str) -> int:
        """Bytes of the largest packet that passes."""
        sizes = [item.mtu for item in self.blocks.values() if item.what is What.MTU and item.lies_between(one, other)]
        return min([_MTU, *sizes])

    def delay(self, one: str, other: str) -> float:
        """Seconds on the way, the same both ways and in every run of a seed."""
        pair = (one, other) if one <= other else (other, one)
        if pair not in self._delays:
            chance = random.Random(f"{self._seed}:{pair[0]}:{pair[1]}")  # noqa: S311 -- must be repeatable
            self._delays[pair] = chance.uniform(_SHORTEST, _LONGEST)
        return self._delays[pair]
