"""What is wrong in a group, before anyone asks why. Where nothing shows one, it is well as far as it was seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from getvpn_ops.checks import counters
from getvpn_ops.checks.diagnosis.log import DONE, counted, times
from getvpn_ops.checks.diagnosis.passing import ENOUGH, inner_pings, movement
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.diagnosis import Complaint, Symptom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.checks.diagnosis.scene import GroupScene
    from getvpn_ops.checks.diagnosis.server_scene import ServerScene

S = TypeVar("S")

_HOUR = timedelta(hours=1)
_TRYING = timedelta(seconds=60)
_DROPPED = frozenset({"RECVD_PKT_NOT_IPSEC", "RECVD_PKT_INV_SPI", "TIMEBASED_REPLAY_FAILED", "PKT_REPLAY_ERR"})


def symptoms(group: GroupScene) -> Iterator[Symptom]:
    """Everything that is wrong in a group; what was not seen yields nothing."""
    yield from _known(_primaries, group)
    yield from _known(_no_keys, group)
    for server in group.servers:
        yield from _known(_silent, server)
        yield from _known(_peers, server)
    for member in group.members:
        for look in (_out, _fails, _old_keys, _missed, _list, _traffic, _logged, _probes):
            yield from _known(look, member)


def _known(
    look: Callable[[object], Iterator[Symptom]] | Callable[..., Iterator[Symptom]], scene: object
) -> Iterator[Symptom]:
    try:
        yield from look(scene)
    except EvidenceMissingError:
        return


def _primaries(group: GroupScene) -> Iterator[Symptom]:
    told = [(server, server.view.coop()) for server in group.servers if not server.is_mute]
    roles = [(server, sample) for server, sample in told if sample.value.redundancy_configured is not False]
    primaries = [server.device for server, sample in roles if (sample.value.local_role or "").casefold() == "primary"]
    if roles and len(primaries) != 1:
        seen = tuple(sample.seen for _, sample in roles)
        yield Symptom(Complaint.PRIMARIES, group.name, f"primary: {', '.join(primaries) or 'none'}", seen)


def _no_keys(group: GroupScene) -> Iterator[Symptom]:
    told = [server.view.policy() for server in group.servers if not server.is_mute]
    if told and not group.has_keys:
        yield Symptom(
            Complaint.NO_KEYS, group.name, "no key server shows keys that live", tuple(sample.seen for sample in told)
        )


def _silent(server: ServerScene) -> Iterator[Symptom]:
    visit = server.state.visit
    if server.is_mute and visit is not None:
        why = f": {visit.reason}" if visit.reason else ""
        yield Symptom(Complaint.SERVER_SILENT, server.device, f"it does not answer us{why}")


def _peers(server: ServerScene) -> Iterator[Symptom]:
    seen = server.peers_seen
    lost = [f"{address} is {seen.value[address]}" for address in server.unheard]
    if lost:
        yield Symptom(Complaint.PEER_DEAD, server.device, f"it says: {', '.join(lost)}", (seen.seen,))


def _out(member: MemberScene) -> Iterator[Symptom]:
    if member.is_out:
        sample = member.standing
        keys = "" if sample.value.teks else ", and holds no key that lives"
        yield Symptom(Complaint.NOT_REGISTERED, member.device, f"{sample.value.words}{keys}", (sample.seen,))


def _fails(member: MemberScene) -> Iterator[Symptom]:
    if member.is_out:
        return
    for server, event, number in member.last_words:
        if event.name not in DONE:
            says = f"{server.device} logged {event.name} of it, {times(number)}{event.ago}"
            yield Symptom(Complaint.RETRIES, member.device, says, (server.log.seen,))
            return
    asked = member.log.last("GM_REGISTER", "GM_REGS_COMPL", "GM_RECV_REKEY")
    if asked is not None and asked.name == "GM_REGISTER" and asked.age is not None and asked.age > _TRYING:
        says = f"it asked to be registered{asked.ago}, and is not yet"
        yield Symptom(Complaint.RETRIES, member.device, says, (member.log.seen,))


def _old_keys(member: MemberScene) -> Iterator[Symptom]:
    if not member.is_out and member.lacks_newest:
        says = f"it lacks the newest key of {member.ring.device}"
        yield Symptom(Complaint.OLD_KEYS, member.device, says, (member.standing.seen, member.ring.seen))


def _missed(member: MemberScene) -> Iterator[Symptom]:
    for server in member.group.servers:
        try:
            rows = server.rows
        except EvidenceMissingError:
            continue
        for address in member.addresses & set(rows.value):
            row = rows.value[address]
            if row.acks_missed:
                says = f"{server.device}: {row.acks_missed} of {row.rekeys_sent} rekeys unacknowledged"
                yield Symptom(Complaint.MISSED_REKEYS, member.device, says, (rows.seen,))
                return
    event = member.log.last("GM_RE_REGISTER", "GM_RECV_REKEY", "GM_CLEAR_REGISTER", "GM_RECV_DELETE")
    if event is not None and event.name == "GM_RE_REGISTER":
        says = f"it had to register again, since no rekey came: GM_RE_REGISTER{event.ago}"
        yield Symptom(Complaint.MISSED_REKEYS, member.device, says, (member.log.seen,))


def _list(member: MemberScene) -> Iterator[Symptom]:
    if member.list_differs:
        seen = (member.lists.seen, member.group.shipped.seen)
        yield Symptom(Complaint.LIST_DIFFERS, member.device, "its downloaded list is not the primary's", seen)


def _traffic(member: MemberScene) -> Iterator[Symptom]:
    found = movement(member)
    sent = found.moved("encrypted")
    if sent is not None and sent >= ENOUGH and found.moved("decrypted") == 0:
        says = f"{sent} packets encrypted between two looks, none decrypted"
        yield Symptom(Complaint.NOT_DECRYPTING, member.device, says, found.seen)
    names = ("invalid SPI", *counters.DATAPLANE_ERRORS, *counters.IPSEC_ERRORS)
    grown = [f"{name} {count}" for name in names if (count := found.moved(name))]
    if grown:
        yield Symptom(Complaint.DROPS, member.device, f"dropped between two looks: {', '.join(grown)}", found.seen)


def _logged(member: MemberScene) -> Iterator[Symptom]:
    events = member.log.named(_DROPPED, within=_HOUR)
    if events:
        says = f"it logged {events[-1].name}, {times(len(events))} within an hour{events[-1].ago}"
        yield Symptom(Complaint.DROPS, member.device, says, (member.log.seen,))


def _probes(member: MemberScene) -> Iterator[Symptom]:
    lost = [item for item in inner_pings(member) if not item.value.answered]
    if lost:
        says = f"{counted(len(lost), 'probe')} to networks behind others did not come back"
        yield Symptom(Complaint.PROBE_FAILED, member.device, says, tuple(item.seen for item in lost))
