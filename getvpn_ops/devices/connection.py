"""Our session as a connection of Nornir's: ``task.host.get_connection("getvpn-ops", task.nornir.config)``.

So other people's tasks run over the same engine, with the same pinned host keys and credentials, and under the same
breaker, inside ``dispatch``. It works where ``Config.user_defined`` has what ``register`` gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nornir.core.plugins.connections import ConnectionPluginRegister

from getvpn_ops.devices.terms import SessionError, Stop
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from nornir.core.configuration import Config

    from getvpn_ops.devices.opening import Opening
    from getvpn_ops.devices.session import Session
    from getvpn_ops.devices.terms import Cancel

NAME = "getvpn-ops"


def register(opening: Opening, cancel: Cancel | None = None) -> dict[str, Any]:
    """Make the connection known to Nornir.

    Args:
        opening: opens sessions.
        cancel: ends them.

    Returns:
        What belongs into ``Config.user_defined``.
    """
    ConnectionPluginRegister.register(NAME, SessionConnection)
    return {NAME: (opening, cancel)}


class SessionConnection:
    """A connection plugin; made, opened and closed by Nornir."""

    def __init__(self) -> None:
        """Not open yet."""
        self._session: Session | None = None

    def open(  # noqa: PLR0913, PLR0917 -- Nornir's signature
        self,
        hostname: str | None,
        username: str | None,
        password: str | None,
        port: int | None,
        platform: str | None,
        extras: dict[str, Any] | None = None,
        configuration: Config | None = None,
    ) -> None:
        """Log in to the device with this address and port; who logs in is the matter of the credentials.

        Raises:
            SessionError: it cannot be opened.
        """
        del username, password, platform, extras
        opening, cancel = (configuration.user_defined if configuration is not None else {}).get(NAME, (None, None))
        if opening is None:
            raise SessionError(Trouble.SETUP, f"connection {NAME!r} only works in tasks that getvpn-ops dispatches")
        found = [
            device
            for name, device in opening.loaded.inventory.devices.items()
            if (opening.loaded.access[name].hostname, opening.loaded.access[name].port) == (hostname, port)
        ]
        if len(found) != 1:
            reason = f"{len(found)} devices of the inventory are at {hostname} port {port}"
            raise SessionError(Trouble.SETUP, reason, "give the host an address and port of its own")
        self._session = opening.session(found[0], Stop(opening.deadline(found[0].name), cancel))

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def connection(self) -> Session | None:
        """The session; None if it is not open."""
        return self._session
