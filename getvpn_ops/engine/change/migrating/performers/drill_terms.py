"""What a drill types, whom it lets register anew, and what that costs: worked out before anything is sent. Pure.

``clear crypto gdoi ks coop role`` lets key servers elect anew, and the best of them wins (guide, "Key Server Role
Change"). So the one that is primary gets another priority for the time of the drill, and nobody else gets any line.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.dialect.gdoi_commands import rekey_command
from getvpn_ops.engine.change.planning.ranks import Rank, ranks_of
from getvpn_ops.model.plan import PredictedEffect, Statement
from getvpn_ops.workflow.playbooks.stages import DrillBy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Device, Inventory

_LEAST, _MOST = 1, 255
"""Of ``local priority``."""
_CANDIDATES = 3
_NO_WAY_OUT = (
    "by: isolate cuts the primary off from its peers, and with that perhaps from here: it needs a way to it out of "
    "band, which the inventory has no field to declare; drill by role-change, or by human"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """How the role leaves a primary, and comes back.

    Attributes:
        primary: that has it.
        priority: that it has for a while; None if none does what is needed.
        is_lowered: whether that is for giving the role away; otherwise for getting it back.
        wins: who is primary meanwhile.
    """

    primary: Rank
    priority: int | None
    is_lowered: bool
    wins: Rank


def turn_of(primary: str, ranks: Sequence[Rank]) -> Turn:
    """How the role leaves this key server, and comes back to it.

    Args:
        primary: that has the role.
        ranks: of all key servers of the group; two at the least.
    """
    own = next(rank for rank in ranks if rank.device == primary)
    best = max(rank for rank in ranks if rank.device != primary)
    is_lowered = own > best
    wanted = best.priority + (-1 if is_lowered else 1)
    if _LEAST <= wanted <= _MOST:
        return Turn(own, wanted, is_lowered, best)
    by_address = (own.address > best.address) is not is_lowered
    return Turn(own, best.priority if by_address else None, is_lowered, best)


def priority_line(rank: Rank, priority: int) -> tuple[tuple[str, ...], str]:
    """The modes of a line that sets a priority, and the line."""
    return (f"crypto gdoi group {rank.local_name}", "server local", "redundancy"), f"local priority {priority}"


def role_line(local_name: str) -> str:
    """The line that lets key servers elect anew, on their primary."""
    return f"clear crypto gdoi group {local_name} ks coop role"


def clear_line(local_name: str) -> str:
    """The line on the one member that registers anew."""
    return f"clear crypto gdoi group {local_name}"


def shown(path: tuple[str, ...], line: str) -> str:
    """A line of the configuration as plans and journal show it."""
    return " > ".join((*path, line))


def refused(by: DrillBy) -> str:
    """Why a drill is not made in this way; empty if it may be."""
    return _NO_WAY_OUT if by is DrillBy.ISOLATE else ""


def candidates(inventory: Inventory, group: str, targets: Iterable[str]) -> tuple[Device, ...]:
    """The few members that may be the one that registers anew; the first that is registered then is taken.

    Pilots before others, routers at a site of key servers after them, and never the manager's own.

    Args:
        inventory: all devices.
        group: of the drill.
        targets: of the stage; members among them come first.
    """
    named = frozenset(targets)
    servers = {device.site for name in inventory.group_names() for device in inventory.key_servers(name)} - {""}
    members = [device for device in inventory.members(group) if not device.manager]
    order = sorted(members, key=lambda x: (x.name not in named, not x.pilot, x.site in servers, not x.idle))
    return tuple(order[:_CANDIDATES])


def drill_cost(group: str, member: str, direction: str | None) -> PredictedEffect:
    """What a drill does to traffic: keys stay, and one member registers anew.

    Args:
        group: of the drill.
        member: that is cleared; empty if none is.
        direction: of the SAs at that time, as key servers print it; None if it is not known.
    """
    title = f"drill of group {group}"
    seconds = Timing().registration
    if not member:
        return PredictedEffect(group, title, Statement.HITLESS, 0.0, ("no member registers anew",))
    if direction is None:
        text = f"{member} registers anew, and the direction of the group is not known"
        return PredictedEffect(group, title, Statement.CANNOT_TELL, None, (text,))
    if "inbound" in direction.casefold():
        text = f"{member} registers anew while everyone sends clear, so that no key is needed"
        rest = "rests on no member encrypting by `passive` or by command, and on no fail-close"
        return PredictedEffect(group, title, Statement.HITLESS, 0.0, (text, rest))
    text = f"traffic from and to {member} is dropped until it has registered, reckoned at {seconds:g} s"
    return PredictedEffect(group, title, Statement.LOSES, seconds, (text,))


def drill_lines(
    inventory: Inventory, configs: Mapping[str, RunningConfig], groups: Iterable[str], targets: Iterable[str]
) -> tuple[str, ...]:
    """Every line that a drill may type, whoever is primary when it begins.

    Args:
        inventory: all devices.
        configs: of key servers and members, as they will be then.
        groups: of the drill.
        targets: of the stage.
    """
    names = tuple(targets)
    return tuple(dict.fromkeys(chain.from_iterable(_lines(inventory, configs, group, names) for group in groups)))


def _lines(
    inventory: Inventory, configs: Mapping[str, RunningConfig], group: str, targets: Sequence[str]
) -> Iterator[str]:
    ranks = ranks_of(configs, inventory, group)
    for rank in ranks if len(ranks) > 1 else ():
        turn = turn_of(rank.device, ranks)
        if turn.priority is not None:
            yield shown(*priority_line(rank, turn.priority))
        yield role_line(rank.local_name)
        yield rekey_command(rank.local_name)
        yield shown(*priority_line(rank, rank.priority))
    for member in candidates(inventory, group, targets):
        yield clear_line(_called(configs.get(member.name), inventory, group))


def _called(config: RunningConfig | None, inventory: Inventory, group: str) -> str:
    intent = inventory.gdoi_groups.get(group)
    identity = str(intent.identity) if intent is not None and intent.identity is not None else ""
    for item in config.gdoi_groups if config is not None else ():
        own = item.identity_number if item.identity_number is not None else item.identity_address
        if item.server_local is None and (str(own) == identity if identity else item.name == group):
            return item.name
    return group


def drill_notes(
    inventory: Inventory, configs: Mapping[str, RunningConfig], groups: Iterable[str], targets: Iterable[str]
) -> tuple[str, ...]:
    """What a person should know of these lines."""
    names, found = tuple(targets), []
    for group in groups:
        ranks = ranks_of(configs, inventory, group)
        members = candidates(inventory, group, names)
        for rank in ranks if len(ranks) > 1 else ():
            turn = turn_of(rank.device, ranks)
            what = "before" if turn.is_lowered else "after"
            found.append(
                f"only if {rank.device} is primary of group {group} then: priority {turn.priority} {what} "
                f"{turn.wins.device} takes over, and {rank.priority} again at the end"
            )
        if members:
            found.append(
                f"one member alone registers anew with group {group}: {members[0].name}, if it is registered then"
            )
    return tuple(found)
