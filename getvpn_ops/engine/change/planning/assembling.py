"""Steps of many devices -> a plan: ordered, typed on trees, predicted, held against lock-out, and sealed to what is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from getvpn_ops.engine.change.planning.action import new_id
from getvpn_ops.engine.change.planning.effects import Known, forecast
from getvpn_ops.engine.change.planning.locking import lockouts
from getvpn_ops.engine.change.planning.registering import serving
from getvpn_ops.engine.change.planning.servers import primaries, priority, refusals
from getvpn_ops.engine.change.planning.simulated import configs_after, tried
from getvpn_ops.engine.change.planning.stepping import Terms, waves_of
from getvpn_ops.engine.change.planning.taking_down import abandoned
from getvpn_ops.engine.change.planning.typeable import NOWHERE, prints_in, untypeable
from getvpn_ops.model.inventory import Role
from getvpn_ops.model.plan import Plan, PredictedEffect, Statement
from getvpn_ops.workflow.ordering import Job, stages
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from getvpn_ops.engine.change.planning.changes import Changes
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.model.change import ChangeStep
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import PlannedDevice
    from getvpn_ops.model.values import Address

LIFETIME: Final = timedelta(hours=4)
REVERT_MINUTES: Final = 5
AT_ONCE: Final = 5
_PRIORITY = re.compile(r"local priority (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a plan is asked for with.

    Attributes:
        run: under which captures are kept.
        what: the command in words, such as ``push WAN``.
        by: who wants it, ``user@host``.
        now: by the clock of the run, UTC.
        at_once: members in hand at once, at most.
        budget: failed members after which no more are begun.
        lifetime: of the plan.
        revert_minutes: of the timer on members, where it is used; 0: never.
        station: address of the management station; None: it is looked for behind the routers with ``manager``.
        known: what was measured.
        paces: median seconds of kinds of steps in our own runs, and of how many; see ``migrating.estimating``.
        secrets: fingerprints of the secrets that sessions of a device are given beside those that it shows; None: who
            asks looks at that himself.
    """

    run: str
    what: str
    by: str
    now: datetime
    at_once: int = AT_ONCE
    budget: int = 0
    lifetime: timedelta = LIFETIME
    revert_minutes: int = REVERT_MINUTES
    station: Address | None = None
    known: Known = field(default_factory=Known)
    paces: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    secrets: Callable[[Device], Collection[str]] | None = None


def concerned(inventory: Inventory, selected: Sequence[Device]) -> tuple[tuple[str, ...], tuple[Device, ...]]:
    """Groups of some devices, and everyone who must be read to say what a change of them does.

    These are the devices themselves, all key servers and members of their groups, and who else has networks that
    talk to theirs.

    Args:
        inventory: all devices.
        selected: that a plan is about.
    """
    groups = tuple(dict.fromkeys(group for device in selected for group in device.gdoi_groups))
    names = {device.name for device in selected}
    for group in groups:
        names |= {item.name for item in (*inventory.key_servers(group), *inventory.members(group))}
    devices = tuple(item for item in inventory.devices.values() if item.name in names or item.prefixes)
    return groups, devices


def assembled(asked: Asked, inventory: Inventory, reading: Reading, changes: Changes) -> Plan:
    """Make the plan.

    Args:
        asked: for it.
        inventory: all devices.
        reading: of everyone concerned.
        changes: what is to be typed, and in which groups.

    Raises:
        PlanRefusedError: a line has no place in what a device holds: a defect.
    """
    steps = _told(changes, inventory, reading)
    heads = primaries(reading.fleet)
    jobs = [job_of(inventory, inventory.devices[name], held, reading.configs[name]) for name, held in steps.items()]
    ordered = stages(jobs, heads, asked.at_once, members_first=changes.is_way_back, due=changes.due)
    done = tried(ordered, reading.configs)
    told = forecast(changes.groups, reading, done, heads, asked.known, due=changes.due)
    after = configs_after(done, reading.configs)
    terms = Terms(
        inventory=inventory,
        configs=reading.configs,
        primaries=heads,
        timings=told.timings,
        moving=told.moving,
        due=changes.due,
        serving=serving(inventory, changes.groups, heads, {**reading.configs, **after}),
        revert_minutes=asked.revert_minutes,
    )
    waves = waves_of(done, terms)
    cuts, unclear = lockouts(inventory, reading.configs, done, asked.station) if done else ((), ())
    refused, notes = _servers(inventory, reading, changes, steps, after)
    left = abandoned(changes.groups, reading, inventory, after)
    effects = (*(_untold(changes) if waves.waves else ()), *told.effects, *left)
    lossy = [effect for effect in effects if effect.statement is not Statement.HITLESS]
    return Plan(
        id=new_id(asked.now),
        what=asked.what,
        made=asked.now,
        expires=asked.now + asked.lifetime,
        by=asked.by,
        inventory=snapshot(inventory),
        devices=tuple(_planned(inventory, reading, steps, changes.due)),
        waves=waves.waves,
        rekeys=waves.rekeys,
        effects=effects,
        lockouts=cuts,
        refusals=tuple(
            dict.fromkeys((*changes.refusals, *refused, *_unknown(asked, inventory, reading, steps), *unclear))
        ),
        left_out=tuple(changes.left_out),
        notes=tuple(dict.fromkeys((*changes.notes, *notes, *_words(steps, inventory, heads, lossy=bool(lossy))))),
        budget=asked.budget,
    )


def _told(changes: Changes, inventory: Inventory, reading: Reading) -> dict[str, tuple[ChangeStep, ...]]:
    """Steps of devices whose release and serial number are known; the others are left out."""
    found = {}
    for name, steps in changes.steps.items():
        if reading.planned(inventory.devices[name], is_changed=True) is None:
            changes.unread[name] = "its release was not read"
            changes.leave_out(name, "its release was not read: show version", is_known=False)
        else:
            found[name] = steps
    return found


def job_of(inventory: Inventory, device: Device, steps: tuple[ChangeStep, ...], config: RunningConfig) -> Job:
    """A device and its steps, with what decides when it is its turn.

    Args:
        inventory: all devices.
        device: of the steps.
        steps: to be typed on it, in order.
        config: that it runs.
    """
    serves = device.role is Role.KEY_SERVER
    return Job(
        device.name,
        steps,
        serves=serves,
        rank=_rank(steps, config) if serves else 0,
        site=device.site,
        ring=device.ring,
        after_all=0 if serves else _after_all(inventory, device),
    )


def _rank(steps: tuple[ChangeStep, ...], config: RunningConfig) -> int:
    """The priority that a key server gets, else the one that it has."""
    said = (_PRIORITY.fullmatch(line.text) for step in steps for line in step.lines)
    return max((int(item[1]) for item in said if item is not None), default=priority(config))


def _after_all(inventory: Inventory, device: Device) -> int:
    """Members between this program and others come last and alone: those of key servers, then those of the manager."""
    if device.manager:
        return 2
    neighbours = [item for item in inventory.devices.values() if item.site == device.site] if device.site else []
    if any(item.manager for item in neighbours):
        return 2
    return 1 if any(item.role is Role.KEY_SERVER for item in neighbours) else 0


def _untold(changes: Changes) -> Iterator[PredictedEffect]:
    for group, why in changes.untold.items():
        yield PredictedEffect(group, "what was configured before", Statement.CANNOT_TELL, None, (why,))


def _planned(
    inventory: Inventory, reading: Reading, steps: Mapping[str, tuple[ChangeStep, ...]], due: Iterable[str]
) -> Iterator[PlannedDevice]:
    """Devices that change, and the key servers of their groups; a rekey that is due is typed on one of its own."""
    groups = {group for name in steps for group in inventory.devices[name].gdoi_groups} | set(due)
    servers = {device.name for group in groups for device in inventory.key_servers(group)}
    typing = {*steps, *(device.name for group in due for device in inventory.key_servers(group))}
    for name, device in inventory.devices.items():
        if name in steps or name in servers:
            planned = reading.planned(device, is_changed=name in typing)
            if planned is not None:
                yield planned


def _servers(
    inventory: Inventory,
    reading: Reading,
    changes: Changes,
    steps: Mapping[str, tuple[ChangeStep, ...]],
    after: Mapping[str, RunningConfig],
) -> tuple[list[str], list[str]]:
    """Why the key servers that the plan changes may not be changed, and what to know of them."""
    mine = [inventory.devices[name] for name in steps if inventory.devices[name].role is Role.KEY_SERVER]
    refused: list[str] = []
    notes: list[str] = []
    for group in dict.fromkeys((*(group for device in mine for group in device.gdoi_groups), *changes.due)):
        bad, more = refusals(group, reading, inventory, after, changes.covered - {*changes.unread})
        refused += bad
        notes += more
    return refused, notes


def _unknown(
    asked: Asked, inventory: Inventory, reading: Reading, steps: Mapping[str, tuple[ChangeStep, ...]]
) -> Iterator[str]:
    """Lines that nobody could type: one of them refuses the plan."""
    if asked.secrets is None:
        return
    for name, held in steps.items():
        lines = [line for step in held for line in (*step.lines, *step.rollback)]
        given = partial(asked.secrets, inventory.devices[name])
        for line in dict.fromkeys(untypeable(lines, prints_in(reading.configs[name].tree), given)):
            yield NOWHERE.format(device=name, line=line.text)


def _words(
    steps: Mapping[str, tuple[ChangeStep, ...]], inventory: Inventory, heads: Mapping[str, str], *, lossy: bool
) -> Iterator[str]:
    if lossy:
        yield "traffic is lost, or may be: it is only applied with --accept-loss"
    for group in dict.fromkeys(group for held in steps.values() for step in held for group in step.groups):
        servers = {device.name for device in inventory.key_servers(group)} & set(steps)
        head = heads.get(group)
        if servers and head is not None and head not in servers:
            yield f"group {group}: its primary {head} is not changed, so nothing is rekeyed"
