"""Steps on members: lines of configuration, and commands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import EffectiveList
from getvpn_ops.analysis.traffic.facts import Fact, Known
from getvpn_ops.analysis.traffic.members import LIVE, Direction, Member, Mode
from getvpn_ops.analysis.traffic.steps import (
    Course,
    Stage,
    forgotten,
    granted,
    not_measured,
    registering,
    turned,
    unchanged,
)

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.analysis.traffic.steps import Now, Policy
    from getvpn_ops.analysis.traffic.timing import Timing
    from getvpn_ops.model.acl import Ace


@dataclass(frozen=True, slots=True)
class _OfMembers(ABC):
    """A step on some members, one after the other.

    Attributes:
        names: of their devices.
        takes: seconds until all of them have it; None if nobody knows.
    """

    names: frozenset[str]
    takes: float | None = None

    def policy(self, now: Now) -> Policy:
        """As before."""
        return now.policy

    def moment(self, now: Now) -> datetime:
        """The next step may follow at once."""
        return now.moment

    @property
    def spreads(self) -> bool:
        """Some have it before others."""
        return True

    def skew(self, _timing: Timing) -> float | None:
        """As long as it takes."""
        return self.takes if len(self.names) > 1 else 0.0

    @property
    def _who(self) -> str:
        listed = sorted(self.names)
        return listed[0] if len(listed) == 1 else f"{listed[0]} and {len(listed) - 1} more"

    def course(self, member: Member, now: Now) -> Course:
        """What it does to those that are named."""
        if member.name not in self.names or member.mode is Mode.UNSEEN:
            return unchanged(member)
        return self._course(member, now)

    @abstractmethod
    def _course(self, member: Member, now: Now) -> Course:
        """What it does to one that is named."""


@dataclass(frozen=True, slots=True)
class Passive(_OfMembers):
    """``passive`` or ``no passive``; fact (a) says whether it acts at once, and without a re-registration."""

    on: bool = True

    @property
    def title(self) -> str:
        """For people."""
        return f"{'passive' if self.on else 'no passive'} on {self._who}"

    def _course(self, member: Member, now: Now) -> Course:
        after = replace(member, passive=self.on, commanded=None)
        if member.mode not in LIVE:
            return Course((Stage(member), Stage(after)))
        if after.mode is member.mode:
            return unchanged(after)
        fact = member.facts.passive_at_once
        rests = frozenset({Fact.PASSIVE_AT_ONCE})
        if fact is Known.YES:
            direct = turned(member, after)
            return replace(direct, rests_on=direct.rests_on | rests)
        assumed = "" if fact is Known.NO else not_measured(member, Fact.PASSIVE_AT_ONCE)
        worse = registering(member, granted(after, now.policy), now.timing)
        return replace(worse, rests_on=rests, assumption=assumed)


@dataclass(frozen=True, slots=True)
class Command(_OfMembers):
    """``crypto gdoi gm ipsec direction ...``: works at once, and dies with the next rekey."""

    direction: Direction = Direction.INBOUND_OPTIONAL

    @property
    def title(self) -> str:
        """For people."""
        return f"direction {self.direction.value} by command on {self._who}"

    def _course(self, member: Member, now: Now) -> Course:
        del now
        return turned(member, replace(member, commanded=self.direction)) if member.mode in LIVE else unchanged(member)


@dataclass(frozen=True, slots=True)
class LocalList(_OfMembers):
    """Another local list in the crypto map."""

    entries: tuple[Ace, ...] = ()

    @property
    def title(self) -> str:
        """For people."""
        return f"local list of {len(self.entries)} entries on {self._who}"

    def _course(self, member: Member, now: Now) -> Course:
        del now
        if member.lists is None and member.mode not in {Mode.OPEN, Mode.CLOSED, Mode.OUTSIDE}:
            return unchanged(member)
        downloaded = member.lists.downloaded if member.lists is not None else ()
        return Course((Stage(member), Stage(replace(member, lists=EffectiveList(self.entries, downloaded)))))


@dataclass(frozen=True, slots=True)
class FailClose(_OfMembers):
    """``activate`` of a fail-close list, or ``no activate``."""

    active: bool = True
    entries: tuple[Ace, ...] = ()

    @property
    def title(self) -> str:
        """For people."""
        return f"fail-close {'activate' if self.active else 'no activate'} on {self._who}"

    def _course(self, member: Member, now: Now) -> Course:
        del now
        return Course((Stage(member), Stage(replace(member, fail_close=self.active, bypass=self.entries))))


@dataclass(frozen=True, slots=True)
class ApplyMap(_OfMembers):
    """The crypto map goes on the interface: the router registers."""

    @property
    def title(self) -> str:
        """For people."""
        return f"crypto map applied on {self._who}"

    def _course(self, member: Member, now: Now) -> Course:
        if member.applied:
            return unchanged(member)
        return registering(member, granted(replace(member, applied=True), now.policy), now.timing)


@dataclass(frozen=True, slots=True)
class RemoveMap(_OfMembers):
    """The crypto map leaves the interface: the router is no member any more."""

    @property
    def title(self) -> str:
        """For people."""
        return f"crypto map removed on {self._who}"

    def _course(self, member: Member, now: Now) -> Course:
        del now
        return Course((Stage(member), Stage(replace(forgotten(member), applied=False))))


@dataclass(frozen=True, slots=True)
class Reregister(_OfMembers):
    """``clear crypto gdoi`` on members."""

    @property
    def title(self) -> str:
        """For people."""
        return f"{self._who} registers again"

    def _course(self, member: Member, now: Now) -> Course:
        if not member.applied:
            return unchanged(member)
        return registering(member, granted(member, now.policy), now.timing)


@dataclass(frozen=True, slots=True)
class Reload(_OfMembers):
    """Members reload: down, then without keys until they have registered.

    Attributes:
        saved: whether the configuration with the crypto map was saved; else it is gone.
    """

    saved: bool = True

    @property
    def title(self) -> str:
        """For people."""
        return f"{self._who} reloads{'' if self.saved else ' with an unsaved configuration'}"

    def _course(self, member: Member, now: Now) -> Course:
        down = Stage(replace(forgotten(member), up=False), now.timing.boot, f"{member.name} boots")
        if not member.applied or not self.saved:
            return Course((Stage(member), down, Stage(replace(forgotten(member), applied=False))))
        comes = registering(member, granted(member, now.policy), now.timing)
        return Course((Stage(member), down, *comes.stages[1:]))
