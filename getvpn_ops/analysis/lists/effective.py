"""What a member does with packets: its own list first, then the one its key server sent.

Direction. ``EffectiveList`` is read as printed for packets that the member **sends**: source first. For packets that it
**receives** IOS swaps source and destination, so ask with ``flow.mirrored()``, or take ``.mirrored()`` of the sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.analysis.packets.match import InexpressibleError, bounds_of, unsayable, version_of
from getvpn_ops.analysis.packets.sets import PacketSet
from getvpn_ops.errors import EvidenceMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from getvpn_ops.analysis.packets.match import Match
    from getvpn_ops.analysis.packets.sets import Flow
    from getvpn_ops.model.acl import Ace

MOST_LINES = 2000
"""Twenty times what GDOI reads; lines are held against each other, so the work grows with the square."""
_DECIDING = frozenset({"permit", "deny", "evaluate", "dynamic"})


class Action(StrEnum):
    """What becomes of a packet."""

    ENCRYPT = "encrypted"
    CLEAR = "clear"
    DROP = "dropped"


class Origin(StrEnum):
    """Where a line stands."""

    LOCAL = "local"
    DOWNLOADED = "downloaded"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an effective list.

    Attributes:
        place: 1 for the first entry of its list; remarks are not counted.
        origin: which list.
        ace: as printed.
        action: what becomes of the packets that it decides.
        exact: whether its meaning is exact.
        matches: what it matches at most; exactly that if it is exact.
        decides: of these, those that no line before it takes. Of an inexact line: those that it may decide.
    """

    place: int
    origin: Origin
    ace: Ace
    action: Action
    exact: bool
    matches: PacketSet
    decides: PacketSet


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one flow, and why.

    Attributes:
        action: encrypted, clear or dropped.
        ace: the line that decides; None if none does, and the packet passes as it is.
        place: of the line in its list, from 1, remarks not counted; None likewise.
        origin: which list the line stands in; None likewise.
    """

    action: Action
    ace: Ace | None
    place: int | None
    origin: Origin | None


@dataclass(frozen=True)
class EffectiveList:
    """The merged list of a member, as IOS works it (guide: "Group Member ACL", GM_ACL_PERMIT).

    A local deny passes in clear. A local permit does **not** encrypt: what it matches is dropped. Then the key server's
    list: a deny passes in clear, a permit is encrypted. What no line matches passes in clear.

    A line without exact meaning (``InexpressibleError``) makes the sets raise, unless earlier lines take all that it
    could match; ``unsure`` says which packets hang on such lines, and ``sure`` gives the sets without these.

    Attributes:
        local: the member's own list, empty if it has none.
        downloaded: the key server's list.
        version: of IP where no line tells; IPv4 if not given.
    """

    local: Sequence[Ace] = ()
    downloaded: Sequence[Ace] = ()
    version: int | None = None

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Every line in order with what it decides.

        Raises:
            InexpressibleError: its lines are of two IP versions.
            EvidenceMissingError: there are more of them than can be worked out in seconds (``MOST_LINES``).
        """
        return tuple(self._walk())

    def _walk(self) -> Iterator[Line]:
        if len(self._matches) > MOST_LINES:
            number = len(self._matches)
            msg = f"{number} lines are too many to be worked out ({MOST_LINES} at most; GDOI reads 100)"
            raise EvidenceMissingError(msg)
        left = PacketSet.everything()
        for place, origin, ace, match, exact in self._matches:
            matches = PacketSet.of_match(match)
            yield Line(place, origin, ace, _action(ace, origin), exact, matches, matches & left)
            left -= matches

    @property
    def told_version(self) -> int | None:
        """The IP version that its lines tell; None if none does.

        Raises:
            InexpressibleError: its lines are of two IP versions.
        """
        return version_of([*_deciding(self.local), *_deciding(self.downloaded)])

    @cached_property
    def _matches(self) -> tuple[tuple[int, Origin, Ace, Match, bool], ...]:
        deciding = {Origin.LOCAL: _deciding(self.local), Origin.DOWNLOADED: _deciding(self.downloaded)}
        version = self.told_version or self.version
        found = []
        for origin, aces in deciding.items():
            for place, ace in enumerate(aces, 1):
                lower, upper = bounds_of(ace, version)
                found.append((place, origin, ace, upper, lower is not None))
        return tuple(found)

    @property
    def encrypted(self) -> PacketSet:
        """What the member sends encrypted.

        Raises:
            InexpressibleError: a line without exact meaning may decide some packets.
        """
        return self._certainly(Action.ENCRYPT)

    @property
    def clear(self) -> PacketSet:
        """What passes as it is: denied by either list, or matched by no line.

        Raises:
            InexpressibleError: as ``encrypted``.
        """
        return self._certainly(Action.CLEAR)

    @property
    def dropped(self) -> PacketSet:
        """What local permits match before any other line does.

        Raises:
            InexpressibleError: as ``encrypted``.
        """
        return self._certainly(Action.DROP)

    def _certainly(self, action: Action) -> PacketSet:
        for line in self.inexact:
            raise InexpressibleError(line.ace, unsayable(line.ace))
        return self.sure(action)

    @cached_property
    def inexact(self) -> tuple[Line, ...]:
        """Lines without exact meaning that may decide something."""
        return tuple(line for line in self.lines if not line.exact and not line.decides.is_empty)

    @cached_property
    def unsure(self) -> PacketSet:
        """Packets whose fate hangs on lines without exact meaning."""
        return PacketSet.union(line.decides for line in self.inexact)

    def sure(self, action: Action) -> PacketSet:
        """Packets that certainly have this fate; without ``unsure`` ones. Never raises for inexact lines."""
        return self._sure[action]

    @cached_property
    def _sure(self) -> dict[Action, PacketSet]:
        found = {
            action: PacketSet.union(line.decides for line in self.lines if line.exact and line.action is action)
            for action in (Action.ENCRYPT, Action.DROP)
        }
        found[Action.CLEAR] = ~(found[Action.ENCRYPT] | found[Action.DROP] | self.unsure)
        return found

    def decide(self, flow: Flow) -> Decision:
        """The fate of one flow that the member sends, and the line that decides it.

        Raises:
            InexpressibleError: a line without exact meaning may decide it.
        """
        for place, origin, ace, match, exact in self._matches:
            if match.takes(flow):
                if not exact:
                    raise InexpressibleError(ace, unsayable(ace))
                return Decision(_action(ace, origin), ace, place, origin)
        return Decision(Action.CLEAR, None, None, None)


def _deciding(aces: Iterable[Ace]) -> list[Ace]:
    return [ace for ace in aces if ace.action in _DECIDING]


def _action(ace: Ace, origin: Origin) -> Action:
    if ace.action == "deny":
        return Action.CLEAR
    return Action.DROP if origin is Origin.LOCAL else Action.ENCRYPT
