"""Captures -> the state of a fleet, with every gap named."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from getvpn_ops.dialect.terminal import refusal
from getvpn_ops.errors import ParseFailure
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.fleet import Depth, DeviceState, Evidence, FleetState
from getvpn_ops.model.inventory import Device, Inventory
from getvpn_ops.parsing import parse
from getvpn_ops.parsing.commands import commands_by_template
from getvpn_ops.parsing.index import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from getvpn_ops.model.capture import Capture, Visit


def evidence_of(capture: Capture) -> Evidence | None:
    """Parse one capture; None if no parser knows its command, which then proves nothing."""
    resolved = resolve(capture.command)
    if resolved is None:
        return None
    kind = commands_by_template()[resolved.template].model
    command = f"{resolved.canonical} | {resolved.output_filter}" if resolved.output_filter else resolved.canonical

    def made(reason: str, trouble: Trouble | None = None, *, empty: bool = False) -> Evidence:
        return Evidence(capture.device, command, kind, capture.taken_at, None, trouble, reason, empty)

    if capture.trouble is not None:
        return made(capture.reason or capture.trouble.value, capture.trouble)
    text = capture.text
    if not text.strip():
        return made("the device answered with nothing", empty=True)
    if (words := refusal(text.decode(errors="replace"))) is not None:
        return made(f"the device refused the command: {words}", Trouble.REFUSED)
    try:
        parsed = parse(capture.command, text)
    except ParseFailure as failure:
        where = f"line {failure.line}: " if failure.line else ""
        return made(f"its answer could not be read: {where}{failure.reason}")
    return Evidence(capture.device, command, kind, capture.taken_at, parsed)


def assemble(  # noqa: PLR0913 -- the parts of one record
    captures: Iterable[Capture],
    visits: Mapping[str, Visit],
    inventory: Inventory,
    *,
    selected: Iterable[Device],
    started: datetime,
    ended: datetime,
    depth: Depth = Depth.FULL,
    why_not: str = "",
) -> FleetState:
    """Put one run together.

    Args:
        captures: in any order; a capture of a device that is not selected is left out.
        visits: by device; a selected device without one was not asked.
        inventory: what is expected.
        selected: devices that the answer must speak of.
        started: of the run, UTC.
        ended: likewise.
        depth: how many members were to be asked.
        why_not: why devices were not asked, for a person.
    """
    by_device: dict[str, list[Evidence]] = defaultdict(list)
    for capture in captures:
        evidence = evidence_of(capture)
        if evidence is not None:
            by_device[capture.device].append(evidence)
    devices = {}
    for device in selected:
        found = sorted(by_device.get(device.name, ()), key=lambda item: item.taken_at)
        visit = visits.get(device.name)
        devices[device.name] = DeviceState(device, visit, tuple(found), "" if visit else why_not)
    return FleetState(devices, inventory, started, ended, depth)


def in_captures(captures: Iterable[Capture], visits: Mapping[str, Visit]) -> tuple[Device, ...]:
    """The devices of a folder of captures, where no inventory says more of them."""
    names = dict.fromkeys([*visits, *(capture.device for capture in captures)])
    return tuple(Device(name) for name in names)
