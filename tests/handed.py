"""Hands on the routers of a lab, as the program has them: over SSH, with settings and host keys from files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from asked import Asked

from getvpn_ops.devices.credentials import Credentials
from getvpn_ops.devices.hands import NornirHands
from getvpn_ops.devices.hostkeys import KnownHosts
from getvpn_ops.lab import script

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from getvpn_ops.devices.hand import OpenHand
    from getvpn_ops.lab.background import Background
    from getvpn_ops.model.told import Told

T = TypeVar("T")


class Handed(Asked):
    """Hands, with all that came of them; captures come into ``captures``."""

    def __init__(self, lab: Background, root: Path, hands: Mapping[str, Any] | None = None, **ssh: Any) -> None:  # noqa: ANN401 -- fields of SshSettings
        super().__init__(lab, root, **ssh)
        self.hands = NornirHands(
            loaded=self.loaded,
            ssh=self.ssh,
            credentials=Credentials(self.workspace, self.redactor),
            known_hosts=KnownHosts(self.workspace.known_hosts),
            redactor=self.redactor,
            halt=self.halt,
            **{"now": lambda: datetime.now(UTC), **(hands or {})},
        )

    def each(self, jobs: Mapping[str, Callable[[OpenHand], T]], at_once: int = 1) -> Mapping[str, Told[T]]:
        """Run jobs by the names of devices."""
        devices = self.loaded.inventory.devices
        return self.hands.each(
            {devices[name]: job for name, job in jobs.items()},
            keep=self.captures.append,
            progress=self.notes,
            at_once=at_once,
        )

    def on(self, device: str, job: Callable[[OpenHand], T]) -> T:
        """Run a job on one device; what it raises is raised here."""
        told = self.each({device: job})[device]
        if told.error is not None:
            raise told.error
        assert told.trouble is None, told.reason
        assert told.value is not None
        return told.value

    def arm(self, device: str, name: str, **more: Any) -> None:  # noqa: ANN401 -- fields of an entry
        """Let a fault wait."""
        self.lab.call(script.arm, self.lab.fleet, script.Entry((device,), name, **more))

    def running(self, device: str) -> list[str]:
        """What stands in force."""
        return self.lab.call(lambda: list(self.lab.router(device).running.lines()))
