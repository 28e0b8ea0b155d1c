"""The engine over paramiko, 4 or 5: for hosts where the C library is not wanted.

Paramiko runs a thread of its own for each connection, and several of its calls wait without bound: a guard shuts the
wire when the stop ends. Version 5 knows no SHA-1 and so no router of 12.4; version 4 does.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from typing import TYPE_CHECKING

import paramiko
from paramiko.agent import AgentSSH
from paramiko.auth_handler import AuthHandler

from getvpn_ops.devices.ssh.agent import Agent, AgentGoneError
from getvpn_ops.devices.ssh.engine import TERMINAL, WIDTH, Algorithms, HostKey, LostError, NotSshError, UnmatchedError
from getvpn_ops.devices.ssh.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from getvpn_ops.devices.ssh.keyfile import PrivateKey
    from getvpn_ops.devices.ssh.wire import Wire
    from getvpn_ops.devices.terms import Stop

_CHUNK = 65536
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}
_KINDS: dict[str, type[paramiko.RSAKey | paramiko.ECDSAKey | paramiko.Ed25519Key]] = {
    "rsa": paramiko.RSAKey,
    "ecdsa": paramiko.ECDSAKey,
    "ed25519": paramiko.Ed25519Key,
}
_LATE = 3600.0  # paramiko's own limits, put out of the way of the stop
_LOST = (EOFError, OSError, paramiko.SSHException)

_LOG = "getvpn_ops.devices.ssh.paramiko"


class Paramiko:
    """See ``Engine``."""

    def __init__(self, wire: Wire) -> None:
        """Make a transport; nothing is sent."""
        self.name = f"paramiko {paramiko.__version__}"
        self._wire = wire
        self._transport = paramiko.Transport(wire.sock)
        logging.getLogger(_LOG).setLevel(logging.CRITICAL)  # it logs a traceback for each refusal; we give the reason
        self._transport.set_log_channel(_LOG)
        self._transport.banner_timeout = self._transport.handshake_timeout = self._transport.auth_timeout = _LATE
        self._channel: paramiko.Channel | None = None
        self._attempts: _Attempts | None = None

    def can(self) -> Algorithms:
        """See ``Engine``."""
        options = self._transport.get_security_options()
        return Algorithms(tuple(options.kex), tuple(options.key_types), tuple(options.ciphers), tuple(options.digests))

    def start(self, known: Sequence[str], stop: Stop) -> HostKey:
        """See ``Engine``."""
        options = self._transport.get_security_options()
        first = [name for key in known for name in _SIGNATURES.get(key, (key,)) if name in options.key_types]
        options.key_types = tuple(dict.fromkeys([*first, *options.key_types]))
        with guarded(self._wire, stop):
            try:
                self._transport.start_client(timeout=_LATE)
                key = self._transport.get_remote_server_key()
            except paramiko.ssh_exception.IncompatiblePeer as exc:
                raise UnmatchedError(str(exc)) from exc
            except _LOST as exc:
                raise LostError(_words(exc)) from exc
        try:
            return HostKey.from_blob(key.asbytes())
        except ValueError as exc:
            raise NotSshError("its host key is malformed") from exc

    def methods(self, username: str, stop: Stop) -> tuple[str, ...] | None:
        """See ``Engine``."""
        try:
            taken = self._login(stop, lambda attempts, event: attempts.auth_none(username, event))
        except paramiko.BadAuthenticationType as exc:
            return tuple(exc.allowed_types)
        return None if taken else ()

    def login_by_agent(self, username: str, stop: Stop) -> bool:
        """See ``Engine``."""
        with Agent.connected(stop) as agent:
            try:
                keys = _Bounded(agent).get_keys()
                return any(self._by_key(username, key, stop) for key in keys)
            except paramiko.SSHException as exc:
                raise AgentGoneError(str(exc)) from exc

    def login_by_key(self, username: str, key: PrivateKey, stop: Stop) -> bool:
        """See ``Engine``."""
        return self._by_key(username, _KINDS[key.form].from_private_key(io.StringIO(key.text)), stop)

    def _by_key(self, username: str, key: paramiko.PKey, stop: Stop) -> bool:
        return self._login(stop, lambda attempts, event: attempts.auth_publickey(username, key, event))

    def login_by_password(self, username: str, password: str, stop: Stop) -> bool:
        """See ``Engine``."""
        return self._login(stop, lambda attempts, event: attempts.auth_password(username, password, event))

    def login_by_dialog(self, username: str, answer: Callable[[Sequence[str]], list[str] | None], stop: Stop) -> bool:
        """See ``Engine``."""

        def respond(_title: str, _instructions: str, prompts: Sequence[tuple[str, bool]]) -> list[str]:
            given = answer([prompt for prompt, _ in prompts])
            if given is None:
                self._wire.shutdown()
            return given or [""] * len(prompts)

        return self._login(stop, lambda attempts, event: attempts.auth_interactive(username, respond, event))

    def _login(self, stop: Stop, begin: Callable[[_Attempts, threading.Event], object]) -> bool:
        """One attempt. A method that is not offered is no refusal, and no loss."""
        if self._attempts is None:
            self._transport.auth_handler = self._attempts = _Attempts(self._transport)
        event = threading.Event()
        with guarded(self._wire, stop):
            try:
                begin(self._attempts, event)
                self._attempts.wait_for_response(event)
            except paramiko.BadAuthenticationType:
                raise
            except paramiko.AuthenticationException as exc:
                if not self._transport.is_active():
                    raise LostError(_words(exc)) from exc
                return False
            except _LOST as exc:
                raise LostError(_words(exc)) from exc
            finally:
                self._attempts.password = None
        return bool(self._transport.is_authenticated())

    def shell(self, stop: Stop) -> None:
        """See ``Engine``."""
        with guarded(self._wire, stop):
            try:
                self._channel = self._transport.open_session(timeout=_LATE)
                self._channel.get_pty(TERMINAL, width=WIDTH)
                self._channel.invoke_shell()
                self._channel.settimeout(0)
            except _LOST as exc:
                raise LostError(_words(exc)) from exc

    def read(self, stop: Stop, seconds: float) -> bytes | None:
        """See ``Engine``."""
        if self._channel is None:
            raise LostError("the connection is closed")
        if not stop.wait(self._channel.fileno(), seconds=seconds):
            return None
        try:
            data = self._channel.recv(_CHUNK)
        except TimeoutError:
            return None
        if not data and (error := self._transport.get_exception()) is not None:
            raise LostError(_words(error))
        return data

    def write(self, data: bytes, stop: Stop) -> None:
        """See ``Engine``."""
        if self._channel is None:
            raise LostError("the connection is closed")
        self._channel.settimeout(min(stop.remaining(), _LATE))
        try:
            self._channel.sendall(data)
        except TimeoutError:
            stop.check()
            raise LostError("the device takes no more keys") from None
        except OSError as exc:
            raise LostError(_words(exc)) from exc
        finally:
            self._channel.settimeout(0)

    def alive(self) -> bool:
        """See ``Engine``."""
        return self._channel is not None and not self._channel.closed and self._transport.is_active()

    def hang_up(self) -> None:
        """See ``Engine``."""
        self._wire.shutdown()

    def close(self) -> None:
        """See ``Engine``."""
        self._wire.shutdown()
        with contextlib.suppress(Exception):
            self._transport.close()
        with contextlib.suppress(Exception):
            if self._channel is not None:
                self._channel.close()  # a pipe of its own, which wakes us
        with contextlib.suppress(Exception):
            self._transport.packetizer.complete_handshake()  # else its timer's thread lives on after a failure
        self._wire.release()


class _Attempts(AuthHandler):
    """Paramiko's login, but it asks for the login service once, not before every attempt: servers refuse that."""

    def __init__(self, transport: paramiko.Transport) -> None:
        super().__init__(transport)
        self._accepted = False

    def _request_auth(self) -> None:
        if not self._accepted:
            super()._request_auth()  # type: ignore[misc]
            return
        again = paramiko.Message()
        again.add_string("ssh-userauth")
        again.rewind()
        super()._parse_service_accept(again)  # type: ignore[misc]

    def _parse_service_accept(self, message: paramiko.Message) -> None:
        self._accepted = True
        super()._parse_service_accept(message)  # type: ignore[misc]


class _Bounded(AgentSSH):
    """Paramiko's agent client over a connection that keeps to a stop."""

    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self._pending = b""
        self._agent = agent
        self._connect(self)  # type: ignore[attr-defined]

    def send(self, message: bytes) -> int:
        """Ask; the answer waits for ``recv``."""
        self._pending = self._agent.ask(message)
        return len(message)

    def recv(self, size: int) -> bytes:
        """The next bytes of the answer."""
        piece, self._pending = self._pending[:size], self._pending[size:]
        return piece


def _words(exc: BaseException) -> str:
    return str(exc) or type(exc).__name__
