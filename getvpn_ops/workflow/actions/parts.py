"""Parts that proposals are put together from: steps, what a registration costs, who of the targets is meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from getvpn_ops.analysis.traffic.timing import Timing
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import LeftOut, Perform, PlannedStep, PredictedEffect, Statement, Wave
from getvpn_ops.workflow.actions.reading import group_named, local_name, registered
from getvpn_ops.workflow.actions.spec import Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from getvpn_ops.model.inventory import Device
    from getvpn_ops.workflow.actions.spec import World

REGISTRATION = Timing().registration
"""Seconds that a registration is reckoned to take; the proof says how many it took."""
_BATCH = 8
"""Registrations that a key server is reckoned to serve at a time; nobody attests it."""
_NAMED = 12
"""Members that a statement names; of more it says how many."""

GroupName = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.:-]{0,62})?$")]


class OfGroup(FrozenModel):
    """For actions on all groups of a router, or on one.

    Attributes:
        group: name of the one group, as in the inventory; empty: all groups of the router.
    """

    group: GroupName = ""


@dataclass(slots=True)
class Draft:
    """A proposal that is being put together."""

    waves: list[Wave] = field(default_factory=list)
    effects: list[PredictedEffect] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    confirm: str = ""

    def done(self) -> Proposal:
        """The proposal; one that does nothing is refused."""
        if not self.waves and not self.refusals:
            self.refusals.append("no device is left to do it on")
        return Proposal(
            waves=tuple(self.waves),
            effects=tuple(self.effects),
            refusals=tuple(dict.fromkeys(self.refusals)),
            confirm=self.confirm,
            drops=tuple(self.drops),
            left_out=tuple(self.left_out),
            notes=tuple(self.notes),
        )


def of_role(world: World, role: Role, draft: Draft) -> tuple[Device, ...]:
    """Targets of a role; the others are left out by name, and who meant only them is refused."""
    meant = tuple(device for device in world.targets if device.role is role)
    what = "key servers" if role is Role.KEY_SERVER else "members"
    for device in world.targets:
        if device.role is not role:
            draft.left_out.append(LeftOut(device.name, f"this action is for {what}", is_known=True))
    if not meant:
        draft.refusals.append(f"none of the targets is one of the {what}")
    return meant


def spare_manager(devices: Sequence[Device], draft: Draft) -> None:
    """The manager's own member is only touched alone: what goes wrong there cuts the manager off."""
    own = [device.name for device in devices if device.manager]
    if own and len(devices) > 1:
        draft.refusals.append(f"the manager stands behind {', '.join(own)}: name it alone, as the last of all")


def groups_of(device: Device, group: str) -> tuple[str, ...]:
    """The groups of a device that are meant: the one that is named, or all of them."""
    return (group,) if group else device.gdoi_groups


def unknown_group(devices: Iterable[Device], group: str, draft: Draft) -> None:
    """Refuse a group that a target is not in."""
    if not group:
        return
    for device in devices:
        if group not in device.gdoi_groups:
            draft.refusals.append(f"{device.name} is in no group {group}; it is in {_listed(device.gdoi_groups)}")


def gdoi_words(world: World, device: Device, group: str) -> str:
    """``crypto gdoi``, with the group as the router itself calls it."""
    return f"crypto gdoi group {local_name(world.fleet, group, device.name)}" if group else "crypto gdoi"


def step(  # noqa: PLR0913 -- the fields of a step
    number: int,
    device: Device,
    action: str,
    title: str,
    lines: tuple[str, ...],
    *,
    groups: tuple[str, ...] = (),
    parameters: tuple[tuple[str, str], ...] = (),
    once: bool = True,
    notes: tuple[str, ...] = (),
    way_back: str = "",
) -> PlannedStep:
    """One step of an action on one device."""
    return PlannedStep(
        f"{number:03d}-{device.name.replace('.', '-')}",
        device.name,
        title,
        Perform(action, parameters, lines, once),
        groups,
        notes,
        way_back,
    )


def alone(planned: PlannedStep) -> Wave:
    """A step that is proven before the next one is begun."""
    return Wave(planned.title, (planned,))


# -- what a registration costs


def member_loss(world: World, device: Device, group: str, title: str) -> PredictedEffect:
    """What it costs that one member registers anew: nothing where all send clear, else the seconds that it takes."""
    rests = f"a registration is reckoned at {REGISTRATION:g} s"
    try:
        view = group_named(world.fleet, group)
        direction, seen = view.served.direction
    except EvidenceMissingError as exc:
        return PredictedEffect(group, title, Statement.CANNOT_TELL, None, (f"the direction is not known: {exc}",))
    if "inbound" not in direction.casefold():
        text = f"traffic from and to {device.name} is dropped until it has registered; {rests}"
        return PredictedEffect(group, title, Statement.LOSES, REGISTRATION, (text,))
    if why := _closed(world, device):
        text = f"traffic from and to {device.name} is dropped until it has registered: {why}; {rests}"
        return PredictedEffect(group, title, Statement.LOSES, REGISTRATION, (text,))
    if passive := _passive(world, group):
        text = f"{_listed(passive)} encrypt, and {device.name} reads nothing of it until it has registered; {rests}"
        return PredictedEffect(group, title, Statement.LOSES, REGISTRATION, (text,))
    text = f"{seen.device} says {direction}: everyone sends clear, so that no key is needed"
    rest = "rests on no member encrypting by `passive` or by command beside those that the inventory names"
    return PredictedEffect(group, title, Statement.HITLESS, 0.0, (text, rest))


def group_loss(world: World, group: str, title: str, members: int | None) -> PredictedEffect:
    """What it costs that all members of a group register anew."""
    if members == 0:
        return PredictedEffect(group, title, Statement.HITLESS, 0.0, ("no member is registered",))
    seconds = storm(members) if members is not None else None
    try:
        direction, seen = group_named(world.fleet, group).served.direction
    except EvidenceMissingError as exc:
        return PredictedEffect(group, title, Statement.CANNOT_TELL, None, (f"the direction is not known: {exc}",))
    if "inbound" in direction.casefold() and not _passive(world, group):
        text = f"{seen.device} says {direction}: everyone sends clear, so that no key is needed"
        rest = "rests on no member with fail-close, and on none that encrypts beside those that the inventory names"
        return PredictedEffect(group, title, Statement.HITLESS, 0.0, (text, rest))
    text = "every member loses its keys, and drops traffic until it has registered again"
    return PredictedEffect(group, title, Statement.LOSES, seconds, (text,))


def storm(members: int) -> float:
    """Seconds until the last of so many members has registered, at the least."""
    return REGISTRATION * max(1, -(-members // _BATCH))


def known_members(world: World, group: str) -> tuple[int | None, str]:
    """How many members a group has, and their names, for people; None if a key server does not tell."""
    try:
        found = registered(group_named(world.fleet, group))
    except EvidenceMissingError as exc:
        expected = len(world.inventory.members(group))
        return None, f"nobody can tell how many members ({exc}); the inventory has {expected}"
    names = sorted(found.values())
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return len(names), f"{len(names)} members{f' ({shown})' if names else ''}"


def _passive(world: World, group: str) -> list[str]:
    """Members that are meant to encrypt although the group is receive-only."""
    if group not in world.inventory.gdoi_groups:
        return []
    intents = ((item.name, world.inventory.member_intent(group, item.name)) for item in world.inventory.members(group))
    shown = {
        view.name
        for view in world.fleet.devices.values()
        for sample in view.samples(RunningConfig)
        for item in sample.value.gdoi_groups
        if item.passive and group in view.device.gdoi_groups
    }
    return sorted({name for name, intent in intents if intent.passive} | shown)


def _closed(world: World, device: Device) -> str:
    """Why a member without keys lets nothing through; empty: it does."""
    samples = world.fleet.devices[device.name].samples(RunningConfig)
    maps = [item for sample in samples for item in sample.value.crypto_maps]
    return "it has fail-close" if any(item.fail_close and item.fail_close.activated for item in maps) else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
