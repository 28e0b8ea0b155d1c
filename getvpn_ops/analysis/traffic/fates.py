"""What becomes of packets between two members: clear, encrypted, dropped, or not to be told.

A packet is decided twice, as in life: its sender makes it clear or ESP, its receiver takes it or not. What rests on a
fact that is not measured is predicted as the worse of the two answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.analysis.traffic.facts import Fact, Known
from getvpn_ops.analysis.traffic.members import ENCRYPTING, LIVE, Mode, Word
from getvpn_ops.analysis.traffic.sizes import SMALL, USUAL_MTU, Shape, clamped, esp_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.analysis.packets.sets import PacketSet
    from getvpn_ops.analysis.traffic.members import Member, TrafficKey


class Outcome(StrEnum):
    """Of packets; the later the worse."""

    ENCRYPTED = "encrypted"
    CLEAR = "clear"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why packets are dropped."""

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
    REPLAY = "outside the window of time-based anti-replay"


@dataclass(frozen=True, slots=True)
class Path:
    """The network between two members.

    Attributes:
        passes: whether anything does.
        esp: whether ESP (IP 50) does, as probed or seen by counters on both ends.
        udp848: whether GDOI does, between a member and a key server; no matter for packets of users.
        mtu: bytes of its narrowest link, as probed with DF; None: not probed.
    """

    passes: Known = Known.YES
    esp: Known = Known.UNKNOWN
    udp848: Known = Known.UNKNOWN
    mtu: int | None = None


UNPROBED = Path()


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of packets.

    Attributes:
        outcome: of them.
        reason: why they are dropped; None if they are not.
        rests_on: facts without which the outcome would be another, measured or not.
        assumption: what of it is not measured or not seen; empty if nothing. A dropped packet with an assumption may
            pass, a passing one may be dropped if it is wrong.
    """

    outcome: Outcome
    reason: Reason | None = None
    rests_on: frozenset[Fact] = frozenset()
    assumption: str = ""

    @property
    def text(self) -> str:
        """``dropped: clear, where the receiver expects ESP``."""
        why = self.reason.value if self.reason is not None else ""
        if self.outcome is Outcome.UNKNOWN:
            why = self.assumption
        return f"{self.outcome.value}: {why}" if why else self.outcome.value


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a sender makes of packets: keys if ESP, none if clear."""

    keys: tuple[TrafficKey, ...] = ()
    lost: Reason | None = None
    unseen: str = ""


def fate(flow: Flow, sender: Member, receiver: Member, path: Path = UNPROBED, shape: Shape = SMALL) -> Fate:
    """What becomes of the packets of one flow.

    Args:
        flow: as its source sends it.
        sender: the router that puts it on the provider's network.
        receiver: the router that takes it from there.
        path: between the two.
        shape: of the packets.
    """
    return met((sender, sender.word(flow)), (receiver, receiver.word(flow, arriving=True)), path, shape)


def partition(
    sender: Member, receiver: Member, packets: PacketSet, path: Path = UNPROBED, shape: Shape = SMALL
) -> tuple[tuple[PacketSet, Fate], ...]:
    """What becomes of all packets of a set: parts that are apart from each other and together are the set.

    Args:
        sender: the router that puts them on the provider's network.
        receiver: the router that takes them from there.
        packets: the question.
        path: between the two.
        shape: of the packets.
    """
    found: dict[Fate, PacketSet] = {}
    for sends, leaving in sender.words():
        rest = packets & leaving
        if rest.is_empty:
            continue
        for takes, coming in receiver.words(arriving=True):
            part = rest & coming
            if not part.is_empty:
                became = met((sender, sends), (receiver, takes), path, shape)
                found[became] = found[became] | part if became in found else part
    return tuple((part, became) for became, part in found.items())


def met(sender: tuple[Member, Word], receiver: tuple[Member, Word], path: Path, shape: Shape = SMALL) -> Fate:
    """What becomes of packets of which the lists of both ends say the given words."""
    (begin, sends), (end, takes) = sender, receiver
    sent = _send(begin, sends)
    if sent.lost is not None:
        return Fate(Outcome.DROPPED, sent.lost)
    if sent.unseen:
        return Fate(Outcome.UNKNOWN, assumption=sent.unseen)
    travelled = _travel(sent, begin, end, path, shape)
    if travelled.outcome is Outcome.DROPPED:
        return travelled
    if end.mode is Mode.DOWN:
        return Fate(Outcome.DROPPED, Reason.RECEIVER_DOWN)
    if takes is Word.UNSEEN:
        return Fate(Outcome.UNKNOWN, assumption=_unseen(end))
    arrived = _take_esp(begin, end, takes, sent.keys) if sent.keys else _take_clear(end, takes)
    return _joined(arrived, travelled)


def _unseen(member: Member) -> str:
    return f"{member.name}: {member.unseen or 'its list was not seen'}"


def _joined(arrived: Fate, travelled: Fate) -> Fate:
    """What the receiver did, on what the way rests on; a packet that it drops is dropped whatever the way does."""
    if arrived.outcome is Outcome.DROPPED:
        return arrived
    return replace(
        arrived,
        rests_on=arrived.rests_on | travelled.rests_on,
        assumption="; ".join(filter(None, (arrived.assumption, travelled.assumption))),
    )


def _send(member: Member, word: Word) -> _Sent:
    mode = member.mode
    if mode is Mode.DOWN:
        return _Sent(lost=Reason.SENDER_DOWN)
    if word is Word.CLOSE:
        return _Sent(lost=Reason.FAIL_CLOSE)
    if word is Word.REFUSE:
        return _Sent(lost=Reason.LOCAL_PERMIT)
    if word is Word.UNSEEN:
        return _Sent(unseen=_unseen(member))
    if word is not Word.ENCRYPT or mode is Mode.RECEIVE_ONLY:
        return _Sent()
    if mode not in ENCRYPTING:
        return _Sent(lost=Reason.NO_SA)
    return _Sent(member.sending_keys())


def _travel(sent: _Sent, sender: Member, receiver: Member, path: Path, shape: Shape) -> Fate:
    """Whether packets come to the router at the other end, and on which facts that rests."""
    reason = _lost_on_the_way(sent, sender, receiver, path, shape)
    if reason is not None:
        return Fate(Outcome.DROPPED, reason)
    facts: set[Fact] = set()
    if sent.keys and path.esp is Known.UNKNOWN:
        facts.add(Fact.ESP_PASSES)
    if path.mtu is None and shape.df and shape.size:
        facts.add(Fact.PATH_MTU)
    names = f"{sender.name} -> {receiver.name}"
    assumed = "; ".join(f"{names}: not probed whether {fact.value}" for fact in sorted(facts))
    return Fate(Outcome.ENCRYPTED if sent.keys else Outcome.CLEAR, None, frozenset(facts), assumed)


def _lost_on_the_way(sent: _Sent, sender: Member, receiver: Member, path: Path, shape: Shape) -> Reason | None:
    link = sender.link
    mtu = link.mtu or USUAL_MTU
    wire, whole = clamped(shape, link, receiver.link), shape.df
    if sent.keys:
        whole = (shape.df and link.df_bit != "clear") or link.df_bit == "set"
    if sent.keys and shape.size:
        wire = max(esp_size(wire, key.transform, timed=key.window is not None) for key in sent.keys)
    if wire > mtu and shape.df and whole:
        return Reason.TOO_BIG_TO_SEND
    if path.passes is Known.NO:
        return Reason.NO_PATH
    if sent.keys and path.esp is Known.NO:
        return Reason.ESP_FILTERED
    if whole and path.mtu is not None and min(wire, mtu) > path.mtu:
        return Reason.TOO_BIG
    return None


def _take_clear(member: Member, word: Word) -> Fate:
    """What a receiver does with clear packets."""
    if word is Word.CLOSE:
        return Fate(Outcome.DROPPED, Reason.FAIL_CLOSE)
    if word is Word.REFUSE:
        return Fate(Outcome.DROPPED, Reason.LOCAL_PERMIT)
    if word is not Word.ENCRYPT:
        return Fate(Outcome.CLEAR)
    takes = member.accepts_clear
    facts = frozenset({Fact.PASSIVE_ACCEPTS_CLEAR} if member.mode is Mode.PASSIVE_BOTH else ())
    if takes is Known.YES:
        return Fate(Outcome.CLEAR, None, facts)
    assumed = f"{member.name}: not measured whether {Fact.PASSIVE_ACCEPTS_CLEAR.value}"
    return Fate(Outcome.DROPPED, Reason.CLEAR_REFUSED, facts, assumed if takes is Known.UNKNOWN else "")


def _take_esp(sender: Member, member: Member, word: Word, keys: tuple[TrafficKey, ...]) -> Fate:
    """What a receiver does with ESP under one of some keys. ESP that it cannot read reaches nobody who could."""
    mode = member.mode
    if mode not in LIVE:
        return Fate(Outcome.DROPPED, _NO_READER.get(mode, Reason.UNKNOWN_SPI))
    held = {key.spi: key for key in member.keys}
    known = [held[key.spi] for key in keys if key.spi in held]
    if not known:
        return Fate(Outcome.DROPPED, Reason.UNKNOWN_SPI)
    if sender.ahead is not None and member.ahead is not None:
        skew = abs(sender.ahead - member.ahead)
        if any(key.window is not None and skew > key.window for key in known):
            return Fate(Outcome.DROPPED, Reason.REPLAY)
    if word is not Word.ENCRYPT:
        return Fate(Outcome.DROPPED, Reason.NO_MATCH)
    if len(known) < len(keys):
        return Fate(
            Outcome.DROPPED,
            Reason.UNKNOWN_SPI,
            assumption=f"{sender.name} may send under a key that {member.name} does not have",
        )
    return _of_several(sender, member, keys)


def _of_several(sender: Member, member: Member, keys: tuple[TrafficKey, ...]) -> Fate:
    """ESP that is read, if the line that matches it belongs to one ``sa ipsec`` at both ends.

    With several of them each has lines and a key of its own, and members print all lines as one list: then it cannot be
    told under which key a packet goes, nor whether its receiver matches it by a line of the same.
    """
    if len({key.policy for key in (*keys, *member.keys)}) == 1:
        return Fate(Outcome.ENCRYPTED)
    names = f"{sender.name} -> {member.name}"
    if sender.lists != member.lists:
        return Fate(Outcome.UNKNOWN, assumption=f"{names}: other lists of several sa ipsec")
    return Fate(Outcome.ENCRYPTED, assumption=f"{names}: of several sa ipsec, the same one matches at both ends")


_NO_READER = {
    Mode.OUTSIDE: Reason.NOT_A_MEMBER,
    Mode.OPEN: Reason.NOT_REGISTERED,
    Mode.CLOSED: Reason.NOT_REGISTERED,
}
_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


def worst(fates: Iterable[Fate]) -> Fate:
    """The worst of several fates of which any may come; where they differ it says that it is one of several.

    Raises:
        ValueError: there is none.
    """
    found = list(fates)
    last = max(found, key=lambda item: (_RANK[item.outcome], not item.assumption))
    facts = frozenset().union(*(item.rests_on for item in found))
    assumed = dict.fromkeys(item.assumption for item in found if item.assumption)
    return replace(last, rests_on=facts, assumption="; ".join(assumed))
