"""Cooperative key servers (guide: "COOP"; DOMAIN: one primary per group over all key servers)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.answers import ask, unasked
from getvpn_ops.checks.health.verdict import listed, not_applicable, undecided, untold, verdict
from getvpn_ops.checks.views import KeyServerView, gdoi_addresses
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.checks.health.answers import Answer, Answers
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.state.coop import CoopGroup, CoopPeer
    from getvpn_ops.model.values import Address

_COMMAND = "show crypto gdoi ks coop"
_PATH = (f"{_COMMAND} on both", "ping between their COOP addresses; is UDP 848 open?", "show crypto isakmp sa")


def alone(group: GroupView, answers: Answers[CoopGroup], what: str) -> Finding | None:
    """NOT_APPLICABLE if the group has one key server and that one says that it has no redundancy configured."""
    if (
        len(group.key_servers) == 1
        and not unasked(group)
        and answers.told
        and answers.told[0].value.redundancy_configured is False
    ):
        why = f"{answers.told[0].device} is the only key server and has no redundancy configured"
        return not_applicable(group, what, why, *answers.seen)
    return None


def addresses(answers: Answers[CoopGroup], servers: Iterable[KeyServerView]) -> dict[Address, str]:
    """COOP address -> key server, from the inventory and from what the servers say of themselves."""
    names = {address: server.device for server in servers for address in gdoi_addresses(server.state)}
    own = {answer.value.local_address: answer.device for answer in answers.told}
    return names | {address: name for address, name in own.items() if address is not None}


def _role(coop: CoopGroup) -> str:
    """Without redundancy a key server acts as a primary by itself."""
    return "primary" if coop.redundancy_configured is False else (coop.local_role or "").casefold()


def single_primary(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Two primaries is a split, none means that nobody rekeys.

    In a split each primary rekeys its own members with keys of its own; after that the two halves of the network no
    longer understand each other. A primary that one silent key server may hide is no pass, and one that is only heard
    of, at an address that nobody knows, counts too.
    """
    answers = ask(group, "COOP primaries", KeyServerView.coop)
    lone = alone(group, answers, "COOP primaries")
    if lone is not None:
        yield lone
        return
    yield from answers.silent
    if not answers.told:
        return
    primaries = [answer.device for answer in answers.told if _role(answer.value) == "primary"]
    heard = _heard_of(group, answers)
    if not primaries and len(heard) == 1:  # it is one that did not tell
        reason = f"{heard[0]} is primary, say others; it did not tell"
        yield undecided(group.name, "COOP primaries", reason, *answers.seen)
        return
    primaries += heard
    yield verdict(
        group.name,
        len(primaries) == 1,
        "COOP primaries",
        expected="exactly one",
        actual=", ".join(primaries) or "none",
        device=primaries[-1] if primaries else "",
        seen=answers.seen,
        next_steps=(f"{_COMMAND} on every key server", "is UDP 848 open between them?"),
    )


def _heard_of(group: GroupView, answers: Answers[CoopGroup]) -> list[str]:
    """Primaries that did not tell themselves: others hear them."""
    told = {answer.device for answer in answers.told}
    names = addresses(answers, group.key_servers)
    found = {
        names.get(peer.address, str(peer.address))
        for answer in answers.told
        for peer in answer.value.peers
        if peer.address is not None
        and (peer.role or "").casefold() == "primary"
        and (peer.status or "alive").casefold() == "alive"
    }
    return sorted(found - told)


# -- peers


def peers_alive(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Key servers that do not hear each other have no common keys, policy or member list.

    A peer that is dead cannot take over when the primary fails, and one that is heard in one direction only becomes a
    second primary. Each pair is looked at from both ends: status Alive, and IKE Established, over which announcements
    flow (guide, ``show crypto gdoi ks coop``). A key server that the inventory names and nobody sees is no help either.
    """
    what = "COOP sessions"
    answers = ask(group, what, KeyServerView.coop)
    lone = alone(group, answers, what)
    if lone is not None:
        yield lone
        return
    yield from answers.silent
    names = addresses(answers, group.key_servers)
    for answer in answers.told:
        yield from _own_state(answer)
    pairs: dict[tuple[str, str], list[tuple[Answer[CoopGroup], CoopPeer]]] = defaultdict(list)
    for answer in answers.told:
        for peer in answer.value.peers:
            other = names.get(peer.address, str(peer.address)) if peer.address else f"session {peer.session}"
            first, second = sorted((answer.device, other))
            pairs[first, second].append((answer, peer))
    told = {answer.device: answer for answer in answers.told}
    for pair, sides in sorted(pairs.items()):
        yield _pair(pair, sides, told)
    seen = {name for pair in pairs for name in pair}
    for server in group.key_servers:
        if answers.told and server.device not in seen and server.device not in told:
            yield verdict(
                server.device,
                good=False,
                message=what,
                expected="a session with every other key server",
                actual="no other key server has a session with it",
                device=answers.told[0].device,
                seen=answers.seen,
                next_steps=(f"is {server.device} a peer under redundancy on {listed(told)}?",),
            )


def _own_state(answer: Answer[CoopGroup]) -> Iterator[Finding]:
    coop = answer.value
    if coop.redundancy_configured is False:
        yield verdict(
            answer.device,
            good=False,
            message="COOP",
            expected="redundancy with the group's other key servers",
            actual="no redundancy configured: it makes keys of its own",
            device=answer.device,
            seen=(answer.seen,),
            next_steps=(f"show running-config | section crypto gdoi on {answer.device}",),
        )
    elif coop.local_status is None:
        yield untold(answer.device, "COOP", "its own status is not printed", answer.seen)
    elif coop.local_status.casefold() != "alive" or not coop.peers:
        yield verdict(
            answer.device,
            good=False,
            message="COOP",
            expected="Alive, with a session to every other key server",
            actual=f"{coop.local_status}, {len(coop.peers)} sessions",
            device=answer.device,
            seen=(answer.seen,),
            next_steps=(f"{_COMMAND} on {answer.device}",),
        )


def _pair(
    pair: tuple[str, str],
    sides: list[tuple[Answer[CoopGroup], CoopPeer]],
    told: Mapping[str, Answer[CoopGroup]],
) -> Finding:
    """One pair of key servers, from as many ends as tell of it."""
    said = {answer.device: _session(peer) for answer, peer in sides}
    texts = [f"{name} says {text}" for name, (_, text) in said.items()]
    statuses = [status for status, _ in said.values()]
    for name in pair:
        if name in told and name not in said:
            statuses.append(Status.FAIL)
            texts.append(f"{name} has no session")
    status = max(statuses, key=lambda item: item.rank)
    involved = [told[name] for name in pair if name in told]
    worst = next((answer.device for answer, peer in sides if _session(peer)[0] is not Status.PASS), involved[0].device)
    return Finding(
        status=status,
        subject=" and ".join(pair),
        message="COOP session",
        expected="Alive and Established, seen from both",
        actual="; ".join(texts),
        device=worst,
        evidence=tuple(answer.seen for answer in involved),
        next_steps=() if status is Status.PASS else _PATH,
    )


def _session(peer: CoopPeer) -> tuple[Status, str]:
    """What one end says of the other; a release that prints no IKE status is judged by the other word."""
    if peer.status is None:
        return Status.UNKNOWN, "nothing of its status"
    good = peer.status.casefold() == "alive" and (peer.ike_status or "established").casefold() == "established"
    return Status.PASS if good else Status.FAIL, f"{peer.status}, IKE {peer.ike_status or 'not printed'}"


def peers_known(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Every key server must list every other one as a peer, and nobody else.

    A key server that one peer does not list takes no part in that peer's elections and gets no members from it; a peer
    that the inventory does not know is a rogue key server, or a gap in the inventory (guide, "Redundancy";
    CVE-2023-20109 needs just such a server).
    """
    what = "COOP peers"
    answers = ask(group, what, KeyServerView.coop)
    lone = alone(group, answers, what)
    expected = {
        device.name: frozenset(device.gdoi_addresses) for device in group.fleet.inventory.key_servers(group.name)
    }
    from_inventory = bool(expected)
    for address, name in addresses(answers, group.key_servers).items():
        expected[name] = expected.get(name, frozenset()) | {address}
    for server in group.key_servers:
        expected.setdefault(server.device, frozenset())
    if lone is not None and len(expected) == 1:
        yield lone
        return
    if len(expected) == 1 and not from_inventory:
        yield not_applicable(group, what, "no inventory says which key servers there should be", *answers.seen)
        return
    yield from answers.silent
    for answer in answers.told:
        yield from _mesh(answer, expected, from_inventory=from_inventory)


def _mesh(
    answer: Answer[CoopGroup], expected: Mapping[str, frozenset[Address]], *, from_inventory: bool
) -> Iterator[Finding]:
    listed_peers = {peer.address for peer in answer.value.peers if peer.address is not None}
    others = {name: known for name, known in expected.items() if name != answer.device}
    nameless = [name for name, known in others.items() if not known]
    absent = [
        f"{name} ({listed(sorted(known, key=str))})"
        for name, known in others.items()
        if known and not known & listed_peers
    ]
    known = frozenset().union(*others.values())
    strange = sorted(str(address) for address in listed_peers - known) if from_inventory else []
    told = [f"it does not list {listed(absent)}"] if absent else []
    if strange and not nameless:
        told.append(f"it lists {listed(strange)}, which the inventory does not name")
    if told or not nameless:
        yield verdict(
            answer.device,
            not told,
            "COOP peers",
            expected=listed(others) or "none",
            actual="; ".join(told) or f"{len(listed_peers)} peers",
            device=answer.device,
            seen=(answer.seen,),
            next_steps=("redundancy / peer address ipv4 on each key server", "getvpn-ops inventory check"),
        )
    for name in nameless:
        yield untold(name, "COOP peers", "its address in COOP is not known", answer.seen)


# -- elections and registrations


def priorities_distinct(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Priorities decide which key server takes over; equal ones leave that to the addresses.

    After a failure of the primary the one with the highest priority wins the election (guide, "Redundancy"). With
    equal priorities, as with the default of 1 everywhere, it is not the one that the network was planned for.
    """
    what = "COOP priorities"
    answers = ask(group, what, KeyServerView.coop)
    lone = alone(group, answers, what)
    if lone is not None:
        yield lone
        return
    names = addresses(answers, group.key_servers)
    said = {answer.device: answer.value.local_priority for answer in answers.told}
    for answer in answers.told:
        for peer in answer.value.peers:
            if peer.address is not None and (peer.status or "").casefold() == "alive":
                said.setdefault(names.get(peer.address, str(peer.address)), peer.priority)
    yield from (finding for finding in answers.silent if finding.device not in said)
    held: dict[int, list[str]] = defaultdict(list)
    for name, priority in said.items():
        if isinstance(priority, int):
            held[priority].append(name)
        else:
            yield untold(name, what, f"it is printed as {priority}", *answers.seen)
    for priority, holders in sorted(held.items(), reverse=True):
        yield verdict(
            " and ".join(holders),
            len(holders) == 1,
            what,
            expected="a priority of its own",
            actual=str(priority),
            device=holders[-1],
            seen=answers.seen,
            next_steps=(f"redundancy / local priority on {holders[-1]}: another number than {priority}",),
        )


def registration_open(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """A key server that blocks registrations answers no new member, and none that has lost its keys.

    A secondary blocks them while it has not heard its primary since it came up (``New GM Temporary Blocking
    Enforced?``, 15.x and later; 12.4T does not print it). Members that list it first wait and try the next one.
    """
    what = "registrations"
    answers = ask(group, what, KeyServerView.coop)
    lone = alone(group, answers, what)
    if lone is not None:
        yield lone
        return
    yield from answers.silent
    for answer in answers.told:
        blocked = answer.value.new_members_blocked
        primary = _role(answer.value) == "primary"
        if isinstance(blocked, bool) or primary:
            yield verdict(
                answer.device,
                not blocked,
                what,
                expected="open",
                actual="blocked for new members" if blocked else "open" if not primary else "open, it is primary",
                device=answer.device,
                seen=(answer.seen,),
                next_steps=(
                    f"{_COMMAND} on {answer.device}: has it heard the primary?",
                    "is UDP 848 open between them?",
                ),
            )
        else:
            yield untold(answer.device, what, f"{_COMMAND} does not say it on this release", answer.seen)


_TAGS = frozenset({"coop"})
GROUP_CHECKS = (
    Spec(
        id="coop-single-primary",
        title="Exactly one key server is primary",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=single_primary,
        tags=_TAGS,
    ),
    Spec(
        id="coop-peers-alive",
        title="Key servers hear each other, in both directions",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=peers_alive,
        tags=_TAGS,
    ),
    Spec(
        id="coop-peers-known",
        title="Every key server lists every other one, and no stranger",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=peers_known,
        tags=_TAGS,
    ),
    Spec(
        id="coop-priorities-distinct",
        title="Every key server has a priority of its own",
        severity=Severity.MINOR,
        params=NoParams,
        examine=priorities_distinct,
        tags=_TAGS,
    ),
    Spec(
        id="coop-registration-open",
        title="No key server blocks registrations",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=registration_open,
        tags=_TAGS,
    ),
)
