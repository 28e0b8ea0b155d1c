"""A group's list against what is around it: the rekey address, other groups, members' own lists, routers outside."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.effective import Action, EffectiveList
from getvpn_ops.analysis.packets.sets import PacketSet
from getvpn_ops.checks.acl.views import GroupLists, MemberLists, finding
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.checks.acl.views import Neighbour, Outsider
    from getvpn_ops.model.outcome import Finding
    from getvpn_ops.model.values import Network


def rekey_address(group: GroupLists, _params: NoParams) -> Iterator[Finding]:
    """The multicast group that rekeys go to must be out of the encryption.

    Rekeys that are encrypted do not arrive, and all members fall out when the key ends. The guide's samples deny
    ``224.0.0.0 0.255.255.255``, which is 224.0.0.0/8 alone, and send rekeys to 239.192.1.190: there only the line for
    UDP 848 saves them, and what else goes to that address is encrypted.
    """
    policy, rekey = group.policy, group.rekey
    if rekey.missing:
        raise EvidenceMissingError(rekey.missing)
    if not rekey.addresses:
        yield finding(group.name, Status.NOT_APPLICABLE, "rekey address", actual="rekeys are unicast", seen=rekey.seen)
    encrypted, unsure = policy.effective.sure(Action.ENCRYPT), policy.effective.unsure
    for address in rekey.addresses:
        towards = PacketSet.sent_to([ip_network(address)])
        wrong, open_ = encrypted & towards, unsure & towards
        shown = wrong if not wrong.is_empty else open_
        status = Status.FAIL if not wrong.is_empty else Status.PASS if open_.is_empty else Status.UNKNOWN
        actual = "clear" if shown.is_empty else f"{policy.example(shown)} is encrypted"
        if status is Status.UNKNOWN:
            actual = f"{policy.example(shown)} hangs on a line without exact meaning"
        yield finding(
            group.name,
            status,
            f"traffic to the rekey address {address}",
            expected="clear",
            actual=actual,
            device=policy.device,
            seen=(*policy.seen, *rekey.seen),
            next_steps=(f"deny ip any host {address}", "or all multicast: deny ip any 224.0.0.0 15.255.255.255"),
        )


def overlap(group: GroupLists, _params: NoParams) -> Iterator[Finding]:
    """Lists of two groups on one router must not encrypt the same traffic.

    The first crypto map entry that matches takes the packet, so it goes out with the key of one group, and the member
    of the other cannot read it (guide: "the IP addresses behind each VRF-lite segment cannot overlap" on a shared
    network). Different VRFs on different networks may overlap.
    """
    for other in group.neighbours:
        shared = [name for name in other.shared if name not in other.apart]
        if shared:
            yield _overlap(group, other, shared)
    if not any(name not in other.apart for other in group.neighbours for name in other.shared):
        yield finding(group.name, Status.NOT_APPLICABLE, "other groups", actual="none on its routers in the same VRF")


def _overlap(group: GroupLists, other: Neighbour, shared: list[str]) -> Finding:
    ours, theirs = group.policy.effective, other.policy.effective
    both = ours.sure(Action.ENCRYPT) & theirs.sure(Action.ENCRYPT)
    perhaps = (ours.sure(Action.ENCRYPT) | ours.unsure) & (theirs.sure(Action.ENCRYPT) | theirs.unsure)
    certain = [name for name in shared if name not in other.unclear]
    if perhaps.is_empty:
        status, actual = Status.PASS, "nothing"
    elif both.is_empty:
        status, actual = Status.UNKNOWN, f"{group.policy.example(perhaps)} hangs on lines without exact meaning"
    else:
        status, actual = Status.FAIL, f"both encrypt {group.policy.example(both)}, on {', '.join(certain or shared)}"
        if not certain:
            status, actual = Status.UNKNOWN, f"{actual}, whose VRFs are not known"
    return finding(
        group.name,
        status,
        f"what it encrypts together with {other.policy.name}",
        expected="nothing",
        actual=actual,
        seen=(*group.policy.seen, *other.policy.seen),
        next_steps=("give each group its own prefixes",),
    )


def local_mirror(group: GroupLists, _params: NoParams) -> Iterator[Finding]:
    """What one member's own denies send in clear, the members that answer must accept and answer in clear.

    A local deny on one side only: the other side expects encryption and drops the clear packets, and sends its own
    encrypted, which the first side drops in turn. The peers are those whose prefixes the deny reaches.
    """
    with_own = [member for member in group.members if member.local is None or member.local]
    if not with_own:
        if not group.members:
            msg = f"group {group.name}: no member is known"
            raise EvidenceMissingError(msg)
        yield finding(group.name, Status.NOT_APPLICABLE, "members' own lists", actual="no member has one")
    for member in with_own:
        yield from _own(group, member)


def _own(group: GroupLists, member: MemberLists) -> Iterator[Finding]:
    message = f"own denies of {member.name}"
    expected = "the members that answer deny the mirror"
    try:
        ours = group.effective(member)
        before = EffectiveList(downloaded=ours.downloaded)
        sent_clear = ours.sure(Action.CLEAR) - before.sure(Action.CLEAR)
    except EvidenceMissingError as exc:
        yield finding(group.name, Status.UNKNOWN, message, expected=expected, actual=str(exc), device=member.device)
        return
    if member.prefixes:
        sent_clear &= PacketSet.sent_by(member.prefixes)
    peers = [other for other in group.members if other.device != member.device]
    faults, gaps = _peers(group, sent_clear, peers)
    if not ours.unsure.is_empty:
        gaps.append("a line of its list has no exact meaning")
    status = Status.FAIL if faults else Status.UNKNOWN if gaps else Status.PASS
    actual = "; ".join(faults or gaps) or "they do"
    yield finding(
        group.name,
        status,
        message,
        expected=expected,
        actual=actual,
        device=member.device,
        seen=member.seen,
        next_steps=("put the mirror into the peer's own list, or the deny and its mirror into the key server's list",),
    )


def _peers(group: GroupLists, sent_clear: PacketSet, peers: Iterable[MemberLists]) -> tuple[list[str], list[str]]:
    """Peers that expect encryption of what is sent in clear, and what is not known of others."""
    faults, gaps = [], []
    for peer in peers:
        reached = sent_clear & PacketSet.sent_to(peer.prefixes) if peer.prefixes else sent_clear
        if reached.is_empty:
            continue
        try:
            answers = group.effective(peer).sure(Action.ENCRYPT).mirrored()
            open_ = group.effective(peer).unsure.mirrored() & reached
        except EvidenceMissingError as exc:
            gaps.append(str(exc))
            continue
        lost = reached & answers
        if lost.is_empty:
            if not open_.is_empty:
                gaps.append(f"a line of {peer.name} has no exact meaning")
        elif peer.crypto_map:
            known = lost.example(peer.prefixes)
            gaps.append(f"{peer.name} expects {known} encrypted; whether that lies behind this map is not known")
        elif peer.prefixes:
            faults.append(f"{peer.device} expects {lost.example(peer.prefixes)} encrypted, and drops it")
        else:
            gaps.append(f"what lies behind {peer.device} is not known, and it expects {lost.example()} encrypted")
    return faults, gaps


def outsiders(group: GroupLists, _params: NoParams) -> Iterator[Finding]:
    """A site that is no member sends clear and cannot read ESP: members must send it clear, and accept it.

    Its prefixes must be denied on the key server, or in the own list of every member that talks to it (guide: "If
    certain branch is not yet GEVPN enabled, traffic to and from that site also should be excluded").
    """
    if group.outsiders is None:
        msg = f"group {group.name}: no inventory says which routers are no members"
        raise EvidenceMissingError(msg)
    if not group.outsiders:
        yield finding(group.name, Status.NOT_APPLICABLE, "routers that are no members", actual="none in the inventory")
    for outsider in group.outsiders:
        yield _outsider(group, outsider)


def _outsider(group: GroupLists, outsider: Outsider) -> Finding:
    message, expected = f"traffic with {outsider.device}, no member", "clear on every member"
    if not outsider.prefixes:
        actual = "its prefixes are not in the inventory"
        return finding(group.name, Status.UNKNOWN, message, expected=expected, actual=actual)
    theirs = PacketSet.sent_to(outsider.prefixes) | PacketSet.sent_by(outsider.prefixes)
    named, gaps, example = _encrypting(group, outsider, theirs)
    if not group.members:
        wrong = group.policy.effective.encrypted & theirs
        if not wrong.is_empty:
            named, example = [group.policy.name], str(wrong.example(outsider.prefixes))
    status = Status.FAIL if named else Status.UNKNOWN if gaps else Status.PASS
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    found = f"{example} is encrypted by {named[0]}{more}" if named else gaps[0] if gaps else ""
    return finding(
        group.name,
        status,
        message,
        expected=expected,
        actual=found or "clear",
        seen=group.policy.seen,
        next_steps=tuple(f"deny ip any {_typed(item)} and deny ip {_typed(item)} any" for item in outsider.prefixes),
    )


def _encrypting(group: GroupLists, outsider: Outsider, theirs: PacketSet) -> tuple[list[str], list[str], str]:
    """Members that encrypt what an outsider sends or gets, what is not known of others, and an example."""
    named: list[str] = []
    gaps: list[str] = []
    example = ""
    for member in group.members:
        try:
            effective = group.effective(member)
        except EvidenceMissingError as exc:
            if (group.policy.effective.sure(Action.ENCRYPT) & theirs).is_empty:
                continue  # with the key server's list alone it is clear, and a local list can only deny or drop
            gaps.append(str(exc))
            continue
        covered = _of_member(theirs, member.prefixes)
        wrong = effective.sure(Action.ENCRYPT) & covered
        if wrong.is_empty:
            if not (effective.unsure & covered).is_empty:
                gaps.append(f"a line of {member.name} has no exact meaning")
            continue
        found = str(wrong.example((*member.prefixes, *outsider.prefixes)))
        if member.crypto_map and not _all_encrypt(group, member.device, wrong):
            gaps.append(f"{member.name} encrypts {found}; whether that goes by this map is not known")
            continue
        named.append(member.name)
        example = example or found
    return named, gaps, example


def _all_encrypt(group: GroupLists, device: str, packets: PacketSet) -> bool:
    """Whether a router encrypts something of a set by whichever of its crypto maps it goes."""
    for member in group.members:
        if member.device != device:
            continue
        try:
            packets &= group.effective(member).sure(Action.ENCRYPT)
        except EvidenceMissingError:
            return False
    return not packets.is_empty


def _of_member(packets: PacketSet, prefixes: tuple[Network, ...]) -> PacketSet:
    """What a member sends, and its answers; everything where its prefixes are not known."""
    if not prefixes:
        return packets
    return packets & (PacketSet.sent_by(prefixes) | PacketSet.sent_to(prefixes))


def _typed(network: Network) -> str:
    return f"{network.network_address} {network.hostmask}" if network.version == 4 else str(network)  # noqa: PLR2004


GROUP_RULES_OF_ACL = (
    Spec(
        id="acl-rekey-address",
        title="The multicast address of rekeys is not encrypted",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=rekey_address,
        tags=frozenset({"acl", "rekey"}),
    ),
    Spec(
        id="acl-overlap",
        title="No other group of the same routers encrypts the same traffic",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=overlap,
        tags=frozenset({"acl"}),
    ),
    Spec(
        id="acl-local-mirror",
        title="Members' own denies have their mirror on the members that answer",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=local_mirror,
        tags=frozenset({"acl"}),
    ),
    Spec(
        id="acl-outsiders",
        title="Traffic with sites that are no members is not encrypted",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=outsiders,
        tags=frozenset({"acl", "migration"}),
    ),
)
