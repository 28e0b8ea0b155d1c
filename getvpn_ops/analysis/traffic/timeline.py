"""What a change does to traffic, step by step: before it, while it spreads, after it, and for how long.

It is worked out once for each kind of pair of sites (``analysis.alike``), whatever the number of sites; one pair by
itself only where somebody asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.sets import PacketSet
from getvpn_ops.analysis.traffic.alike import Lists, Places, Ways, grouped, nameless, observed, shared_names
from getvpn_ops.analysis.traffic.combined import Asked, effect, rows
from getvpn_ops.analysis.traffic.effects import StepEffect, Timeline
from getvpn_ops.analysis.traffic.fates import Outcome
from getvpn_ops.analysis.traffic.group_steps import Rekey
from getvpn_ops.analysis.traffic.member_steps import Command
from getvpn_ops.analysis.traffic.rows import KindEffect, Pairs
from getvpn_ops.analysis.traffic.sites import NOTHING_PROBED, traffic
from getvpn_ops.analysis.traffic.sizes import SMALL

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from getvpn_ops.analysis.traffic.members import Member
    from getvpn_ops.analysis.traffic.rows import Block, Effect
    from getvpn_ops.analysis.traffic.sites import Paths, Site
    from getvpn_ops.analysis.traffic.sizes import Shape
    from getvpn_ops.analysis.traffic.steps import Course, Now, Step


def timeline(
    sites: Sequence[Site], steps: Iterable[Step], start: Now, paths: Paths = NOTHING_PROBED, shape: Shape = SMALL
) -> Timeline:
    """Predict a change.

    Args:
        sites: of the group, and those that are no members and talk to it; no two of one name.
        steps: in order; each begins when the one before it has spread.
        start: moment, policy and timing before the first.
        paths: what is known of the ways between the routers.
        shape: of the packets.
    """
    found, now, current = [], start, tuple(sites)
    known = _Known(Ways.of(paths, (member.name for site in sites for member in site.members)))
    for step in steps:
        taken = _Taken(Asked(step, now, paths, shape), current, known)
        found.append(taken.found)
        moment = step.moment(now)
        now = replace(now, moment=moment, policy=step.policy(now))
        current = tuple(replace(site, members=tuple(item.at(moment) for item in site.members)) for site in taken.after)
    return Timeline(tuple(found), current)


class _Known:
    """What stays known from step to step."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        self.lists = Lists()
        self._places = Places(())

    @property
    def places(self) -> Places:
        """How networks lie to all lists that were met."""
        patterns = self.lists.patterns
        if patterns != self._places.patterns:
            self._places = Places(patterns)
        return self._places


@dataclass(frozen=True, slots=True)
class _Kind:
    """Sites that behave alike, and apart from that those that lie alike as well.

    Attributes:
        first: two of them, for pairs among themselves; one if there is one.
        lying: those that lie alike.
    """

    first: tuple[int, ...]
    lying: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Met:
    """An effect on pairs of two kinds, and the routers that stand for them in its texts."""

    effect: KindEffect
    names: tuple[str, ...]


class _Taken:
    """One step, taken."""

    def __init__(self, asked: Asked, sites: tuple[Site, ...], known: _Known) -> None:
        self.asked, self.sites, self.known = asked, sites, known
        self.courses = [tuple(asked.step.course(member, asked.now) for member in site.members) for site in sites]
        self.after = tuple(
            replace(site, members=tuple(course.stages[-1].member for course in courses))
            for site, courses in zip(sites, self.courses, strict=True)
        )

    @cached_property
    def found(self) -> StepEffect:
        """What comes of it."""
        step, now = self.asked.step, self.asked.now
        moving = [course for side in self.courses for course in side if _moves(course)]
        kinds = tuple(met.effect for met in self._kinds_met)
        fates = [item for effect in kinds for item in (*effect.during, effect.after)]
        lapse = self._lapse() if moving else None
        return StepEffect(
            step.title,
            kinds,
            step.skew(now.timing) if moving else 0.0,
            self.between,
            step.old_keys_live(now) if isinstance(step, Rekey) else None,
            isinstance(step, Rekey) and self._cuts_off(step.old_keys_live(now)),
            step.straggler_registers(now) if isinstance(step, Rekey) else None,
            lapse,
            now.timing.command_lives if lapse is not None else None,
            frozenset().union(*(course.rests_on for course in moving), *(item.rests_on for item in fates)),
            tuple(self._assumed()),
        )

    # -- kinds of sites

    @cached_property
    def _kinds(self) -> tuple[_Kind, ...]:
        shared = shared_names(self.sites)
        alike = list(grouped(self._behaviour(place, shared) for place in range(len(self.sites))))
        places = self.known.places  # of the lists that were met just now
        lying = [places.of(site) for site in self.sites]
        return tuple(
            _Kind(kind[:2], tuple(tuple(kind[at] for at in part) for part in grouped(lying[place] for place in kind)))
            for kind in alike
        )

    def _behaviour(self, place: int, shared: frozenset[str]) -> Hashable:
        """All that is asked of a site's routers in this step, but names."""
        names = [member.name for member in self.sites[place].members]
        return (
            tuple(self._of_course(course) for course in self.courses[place]),
            tuple(self.known.ways.row(name) for name in names),
            tuple(names.index(name) for name in names),
            place if shared.intersection(names) else None,
        )

    def _of_course(self, course: Course) -> Hashable:
        name = course.stages[0].member.name
        lists, shape = self.known.lists, self.asked.shape
        later = _without(course.stages[-1].member, self._old) if isinstance(self.asked.step, Rekey) else None
        return (
            tuple((observed(stage.member, lists, shape), stage.seconds) for stage in course.stages),
            course.rests_on,
            nameless(course.assumption, name),
            observed(later, lists, shape) if later is not None else None,
        )

    @cached_property
    def _old(self) -> frozenset[int]:
        return frozenset(key.spi for key in self.asked.now.policy.keys)

    def _pairs(self) -> Iterator[tuple[_Kind, _Kind, tuple[int, int]]]:
        """Kinds of senders and receivers, with two sites that stand for all of them."""
        for one, other in product(self._kinds, repeat=2):
            if one is not other:
                yield one, other, (one.first[0], other.first[0])
            elif len(one.first) > 1:
                yield one, other, (one.first[0], one.first[1])

    # -- effects

    @cached_property
    def _kinds_met(self) -> tuple[_Met, ...]:
        return tuple(self._effects())

    def _effects(self) -> Iterator[_Met]:
        for one, other, pair in self._pairs():
            sides = self.courses[pair[0]], self.courses[pair[1]]
            if not any(_moves(course) for side in sides for course in side):
                continue
            names = tuple(member.name for place in pair for member in self.sites[place].members)
            for row in rows(self.asked, *sides, PacketSet.everything()):
                blocks = tuple(self._met(one, other, row.packets))
                if blocks:
                    found = KindEffect(
                        row.packets, row.before, row.during, row.after, row.lost_seconds, row.reason, Pairs(blocks)
                    )
                    yield _Met(found, names)

    def _met(self, one: _Kind, other: _Kind, packets: PacketSet) -> Iterator[Block]:
        """Which pairs of two kinds have any of some packets between them."""
        for senders, receivers in product(one.lying, other.lying):
            if senders == receivers and len(senders) == 1:
                continue
            pair = senders[0], receivers[-1]
            if not (self._traffic(*pair) & packets).is_empty:
                yield self._names(senders), self._names(receivers)

    def _traffic(self, sender: int, receiver: int) -> PacketSet:
        held = self._between.get((sender, receiver))
        if held is None:
            held = self._between[sender, receiver] = traffic(self.sites[sender], self.sites[receiver])
        return held

    @cached_property
    def _between(self) -> dict[tuple[int, int], PacketSet]:
        return {}

    def _names(self, places: tuple[int, ...]) -> tuple[str, ...]:
        held = self._named.get(places)
        if held is None:
            held = self._named[places] = tuple(self.sites[place].name for place in places)
        return held

    @cached_property
    def _named(self) -> dict[tuple[int, ...], tuple[str, ...]]:
        return {}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {site.name: place for place, site in enumerate(self.sites)}

    def between(self, sender: str, receiver: str) -> tuple[Effect, ...]:
        """The effects on two sites by themselves; none if the step does nothing to either."""
        one, other = self._numbers[sender], self._numbers[receiver]
        sides = self.courses[one], self.courses[other]
        asked = traffic(self.sites[one], self.sites[other])
        if asked.is_empty or not any(_moves(course) for side in sides for course in side):
            return ()
        return tuple(effect(row, self.sites[one], self.sites[other]) for row in rows(self.asked, *sides, asked))

    # -- what else comes of it

    def _lapse(self) -> StepEffect | None:
        """A direction by command dies with the next rekey, which reaches members one after the other."""
        if not isinstance(self.asked.step, Command):
            return None
        rekey = Rekey("the direction by command dies with the next rekey")
        return _Taken(replace(self.asked, step=rekey), self.after, self.known).found

    def _cuts_off(self, old_keys_live: float | None) -> bool:
        """Whether a member that missed the rekey loses packets once the others' old keys have ended."""
        return old_keys_live is not None and any(
            became.outcome is Outcome.DROPPED and next(self._met(*kinds, packets), None) is not None
            for one, other, (late, has) in self._pairs()
            for kinds, pair in self._cut(one, other, self.sites[late].members, self.after[has].members)
            for packets, became in self.asked.parts(pair, PacketSet.everything())
        )

    def _cut(
        self, one: _Kind, other: _Kind, late: tuple[Member, ...], has: tuple[Member, ...]
    ) -> Iterator[tuple[tuple[_Kind, _Kind], tuple[Member, Member]]]:
        """Who missed the rekey and who has nothing but what it brought, each as the sender."""
        for straggler, member in product(late, has):
            later = _without(member, self._old)
            if straggler.keys and later.keys:
                yield (one, other), (straggler, later)
                yield (other, one), (later, straggler)

    def _assumed(self) -> Iterator[str]:
        """What is neither measured nor seen; where many are alike the first of them, and how many there are."""
        courses: dict[str, list[str]] = {}
        for side in self.courses:
            for course in side:
                if _moves(course) and course.assumption:
                    courses.setdefault(nameless(course.assumption, course.stages[0].member.name), []).append(
                        course.assumption
                    )
        for texts in courses.values():
            more = len(dict.fromkeys(texts)) - 1
            yield f"{texts[0]}; and {more} more likewise" if more else texts[0]
        effects: dict[str, tuple[str, dict[Block, None]]] = {}
        for found in self._kinds_met:
            for text in found.effect.assumptions:
                plain = text
                for name in found.names:
                    plain = nameless(plain, name)
                effects.setdefault(plain, (text, {}))[1].update(dict.fromkeys(found.effect.pairs.blocks))
        for text, blocks in effects.values():
            count = Pairs(tuple(blocks)).count
            yield f"{text}; and for {count - 1} more pairs likewise" if count > 1 else text


def _moves(course: Course) -> bool:
    return len(course.stages) > 1


def _without(member: Member, spis: frozenset[int]) -> Member:
    """A member whose keys of some numbers have ended."""
    return replace(member, keys=tuple(key for key in member.keys if key.spi not in spis))
