"""The emergency way back: every key server that can be reached says receive-only, and the group is rekeyed (P13).

Members then send in clear, and accept both clear and encrypted packets, as far as the rekey reaches them. Nobody has to
be undone stage by stage, no gate has to be open, and half of the fleet may be unreachable. What is not skipped: what is
typed is shown first and confirmed in full; each step stands in the journal, under a lease, before it is sent; host keys
are strict; the secondaries come first and the primary last; nothing is typed while a rekey is near; what was typed is
read back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.change.planning.action import new_id
from getvpn_ops.engine.change.planning.assembling import job_of
from getvpn_ops.engine.change.planning.changes import local_names
from getvpn_ops.engine.change.planning.ranks import ranks_of
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.change.planning.servers import primaries
from getvpn_ops.engine.change.planning.shipping import policy_on
from getvpn_ops.engine.change.planning.simulated import tried
from getvpn_ops.engine.change.planning.stepping import Terms, waves_of
from getvpn_ops.model.change import ChangeLine, ChangeStep, RekeyEffect, StepKind
from getvpn_ops.model.plan import LeftOut, Plan, PredictedEffect, Statement
from getvpn_ops.workflow.ordering import stages as in_order
from getvpn_ops.workflow.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.engine.change.planning.assembling import Asked
    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import PlannedDevice

_LINE = "sa receive-only"
_COSTS = (
    "members that the rekey does not reach encrypt until their keys end, and drop what the others send in clear",
    "traffic of the groups is sent in clear from then on",
)


def plan_emergency(asked: Asked, groups: Sequence[str], *, collector: Collector, inventory: Inventory) -> Plan:
    """Plan it. Only the key servers are read; one that does not answer is left out, and said.

    Args:
        asked: run, words and lifetime.
        groups: GDOI groups.
        collector: asks.
        inventory: all devices.

    Returns:
        A plan without a step where no key server can be reached, or each that can says receive-only already.

    Raises:
        DispatchError: the groups have no key server.
        PlanRefusedError: a line has no place in what a key server holds: a defect.
    """
    servers = tuple({item.name: item for group in groups for item in inventory.key_servers(group)}.values())
    reading = read_devices(asked.run, collector, inventory, servers)
    steps, left = {}, []
    for device in servers:
        if reading.planned(device, is_changed=True) is None:
            left.append(LeftOut(device.name, reading.why_not.get(device.name, "its release was not read"), False))  # noqa: FBT003
            continue
        mine = tuple(_steps(device, groups, reading, inventory))
        if mine:
            steps[device.name] = mine
        else:
            left.append(LeftOut(device.name, "it serves none of them, or says receive-only already", True))  # noqa: FBT003
    heads = _heads(groups, reading, inventory)
    jobs = [job_of(inventory, inventory.devices[name], held, reading.configs[name]) for name, held in steps.items()]
    done = tried(in_order(jobs, heads, due=_due(groups, steps, heads)), reading.configs)
    terms = Terms(inventory=inventory, configs=reading.configs, primaries=heads, revert_minutes=0)
    waves = waves_of(done, terms)
    return Plan(
        id=new_id(asked.now),
        what=asked.what,
        made=asked.now,
        expires=asked.now + asked.lifetime,
        by=asked.by,
        inventory=snapshot(inventory),
        devices=tuple(_planned(servers, steps, reading)),
        waves=waves.waves,
        rekeys=waves.rekeys,
        effects=tuple(
            PredictedEffect(group, "to receive-only at once", Statement.CANNOT_TELL, None, _COSTS) for group in groups
        ),
        confirm=f"emergency {' '.join(groups)}",
        drops=_COSTS,
        left_out=tuple(left),
        notes=tuple(_notes(groups, reading, left)),
        is_emergency=True,
    )


def _steps(device: Device, groups: Sequence[str], reading: Reading, inventory: Inventory) -> Iterator[ChangeStep]:
    config = reading.configs[device.name]
    by_local = local_names(inventory, device)
    for found in config.gdoi_groups:
        group = by_local.get(found.name, found.name)
        if group not in groups or found.server_local is None:
            continue
        policy = policy_on(config, group, inventory)
        if policy is not None and policy.receive_only:
            continue
        path = _path(device, reading, found.name)
        if path:
            lines = (ChangeLine(_LINE, path),)
            back = (ChangeLine(f"no {_LINE}", path),)
            title = f"members of group {group} send in clear from the next rekey on"
            yield ChangeStep(StepKind.SET, title, lines, back, RekeyEffect.BY_COMMAND, (group,))


def _path(device: Device, reading: Reading, name: str) -> tuple[str, ...]:
    """Lines that open the mode of the group's key server, as the router prints them."""
    for line in reading.configs[device.name].tree:
        words = line.text.split()
        if words[:1] == ["crypto"] and words[2:3] == ["group"] and words[-1] == name:
            local = next((child.text for child in line.children if child.text == "server local"), "")
            if local:
                return (line.text, local)
    return ()


def _heads(groups: Sequence[str], reading: Reading, inventory: Inventory) -> dict[str, str]:
    """Primaries; where none can be told, who is reached and has the highest priority: it is the last one then."""
    found = {group: name for group, name in primaries(reading.fleet).items() if name in reading.configs}
    for group in groups:
        ranks = ranks_of(reading.configs, inventory, group)
        if group not in found and ranks:
            found[group] = max(ranks).device
    return found


def _due(groups: Sequence[str], steps: dict[str, tuple[ChangeStep, ...]], heads: dict[str, str]) -> list[str]:
    """Groups that are rekeyed although their primary has nothing to be typed: others have."""
    typed = {group for held in steps.values() for step in held for group in step.groups}
    return [group for group in groups if group in typed and group in heads]


def _planned(
    servers: Sequence[Device], steps: dict[str, tuple[ChangeStep, ...]], reading: Reading
) -> Iterator[PlannedDevice]:
    for device in servers:
        planned = reading.planned(device, is_changed=bool(steps))
        if planned is not None:
            yield planned


def _notes(groups: Sequence[str], reading: Reading, left: Sequence[LeftOut]) -> Iterator[str]:
    yield "gates, windows, member proofs and the state of COOP are looked at, said, and hold nothing back"
    for item in left:
        if not item.is_known:
            yield (
                f"{item.device} is not reached: as soon as it is, it ships its old policy if it becomes primary: "
                "run the emergency rollback again then"
            )
    known = primaries(reading.fleet)
    for group in groups:
        if known.get(group) not in reading.configs:
            yield f"group {group}: no primary was reached: the rekey is typed on whoever is primary by then"
