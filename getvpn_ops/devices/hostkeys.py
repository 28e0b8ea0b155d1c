"""The host keys that people have pinned: a ``known_hosts`` file of our own, in OpenSSH's format.

Strict: an unknown or changed key ends the connection before anything of the login is sent (``devices.session``). The
file is replaced as a whole, under a lock beside it, so a reader never sees half of it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import fnmatch
import hashlib
import hmac
import logging
import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.ssh.engine import LIBSSH, HostKey
from getvpn_ops.devices.ssh.opening import greet
from getvpn_ops.devices.terms import SessionError, Stop
from getvpn_ops.errors import UsageError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Entry", "HostKey", "KnownHosts", "scan"]

_LOG = logging.getLogger(__name__)
SSH_PORT = 22
_REVOKED = "@revoked"


def host_name(host: str, port: int) -> str:
    """A server's name in the file: ``host``, or ``[host]:port`` where the port is another than 22."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the file.

    Attributes:
        hosts: names and patterns; a hashed one as it stands.
        key: that they have.
        comment: the device's name, where this program wrote the line.
        revoked: whether the key must never be accepted.
    """

    hosts: tuple[str, ...]
    key: HostKey
    comment: str = ""
    revoked: bool = False

    def is_of(self, name: str) -> bool:
        """Whether a server of a name has this key; see ``host_name``."""
        if any(host.startswith("!") and fnmatch.fnmatchcase(name, _glob(host[1:])) for host in self.hosts):
            return False
        return any(
            _is_hash_of(host, name) if host.startswith("|1|") else fnmatch.fnmatchcase(name, _glob(host))
            for host in self.hosts
        )

    @property
    def text(self) -> str:
        """The line."""
        parts = [*([_REVOKED] if self.revoked else []), ",".join(self.hosts), self.key.text, self.comment]
        return " ".join(part for part in parts if part)


def _glob(pattern: str) -> str:
    """``*`` and ``?`` alone are special to OpenSSH; brackets are literal."""
    return pattern.lower().replace("[", "[[]")


def _is_hash_of(hashed: str, name: str) -> bool:
    with contextlib.suppress(ValueError, binascii.Error):
        _, _, salt, digest = hashed.split("|")
        made = hmac.digest(base64.b64decode(salt), name.encode(), hashlib.sha1)
        return hmac.compare_digest(made, base64.b64decode(digest))
    return False


class KnownHosts:
    """The pinned keys of one file. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is read when it is needed, and again when it has changed.

        Args:
            path: of the file; it need not exist.
        """
        self.path = path
        self._read: tuple[tuple[int, int, int], dict[str, tuple[Entry, ...]], tuple[Entry, ...]] | None = None

    def find(self, host: str, port: int = SSH_PORT) -> tuple[HostKey, ...]:
        """The keys that are pinned for a server; none if it is unknown."""
        return tuple(entry.key for entry in self._of(host_name(host, port)) if not entry.revoked)

    def is_revoked(self, host: str, port: int, key: HostKey) -> bool:
        """Whether a key is marked as one that must not be accepted from a server."""
        return any(entry.revoked and entry.key == key for entry in self._of(host_name(host, port)))

    def entries(self) -> tuple[Entry, ...]:
        """All lines that hold a key, in the file's order.

        Raises:
            UsageError: the file cannot be read.
        """
        try:
            return _entries(self.path.read_text(encoding="utf-8", errors="replace"), str(self.path))
        except FileNotFoundError:
            return ()
        except OSError as exc:
            raise self._unreadable(exc) from exc

    def must_be_readable(self) -> None:
        """Find out before devices are called; a file that is not there pins nothing, and is none of that.

        Raises:
            UsageError: the file cannot be read.
        """
        self._load()

    def _unreadable(self, exc: OSError) -> UsageError:
        return UsageError(f"the host keys in {self.path} cannot be read: {exc.strerror}")

    def pin(self, host: str, port: int, key: HostKey, comment: str = "") -> None:
        """Accept this key, and no other, from a server from now on.

        Args:
            host: name or address, as the inventory has it.
            port: of its SSH server.
            key: that someone has compared.
            comment: the device's name.
        """
        name = host_name(host, port)
        with self._changing() as lines:
            kept = [line for line in lines if not _drops(line, name)]
            lines[:] = [*kept, Entry((name,), key, " ".join(comment.split())).text]

    def remove(self, host: str, port: int = SSH_PORT) -> int:
        """Forget the keys of a server; returns how many lines went."""
        name = host_name(host, port)
        with self._changing() as lines:
            before = len(lines)
            lines[:] = [line for line in lines if not _drops(line, name)]
            return before - len(lines)

    def _of(self, name: str) -> list[Entry]:
        exact, patterns = self._load()
        return [*exact.get(name, ()), *(entry for entry in patterns if entry.is_of(name))]

    def _load(self) -> tuple[dict[str, tuple[Entry, ...]], tuple[Entry, ...]]:
        try:
            state = self.path.stat()
        except FileNotFoundError:
            return {}, ()
        except OSError as exc:
            raise self._unreadable(exc) from exc
        stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
        read = self._read
        if read is None or read[0] != stamp:
            exact: dict[str, tuple[Entry, ...]] = {}
            patterns = []
            for entry in self.entries():
                if any(mark in host for host in entry.hosts for mark in "*?!|"):
                    patterns.append(entry)
                else:
                    for host in entry.hosts:
                        exact[host.lower()] = (*exact.get(host.lower(), ()), entry)
            self._read = read = stamp, exact, tuple(patterns)
        return read[1], read[2]

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[str]]:
        """The lines of the file, alone; what is left of them is written as a whole."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lines = (
                self.path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
                if self.path.exists()
                else []
            )
            yield lines
            descriptor, new = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # 0600
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
                    file.write("".join(f"{line}\n" for line in lines))
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(new, self.path)  # noqa: PTH105 -- the temporary file is a name, not a path
            except BaseException:
                os.unlink(new)  # noqa: PTH108 -- likewise
                raise
        finally:
            os.close(lock)


def _drops(line: str, name: str) -> bool:
    """Whether a line is about one server only, the one of this name; lines with patterns are people's own."""
    entry = _entry(line)
    if entry is None or entry.revoked or len(entry.hosts) != 1:
        return False
    host = entry.hosts[0]
    return host.lower() == name or (host.startswith("|1|") and _is_hash_of(host, name))


def _entries(text: str, where: str) -> tuple[Entry, ...]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = _entry(line)
        if entry is not None:
            found.append(entry)
        elif line.strip() and not line.lstrip().startswith("#"):
            _LOG.warning("%s: line %d holds no host key and pins nothing", where, number)
    return tuple(found)


def _entry(line: str) -> Entry | None:
    """Read one line; None if it holds no key of a host."""
    words = line.split(maxsplit=4) if line.lstrip().startswith("@") else ["", *line.split(maxsplit=3)]
    if len(words) < 4 or words[1].startswith("#") or words[0] not in {"", _REVOKED}:  # noqa: PLR2004 -- mark, hosts, kind, key
        return None
    try:
        key = HostKey.from_blob(base64.b64decode(words[3], validate=True))
    except (ValueError, binascii.Error):
        return None
    if key.algorithm != words[2]:
        return None
    return Entry(tuple(words[1].split(",")), key, " ".join(words[4:]), revoked=bool(words[0]))


def scan(  # noqa: PLR0913 -- where a server is, and how to reach it
    host: str,
    port: int,
    stop: Stop,
    *,
    jump: str | None = None,
    engine: str = LIBSSH,
    connect_timeout: float = 10.0,
) -> HostKey:
    """Fetch a server's host key without logging in.

    The key is whoever's that answers: someone must compare it with what the device itself says
    (``show crypto key mypubkey rsa``, or on the console) before it is pinned.

    Raises:
        SessionError: the server cannot be reached, or is none.
    """
    opened = greet(host, port, stop, engine_name=engine, jump=jump, connect_timeout=connect_timeout)
    opened.engine.close()
    return opened.key


def verify(known: KnownHosts, device: str, host: str, port: int, key: HostKey) -> None:
    """Accept a server's key only if it is the one that is pinned.

    Raises:
        SessionError: HOST_KEY_UNKNOWN or HOST_KEY_CHANGED.
    """
    pinned = known.find(host, port)
    where = host_name(host, port)
    if known.is_revoked(host, port, key):
        raise SessionError(
            Trouble.HOST_KEY_CHANGED,
            f"{where} answers with a key that is marked as revoked in {known.path}: {key.algorithm} {key.fingerprint}",
            "do not log in there until someone knows why",
        )
    if key in pinned:
        return
    if not pinned:
        raise SessionError(
            Trouble.HOST_KEY_UNKNOWN,
            f"no host key is pinned for {where}; it answers with {key.algorithm} {key.fingerprint}",
            f"compare the fingerprint with the device's own, then `getvpn-ops hostkeys pin {device}`",
        )
    expected = ", ".join(f"{item.algorithm} {item.fingerprint}" for item in pinned)
    raise SessionError(
        Trouble.HOST_KEY_CHANGED,
        f"{where} answers with another host key: pinned is {expected}, it shows {key.algorithm} {key.fingerprint}; "
        "nothing was sent to it",
        "find out why: a new key on the device, another device at that address, or someone in between; if it is the "
        f"device, `getvpn-ops hostkeys rotate {device}`",
    )
