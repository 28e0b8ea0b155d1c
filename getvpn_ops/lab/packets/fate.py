"""What becomes of a packet. Decided twice, as in life: the sender makes it clear or ESP, the receiver takes it or not.

Pure: everything is an argument. The rules are those of Table 6 of the deployment guide, with the states around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from getvpn_ops.lab.packets.matching import (
    Stage,
    Verdict,
    accepts_clear,
    encrypts,
    is_bypassed,
    judge,
    sending_key,
    stage,
)

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.lab.gdoi.state import MemberState, Tek
    from getvpn_ops.lab.packets.matching import Packet

USUAL_MTU = 1500
_OUTER = 20  # IPv4 header of the tunnel
_ESP = 8  # SPI and sequence number
_TRAILER = 2  # length of the padding, next header
_PSEUDOTIME = 12  # the header that carries it; this length is from memory
_TCP_IP = 40  # headers around a TCP segment


class Outcome(Enum):
    """Of a packet."""

    CLEAR = "clear"
    ENCRYPTED = "encrypted"
    LOST = "lost"


class Reason(Enum):
    """Why a packet was lost."""

    SENDER_DOWN = "the router at the sender's end is down"
    FAIL_CLOSE = "fail-close, and not registered"
    LOCAL_PERMIT = "a local list permits it, which drops it"
    NO_SA = "no valid SA at the sender"
    NO_PATH = "no path"
    ESP_FILTERED = "ESP is filtered on the way"
    TOO_BIG_TO_SEND = "larger than the MTU of the sender's link, with DF set"
    TOO_BIG = "larger than the MTU of the path, with DF set"
    RECEIVER_DOWN = "the router at the receiver's end is down"
    NOT_A_MEMBER = "ESP for a router that is no member"
    NOT_REGISTERED = "ESP for a member that has not registered"
    CLEAR_REFUSED = "clear, where the receiver expects ESP"
    NO_MATCH = "ESP with a known SPI that matches no line of the receiver's list"
    UNKNOWN_SPI = "ESP with an SPI that the receiver does not know"
    REPLAY = "outside the anti-replay window"


@dataclass(frozen=True, slots=True)
class End:
    """The router before the network of the provider, at one end of a packet's way.

    Attributes:
        member: its part in the group of the packet's VRF; None: it has no crypto map there.
        up: whether it forwards at all.
        df_bit: of the outer header: ``copy``, ``clear`` or ``set`` (``crypto ipsec df-bit``).
        clamp: largest TCP segment that passes its LAN (``ip tcp adjust-mss``); None: any.
        mtu: of its link to the provider.
    """

    member: MemberState | None = None
    up: bool = True
    df_bit: str = "copy"
    clamp: int | None = None
    mtu: int = USUAL_MTU


@dataclass(frozen=True, slots=True)
class Way:
    """The network between two ends.

    Attributes:
        open: whether anything passes.
        esp: whether ESP passes.
        mtu: of its narrowest link.
    """

    open: bool = True
    esp: bool = True
    mtu: int = USUAL_MTU


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a packet.

    Attributes:
        outcome: of it.
        reason: why it was lost; None if it was not.
        spi: of the key under which it travelled; None: clear, or not sent.
        at_sender: the field of the sender's counters that moved; empty: none.
        at_receiver: the field of the receiver's counters that moved; empty: none.
    """

    outcome: Outcome
    reason: Reason | None = None
    spi: int | None = None
    at_sender: str = ""
    at_receiver: str = ""


def esp_size(size: int, tek: Tek) -> int:
    """Bytes of a packet once it is ESP in tunnel mode, the outer IP header included."""
    words = " ".join(tek.transform)
    if "gcm" in words or "gmac" in words:
        block, initial, check = 4, 8, 16
    else:
        block, initial = (16, 16) if "esp-aes" in words else (8, 8) if "des" in words else (4, 0)
        check = next((n for word, n in _CHECKS if word in words), 0)
    inner = size + (_PSEUDOTIME if tek.replay and tek.replay[0] == "time" else 0) + _TRAILER
    return _OUTER + _ESP + initial + -(-inner // block) * block + check


_CHECKS = (("sha256-hmac", 16), ("sha384-hmac", 24), ("sha512-hmac", 32), ("sha-hmac", 12), ("md5-hmac", 12))


def fate(packet: Packet, sender: End, receiver: End, way: Way, now: datetime) -> Fate:
    """What becomes of a packet.

    Args:
        packet: as its source makes it.
        sender: the router that puts it on the provider's network.
        receiver: the router that takes it from there.
        way: the network between them.
        now: the moment.
    """
    if not sender.up:
        return Fate(Outcome.LOST, Reason.SENDER_DOWN)
    counts, tek = "", None
    if sender.member is not None:
        counts, tek, reason = _send(sender.member, packet, now)
        if reason is not None:
            return Fate(Outcome.LOST, reason, None, counts)
    spi = tek.spi if tek is not None else None
    if (reason := _travel(packet, tek, sender, receiver, way)) is not None:
        stays = reason is Reason.TOO_BIG_TO_SEND
        return Fate(Outcome.LOST, reason, None if stays else spi, "" if stays else counts)
    outcome, arrived = Outcome.CLEAR if tek is None else Outcome.ENCRYPTED, ""
    if receiver.member is not None and tek is None:
        reason, arrived = _receive_clear(receiver.member, packet, now)
    elif receiver.member is not None and tek is not None:
        skew = sender.member.skew if sender.member is not None else 0.0
        reason, arrived = _receive_esp(receiver.member, packet, tek, skew, now)
    elif tek is not None:
        reason = Reason.NOT_A_MEMBER
    return Fate(Outcome.LOST if reason is not None else outcome, reason, spi, counts, arrived)


def _travel(packet: Packet, tek: Tek | None, sender: End, receiver: End, way: Way) -> Reason | None:
    """Why a packet does not come to the router at the other end, if it does not.

    A packet that is too large is fragmented before it is encrypted, unless it must not be; DF goes with it into the
    outer header unless ``crypto ipsec df-bit`` says else.
    """
    wire, whole = _clamped(packet, sender, receiver), packet.df
    if tek is not None:
        wire = esp_size(wire, tek)
        whole = (packet.df and sender.df_bit != "clear") or sender.df_bit == "set"
    if wire > sender.mtu and packet.df and whole:
        return Reason.TOO_BIG_TO_SEND
    if not way.open:
        return Reason.NO_PATH
    if tek is not None and not way.esp:
        return Reason.ESP_FILTERED
    if whole and min(wire, sender.mtu) > way.mtu:
        return Reason.TOO_BIG
    return None if receiver.up else Reason.RECEIVER_DOWN


def _clamped(packet: Packet, sender: End, receiver: End) -> int:
    """Size of a packet once the routers of both sites have spoken on the size of TCP segments."""
    clamps = [end.clamp for end in (sender, receiver) if end.clamp is not None]
    if packet.protocol != "tcp" or not clamps:
        return packet.size
    return min(packet.size, min(clamps) + _TCP_IP)


def _send(member: MemberState, packet: Packet, now: datetime) -> tuple[str, Tek | None, Reason | None]:
    """What a member makes of a packet: the counter that moves, the key if it is ESP, the reason if it is not sent."""
    at = stage(member, now)
    if at is Stage.OPEN:
        return "sent_clear", None, None
    if at is Stage.CLOSED:
        passes = is_bypassed(member, packet)
        return ("sent_clear", None, None) if passes else ("dropped_send", None, Reason.FAIL_CLOSE)
    verdict, sequence = judge(member, packet)
    if verdict is Verdict.REFUSE:
        return "dropped_send", None, Reason.LOCAL_PERMIT
    if verdict is Verdict.LEAVE:
        return "sent_clear", None, None
    if at is Stage.LIVE and not encrypts(member):
        return "sent_clear", None, None
    tek = sending_key(member, sequence, now) if at is Stage.LIVE else None
    return ("dropped_send", None, Reason.NO_SA) if tek is None else ("encrypted", tek, None)


def _receive_clear(member: MemberState, packet: Packet, now: datetime) -> tuple[Reason | None, str]:
    """Why a member drops a clear packet, if it does, and the counter that moves."""
    at = stage(member, now)
    if at is Stage.OPEN:
        return None, ""
    if at is Stage.CLOSED:
        passes = is_bypassed(member, packet, mirrored=True)
        return (None, "") if passes else (Reason.FAIL_CLOSE, "dropped_clear")
    verdict, _ = judge(member, packet, mirrored=True)
    if verdict is Verdict.REFUSE:
        return Reason.LOCAL_PERMIT, "dropped_clear"
    if verdict is Verdict.LEAVE or (at is Stage.LIVE and accepts_clear(member)):
        return None, ""
    return Reason.CLEAR_REFUSED, "dropped_clear"


def _receive_esp(
    member: MemberState, packet: Packet, tek: Tek, skew: float, now: datetime
) -> tuple[Reason | None, str]:
    """Why a member drops an ESP packet, if it does, and the counter that moves."""
    at = stage(member, now)
    if at in {Stage.OPEN, Stage.CLOSED}:
        return Reason.NOT_REGISTERED, "dropped_unknown_spi"
    known = None
    if at is Stage.LIVE:
        known = next((item for item in member.teks if item.spi == tek.spi and item.ends > now), None)
    if known is None:
        return Reason.UNKNOWN_SPI, "dropped_unknown_spi"
    if known.replay and known.replay[0] == "time" and abs(skew - member.skew) > known.replay[1]:
        return Reason.REPLAY, "dropped_replay"
    verdict, sequence = judge(member, packet, mirrored=True)
    if verdict is not Verdict.ENCRYPT or sequence != known.sequence:
        return Reason.NO_MATCH, "dropped_no_match"
    return None, "decrypted"
