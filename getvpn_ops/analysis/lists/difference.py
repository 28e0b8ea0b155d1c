"""What changes for packets between two lists, with the lines that make it so. Exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import Action
from getvpn_ops.analysis.packets.sets import PacketSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.analysis.lists.effective import EffectiveList, Line


@dataclass(frozen=True, slots=True)
class Cause:
    """The packets of a shift that one line decided and another one decides now.

    Attributes:
        before: None if no line matched: the packet passed as it was.
        after: likewise.
        packets: which.
    """

    before: Line | None
    after: Line | None
    packets: PacketSet


@dataclass(frozen=True, slots=True)
class Shift:
    """Packets that one fate awaited, and now another.

    Attributes:
        before: the old fate.
        after: the new one.
        packets: which.
        causes: by lines; together they are ``packets``.
    """

    before: Action
    after: Action
    packets: PacketSet
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """How two lists compare.

    Attributes:
        shifts: packets that fare otherwise.
        stays: packets that fare as before, by fate.
        unsure: packets whose fate hangs on lines without exact meaning, in either list.
    """

    shifts: tuple[Shift, ...]
    stays: dict[Action, PacketSet]
    unsure: PacketSet

    @property
    def is_known(self) -> bool:
        """Whether nothing is unsure."""
        return self.unsure.is_empty

    @property
    def equivalent(self) -> bool:
        """Whether every packet certainly fares as before."""
        return not self.shifts and self.is_known


def compare(old: EffectiveList, new: EffectiveList) -> Difference:
    """Compare two lists packet by packet.

    Lists that are the same text line by line are equivalent, whatever their lines mean. Where only one of them tells
    its IP version, the other is read as of the same.

    Raises:
        InexpressibleError: a list is of two IP versions.
    """
    version = old.told_version or new.told_version
    old, new = (item if item.told_version else replace(item, version=item.version or version) for item in (old, new))
    unsure = PacketSet.nothing() if _texts(old) == _texts(new) else old.unsure | new.unsure
    shifts = []
    for before in Action:
        for after in Action:
            packets = old.sure(before) & new.sure(after)
            if before is not after and not packets.is_empty:
                shifts.append(Shift(before, after, packets, tuple(_causes(packets, old, new))))
    stays = {action: old.sure(action) & new.sure(action) for action in Action}
    return Difference(tuple(shifts), stays, unsure)


def _texts(effective: EffectiveList) -> list[tuple[object, ...]]:
    return [(line.origin, line.ace.text) for line in effective.lines]


def _causes(packets: PacketSet, old: EffectiveList, new: EffectiveList) -> Iterator[Cause]:
    for before, share in _shares(packets, old.lines):
        for after, part in _shares(share, new.lines):
            yield Cause(before, after, part)


def _shares(packets: PacketSet, lines: Iterable[Line]) -> Iterator[tuple[Line | None, PacketSet]]:
    """The packets by the line that decides them; those of no line last."""
    for line in lines:
        share = packets & line.decides
        if not share.is_empty:
            yield line, share
            packets -= share
    if not packets.is_empty:
        yield None, packets
