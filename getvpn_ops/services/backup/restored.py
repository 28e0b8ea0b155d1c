"""A backup as a restore needs it: the configuration that a device had, with its secrets where they can be had."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.backing_up import CONFIGURATION
from getvpn_ops.engine.config.drift import doubt_of
from getvpn_ops.errors import BackupError, ParseFailure
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.parsing import parse
from getvpn_ops.services.backup.sealing import unopened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.model.backup import BackupEntry
    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.plan import Plan
    from getvpn_ops.services.backup.history import History
    from getvpn_ops.services.backup.sealing import Sealer

_WHAT = re.compile(r"restore (?P<device>\S+) from backup (?P<commit>[0-9a-f]{40})")


@dataclass(frozen=True, slots=True)
class Restored:
    """A configuration out of a backup.

    Attributes:
        device: whose.
        entry: the backup.
        config: as it was; lines with a secret that was sealed carry it hidden, those that were redacted a placeholder.
        closed: lines, without secrets, whose sealed secrets cannot be opened, each with the reason.
    """

    device: str
    entry: BackupEntry
    config: RunningConfig
    closed: tuple[tuple[str, str], ...] = ()

    @property
    def what(self) -> str:
        """How a plan names it; ``restored_secrets`` reads it again."""
        return f"restore {self.device} from backup {self.entry.commit}"

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Whole lines with the secrets that were sealed in them, for the hands that type them; in memory only."""
        lines = (line for top in self.config.tree for line in top.walk())
        return tuple(line.hidden for line in lines if line.hidden is not None)


def restored(history: History, device: str, entry: BackupEntry, sealer: Sealer | None) -> Restored:
    """Read a backup for a restore.

    Args:
        history: of the workspace.
        device: whose configuration.
        entry: the backup.
        sealer: opens what is sealed; None if no key is set.

    Raises:
        UsageError: there was no backup of the device then.
        BackupError: it cannot be read, or is no configuration.
    """
    stored = history.stored(device, entry)
    opened = sealer.open(device, stored) if sealer is not None else unopened(stored)
    try:
        parsed = parse(CONFIGURATION, opened.text.encode(errors="surrogateescape"))
    except ParseFailure as exc:
        msg = f"the backup of {device} in {entry.commit[:8]} is no configuration: {exc.reason}"
        raise BackupError(msg) from None
    config = parsed.data
    doubt = doubt_of(config, parsed.warnings) if isinstance(config, RunningConfig) else "it is something else"
    if doubt or not isinstance(config, RunningConfig):
        msg = f"the backup of {device} in {entry.commit[:8]} is no whole configuration: {doubt}"
        raise BackupError(msg)
    return Restored(device, entry, config, opened.closed)


def restored_secrets(plan: Plan, history: History, sealer: Sealer | None) -> Callable[[Device], Iterable[Secret]]:
    """Secrets that a plan to restore types, out of the backup that it was made of; none for any other plan.

    Args:
        plan: that is applied.
        history: of the workspace.
        sealer: opens what is sealed.
    """
    found = _WHAT.fullmatch(plan.what)

    def secrets_of(device: Device) -> Iterable[Secret]:
        if found is None or device.name != found["device"]:
            return ()
        return restored(history, device.name, history.at(found["commit"]), sealer).secrets

    return secrets_of
