"""SSH servers that say what a test tells them to, for what no router of the lab does; and sessions of ours."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncssh
from pydantic import SecretStr

from getvpn_ops.devices.hostkeys import KnownHosts, scan
from getvpn_ops.devices.session import Session, Target
from getvpn_ops.devices.terms import Login, SessionError, Stop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from asyncssh.auth import KbdIntChallenge, KbdIntResponse

HOST = "127.0.0.1"
PASSWORD = "pass-1"  # noqa: S105 -- of simulated routers
ENABLE = "enable-1"
LOGIN = Login("ops", SecretStr(PASSWORD), SecretStr(ENABLE))
ENGINES = ("libssh", "paramiko")


def target(port: int, folder: Path, engine: str = "libssh", *, pin: bool = True, **more: object) -> Target:
    """A device on a port of this machine, its host key pinned unless told otherwise."""
    known = KnownHosts(folder / "known_hosts")
    if pin:
        known.pin(HOST, port, scan(HOST, port, Stop(20)))
    return Target(device="r1", host=HOST, port=port, engine=engine, known_hosts=known, **more)  # type: ignore[arg-type]


def trouble(made: Target, login: Login = LOGIN, seconds: float = 30, show: Sequence[str] = ()) -> SessionError:
    """The error that ends a session; fails if none does."""
    try:
        with Session.open(made, login, Stop(seconds)) as session:
            for command in show:
                session.show(command)
    except SessionError as error:
        return error
    raise AssertionError("nothing went wrong")


@dataclass
class Script:
    """What a scripted server does.

    Attributes:
        act: gets the channel's streams once a shell is open; the session ends with it.
        methods: of login that are offered.
        questions: of keyboard-interactive, one round each; the password is right for all.
        accept: whether a right password logs in.
        logins: attempts so far: ``(method, right)``.
    """

    act: Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]]
    methods: tuple[str, ...] = ("password",)
    questions: tuple[tuple[str, ...], ...] = (("Password: ",),)
    accept: bool = True
    logins: list[tuple[str, bool]] = field(default_factory=list)


class _Scripted(asyncssh.SSHServer):
    def __init__(self, script: Script) -> None:
        self._script = script
        self._round = 0
        self._right = False

    def password_auth_supported(self) -> bool:
        return "password" in self._script.methods

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self._script.methods

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self._script.methods

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        del username, key
        return False

    def validate_password(self, username: str, password: str) -> bool:
        del username
        self._script.logins.append(("password", password == PASSWORD))
        return self._script.accept and password == PASSWORD

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> KbdIntChallenge:
        del username, lang, submethods
        self._round = 1
        return "", "", "", [(question, False) for question in self._script.questions[0]]

    def validate_kbdint_response(self, username: str, responses: KbdIntResponse) -> bool | KbdIntChallenge:
        del username
        self._right = self._right or list(responses) == [PASSWORD]
        self._script.logins.append(("keyboard-interactive", self._right))
        if self._round < len(self._script.questions):
            self._round += 1
            return "", "", "", [(question, False) for question in self._script.questions[self._round - 1]]
        return self._script.accept and self._right


@contextlib.contextmanager
def scripted(loop: asyncio.AbstractEventLoop, script: Script, **options: object) -> Iterator[int]:
    """A server on a port of its own; gives the port."""

    async def act(process: asyncssh.SSHServerProcess[bytes]) -> None:
        with contextlib.suppress(asyncssh.Error, BrokenPipeError, ConnectionError):
            await script.act(process)
        process.exit(0)

    async def begin() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            HOST, 0, server_factory=lambda: _Scripted(script), process_factory=act, encoding=None, line_editor=False,
            **{"server_host_keys": [asyncssh.generate_private_key("ssh-ed25519")], **options},
        )  # fmt: skip

    async def end(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
    try:
        yield server.get_port()
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(20)


async def line(process: asyncssh.SSHServerProcess[bytes]) -> bytes:
    """The next line that is typed, echoed as a router would."""
    typed = b""
    while not typed.endswith((b"\r", b"\n")):
        key = await process.stdin.read(1)
        if not key:
            raise BrokenPipeError
        typed += key
        process.stdout.write(b"\r\n" if key in b"\r\n" else key)
    return typed[:-1]


def router(
    *answers: Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]] | bytes, prompt: bytes = b"R1#"
) -> Callable[[asyncssh.SSHServerProcess[bytes]], Awaitable[None]]:
    """A router that takes the two lines of preparation, then answers one command after another."""

    async def act(process: asyncssh.SSHServerProcess[bytes]) -> None:
        process.stdout.write(b"\r\n" + prompt)
        for _ in range(2):
            await line(process)
            process.stdout.write(prompt)
        for answer in answers:
            await line(process)
            if isinstance(answer, bytes):
                process.stdout.write(answer)
            else:
                await answer(process)
            process.stdout.write(prompt)
        while True:
            await line(process)
            process.stdout.write(prompt)

    return act


@contextlib.contextmanager
def plain(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that is no SSH server; gives its port."""
    taken: list[socket.socket] = []
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    made, _ = server.accept()
                    taken.append(made)
                    with made, contextlib.suppress(OSError):
                        act(made)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            for end in (server, *taken):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            thread.join(10)
    assert not thread.is_alive()
