"""One member back to a configuration that it had: its managed lines, as a plan like any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import read
from getvpn_ops.engine.change.planning.assembling import assembled, concerned
from getvpn_ops.engine.change.planning.changes import Changes, local_names, renamed, unregistered, without_early_closing
from getvpn_ops.engine.change.planning.held_keys import withhold
from getvpn_ops.engine.change.planning.reading import read_devices
from getvpn_ops.engine.config.drift import doubt_of
from getvpn_ops.engine.config.keys import typeable
from getvpn_ops.errors import PlanRefusedError, UsageError
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.model.inventory import Role
from getvpn_ops.remediation.apply import RefusedLineError
from getvpn_ops.remediation.compare import compare
from getvpn_ops.remediation.scope import NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.engine.change.planning.assembling import Asked
    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.model.config import ConfigLine, RunningConfig
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.remediation.compare import Comparison

_LISTS = ("ip access-list ", "ipv6 access-list ", "access-list ")
_OWN = ("ntp clock-period ", "version ", "end")
_SHOWN = 30


def plan_restore(
    asked: Asked, device: Device, wanted: RunningConfig, *, collector: Collector, inventory: Inventory
) -> Plan:
    """Plan the way of one member from what it runs to a configuration that was kept.

    Only managed lines are restored; others that differ are named in the notes, and a key by which the member is
    registered stays as it is (``held_keys``): its key servers have the same. A key server is never restored so: its
    group would get an old policy from it, and another from the others.

    Args:
        asked: run, words, times and limits.
        device: the member.
        wanted: the configuration that was kept, whole; secrets may be placeholders.
        collector: asks.
        inventory: all devices.

    Returns:
        The plan; without waves if nothing differs.

    Raises:
        UsageError: it is a key server, or the kept configuration is not whole.
        PlanRefusedError: no way was found between the two: a defect.
    """
    if device.role is Role.KEY_SERVER:
        msg = (
            f"{device.name} is a key server: a configuration that was kept may give its group another policy than the "
            "others do; put what it should be into the intent: getvpn-ops plan push"
        )
        raise UsageError(msg)
    if doubt := doubt_of(wanted):
        msg = f"{device.name}: the configuration that was kept is not whole: {doubt}"
        raise UsageError(msg)
    groups, devices = concerned(inventory, [device])
    reading = read_devices(asked.run, collector, inventory, devices)
    changes = Changes(groups=groups)
    running = reading.configs.get(device.name)
    if running is None:
        changes.leave_out(device.name, f"it was not read: {reading.why_not[device.name]}", is_known=False)
        return assembled(asked, inventory, reading, changes)
    found = _compared(device, running, wanted)
    steps = renamed(found.change.steps, local_names(inventory, device))
    waiting = device.name in unregistered(reading.fleet)
    steps = without_early_closing(device, steps, changes, is_waiting=waiting)
    changes.notes += _notes(device, running, wanted, found)
    if steps:
        changes.steps[device.name] = steps
        withhold(changes, reading, inventory)
    elif not changes.left_out:
        told = not found.drifts
        reason = "its managed lines are as they were" if told else "it differs, and nothing here can mend that"
        changes.leave_out(device.name, reason, is_known=told)
    return assembled(asked, inventory, reading, changes)


def _compared(device: Device, running: RunningConfig, wanted: RunningConfig) -> Comparison:
    have, want = (replace(config, tree=typeable(config.tree)) for config in (running, wanted))
    try:
        return compare(device.name, have, want, device.release)
    except RefusedLineError as exc:
        msg = f"{device.name}: no way was found from what it runs to what was kept: {exc}; report this line"
        raise PlanRefusedError(msg) from exc


def _notes(device: Device, running: RunningConfig, wanted: RunningConfig, found: Comparison) -> Iterator[str]:
    for note in found.notes:
        if note.kind is not NoteKind.NOT_MANAGED:
            yield f"{device.name}: not changed: '{note.text}'{f': {note.reason}' if note.reason else ''}"
    have, want = dict.fromkeys(_unmanaged(running.tree)), dict.fromkeys(_unmanaged(wanted.tree))
    texts = [f"{device.name}: not restored, for it is not managed: '{line}'" for line in want if line not in have]
    texts += [f"{device.name}: left as it is, for it is not managed: '{line}'" for line in have if line not in want]
    yield from texts[:_SHOWN]
    if len(texts) > _SHOWN:
        yield f"{device.name}: and {len(texts) - _SHOWN} more lines that are not managed differ"


def _unmanaged(lines: Iterable[ConfigLine], mode: str = "", path: tuple[str, ...] = ()) -> Iterator[str]:
    """Lines that this program leaves alone, each with the lines of its mode before it."""
    for line in lines:
        if line.kind is LineKind.COMMENT or line.text.startswith(_OWN) or (not path and line.text.startswith(_LISTS)):
            continue
        found = read(mode, line.text) if line.kind is LineKind.COMMAND and mode != "-" else None
        if found is None:
            yield " > ".join((*path, line.text))
        yield from _unmanaged(line.children, (found.type.opens if found is not None else "") or "-", (*path, line.text))
