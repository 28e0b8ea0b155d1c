"""Who wins an election among key servers, by what they are configured with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.inventory import Inventory

_LEAST = 1
"""Of ``local priority``: what IOS takes where none stands."""


@dataclass(frozen=True, slots=True, order=True)
class Rank:
    """A key server in an election; the greater one wins.

    Attributes:
        priority: of it.
        address: that it cooperates from, as a number: breaks a tie.
        device: its name.
        local_name: what it calls the group.
    """

    priority: int
    address: int
    device: str
    local_name: str


def ranks_of(configs: Mapping[str, RunningConfig], inventory: Inventory, group: str) -> tuple[Rank, ...]:
    """The ranks of a group's key servers by their configurations; those that serve no such group are left out."""
    intent = inventory.gdoi_groups.get(group)
    identity = intent.identity if intent is not None else None
    found = []
    for device in inventory.key_servers(group):
        for item in configs[device.name].gdoi_groups if device.name in configs else ():
            own = item.identity_number if item.identity_number is not None else item.identity_address
            is_meant = str(own) == str(identity) if identity is not None else item.name == group
            if item.server_local is None or not is_meant:
                continue
            coop, address = item.server_local.redundancy, item.server_local.address
            priority = coop.priority if coop is not None and coop.priority is not None else _LEAST
            found.append(Rank(priority, int(address) if address is not None else 0, device.name, item.name))
    return tuple(found)
