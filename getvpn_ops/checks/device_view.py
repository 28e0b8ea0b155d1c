"""What device checks look at: a device, and what was seen of it before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.model.state.version import Version

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.model.fleet import DeviceState, FleetState

_MINUTE = timedelta(minutes=1)
"""Routers print how long they are up in whole minutes, so that a start seems up to one too late."""


@dataclass(frozen=True)
class DeviceView:
    """A device, whatever it is to GETVPN.

    Attributes:
        state: of it.
        fleet: everything else.
    """

    state: DeviceState
    fleet: FleetState = field(repr=False)

    @property
    def name(self) -> str:
        """Of the device."""
        return self.state.name

    @property
    def device(self) -> str:
        """Likewise."""
        return self.state.name

    @property
    def earlier(self) -> DeviceState | None:
        """The same in the run to compare with; None if there is none, or it was not asked then."""
        return earlier_of(self.fleet, self.name)


def earlier_of(fleet: FleetState, device: str) -> DeviceState | None:
    """A device in the run that a fleet is compared with; None if there is none, or it was not asked then."""
    before = fleet.earlier.devices.get(device) if fleet.earlier is not None else None
    return before if before is not None and (before.was_asked or before.evidence) else None


def restarted_since(state: DeviceState, moment: datetime) -> bool:
    """Whether a device is known to have started after a moment: its counters and its log are then of another life.

    Args:
        state: of the device, now.
        moment: UTC.
    """
    if not state.has(Version):
        return False
    sample = state.latest(Version)
    return sample.value.uptime is not None and sample.taken_at - sample.value.uptime - _MINUTE > moment


def device_views(fleet: FleetState) -> tuple[DeviceView, ...]:
    """Every device selected."""
    return tuple(DeviceView(state, fleet) for state in fleet.devices.values())
