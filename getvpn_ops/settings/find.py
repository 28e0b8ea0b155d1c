"""Which workspace someone means, and what its file says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.errors import NoWorkspaceError, UsageError
from getvpn_ops.settings.mistakes import Mistakes, shown
from getvpn_ops.settings.schema import CredentialSettings, FromFile, Section, Settings
from getvpn_ops.settings.workspace import FILE, LAB_STORE, STATE, Workspace, at_home

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAB_FILE = Path(STATE) / "lab" / "settings.yaml"
_LAB_STORE = Path(STATE) / LAB_STORE


class _Lab(Section):
    """What a running lab says of itself."""

    clock: str = Field(pattern="^unix:.")
    inventory: Path
    known_hosts: Path
    password_file: Path


def find_workspace(named: Path | None = None, *, lab: bool = False, start: Path | None = None) -> Workspace:
    """The workspace someone means.

    Args:
        named: its folder, or its file; None looks in the current folder and those above it.
        lab: whether the running lab's routers are meant and not the real ones: then inventory, host keys, clock and
            password are the lab's, nothing of the real fleet's access is used, and the store is another one. It needs
            no ``getvpn-ops.yaml``.
        start: folder in which to begin to look; None is the current one.

    Raises:
        NoWorkspaceError: there is none; says what to do.
        UsageError: it belongs to someone else.
        MistakesError: its file is wrong.
    """
    wanted = _LAB_FILE if lab else Path(FILE)
    root = _look_for(wanted, start or _here()) if named is None else _named(named)
    if root is None or not _is_file(root / wanted):
        raise NoWorkspaceError(_not_there(root or start or _here(), named, lab=lab))
    settings = read_settings(root / FILE) if not lab or _is_file(root / FILE) else Settings()
    return Workspace(root, _over(settings, root / _LAB_FILE) if lab else settings, is_lab=lab)


def find_kept(named: Path | None = None, *, lab: bool = False, start: Path | None = None) -> Workspace:
    """The workspace of somebody who only reads what is kept there: a lab that does not run any more will do.

    Args:
        named: as of ``find_workspace``.
        lab: whether results of a lab are meant. If none runs, it is where one left its store; the clock is the wall's.
        start: as of ``find_workspace``.

    Raises:
        NoWorkspaceError: there is none, and nothing that a lab left.
        UsageError: see ``find_workspace``.
        MistakesError: likewise.
    """
    try:
        return find_workspace(named, lab=lab, start=start)
    except NoWorkspaceError:
        root = None if not lab else _look_for(_LAB_STORE, start or _here()) if named is None else _named(named)
        if root is None or not _is_file(root / _LAB_STORE):
            raise
    settings = read_settings(root / FILE) if _is_file(root / FILE) else Settings()
    return Workspace(root, settings.model_copy(update={"store": None, "clock": "system"}), is_lab=True)


def read_settings(path: Path) -> Settings:
    """What a settings file says.

    Raises:
        MistakesError: it is wrong, or not there.
    """
    mistakes = Mistakes()
    document = mistakes.read(path)
    made = None
    if document is not None:
        made = mistakes.check(Settings, {} if document.value is None else document.value, document)
        if made is not None:
            _look_at_files(path.parent, made, mistakes)
    mistakes.settle("the settings are wrong")
    return made or Settings()


def _look_at_files(root: Path, settings: Settings, mistakes: Mistakes) -> None:
    if settings.nornir is not None and not _is_file(root / at_home(settings.nornir)):
        mistakes.say(f"nornir: there is no file {settings.nornir}", path=root / FILE)


def _over(settings: Settings, path: Path) -> Settings:
    """The lab's word over the file's."""
    mistakes = Mistakes()
    document = mistakes.read(path)
    lab = None if document is None else mistakes.check(_Lab, document.value, document)
    mistakes.settle("what the running lab left is not understood; end it and start it anew: getvpn-ops lab down")
    if lab is None:
        return settings
    password = (FromFile(path=lab.password_file),)
    return settings.model_copy(
        update={
            "inventory": lab.inventory,
            "nornir": None,
            "known_hosts": lab.known_hosts,
            "clock": lab.clock,
            "store": None,
            "ssh": settings.ssh.model_copy(update={"jump": None}),
            "credentials": CredentialSettings(password=password, enable=password, key_passphrase=()),
        }
    )


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError as exc:
        msg = f"the current folder cannot be used, go to another one: {exc.strerror}"
        raise UsageError(msg) from exc


def _is_file(path: Path) -> bool:
    """Whether a file is there, as far as this user can see."""
    try:
        return path.is_file()
    except OSError:  # above it is a folder that is closed to this user; or the name is too long for one
        return False


def _named(named: Path) -> Path:
    given = at_home(named)
    given = given if given.is_absolute() else _here() / given
    return given.parent if given.name == FILE else given


def _look_for(wanted: Path, start: Path) -> Path | None:
    for folder in _upwards(start):
        file = folder / wanted
        if _is_file(file):
            if file.stat().st_uid not in {os.getuid(), 0}:
                msg = f"{file} belongs to someone else, and may name commands to run"
                raise UsageError(f"{msg}: if you trust it, say so with --workspace {folder}")
            return folder
    return None


def _upwards(start: Path) -> Iterable[Path]:
    here = start.absolute()
    return (here, *here.parents)


def _not_there(here: Path, named: Path | None, *, lab: bool) -> str:
    where = "here" if named is None else f"in {shown(here)}"
    if lab:
        return f"no lab is running {where}; start one with getvpn-ops lab up"
    above = " or above" if named is None else ""
    if any(_is_file(folder / _LAB_FILE) for folder in (_upwards(here) if named is None else (here,))):
        return f"there is no {FILE} {where}{above}, but a lab is running: add --lab to work on it"
    folder = "DIR" if named is None else shown(here)
    return f"there is no {FILE} {where}{above}: make a workspace with getvpn-ops init {folder}"
