"""A folder of captures as this program writes it: a file a command, and a manifest that tells what each file is."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from getvpn_ops import __version__
from getvpn_ops.errors import UsageError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.store.blobs import digest_of
from getvpn_ops.store.folder.found import Found, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MANIFEST = "manifest.json"
_FORMAT: Literal["getvpn-ops captures"] = "getvpn-ops captures"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80  # characters of a file name: those of the command must be told apart, not all be there


class KeptCapture(FrozenModel):
    """A capture in the manifest; the text is in ``file``."""

    file: str
    device: str
    command: str
    taken_at: AwareDatetime
    seconds: float | None = None
    source: str = ""
    sha256: str
    trouble: Trouble | None = None
    reason: str = ""


class KeptVisit(FrozenModel):
    """A visit in the manifest."""

    device: str
    started: AwareDatetime
    ended: AwareDatetime
    engine: str = ""
    hostname: str = ""
    commands: int = 0
    trouble: Trouble | None = None
    reason: str = ""
    next_step: str = ""


class Manifest(FrozenModel):
    """``manifest.json``."""

    format: Literal["getvpn-ops captures"]
    schema_version: Annotated[Literal[1], Field(alias="schema")]
    tool: str = ""
    captures: tuple[KeptCapture, ...]
    visits: tuple[KeptVisit, ...] = ()


def must_be_replaceable(path: Path) -> None:
    """Find out before devices are asked whether ``write_folder`` would refuse to write there.

    Raises:
        UsageError: it would.
    """
    try:
        target = path.absolute()
        _replaceable(target)
        there = next(folder for folder in (target, *target.parents) if folder.exists())
    except OSError as exc:
        msg = f"cannot write captures to {path}: {exc.strerror}"
        raise UsageError(msg) from exc
    if not there.is_dir() or not os.access(there, os.W_OK):
        why = "not yours to write to" if there.is_dir() else "no folder"
        msg = f"cannot write captures to {path}: {there} is {why}"
        raise UsageError(msg)


def write_folder(path: Path, captures: Iterable[Capture], visits: Iterable[Visit]) -> int:
    """Write captures as files that people can read and ``read_folder`` takes back.

    All is written beside the folder first and then moved, so a folder is whole or not there. An older folder of
    captures is replaced; nothing else ever is. Files are for their owner only.

    Args:
        path: the folder to make; may exist if it is empty, or holds captures that this function wrote and nothing else.
        captures: read once, so they may come one by one.
        visits: how the devices were visited.

    Returns:
        How many captures were written.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    try:
        target = path.absolute()
        old = _replaceable(target)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        made.mkdir(mode=0o700)
        try:
            written = _fill(made, captures, visits)
            _move(made, target, old=old)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as exc:
        msg = f"cannot write captures to {path}: {exc.strerror}"
        raise UsageError(msg) from exc
    return written


def read_ours(
    files: Mapping[PurePosixPath, Found], redact: Callable[[bytes], bytes]
) -> tuple[list[Capture], list[Visit], list[Note], set[PurePosixPath]]:
    """Take back what ``write_folder`` wrote, wherever it stands among the files.

    Args:
        files: by path.
        redact: takes secrets out of a text: a file may have been changed.

    Returns:
        Captures, visits, notes (changed, missing), and the paths that are dealt with.
    """
    captures: list[Capture] = []
    visits: list[Visit] = []
    notes: list[Note] = []
    taken: set[PurePosixPath] = set()
    for path, found in files.items():
        if path.name != MANIFEST:
            continue
        manifest, wrong = _manifest(found.content)
        if manifest is None:
            if wrong:
                notes.append(Note(str(path), f"not used, so files are read by what they say: {wrong}"))
                taken.add(path)
            continue
        taken.add(path)
        for kept in manifest.captures:
            place = path.parent / kept.file
            if place not in files:
                notes.append(Note(str(place), f"is missing: {kept.device}, {kept.command}"))
                continue
            if place in taken:
                notes.append(Note(str(place), "stands in the manifest twice; it is used once"))
                continue
            taken.add(place)
            content = files[place].content
            if digest_of(content) != kept.sha256:
                notes.append(Note(str(place), "was changed after it was written; it is used as it is now"))
            captures.append(
                Capture(
                    device=kept.device,
                    command=kept.command,
                    text=redact(content),
                    taken_at=kept.taken_at,
                    seconds=kept.seconds,
                    source=kept.source,
                    trouble=kept.trouble,
                    reason=kept.reason,
                )
            )
        visits.extend(Visit(**dict(kept)) for kept in manifest.visits)
    return captures, visits, notes, taken


def _manifest(content: bytes) -> tuple[Manifest | None, str]:
    """The manifest, and what is wrong with it; neither if it is somebody else's."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None, "it is no JSON" if _FORMAT.encode() in content else ""
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        return None, ""
    try:
        return Manifest.model_validate(data), ""
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        return None, f"{where}: {first['msg']}"


def _replaceable(target: Path) -> bool:
    """Whether an older folder of captures stands there.

    Raises:
        UsageError: something else does.
    """
    if not target.exists() and not target.is_symlink():
        return False
    if target.is_symlink() or not target.is_dir():
        msg = f"{target} is no folder: name one that is new or empty"
        raise UsageError(msg)
    if Path.cwd().is_relative_to(target.resolve()):
        msg = f"{target} is the folder you are in, or above it: name one below it, or go elsewhere"
        raise UsageError(msg)
    there = {
        PurePosixPath(item.relative_to(target).as_posix())
        for item in target.rglob("*")
        if item.is_symlink() or not item.is_dir()
    }
    if not there:
        return True
    manifest = None
    if PurePosixPath(MANIFEST) in there:
        manifest, _ = _manifest((target / MANIFEST).read_bytes())
    ours = {PurePosixPath(MANIFEST), *(PurePosixPath(kept.file) for kept in manifest.captures)} if manifest else set()
    if strange := sorted(there - ours):
        msg = f"{target} holds files that getvpn-ops did not write (such as {strange[0]}): name a new or empty folder"
        raise UsageError(msg)
    return True


def _move(made: Path, target: Path, *, old: bool) -> None:
    if not old:
        made.rename(target)
        return
    aside = target.with_name(f"{made.name}.old")
    target.rename(aside)
    try:
        made.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _fill(folder: Path, captures: Iterable[Capture], visits: Iterable[Visit]) -> int:
    kept: list[dict[str, Any]] = []
    folders = _Free({MANIFEST})
    by_device: dict[str, tuple[str, _Free]] = {}
    for capture in captures:
        if capture.device not in by_device:
            name = folders.take(capture.device, "device")
            (folder / name).mkdir(mode=0o700)
            by_device[capture.device] = name, _Free(set())
        name, free = by_device[capture.device]
        file = f"{name}/{free.take(capture.command, 'command', '.txt')}"
        _private(folder / file, capture.text)
        entry = KeptCapture(
            file=file,
            device=_writable(capture.device),
            command=_writable(capture.command),
            taken_at=capture.taken_at,
            seconds=capture.seconds,
            source=_writable(capture.source),
            sha256=digest_of(capture.text),
            trouble=capture.trouble,
            reason=_writable(capture.reason),
        )
        kept.append(entry.model_dump(mode="json", exclude_defaults=True))
    seen = [
        KeptVisit(
            device=_writable(visit.device),
            started=visit.started,
            ended=visit.ended,
            engine=_writable(visit.engine),
            hostname=_writable(visit.hostname),
            commands=visit.commands,
            trouble=visit.trouble,
            reason=_writable(visit.reason),
            next_step=_writable(visit.next_step),
        ).model_dump(mode="json", exclude_defaults=True)
        for visit in visits
    ]
    manifest = {"format": _FORMAT, "schema": 1, "tool": __version__, "captures": kept, "visits": seen}
    _private(folder / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    return len(kept)


class _Free:
    """Names of files in one folder, each given once, whatever the case: some file systems do not tell it."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken

    def take(self, words: str, fallback: str, ending: str = "") -> str:
        """A name that resembles some words."""
        plain = _ODD.sub("-", words).strip("-.")[:_LONGEST].rstrip("-.") or fallback
        name, number = f"{plain}{ending}", 1
        while name.lower() in self._taken:
            number += 1
            name = f"{plain}~{number}{ending}"
        self._taken.add(name.lower())
        return name


def _writable(text: str) -> str:
    """Text without halves of characters, which JSON readers refuse."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
