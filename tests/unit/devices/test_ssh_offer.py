"""What a server says first."""

from __future__ import annotations

import socket
import struct

import pytest

from getvpn_ops.devices.ssh.engine import Algorithms, LostError, NotSshError
from getvpn_ops.devices.ssh.offer import banner_of, in_words, read_offer
from getvpn_ops.devices.ssh.wire import Wire
from getvpn_ops.devices.terms import Stop

OLD = Algorithms(("diffie-hellman-group1-sha1",), ("ssh-rsa",), ("aes128-cbc", "3des-cbc"), ("hmac-sha1",))
NEW = Algorithms(("curve25519-sha256",), ("ssh-ed25519",), ("aes256-gcm@openssh.com",), ("hmac-sha2-256",))

BANNERS: dict[bytes, str | None] = {
    b"SSH-2.0-Cisco-1.25\r\n": "SSH-2.0-Cisco-1.25",
    b"SSH-1.99-Cisco-1.25\n": "SSH-1.99-Cisco-1.25",
    b"Authorised staff only\r\nSSH-2.0-Cisco-1.25\r\nrest": "SSH-2.0-Cisco-1.25",
    b"SSH-2.0-Cis": None,
    b"": None,
}
NOT_SSH: dict[bytes, str] = {
    b"SSH-1.5-Cisco-1.25\r\n": "speaks only SSH 1",
    b"HTTP/1.1 400 Bad Request\r\n": "HTTP/1.1 400",
    b"\xff\xfb\x01\x00\xff": "it says",
    b"x" * 70000: "it says",
}


@pytest.mark.parametrize("data", BANNERS)
def test_a_banner(data: bytes) -> None:
    assert banner_of(data) == BANNERS[data]


@pytest.mark.parametrize("data", NOT_SSH, ids=lambda data: repr(data[:12]))
def test_no_banner(data: bytes) -> None:
    with pytest.raises(NotSshError, match=NOT_SSH[data]):
        banner_of(data)


def kexinit(algorithms: Algorithms) -> bytes:
    """A server's KEXINIT, as RFC 4253 has it."""
    both = [algorithms.ciphers] * 2 + [algorithms.macs] * 2 + [("none",)] * 2 + [()] * 2
    lists = [",".join(names).encode() for names in ((*algorithms.kex, "ext-info-s"), algorithms.host_keys, *both)]
    payload = b"\x14" + bytes(16) + b"".join(struct.pack(">I", len(names)) + names for names in lists) + bytes(5)
    padding = 4 + (-(len(payload) + 9)) % 8
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)


@pytest.mark.parametrize("step", [1, 7, 10000])
def test_an_offer_is_read_however_it_comes(step: int) -> None:
    ours, theirs = socket.socketpair()
    data = b"hello\r\nSSH-2.0-Cisco-1.25\r\n" + kexinit(OLD)
    with theirs:
        for at in range(0, len(data), step):
            theirs.sendall(data[at : at + step])
        offer = read_offer(Wire(ours), Stop(5))
    assert offer.banner == "SSH-2.0-Cisco-1.25"
    assert offer.algorithms == OLD


BROKEN = {
    "a packet of another kind": (b"SSH-2.0-x\r\n" + struct.pack(">IBB", 20, 4, 21) + bytes(20), NotSshError),
    "a length that is none": (b"SSH-2.0-x\r\n" + b"\xff" * 30, NotSshError),
    "a list that is longer than its packet": (
        b"SSH-2.0-x\r\n" + struct.pack(">IBB", 30, 4, 20) + bytes(16) + b"\x00\x00\x10\x00" + bytes(20),
        NotSshError,
    ),
    "an end in the middle": (b"SSH-2.0-x\r\n\x00\x00", LostError),
    "an end at once": (b"", LostError),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_offer(case: str) -> None:
    data, error = BROKEN[case]
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    with theirs, pytest.raises(error):
        read_offer(Wire(ours), Stop(5))


def test_what_is_missing_in_words() -> None:
    assert in_words(NEW, NEW) == ""
    assert in_words(NEW, OLD) == (
        "no common key exchange, the device offers diffie-hellman-group1-sha1; "
        "no common host key, the device offers ssh-rsa; no common cipher, the device offers aes128-cbc, 3des-cbc; "
        "no common MAC, the device offers hmac-sha1"
    )
