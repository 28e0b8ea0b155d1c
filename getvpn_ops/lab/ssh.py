"""Routers on ports of 127.0.0.1, over real SSH."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh

from getvpn_ops.lab.terminal import Terminal

if TYPE_CHECKING:
    from asyncssh.auth import KbdIntChallenge, KbdIntResponse

    from getvpn_ops.lab.router import Router

HOST = "127.0.0.1"  # nothing of the lab listens elsewhere

_OLD = {
    # what a router of 12.4T speaks: SHA-1 key exchange, an RSA host key signed with SHA-1, CBC ciphers
    "kex_algs": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "encryption_algs": ["aes128-cbc", "3des-cbc", "aes192-cbc", "aes256-cbc"],
    "mac_algs": ["hmac-sha1"],
    "signature_algs": ["ssh-rsa"],
}
_RSA_BITS = 2048


class _Server(asyncssh.SSHServer):
    """Logs people in to one router."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._user = ""
        self._counted = False

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._counted:
            self._router.sessions -= 1

    def begin_auth(self, username: str) -> bool:
        self._user = username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def kbdint_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        account = self._router.accounts.get(username)
        return account is not None and account.password == password

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> KbdIntChallenge:
        del username, lang, submethods
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: KbdIntResponse) -> bool:
        return len(responses) == 1 and self.validate_password(username, responses[0])

    def session_requested(self) -> asyncssh.SSHServerSession[str] | bool:
        if self._router.sessions >= self._router.vtys:
            return False
        self._router.sessions += 1
        self._counted = True
        return _Session(self._router, self._router.accounts[self._user].privilege)


class _Session(asyncssh.SSHServerSession[str]):
    """Carries one terminal."""

    def __init__(self, router: Router, privilege: int) -> None:
        self._router = router
        self._privilege = privilege
        self._channel: asyncssh.SSHServerChannel[str] | None = None
        self._terminal: Terminal | None = None
        self._command: str | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[str]) -> None:
        self._channel = chan
        self._terminal = Terminal(self._router, chan.write, self._close, self._privilege)

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: object) -> bool:
        del term_type, term_modes
        if self._terminal is not None and term_size[1]:
            self._terminal.length = term_size[1]
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        if self._terminal is None:
            return
        if self._command is None:
            self._terminal.start()
        else:
            self._terminal.run(self._command)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._terminal is not None:
            self._terminal.stop()

    def data_received(self, data: str, datatype: int | None) -> None:
        del datatype
        if self._terminal is not None:
            self._terminal.feed(data)

    def eof_received(self) -> bool:
        return False

    def break_received(self, msec: int) -> bool:
        del msec
        return True

    def _close(self) -> None:
        if self._channel is not None:
            self._channel.exit(0)


async def serve(router: Router, port: int = 0) -> asyncssh.SSHAcceptor:
    """Put a router on a port of the loopback address.

    Args:
        router: the device.
        port: 0 takes a free one.

    Returns:
        The listening server; ``get_port()`` tells the port, ``close()`` ends it. The host key is made here, and lives
        as long as the server.
    """
    old = router.release == "12.4"
    if old:
        key = await asyncio.to_thread(asyncssh.generate_private_key, "ssh-rsa", key_size=_RSA_BITS)
    else:
        key = asyncssh.generate_private_key("ssh-ed25519")
    return await asyncssh.listen(
        HOST,
        port,
        server_factory=lambda: _Server(router),
        server_host_keys=[key],
        server_version="Cisco-1.25",
        line_editor=False,
        encoding="latin-1",
        **(_OLD if old else {}),
    )
