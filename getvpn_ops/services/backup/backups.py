"""Taking backups: read the devices, hide the secrets, commit what changed."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.devices.backing_up import CONFIGURATION, ConfigurationReader
from getvpn_ops.dialect.volatile import stable
from getvpn_ops.engine.config.drift import doubt_of
from getvpn_ops.errors import ParseFailure, UsageError
from getvpn_ops.model.backup import BackupTaken, Unread
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.parsing import parse
from getvpn_ops.services.backup.history import SUFFIX, file_of
from getvpn_ops.services.backup.repository import Message, Repository
from getvpn_ops.services.backup.sealing import Sealer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from getvpn_ops.devices.backing_up import Heard
    from getvpn_ops.devices.fleet import NornirFleet
    from getvpn_ops.devices.sweep import Watcher
    from getvpn_ops.engine.ports import Archive, Clock, Progress
    from getvpn_ops.model.capture import Capture
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.settings import Workspace


class Reader(Protocol):
    """Who reads configurations; ``devices.backing_up.ConfigurationReader``."""

    def read(
        self, devices: Sequence[Device], *, keep: Callable[[Capture], None], progress: Watcher
    ) -> Mapping[str, Heard]:
        """One answer for each device."""
        ...


class Backups:
    """Backups of one workspace."""

    def __init__(  # noqa: PLR0913 -- what it works with
        self,
        repository: Repository,
        reader: Reader,
        *,
        clock: Clock,
        archive: Archive,
        progress: Progress,
        author: str,
    ) -> None:
        """Read nothing yet.

        Args:
            repository: that keeps them.
            reader: of configurations.
            clock: of the run.
            archive: keeps captures, as of every look at devices.
            progress: is told.
            author: of the commits, ``NAME <ADDRESS>``.
        """
        self._repository = repository
        self._reader = reader
        self._clock = clock
        self._archive = archive
        self._progress = progress
        self._author = author

    @classmethod
    def of(
        cls, workspace: Workspace, fleet: NornirFleet, clock: Clock, archive: Archive, progress: Progress
    ) -> Backups:
        """The backups as the settings of a workspace have them.

        Raises:
            UsageError: secrets are to be sealed, and the key cannot be used.
        """
        sealer = sealer_of(workspace) if workspace.settings.backup.secrets == "seal" else None
        reader = ConfigurationReader(fleet, sealer.seal if sealer is not None else None)
        author = workspace.settings.backup.author or _whoever()
        return cls(
            Repository(workspace.backups), reader, clock=clock, archive=archive, progress=progress, author=author
        )

    def take(self, devices: Sequence[Device], reason: str, run: str) -> BackupTaken:
        """Back up devices as they are now.

        A device that cannot be read, or not whole, keeps the file that it has, and is named.

        Args:
            devices: whom to read; at least one.
            reason: one line for the history, such as ``before apply p-20260301-100500-k3f9``.
            run: id of the run, under which captures are kept.

        Raises:
            DispatchError: there is no device.
            BackupError: the repository cannot be used; nothing was committed.
            UsageError: its folder holds something else.
        """
        unread: list[Unread] = []
        named = [item for item in devices if _has_file(item, unread)]
        self._progress.begin("devices for a backup", len(named))
        try:
            heard = self._reader.read(
                named, keep=lambda capture: self._archive.put_capture(run, capture), progress=self._progress
            )
        finally:
            self._progress.end()
        self._archive.put_visits(run, [item.visit for item in heard.values()])
        files = self._files(heard, unread)
        message = Message(_message(reason, run, unread), self._author, self._clock.now())
        done = self._repository.commit(files, message)
        changed = tuple(name.removesuffix(SUFFIX) for name in done.changed)
        return BackupTaken(done.head if changed else "", done.head, changed, tuple(unread), done.set_aside)

    def _files(self, heard: Mapping[str, Heard], unread: list[Unread]) -> dict[str, bytes]:
        """What is kept; what is as it was last time was looked at then."""
        known = self._known()
        files: dict[str, bytes] = {}
        for name, item in heard.items():
            if item.text is None:
                unread.append(Unread(name, item.reason, item.visit.next_step))
                continue
            content = stable(item.text.decode(errors="surrogateescape")).encode(errors="surrogateescape")
            if known.get(file_of(name)) != content and (doubt := _doubt(content)):
                next_step = f"look at it with: getvpn-ops parse '{CONFIGURATION}'"
                unread.append(Unread(name, f"what it showed is no whole configuration: {doubt}", next_step))
                continue
            files[file_of(name)] = content
        return files

    def _known(self) -> Mapping[str, bytes]:
        return self._repository.newest() if self._repository.exists else {}


def sealer_of(workspace: Workspace) -> Sealer | None:
    """What seals and opens the secrets of a workspace; None if no key is set.

    Raises:
        UsageError: the key cannot be used.
    """
    key_file = workspace.settings.backup.key_file
    return None if key_file is None else Sealer.from_file(workspace.path(key_file), workspace.backups)


def _has_file(device: Device, unread: list[Unread]) -> bool:
    try:
        file_of(device.name)
    except UsageError as exc:
        unread.append(Unread(device.name, str(exc), "give it another name in the inventory"))
        return False
    return True


def _doubt(content: bytes) -> str:
    """Why a text may be no whole configuration; empty if it is one."""
    try:
        parsed = parse(CONFIGURATION, content)
    except ParseFailure as exc:
        return exc.reason
    if not isinstance(parsed.data, RunningConfig):
        return "it is something else"
    return doubt_of(parsed.data, parsed.warnings)


def _message(reason: str, run: str, unread: Sequence[Unread]) -> str:
    lines = [_one_line(reason) or "backup", "", f"Run: {_one_line(run)}"]
    lines += [f"Not read: {ascii(item.device)[1:-1]}" for item in unread]
    return "".join(f"{line}\n" for line in lines)


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _whoever() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "nobody"
    shown = "".join(letter for letter in name if letter.isprintable() and letter not in "<>") or "nobody"
    return f"{shown} <{shown.replace(' ', '.')}@{socket.gethostname()}>"
