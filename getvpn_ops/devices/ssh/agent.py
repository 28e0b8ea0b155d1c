"""The SSH agent of this station, asked within bounds (draft-ietf-sshm-ssh-agent)."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from typing import TYPE_CHECKING

from getvpn_ops.devices.terms import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.devices.terms import Stop

_LIST = b"\x0b"
_KEYS = 12
_HEAD = 4  # bytes of the length that begins a message
_MOST = 1 << 20


class AgentGoneError(Exception):
    """There is no agent, or it does not answer as one."""


class Agent:
    """A connection to the agent; each request waits no longer than its stop."""

    def __init__(self, sock: socket.socket, stop: Stop) -> None:
        self._sock = sock
        self._stop = stop.alone()

    @classmethod
    @contextlib.contextmanager
    def connected(cls, stop: Stop) -> Iterator[Agent]:
        """Connect to the agent that ``SSH_AUTH_SOCK`` names.

        Raises:
            AgentGoneError: none is named, or none is there.
        """
        path = os.environ.get("SSH_AUTH_SOCK", "")
        if not path:
            raise AgentGoneError("SSH_AUTH_SOCK names no agent")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(0)
            try:
                sock.connect(path)
            except OSError as exc:
                raise AgentGoneError(f"no agent answers at {path}: {exc.strerror}") from exc
            yield cls(sock, stop)

    def keys(self) -> bytes:
        """The agent's answer to who it is: a whole message, with its length.

        Raises:
            AgentGoneError: it gave none.
        """
        answer = self.ask(struct.pack(">I", 1) + _LIST)
        if answer[4] != _KEYS:
            raise AgentGoneError("the agent does not show its keys")
        return answer

    def ask(self, message: bytes) -> bytes:
        """Send a whole message and get a whole one.

        Raises:
            AgentGoneError: it broke off.
            SessionError: the stop's own.
        """
        try:
            while message:
                self._stop.wait(self._sock.fileno(), write=True, read=False)
                message = message[self._sock.send(message) :]
            return whole(self._receive)
        except OSError as exc:
            raise AgentGoneError(f"the agent broke off: {exc.strerror}") from exc

    def _receive(self, size: int) -> bytes:
        self._stop.wait(self._sock.fileno())
        return self._sock.recv(size)


@contextlib.contextmanager
def relayed(agent: Agent) -> Iterator[int]:
    """Stand between a library that blocks and the agent: a thread forwards, and keeps to the stop of the agent.

    Yields:
        A descriptor that speaks to the agent; who hands it on hands on a copy.
    """
    ours, theirs = socket.socketpair()

    def forward() -> None:
        with contextlib.suppress(OSError, AgentGoneError, SessionError):
            while True:
                theirs.sendall(agent.ask(whole(theirs.recv)))
        with contextlib.suppress(OSError):
            theirs.shutdown(socket.SHUT_RDWR)  # the library waits for an answer that will not come

    thread = threading.Thread(target=forward, name="ssh agent relay", daemon=True)
    thread.start()
    try:
        yield ours.fileno()
    finally:
        with contextlib.suppress(OSError):
            theirs.shutdown(socket.SHUT_RDWR)
        thread.join()
        ours.close()
        theirs.close()


def whole(receive: Callable[[int], bytes]) -> bytes:
    """Read one message of the agent's protocol, with its length.

    Args:
        receive: gives at most so many bytes; empty at the end.

    Raises:
        AgentGoneError: the stream ended, or the message is too long.
    """
    data = b""
    size = _HEAD
    while len(data) < size:
        piece = receive(size - len(data))
        if not piece:
            raise AgentGoneError("the agent closed")
        data += piece
        if len(data) == _HEAD:
            size = _HEAD + int.from_bytes(data, "big")
            if not _HEAD < size <= _MOST:
                raise AgentGoneError("the agent's answer is malformed")
    return data
