"""Backups of configurations: what came of taking one, and one as the history has it; fields are part of the JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """A device whose configuration was not backed up; its file is as it was.

    Attributes:
        device: its name.
        reason: why.
        next_step: what a person can do about it.
    """

    device: str
    reason: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class BackupTaken:
    """What came of a backup.

    Attributes:
        commit: that it made; empty if no configuration had changed.
        head: the newest commit, which has all devices that were read as they are now; empty if there is none.
        changed: devices that are new in it, or differ from the backup before.
        unread: devices that are not as they are now in it.
        set_aside: files in the folder that someone had edited, by the names under which they were kept.
    """

    commit: str
    head: str
    changed: tuple[str, ...]
    unread: tuple[Unread, ...]
    set_aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackupEntry:
    """One backup.

    Attributes:
        commit: 40 hexadecimal digits.
        time: by the clock of the run, UTC.
        reason: why it was taken.
        run: that took it; empty if it does not say.
        devices: whose configuration was new or differed.
    """

    commit: str
    time: datetime
    reason: str
    run: str
    devices: tuple[str, ...]
