"""What a step does to the traffic between two sites, with every combination of how far each of the two has got.

While a step spreads, any subset of the members already has it. So for two sites all stages of the one are held against
all stages of the other, in both orders; what one combination drops may be dropped.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.fates import Outcome, partition
from getvpn_ops.analysis.traffic.rows import LASTING, Effect, Row
from getvpn_ops.analysis.traffic.sites import any_of, overlaid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.analysis.packets.sets import PacketSet
    from getvpn_ops.analysis.traffic.fates import Fate
    from getvpn_ops.analysis.traffic.members import Member
    from getvpn_ops.analysis.traffic.sites import Parts, Paths, Site
    from getvpn_ops.analysis.traffic.sizes import Shape
    from getvpn_ops.analysis.traffic.steps import Course, Now, Step

_BADNESS = {outcome: rank for rank, outcome in enumerate(Outcome)}
Pair = tuple["Member", "Member"]
Courses = tuple["Course", ...]
"""Of the readings of a site's routers."""


@dataclass(frozen=True, slots=True)
class Asked:
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

    def parts(self, pair: Pair, packets: PacketSet) -> Parts:
        """What becomes of packets between two routers."""
        one, other = pair
        return partition(one, other, packets, self.paths.between(one.name, other.name), self.shape)


def effect(row: Row, sender: Site, receiver: Site) -> Effect:
    """A row as the effect on two sites, with an example."""
    known = (*sender.prefixes, *receiver.prefixes)
    return Effect(
        row.packets, row.before, row.during, row.after, row.lost_seconds, row.reason, sender.name, receiver.name,
        row.packets.example(known),
    )  # fmt: skip


def rows(asked: Asked, sender: Courses, receiver: Courses, packets: PacketSet) -> Iterator[Row]:
    """What a step does to packets between two sites; the rows are apart from each other and together are the packets.

    Args:
        asked: the step.
        sender: what the routers at the one end go through.
        receiver: likewise at the other.
        packets: the question.
    """
    befores, afters, durings = _combinations(asked, sender, receiver, packets)
    count = len(befores)
    columns = [parts for _, parts in (*befores, *afters)]
    for part, row in overlaid([*columns, *durings]):
        before = any_of([(pair, fate) for (pair, _), fate in zip(befores, row, strict=False)])
        after = any_of([(pair, fate) for (pair, _), fate in zip(afters, row[count:], strict=False)])
        during = row[len(columns) :]
        seconds, reason = _loss(before, after, list(zip(during, durings.values(), strict=True)))
        ordered = sorted(set(during), key=lambda item: (-_BADNESS[item.outcome], item.text, item.assumption))
        yield Row(part, before, tuple(ordered), after, seconds, reason)


Column = tuple[Pair, "Parts"]


def _combinations(
    asked: Asked, sender: Courses, receiver: Courses, packets: PacketSet
) -> tuple[list[Column], list[Column], dict[Parts, dict[object, float | None]]]:
    """Fates before, after, and meanwhile with the spans of the stages that are passed through."""
    skew = asked.step.skew(asked.now.timing)
    befores: list[Column] = []
    afters: list[Column] = []
    durings: defaultdict[Parts, dict[object, float | None]] = defaultdict(dict)
    for place in product(range(len(sender)), range(len(receiver))):
        one, other = sender[place[0]], receiver[place[1]]
        last = (len(one.stages) - 1, len(other.stages) - 1)
        for at in product(range(last[0] + 1), range(last[1] + 1)):
            stages = one.stages[at[0]], other.stages[at[1]]
            pair = stages[0].member, stages[1].member
            parts = asked.parts(pair, packets)
            if at == (0, 0):
                befores.append((pair, parts))
            if at == last:
                afters.append((pair, parts))
            elif at != (0, 0) and asked.step.spreads:
                passing: dict[object, float | None] = {
                    (side, place[side], at[side]): stages[side].seconds for side in (0, 1) if 0 < at[side] < last[side]
                }
                durings[parts] |= passing or {"skew": skew}
    return befores, afters, durings


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
