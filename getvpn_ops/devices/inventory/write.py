"""New hosts in ``hosts.yaml``: behind what stands there, which stays as it is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from getvpn_ops.errors import UsageError
from getvpn_ops.settings.mistakes import shown
from getvpn_ops.settings.yaml_file import NotYamlError, parse_yaml, to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BOM = "\ufeff"


def hosts_text(hosts: Mapping[str, Mapping[str, Any]]) -> str:
    """Entries as ``hosts.yaml`` has them."""
    return to_yaml({name: dict(entry) for name, entry in hosts.items()})


def append_hosts(file: Path, hosts: Mapping[str, Mapping[str, Any]], remark: str) -> None:
    """Write new hosts behind those of a file; comments and order stay, and a reader sees the old file or the new one.

    Args:
        file: ``hosts.yaml``; made if it is not there.
        hosts: entries whose names do not stand in it.
        remark: where they come from, for the comment above them.

    Raises:
        UsageError: the file cannot be written, or is not written in such a way that something can stand behind it.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _alone(file.parent):
            _replace(file, _with(file, hosts, remark))
    except OSError as exc:
        msg = f"cannot write {shown(file)}: {exc.strerror}"
        raise UsageError(msg) from exc


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder, or of two processes that add hosts at once one would undo what the other did."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _with(file: Path, hosts: Mapping[str, Mapping[str, Any]], remark: str) -> str:
    """The text of a file and hosts behind it, in the file's own kind of line ends."""
    try:
        old = file.read_bytes().decode() if file.is_file() else ""
        before = parse_yaml(old.removeprefix(_BOM)) or {}
    except (UnicodeDecodeError, NotYamlError) as exc:
        msg = f"{shown(file)} is not YAML any more: see getvpn-ops inventory check"
        raise UsageError(msg) from exc
    body = f"{old.rstrip()}\n\n" if before else old and f"{old.rstrip().removesuffix('{}').rstrip()}\n"
    words = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in " ".join(remark.split()))
    new = f"{body}# {words}\n{hosts_text(hosts)}"
    if "\r\n" in old:
        new = new.replace("\r\n", "\n").replace("\n", "\r\n")
    try:
        whole = parse_yaml(new.removeprefix(_BOM))
    except NotYamlError:
        whole = None
    if whole != {**before, **{name: dict(entry) for name, entry in hosts.items()}}:
        msg = f"{shown(file)} is written in such a way that nothing can be put behind it: paste the hosts yourself"
        raise UsageError(msg)
    return new


def _replace(file: Path, text: str) -> None:
    target = file.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".hosts.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as writer:
            writer.write(text)
            writer.flush()
            os.fsync(descriptor)
        Path(draft).chmod(mode)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
