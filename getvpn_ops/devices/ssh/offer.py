"""What an SSH server offers, read from its first packet: for the diagnosis where two sides have nothing in common."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.ssh.engine import Algorithms, LostError, NotSshError

if TYPE_CHECKING:
    from getvpn_ops.devices.ssh.wire import Wire
    from getvpn_ops.devices.terms import Stop

_GREETING = b"SSH-2.0-getvpn_ops\r\n"
_KEXINIT = 20
_MOST = 65536  # bytes that a banner and a KEXINIT may have
_LISTS = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """A server's own words.

    Attributes:
        banner: its version line.
        algorithms: its side of the negotiation.
    """

    banner: str
    algorithms: Algorithms


def read_offer(wire: Wire, stop: Stop) -> Offer:
    """Greet a server and read its KEXINIT (RFC 4253, 4.2 and 7.1); nothing is negotiated, no one logs in.

    Raises:
        NotSshError: what comes is no SSH 2.
        LostError: the server closed.
        SessionError: the stop's own.
    """
    _send(wire, stop)
    data = b""
    while (banner := banner_of(data)) is None:
        data += _receive(wire, data, stop)
    rest = data[data.index(banner.encode("latin-1")) :].partition(b"\n")[2]
    while len(rest) < 4 or len(rest) < 4 + _length(rest):  # noqa: PLR2004 -- the length itself
        rest += _receive(wire, rest, stop)
    padding, message = rest[4], rest[5]
    if message != _KEXINIT:
        raise NotSshError(f"its first packet has type {message}")
    lists = _name_lists(rest[4 + 1 + 1 + 16 : 4 + _length(rest) - padding])
    lists[0] = tuple(name for name in lists[0] if not name.startswith(("ext-info-", "kex-strict-")))
    return Offer(banner, Algorithms(lists[0], lists[1], lists[2], lists[4]))


def banner_of(data: bytes) -> str | None:
    """The version line among the first bytes of a server; None if it has not come whole.

    Raises:
        NotSshError: these are no lines of text, or the version is not 2.
    """
    lines = data.split(b"\n")
    for line in lines[:-1]:
        text = line.rstrip(b"\r").decode("latin-1")
        if text.startswith(("SSH-2.0-", "SSH-1.99-")):
            return text
        if text.startswith("SSH-"):
            raise NotSshError(f"it speaks only SSH 1 ({text!r})")
    if len(data) >= _MOST or b"\0" in data or data.startswith(b"HTTP/"):
        raise NotSshError(f"it says {data[:60]!r}")
    return None


def _length(packet: bytes) -> int:
    length: int = struct.unpack(">I", packet[:4])[0]
    if not 12 <= length <= _MOST:  # noqa: PLR2004 -- RFC 4253, 6
        raise NotSshError("its first packet is malformed")
    return length


def _name_lists(data: bytes) -> list[tuple[str, ...]]:
    lists = []
    for _ in range(_LISTS):
        size = int.from_bytes(data[:4], "big")
        if size > len(data) - 4:
            raise NotSshError("its list of algorithms is malformed")
        names = data[4 : 4 + size].decode("latin-1")
        lists.append(tuple(names.split(",")) if names else ())
        data = data[4 + size :]
    return lists


def _send(wire: Wire, stop: Stop) -> None:
    stop.wait(wire.fileno(), write=True, read=False)
    with contextlib.suppress(OSError):
        wire.sock.send(_GREETING)


def _receive(wire: Wire, had: bytes, stop: Stop) -> bytes:
    stop.wait(wire.fileno())
    try:
        got = wire.sock.recv(4096)
    except OSError as exc:
        raise LostError(str(exc)) from exc
    if not got:
        raise LostError("the server closed" if had else "the server closed before it said anything")
    return got


def in_words(client: Algorithms, server: Algorithms) -> str:
    """What two sides have no match for, and what the server offers there; empty if they match."""
    kinds = (
        ("key exchange", client.kex, server.kex),
        ("host key", client.host_keys, server.host_keys),
        ("cipher", client.ciphers, server.ciphers),
        ("MAC", client.macs, server.macs),
    )
    return "; ".join(
        f"no common {what}, the device offers {', '.join(theirs) or 'none'}"
        for what, ours, theirs in kinds
        if not set(ours) & set(theirs)
    )
