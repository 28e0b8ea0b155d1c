"""What every router in a scene has: its view, what it told, its log and its event trace."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.log import Log
from getvpn_ops.checks.diagnosis.trace import Trace
from getvpn_ops.errors import EvidenceMissingError

if TYPE_CHECKING:
    from getvpn_ops.checks.views import InGroup
    from getvpn_ops.model.fleet import DeviceState


class Witness:
    """A router in a group; whoever inherits it holds its view."""

    view: InGroup

    @property
    def device(self) -> str:
        """Name of the device."""
        return self.view.device

    @property
    def state(self) -> DeviceState:
        """Everything it told."""
        return self.view.state

    @cached_property
    def log(self) -> Log:
        """What it logged."""
        return Log(self.state)

    @property
    def has_log(self) -> bool:
        """Whether there is a log to read."""
        try:
            return bool(self.log)
        except EvidenceMissingError:
            return False

    @cached_property
    def trace(self) -> Trace:
        """Its event trace.

        Raises:
            EvidenceMissingError: there is none to read, which never counts.
        """
        return Trace(self.state)
