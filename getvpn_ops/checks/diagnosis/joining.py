"""What on the member itself keeps it out of its group: the group, its map, its servers, its release."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.diagnosis.cause import MEMBER, SERVER, Cause, against, look, missing, speaks_for
from getvpn_ops.checks.diagnosis.log import BAD_GROUP, REFUSED_POLICY, counted, in_words, times
from getvpn_ops.checks.diagnosis.registering import CONFIGURED, DECISIVE, HINT, OUT, STRONG, said, works
from getvpn_ops.checks.diagnosis.trace import traced
from getvpn_ops.dialect.trace_words import Meaning
from getvpn_ops.model.diagnosis import Complaint
from getvpn_ops.model.state.crypto_map import CryptoMaps, FailCloses
from getvpn_ops.model.state.engine import Eli
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.model.state.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.diagnosis.member_scene import MemberScene
    from getvpn_ops.model.diagnosis import Clue

_LOST = OUT | {Complaint.NO_GROUP}
_YOUNG = timedelta(minutes=10)
_NEARLY = 0.98  # of what a crypto engine holds


def group_id_differs(member: MemberScene) -> Iterator[Clue]:
    """The member asks for a group that the key server does not have: the identities differ.

    A group's name is local to each router; the identity, number or address, is what they must share. The key server
    says KS_BAD_ID.
    """
    yield from said(member, BAD_GROUP, DECISIVE, "it asks for an identity that is not the group's")
    yield from traced(member, Meaning.BAD_GROUP, BAD_GROUP)
    yield from _identity(member)


@look
def _identity(member: MemberScene) -> Iterator[Clue]:
    sample, wanted = member.local, member.view.identity
    if sample.value.group_id is None or wanted is None:
        return
    if sample.value.group_id == wanted:
        yield against(DECISIVE, f"{member.device} has identity {wanted} as its key servers have", sample.seen)
    else:
        yield speaks_for(
            DECISIVE, f"{member.device} has identity {sample.value.group_id}, its key servers {wanted}", sample.seen
        )


def group_missing(member: MemberScene) -> Iterator[Clue]:
    """The router is meant to be a member and has no such group.

    It may never have been configured, or was lost with a reload of an unsaved configuration: then the router forwards
    in clear what its peers drop.
    """
    if member.state.refused(Gdoi):
        yield missing(f"{member.device} does not know `show crypto gdoi`")
        return
    sample = member.state.latest(Gdoi)
    if member.has_group:
        yield against(DECISIVE, f"{member.device} has the group", sample.seen)
        return
    sample.certain()
    names = ", ".join(group.group_name for group in sample.value.groups) or "none"
    yield speaks_for(DECISIVE, f"groups on {member.device}: {names}", sample.seen)


def feature_missing(member: MemberScene) -> Iterator[Clue]:
    """The router does not know GDOI at all: its image, release or licence (securityk9) is without GETVPN."""
    if not member.state.refused(Gdoi):
        member.state.latest(Gdoi)
        yield against(DECISIVE, f"{member.device} knows `show crypto gdoi`")
        return
    yield speaks_for(DECISIVE, f"{member.device} refuses `show crypto gdoi`")
    if member.state.has(Version):
        version = member.state.latest(Version)
        yield speaks_for(
            HINT, f"it runs {version.value.release} ({version.value.image or 'unknown image'})", version.seen
        )


def group_incomplete(member: MemberScene) -> Iterator[Clue]:
    """The group lacks its identity, its key servers, or both; the member says GM_INCOMPLETE_CFG and does not ask."""
    sample = member.local
    if not member.wanted_servers:
        yield speaks_for(DECISIVE, "the group names no key server", sample.seen)
    if sample.value.group_id in {None, "", "0"}:
        yield speaks_for(DECISIVE, "the group has no identity", sample.seen)
    elif member.wanted_servers:
        yield against(DECISIVE, f"the group has an identity and {len(member.wanted_servers)} key servers", sample.seen)


def crypto_map_missing(member: MemberScene) -> Iterator[Clue]:
    """No crypto map with the group is on an interface, so the member neither registers nor encrypts.

    The map may be gone from the interface (GM_CM_DETACH) or was never applied, or its entry lacks ``set group``.
    Traffic of the site passes in clear, and conformant peers drop it.
    """
    silent = member.state.silent(CryptoMaps)
    seen = silent if silent is not None else member.state.latest(CryptoMaps).seen
    if not member.has_group:
        yield against(STRONG, f"{member.device} has no such group, so no map can name it", seen)
        return
    maps = member.maps
    ports = [port for entry in maps for port in entry.interfaces]
    if not maps and silent is None:
        member.state.whole(CryptoMaps)
    if not any(entry.interfaces for entry in maps):
        yield from works(member)
    if not maps:
        yield speaks_for(DECISIVE, f"no crypto map names group {member.local_name}", seen)
    elif not ports:
        yield speaks_for(DECISIVE, f"crypto map {maps[0].crypto_map} is on no interface", seen)
    else:
        yield against(DECISIVE, f"crypto map {maps[0].crypto_map} is on {', '.join(ports)}", seen)
    if _last_of(member, "GM_CM_DETACH", "GM_CM_ATTACH") == "GM_CM_DETACH":
        yield speaks_for(HINT, "it logged GM_CM_DETACH and no GM_CM_ATTACH since", member.log.seen)


def _last_of(member: MemberScene, *names: str) -> str:
    event = member.log.last(*names) if member.has_log else None
    return event.name if event is not None else ""


def interface_down(member: MemberScene) -> Iterator[Clue]:
    """The interface that the member registers from is down or has no address."""
    sample = member.local
    blocks = [item for item in sample.value.members if item.address is not None]
    bare = [item for item in blocks if item.address is not None and not int(item.address)]
    told = member.state.has(CryptoMaps) or member.state.silent(CryptoMaps) is not None
    if told and not any(entry.interfaces for entry in member.maps):
        yield against(DECISIVE, "no crypto map is on any interface, which does the same", sample.seen)
    elif bare:
        yield speaks_for(DECISIVE, f"{member.device} has no address to register with", sample.seen)
    elif not member.is_out:
        yield against(DECISIVE, f"{member.device} is registered", member.standing.seen)
    elif blocks:
        yield against(DECISIVE, f"{member.device} registers from {blocks[0].address}", sample.seen)
    else:
        yield missing(f"{sample.seen.command} of {member.device} tells no address")


def wrong_server(member: MemberScene) -> Iterator[Clue]:
    """The member points to addresses that are no key servers of the group.

    None of them right: it never registers. One of them wrong: it costs 40 seconds at each registration, and whoever has
    that address is asked for keys.
    """
    sample, wanted = member.local, member.wanted_servers
    if not wanted:
        return
    if len([item for item in member.group.servers if item.addresses]) < max(1, len(member.group.servers)):
        yield missing("the addresses of the key servers are not all known")
        return
    known = member.group.known_servers
    strange = ", ".join(str(item) for item in sorted(wanted - known, key=int))
    if strange and not wanted & known:
        yield speaks_for(DECISIVE, f"none of its servers is a key server of the group: {strange}", sample.seen)
    elif strange:
        yield speaks_for(STRONG, f"{strange} is in its list and no key server of the group", sample.seen)
    else:
        yield against(DECISIVE, "all its servers are key servers of the group", sample.seen)


def rogue_server(member: MemberScene) -> Iterator[Clue]:
    """The member is registered with a key server that the inventory does not know.

    A key server that is nobody's gives out keys of its own and reads what they protect; it is also the way into
    CVE-2023-20109.
    """
    sample = member.standing
    server = sample.value.server
    if server is None or not sample.value.registered:
        return
    if server in member.group.known_servers:
        yield against(DECISIVE, f"{server} is a key server of the group", sample.seen)
    else:
        yield speaks_for(DECISIVE, f"it is registered with {server}, which is no key server of the group", sample.seen)


def just_restarted(member: MemberScene) -> Iterator[Clue]:
    """The router came up minutes ago and is about to register.

    Until then it sends in clear and cannot decrypt; with fail-close it sends nothing. A configuration that was not
    saved is gone.
    """
    sample = member.state.latest(Version)
    uptime = sample.value.uptime
    if uptime is None:
        return
    if uptime < _YOUNG:
        why = f" ({sample.value.returned_by})" if sample.value.returned_by else ""
        yield speaks_for(STRONG, f"{member.device} came up {in_words(uptime)} ago{why}", sample.seen)
    else:
        yield against(DECISIVE, f"{member.device} has been up for {in_words(uptime)}", sample.seen)


def fail_close_in_the_way(member: MemberScene) -> Iterator[Clue]:
    """Fail-close is active, and its list does not let UDP 848 pass, so the member cannot register at all.

    What the list does not deny is dropped until the member is registered; it must deny UDP 848, SSH, AAA, routing, DNS,
    NTP and PKI both ways.
    """
    if member.state.silent(FailCloses) is not None or member.state.refused(FailCloses):
        yield against(DECISIVE, f"{member.device} has no fail-close")
        return
    sample = member.state.latest(FailCloses)
    if not member.state.has(CryptoMaps) and any(item.activate for item in sample.value.maps):
        yield missing(f"which crypto map of {member.device} is the group's")
        return
    if member.shuts_itself is not None and member.is_out:
        yield speaks_for(STRONG, "fail-close is active, and no line of its list lets UDP 848 pass", sample.seen)
    elif member.shuts_itself is None:
        yield against(DECISIVE, "no fail-close is active that would keep UDP 848 out", sample.seen)


def policy_refused(member: MemberScene) -> Iterator[Clue]:
    """The member refuses what the key server offers: its hardware or release cannot do it.

    A cipher or hash that the crypto engine lacks, counter mode without identifiers, a TEK protocol that is new to it.
    """
    yield from said(member, REFUSED_POLICY, DECISIVE, "it refuses the policy")
    yield from traced(member, Meaning.REFUSED_POLICY, REFUSED_POLICY)
    yield from _refuses(member)


@look
def _refuses(member: MemberScene) -> Iterator[Clue]:
    event = member.log.last(
        "GM_REJECTING_SA_PAYLOAD", "GM_FAILED_TO_INSTALL_POLICIES", "UNSUPPORTED_TEK_PROTO", "GM_REGS_COMPL"
    )
    if event is not None and event.name != "GM_REGS_COMPL":
        yield speaks_for(DECISIVE, f"it logged {event.name}{event.ago}, and no registration since", member.log.seen)


def engine_exhausted(member: MemberScene) -> Iterator[Clue]:
    """The crypto engine has no room left, or none takes the policy: out of flows, sessions, or licensed throughput.

    GM_NO_IPSEC_FLOWS and GM_NO_CRYPT_ENGINE say so; each entry of the group's list costs flows.
    """
    yield from _engine(member)
    yield from _engine_log(member)


@look
def _engine(member: MemberScene) -> Iterator[Clue]:
    sample = member.state.latest(Eli)
    held = [item for engine in sample.value.engines for item in engine.resources]
    failed = [item for item in held if item.failed]
    full = [item for item in held if item.maximum and item.active >= _NEARLY * item.maximum]
    for item in failed:
        says = f"{item.resource}: {counted(item.failed or 0, 'request')} refused since its start"
        yield speaks_for(HINT, says, sample.seen)
    for item in full:
        yield speaks_for(STRONG, f"{item.resource}: {item.active} of {item.maximum} in use", sample.seen)
    if held and not failed and not full:
        yield against(STRONG, "the crypto engine has room and refused nothing", sample.seen)


@look
def _engine_log(member: MemberScene) -> Iterator[Clue]:
    for name in ("GM_NO_IPSEC_FLOWS", "GM_NO_CRYPT_ENGINE"):
        if events := member.log.named({name}):
            yield speaks_for(DECISIVE, f"it logged {name}, {times(len(events))}{events[-1].ago}", member.log.seen)


CAUSES = (
    Cause(
        id="feature-missing",
        title="The router does not know GDOI",
        examine=feature_missing,
        explains=_LOST,
        confirm=((MEMBER, "show version"), (MEMBER, "show license")),
        heal=("an image and a licence with GETVPN (securityk9)",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="group-missing",
        title="The group is not configured on the member",
        examine=group_missing,
        explains=_LOST,
        confirm=((MEMBER, CONFIGURED),),
        heal=("configure the group, its map, and save; or take the router out of the inventory",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="group-incomplete",
        title="The member's group lacks its identity or its key servers",
        examine=group_incomplete,
        explains=_LOST,
        confirm=((MEMBER, CONFIGURED),),
        heal=("complete the group: `identity number` and `server address ipv4`",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="group-id-differs",
        title="Member and key server have different identities for the group",
        examine=group_id_differs,
        explains=_LOST,
        confirm=((MEMBER, "show crypto gdoi"), (SERVER, "show crypto gdoi")),
        heal=("set the key servers' identity on the member; it registers anew at once",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="crypto-map-missing",
        title="No crypto map with the group is on an interface",
        examine=crypto_map_missing,
        explains=_LOST | {Complaint.OLD_KEYS},
        confirm=((MEMBER, "show crypto map"), (MEMBER, "show running-config | section crypto map")),
        heal=("apply the map to the interface towards the provider",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="interface-down",
        title="The interface that the member registers from is down",
        examine=interface_down,
        explains=_LOST,
        confirm=((MEMBER, "show ip interface brief"),),
        heal=("bring the interface up, or name another by `local-address` or `client registration interface`",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="wrong-server-address",
        title="The member points to addresses that are no key servers",
        examine=wrong_server,
        explains=_LOST,
        confirm=((MEMBER, "show crypto gdoi"),),
        heal=("correct the `server address` lines; mend the inventory if the address is right",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="rogue-key-server",
        title="The member is registered with a key server that nobody knows",
        examine=rogue_server,
        explains=_LOST | {Complaint.OLD_KEYS, Complaint.LIST_DIFFERS},
        confirm=((MEMBER, "show crypto gdoi"),),
        heal=("find out whose it is before anything else; then correct the `server address` lines",),
        shows=Complaint.NO_GROUP,
    ),
    Cause(
        id="fail-close-in-the-way",
        title="The member's fail-close keeps UDP 848 out",
        examine=fail_close_in_the_way,
        explains=_LOST,
        confirm=((MEMBER, "show crypto map gdoi fail-close"),),
        heal=("deny UDP 848 both ways in the list of fail-close",),
    ),
    Cause(
        id="policy-refused",
        title="The member refuses the policy of the key server",
        examine=policy_refused,
        explains=OUT | {Complaint.OLD_KEYS},
        confirm=((MEMBER, "show logging | include GDOI"), (SERVER, "show crypto gdoi feature suite-b")),
        heal=("a transform set and rekey algorithm that every member can do",),
        shows=Complaint.RETRIES,
    ),
    Cause(
        id="engine-exhausted",
        title="The member's crypto engine is full",
        examine=engine_exhausted,
        explains=OUT | {Complaint.OLD_KEYS, Complaint.ENGINE, Complaint.DROPS},
        confirm=((MEMBER, "show crypto eli"), (MEMBER, "show license")),
        heal=("fewer lines in the group's list, a larger licence, or a larger router",),
        shows=Complaint.ENGINE,
    ),
    Cause(
        id="just-restarted",
        title="The router came up minutes ago",
        examine=just_restarted,
        explains=_LOST | {Complaint.OLD_KEYS, Complaint.MISSED_REKEYS},
        confirm=((MEMBER, "show version"), (MEMBER, "show crypto gdoi")),
        heal=("wait for its registration; find out why it restarted",),
    ),
)
