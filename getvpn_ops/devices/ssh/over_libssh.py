"""The engine over libssh (ssh-python): the default."""

from __future__ import annotations

import base64
import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

import ssh
from ssh import options
from ssh.exceptions import (
    EOF,
    AuthenticationDenied,
    AuthenticationPartial,
    BaseSSHError,
)
from ssh.key import import_privkey_base64
from ssh.session import SSH_AUTH_AGAIN, SSH_AUTH_INFO, SSH_AUTH_SUCCESS, SSH_WRITE_PENDING, Session

from getvpn_ops.devices.ssh.agent import Agent, relayed
from getvpn_ops.devices.ssh.engine import TERMINAL, WIDTH, Algorithms, HostKey, LostError, NotSshError, UnmatchedError
from getvpn_ops.devices.ssh.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssh.channel import Channel

    from getvpn_ops.devices.ssh.keyfile import PrivateKey
    from getvpn_ops.devices.ssh.wire import Wire
    from getvpn_ops.devices.terms import Stop

_CHUNK = 65536
_KEX = (
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group1-sha1",
)
_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
)
_CIPHERS = (  # AES-GCM is left out: CVE-2026-59847 of libssh before 0.12.1
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
    "chacha20-poly1305@openssh.com",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
    "3des-cbc",
)
_MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha1",
)
_ALGORITHMS = Algorithms(_KEX, _KEYS, _CIPHERS, _MACS)
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}
_AGAIN = -2
_METHODS = {2: "password", 4: "publickey", 8: "hostbased", 16: "keyboard-interactive"}  # as SSH_AUTH_METHOD_*
_UNMATCHED = ("no match for method", "kex error")
_FOREVER = float("inf")


class Libssh:
    """See ``Engine``. The session is non-blocking; all waiting is done on the wire, by the stop.

    Libssh closes the descriptor that it is given, when it pleases; so it gets one of its own, and ours is never closed
    under a number that may be another session's by then.
    """

    def __init__(self, wire: Wire) -> None:
        """Make a session; nothing is sent, and no file of the user's own SSH is read."""
        self._wire: Wire | None = wire
        self._session: Session | None = Session()
        self._channel: Channel | None = None
        session = self._session
        session.options_set_int_val(options.PROCESS_CONFIG, 0)
        session.options_set(options.KNOWNHOSTS, os.devnull)
        session.options_set(options.GLOBAL_KNOWNHOSTS, os.devnull)
        for option, names in (
            (options.KEY_EXCHANGE, _KEX),
            (options.HOSTKEYS, _KEYS),
            (options.PUBLICKEY_ACCEPTED_TYPES, _KEYS),
            (options.CIPHERS_C_S, _CIPHERS),
            (options.CIPHERS_S_C, _CIPHERS),
            (options.HMAC_C_S, _MACS),
            (options.HMAC_S_C, _MACS),
            (options.COMPRESSION_C_S, ("none",)),
            (options.COMPRESSION_S_C, ("none",)),
        ):
            session.options_set(option, ",".join(names))
        session.set_blocking(0)
        self._version = ""

    @property
    def name(self) -> str:
        """See ``Engine``."""
        return f"libssh{self._version} (ssh-python {ssh.__version__})"

    @property
    def _open(self) -> Session:
        if self._session is None:
            raise LostError("the connection is closed")
        return self._session

    @property
    def _line(self) -> Wire:
        if self._wire is None:
            raise LostError("the connection is closed")
        return self._wire

    def can(self) -> Algorithms:
        """See ``Engine``."""
        return _ALGORITHMS

    # -- waiting

    def _wait(self, stop: Stop, seconds: float = _FOREVER) -> bool:
        write = bool(self._open.get_poll_flags() & SSH_WRITE_PENDING)
        return stop.wait(self._line.fileno(), write=write, seconds=seconds)

    def _do(self, stop: Stop, again: int, call: Callable[..., Any], *given: object) -> Any:  # noqa: ANN401 -- as the library's calls
        """Call until it no longer says "again"."""
        while True:
            try:
                result = call(*given)
            except (AuthenticationDenied, AuthenticationPartial):
                raise
            except BaseSSHError as exc:
                raise LostError(_words(exc)) from exc
            if result != again:
                return result
            self._wait(stop)

    # -- opening

    def start(self, known: Sequence[str], stop: Stop) -> HostKey:
        """See ``Engine``."""
        session = self._open
        if known:
            first = [name for key in known for name in _SIGNATURES.get(key, (key,)) if name in _KEYS]
            session.options_set(options.HOSTKEYS, ",".join(dict.fromkeys([*first, *_KEYS])))
        session.set_socket(os.dup(self._line.fileno()))
        try:
            self._do(stop, _AGAIN, session.connect)
        except LostError as exc:
            if any(words in str(exc) for words in _UNMATCHED):
                raise UnmatchedError(str(exc)) from exc
            raise
        self._version = " " + (session.get_clientbanner() or b"").decode("ascii", "replace").rpartition("_")[2]
        try:
            return HostKey.from_blob(base64.b64decode(session.get_server_publickey().export_pubkey_base64()))
        except (BaseSSHError, ValueError) as exc:
            raise NotSshError("its host key is malformed") from exc

    def methods(self, username: str, stop: Stop) -> tuple[str, ...] | None:
        """See ``Engine``."""
        session = self._open
        session.options_set(options.USER, username)
        if self._login(stop, session.userauth_none):
            return None
        offered = session.userauth_list()
        return tuple(name for bit, name in _METHODS.items() if offered & bit)

    def login_by_agent(self, username: str, stop: Stop) -> bool:
        """See ``Engine``.

        The library's agent client blocks without bound, so it speaks to a relay of ours, which keeps to the stop.
        """
        with Agent.connected(stop) as agent:
            agent.keys()  # an agent that has none to show is said to be gone, and not that it was refused
            with relayed(agent) as descriptor, guarded(self._line, stop):
                self._open.set_agent_socket(os.dup(descriptor))
                taken = self._login(stop, self._open.userauth_agent, username)
                if not taken:
                    stop.check()  # an agent that did not answer in time looks like one whose keys were refused
                return taken

    def login_by_key(self, username: str, key: PrivateKey, stop: Stop) -> bool:
        """See ``Engine``."""
        del username  # told before
        made = import_privkey_base64(key.text.encode())
        return self._login(stop, self._open.userauth_publickey, made)

    def login_by_password(self, username: str, password: str, stop: Stop) -> bool:
        """See ``Engine``."""
        return self._login(stop, self._open.userauth_password, username, password)

    def login_by_dialog(self, username: str, answer: Callable[[Sequence[str]], list[str] | None], stop: Stop) -> bool:
        """See ``Engine``."""
        session = self._open
        while True:
            try:
                result = self._do(stop, SSH_AUTH_AGAIN, session.userauth_kbdint, username, "")
            except (AuthenticationDenied, AuthenticationPartial):
                return False
            if result != SSH_AUTH_INFO:
                return bool(result == SSH_AUTH_SUCCESS)
            # two bytes: the binding writes to the buffer, and a single byte is one object in the whole interpreter
            prompts = [
                session.userauth_kbdint_getprompt(number, bytes(2)).decode("utf-8", "replace")
                for number in range(session.userauth_kbdint_getnprompts())
            ]
            given = answer(prompts)
            if given is None:
                self._line.shutdown()
                raise LostError("the dialog was ended")
            for number, text in enumerate(given):
                session.userauth_kbdint_setanswer(number, text.encode())

    def _login(self, stop: Stop, call: Callable[..., int], *given: object) -> bool:
        try:
            return bool(self._do(stop, SSH_AUTH_AGAIN, call, *given) == SSH_AUTH_SUCCESS)
        except (AuthenticationDenied, AuthenticationPartial):
            return False

    def shell(self, stop: Stop) -> None:
        """See ``Engine``."""
        channel = self._channel = self._open.channel_new()
        self._do(stop, _AGAIN, channel.open_session)
        self._do(stop, _AGAIN, channel.request_pty_size, TERMINAL, WIDTH, 0)
        self._do(stop, _AGAIN, channel.request_shell)

    # -- the shell

    def read(self, stop: Stop, seconds: float) -> bytes | None:
        """See ``Engine``."""
        if self._channel is None:
            raise LostError("the connection is closed")
        until = time.monotonic() + seconds
        while True:
            try:
                size, data = self._channel.read_nonblocking(_CHUNK)
            except EOF:
                return b""
            except BaseSSHError as exc:
                raise LostError(_words(exc)) from exc
            if size > 0:
                return bytes(data)
            if self._channel.is_eof() or self._channel.is_closed():
                return b""
            if seconds <= 0:  # the library has just looked at the wire
                stop.check()
                return None
            if not self._wait(stop, max(0.0, until - time.monotonic())):
                return None

    def write(self, data: bytes, stop: Stop) -> None:
        """See ``Engine``."""
        if self._channel is None:
            raise LostError("the connection is closed")
        while data:
            try:
                _, written = self._channel.write(data)
            except (BaseSSHError, TypeError) as exc:
                raise LostError(_words(exc)) from exc
            data = data[written:]
            if data:  # else what the library still holds goes out with the next read
                self._wait(stop)

    def alive(self) -> bool:
        """See ``Engine``."""
        return self._channel is not None and self._channel.is_open() and self._open.is_connected()

    def hang_up(self) -> None:
        """See ``Engine``."""
        wire = self._wire
        if wire is not None:
            wire.shutdown()

    def close(self) -> None:
        """See ``Engine``. The wire is shut first: what the library still wants to send then fails at once."""
        wire, self._wire = self._wire, None
        if wire is not None:
            with contextlib.suppress(Exception):
                if self._channel is not None and self._channel.is_open():
                    self._channel.close()
            wire.shutdown()
        self._channel = None
        self._session = None


def _words(exc: Exception) -> str:
    parts = [part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in exc.args]
    return " ".join(part for part in parts if part != "-1") or type(exc).__name__
