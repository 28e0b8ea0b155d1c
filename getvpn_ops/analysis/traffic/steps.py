"""Steps of a change, and the stages that each member goes through while one is taken.

A rekey reaches members one after the other; a command works on those that are named. So a step is a course for each
member: as it is before, what it passes through, as it is after. Which members have got how far is nobody's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.traffic.facts import Fact, Known
from getvpn_ops.analysis.traffic.members import LIVE

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.analysis.traffic.members import Member, TrafficKey
    from getvpn_ops.analysis.traffic.timing import Timing
    from getvpn_ops.model.acl import Ace


@dataclass(frozen=True, slots=True)
class Policy:
    """What the key servers of a group give to who registers or gets a rekey.

    Attributes:
        downloaded: the list.
        keys: that live.
        receive_only: ``sa receive-only``.
    """

    downloaded: tuple[Ace, ...]
    keys: tuple[TrafficKey, ...]
    receive_only: bool = False


@dataclass(frozen=True, slots=True)
class Now:
    """What a step is taken in.

    Attributes:
        moment: UTC.
        policy: of the group before it.
        timing: of the group.
    """

    moment: datetime
    policy: Policy
    timing: Timing


@dataclass(frozen=True, slots=True)
class Stage:
    """A member for a while.

    Attributes:
        member: as it is.
        seconds: that it passes through this, at most; None if nobody knows. Of no meaning for the first and the last.
        why: what this stage is, for people.
    """

    member: Member
    seconds: float | None = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What a member goes through.

    Attributes:
        stages: before, passing ones, after; one alone if the step does nothing to it.
        rests_on: facts on which that rests, measured or not.
        assumption: those of them that are not measured, for people.
    """

    stages: tuple[Stage, ...]
    rests_on: frozenset[Fact] = frozenset()
    assumption: str = ""


class Step(Protocol):
    """One step of a change. Pure: it says what comes of a member and of the policy, and does nothing."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def spreads(self) -> bool:
        """Whether some members have it before others."""

    def skew(self, timing: Timing) -> float | None:
        """Seconds at most during which some have it and others do not; None if nobody knows."""

    def course(self, member: Member, now: Now) -> Course:
        """What a member goes through."""

    def policy(self, now: Now) -> Policy:
        """What key servers give after it."""

    def moment(self, now: Now) -> datetime:
        """When the next step begins at the earliest."""


def unchanged(member: Member) -> Course:
    """A step does nothing to a member."""
    return Course((Stage(member),))


def granted(member: Member, policy: Policy) -> Member:
    """A member after its registration."""
    local = member.lists.local if member.lists is not None else ()
    return replace(
        member,
        keys=policy.keys,
        lists=EffectiveList(local, policy.downloaded),
        downloaded=True,
        receive_only=policy.receive_only,
        commanded=None,
    )


def forgotten(member: Member) -> Member:
    """A member whose downloaded policy is destroyed: as if it had never registered."""
    return replace(member, keys=(), downloaded=False, commanded=None)


def turned(before: Member, after: Member) -> Course:
    """From one direction to another: fact (c) says whether that leaves a gap without SA."""
    if before.mode is after.mode or before.mode not in LIVE:
        return Course((Stage(before), Stage(after)))
    facts = before.facts
    rests = frozenset({Fact.TURNS_WITHOUT_GAP})
    if facts.turns_without_gap is Known.YES:
        return Course((Stage(before), Stage(after)), rests)
    gap = replace(after, keys=(), downloaded=True, reverts=False)
    assumed = "" if facts.turns_without_gap is Known.NO else not_measured(before, Fact.TURNS_WITHOUT_GAP)
    passing = Stage(gap, facts.gap_seconds, f"{before.name} turns its SAs round and has none for a moment")
    return Course((Stage(before), passing, Stage(after)), rests, assumed)


def registering(before: Member, after: Member, timing: Timing) -> Course:
    """By way of a registration: its policy is destroyed, and comes back."""
    passing = Stage(forgotten(after), timing.registration, f"{before.name} registers")
    return Course((Stage(before), passing, Stage(after)))


def not_measured(member: Member, fact: Fact) -> str:
    """A fact that a prediction takes as the worse of its answers."""
    return f"{member.name}: not measured whether {fact.value}"
