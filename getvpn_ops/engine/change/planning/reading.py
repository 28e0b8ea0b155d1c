"""Reads all that a plan is made of, and takes the fingerprints that it is held against when it is applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.scene import CONFIGURATION
from getvpn_ops.engine.collect import Wish
from getvpn_ops.engine.config.drift import doubt_of
from getvpn_ops.engine.questions import script
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.plan import PlannedDevice
from getvpn_ops.model.state.version import Version
from getvpn_ops.workflow.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from getvpn_ops.engine.collect import Collector
    from getvpn_ops.engine.ports import Script
    from getvpn_ops.model.fleet import DeviceState, FleetState
    from getvpn_ops.model.inventory import Device, Inventory


@dataclass(frozen=True, slots=True)
class Reading:
    """What devices are, just now.

    Attributes:
        fleet: their state, with the whole running configuration of each.
        configs: whole running configurations, by device; who is absent was not read whole.
        why_not: why a configuration is absent, by device, in words.
    """

    fleet: FleetState
    configs: Mapping[str, RunningConfig]
    why_not: Mapping[str, str]

    def planned(self, device: Device, *, is_changed: bool) -> PlannedDevice | None:
        """A device as the plan remembers it; None if its configuration or release was not read."""
        config = self.configs.get(device.name)
        if config is None:
            return None
        state = self.fleet.devices[device.name]
        try:
            version = state.latest(Version).value
        except EvidenceMissingError:
            return None
        role = device.role.value if device.role is not None else ""
        shown = fingerprint(config.tree, version.xe_release or version.release or "", version.board_id or "")
        return PlannedDevice(device.name, role, device.gdoi_groups, device.site, shown, is_changed)


def read_devices(run: str, collector: Collector, inventory: Inventory, devices: Sequence[Device]) -> Reading:
    """Ask devices for the state of their role and for their whole running configuration.

    Args:
        run: under which captures are kept.
        collector: asks.
        inventory: all devices.
        devices: whom to ask.

    Raises:
        DispatchError: nobody is to be asked.
    """
    fleet = collector.collect(run, inventory, Wish(tuple(devices), interval=timedelta(), script=_script))
    configs: dict[str, RunningConfig] = {}
    why_not: dict[str, str] = {}
    for device in devices:
        found = _configuration(fleet.devices[device.name])
        if isinstance(found, str):
            why_not[device.name] = found
        else:
            configs[device.name] = found
    return Reading(fleet, configs, why_not)


def _script(device: Device) -> Script:
    yield CONFIGURATION
    yield from script(device)


def _configuration(state: DeviceState) -> RunningConfig | str:
    """The whole running configuration of a device, or why it is not there."""
    if state.visit is not None and state.visit.trouble is not None and not state.visit.commands:
        return f"{state.visit.trouble.value}{f': {state.visit.reason}' if state.visit.reason else ''}"
    asked = [item for item in state.evidence if item.kind is RunningConfig and item.command == CONFIGURATION]
    if not asked:
        return "it was not asked"
    last = asked[-1]
    if last.parsed is None:
        return last.reason or "it was not read"
    running = last.parsed.data
    if not isinstance(running, RunningConfig):
        return "what it answered is no configuration"
    return doubt_of(running, last.parsed.warnings) or running
