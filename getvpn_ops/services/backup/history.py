"""Backups that were taken: when, why, what changed in them, and what they say."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from getvpn_ops.errors import BackupError, UsageError
from getvpn_ops.model.backup import BackupEntry
from getvpn_ops.services.backup.repository import Repository
from getvpn_ops.services.backup.sealing import shown

if TYPE_CHECKING:
    from pathlib import Path

    from getvpn_ops.services.backup.repository import Revision

SUFFIX = ".cfg"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}")
"""Devices whose name can be that of a file everywhere in here."""
_COMMIT = re.compile(r"[0-9a-f]{4,40}")
_RUN = re.compile(r"^Run: (\S+)$", re.MULTILINE)


class History:
    """Reads the repository; nothing is written. What it shows holds no secret, sealed ones included."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet.

        Args:
            folder: of the repository.
        """
        self._repository = Repository(folder)

    def entries(self, device: str | None = None, last: int | None = None) -> tuple[BackupEntry, ...]:
        """Backups in which something changed, the newest first.

        Args:
            device: only those that changed this device.
            last: most to give; None is all.

        Raises:
            BackupError: the repository cannot be read.
        """
        name = None if device is None else file_of(device)
        return tuple(_entry(*item) for item in islice(self._repository.revisions(name), last))

    def at(self, when: str | None = None) -> BackupEntry:
        """The backup that is meant.

        Args:
            when: the beginning of its commit's id, at least 4 digits; or a time as ``2026-03-01T10:00`` (UTC unless it
                says otherwise): the newest backup that is not later. None is the newest of all.

        Raises:
            UsageError: there is none, or several.
        """
        entries = self._repository.revisions()
        if when is None:
            newest = next(entries, None)
            if newest is None:
                raise UsageError("there is no backup yet: take one with getvpn-ops backup")
            return _entry(*newest)
        every = [_entry(*item) for item in entries]
        if _COMMIT.fullmatch(when.lower()):
            found = [item for item in every if item.commit.startswith(when.lower())]
            if len(found) > 1:
                msg = f"{len(found)} backups begin with {when}: give more digits of the one that is meant"
                raise UsageError(msg)
            if found:
                return found[0]
        moment = _moment(when)
        if moment is None:
            msg = f"there is no backup {when}: give a commit of `getvpn-ops backup list`, or a time as 2026-03-01T10:00"
            raise UsageError(msg)
        earlier = next((item for item in every if item.time <= moment), None)
        if earlier is None:
            msg = f"there is no backup as old as {moment:%Y-%m-%d %H:%M} UTC; getvpn-ops backup list shows them all"
            raise UsageError(msg)
        return earlier

    def stored(self, device: str, entry: BackupEntry) -> str:
        """The file of a device as it is in the repository, for those who open what is sealed; not for showing.

        Raises:
            UsageError: there was no backup of it then.
            BackupError: the repository cannot be read.
        """
        found = self._repository.content(entry.commit, file_of(device))
        if found is None:
            msg = f"there was no backup of {device} at {entry.time:%Y-%m-%d %H:%M} UTC ({entry.commit[:8]})"
            raise UsageError(msg)
        return found.decode(errors="surrogateescape")

    def text(self, device: str, entry: BackupEntry) -> str:
        """The configuration of a device as it was backed up, without any secret.

        Raises:
            UsageError: there was no backup of it then.
            BackupError: the repository cannot be read.
        """
        return shown(self.stored(device, entry))

    def before(self, device: str, entry: BackupEntry) -> BackupEntry | None:
        """The backup before the last change of a device that an entry has; None if it is the first of the device."""
        changes = [item for item in self.entries(device) if item.time <= entry.time]
        return changes[1] if len(changes) > 1 else None

    def diff(self, device: str, then: BackupEntry, now: BackupEntry) -> str:
        """Changed lines of a device between two backups, as ``diff -u`` shows them; empty if there are none.

        Raises:
            UsageError: there was no backup of it at one of them.
            BackupError: the repository cannot be read.
        """
        left, right = ([f"{line}\n" for line in self.text(device, item).split("\n")[:-1]] for item in (then, now))
        old, new = (f"{device} {item.time:%Y-%m-%d %H:%M:%S} UTC {item.commit[:8]}" for item in (then, now))
        return "".join(difflib.unified_diff(left, right, old, new))


def file_of(device: str) -> str:
    """The file of a device.

    Raises:
        UsageError: its name can be that of no file.
    """
    if not FILE_NAME.fullmatch(device):
        msg = f"{device!a} can be the name of no file: no backup of it can be taken"
        raise UsageError(msg)
    return f"{device}{SUFFIX}"


def _entry(revision: Revision, names: tuple[str, ...]) -> BackupEntry:
    try:
        time = datetime.fromtimestamp(revision.time, UTC)
    except (OverflowError, OSError, ValueError):
        msg = f"commit {revision.id[:8]} of the backups says no time"
        raise BackupError(msg) from None
    run = _RUN.search(revision.text)
    devices = tuple(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))
    return BackupEntry(revision.id, time, revision.text.partition("\n")[0], run[1] if run else "", devices)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
