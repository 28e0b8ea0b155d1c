"""The direction of a member's SAs, turned by command for a test."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.direction import shown_direction
from getvpn_ops.dialect.releases import Feature
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import PredictedEffect, Statement
from getvpn_ops.workflow.actions.parts import Draft, alone, of_role, spare_manager, step
from getvpn_ops.workflow.actions.reading import Due, Obstacle, group_named, lacks, local_name, member_of, next_rekeys
from getvpn_ops.workflow.actions.roles import OneGroup, chosen_group
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.workflow.actions.spec import World

TURNS = "direction"
_DIES = "it dies at the next rekey, also at the note of the pseudotime"


class To(StrEnum):
    """Where to."""

    OPTIONAL = "optional"
    ONLY = "only"
    BOTH = "both"


WORDS = {To.OPTIONAL: "inbound optional", To.ONLY: "inbound only", To.BOTH: "both"}
"""As they are typed, and, in any case of letters, as a member shows them."""


class HowToTurn(OneGroup):
    """For a direction.

    Attributes:
        group: name of it, as in the inventory; empty: the only group of the targets.
        to: ``optional`` encrypts and accepts clear, ``only`` sends clear, ``both`` encrypts and accepts no clear.
        minutes: that the test takes; no rekey may come before it is over.
    """

    to: To = To.OPTIONAL
    minutes: int = Field(default=15, ge=1, le=240)


def direction(world: World, params: HowToTurn) -> Proposal:
    """``crypto gdoi gm ipsec direction ...`` on a member: what its SAs do, until the next rekey.

    For a test on a pilot, before ``passive`` is configured: the direction is no configuration, and dies at the next
    rekey, which the note of the pseudotime every two hours is too. Refused when that comes before the test is over, or
    when nobody can tell. ``optional`` encrypts and accepts clear: no packet is lost among receive-only and passive
    members, given that a change of direction leaves no gap, which nobody attests. ``only`` in a conformant group, and
    ``both`` in a receive-only one, lose traffic. Proven by the direction that the member shows. The way back is the
    same command with what the group has, or the next rekey.
    """
    draft = Draft()
    members = of_role(world, Role.MEMBER, draft)
    spare_manager(members, draft)
    group = chosen_group(world, params.group, draft)
    if not group:
        return draft.done()
    until = timedelta(minutes=params.minutes)
    for device in members:
        draft.refusals += [item.text for item in turn_obstacles(world.fleet, group, device.name, world.now + until)]
        title = f"turn the SAs of {device.name} to {WORDS[params.to]} for {params.minutes} min"
        draft.effects.append(_effect(world, group, device.name, title, params.to))
        name = local_name(world.fleet, group, device.name)
        line = f"crypto gdoi gm group {name} ipsec direction {WORDS[params.to]}"
        back = _usual(world.fleet, group)
        draft.waves.append(
            alone(
                step(
                    len(draft.waves) + 1,
                    device,
                    TURNS,
                    title,
                    (line,),
                    groups=(group,),
                    parameters=(("group", group), ("to", params.to.value), ("minutes", str(params.minutes))),
                    notes=(_DIES,),
                    way_back=f"crypto gdoi gm group {name} ipsec direction {back or '(that of the group)'}; {_DIES}",
                )
            )
        )
    return draft.done()


def turn_obstacles(fleet: FleetState, group: str, device: str, until: datetime) -> tuple[Obstacle, ...]:
    """Why the direction of a member is not to be turned now.

    Args:
        fleet: state of the member and of the key servers of the group.
        group: name of it.
        device: the member.
        until: when the test is over, UTC.
    """
    found = []
    if (lacking := lacks(fleet.devices[device], Feature.PASSIVE)) is not None:
        found.append(lacking)
    try:
        dues = [*next_rekeys(group_named(fleet, group)), *_registers(fleet, group, device)]
    except EvidenceMissingError as exc:
        return (*found, Obstacle(f"{device}: when the next rekey comes is not known: {exc}", is_known=False))
    first = min(dues, key=lambda item: item.at)
    if first.at < until:
        at = f"{first.at:%H:%M:%S} UTC"
        found.append(
            Obstacle(f"{device}: {first.what} comes at {at}, before the test is over: the direction would die")
        )
    return tuple(found)


def _registers(fleet: FleetState, group: str, device: str) -> list[Due]:
    """When the member registers anew by itself."""
    sample = member_of(fleet, group, device).members()
    return [
        Due(f"the next registration of {device}", sample.taken_at + item.reregisters_in)
        for item in sample.value
        if isinstance(item.reregisters_in, timedelta)
    ]


def shown(fleet: FleetState, group: str, device: str) -> str | None:
    """The direction that a member shows, in small letters; None if it shows none.

    Raises:
        EvidenceMissingError: it did not tell of the group.
    """
    said = shown_direction(member_of(fleet, group, device).gdoi())
    return " ".join(said.casefold().split()) if said else None


def _usual(fleet: FleetState, group: str) -> str:
    """What the key servers give, as it is typed; empty if nobody tells."""
    try:
        said, _ = group_named(fleet, group).served.direction
    except EvidenceMissingError:
        return ""
    return "inbound only" if "inbound" in said.casefold() else "both"


def _effect(world: World, group: str, device: str, title: str, to: To) -> PredictedEffect:
    usual = _usual(world.fleet, group)
    gap = "rests on a change of direction leaving no gap without SA, which nobody attests: measure it on a pilot"
    if not usual:
        text = "whether the group is receive-only is not known"
        return PredictedEffect(group, title, Statement.CANNOT_TELL, None, (text,))
    if usual == WORDS[to] or to is To.OPTIONAL:
        return PredictedEffect(group, title, Statement.HITLESS, 0.0, (f"{device} still accepts what it gets now", gap))
    if to is To.ONLY:
        text = f"{device} sends clear, and the others drop it, until the next rekey"
    else:
        text = f"the others send clear, and {device} drops it, until the next rekey"
    return PredictedEffect(group, title, Statement.LOSES, None, (text,))


SPECS = (
    ActionSpec(
        id="direction",
        title="a member's SAs are turned by command, until the next rekey",
        params=HowToTurn,
        propose=direction,
        tags=("member", "migration"),
    ),
)
