"""What a step of a change does to traffic, as a prediction says it and as people read it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.rows import LASTING, Loss, Pairs, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from getvpn_ops.analysis.traffic.facts import Fact
    from getvpn_ops.analysis.traffic.rows import Effect, KindEffect
    from getvpn_ops.analysis.traffic.sites import Site


class Statement(StrEnum):
    """Of a step, and of a change."""

    HITLESS = "hitless"
    CANNOT_TELL = "cannot tell"
    LOSES = "loses"


@dataclass(frozen=True)
class StepEffect:
    """What one step does.

    Attributes:
        title: of the step.
        kinds: what it does to all pairs of sites that it touches, and to all packets between them.
        spread_seconds: during which some members have it and others do not; None if nobody knows.
        between: its effects on the traffic of two sites by their names, the sender's first.
        old_keys_seconds: after which the old keys have ended; None if it is no rekey, or their ends are not known.
        straggler_loses: whether a member that misses the rekey is cut off once the old keys have ended, unless it has
            registered again by then.
        straggler_registers: seconds after which it has, if a key server answers it: its own timer, which knows the old
            end of its key, makes it register. None if it is no rekey, or the ends of the keys are not known.
        lapse: what happens when a direction by command dies with the next rekey; None for other steps.
        lapse_seconds: after which it certainly has; None if nobody knows.
        rests_on: facts on which the prediction rests, measured or not.
        assumptions: what of it is not measured or not seen, for people; where many are alike one, with their number.
    """

    title: str
    kinds: tuple[KindEffect, ...]
    spread_seconds: float | None
    between: Callable[[str, str], tuple[Effect, ...]] = field(repr=False, compare=False)
    old_keys_seconds: float | None = None
    straggler_loses: bool = False
    straggler_registers: float | None = None
    lapse: StepEffect | None = None
    lapse_seconds: float | None = None
    rests_on: frozenset[Fact] = frozenset()
    assumptions: tuple[str, ...] = ()

    @property
    def effects(self) -> Iterator[Effect]:
        """On every pair by itself, one after the other: as many as the square of the sites."""
        pairs = dict.fromkeys(pair for kind in self.kinds for pair in kind.pairs)
        return (effect for pair in pairs for effect in self.between(*pair))

    @cached_property
    def losing(self) -> tuple[KindEffect, ...]:
        """The effects that lose something."""
        return tuple(item for item in self.kinds if item.loses)

    def losses(self, examples: int = 3) -> tuple[Loss, ...]:
        """What is lost, the longest first.

        Args:
            examples: pairs to be named for each reason, at most.
        """
        found: defaultdict[tuple[float | None, str], list[KindEffect]] = defaultdict(list)
        for item in self.losing:
            found[item.lost_seconds, item.reason].append(item)
        ordered = sorted(found.items(), key=lambda item: (-(LASTING if item[0][0] is None else item[0][0]), item[0][1]))
        return tuple(self._loss(*key, kinds, examples) for key, kinds in ordered)

    def _loss(self, seconds: float | None, reason: str, kinds: list[KindEffect], examples: int) -> Loss:
        pairs = dict.fromkeys(islice(_alternately([iter(kind.pairs) for kind in kinds]), examples))
        shown = [
            next(item for item in self.between(*pair) if (item.lost_seconds, item.reason) == (seconds, reason))
            for pair in pairs
        ]
        blocks = tuple(dict.fromkeys(block for kind in kinds for block in kind.pairs.blocks))
        every = Pairs(blocks)
        return Loss(seconds, reason, every.count, len(every.sites), tuple(shown))

    @property
    def lost_seconds(self) -> float | None:
        """The longest loss of any pair; None if nobody knows."""
        return _longest(item.lost_seconds for item in self.losing)

    @property
    def statement(self) -> Statement:
        """Hitless only if nothing is lost and nothing had to be assumed."""
        if self.losing or (self.lapse is not None and self.lapse.statement is Statement.LOSES):
            return Statement.LOSES
        unseen = any(item.verdict is Verdict.UNKNOWN for item in self.kinds)
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
    def straggler_seconds(self) -> float | None:
        """For which a member that misses the rekey is cut off, at most, if a key server answers it; None: not known."""
        if not self.straggler_loses:
            return 0.0
        if self.straggler_registers is None or self.old_keys_seconds is None:
            return None
        return max(0.0, self.straggler_registers - self.old_keys_seconds)

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


def _alternately(each: list[Iterator[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    """The first of each, then the second of each, and so on."""
    for row in zip_longest(*each):
        yield from (pair for pair in row if pair is not None)


def _comes_back(effect: StepEffect) -> str:
    """When a straggler is there again."""
    seconds = effect.straggler_seconds
    if seconds is None:
        return "until it registers again"
    if seconds > 0:
        return f"for up to {seconds:.0f} s until it registers again by itself, longer if no key server answers it"
    return f"unless it registers again by itself, which it tries within {effect.straggler_registers:.0f} s"


def _told(effect: StepEffect) -> Iterator[str]:
    yield f"{effect.title}: {effect.statement.value}"
    for loss in effect.losses():
        yield f"  {loss.pairs} pairs of {loss.sites} sites lose packets {loss.span}: {loss.reason}"
        yield from (f"    {item.sender} -> {item.receiver}: such as {item.example}" for item in loss.examples)
    if effect.straggler_loses and effect.old_keys_seconds is not None:
        yield f"  a member that misses it is cut off after {effect.old_keys_seconds:.0f} s, {_comes_back(effect)}"
    if effect.lapse is not None:
        span = "" if effect.lapse_seconds is None else f", within {effect.lapse_seconds:.0f} s"
        yield f"  it dies with the next rekey{span}: {effect.lapse.statement.value}"
    for fact in sorted(effect.rests_on):
        yield f"  rests on: {fact.value}"
    for assumption in effect.assumptions:
        yield f"  assumed: {assumption}"
