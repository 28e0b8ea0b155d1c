"""The git repository of the backups, without the program git.

What is committed is what counts: objects are on disk before the branch names them, and the files beside them are put
right by the next backup. No hook runs and nobody's own git settings have a say.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dulwich.diff_tree import tree_changes
from dulwich.errors import NotGitRepository, ObjectFormatException
from dulwich.file import FileLocked
from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import HEADREF

from getvpn_ops.errors import BackupError, BackupLockedError
from getvpn_ops.services.backup.founding import GIT, close_refs, close_to_others, found, opened
from getvpn_ops.services.backup.worktree import Writing, put, write_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from dulwich.objects import ObjectID, ShaFile
    from dulwich.repo import Repo

_FILE: Final = 0o100644
_PACKED: Final = 64  # objects from which on they are written as one pack
_DAMAGED = (KeyError, AssertionError, ObjectFormatException, NotGitRepository, ValueError)


@dataclass(frozen=True, slots=True)
class Message:
    """What a commit says.

    Attributes:
        text: of it; the first line is its title.
        author: ``NAME <ADDRESS>``.
        when: UTC, by the clock of the run.
    """

    text: str
    author: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit.

    Attributes:
        id: 40 hexadecimal digits.
        tree: likewise, of its files.
        time: seconds of 1970, as it was said when it was made.
        text: of its message.
        author: of it.
    """

    id: str
    tree: str
    time: int
    text: str
    author: str


@dataclass(frozen=True, slots=True)
class Committed:
    """What came of a commit.

    Attributes:
        head: the newest commit; empty if there is none.
        changed: files that are new or differ, sorted.
        set_aside: files that someone had edited, under the names that they were kept by.
    """

    head: str
    changed: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()


class Repository:
    """Files by name, and how they were. Each call opens the repository anew."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet.

        Args:
            folder: of the repository and its files.
        """
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether a repository is there."""
        return (self.folder / GIT).exists()

    def commit(self, files: Mapping[str, bytes], message: Message, *, patience: float = 30.0) -> Committed:
        """Keep these files as they are now; files that are not named stay as they were.

        Nothing is committed if none differs.

        Args:
            files: content by name.
            message: of the commit.
            patience: seconds to wait for another process that writes here.

        Raises:
            BackupLockedError: another process writes.
            BackupError: it cannot be written: what was committed before stands.
            UsageError: the folder holds something else.
        """
        with self._troubles("written"):
            found(self.folder)
            git = self.folder / GIT
            with Writing(git, patience):
                close_to_others(git)
                with contextlib.closing(opened(self.folder)) as repo:
                    done = self._commit(repo, files, message)
                close_refs(git)
            return done

    def _commit(self, repo: Repo, files: Mapping[str, bytes], message: Message) -> Committed:
        parent = _head(repo)
        tree = _tree(repo, repo[parent]) if parent is not None else Tree()
        blobs = {name: Blob.from_string(content) for name, content in files.items()}
        changed = sorted(name for name, blob in blobs.items() if _entry(tree, name) != blob.id)
        if changed:
            for name in changed:
                tree.add(name.encode(), _FILE, blobs[name].id)
            made = _commit_of(tree, parent, message)
            _keep(repo, [*(blobs[name] for name in changed), tree, made])
            refs = repo.refs
            is_set = (
                refs.add_if_new(HEADREF, made.id) if parent is None else refs.set_if_equals(HEADREF, parent, made.id)
            )
            if not is_set:
                msg = f"someone else committed to {self.folder} just now: nothing was committed; run it again"
                raise BackupLockedError(msg)
            parent = made.id
        aside = [
            put(self.folder, name, blobs[name].data, lambda sha: sha in repo.object_store) for name in sorted(blobs)
        ]
        if parent is not None:
            write_index(repo, self.folder, tree)
        return Committed(_text(parent), tuple(changed), tuple(filter(None, aside)))

    def revisions(self, name: str | None = None) -> Iterator[tuple[Revision, tuple[str, ...]]]:
        """Commits, the newest first, each with the files that it changed.

        Args:
            name: only those that changed this file.

        Raises:
            BackupError: it cannot be read.
        """
        if not self.exists:
            return
        with self._troubles("read"), contextlib.closing(opened(self.folder, is_ours=False)) as repo:
            at = _head(repo)
            while at is not None:
                commit = _commit_at(repo, at)
                above = commit.parents[0] if commit.parents else None
                before = _commit_at(repo, above).tree if above is not None else None
                if name is None:
                    changes = tree_changes(repo.object_store, before, commit.tree)
                    names = sorted(
                        {side.path.decode() for item in changes for side in (item.new,) if side and side.path}
                    )
                else:
                    now = _entry(_tree(repo, commit), name)
                    then = _entry(_tree(repo, repo[above]), name) if above is not None else None
                    names = [name] if now != then else []
                if names or name is None:
                    yield _revision(commit), tuple(names)
                at = above

    def content(self, revision: str, name: str) -> bytes | None:
        """A file as it was in a commit; None if it was not in it.

        Raises:
            BackupError: it cannot be read.
        """
        with self._troubles("read"), contextlib.closing(opened(self.folder, is_ours=False)) as repo:
            kept = _entry(_tree(repo, _commit_at(repo, revision.encode())), name)
            return None if kept is None else bytes(repo[kept].as_raw_string())

    def newest(self) -> dict[str, bytes]:
        """All files of the newest commit.

        Raises:
            BackupError: it cannot be read.
        """
        with self._troubles("read"), contextlib.closing(opened(self.folder, is_ours=False)) as repo:
            head = _head(repo)
            items = _tree(repo, _commit_at(repo, head)).items() if head is not None else []
            blobs = {item.path.decode(errors="surrogateescape"): repo[item.sha] for item in items}
            return {name: blob.data for name, blob in blobs.items() if isinstance(blob, Blob)}

    @contextlib.contextmanager
    def _troubles(self, done: str) -> Iterator[None]:
        try:
            yield
        except FileLocked as exc:
            lock = os.fsdecode(exc.lockfilename)
            msg = f"git is at work in {self.folder}, or was killed there: if none runs, remove {lock}"
            raise BackupLockedError(msg) from exc
        except OSError as exc:
            msg = f"the backups in {self.folder} cannot be {done}: {exc.strerror or type(exc).__name__}"
            raise BackupError(f"{msg}; what was committed before stands") from exc
        except _DAMAGED as exc:
            msg = f"the repository {self.folder} is damaged ({type(exc).__name__}): look at it with git fsck"
            raise BackupError(msg) from exc


def _keep(repo: Repo, objects: list[ShaFile]) -> None:
    """Write objects, and have them on disk before anything names them."""
    store = repo.object_store
    if len(objects) >= _PACKED:
        store.add_objects([(item, None) for item in objects])
        folders = {"pack"}
    else:
        for item in objects:
            store.add_object(item)
        folders = {item.id[:2].decode() for item in objects}
    for folder in (*sorted(folders), "."):
        descriptor = os.open(os.path.join(store.path, folder), os.O_RDONLY)  # noqa: PTH118 -- dulwich has texts
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _commit_of(tree: Tree, parent: ObjectID | None, message: Message) -> Commit:
    made = Commit()
    made.tree = tree.id
    made.parents = [parent] if parent is not None else []
    made.author = made.committer = message.author.encode()
    made.author_time = made.commit_time = int(message.when.timestamp())
    made.author_timezone = made.commit_timezone = 0
    made.encoding = b"UTF-8"
    made.message = message.text.encode(errors="backslashreplace")
    return made


def _head(repo: Repo) -> ObjectID | None:
    try:
        return repo.head()
    except KeyError:
        return None


def _commit_at(repo: Repo, at: ObjectID | bytes) -> Commit:
    found = repo[at]
    if not isinstance(found, Commit):
        msg = "this is no commit"
        raise ValueError(msg)  # noqa: TRY004 -- what is on disk is wrong, not who asks
    return found


def _tree(repo: Repo, commit: ShaFile) -> Tree:
    found = repo[commit.tree] if isinstance(commit, Commit) else None
    if not isinstance(found, Tree):
        msg = "this commit has no files"
        raise ValueError(msg)  # noqa: TRY004 -- likewise
    return found


def _entry(tree: Tree, name: str) -> ObjectID | None:
    return tree[name.encode()][1] if name.encode() in tree else None


def _revision(commit: Commit) -> Revision:
    return Revision(
        _text(commit.id),
        _text(commit.tree),
        commit.commit_time,
        commit.message.decode(errors="backslashreplace"),
        commit.author.decode(errors="backslashreplace"),
    )


def _text(value: bytes | None) -> str:
    return value.decode() if value is not None else ""
