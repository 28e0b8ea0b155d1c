"""How large a packet becomes by encryption, and whether it still fits.

Encryption happens after fragmentation where a packet may be fragmented; so only packets that must not be (DF) are lost
for their size (guide, "DF bit processing": DF goes into the outer header unless ``crypto ipsec df-bit`` says else).
"""

from __future__ import annotations

from dataclasses import dataclass

USUAL_MTU = 1500
"""Bytes of an Ethernet interface that says nothing else."""
_OUTER, _ESP, _TRAILER, _TCP_IP = 20, 8, 2, 40
_PSEUDOTIME = 12
"""Bytes of the header that carries the time of time-based anti-replay."""
_CHECKS = (("sha256", 16), ("sha384", 24), ("sha512", 32), ("sha", 12), ("md5", 12))


@dataclass(frozen=True, slots=True)
class Shape:
    """Of the packets of a flow.

    Attributes:
        size: bytes with the IP header; 0 if size is not the question.
        df: whether they must not be fragmented.
        tcp: whether ``ip tcp adjust-mss`` makes them smaller.
    """

    size: int = 0
    df: bool = False
    tcp: bool = False


SMALL = Shape()
"""Packets that fit everywhere."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a router does to the packets it forwards, beside its group.

    Attributes:
        mtu: bytes of its link to the provider; None if it was not seen.
        df_bit: of the outer header: ``copy``, ``clear`` or ``set``.
        clamp: largest TCP segment that it lets pass (``ip tcp adjust-mss``); None: any, as far as is known.
    """

    mtu: int | None = None
    df_bit: str = "copy"
    clamp: int | None = None


UNSEEN_LINK = Link()
"""Of a router whose configuration was not read."""


def clamped(shape: Shape, *links: Link) -> int:
    """Bytes of a packet once both routers have spoken on the size of TCP segments."""
    clamps = [link.clamp for link in links if link.clamp is not None]
    return min(shape.size, min(clamps) + _TCP_IP) if shape.tcp and clamps else shape.size


def esp_size(size: int, transform: tuple[str, ...], *, timed: bool) -> int:
    """Bytes of a packet as ESP in tunnel mode, with its outer IP header.

    Args:
        size: bytes before.
        transform: as routers print it, such as ``("esp-256-aes", "esp-sha-hmac")``.
        timed: whether time-based anti-replay is on.
    """
    words = " ".join(transform)
    if "gcm" in words or "gmac" in words:
        block, initial, check = 4, 8, 16
    else:
        block, initial = (16, 16) if "aes" in words else (8, 8) if "des" in words else (4, 0)
        check = next((length for word, length in _CHECKS if f"esp-{word}-hmac" in words), 0)
    inner = size + (_PSEUDOTIME if timed else 0) + _TRAILER
    return _OUTER + _ESP + initial + -(-inner // block) * block + check


def plaintext_mtu(mtu: int, transform: tuple[str, ...], *, timed: bool) -> int:
    """Bytes of the largest packet that is no larger than ``mtu`` once it is encrypted."""
    return max((size for size in range(mtu - 120, mtu) if esp_size(size, transform, timed=timed) <= mtu), default=0)
