"""What is wrong with one key server: silent, cut off, without the group, without the key, closed to new members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.cause import MEMBER, PEER, SERVER, Cause, against, look, missing, speaks_for
from getvpn_ops.checks.diagnosis.log import counted
from getvpn_ops.checks.diagnosis.registering import CONFIGURED, DECISIVE, HINT, OUT, STRONG
from getvpn_ops.checks.diagnosis.trace import peers_lost
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.diagnosis import Complaint
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.keys import RsaKeyPairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.checks.diagnosis.server_scene import ServerScene
    from getvpn_ops.model.diagnosis import Clue
    from getvpn_ops.model.outcome import Seen

_ALIVE = "alive"
_REKEYS = frozenset({Complaint.OLD_KEYS, Complaint.MISSED_REKEYS})


def _views_of(server: ServerScene) -> tuple[list[tuple[str, Seen]], list[tuple[str, Seen]]]:
    """Which peers see a key server alive, and which do not; each with where it says so."""
    alive: list[tuple[str, Seen]] = []
    dead: list[tuple[str, Seen]] = []
    for peer in server.group.servers:
        if peer is server:
            continue
        try:
            seen = peer.peers_seen
        except EvidenceMissingError:
            continue
        for address in server.addresses & set(seen.value):
            if seen.value[address]:  # a status that is not printed says nothing
                (alive if seen.value[address].casefold() == _ALIVE else dead).append((peer.device, seen.seen))
    return alive, dead


def server_down(server: ServerScene) -> Iterator[Clue]:
    """The key server is down: it answers neither us nor its peers.

    With others left nothing is lost yet: members turn to the next one of their lists after 40 seconds each. With none
    left every member drops its traffic when its TEK ends.
    """
    if not server.state.was_asked:
        yield missing(f"{server.device} was not asked")
        return
    alive, dead = _views_of(server)
    if not server.is_mute:
        yield against(DECISIVE, f"{server.device} answers us")
        return
    visit = server.state.visit
    why = f": {visit.reason}" if visit is not None and visit.reason else ""
    if any(state.visit is not None and state.visit.commands for state in server.group.view.fleet.devices.values()):
        yield speaks_for(STRONG, f"{server.device} does not answer us{why}")
    else:
        yield speaks_for(HINT, f"{server.device} does not answer us, as nobody does{why}")
    for name, seen in dead:
        yield speaks_for(DECISIVE, f"{name} does not hear it either", seen)
    for name, seen in alive:
        yield against(DECISIVE, f"{name} hears it", seen)
    left = [item for item in server.group.members if item.is_out and _needs(item, server)]
    if left and not alive:
        who = f"{counted(len(left), 'member')} {'is' if len(left) == 1 else 'are'}"
        yield speaks_for(STRONG, f"{who} not registered, and no key server of theirs answers us")


def _needs(member: MemberScene, server: ServerScene) -> bool:
    """Whether a member has a key server in its list, and none that answers."""
    wanted = member.wanted_servers
    return bool(wanted & server.addresses) and wanted <= server.group.silent_addresses


def cut_off(server: ServerScene) -> Iterator[Clue]:
    """The key server runs, and its peers do not hear it: UDP 848 does not pass between them, or no packet at all.

    Both sides then elect a primary of their own and give out keys of their own; when the way is open again, members of
    the two halves understand each other only after the next rekey.
    """
    if server.is_mute or not server.state.was_asked:
        yield missing(f"{server.device} did not answer, so nobody knows whether it runs")
        return
    alive, dead = _views_of(server)
    mine = server.peers_seen
    lost = server.unheard
    running = [item for item in server.group.servers if item.serves and item.addresses & set(mine.value)]
    unheard = [item for item in running if item.addresses & set(lost)]
    weight = HINT if alive else STRONG  # whom some hear is not the one that is cut off
    for name, seen in dead:
        yield speaks_for(weight, f"{name} does not hear it", seen)
    if unheard and (dead or len(unheard) == len(running)):
        names = ", ".join(item.device for item in unheard)
        whole = len(unheard) == len(running) and not alive
        yield speaks_for(DECISIVE if whole else weight, f"it does not hear {names}, and runs itself", mine.seen)
    if not mine.value:
        yield against(DECISIVE, "it has no peers", mine.seen)
    elif not lost and not dead:
        told = {name for name, _ in alive}
        if told >= {item.device for item in server.group.servers if item is not server}:
            yield against(DECISIVE, "it hears all its peers and they hear it", mine.seen)
        else:
            yield missing(f"not every peer of {server.device} tells whether it hears it")
    if alive and not dead:
        yield against(STRONG, f"{', '.join(name for name, _ in alive)} hear it", alive[0][1])
    yield from peers_lost(server)


def not_serving(server: ServerScene) -> Iterator[Clue]:
    """A router that the inventory takes for a key server of the group does not serve it.

    Its group is not configured, lost with an unsaved reload, or not complete (identity, ``address ipv4``).
    """
    if server.view.configured():
        sample = server.view.gdoi()
        if sample.value.is_key_server:
            yield against(DECISIVE, f"{server.device} serves the group", sample.seen)
        else:
            yield speaks_for(DECISIVE, f"{server.device} has the group, and not as its key server", sample.seen)
        return
    seen = server.state.whole(Gdoi).seen
    yield speaks_for(DECISIVE, f"`show crypto gdoi` of {server.device} does not show the group", seen)


def rsa_key_missing(server: ServerScene) -> Iterator[Clue]:
    """The RSA key that signs rekeys is not on the key server (KS_NO_RSA_KEYS), so it cannot rekey once it is primary.

    Imported keys survive a reload only where they were saved.
    """
    label = server.group.label
    if (nothing := server.state.silent(RsaKeyPairs)) is not None:
        yield speaks_for(DECISIVE, f"{server.device} holds no RSA key at all", nothing)
        return
    pairs = server.state.latest(RsaKeyPairs)
    if any(pair.key_name == label for pair in pairs.value.keys):
        yield against(DECISIVE, f"{server.device} holds {label}", pairs.seen)
    else:
        pairs.certain()
        yield speaks_for(DECISIVE, f"{server.device} holds no RSA key {label}", pairs.seen)
    if server.has_log and (events := server.log.named({"KS_NO_RSA_KEYS"})):
        yield speaks_for(HINT, f"it logged KS_NO_RSA_KEYS{events[-1].ago}", server.log.seen)


def registration_blocked(server: ServerScene) -> Iterator[Clue]:
    """The key server registers nobody for now: ``New GM Temporary Blocking Enforced?`` says yes.

    A secondary does so as long as it does not know what the primary gave out. Members turn to another key server.
    """
    sample = server.view.coop()
    blocked = sample.value.new_members_blocked
    if blocked is True:
        yield speaks_for(DECISIVE, f"{server.device} enforces temporary blocking of new members", sample.seen)
    elif blocked is False:
        yield against(DECISIVE, f"{server.device} registers new members", sample.seen)


@look
def _peers(server: ServerScene) -> Iterator[Clue]:
    """Peers that a key server should have and does not, and strangers that it says it heard of."""
    seen = server.peers_seen
    for other in server.group.servers:
        if other is not server and other.addresses and not other.addresses & set(seen.value):
            seen.certain()
            yield speaks_for(DECISIVE, f"{server.device} does not have {other.device} as its peer", seen.seen)


def peer_missing(server: ServerScene) -> Iterator[Clue]:
    """Key servers of one group do not all name each other as peers; the one that is left out is primary for itself."""
    sample = server.view.coop()
    if len(server.group.servers) > 1 and sample.value.redundancy_configured is False:
        yield speaks_for(DECISIVE, f"{server.device} has no redundancy configured", sample.seen)
        return
    found = list(_peers(server))
    yield from found
    if not found:
        yield against(DECISIVE, f"{server.device} names all other key servers as peers", sample.seen)


CAUSES = (
    Cause(
        id="key-server-down",
        title="A key server is down",
        examine=server_down,
        explains=OUT | {Complaint.SERVER_SILENT, Complaint.PEER_DEAD, Complaint.PRIMARIES, Complaint.NO_KEYS} | _REKEYS,
        confirm=((PEER, "show crypto gdoi ks coop"), (MEMBER, "ping {itself}")),
        heal=("bring it back; until then make sure that every member has another key server in its list",),
    ),
    Cause(
        id="key-server-not-serving",
        title="A router does not serve the group as it should",
        examine=not_serving,
        explains=OUT | {Complaint.NOT_SERVING, Complaint.PEER_DEAD, Complaint.NO_KEYS},
        confirm=((SERVER, CONFIGURED),),
        heal=("configure the group on it as on the others, the RSA key included, and save",),
        shows=Complaint.NOT_SERVING,
    ),
    Cause(
        id="key-server-peer-missing",
        title="Key servers do not all name each other as peers",
        examine=peer_missing,
        explains=frozenset({Complaint.PEER_DEAD, Complaint.PRIMARIES, Complaint.SERVERS_DIFFER}),
        confirm=((SERVER, "show crypto gdoi ks coop"),),
        heal=("`peer address ipv4` for each of the others, under `redundancy`",),
        shows=Complaint.SERVERS_DIFFER,
    ),
    Cause(
        id="key-server-cut-off",
        title="UDP 848 does not pass between key servers",
        examine=cut_off,
        explains=frozenset({Complaint.PEER_DEAD, Complaint.PRIMARIES}) | OUT | _REKEYS,
        confirm=((SERVER, "ping {server}"), (SERVER, "show crypto isakmp sa"), (SERVER, "show crypto gdoi ks coop")),
        heal=("open UDP 848 between the key servers; afterwards look for one primary and one KEK",),
    ),
    Cause(
        id="rsa-key-missing",
        title="The RSA key that signs rekeys is missing on a key server",
        examine=rsa_key_missing,
        explains=frozenset({Complaint.CANNOT_SIGN}) | _REKEYS,
        confirm=((SERVER, "show crypto key mypubkey rsa {label}"),),
        heal=("import the key pair of the other key servers under the same label, and save at once",),
        shows=Complaint.CANNOT_SIGN,
    ),
    Cause(
        id="registration-blocked",
        title="A key server registers no new members for now",
        examine=registration_blocked,
        explains=OUT | {Complaint.BLOCKED},
        confirm=((SERVER, "show crypto gdoi ks coop"),),
        heal=("mend COOP with the primary; blocking ends by itself",),
        shows=Complaint.BLOCKED,
    ),
)
