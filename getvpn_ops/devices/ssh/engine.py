"""What a session needs of an SSH library, whichever it is."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from getvpn_ops.devices.terms import SessionError
from getvpn_ops.model.capture import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from getvpn_ops.devices.ssh.keyfile import PrivateKey
    from getvpn_ops.devices.ssh.wire import Wire
    from getvpn_ops.devices.terms import Stop

LIBSSH = "libssh"
PARAMIKO = "paramiko"
ENGINES = (LIBSSH, PARAMIKO)
"""Names that ``ssh.engine`` may have, the default first."""

TERMINAL = "vt100"
WIDTH = 511


@dataclass(frozen=True, slots=True)
class HostKey:
    """The public key by which a server is known.

    Attributes:
        algorithm: of the key, not of a signature: ``ssh-rsa``, ``ssh-ed25519``, ``ecdsa-sha2-nistp256``.
        blob: the key as it goes over the wire (RFC 4253, 6.6).
    """

    algorithm: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As OpenSSH shows it: ``SHA256:`` and 43 characters."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def text(self) -> str:
        """Algorithm and key as in ``known_hosts``."""
        return f"{self.algorithm} {base64.b64encode(self.blob).decode()}"

    @classmethod
    def from_blob(cls, blob: bytes) -> HostKey:
        """Read a key that names its algorithm itself, as all do.

        Raises:
            ValueError: it is no key.
        """
        length = int.from_bytes(blob[:4], "big")
        name = blob[4 : 4 + length]
        if not 1 <= length <= 64 or len(name) < length or not name.isascii():  # noqa: PLR2004 -- RFC 4250, 4.6.1
            raise ValueError("not a public key")
        return cls(name.decode(), blob)


class LostError(Exception):
    """The stream ended or broke; says what the library says."""


class UnmatchedError(Exception):
    """Client and server have no algorithm in common, or the key exchange failed."""


class NotSshError(Exception):
    """What answers does not speak SSH 2."""


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What one side of a connection can, as in its KEXINIT.

    Attributes:
        kex: key exchange methods.
        host_keys: signatures of host keys.
        ciphers: from client to server.
        macs: from client to server.
    """

    kex: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]


class Engine(Protocol):
    """One connection: a wire, a key exchange, a login, a shell. Belongs to one thread at a time.

    Every call ends when its stop does. All raise ``LostError`` if the stream ends and ``SessionError`` for the stop.
    """

    @property
    def name(self) -> str:
        """Library and version, such as ``libssh 0.11.3 (ssh-python 1.2.0)``."""
        ...

    def can(self) -> Algorithms:
        """What the library offers to a server."""
        ...

    def start(self, known: Sequence[str], stop: Stop) -> HostKey:
        """Greet, exchange keys, and tell the server's host key; nothing of the login has been sent then.

        Args:
            known: algorithms of the keys that are pinned for this server; asked for before others.
            stop: when to give up.

        Raises:
            UnmatchedError: no algorithm in common.
            NotSshError: what answers is no SSH server.
        """
        ...

    def methods(self, username: str, stop: Stop) -> tuple[str, ...] | None:
        """Names of the login methods that the server takes; None if it took the name alone."""
        ...

    def login_by_agent(self, username: str, stop: Stop) -> bool:
        """Offer the keys of the SSH agent; whether the server took one."""
        ...

    def login_by_key(self, username: str, key: PrivateKey, stop: Stop) -> bool:
        """Offer one key; whether the server took it."""
        ...

    def login_by_password(self, username: str, password: str, stop: Stop) -> bool:
        """Send a password, once; whether the server took it."""
        ...

    def login_by_dialog(self, username: str, answer: Callable[[Sequence[str]], list[str] | None], stop: Stop) -> bool:
        """Log in by ``keyboard-interactive``.

        Args:
            username: of the account.
            answer: gets the server's questions, gives the answers; None ends the connection instead.
            stop: when to give up.
        """
        ...

    def shell(self, stop: Stop) -> None:
        """Open the one shell, on a terminal."""
        ...

    def read(self, stop: Stop, seconds: float) -> bytes | None:
        """What the shell shows next; empty if it has ended, None if nothing came for so many seconds."""
        ...

    def write(self, data: bytes, stop: Stop) -> None:
        """Type."""
        ...

    def alive(self) -> bool:
        """Whether the connection still stands, as far as this side knows."""
        ...

    def hang_up(self) -> None:
        """End the stream under the connection: who waits for it wakes with ``LostError``. Safe from any thread."""
        ...

    def close(self) -> None:
        """End the connection and free all of it; never raises, never waits."""
        ...


def engine(name: str) -> Callable[[Wire], Engine]:
    """The way to put a library on a wire.

    Args:
        name: one of ``ENGINES``.

    Raises:
        SessionError: SETUP, there is no such engine or it is not installed. There is no fallback: another library may
            offer other algorithms, and would hide that this one is broken.
    """
    if name not in ENGINES:
        raise SessionError(
            Trouble.SETUP, f"no SSH engine is called {name!r}", f"set `ssh.engine` to one of {', '.join(ENGINES)}"
        )
    try:  # here, and not at the top: a broken wheel breaks only those who chose it
        if name == LIBSSH:
            from getvpn_ops.devices.ssh.over_libssh import Libssh  # noqa: PLC0415

            return Libssh
        from getvpn_ops.devices.ssh.over_paramiko import Paramiko  # noqa: PLC0415
    except ImportError as exc:
        package, other = ("ssh-python", PARAMIKO) if name == LIBSSH else ("paramiko", LIBSSH)
        raise SessionError(
            Trouble.SETUP,
            f"the SSH engine {name!r} cannot be loaded: {exc}",
            f"install it with `pip install {package}`, or set `ssh.engine: {other}`",
        ) from exc
    return Paramiko
