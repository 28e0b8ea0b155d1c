"""Some packets, and what a step of a change does to them: between two sites, or between all sites of some kinds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.fates import Fate, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.analysis.packets.sets import PacketSet

LASTING = math.inf
"""Seconds of a loss that does not end by itself."""


class Verdict(StrEnum):
    """Of packets while a step spreads."""

    ENCRYPTED = "encrypted"
    CLEAR = "clear"
    DEPENDS = "depends on who has it already"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Row:
    """Some packets, and what a step does to them.

    Attributes:
        packets: of which it is said.
        before: their fate before the step.
        during: the fates that they may meet while it spreads, the worst first.
        after: their fate once every member has it.
        lost_seconds: for which they may be dropped, at most: 0 if not at all, ``LASTING`` if until something else is
            done, None if nobody knows. What was dropped before the step is not lost by it.
        reason: why, for people; empty if nothing is lost.
    """

    packets: PacketSet
    before: Fate
    during: tuple[Fate, ...]
    after: Fate
    lost_seconds: float | None
    reason: str

    @property
    def verdict(self) -> Verdict:
        """In one word."""
        outcomes = {item.outcome for item in (self.before, *self.during, self.after)}
        if self.loses:
            return Verdict.DROPPED
        if Outcome.UNKNOWN in outcomes:
            return Verdict.UNKNOWN
        if len(outcomes - {Outcome.DROPPED}) > 1:
            return Verdict.DEPENDS
        return Verdict(self.after.outcome.value)

    @property
    def loses(self) -> bool:
        """Whether packets are dropped that were not before."""
        return self.lost_seconds != 0

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What is neither measured nor seen and could make it worse, or better where it loses."""
        return tuple(dict.fromkeys(item.assumption for item in (*self.during, self.after) if item.assumption))


@dataclass(frozen=True, slots=True)
class Effect(Row):
    """What a step does to some packets between two sites.

    Attributes:
        sender: name of the site that sends them.
        receiver: name of the site that gets them.
        example: one of the packets.
    """

    sender: str
    receiver: str
    example: Flow


Block = tuple[tuple[str, ...], tuple[str, ...]]
"""Names of senders and of receivers."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of sites, each of the sender's name and the receiver's, told without naming them one by one.

    Attributes:
        blocks: senders and receivers: each of the first with each of the second but itself. No pair is in two blocks.
    """

    blocks: tuple[Block, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(
            len(senders) * len(receivers) - len(frozenset(senders).intersection(receivers))
            for senders, receivers in self.blocks
        )

    @property
    def sites(self) -> frozenset[str]:
        """Names of the sites that send or receive."""
        return frozenset(name for block in self.blocks for side in block for name in side)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """One after the other."""
        for senders, receivers in self.blocks:
            yield from ((one, other) for one, other in product(senders, receivers) if one != other)


@dataclass(frozen=True, slots=True)
class KindEffect(Row):
    """What a step does to some packets between all sites of some kinds.

    The packets are those of any two sites; of a pair only those between its networks count. Names in the texts of the
    fates are those of the first pair.

    Attributes:
        pairs: of sites that have such packets.
    """

    pairs: Pairs


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost for one reason and as long, wherever that is.

    Attributes:
        seconds: as in ``Row``.
        reason: for people.
        pairs: number of pairs of sites, a sender and a receiver each.
        sites: number of sites that send or receive what is lost.
        examples: some of it.
    """

    seconds: float | None
    reason: str
    pairs: int
    sites: int
    examples: tuple[Effect, ...]

    @property
    def span(self) -> str:
        """How long, for people."""
        if self.seconds is None:
            return "for nobody knows how long"
        return "until something else is done" if self.seconds == LASTING else f"for at most {self.seconds:.0f} s"
