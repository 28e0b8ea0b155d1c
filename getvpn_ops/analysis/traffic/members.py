"""What a member does to packets: every row of Table 6 of the guide, with the states around it.

A member is described by what makes its mode, not by the mode itself, so that a change of one thing (a rekey, a line of
configuration, the end of a key) gives the member after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import Action, EffectiveList
from getvpn_ops.analysis.packets.match import InexpressibleError
from getvpn_ops.analysis.packets.sets import PacketSet
from getvpn_ops.analysis.traffic.facts import UNMEASURED, Known
from getvpn_ops.analysis.traffic.sizes import UNSEEN_LINK
from getvpn_ops.model.acl import Ace, AceAddress
from getvpn_ops.model.values import Sentinel

if TYPE_CHECKING:
    from datetime import datetime

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.analysis.traffic.facts import Measured
    from getvpn_ops.analysis.traffic.sizes import Link

_ANY = AceAddress("any", Sentinel.ANY)
MULTICAST = (IPv4Network("224.0.0.0/4"), IPv6Network("ff00::/8"))
"""Destinations that many hear; receivers match packets to them as they are."""


class Direction(StrEnum):
    """Of a member's SAs, as a screen or a command has it."""

    BOTH = "both"
    INBOUND_ONLY = "inbound only"
    INBOUND_OPTIONAL = "inbound optional"


class Mode(StrEnum):
    """What a member does to packets, in words for people."""

    UNSEEN = "not seen"
    DOWN = "down"
    OUTSIDE = "no member"
    OPEN = "never registered, fail-open"
    CLOSED = "never registered, fail-close"
    EXPIRED = "registered before, without a key that lives"
    RECEIVE_ONLY = "receive-only"
    PASSIVE = "passive, on a receive-only key server"
    PASSIVE_BOTH = "passive, on a key server that says Both"
    OPTIONAL = "inbound optional"
    CONFORMANT = "conformant"


LIVE = frozenset({Mode.RECEIVE_ONLY, Mode.PASSIVE, Mode.PASSIVE_BOTH, Mode.OPTIONAL, Mode.CONFORMANT})
"""Modes with keys."""
ENCRYPTING = LIVE - {Mode.RECEIVE_ONLY}
"""Modes that encrypt what matches."""


class Word(StrEnum):
    """What a member's lists say of a packet."""

    ENCRYPT = "a permit of the key server's list matches"
    LEAVE = "no line matches, or a deny"
    REFUSE = "a permit of the local list matches"
    BYPASS = "a deny of the fail-close list matches"
    CLOSE = "no deny of the fail-close list matches"
    ANYTHING = "no list is asked"
    UNSEEN = "the list was not seen"


@dataclass(frozen=True, slots=True)
class TrafficKey:
    """A TEK as a member holds it.

    Attributes:
        spi: its number; beyond 32 bits for keys that only a prediction knows.
        ends: UTC; None if it is not known.
        transform: as routers print it, such as ``("esp-256-aes", "esp-sha-hmac")``.
        window: seconds of time-based anti-replay; None: off or not time-based.
        policy: names the ``sa ipsec`` that it belongs to; empty where a group has one.
    """

    spi: int
    ends: datetime | None = None
    transform: tuple[str, ...] = ()
    window: float | None = None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One router and what it does to the packets of one group. The keys it holds are those that live now.

    Attributes:
        name: of the device.
        applied: whether a crypto map with the group is on an interface; else it is no member.
        keys: that live.
        lists: the effective list; None if it was not seen, or nothing exact can be said of it.
        downloaded: whether it still has a list from a key server, whatever its keys do.
        receive_only: what the key server said with the keys that it has.
        passive: whether ``passive`` is in effect.
        commanded: direction by ``crypto gdoi gm ipsec direction``, or as its screen shows it; ends with the next rekey.
        fail_close: whether fail-close is activated.
        bypass: entries of the fail-close list.
        reverts: ``client fail-close revert``: fail-close holds again once the keys have ended.
        up: whether it forwards at all.
        link: its link to the provider.
        ahead: seconds by which its pseudotime is ahead of the group's; None if it was not compared.
        facts: measured on its platform and release.
        unseen: why nothing can be said of it; empty if something can.
        assumes: what this reading of it rests on, where its screens leave two; empty if they do not.
    """

    name: str
    applied: bool = True
    keys: tuple[TrafficKey, ...] = ()
    lists: EffectiveList | None = None
    downloaded: bool = False
    receive_only: bool = False
    passive: bool = False
    commanded: Direction | None = None
    fail_close: bool = False
    bypass: tuple[Ace, ...] = ()
    reverts: bool = False
    up: bool = True
    link: Link = UNSEEN_LINK
    ahead: float | None = None
    facts: Measured = UNMEASURED
    unseen: str = ""
    assumes: str = ""

    @property
    def mode(self) -> Mode:
        """What it does to packets. Keys and policy decide, not its talk with a key server."""
        if self.unseen:
            return Mode.UNSEEN
        if not self.up:
            return Mode.DOWN
        if not self.applied:
            return Mode.OUTSIDE
        if self.keys:
            return self._living()
        if self.downloaded and not (self.fail_close and self.reverts):
            return Mode.EXPIRED
        return Mode.CLOSED if self.fail_close else Mode.OPEN

    def _living(self) -> Mode:
        if self.commanded is not None:
            return _BY_COMMAND[self.commanded]
        if self.passive:
            return Mode.PASSIVE if self.receive_only else Mode.PASSIVE_BOTH
        return Mode.RECEIVE_ONLY if self.receive_only else Mode.CONFORMANT

    @property
    def accepts_clear(self) -> Known:
        """Whether it takes clear packets that its list wants encrypted."""
        mode = self.mode
        if mode is Mode.PASSIVE_BOTH:
            return self.facts.passive_accepts_clear
        if mode is Mode.UNSEEN:
            return Known.UNKNOWN
        return Known.YES if mode in _TAKES_CLEAR else Known.NO

    def sending_keys(self) -> tuple[TrafficKey, ...]:
        """The keys under which it may send, one for each ``sa ipsec``: of its keys the one that ends first.

        A new key only receives until the old one has ended; so a member that missed a rekey is heard until then. Where
        the ends are not known, it may be any.
        """
        found: list[TrafficKey] = []
        for policy in dict.fromkeys(key.policy for key in self.keys):
            keys = [key for key in self.keys if key.policy == policy]
            known = [(key.ends, key) for key in keys if key.ends is not None]
            if len(keys) == 1 or len(known) < len(keys):
                found += keys
            else:
                first = min(end for end, _ in known)
                found += [key for end, key in known if end == first]
        return tuple(found)

    def at(self, moment: datetime) -> Member:
        """Itself at a later moment, if nothing but time happens: keys have ended."""
        living = tuple(key for key in self.keys if key.ends is None or key.ends > moment)
        return self if living == self.keys else replace(self, keys=living)

    def word(self, flow: Flow, *, arriving: bool = False) -> Word:
        """What its lists say of one flow.

        Args:
            flow: as its source sends it.
            arriving: the packet comes from the provider: then the entry that would match its answer counts, which is
                why every entry needs its mirror. Packets to a multicast group are matched as they are at both ends.
        """
        if arriving and not flow.destination.is_multicast:
            flow = flow.mirrored()
        mode = self.mode
        if mode in _WITHOUT_LIST:
            return Word.ANYTHING
        if mode is Mode.CLOSED:
            return _fail_close_word(self.bypass, flow)
        if mode is Mode.UNSEEN or self.lists is None:
            return Word.UNSEEN
        try:
            return _MEANS[self.lists.decide(flow).action]
        except InexpressibleError:
            return Word.UNSEEN

    def words(self, *, arriving: bool = False) -> tuple[tuple[Word, PacketSet], ...]:
        """What its lists say, for all packets: the sets are apart from each other and together are everything.

        Args:
            arriving: as in ``word``.
        """
        found = self._words()
        return tuple((word, _arriving(packets)) for word, packets in found) if arriving else found

    def _words(self) -> tuple[tuple[Word, PacketSet], ...]:
        mode = self.mode
        if mode in _WITHOUT_LIST:
            return ((Word.ANYTHING, PacketSet.everything()),)
        if mode is Mode.CLOSED:
            return _fail_close_words(self.bypass)
        if mode is Mode.UNSEEN or self.lists is None:
            return ((Word.UNSEEN, PacketSet.everything()),)
        return list_words(self.lists)


_BY_COMMAND = {
    Direction.BOTH: Mode.CONFORMANT,
    Direction.INBOUND_ONLY: Mode.RECEIVE_ONLY,
    Direction.INBOUND_OPTIONAL: Mode.OPTIONAL,
}
_TAKES_CLEAR = frozenset({Mode.OUTSIDE, Mode.OPEN, Mode.RECEIVE_ONLY, Mode.PASSIVE, Mode.OPTIONAL})


@lru_cache(maxsize=1)
def _to_multicast() -> PacketSet:
    return PacketSet.sent_to(MULTICAST)


@lru_cache(maxsize=4096)
def _arriving(packets: PacketSet) -> PacketSet:
    return (packets.mirrored() - _to_multicast()) | (packets & _to_multicast())


@lru_cache(maxsize=1024)
def list_words(lists: EffectiveList) -> tuple[tuple[Word, PacketSet], ...]:
    """What an effective list says of all packets; of those that hang on a line without exact meaning nothing."""
    known = tuple((word, lists.sure(action)) for action, word in _MEANS.items())
    return (*known, (Word.UNSEEN, lists.unsure))


@lru_cache(maxsize=256)
def _fail_close(entries: tuple[Ace, ...]) -> EffectiveList:
    """What its denies match passes clear; all else is dropped, also without a list (guide, "Fail Close mode")."""
    last = Ace("permit", "ip", _ANY, _ANY, None, None, (), None, None, "permit ip any any")
    return EffectiveList((), (*entries, last))


def _fail_close_word(entries: tuple[Ace, ...], flow: Flow) -> Word:
    """A line without exact meaning lets nothing pass: that is the worse."""
    try:
        return Word.BYPASS if _fail_close(entries).decide(flow).action is Action.CLEAR else Word.CLOSE
    except InexpressibleError:
        return Word.CLOSE


@lru_cache(maxsize=256)
def _fail_close_words(entries: tuple[Ace, ...]) -> tuple[tuple[Word, PacketSet], ...]:
    passes = _fail_close(entries).sure(Action.CLEAR)
    return ((Word.BYPASS, passes), (Word.CLOSE, ~passes))


_WITHOUT_LIST = frozenset({Mode.OUTSIDE, Mode.OPEN, Mode.DOWN})
_MEANS = {Action.ENCRYPT: Word.ENCRYPT, Action.DROP: Word.REFUSE, Action.CLEAR: Word.LEAVE}
