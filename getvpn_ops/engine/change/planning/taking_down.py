"""Who would be left alone where a plan takes a group off all of its key servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.views import gdoi_addresses, group_views
from getvpn_ops.engine.change.planning.changes import local_names
from getvpn_ops.engine.change.planning.member_effects import stance
from getvpn_ops.engine.change.planning.shipping import policy_on
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.plan import PredictedEffect, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.engine.change.planning.reading import Reading
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Device, Inventory

_SHOWN = 6


def abandoned(
    groups: Iterable[str], reading: Reading, inventory: Inventory, after: Mapping[str, RunningConfig]
) -> Iterator[PredictedEffect]:
    """What taking groups down does to members that the plan does not take out of them.

    Their keys end, and nobody gives them others. How long that lasts nobody can tell, so no seconds are said.

    Args:
        groups: that the plan concerns.
        reading: of their routers.
        inventory: of them.
        after: configurations of the devices that the plan changes, when it is done.
    """
    for group in groups:
        servers = [device.name for device in inventory.key_servers(group)]
        serving = [
            name for name in servers if name in reading.configs and _serves(reading.configs[name], group, inventory)
        ]
        if not serving or any(name not in after or _serves(after[name], group, inventory) for name in serving):
            continue
        if set(servers) - set(reading.configs):
            continue  # no key server is changed while another is unknown
        stay = [*_staying(group, reading, inventory, after), *_strangers(group, reading, inventory)]
        if not stay:
            continue
        more = f"; and {len(stay) - _SHOWN} more" if len(stay) > _SHOWN else ""
        text = f"its members lose their keys when these end, and get no others: {'; '.join(stay[:_SHOWN])}{more}"
        yield PredictedEffect(group, f"group {group} is taken down", Statement.LOSES, None, (text,))


def _serves(config: RunningConfig, group: str, inventory: Inventory) -> bool:
    return policy_on(config, group, inventory) is not None


def _staying(group: str, reading: Reading, inventory: Inventory, after: Mapping[str, RunningConfig]) -> Iterator[str]:
    """Members that the inventory names."""
    for device in inventory.members(group):
        config = after.get(device.name) or reading.configs.get(device.name)
        if config is None:
            yield f"{device.name}, which was not read"
        elif stance(config, _called(inventory, device, group)).ports:
            yield device.name


def _called(inventory: Inventory, device: Device, group: str) -> str:
    return {known: own for own, known in local_names(inventory, device).items()}.get(group, group)


def _strangers(group: str, reading: Reading, inventory: Inventory) -> Iterator[str]:
    """Members that key servers list, and the inventory does not name."""
    states = reading.fleet.devices
    known = {address for device in inventory.devices.values() for address in device.gdoi_addresses}
    known |= {address for state in states.values() for address in gdoi_addresses(state)}
    view = next((item for item in group_views(reading.fleet) if item.name == group), None)
    found: set[str] = set()
    for server in view.key_servers if view is not None else ():
        try:
            found |= {str(row.address) for row in server.members().value if row.address not in known}
        except EvidenceMissingError as missing:
            yield f"who else is registered is not known: {missing}"
            return
    yield from (f"{address}, which the inventory does not name" for address in sorted(found))
