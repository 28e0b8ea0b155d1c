"""What devices will be when the stages before are done: what was read, with the configurations that plans make of it.

Only configurations are carried on. What keys, roles and counters will be nobody knows before: each stage looks at them
when its turn comes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from getvpn_ops.engine.change.planning.reading import Reading
from getvpn_ops.engine.change.scene import CONFIGURATION
from getvpn_ops.model.config import RunningConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.model.fleet import DeviceState, Evidence
    from getvpn_ops.model.inventory import Inventory

_END = "end"


def carried_on(reading: Reading, configs: Mapping[str, RunningConfig], inventory: Inventory) -> Reading:
    """A reading as if devices ran these configurations already.

    Args:
        reading: of them.
        configs: by device; of who is absent nothing is known.
        inventory: as the stage has it.
    """
    devices = {
        name: _with(state, configs[name])
        if name in configs and configs[name] is not reading.configs.get(name)
        else state
        for name, state in reading.fleet.devices.items()
    }
    fleet = replace(reading.fleet, devices=devices, inventory=inventory)
    return Reading(fleet, {**reading.configs, **configs}, reading.why_not)


def _with(state: DeviceState, config: RunningConfig) -> DeviceState:
    return replace(state, evidence=tuple(_exchanged(item, config) for item in state.evidence))


def _exchanged(item: Evidence, config: RunningConfig) -> Evidence:
    if item.kind is not RunningConfig or item.command != CONFIGURATION or item.parsed is None:
        return item
    return replace(item, parsed=replace(item.parsed, data=_ended(config, item.parsed.data), warnings=()))


def _ended(config: RunningConfig, like: RunningConfig) -> RunningConfig:
    """With the line ``end`` last again: lines that were added stand behind it in a tree that was typed on."""
    ends = [line for line in like.tree if line.text == _END]
    return replace(config, tree=(*(line for line in config.tree if line.text != _END), *ends[-1:]))
