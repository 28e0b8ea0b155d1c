"""The primary role of a group: handed to the best of its key servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import PredictedEffect, Statement
from getvpn_ops.workflow.actions.parts import Draft, GroupName, alone, gdoi_words, of_role, step
from getvpn_ops.workflow.actions.reading import Obstacle, cooperation, group_named, lacks
from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.fleet import FleetState
    from getvpn_ops.workflow.actions.spec import World
CHANGES_ROLE = "role-change"


class OneGroup(FrozenModel):
    """For actions on one group.

    Attributes:
        group: name of it, as in the inventory; empty: the only group of the targets.
    """

    group: GroupName = ""


def role_change(world: World, params: OneGroup) -> Proposal:
    """``clear crypto gdoi [group NAME] ks coop role`` on the primary: the key servers elect anew.

    To bring the role back to the key server that should have it: who comes back with a higher priority takes no role
    away by itself. Works on the primary only. Refused where another one than today's primary would not win, where a
    key server is dead or not heard, where an election is open, and before 12.4(22)T. No key is made and no member
    notices; proven by one primary, and the same keys on it. The way back is the same command on the new primary, which
    that one wins again: change the priorities first.
    """
    draft = Draft()
    servers = of_role(world, Role.KEY_SERVER, draft)
    group = chosen_group(world, params.group, draft)
    if not servers or not group:
        return draft.done()
    try:
        primary = group_named(world.fleet, group).primary().device
    except EvidenceMissingError as exc:
        draft.refusals.append(str(exc))
        return draft.done()
    device = next((item for item in servers if item.name == primary), None)
    if device is None:
        names = ", ".join(item.name for item in servers)
        draft.refusals.append(
            f"{names}: not the primary of group {group}, which is {primary}: only there it has an effect"
        )
        return draft.done()
    draft.refusals += [item.text for item in role_obstacles(world.fleet, group, primary)]
    if draft.refusals:
        return draft.done()
    title = f"let the key servers of group {group} elect a primary in place of {primary}"
    draft.effects.append(
        PredictedEffect(group, title, Statement.HITLESS, 0.0, ("the keys stay; only who makes the next ones changes",))
    )
    draft.waves.append(
        alone(
            step(
                1,
                device,
                CHANGES_ROLE,
                title,
                (f"clear {gdoi_words(world, device, group)} ks coop role",),
                groups=(group,),
                parameters=(("group", group),),
                notes=(f"expected to win: {', '.join(_rivals(group_named(world.fleet, group), primary))}",),
                way_back="the same on the new primary, once priorities let another one win",
            )
        )
    )
    return draft.done()


def role_obstacles(fleet: FleetState, group: str, device: str) -> Iterator[Obstacle]:
    """Why the role is not to be handed on by this key server now.

    Args:
        fleet: state of all key servers of the group.
        group: name of it.
        device: that is to be the primary.
    """
    try:
        view = group_named(fleet, group)
    except EvidenceMissingError as exc:
        yield Obstacle(str(exc), is_known=False)
        return
    if (lacking := lacks(fleet.devices[device], Feature.ROLE_CHANGE)) is not None:
        yield lacking
    yield from cooperation(view)
    if len(fleet.inventory.key_servers(group) or view.key_servers) == 1:
        yield Obstacle(f"{device} is the only key server of group {group}: nobody else can be elected")
        return
    try:
        primary = view.primary().device
        if primary != device:
            yield Obstacle(f"{primary} is the primary of group {group} now, not {device}")
        yield from _elections(view)
        if not _rivals(view, device):
            yield Obstacle(
                f"{device} has the highest priority of the key servers of group {group} and would be elected again: "
                "change the priorities first"
            )
    except EvidenceMissingError as exc:
        yield Obstacle(str(exc), is_known=False)


def _elections(view: GroupView) -> Iterator[Obstacle]:
    for server in view.key_servers:
        coop = server.coop().value
        role = (coop.local_role or "").casefold()
        if role not in {"primary", "secondary"}:
            yield Obstacle(f"{server.device} is in an election: its role in group {view.name} is {coop.local_role}")
        elif coop.new_members_blocked is True:
            yield Obstacle(f"{server.device} blocks new members of group {view.name}: its election is not over")


def _rivals(view: GroupView, device: str) -> tuple[str, ...]:
    """Key servers that come before one in an election: by priority, then by address."""
    ranks = {}
    for server in view.key_servers:
        coop = server.coop().value
        if not isinstance(coop.local_priority, int) or coop.local_address is None:
            msg = f"{server.device} does not say its priority in group {view.name}"
            raise EvidenceMissingError(msg)
        ranks[server.device] = (coop.local_priority, int(coop.local_address))
    return tuple(name for name, rank in ranks.items() if rank > ranks[device])


def chosen_group(world: World, group: str, draft: Draft) -> str:
    """The group that is meant; refused where several may be."""
    if group:
        if group not in world.groups:
            draft.refusals.append(f"no target is in group {group}; there are {', '.join(world.groups) or 'none'}")
            return ""
        return group
    if len(world.groups) != 1:
        draft.refusals.append(f"say which group is meant, with `--set group=NAME`: {', '.join(world.groups) or 'none'}")
        return ""
    return world.groups[0]


SPECS = (
    ActionSpec(
        id="role-change",
        title="the key servers of a group elect another primary",
        params=OneGroup,
        propose=role_change,
        tags=("clear", "key-server"),
    ),
)
