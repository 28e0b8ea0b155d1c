"""The door for ``--from``: a path -> captures, visits, and an account of what is not among them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.store.folder.foreign import read_foreign
from getvpn_ops.store.folder.found import Note, search
from getvpn_ops.store.folder.names import is_generic, stem
from getvpn_ops.store.folder.ours import read_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from getvpn_ops.model.capture import Capture, Visit

_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Captured:
    """What a folder holds.

    Attributes:
        captures: our own in the order they were written, then all others in the order of time.
        visits: one a device; made up from its captures where no manifest has one.
        notes: what was left out or is doubtful, and why; by file and line.
    """

    captures: tuple[Capture, ...]
    visits: tuple[Visit, ...] = ()
    notes: tuple[Note, ...] = ()


def read_folder(path: Path, redact: Callable[[bytes], bytes], known: Mapping[str, str] = _NOBODY) -> Captured:
    """Read captures that ``write_folder`` wrote, or whatever somebody got from routers.

    Understood are: terminal logs (several devices in a file, a device over several files, abbreviations, pagers,
    control characters, time stamps before each line); files with one output each, where the file's or folder's name or
    the first line tells the command; ``show tech-support`` and other texts with headings; configurations; and archives
    of all that (zip, tar, gz, bz2, xz). A command found twice on a device gives two captures.

    Args:
        path: a folder, an archive or a single file.
        redact: takes secrets out of a text; every text passes through it.
        known: names that a device may show or be filed under, such as its host name -> its name in the inventory.

    Raises:
        UsageError: there is no such path, or it cannot be read.
    """
    files, notes = search(path)
    captures, visits, own_notes, taken = read_ours(files, redact)
    names = {called.lower(): name for called, name in known.items()}
    others, made_up, other_notes = read_foreign(
        (found for name, found in files.items() if name not in taken), redact, names, _fallback(path, names)
    )
    visited = {visit.device for visit in visits}
    notes = sorted([*notes, *own_notes, *other_notes], key=lambda note: (note.file, note.line or 0))
    return Captured(
        (*captures, *others),
        (*visits, *(visit for visit in made_up if visit.device not in visited)),
        tuple(notes),
    )


def _fallback(path: Path, names: Mapping[str, str]) -> str:
    """What the one device of a flat folder is called: as the folder, if that may be the name of a device."""
    name = stem(path.resolve().name)
    looks_like_one = any(letter.isdigit() for letter in name) and not is_generic(name)
    return names.get(name.lower(), name if looks_like_one else "device")
