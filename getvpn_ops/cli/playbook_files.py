"""Where playbooks are: in the workspace, then those that travel with the package; found by name or path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from getvpn_ops.errors import UsageError
from getvpn_ops.resources import data_dir
from getvpn_ops.settings.mistakes import Mistakes, nearest, shown
from getvpn_ops.settings.workspace import at_home
from getvpn_ops.workflow.playbooks.askable import CHECKS
from getvpn_ops.workflow.playbooks.loading import LARGEST, Known, playbook_of

if TYPE_CHECKING:
    from getvpn_ops.workflow.playbooks.schema import Playbook

FOLDER = "playbooks"
"""Of a workspace."""
_SUFFIXES = (".yaml", ".yml")
_KNOWN = Known(CHECKS, available_timezones)
_WHAT = "the playbook is wrong"


@dataclass(frozen=True, slots=True)
class PlaybookFile:
    """A file that should hold a playbook.

    Attributes:
        name: it is called by.
        path: of it.
        is_shipped: whether it is one of the package.
        is_instead: whether it stands in the workspace in place of one of the package.
    """

    name: str
    path: Path
    is_shipped: bool = False
    is_instead: bool = False


class PlaybookFiles:
    """The playbooks that somebody can name."""

    def __init__(self, root: Path | None) -> None:
        """Nothing is read yet.

        Args:
            root: of the workspace; None: there is none, and only those of the package are known.
        """
        self._own = None if root is None else root / FOLDER

    def every(self) -> tuple[PlaybookFile, ...]:
        """All of them by name, those of the workspace first; of two with one name, that of the workspace.

        Raises:
            UsageError: a folder cannot be read, or two files of the workspace have one name.
            ResourceMissingError: the package is not whole.
        """
        shipped = {path.stem: path for path in _files(data_dir("playbooks"))}
        own: dict[str, Path] = {}
        for path in () if self._own is None else _files(self._own):
            if path.stem in own:
                msg = f"{shown(own[path.stem])} and {shown(path)} have one name: remove or rename one of them"
                raise UsageError(msg)
            if path.resolve() != (shipped.get(path.stem) or Path()).resolve():  # as in the checkout of this package
                own[path.stem] = path
        return (
            *(PlaybookFile(name, path, is_instead=name in shipped) for name, path in own.items()),
            *(PlaybookFile(name, path, is_shipped=True) for name, path in shipped.items() if name not in own),
        )

    def find(self, text: str) -> PlaybookFile:
        """The file that a person means.

        Args:
            text: a name; or a path, which has a slash or a suffix in it.

        Raises:
            UsageError: there is none; says which there are. And see ``every``.
        """
        if os.sep in text or Path(text).suffix in _SUFFIXES:
            path = at_home(Path(text))
            return PlaybookFile(path.stem, path)
        every = {file.name: file for file in self.every()}
        if text in every:
            return every[text]
        near = nearest(text, every)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(every)}" if every else "there is none at all"
        looked = "" if self._own is None else f" in {shown(self._own)}, or with the package"
        msg = f"there is no playbook {text!r}{looked}; {hint}"
        raise UsageError(msg)


def read_playbook(file: PlaybookFile, mistakes: Mistakes) -> Playbook | None:
    """Read one; what is wrong with it becomes mistakes, and the result None."""
    try:
        is_large = file.path.stat().st_size > 4 * LARGEST  # bytes of a character
    except OSError:
        is_large = False  # it is told below why
    if is_large:
        mistakes.say(f"this is larger than {LARGEST >> 20} MB, and no playbook", path=file.path)
        return None
    document = mistakes.read(file.path)
    return None if document is None else playbook_of(document, mistakes, _KNOWN)


def load_playbook(file: PlaybookFile) -> Playbook:
    """Read one that must be right.

    Raises:
        MistakesError: something is wrong with it; says all of it.
    """
    mistakes = Mistakes()
    made = read_playbook(file, mistakes)
    mistakes.settle(_WHAT)
    if made is None:  # without a mistake: it cannot be
        msg = f"{shown(file.path)} cannot be read"
        raise UsageError(msg)
    return made


def _files(folder: Path) -> list[Path]:
    """The YAML files of a folder, by name; empty if there is no such folder.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return sorted(
            item for item in folder.iterdir() if item.suffix in _SUFFIXES and not item.name.startswith(".")
        )  # what editors leave
    except FileNotFoundError:
        return []
    except OSError as exc:
        msg = f"cannot read the folder {shown(folder)}: {exc.strerror}"
        raise UsageError(msg) from exc
