"""The same prediction worked out pair by pair, with no thought of kinds: what the fast way is held against."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.fates import Fate, Outcome, partition
from getvpn_ops.analysis.traffic.group_steps import Rekey
from getvpn_ops.analysis.traffic.member_steps import Command
from getvpn_ops.analysis.traffic.rows import LASTING, Effect
from getvpn_ops.analysis.traffic.sites import NOTHING_PROBED, any_of, overlaid, traffic
from getvpn_ops.analysis.traffic.sizes import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from getvpn_ops.analysis.traffic.facts import Fact
    from getvpn_ops.analysis.traffic.members import Member
    from getvpn_ops.analysis.traffic.sites import Parts, Paths, Site
    from getvpn_ops.analysis.traffic.sizes import Shape
    from getvpn_ops.analysis.traffic.steps import Course, Now, Step

_BADNESS = {outcome: rank for rank, outcome in enumerate(Outcome)}
Pair = tuple["Member", "Member"]


@dataclass(frozen=True, slots=True)
class Reference:
    """What one step does."""

    effects: tuple[Effect, ...]
    spread_seconds: float | None
    old_keys_seconds: float | None
    straggler_loses: bool
    lapse: Reference | None
    lapse_seconds: float | None
    rests_on: frozenset[Fact]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a step is asked with.

    Attributes:
        step: to take.
        now: before it.
        paths: between the routers.
        shape: of the packets.
    """

    step: Step
    now: Now
    paths: Paths
    shape: Shape

    def parts(self, pair: Pair, sender: Site, receiver: Site) -> Parts:
        """What becomes of the traffic between two sites by two of their routers."""
        one, other = pair
        return partition(one, other, traffic(sender, receiver), self.paths.between(one.name, other.name), self.shape)


def timeline(
    sites: Sequence[Site], steps: Iterable[Step], start: Now, paths: Paths = NOTHING_PROBED, shape: Shape = SMALL
) -> tuple[tuple[Reference, ...], tuple[Site, ...]]:
    """Predict a change.

    Args:
        sites: of the group, and those that are no members and talk to it.
        steps: in order; each begins when the one before it has spread.
        start: moment, policy and timing before the first.
        paths: what is known of the ways between the routers.
        shape: of the packets.
    """
    found, now, current = [], start, tuple(sites)
    for step in steps:
        effect, current = _taken(_Asked(step, now, paths, shape), current)
        found.append(effect)
        moment = step.moment(now)
        now = replace(now, moment=moment, policy=step.policy(now))
        current = tuple(replace(site, members=tuple(item.at(moment) for item in site.members)) for site in current)
    return tuple(found), current


def _taken(asked: _Asked, sites: tuple[Site, ...]) -> tuple[Reference, tuple[Site, ...]]:
    step, now = asked.step, asked.now
    courses = {site.name: tuple(step.course(member, now) for member in site.members) for site in sites}
    after = tuple(
        replace(site, members=tuple(course.stages[-1].member for course in courses[site.name])) for site in sites
    )
    moving = [course for side in courses.values() for course in side if len(course.stages) > 1]
    effects: list[Effect] = []
    for sender, receiver in permutations(sites, 2):
        pair = courses[sender.name], courses[receiver.name]
        if any(len(course.stages) > 1 for side in pair for course in side):
            effects += _of_pair(asked, sender, receiver, pair)
    lapse = _lapse(asked, after) if moving else None
    fates = [item for effect in effects for item in (*effect.during, effect.after)]
    assumed = [*(course.assumption for course in moving), *(text for item in effects for text in item.assumptions)]
    found = Reference(
        tuple(effects),
        step.skew(now.timing) if moving else 0.0,
        step.old_keys_live(now) if isinstance(step, Rekey) else None,
        isinstance(step, Rekey) and _cuts_off(asked, step, sites, after),
        lapse,
        now.timing.command_lives if lapse is not None else None,
        frozenset().union(*(course.rests_on for course in moving), *(item.rests_on for item in fates)),
        tuple(dict.fromkeys(filter(None, assumed))),
    )
    return found, after


def _of_pair(
    asked: _Asked, sender: Site, receiver: Site, courses: tuple[tuple[Course, ...], tuple[Course, ...]]
) -> Iterator[Effect]:
    """Every combination of stages, laid over each other."""
    if traffic(sender, receiver).is_empty:
        return
    skew = asked.step.skew(asked.now.timing)
    befores: list[tuple[Pair, Parts]] = []
    afters: list[tuple[Pair, Parts]] = []
    durings: defaultdict[Parts, dict[object, float | None]] = defaultdict(dict)
    for one, other in product(*courses):
        last = (len(one.stages) - 1, len(other.stages) - 1)
        for at in product(range(last[0] + 1), range(last[1] + 1)):
            stages = one.stages[at[0]], other.stages[at[1]]
            pair = stages[0].member, stages[1].member
            parts = asked.parts(pair, sender, receiver)
            if at == (0, 0):
                befores.append((pair, parts))
            if at == last:
                afters.append((pair, parts))
            elif at != (0, 0) and asked.step.spreads:
                passing: dict[object, float | None] = {
                    (side, (one, other)[side].stages, at[side]): stages[side].seconds
                    for side in (0, 1)
                    if 0 < at[side] < last[side]
                }
                durings[parts] |= passing or {"skew": skew}
    count = len(befores)
    columns = [parts for _, parts in (*befores, *afters)]
    for packets, row in overlaid([*columns, *durings]):
        before = any_of([(pair, fate) for (pair, _), fate in zip(befores, row, strict=False)])
        after = any_of([(pair, fate) for (pair, _), fate in zip(afters, row[count:], strict=False)])
        during = row[len(columns) :]
        seconds, reason = _loss(before, after, list(zip(during, durings.values(), strict=True)))
        ordered = sorted(set(during), key=lambda item: (-_BADNESS[item.outcome], item.text, item.assumption))
        example = packets.example((*sender.prefixes, *receiver.prefixes))
        yield Effect(packets, before, tuple(ordered), after, seconds, reason, sender.name, receiver.name, example)


def _loss(before: Fate, after: Fate, during: list[tuple[Fate, dict[object, float | None]]]) -> tuple[float | None, str]:
    """Seconds at most that packets are dropped, and why; each stage that drops some counts once."""
    if before.outcome is Outcome.DROPPED:
        return 0.0, ""
    if after.outcome is Outcome.DROPPED:
        return LASTING, after.text
    dropping = [(fate, spans) for fate, spans in during if fate.outcome is Outcome.DROPPED]
    if not dropping:
        return 0.0, ""
    reason = "; or ".join(dict.fromkeys(fate.text for fate, _ in dropping))
    spans = {key: seconds for _, found in dropping for key, seconds in found.items()}
    known = [seconds for seconds in spans.values() if seconds is not None]
    return (sum(known) if len(known) == len(spans) else None), reason


def _lapse(asked: _Asked, sites: tuple[Site, ...]) -> Reference | None:
    """A direction by command dies with the next rekey, which reaches members one after the other."""
    if not isinstance(asked.step, Command):
        return None
    rekey = Rekey("the direction by command dies with the next rekey")
    return _taken(replace(asked, step=rekey), sites)[0]


def _cuts_off(asked: _Asked, step: Rekey, before: tuple[Site, ...], after: tuple[Site, ...]) -> bool:
    """Whether a member that missed the rekey loses packets once the others' old keys have ended."""
    old = {key.spi for key in asked.now.policy.keys}
    if step.old_keys_live(asked.now) is None:
        return False
    for (late, _), (_, has) in permutations(zip(before, after, strict=True), 2):
        for straggler, other in product(late.members, has.members):
            later = replace(other, keys=tuple(key for key in other.keys if key.spi not in old))
            if not straggler.keys or not later.keys:
                continue
            found = (*asked.parts((straggler, later), late, has), *asked.parts((later, straggler), has, late))
            if any(fate.outcome is Outcome.DROPPED for _, fate in found):
                return True
    return False
