"""How a repository of backups comes to be, is opened, and stays closed to other accounts."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from typing import TYPE_CHECKING, Final

from dulwich.config import ConfigFile
from dulwich.repo import Repo

from getvpn_ops.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

GIT: Final = ".git"
_MARK: Final = ((b"getvpn-ops",), b"backups")
_MODE: Final = ((b"core",), b"sharedRepository")
_OWNER_ONLY: Final = b"0600"
_NOT_OURS: Final = 0o077  # what nobody but the owner may have
_OBJECTS: Final = "objects"


def found(folder: Path) -> None:
    """Have a repository in a folder: made whole, or not at all.

    Raises:
        UsageError: the folder holds something else.
        OSError: it cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if (folder / GIT).exists():
        opened(folder).close()
        return
    if any(not item.name.startswith(".new-") for item in folder.iterdir()):
        msg = f"{folder} holds other files: name an empty folder, or none, under backup: folder"
        raise UsageError(msg)
    draft = folder / f".new-{secrets.token_hex(8)}"
    try:
        with contextlib.closing(Repo.init(draft, mkdir=True, default_branch=b"main")) as repo:
            config = repo.get_config()
            config.set(*_MARK, b"true")
            config.set((b"core",), b"fsyncObjectFiles", b"true")
            config.write_to_path()
        close_to_others(draft / GIT)
        with contextlib.suppress(FileExistsError):
            os.rename(draft / GIT, folder / GIT)  # noqa: PTH104 -- it must not replace what another made
    except OSError:
        if not (folder / GIT).exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def opened(folder: Path, *, is_ours: bool = True) -> Repo:
    """Open a repository.

    Args:
        folder: of it.
        is_ours: whether it must be one that this program made, or was told to write to.

    Raises:
        UsageError: it is somebody else's.
        NotGitRepository: it is none.
    """
    repo = Repo(os.fspath(folder))
    if is_ours and not repo.get_config().get_boolean(*_MARK, default=False):
        repo.close()
        msg = (
            f"{folder} is a git repository that getvpn-ops did not make: name another folder under backup: "
            f"folder; or, if it is a clone of backups, run: git -C {folder} config getvpn-ops.backups true"
        )
        raise UsageError(msg)
    return repo


def close_to_others(git: Path) -> None:
    """Let nobody but the owner read anything of a repository, now and later, whoever writes to it.

    Called before each commit: it does its work once, and again if somebody changed git's setting. From then on git and
    dulwich make objects and the index so by themselves (``core.sharedRepository``, git-config); see ``close_refs``.

    Args:
        git: the folder ``.git``, which nobody else writes to meanwhile.
    """
    config = ConfigFile.from_path(os.fspath(git / "config"))
    with contextlib.suppress(KeyError):
        if config.get(*_MODE) == _OWNER_ONLY:
            return
    _close([git, *git.rglob("*")])
    config.set(*_MODE, _OWNER_ONLY)
    config.write_to_path()
    _close([git / "config"])


def close_refs(git: Path) -> None:
    """The same for what dulwich makes for all to read whatever is set: branches, and files beside the objects."""
    _close(path for place in git.iterdir() if place.name != _OBJECTS for path in (place, *place.rglob("*")))


def _close(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if mode & _NOT_OURS and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & ~_NOT_OURS)
