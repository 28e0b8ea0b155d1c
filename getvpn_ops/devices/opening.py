"""From a device of the inventory to a session on it: where it is, who logs in, and whether that may be tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.permissions import Purpose
from getvpn_ops.devices.session import Session, Target
from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.config.secret import fingerprint

if TYPE_CHECKING:
    from getvpn_ops.devices.breaker import Breaker
    from getvpn_ops.devices.credentials import Credentials
    from getvpn_ops.devices.hostkeys import KnownHosts
    from getvpn_ops.devices.inventory import LoadedInventory
    from getvpn_ops.devices.terms import Login, Slot, Stop
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.settings import SshSettings

_LOGGED_IN = frozenset({Trouble.ENABLE_REFUSED, Trouble.UNEXPECTED_PROMPT})
"""Troubles that come after a login that worked."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens the sessions of one sweep.

    Attributes:
        loaded: the inventory.
        ssh: how devices are reached.
        credentials: who logs in.
        known_hosts: pinned host keys.
        breaker: ends logins that would lock an account.
        purpose: list that every line of the sessions is held against.
    """

    loaded: LoadedInventory
    ssh: SshSettings
    credentials: Credentials
    known_hosts: KnownHosts
    breaker: Breaker
    purpose: Purpose = Purpose.READ

    def deadline(self, name: str) -> float:
        """Seconds that a device may take in all."""
        return self.loaded.access[name].ssh.deadline or self.ssh.deadline

    def target(self, device: Device) -> Target:
        """Where a device is, and how it is reached."""
        access = self.loaded.access[device.name]
        own = access.ssh
        return Target(
            device=device.name,
            host=access.hostname,
            port=access.port,
            engine=own.engine or self.ssh.engine,
            jump=own.jump or self.ssh.jump,
            known_hosts=self.known_hosts,
            expected_hostname=device.expected_hostname or device.name,
            connect_timeout=own.connect_timeout or self.ssh.connect_timeout,
            command_timeout=own.command_timeout or self.ssh.command_timeout,
        )

    def session(self, device: Device, stop: Stop, slot: Slot | None = None) -> Session:
        """Log in to a device; the caller closes the session.

        Args:
            device: of the inventory.
            stop: when to give up.
            slot: given back while others try a login first.

        Raises:
            SessionError: it cannot be opened.
        """
        login = self.credentials.login(device.name, self.loaded.access[device.name])
        with self.breaker.turn(_account(login), login.username, device.name, slot) as turn:
            turn.check()
            try:
                session = Session.open(
                    self.target(device), login, stop, purpose=self.purpose, gate=lambda: turn.wait(stop)
                )
            except SessionError as exc:
                if exc.trouble is Trouble.LOGIN_REFUSED:
                    turn.refused()
                elif exc.trouble in _LOGGED_IN:
                    turn.accepted()
                raise
            turn.accepted()
        return session


def _account(login: Login) -> str:
    """Tells apart what is tried at a login, without holding a secret."""
    password = fingerprint(login.password.get_secret_value()) if login.password is not None else ""
    return f"{login.username}\n{password}\n{login.key_file}\n{login.use_agent}"
