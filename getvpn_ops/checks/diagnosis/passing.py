"""Why packets do not pass though the member is registered: ESP, MTU, modes, own lists, NAT, peers in clear."""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from getvpn_ops.checks import counters
from getvpn_ops.checks.diagnosis.cause import MEMBER, SERVER, Cause, against, look, missing, speaks_for
from getvpn_ops.checks.diagnosis.log import counted, times
from getvpn_ops.checks.diagnosis.registering import CONFIGURED, DECISIVE, HINT, STRONG
from getvpn_ops.checks.diagnosis.scene import flow_of
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.diagnosis import Complaint
from getvpn_ops.model.inventory import Direction
from getvpn_ops.model.state.ipsec import IpsecSas
from getvpn_ops.model.state.reach import Ping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.diagnosis import Clue
    from getvpn_ops.model.fleet import Sample
    from getvpn_ops.model.state.gm_details import GmAclGroup

_HOUR = timedelta(hours=1)
_TRAFFIC = frozenset({Complaint.NOT_DECRYPTING, Complaint.DROPS, Complaint.PROBE_FAILED})
_REFUSED = (
    "invalid SPI",
    "decapsulation failed",
    "not matching the list",
    "verification failed",
    "internal errors receiving",
    "receive errors",
)
"""Counters of packets that came and could not be used."""
ENOUGH = 50
"""Packets one way that make silence the other way a fault; fewer may well be one-sided."""
_LARGE = 1000
"""Bytes from which a probe with DF set tells of the MTU."""


def movement(member: MemberScene) -> counters.Movement:
    """The member's counters at two moments: of the data plane, or of its IPsec SAs.

    Raises:
        EvidenceMissingError: it shows none.
    """
    return counters.dataplane(member.view) or counters.ipsec(member.view)


def inner_pings(member: MemberScene) -> list[Sample[Ping]]:
    """Probes of the member towards networks that the inventory knows behind others: they go through the tunnel."""
    found = member.state.samples(Ping)
    if not found:
        return []
    behind = [net for other in member.group.members if other is not member for net in other.state.device.prefixes]
    return [item for item in found if any(item.value.target in net for net in behind if item.value.target is not None)]


@look
def _moves(member: MemberScene) -> Iterator[Clue]:
    found = movement(member)
    sent, got = found.moved("encrypted"), found.moved("decrypted")
    if sent is None or got is None:
        yield missing(f"counters of {member.device} were looked at once only")
    elif got:
        yield against(DECISIVE, f"it decrypted {counted(got, 'packet')} meanwhile", *found.seen)
    elif sent:
        says = f"it encrypted {counted(sent, 'packet')} meanwhile and decrypted none"
        yield speaks_for(STRONG if sent >= ENOUGH else HINT, says, *found.seen)
        for name in _REFUSED:
            if bad := found.moved(name):
                yield against(STRONG, f"ESP comes and is refused: {name} {bad}", *found.seen)
    else:
        yield missing(f"nothing was encrypted or decrypted on {member.device} between the two looks")


@look
def _small(member: MemberScene) -> Iterator[Clue]:
    small = [item for item in inner_pings(member) if (item.value.size_bytes or 0) < _LARGE]
    good = [item for item in small if item.value.answered]
    if good:
        yield against(DECISIVE, f"an echo to {good[0].value.target}, encrypted, came back", good[0].seen)
    elif small:
        yield speaks_for(HINT, f"no echo from {small[0].value.target} came back", small[0].seen)


def esp_blocked(member: MemberScene) -> Iterator[Clue]:
    """ESP (IP protocol 50) does not pass between the member and others, though UDP 848 does.

    Registration, rekeys and receive-only look well, and the first encrypted packet is lost. The
    member goes on encrypting, and nothing comes that it could decrypt.
    """
    standing = member.standing
    if member.is_out:
        yield against(DECISIVE, f"{member.device} is not registered", standing.seen)
        return
    if member.lacks_newest:
        yield against(STRONG, "it lacks the group's newest key, which does the same", standing.seen)
    yield from _moves(member)
    yield from _replays(member)
    yield from _small(member)


@look
def _replays(member: MemberScene) -> Iterator[Clue]:
    sample = member.view.replay()
    if sample.value.input_error_packets:
        says = f"ESP comes: {sample.value.input_error_packets} packets were refused as replays"
        yield against(STRONG, says, sample.seen)


def mtu_black_hole(member: MemberScene) -> Iterator[Clue]:
    """Packets that are near the MTU are lost once ESP made them longer, and nobody tells the sender.

    Small packets pass: sessions open and hang with the first full segment. No counter of a router shows it; only a
    probe with DF set does.
    """
    probes = inner_pings(member)
    good = {item.value.target for item in probes if (item.value.size_bytes or 0) < _LARGE and item.value.answered}
    large = [item for item in probes if (item.value.size_bytes or 0) >= _LARGE and item.value.df]
    large = [item for item in large if item.value.target in good]
    if not large:
        yield missing(f"no probes of two sizes were sent from {member.device} to a network behind another member")
        return
    lost = [item for item in large if not item.value.answered]
    for item in lost[:1]:
        says = f"{item.value.size_bytes} bytes with DF do not come back from {item.value.target}, smaller ones do"
        yield speaks_for(DECISIVE, says, item.seen)
    if not lost:
        yield against(DECISIVE, f"{large[0].value.size_bytes} bytes with DF come back", large[0].seen)


def passive_left(member: MemberScene) -> Iterator[Clue]:
    """``passive`` is still configured though the group encrypts: the member accepts clear packets that it should drop.

    It belongs to the middle of a migration (guide, Table 6), survives rekeys and reloads, and no screen shows it.
    """
    config = member.state.latest(RunningConfig)
    group = next((item for item in config.value.gdoi_groups if item.name == member.local_name), None)
    if group is None:
        yield missing(f"the configuration of {member.device} does not show group {member.local_name}")
        return
    intent = member.group.view.intent
    wanted = intent.direction if intent is not None else None
    if not group.passive:
        yield against(DECISIVE, f"{member.device} is not configured as passive", config.seen)
        return
    direction, seen = member.group.view.served.direction
    if direction.casefold() == "both" and wanted is not Direction.RECEIVE_ONLY:
        weight = DECISIVE if wanted is Direction.BOTH else STRONG
        yield speaks_for(weight, "`passive` is configured, and the group encrypts", config.seen, seen)
    else:
        yield against(STRONG, f"`passive` goes with direction {direction}", config.seen, seen)


def _own(member: MemberScene) -> tuple[list[Ace], Sample[GmAclGroup]]:
    acl = member.view.acl()
    return [item.ace for own in acl.value.local_acls for item in own.entries], acl


def local_permit(member: MemberScene) -> Iterator[Clue]:
    """The member's own list holds a permit, and what matches it is dropped (GM_ACL_PERMIT): own lists may only deny."""
    own, acl = _own(member)
    permits = [ace for ace in own if ace.action == "permit"]
    for ace in permits:
        yield speaks_for(DECISIVE, f"its own list has {ace.text}", acl.seen)
    if not permits:
        yield against(DECISIVE, "its own list permits nothing", acl.seen)


def local_deny_one_sided(member: MemberScene) -> Iterator[Clue]:
    """The member leaves a flow in clear by its own list, and no other member does: the other end drops the packets.

    Own denies stand before the downloaded list and hold on this member alone; each needs its mirror at every peer.
    """
    own, acl = _own(member)
    denies = [ace for ace in own if ace.action == "deny"]
    if not denies:
        yield against(DECISIVE, "its own list denies nothing", acl.seen)
        return
    others, untold = _others(member)
    for_all = _denied_for_all(acl.value)
    alone = [ace for ace in denies if _mirror(ace) not in others and not {flow_of(ace), _mirror(ace)} <= for_all]
    for ace in alone:
        if untold:
            yield speaks_for(STRONG, f"{ace.text}: no mirror on the members asked; {untold} did not tell", acl.seen)
        else:
            yield speaks_for(DECISIVE, f"{ace.text}: no other member has its mirror", acl.seen)
    if not alone:
        yield against(
            DECISIVE, "each of its own denies has its mirror on another member or in the group's list", acl.seen
        )


def _denied_for_all(acl: GmAclGroup) -> frozenset[object]:
    """What every downloaded list denies before it permits anything, so that all members leave it in clear."""
    lists = [
        frozenset(flow_of(ace) for ace in takewhile(lambda ace: ace.action != "permit", item.entries))
        for item in acl.acl_downloads
    ]
    return frozenset.intersection(*lists) if lists else frozenset()


def _others(member: MemberScene) -> tuple[frozenset[object], int]:
    """Own denies of all other members, and how many of them did not tell."""
    told, owners = member.group.own_denies, member.group.deny_owners
    own = {flow_of(ace) for ace in told.get(member.device, ())}
    others = frozenset(flow for flow, number in owners.items() if number > (flow in own))
    return others, len(member.group.members) - len(told)


def _mirror(ace: Ace) -> tuple[object, ...]:
    protocol, source, source_port, destination, destination_port = flow_of(ace)
    return (protocol, destination, destination_port, source, source_port)


def nat_on_path(member: MemberScene) -> Iterator[Clue]:
    """Addresses are translated between the member and others, which GETVPN does not survive: it keeps IP headers.

    The key server knows the member by another address, or SAs are wrapped in UDP.
    """
    yield from _wrapped(member)
    yield from _renamed(member)


@look
def _wrapped(member: MemberScene) -> Iterator[Clue]:
    sample = member.state.latest(IpsecSas)
    wrapped = [sa for _, _, ident in sample.value.idents() for table in ident.tables for sa in table.sas
               if any("udp" in word.casefold() for word in sa.settings)]  # fmt: skip
    if wrapped:
        yield speaks_for(DECISIVE, "its SAs are wrapped in UDP", sample.seen)


@look
def _renamed(member: MemberScene) -> Iterator[Clue]:
    sample = member.standing
    server = next((item for item in member.group.servers if sample.value.server in item.addresses), None)
    if not sample.value.registered or server is None or not member.has_address:
        return
    rows = server.rows
    if member.addresses & set(rows.value):
        yield against(STRONG, f"{server.device} knows it by its own address", rows.seen)
        return
    strangers = set(rows.value) - member.group.member_addresses
    if strangers and sample.value.teks:
        names = ", ".join(str(item) for item in sorted(strangers, key=int)[:3])
        says = f"it is registered, and {server.device} does not know it, but strangers: {names}"
        yield speaks_for(HINT, says, sample.seen, rows.seen)


def peer_in_clear(member: MemberScene) -> Iterator[Clue]:
    """Someone sends in clear what the group encrypts, and this member drops it (RECVD_PKT_NOT_IPSEC).

    The sender is no member, is not registered, is receive-only, or leaves the flow in clear by its own list.
    """
    events = member.log.named({"RECVD_PKT_NOT_IPSEC"})
    if not events and not member.log.holds(_HOUR):
        yield missing(f"the log of {member.device} does not hold the last hour")
        return
    if not events:
        yield against(STRONG, "it logged no clear packets that it should have got encrypted", member.log.seen)
        return
    found = ", ".join(dict.fromkeys(str(item) for event in events for item in event.message.addresses[-1:]))
    yield speaks_for(STRONG, f"RECVD_PKT_NOT_IPSEC {times(len(events))}{events[-1].ago}: {found}", member.log.seen)


CAUSES = (
    Cause(
        id="esp-blocked",
        title="ESP does not pass, though UDP 848 does",
        examine=esp_blocked,
        explains=_TRAFFIC,
        confirm=((MEMBER, "show crypto ipsec sa"), (MEMBER, "ping {inner} source {own_inner}")),
        heal=("open IP protocol 50 both ways on every filter of the provider and of your own",),
    ),
    Cause(
        id="mtu-black-hole",
        title="Large encrypted packets are lost",
        examine=mtu_black_hole,
        explains=frozenset({Complaint.PROBE_FAILED}),
        confirm=((MEMBER, "ping {inner} source {own_inner} size 1400 df-bit"),),
        heal=("`ip tcp adjust-mss 1360` towards the LAN, `crypto ipsec df-bit clear`, or a larger MTU on the path",),
    ),
    Cause(
        id="local-permit",
        title="The member's own list drops what it permits",
        examine=local_permit,
        explains=frozenset({Complaint.DROPS, Complaint.LIST_DIFFERS}),
        confirm=((MEMBER, "show crypto gdoi gm acl local"),),
        heal=("take the permit out of the list under the crypto map",),
        shows=Complaint.DROPS,
    ),
    Cause(
        id="local-deny-one-sided",
        title="The member alone leaves a flow in clear",
        examine=local_deny_one_sided,
        explains=frozenset({Complaint.DROPS, Complaint.LIST_DIFFERS}),
        confirm=((MEMBER, "show crypto gdoi gm acl local"), (SERVER, "show crypto gdoi ks acl")),
        heal=("put the mirror on the other end, or the deny into the key servers' list",),
        shows=Complaint.DROPS,
        spreads=True,
    ),
    Cause(
        id="passive-left",
        title="The member is still passive",
        examine=passive_left,
        explains=frozenset({Complaint.ACCEPTS_CLEAR}),
        confirm=((MEMBER, CONFIGURED),),
        heal=("`no passive`, when every member of the group encrypts",),
        shows=Complaint.ACCEPTS_CLEAR,
    ),
    Cause(
        id="nat-on-path",
        title="Addresses are translated on the way",
        examine=nat_on_path,
        explains=_TRAFFIC,
        confirm=((MEMBER, "show crypto ipsec sa"), (SERVER, "show crypto gdoi ks members")),
        heal=("take NAT out of the path between members, and between members and key servers",),
        shows=Complaint.DROPS,
    ),
    Cause(
        id="peer-in-clear",
        title="A peer sends in clear what the group encrypts",
        examine=peer_in_clear,
        explains=frozenset({Complaint.DROPS}),
        confirm=((MEMBER, "show logging | include RECVD_PKT_NOT_IPSEC"),),
        heal=("look the sender up in the inventory: is it registered, and is its list the group's?",),
    ),
)
