"""A drill as its plan shows it: every line that it may type, whom it lets register anew, and what that costs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.migrating.performers.drill_terms import (
    candidates,
    drill_cost,
    drill_lines,
    drill_notes,
    refused,
    turn_of,
)
from getvpn_ops.engine.change.planning.ranks import ranks_of
from getvpn_ops.model.inventory import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory
    from getvpn_ops.model.plan import PredictedEffect
    from getvpn_ops.workflow.playbooks.stages import DrillParams

_PRINTED = {Direction.RECEIVE_ONLY: "inbound only", Direction.BOTH: "both"}


@dataclass(frozen=True, slots=True)
class PlannedDrill:
    """What a plan says of a drill.

    Attributes:
        lines: that it may type, whoever is primary when it begins; nothing else is typed.
        notes: for people.
        refusals: why it is not made; empty if it may be.
        effects: on traffic, by group.
        devices: names of those that may be typed on: key servers, and the members that may register anew.
    """

    lines: tuple[str, ...]
    notes: tuple[str, ...]
    refusals: tuple[str, ...]
    effects: tuple[PredictedEffect, ...]
    devices: frozenset[str]


def planned_drill(
    inventory: Inventory,
    configs: Mapping[str, RunningConfig],
    groups: Iterable[str],
    targets: Iterable[str],
    params: DrillParams,
) -> PlannedDrill:
    """What the plan shows of a drill.

    Args:
        inventory: with the groups as they are meant to be by then.
        configs: of all routers, as they will be then.
        groups: of the drill.
        targets: of the stage.
        params: of the stage.
    """
    groups, targets = tuple(groups), tuple(targets)
    effects, devices = [], set[str]()
    for group in groups:
        members = candidates(inventory, group, targets)
        intent = inventory.gdoi_groups.get(group)
        direction = _PRINTED.get(intent.direction or Direction.BOTH) if intent is not None else None
        devices |= {item.name for item in (*inventory.key_servers(group), *members)}
        effects.append(drill_cost(group, members[0].name if members else "", direction))
    return PlannedDrill(
        drill_lines(inventory, configs, groups, targets),
        drill_notes(inventory, configs, groups, targets),
        tuple(_refusals(inventory, configs, groups, params)),
        tuple(effects),
        frozenset(devices),
    )


def _refusals(
    inventory: Inventory, configs: Mapping[str, RunningConfig], groups: Iterable[str], params: DrillParams
) -> Iterator[str]:
    if why := refused(params.by):
        yield why
    for group in groups:
        ranks = ranks_of(configs, inventory, group)
        if len(ranks) < 2:  # noqa: PLR2004 -- one to take over from, and one that does
            yield f"group {group} has {len(ranks)} key server: nobody else can take over"
            continue
        for rank in ranks:
            turn = turn_of(rank.device, ranks)
            if turn.priority is None:
                yield (
                    f"group {group}: no priority of {rank.device} lets {turn.wins.device} and then {rank.device} win: "
                    "give key servers other priorities"
                )
