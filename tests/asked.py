"""A lab's routers, asked as the program asks real ones: over SSH, with settings, inventory and host keys from files."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from getvpn_ops.devices.credentials import Credentials
from getvpn_ops.devices.fleet import NornirFleet
from getvpn_ops.devices.halt import Halt
from getvpn_ops.devices.hostkeys import KnownHosts
from getvpn_ops.devices.inventory import load_inventory
from getvpn_ops.devices.redaction import Redactor
from getvpn_ops.lab.workspace import Workspace as LabWorkspace
from getvpn_ops.settings import find_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from getvpn_ops.devices.visit import Script
    from getvpn_ops.lab.background import Background
    from getvpn_ops.model.capture import Capture, Visit


class Notes:
    """Progress that remembers."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun: list[tuple[str, int]] = []
        self.commands: list[tuple[str, str]] = []
        self.visits: list[Visit] = []
        self.ended = 0

    def begin(self, what: str, total: int) -> None:
        self.begun.append((what, total))

    def asked(self, device: str, command: str) -> None:
        with self.lock:
            self.commands.append((device, command))

    def visited(self, visit: Visit) -> None:
        with self.lock:
            self.visits.append(visit)

    def end(self) -> None:
        self.ended += 1


class Asked:
    """A fleet to ask, with all that came of asking."""

    def __init__(self, lab: Background, root: Path, **ssh: Any) -> None:  # noqa: ANN401 -- fields of SshSettings
        published = LabWorkspace(root)
        published.prepare()
        published.publish(lab.fleet)
        self.lab = lab
        self.workspace = find_workspace(root, lab=True)
        self.loaded = load_inventory(self.workspace)
        self.redactor = Redactor()
        self.halt = Halt()
        self.captures: list[Capture] = []
        self.notes = Notes()
        self.ssh = self.workspace.settings.ssh.model_copy(update=ssh)

    def fleet(self, **more: Any) -> NornirFleet:  # noqa: ANN401 -- fields of NornirFleet
        credentials = more.pop("credentials", None) or Credentials(self.workspace, self.redactor)
        return NornirFleet(
            loaded=more.pop("loaded", self.loaded),
            ssh=self.ssh,
            credentials=credentials,
            known_hosts=KnownHosts(self.workspace.known_hosts),
            redactor=self.redactor,
            now=more.pop("now", lambda: datetime.now(UTC)),
            halt=self.halt,
            **more,
        )

    def ask(
        self,
        commands: Iterable[str] | Callable[[], Script],
        devices: Iterable[str] | None = None,
        keep: Callable[[Capture], None] | None = None,
        **more: Any,  # noqa: ANN401 -- fields of NornirFleet
    ) -> Mapping[str, Visit]:
        """Ask devices, all of them if none is named; captures come into ``captures``."""
        script = commands if callable(commands) else lambda: _each(tuple(commands))
        known = more.get("loaded", self.loaded).inventory.devices
        names = tuple(known) if devices is None else tuple(devices)
        fleet = self.fleet(**more)
        return fleet.ask(
            {known[name]: script for name in names}, keep=keep or self.captures.append, progress=self.notes
        )

    def of(self, device: str) -> list[Capture]:
        return [capture for capture in self.captures if capture.device == device]


def _each(commands: tuple[str, ...]) -> Script:
    for command in commands:  # noqa: UP028 -- an iterator of a tuple cannot be sent to
        yield command
