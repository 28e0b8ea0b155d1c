"""What device checks look at: a device, and what was seen of it before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.model.fleet import DeviceState, FleetState


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


def device_views(fleet: FleetState) -> tuple[DeviceView, ...]:
    """Every device selected."""
    return tuple(DeviceView(state, fleet) for state in fleet.devices.values())
