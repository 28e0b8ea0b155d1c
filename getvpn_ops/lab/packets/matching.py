"""What a member can do with packets, and what its lists say of one. Pure.

A list is matched as a sender sees it; a receiver matches the packet that would go the other way, which is why every
entry needs its mirror. Packets to a multicast address are matched as they are at both ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.state import Direction

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.lab.gdoi.state import Ace, MemberState, Tek

_MULTICAST = 0xE, 28  # the high bits of 224.0.0.0/4


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as its source makes it.

    Attributes:
        source: address.
        destination: address.
        protocol: as IOS keeps it in a list, such as ``tcp``.
        source_port: of TCP or UDP; None else.
        destination_port: of TCP or UDP; None else.
        size: bytes with the IP header.
        df: whether it must not be fragmented.
        icmp: its kind, such as ``echo``; of ICMP only.
    """

    source: int
    destination: int
    protocol: str
    source_port: int | None = None
    destination_port: int | None = None
    size: int = 100
    df: bool = False
    icmp: str = ""

    @property
    def is_multicast(self) -> bool:
        """Whether it goes to a group address."""
        high, shift = _MULTICAST
        return self.destination >> shift == high


class Verdict(Enum):
    """Of a member's lists on a packet."""

    LEAVE = "no line, or one that denies"
    ENCRYPT = "a line of the key server that permits"
    REFUSE = "a local line that permits"


class Stage(Enum):
    """What a member can do with packets, whatever it is doing with its key server."""

    OPEN = "never registered, fail-open"
    CLOSED = "never registered, fail-close"
    LIVE = "registered, with keys"
    DEAD = "registered before, without keys"


def stage(member: MemberState, now: datetime) -> Stage:
    """What a member can do with packets now: its keys and its policy decide, not its talk with a key server."""
    if not member.gap and any(tek.ends > now for tek in member.teks):
        return Stage.LIVE
    if member.teks or member.downloaded:
        return Stage.CLOSED if member.fail_close and member.reverts and not member.gap else Stage.DEAD
    return Stage.CLOSED if member.fail_close else Stage.OPEN


def matches(ace: Ace, packet: Packet, *, mirrored: bool = False) -> bool:
    """Whether a line is about a packet.

    Args:
        ace: the line.
        packet: as its source made it.
        mirrored: match the packet that would go the other way, as a receiver does.
    """
    if ace.protocol not in {"ip", packet.protocol}:
        return False
    source, destination = packet.source, packet.destination
    source_port, destination_port = packet.source_port, packet.destination_port
    if mirrored and not packet.is_multicast:
        source, destination = destination, source
        source_port, destination_port = destination_port, source_port
    address, wildcard = ace.source
    if (source ^ address) & ~wildcard:
        return False
    address, wildcard = ace.destination
    if (destination ^ address) & ~wildcard:
        return False
    if ace.source_port is not None and ace.source_port != source_port:
        return False
    if ace.destination_port is not None and ace.destination_port != destination_port:
        return False
    return ace.protocol != "icmp" or _is_icmp(ace, packet)


def _is_icmp(ace: Ace, packet: Packet) -> bool:
    """A line for one kind of ICMP (``deny icmp any any unreachable``) is about no other."""
    last = ace.text.rpartition(" ")[2]
    return last in {"any", packet.icmp} or "." in last


def judge(member: MemberState, packet: Packet, *, mirrored: bool = False) -> tuple[Verdict, int | None]:
    """What a member's effective list says: its local lines first, then those of the key server; the first match counts.

    Returns:
        The verdict, and for what is to be encrypted the number of its ``sa ipsec`` (None if only the list is left).
    """
    for ace in member.local_entries:
        if matches(ace, packet, mirrored=mirrored):
            return (Verdict.REFUSE if ace.permit else Verdict.LEAVE), None
    newest: dict[int, Tek] = {}
    for tek in member.teks:  # the newest first
        newest.setdefault(tek.sequence, tek)
    for sequence in sorted(newest):
        for ace in newest[sequence].entries:
            if matches(ace, packet, mirrored=mirrored):
                return (Verdict.ENCRYPT, sequence) if ace.permit else (Verdict.LEAVE, None)
    if not newest:
        for ace in member.downloaded:
            if matches(ace, packet, mirrored=mirrored):
                return (Verdict.ENCRYPT if ace.permit else Verdict.LEAVE), None
    return Verdict.LEAVE, None


def is_bypassed(member: MemberState, packet: Packet, *, mirrored: bool = False) -> bool:
    """Whether fail-close lets a packet pass: its list denies it."""
    return next((not ace.permit for ace in member.bypass if matches(ace, packet, mirrored=mirrored)), False)


def encrypts(member: MemberState) -> bool:
    """Whether a member with keys encrypts what matches."""
    overridden = member.passive and not member.commanded
    return overridden or member.direction is not Direction.INBOUND_ONLY


def accepts_clear(member: MemberState) -> bool:
    """Whether a member with keys takes what matches though it is clear."""
    if member.direction is Direction.BOTH:
        return member.passive and not member.commanded and not member.refuses_clear
    return True


def sending_key(member: MemberState, sequence: int | None, now: datetime) -> Tek | None:
    """The key under which a member sends: of its valid ones the one that ends first.

    A new key is for receiving until the old one has ended, so that a rekey that needs time to reach all loses nothing.
    That the change comes at the very end, and not some seconds before it, is from memory.
    """
    valid = [tek for tek in member.teks if tek.sequence == sequence and tek.ends > now]
    return min(valid, key=lambda tek: (tek.ends, tek.born), default=None)
