"""What a step of a change does to traffic, as a prediction says it and as people read it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.analysis.fates import Fate, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.analysis.facts import Fact
    from getvpn_ops.analysis.flow import Flow
    from getvpn_ops.analysis.packets import PacketSet
    from getvpn_ops.analysis.sites import Site

LASTING = math.inf
"""Seconds of a loss that does not end by itself."""


class Verdict(StrEnum):
    """Of packets while a step spreads."""

    ENCRYPTED = "encrypted"
    CLEAR = "clear"
    DEPENDS = "depends on who has it already"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


class Statement(StrEnum):
    """Of a step, and of a change."""

    HITLESS = "hitless"
    CANNOT_TELL = "cannot tell"
    LOSES = "loses"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step does to some packets between two sites.

    Attributes:
        sender: name of the site that sends them.
        receiver: name of the site that gets them.
        packets: of which it is said.
        before: their fate before the step.
        during: the fates that they may meet while it spreads, the worst first.
        after: their fate once every member has it.
        lost_seconds: for which they may be dropped, at most: 0 if not at all, ``LASTING`` if until something else is
            done, None if nobody knows. What was dropped before the step is not lost by it.
        reason: why, for people; empty if nothing is lost.
        example: one of the packets.
    """

    sender: str
    receiver: str
    packets: PacketSet
    before: Fate
    during: tuple[Fate, ...]
    after: Fate
    lost_seconds: float | None
    reason: str
    example: Flow

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


@dataclass(frozen=True)
class StepEffect:
    """What one step does.

    Attributes:
        title: of the step.
        effects: of all pairs of sites that it touches, and of all packets between them.
        spread_seconds: during which some members have it and others do not; None if nobody knows.
        old_keys_seconds: after which the old keys have ended; None if it is no rekey, or their ends are not known.
        straggler_loses: whether a member that misses the rekey is cut off once the old keys have ended.
        lapse: what happens when a direction by command dies with the next rekey; None for other steps.
        lapse_seconds: after which it certainly has; None if nobody knows.
        rests_on: facts on which the prediction rests, measured or not.
        assumptions: what of it is not measured or not seen, for people.
    """

    title: str
    effects: tuple[Effect, ...]
    spread_seconds: float | None
    old_keys_seconds: float | None = None
    straggler_loses: bool = False
    lapse: StepEffect | None = None
    lapse_seconds: float | None = None
    rests_on: frozenset[Fact] = frozenset()
    assumptions: tuple[str, ...] = ()

    @cached_property
    def losing(self) -> tuple[Effect, ...]:
        """The effects that lose something."""
        return tuple(item for item in self.effects if item.loses)

    @property
    def lost_seconds(self) -> float | None:
        """The longest loss of any pair; None if nobody knows."""
        return _longest(item.lost_seconds for item in self.losing)

    @property
    def statement(self) -> Statement:
        """Hitless only if nothing is lost and nothing had to be assumed."""
        if self.losing or (self.lapse is not None and self.lapse.statement is Statement.LOSES):
            return Statement.LOSES
        unseen = any(item.verdict is Verdict.UNKNOWN for item in self.effects)
        if self.assumptions or unseen or self._too_slow:
            return Statement.CANNOT_TELL
        return self.lapse.statement if self.lapse is not None else Statement.HITLESS

    @property
    def _too_slow(self) -> bool:
        """Whether a rekey may still be on its way when the old keys end."""
        if not self.straggler_loses or self.old_keys_seconds is None:
            return self.straggler_loses
        return self.spread_seconds is None or self.spread_seconds >= self.old_keys_seconds

    @property
    def text(self) -> str:
        """A few lines for people."""
        return "\n".join(_told(self))


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a change does.

    Attributes:
        steps: in order.
        sites: after all of them.
    """

    steps: tuple[StepEffect, ...]
    sites: tuple[Site, ...]

    @property
    def statement(self) -> Statement:
        """The worst of its steps; nothing examined is not hitless."""
        found = {item.statement for item in self.steps}
        if Statement.LOSES in found:
            return Statement.LOSES
        return Statement.HITLESS if found == {Statement.HITLESS} else Statement.CANNOT_TELL

    @property
    def rests_on(self) -> frozenset[Fact]:
        """All facts on which it rests."""
        return frozenset().union(*(item.rests_on for item in self.steps))


def _longest(seconds: Iterable[float | None]) -> float | None:
    found = list(seconds)
    known = [item for item in found if item is not None]
    return None if len(known) < len(found) and LASTING not in known else max(known, default=0.0)


def _told(effect: StepEffect) -> Iterator[str]:
    yield f"{effect.title}: {effect.statement.value}"
    for item in effect.losing:
        seconds = item.lost_seconds
        span = "for nobody knows how long" if seconds is None else f"for at most {seconds:.0f} s"
        span = "until something else is done" if seconds == LASTING else span
        yield f"  {item.sender} -> {item.receiver}: {span}: {item.reason}; such as {item.example}"
    if effect.straggler_loses and effect.old_keys_seconds is not None:
        yield f"  a member that misses it is cut off after {effect.old_keys_seconds:.0f} s, until it registers again"
    if effect.lapse is not None:
        span = "" if effect.lapse_seconds is None else f", within {effect.lapse_seconds:.0f} s"
        yield f"  it dies with the next rekey{span}: {effect.lapse.statement.value}"
    for fact in sorted(effect.rests_on):
        yield f"  rests on: {fact.value}"
    for assumption in effect.assumptions:
        yield f"  assumed: {assumption}"
