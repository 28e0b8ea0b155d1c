"""Plans one action of the catalogue: devices are read, and the action says what it would do there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from getvpn_ops.engine.change.planning.differences import NO_DIFFERENCES, differences_of
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.typeable import NOWHERE, prints_in, untypeable
from getvpn_ops.errors import UsageError
from getvpn_ops.model.plan import Configure, LeftOut, Plan, Statement
from getvpn_ops.workflow.actions.spec import World
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.engine.config.diff import Differ
    from getvpn_ops.model.base import FrozenModel
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import PlannedDevice
    from getvpn_ops.workflow.actions.spec import ActionSpec, Proposal

LIFETIME = timedelta(minutes=30)
"""Of a plan of an action: what it was made of, such as who is primary and when the next rekey comes, soon changes."""
_DIGITS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What is wanted.

    Attributes:
        spec: the action.
        params: of it.
        targets: devices, in the order of the inventory; of a group that was named, its devices.
        groups: that were named, or those of the targets.
        what: the command in words, such as ``action clear-member lon-gm1``.
        by: who wants it, ``user@host``.
        lifetime: of the plan.
    """

    spec: ActionSpec[Any]
    params: FrozenModel
    targets: tuple[Device, ...]
    groups: tuple[str, ...]
    what: str
    by: str
    lifetime: timedelta = LIFETIME


def targets_of(inventory: Inventory, names: Iterable[str]) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """Devices and groups that are meant by names of devices and of groups.

    Raises:
        UsageError: nothing is named, or something that is neither.
    """
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        raise UsageError("name what to act on: a device, or a GDOI group")
    known = inventory.group_names()
    devices: set[str] = set()
    groups: list[str] = []
    for name in wanted:
        if name in inventory.devices:
            devices.add(name)
        elif name in known:
            groups.append(name)
            devices |= {item.name for item in (*inventory.key_servers(name), *inventory.members(name))}
        else:
            msg = f"{name!r} is no device and no GDOI group of the inventory; see: getvpn-ops inventory"
            raise UsageError(msg)
    targets = tuple(device for device in inventory.devices.values() if device.name in devices)
    if not groups:
        groups = [group for device in targets for group in device.gdoi_groups]
    return targets, tuple(dict.fromkeys(groups))


def params_of(spec: ActionSpec[Any], raw: Mapping[str, str]) -> FrozenModel:
    """Parameters as a person typed them, ``-`` in a name for ``_``.

    Raises:
        UsageError: one is not known, or its value is none; says which there are.
    """
    try:
        made: FrozenModel = spec.params.model_validate({name.replace("-", "_"): value for name, value in raw.items()})
    except ValidationError as exc:
        wrong = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in exc.errors())
        there = ", ".join(spec.params.model_fields) or "none"
        msg = f"{spec.id}: {wrong}; its parameters are: {there}; see: getvpn-ops explain {spec.id}"
        raise UsageError(msg) from None
    return made


def plan_action(  # noqa: PLR0913 -- the ports of a plan
    run: str,
    request: ActionRequest,
    *,
    collector: Collector,
    inventory: Inventory,
    plan_id: str = "",
    differ: Differ | None = None,
    given: Callable[[Device], Collection[str]] | None = None,
) -> Plan:
    """Read the targets and all key servers of their groups, and let the action say what it would do.

    Args:
        run: under which captures are kept.
        request: what is wanted.
        collector: asks, and knows the time of the devices.
        inventory: all devices.
        plan_id: of the plan; empty: a new one.
        differ: holds devices against their intents, with the secrets; only for an action that reads intents.
        given: fingerprints of the secrets that sessions of a device are given beside those that it shows; None: none.

    Returns:
        The plan; one that must not be applied says so in its refusals.

    Raises:
        UsageError: there is no target, or no intent for an action that reads them.
        MistakesError: what a device should hold cannot be rendered.
    """
    if not request.targets:
        raise UsageError("name what to act on: a device, or a GDOI group")
    if request.spec.asks_servers_alone:
        servers_alone = {item.name for group in request.groups for item in inventory.key_servers(group)}
        request = replace(request, targets=tuple(item for item in request.targets if item.name in servers_alone))
    now = collector.clock.now()
    concerned = [*request.groups, *(group for device in request.targets for group in device.gdoi_groups)]
    servers = [item for group in dict.fromkeys(concerned) for item in inventory.key_servers(group)]
    asked = {item.name for item in (*request.targets, *servers)}
    devices = [device for device in inventory.devices.values() if device.name in asked]
    reading = read_devices(run, collector, inventory, devices)
    read = tuple(device for device in request.targets if device.name in reading.configs)
    missing = [device for device in request.targets if device.name not in reading.configs]
    differences = differences_of(differ, reading, devices) if request.spec.reads_intents else NO_DIFFERENCES
    world = World(inventory, reading.fleet, read, request.groups, now, differences.changes, differences.untold)
    proposal: Proposal = request.spec.propose(world, request.params)
    left_out = [LeftOut(device.name, reading.why_not[device.name], is_known=False) for device in missing]
    refusals = [f"{item.device} was not read: {item.reason}" for item in left_out] if not read else []
    typed = {step.device for wave in proposal.waves for step in wave.steps}
    return Plan(
        id=plan_id or new_id(now),
        what=request.what,
        made=now,
        expires=now + request.lifetime,
        by=request.by,
        inventory=snapshot(inventory),
        devices=tuple(_planned(reading, devices, typed, servers)),
        waves=proposal.waves,
        rekeys=proposal.rekeys,
        effects=proposal.effects,
        refusals=(*refusals, *proposal.refusals, *_unknown(reading, inventory, proposal, given)),
        confirm=proposal.confirm,
        drops=proposal.drops,
        left_out=(*left_out, *proposal.left_out),
        notes=(*proposal.notes, *_unread(reading, servers), *_lossy(proposal)),
    )


def new_id(now: datetime) -> str:
    """Of a plan: sorts by time; ``p-20260301-100500-k3f9``."""
    return f"p-{now:%Y%m%d-%H%M%S}-{''.join(secrets.choice(_DIGITS) for _ in range(4))}"


def _planned(
    reading: Reading, devices: Iterable[Device], typed: set[str], servers: Iterable[Device]
) -> Iterable[PlannedDevice]:
    """Devices that get something, and the key servers, on which safety rests; a step of no device may go to any."""
    of_group = {device.name for device in servers}
    for device in devices:
        is_changed = device.name in typed or ("" in typed and device.name in of_group)
        planned = reading.planned(device, is_changed=is_changed)
        if planned is not None and (is_changed or device.name in of_group):
            yield planned


def _unknown(
    reading: Reading,
    inventory: Inventory,
    proposal: Proposal,
    given: Callable[[Device], Collection[str]] | None,
) -> Iterable[str]:
    """Lines that nobody could type: what their placeholders stand for is had from nowhere."""
    for step in (step for wave in proposal.waves for step in wave.steps if step.device in reading.configs):
        lines = (*step.act.lines, *step.act.rollback) if isinstance(step.act, Configure) else ()
        more = partial(given, inventory.devices[step.device]) if given is not None else tuple
        for line in dict.fromkeys(untypeable(lines, prints_in(reading.configs[step.device].tree), more)):
            yield NOWHERE.format(device=step.device, line=line.text)


def _unread(reading: Reading, servers: Iterable[Device]) -> Iterable[str]:
    for name in dict.fromkeys(device.name for device in servers):
        if name in reading.why_not:
            yield f"key server {name} was not read: {reading.why_not[name]}"


def _lossy(proposal: Proposal) -> Iterable[str]:
    if any(effect.statement is not Statement.HITLESS for effect in proposal.effects):
        yield "traffic is lost, or may be: it is only applied with --accept-loss"
