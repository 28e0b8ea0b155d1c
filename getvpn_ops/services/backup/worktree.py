"""The files of the repository as people see them, git's index, and the lock under which both are written."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from typing import TYPE_CHECKING, Final, Self

from dulwich.file import FileLocked
from dulwich.index import Index, index_entry_from_stat
from dulwich.objects import Blob

from getvpn_ops.errors import BackupLockedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from dulwich.objects import ObjectID, Tree
    from dulwich.repo import Repo

_LOCK: Final = "getvpn-ops.lock"
_BEGUN: Final = "getvpn-ops.writing"
_LOOK: Final = 0.05  # seconds between two tries


class Writing:
    """The right to write a repository; of one process at a time, and gone when that process is.

    A process that was killed leaves git's own lock files behind. They are removed by the next one, which knows from a
    mark that it was one of us: no lock of a person's git is touched.
    """

    def __init__(self, git: Path, patience: float) -> None:
        """Lock nothing yet.

        Args:
            git: the folder ``.git``.
            patience: seconds to wait for another process.
        """
        self._git = git
        self._patience = patience
        self._file = -1

    def __enter__(self) -> Self:
        self._file = os.open(self._git / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    os.close(self._file)
                    msg = f"another process is writing backups to {self._git.parent}: run this again when it is done"
                    raise BackupLockedError(msg) from None
                time.sleep(_LOOK)
        if (self._git / _BEGUN).exists():
            self._clean_up()
        (self._git / _BEGUN).touch(mode=0o600)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not issubclass(kind, FileLocked):  # dulwich leaves locks when the disk is full
            self._clean_up()
        (self._git / _BEGUN).unlink(missing_ok=True)
        os.close(self._file)

    def _clean_up(self) -> None:
        """Remove what one of us that was killed, or failed, left here."""
        for place in (self._git, self._git / "refs", self._git / "objects"):
            pattern = "*.lock" if place == self._git else "**/*.lock"
            for lock in place.glob(pattern):
                if lock.name != _LOCK:
                    lock.unlink(missing_ok=True)
        for draft in self._git.parent.glob(".*.cfg.new"):
            draft.unlink(missing_ok=True)


def put(folder: Path, name: str, content: bytes, is_kept: Callable[[ObjectID], bool]) -> str:
    """Have a file say this; what is committed is safe without it, so it is not waited for until it is on the disk.

    Args:
        folder: of it.
        name: of it.
        content: of it.
        is_kept: whether the repository has a content, by its id; it may then be overwritten.

    Returns:
        The name under which something else was kept that stood there; empty if nothing did.
    """
    path = folder / name
    there = _there(path)
    if there == content:
        return ""
    aside = ""
    if os.path.lexists(path) and (there is None or not is_kept(Blob.from_string(there).id)):
        aside = _free(folder, f"{name}.edited")
        path.rename(folder / aside)
    draft = folder / f".{name}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
    return aside


def _there(path: Path) -> bytes | None:
    """What a file says; None if there is none, or something else is there."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISREG(path.lstat().st_mode):
            return path.read_bytes()
    return None


def _free(folder: Path, name: str) -> str:
    number, free = 1, name
    while os.path.lexists(folder / free):
        number += 1
        free = f"{name}-{number}"
    return free


def write_index(repo: Repo, folder: Path, tree: Tree) -> None:
    """Tell git that the files are those of the newest commit; without it `git status` would call all of them new."""
    index = Index(repo.index_path())
    known = {bytes(path) for path in index}
    entries = {item.path: item for item in tree.items()}
    is_new = known != set(entries)
    for path, item in entries.items():
        try:
            found = (folder / os.fsdecode(path)).lstat()
        except FileNotFoundError:
            continue  # someone removed it: git says so
        entry = index[path] if path in known else None
        if getattr(entry, "sha", None) != item.sha:
            index[path] = index_entry_from_stat(found, item.sha, mode=item.mode)
            is_new = True
    if is_new:
        index.write()
