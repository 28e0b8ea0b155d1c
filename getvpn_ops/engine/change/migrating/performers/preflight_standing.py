"""What a router is in its group already, by its screens: a migration may be planned anew in the middle of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.checks.held import idents, traffic_keys
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.workflow.actions.directions import shown
from getvpn_ops.workflow.actions.reading import member_of

if TYPE_CHECKING:
    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.fleet import FleetState

_REGISTERED, _BOTH = "registered", "both"


@dataclass(frozen=True, slots=True)
class Standing:
    """A member as it stands.

    Attributes:
        registered: whether all that it shows of the group is registered; of 12.4T, which shows no status, keys that
            live say so.
        encrypts: whether it sends encrypted: passive, or in both directions.
        decrypted: packets that it decrypted since its counters began.
    """

    registered: bool = False
    encrypts: bool = False
    decrypted: int = 0


def standing(fleet: FleetState, config: RunningConfig, group: str, device: str, *, receive_only: bool) -> Standing:
    """A router in a group; nothing of it where it is no member yet, or a key server.

    Args:
        fleet: with its screens.
        config: of it.
        group: name of it.
        device: name of it.
        receive_only: whether any key server is configured to say so; counts where the member shows no direction.
    """
    try:
        member = member_of(fleet, group, device)
        told = [item.registration_status for item in member.members().value]
        is_good = bool(told) and all(status.casefold() == _REGISTERED for status in told if status is not None)
        if not is_good or (None in told and not traffic_keys(member).value.spis):
            return Standing()
    except EvidenceMissingError:
        return Standing()
    is_passive = any(item.passive for item in config.gdoi_groups if item.name == member.local_name)
    try:
        direction = shown(fleet, group, device) or ("" if receive_only else _BOTH)
        count = sum(item.packets_decrypted or 0 for _, item in idents(member, member.state.latest(IpsecSas).value))
    except EvidenceMissingError:
        direction, count = "", 0
    return Standing(registered=True, encrypts=is_passive or direction.startswith(_BOTH), decrypted=count)
