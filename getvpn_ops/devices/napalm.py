"""NAPALM's ``ios`` driver over a session that is open: facts and backups without a second login.

So it works wherever the session does: on devices whose SSH is too old for NAPALM's own transport, and where one VTY is
all that may be taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napalm.ios.ios import IOSDriver

if TYPE_CHECKING:
    from getvpn_ops.devices.session import Session


class SessionDriver(IOSDriver):  # type: ignore[misc]  # the library has no types
    """NAPALM's driver, without a connection of its own. What it types is held against the session's list."""

    def __init__(self, session: Session) -> None:
        """Work on a session.

        Args:
            session: that is open; it stays the caller's, who closes it.
        """
        super().__init__(session.netmiko.host, session.netmiko.username, "", optional_args={"inline_transfer": True})
        self.device: Any = session.netmiko
        self._netmiko_device: Any = session.netmiko

    def open(self) -> None:
        """It is open."""

    def close(self) -> None:
        """It stays open: the session is its owner's."""

    def is_alive(self) -> dict[str, bool]:
        """Whether the session stands, as far as this side knows; nothing is sent for it."""
        return {"is_alive": bool(self.device.is_alive())}


def driver(session: Session) -> SessionDriver:
    """NAPALM's driver for a session: ``driver(session).get_facts()``."""
    return SessionDriver(session)
