"""Files that other people made -> captures: which device each output is of, and when it was shown."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from getvpn_ops.model.capture import Capture, Trouble, Visit
from getvpn_ops.store.folder import times
from getvpn_ops.store.folder.found import Found, Note
from getvpn_ops.store.folder.names import is_generic, read_name, stem
from getvpn_ops.store.folder.pieces import Output, contents, hostname_in
from getvpn_ops.store.folder.readable import as_bytes, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import PurePosixPath


@dataclass(slots=True)
class _Read:
    """One file with something in it.

    Attributes:
        device: as the file's name says; empty if it does not.
        label: what its outputs without a host name have in common with those of other files: that device, or the
            folder.
        start: when the log began, if it says so.
    """

    found: Found
    outputs: tuple[Output, ...]
    device: str
    label: PurePosixPath
    start: datetime | None


@dataclass(slots=True)
class _Names:
    """Spellings of devices: the inventory's, else the first one seen."""

    known: Mapping[str, str]
    fallback: str
    seen: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        lower = name.lower()
        return self.known.get(lower) or self.seen.setdefault(lower, name)


def read_foreign(
    files: Iterable[Found], redact: Callable[[bytes], bytes], known: Mapping[str, str], fallback: str
) -> tuple[list[Capture], list[Visit], list[Note]]:
    """Read terminal logs, single outputs and configurations.

    Args:
        files: in any order.
        redact: takes secrets out of a text.
        known: name by which a device may be called, in lower case -> its name.
        fallback: what a device is called whose name neither a prompt, nor a text, nor a file or folder tells.

    Returns:
        Captures in the order of time, a visit for each device in them, and notes on what was left out.
    """
    notes: list[Note] = []
    read = _read_all(sorted(files, key=lambda found: (found.modified, found.name)), known, notes)
    labels = _labels(read)
    names = _Names(known, fallback)
    for item in read:  # spellings of prompts first: the router's own
        for output in item.outputs:
            if output.hostname and output.by_prompt:
                names.of(output.hostname)
    offsets = times.zones([output.text for item in read for output in item.outputs if "clock timezone" in output.text])
    captures: list[Capture] = []
    hostnames: dict[str, str] = {}
    nameless: dict[PurePosixPath, dict[PurePosixPath, None]] = {}
    for item in read:
        placed: list[tuple[str, Output]] = []
        for output in item.outputs:
            device = output.hostname or _guess(item, labels[item.label], names)
            if not device:
                device = names.fallback
                nameless.setdefault(item.label, {})[item.found.name] = None
            placed.append((names.of(device), output))
            if output.hostname:
                hostnames.setdefault(names.of(device), output.hostname)
        told = [(device, times.clock(output.command, output.text, offsets)) for device, output in placed]
        moments = times.spread(told, item.start, item.found.modified)
        captures.extend(
            _capture(item.found, device, output, moment, redact)
            for (device, output), moment in zip(placed, moments, strict=True)
        )
    notes.extend(
        Note(str(folder), f"{_files(these)} no device: taken for one that is called {fallback!r} here")
        for folder, these in nameless.items()
    )
    captures.sort(key=lambda capture: capture.taken_at)
    return captures, _visits(captures, hostnames), notes


def _read_all(files: Iterable[Found], known: Mapping[str, str], notes: list[Note]) -> list[_Read]:
    read: list[_Read] = []
    logs: dict[bytes, PurePosixPath] = {}
    for found in files:
        text, why_not = readable(found.content)
        if why_not:
            notes.append(Note(str(found.name), f"left out: {why_not}"))
            continue
        named = read_name(found.name, known)
        held = contents(found.name, text, named)
        if any(output.by_prompt and output.hostname for output in held.outputs):  # of one device: the second is a copy
            first = logs.setdefault(hashlib.sha256(found.content).digest(), found.name)
            if first != found.name:
                notes.append(Note(str(found.name), f"left out: the same log as {first}"))
                continue
        notes.extend(held.notes)
        if held.outputs:
            device = named.device or ""
            if not device and named.command is None and not is_generic(found.name.name):
                device = stem(found.name.name)
            label = found.name.parent / f"{device.lower()}:" if device else found.name.parent
            read.append(_Read(found, held.outputs, device, label, times.script_start(text)))
    return read


def _labels(read: Sequence[_Read]) -> Mapping[PurePosixPath, dict[str, str]]:
    """Label -> host names that files with it tell, by their lower case."""
    labels: dict[PurePosixPath, dict[str, str]] = defaultdict(dict)
    for item in read:
        hostnames = {output.hostname for output in item.outputs if output.hostname}
        hostnames |= {name for output in item.outputs if (name := hostname_in(output.text)) and not output.by_prompt}
        for name in sorted(hostnames):
            labels[item.label].setdefault(name.lower(), name)
            labels[item.found.name.parent].setdefault(name.lower(), name)
    return labels


def _files(files: Iterable[PurePosixPath]) -> str:
    names = [file.name for file in files]
    return f"{names[0]} names" if len(names) == 1 else f"{len(names)} files (such as {names[0]}) name"


def _guess(item: _Read, hostnames: Mapping[str, str], names: _Names) -> str:
    """The device of an output that tells none; empty if nothing else tells it, or several may be meant."""
    if len(hostnames) == 1:
        return next(iter(hostnames.values()))
    if item.device:
        return item.device
    folders = [part for part in reversed(item.label.parts) if not is_generic(part)]
    for folder in folders:
        if folder.lower() in hostnames or folder.lower() in names.known:
            return folder
    return folders[0] if folders else ""


def _capture(found: Found, device: str, output: Output, moment: datetime, redact: Callable[[bytes], bytes]) -> Capture:
    trouble = None
    if output.cut:
        trouble = Trouble.CANCELLED if output.text.strip() else Trouble.DROPPED
    return Capture(
        device=device,
        command=redact(as_bytes(output.command)).decode("utf-8", "backslashreplace"),
        text=redact(as_bytes(output.text)),
        taken_at=moment,
        source=f"{found.name}:{output.line}",
        trouble=trouble,
        reason=output.cut,
    )


def _visits(captures: Sequence[Capture], hostnames: Mapping[str, str]) -> list[Visit]:
    """A visit for each device: what is in a folder was asked, by whomever."""
    by_device: dict[str, list[Capture]] = defaultdict(list)
    for capture in captures:
        by_device[capture.device].append(capture)
    return [
        Visit(
            device=device,
            started=own[0].taken_at,
            ended=own[-1].taken_at,
            hostname=hostnames.get(device, ""),
            commands=sum(1 for capture in own if capture.trouble is None),
        )
        for device, own in by_device.items()
    ]
