"""What must hold before the first member of a group encrypts; what does not is named.

Every site that the list covers must be owned by a registered member with the same SPI and the same effective list, and
ESP and large packets must have been probed towards it. Who is no member cannot read ESP: its prefixes must be denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import Action
from getvpn_ops.analysis.packets.sets import PacketSet
from getvpn_ops.analysis.traffic.facts import Known
from getvpn_ops.analysis.traffic.members import LIVE, MULTICAST, Mode
from getvpn_ops.analysis.traffic.sites import NOTHING_PROBED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from getvpn_ops.analysis.packets.flow import Flow
    from getvpn_ops.analysis.traffic.members import Member
    from getvpn_ops.analysis.traffic.sites import Paths, Site


@dataclass(frozen=True, slots=True)
class Unmet:
    """One thing that does not hold.

    Attributes:
        member: the router that would encrypt.
        site: towards which; empty if no site is known there.
        what: for people.
        example: a flow that would be lost, if the lists tell one.
    """

    member: str
    site: str
    what: str
    example: Flow | None = None

    @property
    def text(self) -> str:
        """One line."""
        such = f"; such as {self.example}" if self.example is not None else ""
        return f"{self.member} -> {self.site or 'nobody'}: {self.what}{such}"


def unmet(site: Site, others: Sequence[Site], paths: Paths = NOTHING_PROBED) -> tuple[Unmet, ...]:
    """What does not hold for the routers of a site to encrypt towards others.

    Args:
        site: whose routers are to encrypt.
        others: all other sites, members or not.
        paths: what was probed.
    """
    found: list[Unmet] = []
    for member in site.members:
        found += _of_member(member, site, others, paths)
    return tuple(dict.fromkeys(found))


def _of_member(member: Member, site: Site, others: Sequence[Site], paths: Paths) -> Iterator[Unmet]:
    if member.mode not in LIVE or member.lists is None:
        yield Unmet(member.name, site.name, f"it is {member.mode.value} itself: {member.unseen or 'no list, no keys'}")
        return
    lists = member.lists
    if not lists.unsure.is_empty:
        yield Unmet(member.name, "", "its list has lines without an exact meaning", lists.unsure.example(site.prefixes))
    covered = lists.sure(Action.ENCRYPT) & PacketSet.sent_by(site.prefixes) - PacketSet.sent_to(MULTICAST)
    rest = covered - PacketSet.sent_to(site.prefixes)
    for other in others:
        towards = covered & PacketSet.sent_to(other.prefixes)
        rest -= towards
        if not towards.is_empty:
            example = towards.example((*site.prefixes, *other.prefixes))
            for owner in other.members:
                yield from (Unmet(member.name, other.name, what, example) for what in _owner(member, owner, paths))
    if not rest.is_empty:
        yield Unmet(member.name, "", "no site is known there", rest.example(site.prefixes))


def _owner(member: Member, owner: Member, paths: Paths) -> Iterable[str]:
    """What is not as it must be with a router that answers for what is covered."""
    if owner.mode is Mode.UNSEEN:
        yield f"{owner.name} was not seen: {owner.unseen}"
        return
    if owner.mode not in LIVE:
        yield f"{owner.name} is {owner.mode.value}"
        return
    missing = {key.spi for key in member.sending_keys()} - {key.spi for key in owner.keys}
    if missing:
        yield f"{owner.name} lacks SPI {', '.join(f'0x{spi:X}' for spi in sorted(missing))}"
    if owner.lists is None:
        yield f"the list of {owner.name} was not seen"
    elif (
        member.lists is not None
        and owner.lists != member.lists
        and any(  # equal ones need not be worked out
            owner.lists.sure(action) != member.lists.sure(action) for action in (Action.ENCRYPT, Action.DROP)
        )
    ):
        yield f"{owner.name} has another effective list"
    path = paths.between(member.name, owner.name)
    if path.esp is not Known.YES:
        yield f"ESP to {owner.name}: {path.esp.value}"
    if path.mtu is None:
        yield f"large packets with DF to {owner.name}: not probed"
