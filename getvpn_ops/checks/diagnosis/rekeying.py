"""Why a registered member lacks keys or lists: lost rekeys, a lost KEK, skewed pseudo-time, an old list."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.cause import MEMBER, SERVER, Cause, against, look, missing, speaks_for
from getvpn_ops.checks.diagnosis.log import EJECTED, counted
from getvpn_ops.checks.diagnosis.member_scene import SPREAD
from getvpn_ops.checks.diagnosis.registering import DECISIVE, HINT, STRONG
from getvpn_ops.checks.diagnosis.trace import takes_no_rekey
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.diagnosis import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.model.diagnosis import Clue
    from getvpn_ops.model.outcome import Seen

_REKEYS = frozenset({Complaint.OLD_KEYS, Complaint.MISSED_REKEYS, Complaint.RETRIES})
_WINDOW = timedelta(seconds=5)
_SLACK = timedelta(seconds=2)
"""Beyond the window: answers take time to travel."""
_COSTS = "a registration costs the site its traffic for some seconds"
_DIGITS = 8
"""Hexadecimal digits that screens show of each half of a KEK's SPI."""
_LOST = ("GM_RE_REGISTER", "GM_RECV_REKEY", "GM_CLEAR_REGISTER", "GM_RECV_DELETE")


def _kek_is_known(member: MemberScene) -> tuple[bool, tuple[Seen, ...]] | None:
    """Whether the member's KEK is one of the key servers'; None if either side shows none.

    Raises:
        EvidenceMissingError: the member does not tell.
    """
    sample = member.view.rekey()
    rows = [row for row in sample.value.kek_sas if row.slot in {"New", "Current"} and "-" not in row.my_cookie]
    rings = [ring for ring in member.group.view.served.rings.values() if ring.keks]
    known = {
        (text[:_DIGITS], text[2 * _DIGITS : 3 * _DIGITS])
        for ring in rings
        for text in (f"{key.spi:032X}" for key in ring.keks)
    }
    if not rows or not known:
        return None
    mine = {(row.my_cookie.upper(), row.his_cookie.upper()) for row in rows}
    due = [key for ring in rings for key in ring.keks if key.born is None or key.born + SPREAD < sample.taken_at]
    if not mine & known and not due:  # it was asked before, or while, the key servers changed theirs
        return None
    return bool(mine & known), (sample.seen, *(ring.seen for ring in rings))


def kek_lost(member: MemberScene) -> Iterator[Clue]:
    """The member's KEK is none that the key servers have, so it can read no rekey.

    After a split it holds the key of the side that gave way; it lives on with its TEK and registers again before that
    ends, on its own. Until then it cannot follow a change of policy.
    """
    if member.is_out:
        yield against(DECISIVE, f"{member.device} is not registered", member.standing.seen)
        return
    found = _kek_is_known(member)
    if found is None:
        yield missing(f"the KEK of {member.device} or of its key servers is not shown")
        return
    known, seen = found
    if known:
        yield against(DECISIVE, f"the KEK of {member.device} is one of the key servers'", *seen)
        return
    yield speaks_for(DECISIVE, f"the KEK of {member.device} is none of the key servers'", *seen)
    yield from _splits(member)


@look
def _splits(member: MemberScene) -> Iterator[Clue]:
    for server in member.group.servers:
        if server.has_log and (events := server.log.named({"COOP_KS_TRANS_TO_PRI", "COOP_KS_UNREACH"})):
            yield speaks_for(HINT, f"{server.device} logged {events[-1].name}{events[-1].ago}", server.log.seen)


def _lost(member: MemberScene, *, multicast: bool) -> Iterator[Clue]:
    """Clues that rekeys do not get to the member, or its acknowledgements do not get back."""
    sample = member.local
    carries = [(kek.transport or "").casefold() == "multicast" for kek in sample.value.keks]
    if not carries:
        yield missing(f"{member.device} holds no KEK, so it waits for no rekey")
        return
    if any(carries) is not multicast:
        yield against(DECISIVE, f"rekeys of the group go by {'unicast' if multicast else 'multicast'}", sample.seen)
        return
    if member.is_out:
        yield against(DECISIVE, "it does not get a registration through either", member.standing.seen)
        return
    yield from _kek_good(member)
    yield from _reads(member)
    yield from takes_no_rekey(member)
    yield from _keys(member)
    yield from _acks(member)
    yield from _again(member)


@look
def _kek_good(member: MemberScene) -> Iterator[Clue]:
    found = _kek_is_known(member)
    if found is not None and not found[0]:
        yield against(DECISIVE, "its KEK is none of the key servers', so it could read no rekey that came", *found[1])


@look
def _reads(member: MemberScene) -> Iterator[Clue]:
    event = member.log.last("GDOI_REKEY_FAILURE", "UNEXPECTED_SIGKEY", "GM_RECV_REKEY", "GM_REGS_COMPL")
    if event is not None and event.name in {"GDOI_REKEY_FAILURE", "UNEXPECTED_SIGKEY"}:
        yield against(DECISIVE, f"rekeys come, and it cannot take them: {event.name}{event.ago}", member.log.seen)


@look
def _keys(member: MemberScene) -> Iterator[Clue]:
    mine, ring = member.standing, member.ring
    if member.lacks_newest:
        yield speaks_for(STRONG, f"it lacks the key that {ring.device} gave out", mine.seen, ring.seen)
    elif not member.is_out:
        yield against(HINT, f"it holds the newest key of {ring.device}", mine.seen, ring.seen)


@look
def _acks(member: MemberScene) -> Iterator[Clue]:
    for server, event, _ in member.last_words:
        if event.name in EJECTED:
            says = f"{server.device} ejected it after three rekeys without acknowledgement{event.ago}"
            yield speaks_for(STRONG, says, server.log.seen)
    for server in member.group.servers:
        try:
            rows = server.rows
        except EvidenceMissingError:
            continue
        for address in member.addresses & set(rows.value):
            row = rows.value[address]
            if row.acks_missed:
                says = f"{server.device}: {row.acks_missed} of {row.rekeys_sent} rekeys unacknowledged"
                yield speaks_for(STRONG, says, rows.seen)


@look
def _again(member: MemberScene) -> Iterator[Clue]:
    event = member.log.last(*_LOST)
    if event is not None and event.name == "GM_RE_REGISTER":
        says = f"no rekey came before its key ended: GM_RE_REGISTER{event.ago}"
        yield speaks_for(STRONG, says, member.log.seen)


def rekeys_lost(member: MemberScene) -> Iterator[Clue]:
    """Unicast rekeys do not reach the member, or its acknowledgements do not reach the key server.

    UDP 848 passes one way only, the address changed, or a policer drops the burst. After three rekeys without an answer
    the key server ejects the member; it comes back by registering, each time shortly before its key ends.
    """
    yield from _lost(member, multicast=False)


def multicast_lost(member: MemberScene) -> Iterator[Clue]:
    """Multicast rekeys do not reach the member.

    Multicast has no acknowledgement, so the key server cannot know. The provider must carry the group, and the member
    must have joined it; a deny for it must stand in the list.
    """
    yield from _lost(member, multicast=True)


def tbar_skew(member: MemberScene) -> Iterator[Clue]:
    """The member's pseudo-time is off by more than the replay window, so peers drop what it sends, and it theirs.

    A rekey or a registration sets it right; it goes off with the clock of the router, with a pause of a virtual one, or
    where two primaries count for themselves.
    """
    sample = member.view.replay()
    errors = sample.value.input_error_packets or 0
    group = member.group.view.served.pseudotime
    value = sample.value.replay_value
    if group is None and (value is None or sample.value.enabled is False):
        yield against(DECISIVE, "the group has no time-based replay check", sample.seen)
        return
    if group is None or value is None:
        yield missing(f"{member.device if group else 'the key server'} shows no pseudo-time, and the other side does")
        return
    began, seen = group
    off = sample.taken_at - value - began
    window = max((sa.replay_interval or _WINDOW for sa in member.standing.value.teks), default=_WINDOW)
    says = f"its pseudo-time is off by {abs(off.total_seconds()):.0f} s, the window is {window.total_seconds():.0f} s"
    if abs(off) > window + _SLACK:
        yield speaks_for(DECISIVE, says, sample.seen, seen)
    else:
        yield against(DECISIVE, says, sample.seen, seen)
    if errors:
        yield speaks_for(HINT, f"{counted(errors, 'packet')} dropped as replays", sample.seen)


def list_outdated(member: MemberScene) -> Iterator[Clue]:
    """The member's downloaded list is not the key server's, though others have it.

    It encrypts other flows than its peers and drops what they send in clear, or the other way round.
    """
    mine, theirs = member.lists, member.group.shipped
    if not member.list_differs:
        yield against(DECISIVE, "it has the key server's list", mine.seen, theirs.seen)
        return
    others = [item for item in member.group.members if item is not member and item.list_differs is not None]
    if others and all(item.list_differs for item in others):
        yield against(DECISIVE, "no other member has the key server's list either", mine.seen, theirs.seen)
        return
    yield speaks_for(DECISIVE, "it has another list than the key server", mine.seen, theirs.seen)


CAUSES = (
    Cause(
        id="kek-lost",
        title="The member's KEK is none of the key servers'",
        examine=kek_lost,
        explains=_REKEYS | {Complaint.LIST_DIFFERS, Complaint.DROPS},
        confirm=((MEMBER, "show crypto gdoi gm rekey detail"), (SERVER, "show crypto gdoi ks policy")),
        heal=("let it register again alone, before its key ends: `clear crypto gdoi` on this member only", _COSTS),
        shows=Complaint.OLD_KEYS,
        spreads=True,
    ),
    Cause(
        id="rekeys-lost",
        title="Rekeys or their acknowledgements do not get through",
        examine=rekeys_lost,
        explains=_REKEYS | {Complaint.LIST_DIFFERS, Complaint.DROPS, Complaint.NOT_REGISTERED},
        confirm=(
            (SERVER, "show crypto gdoi ks members {address}"),
            (MEMBER, "show crypto gdoi gm rekey detail"),
            (SERVER, "ping {address}"),
        ),
        heal=("open UDP 848 from the key servers to the member; raise `rekey retransmit` on a lossy path",),
        spreads=True,
    ),
    Cause(
        id="multicast-rekeys-lost",
        title="Multicast rekeys do not reach the member",
        examine=multicast_lost,
        explains=_REKEYS | {Complaint.LIST_DIFFERS, Complaint.DROPS},
        confirm=((MEMBER, "show ip mroute"), (MEMBER, "show ip igmp groups"), (MEMBER, "show crypto gdoi gm rekey")),
        heal=("let the path carry the group; or change to unicast rekeys",),
        spreads=True,
    ),
    Cause(
        id="tbar-skew",
        title="The member's pseudo-time is off",
        examine=tbar_skew,
        explains=frozenset({Complaint.DROPS, Complaint.NOT_DECRYPTING, Complaint.CLOCK}),
        confirm=((MEMBER, "show crypto gdoi gm replay"), (SERVER, "show crypto gdoi ks replay")),
        heal=("let it register again alone: `clear crypto gdoi` on this member only", _COSTS),
        shows=Complaint.DROPS,
        spreads=True,
    ),
    Cause(
        id="list-outdated",
        title="The member has another list than the key server",
        examine=list_outdated,
        explains=frozenset({Complaint.LIST_DIFFERS, Complaint.DROPS}),
        confirm=((MEMBER, "show crypto gdoi gm acl download"), (SERVER, "show crypto gdoi ks acl")),
        heal=("find out why it missed the rekey; then let it register again alone", _COSTS),
        spreads=True,
    ),
)
