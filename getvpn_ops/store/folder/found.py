"""Every file of a folder, or of an archive, in memory; and a note for each that was not taken."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from getvpn_ops.errors import UsageError
from getvpn_ops.store.folder.times import of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST = 64 * 2**20
"""Bytes of the largest file that is read: 8,000 members in full are 4 MB."""

_LARGEST_ARCHIVE = 512 * 2**20
_ALL_TOGETHER = 2 * 2**30
_DEEPEST = 20  # folders within folders
_MOST_FILES = 200_000  # an archive of empty files is small
_LONGEST_NAME, _LONGEST_PATH = 255, 4096  # of an archive's member: no file system holds more, and no time is lost on it
_SHOWN = 60  # characters of such a name
_SINCE = datetime(1970, 1, 1, tzinfo=UTC)

_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_PACKED: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_UNPACKING_FAILS = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
    RuntimeError, NotImplementedError, ValueError, OverflowError, struct.error,
)  # fmt: skip
_UT = 0x5455  # extra field of Info-ZIP: the time of change in UTC, where the old field has local time
_NOT_CAPTURES = {".ds_store", "thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Note:
    """Something of a folder that was left out, or taken with a doubt.

    Attributes:
        file: as its path below the folder.
        reason: for a person.
        line: the first it is about; None if it is about the whole file.
    """

    file: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Found:
    """A file.

    Attributes:
        name: its path below the folder; an archive counts as a folder.
        modified: when it was changed last.
        content: all of it.
    """

    name: PurePosixPath
    modified: datetime
    content: bytes


@dataclass(slots=True)
class _Search:
    files: dict[PurePosixPath, Found] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    size: int = 0
    full: bool = False

    def leave(self, name: PurePosixPath | str, reason: str) -> None:
        self.notes.append(Note(str(name), reason))

    def take(self, name: PurePosixPath, modified: datetime, content: bytes) -> None:
        """Keep a file, unless there is too much of everything."""
        if self.size + len(content) > _ALL_TOGETHER:
            self.leave(name, f"not read: with it there would be more than {_ALL_TOGETHER >> 20} MB to read")
            return
        self.size += len(content)
        free, number = name, 1
        while free in self.files:  # a.log and a.log.gz, or an archive that holds a name twice
            number += 1
            free = name.with_name(f"{name.stem} ({number}){name.suffix}")
        self.files[free] = Found(free, modified, content)

    def has_room(self, name: PurePosixPath) -> bool:
        """Whether a name is short enough to be understood, and there are not too many files before it."""
        if len(self.files) + len(self.notes) >= _MOST_FILES:
            self.full = True
            return False
        if len(str(name)) > _LONGEST_PATH or len(name.name) > _LONGEST_NAME:
            self.leave(f"{str(name)[:_SHOWN]}...", "not read: its name is too long")
            return False
        return True


def search(path: Path) -> tuple[dict[PurePosixPath, Found], list[Note]]:
    """Read all files below a folder, of an archive, or the one file that is named.

    Nothing is followed or unpacked to disk: links are left out, archives are read in memory and within limits.

    Raises:
        UsageError: the path itself cannot be read.
    """
    found = _Search()
    try:
        if path.is_dir():
            _folder(found, path, PurePosixPath(), 0)
        elif not path.exists():
            msg = f"there is no {path}: name a folder of captures, a log or an archive"
            raise UsageError(msg)
        else:
            _file(found, path.resolve(), PurePosixPath(_shown(path.name)))
    except OSError as exc:
        msg = f"cannot read {path}: {exc.strerror}"
        raise UsageError(msg) from exc
    if found.full:
        found.leave(path.name, f"more than {_MOST_FILES:,} files: the rest is not read")
    return found.files, found.notes


def _shown(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 become escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _folder(found: _Search, folder: Path, name: PurePosixPath, depth: int) -> None:
    if depth > _DEEPEST:
        found.leave(name, f"not read: more than {_DEEPEST} folders deep")
        return
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        below = name / _shown(entry.name)
        path = folder / entry.name
        try:
            if entry.is_symlink():
                found.leave(below, "not read: a link; what it names is read where it stands, if that is in the folder")
            elif entry.is_dir(follow_symlinks=False):
                if entry.name == "__MACOSX":
                    found.leave(below, "not read: what macOS adds to archives")
                else:
                    _folder(found, path, below, depth + 1)
            else:
                _file(found, path, below)
        except OSError as exc:
            found.leave(below, f"not read: {exc.strerror}")


def _file(found: _Search, path: Path, name: PurePosixPath) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            found.leave(name, "not read: no regular file")
            return
        limit = _LARGEST_ARCHIVE if _is_archive(name) else LARGEST
        if state.st_size > limit:
            found.leave(name, f"not read: {state.st_size >> 20} MB; the limit is {limit >> 20} MB")
            return
        content = file.read(limit)
    _sort_in(found, name, of_file(state.st_mtime, _SINCE), content)


def _sort_in(found: _Search, name: PurePosixPath, modified: datetime, content: bytes, *, within: bool = False) -> None:
    """Take a file, or the files within it."""
    if not found.has_room(name):
        return
    if name.name.lower() in _NOT_CAPTURES or name.name.startswith("._"):
        found.leave(name, "not read: what a desktop adds to folders")
    elif not _is_archive(name) or not content:
        found.take(name, modified, content)
    elif within:
        found.leave(name, "not read: an archive within an archive; unpack it first")
    else:
        try:
            for member, changed, data in _members(found, name, modified, content):
                _sort_in(found, member, changed, data, within=True)
                if found.full:
                    break
        except _UNPACKING_FAILS as exc:
            found.leave(name, f"cannot be unpacked, or not whole: {str(exc) or type(exc).__name__}")


def _is_archive(name: PurePosixPath) -> bool:
    lower = name.name.lower()
    return lower.endswith((".zip", *_TAR, *_PACKED))


def _members(
    found: _Search, name: PurePosixPath, modified: datetime, content: bytes
) -> Iterator[tuple[PurePosixPath, datetime, bytes]]:
    """The files of an archive; names that lead elsewhere do no harm, for nothing is written."""
    lower = name.name.lower()
    if lower.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                below = name / _inside(info.filename)
                if info.is_dir() or "__MACOSX" in below.parts:
                    continue
                if info.flag_bits & 1:
                    found.leave(below, "not read: encrypted; unpack the archive with its password first")
                    continue
                with archive.open(info) as file:
                    if (data := _bounded(found, below, file)) is not None:
                        yield below, _zip_time(info, modified), data
    elif lower.endswith(_TAR):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for member in tar:
                below = name / _inside(member.name)
                if member.isdir():
                    continue
                held = tar.extractfile(member) if member.isfile() else None
                if held is None:
                    found.leave(below, "not read: no regular file")
                elif (data := _bounded(found, below, held)) is not None:
                    yield below, of_file(member.mtime, modified), data
    else:
        inner = name.with_suffix("")
        with _PACKED[name.suffix.lower()](io.BytesIO(content)) as packed:
            if (data := _bounded(found, name, packed)) is not None:
                yield inner, modified, data


def _inside(name: str) -> PurePosixPath:
    """A member's name without steps out of the archive."""
    path = PurePosixPath(name.replace("\\", "/").encode("utf-8", "backslashreplace").decode())
    return PurePosixPath(*(part for part in path.parts if part not in {"/", "..", "."}))


def _bounded(found: _Search, name: PurePosixPath, file: IO[bytes]) -> bytes | None:
    """A member's bytes, whatever its header says of its size; None with a note if there are too many."""
    room = min(LARGEST, _ALL_TOGETHER - found.size)
    data = file.read(room + 1)
    if len(data) > room:
        found.leave(name, f"not read: unpacked it is larger than {room >> 20} MB")
        return None
    return data


def _zip_time(info: zipfile.ZipInfo, otherwise: datetime) -> datetime:
    """When a member was changed: in UTC if the archive says so, else its local time taken for UTC.

    Some programs write no time at all (month and day 0): then it is the archive's own.
    """
    extra = info.extra
    with contextlib.suppress(struct.error):
        while len(extra) >= 4:  # noqa: PLR2004 -- two numbers: what it is, and how long
            kind, length = struct.unpack("<HH", extra[:4])
            if kind == _UT and length >= 5 and extra[4] & 1:  # noqa: PLR2004 -- flags and a time
                return of_file(struct.unpack("<i", extra[5:9])[0], otherwise)
            extra = extra[4 + length :]
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return otherwise
