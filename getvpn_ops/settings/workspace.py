"""A folder with ``getvpn-ops.yaml`` in it, and where everything lies in there."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from getvpn_ops.errors import UsageError

if TYPE_CHECKING:
    from getvpn_ops.settings.schema import Settings

FILE = "getvpn-ops.yaml"
STATE = ".getvpn-ops"
LAB_STORE = "lab-store.db"
_KEY_BYTES = 32
_UNSAFE = {"%": "%25", "?": "%3F"}  # in the path of a URL
_SQLITE = "sqlite:///"


def at_home(written: Path) -> Path:
    """A path with the home folder in place of ``~``.

    Raises:
        UsageError: it names the home folder of nobody.
    """
    try:
        return written.expanduser()
    except RuntimeError as exc:
        msg = f"{written}: there is no such home folder"
        raise UsageError(msg) from exc


@dataclass(frozen=True, slots=True)
class Workspace:
    """Settings and the folder they are about.

    Attributes:
        root: of the workspace, absolute.
        settings: what its file says, or what a running lab says over it.
        is_lab: whether this is about a running lab: results go to a store of their own.
    """

    root: Path
    settings: Settings
    is_lab: bool = False

    def path(self, written: Path) -> Path:
        """A path of the settings, absolute: ``~`` is the home folder, all else is relative to the workspace.

        Raises:
            UsageError: it names the home folder of nobody.
        """
        return self.root / at_home(written)

    @property
    def file(self) -> Path:
        """The settings file."""
        return self.root / FILE

    @property
    def state(self) -> Path:
        """Folder of what the program keeps, 0700; ``prepare`` makes it."""
        return self.root / STATE

    @property
    def key_file(self) -> Path:
        """Holds ``key``."""
        return self.state / "key"

    @property
    def known_hosts(self) -> Path:
        """Pinned host keys."""
        written = self.settings.known_hosts
        return self.state / "known_hosts" if written is None else self.path(written)

    @property
    def store_url(self) -> str:
        """URL of the database, without a password; a file in the state folder if the settings name none.

        In the path of a file ``%3F`` is ``?``, as in every URL: what stands behind a ``?`` is no part of it.
        """
        if self.is_lab:
            return f"{_SQLITE}{_in_url(self.state / LAB_STORE)}"
        url = self.settings.store
        if url is None:
            return f"{_SQLITE}{_in_url(self.state / 'store.db')}"
        file, question, options = url.removeprefix(_SQLITE).partition("?")
        return f"{_SQLITE}{_in_url(self.root) / file}{question}{options}" if url.startswith(_SQLITE) else url

    @property
    def journal_end(self) -> Path:
        """Names the last event of the journal, apart from the store that it is in."""
        return self.state / ("lab-journal-end" if self.is_lab else "journal-end")

    @property
    def plans(self) -> Path:
        """Folder of the plans, 0700; those of a lab lie apart."""
        return self.state / ("lab-plans" if self.is_lab else "plans")

    @property
    def transcripts(self) -> Path:
        """Folder of the sessions' transcripts."""
        return self.state / "transcripts"

    @property
    def backups(self) -> Path:
        """Git repository of the devices' configurations."""
        return self.state / "lab-backups" if self.is_lab else self.path(self.settings.backup.folder)

    @property
    def reports(self) -> Path:
        """Folder of the reports of runs."""
        return self.state / ("lab-reports" if self.is_lab else "reports")

    @property
    def inventory(self) -> Path:
        """Folder of the inventory."""
        return self.path(self.settings.inventory)

    @property
    def nornir(self) -> Path | None:
        """Nornir's configuration file, if that is where the hosts come from."""
        written = self.settings.nornir
        return None if written is None else self.path(written)

    def prepare(self) -> None:
        """Make the state folder, private.

        Raises:
            UsageError: it cannot be made, or belongs to someone else.
        """
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.state.chmod(0o700)
        except OSError as exc:
            msg = f"cannot make {self.state}, which only its owner may read: {exc.strerror}"
            raise UsageError(msg) from exc

    def key(self) -> bytes:
        """The key of this installation, 32 bytes, made when first asked for.

        It keys the placeholders of secrets, so that a changed secret shows between runs and nobody can guess it from
        its placeholder.

        Raises:
            UsageError: it cannot be made or read, or is none.
        """
        self.prepare()
        try:
            if not self.key_file.exists():
                self._make_key()
            made = self.key_file.read_bytes()
            self.key_file.chmod(0o600)
        except OSError as exc:
            msg = f"cannot use {self.key_file}: {exc.strerror}"
            raise UsageError(msg) from exc
        if len(made) != _KEY_BYTES:
            msg = f"{self.key_file} is damaged: expected {_KEY_BYTES} bytes, found {len(made)}; remove it for a new one"
            raise UsageError(msg)
        return made

    def _make_key(self) -> None:
        """Whole or not at all; of two processes that make one at once, the first wins."""
        draft = self.key_file.with_name(f"key.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(descriptor)
            self.key_file.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()


def _in_url(path: Path) -> Path:
    return Path("".join(_UNSAFE.get(letter, letter) for letter in str(path)))
