"""Routers on ports of 127.0.0.1, over real SSH."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import TYPE_CHECKING, Any

import asyncssh

from getvpn_ops.lab.ios.session.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import ThreadPoolExecutor

    from asyncssh.auth import KbdIntChallenge, KbdIntResponse

    from getvpn_ops.lab.ios.releases import Release
    from getvpn_ops.lab.ios.router import Router

_LOG = logging.getLogger(__name__)
HOST = "127.0.0.1"  # nothing of the lab listens elsewhere

_OLD = {
    # what a router of 12.4T speaks: SHA-1 key exchange, an RSA host key signed with SHA-1, CBC ciphers
    "kex_algs": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "encryption_algs": ["aes128-cbc", "3des-cbc", "aes192-cbc", "aes256-cbc"],
    "mac_algs": ["hmac-sha1"],
    "signature_algs": ["ssh-rsa"],
}
_NEW: dict[str, Any] = {}
_RSA_BITS = 2048
_OLD_FAMILY = "12.4"
_TRIES = 3  # passwords before a router closes, as ``ip ssh authentication-retries`` has it by default


class _Server(asyncssh.SSHServer):
    """Logs people in to one router."""

    def __init__(self, router: Router, work: ThreadPoolExecutor) -> None:
        self._router = router
        self._executor = work
        self._user = ""
        self._privilege = 1
        self._connection: asyncssh.SSHServerConnection | None = None
        self._line: int | None = None
        self._used = False
        self._failures = 0

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._line = self._router.take_line()
        if self._line is None:  # a router without a free line closes at once
            self._router.told("session", "refused: no line is free")
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._line is not None:
            self._router.free_line(self._line)

    def begin_auth(self, username: str) -> bool:
        self._user = username
        if self._connection is not None and (banner := self._router.running.banner("login")):
            self._connection.send_auth_banner(f"{banner.strip()}\r\n".replace("\n", "\r\n"))
        return True

    def password_auth_supported(self) -> bool:
        return True

    def kbdint_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return self._router.release.family != _OLD_FAMILY  # since 15.0

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        if not self._router.accepts_key(username, key.export_public_key().decode().split()[1]):
            return False
        self._privilege = self._router.privilege_of(username)
        return True

    def validate_password(self, username: str, password: str) -> bool:
        privilege = self._router.authenticate(username, password)
        self._privilege = privilege if privilege is not None else 1
        if privilege is not None:
            self._router.log_login(username)
            return True
        self._router.told("session", "a login was refused")
        self._router.log_login(username, failed=True)
        self._failures += 1
        if self._failures >= _TRIES and self._connection is not None:
            asyncio.get_running_loop().call_soon(self._connection.close)
        return False

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> KbdIntChallenge:
        del username, lang, submethods
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: KbdIntResponse) -> bool:
        return len(responses) == 1 and self.validate_password(username, responses[0])

    def session_requested(self) -> asyncssh.SSHServerSession[str] | bool:
        if self._connection is None or self._line is None or self._used:
            return False  # one session is all that a connection carries
        self._used = True
        return _Session(self._router, self._user, self._privilege, self._line, self._connection, self._executor)


class _Session(asyncssh.SSHServerSession[str]):
    """Carries one terminal."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what a session is made of
        self,
        router: Router,
        user: str,
        privilege: int,
        line: int,
        connection: asyncssh.SSHServerConnection,
        executor: ThreadPoolExecutor,
    ) -> None:
        self._connection = connection
        self._executor = executor
        self._channel: asyncssh.SSHServerChannel[str] | None = None
        self._command: str | None = None
        self._unsent: list[str] = []
        self._terminal = Terminal(
            router,
            self._write,
            self._close,
            privilege,
            user=user,
            drop=self._drop,
            work=self._work,
            sleep=self._sleep,
        )
        self._terminal.line = line
        self._router = router
        router.sessions.append(self._terminal)
        router.told("session", f"{user} is on vty{line}")

    def connection_made(self, chan: asyncssh.SSHServerChannel[str]) -> None:
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: object) -> bool:
        del term_type, term_modes
        self._terminal.resize(term_size[0], term_size[1])
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        del pixwidth, pixheight
        self._terminal.resize(width, height)

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        with self._watched():
            if self._command is None:
                self._terminal.start()
            else:
                self._terminal.run(self._command)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._terminal.stop()
        self._router.told("session", f"{self._terminal.user} has left vty{self._terminal.line}")

    def data_received(self, data: str, datatype: int | None) -> None:
        del datatype
        with self._watched():
            self._terminal.feed(data)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """A defect of the lab breaks the session, and is told: it must not pass for a fault of a router."""
        try:
            yield
        except Exception:  # noqa: BLE001 -- whatever it is
            _LOG.exception("a defect of the lab, on %s", self._router.configured_name)
            self._router.told("defect", "the lab failed; see what its process said")
            self._drop()

    def eof_received(self) -> bool:
        return False

    def break_received(self, msec: int) -> bool:
        del msec
        return True

    def _write(self, text: str) -> None:
        """Keep text until all keys that came together are answered: one packet instead of one a character."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(text)

    def _flush(self) -> None:
        if self._unsent and self._channel is not None and not self._channel.is_closing():
            self._channel.write("".join(self._unsent))
        self._unsent.clear()

    def _drop(self) -> None:
        """The connection breaks; what was shown before it broke has been sent."""
        self._flush()
        self._connection.abort()

    def _close(self) -> None:
        """The session ends; a router ends the connection with it."""
        self._flush()
        if self._channel is not None:
            self._channel.exit(0)
        asyncio.get_running_loop().call_later(0.2, self._connection.close)

    def _work(self, task: Callable[[], Any], done: Callable[[Any], None]) -> None:
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, task)
        future.add_done_callback(lambda result: done(result.result()))

    def _sleep(self, seconds: float, done: Callable[[], None]) -> None:
        if math.isfinite(seconds):
            asyncio.get_running_loop().call_later(seconds, done)


def host_key(release: Release) -> asyncssh.SSHKey:
    """A new host key of the sort that routers of a release have."""
    if release.family == _OLD_FAMILY:
        return asyncssh.generate_private_key("ssh-rsa", key_size=_RSA_BITS)
    return asyncssh.generate_private_key("ssh-ed25519")


async def serve(
    router: Callable[[], Router],
    key: asyncssh.SSHKey,
    release: Release,
    *,
    port: int = 0,
    executor: ThreadPoolExecutor,
) -> asyncssh.SSHAcceptor:
    """Put a router on a port of the loopback address.

    Args:
        router: gives the device that answers; asked at each connection.
        key: host key of the port.
        release: chooses the algorithms.
        port: 0 takes a free one.
        executor: where a router does what takes its processor long.

    Returns:
        The listening server; ``get_port()`` tells the port, ``close()`` ends it.
    """
    old = release.family == _OLD_FAMILY
    return await asyncssh.listen(
        HOST,
        port,
        server_factory=lambda: _Server(router(), executor),
        server_host_keys=[key],
        server_version="Cisco-1.25",
        line_editor=False,
        encoding="latin-1",
        **(_OLD if old else _NEW),
    )
