"""What is wrong with a group as a whole: two primaries, key servers that differ, a policy that was not sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from getvpn_ops.checks.diagnosis.cause import SERVER, Cause, against, look, missing, speaks_for
from getvpn_ops.checks.diagnosis.log import counted, in_words
from getvpn_ops.checks.diagnosis.registering import CONFIGURED, DECISIVE, OUT, STRONG
from getvpn_ops.checks.diagnosis.scene import HONOURED
from getvpn_ops.checks.diagnosis.trace import signatures
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.diagnosis import Complaint
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.inventory import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.checks.diagnosis.log import Event
    from getvpn_ops.checks.diagnosis.scene import GroupScene
    from getvpn_ops.checks.diagnosis.server_scene import ServerScene
    from getvpn_ops.model.diagnosis import Clue
    from getvpn_ops.model.values import Address

T = TypeVar("T")
Told = list[tuple["ServerScene", Sample[T]]]

_STORM = timedelta(minutes=15)
_DAY = timedelta(days=1)
_SENT = ("KS_SEND_UNICAST_REKEY", "KS_SEND_MCAST_REKEY")
_FEW = 3
_RECEIVE_ONLY = "inbound only"
_REKEYS = frozenset({Complaint.OLD_KEYS, Complaint.MISSED_REKEYS})


def _told(group: GroupScene, read: Callable[[ServerScene], Sample[T]]) -> tuple[Told[T], list[Clue]]:
    """What each key server says, and a clue for each that does not."""
    told: Told[T] = []
    gaps = []
    for server in group.servers:
        try:
            told.append((server, read(server)))
        except EvidenceMissingError as gap:
            gaps.append(missing(str(gap)))
    return told, gaps


def _differs(
    group: GroupScene,
    what: str,
    read: Callable[[ServerScene], Sample[T]],
    words: Callable[[T], str] = lambda _: "one",
) -> Iterator[Clue]:
    """Whether all key servers give the same answer; those that give none are gaps."""
    told, gaps = _told(group, read)
    yield from gaps
    camps: dict[T, list[str]] = defaultdict(list)
    for server, sample in told:
        camps[sample.value].append(server.device)
    seen = (sample.seen for _, sample in told)
    if len(camps) > 1:
        parts = [f"{', '.join(names)} {words(value)}" for value, names in camps.items()]
        yield speaks_for(DECISIVE, f"{what} differs: {'; '.join(parts)}", *seen)
    elif len(told) > 1 and not gaps:
        yield against(DECISIVE, f"{what} is the same on all {len(told)} key servers", *seen)


def split(group: GroupScene) -> Iterator[Clue]:
    """Two key servers of the group are primary: each gives its members keys of its own.

    Members of the two halves cannot read each other's packets. After the merge both sets of keys live until they end,
    and members that hold the lost KEK read no rekey until they register again (guide, "COOP").
    """
    told, gaps = _told(group, lambda server: server.view.coop())
    yield from gaps
    seen = [(server, sample.seen) for server, sample in told if _is_primary(sample.value.local_role)]
    if len(seen) > 1:
        names = ", ".join(server.device for server, _ in seen)
        yield speaks_for(DECISIVE, f"{names} are primary at once", *(item for _, item in seen))
    elif told and not gaps:
        yield against(DECISIVE, "no two key servers are primary", told[0][1].seen)


def _is_primary(role: str | None) -> bool:
    return (role or "").casefold() == "primary"


def no_primary(group: GroupScene) -> Iterator[Clue]:
    """No key server of the group is primary, so nobody makes keys or sends rekeys.

    Where some key servers did not answer, one of them may be it.
    """
    told, gaps = _told(group, lambda server: server.view.coop())
    yield from gaps
    cooperating = [sample for _, sample in told if sample.value.redundancy_configured is not False]
    if any(_is_primary(sample.value.local_role) for sample in cooperating) or (told and not cooperating):
        yield against(DECISIVE, "a key server is primary", told[0][1].seen)
    elif cooperating and not gaps:
        yield speaks_for(DECISIVE, "no key server is primary", *(sample.seen for sample in cooperating))


def no_keys(group: GroupScene) -> Iterator[Clue]:
    """The key servers answer and have no keys: profile, transform set, list or RSA key of the policy is missing.

    A key server whose policy is not complete makes no TEK, and members register in vain.
    """
    told, gaps = _told(group, lambda server: server.view.policy())
    yield from gaps
    if group.has_keys:
        yield against(DECISIVE, "the key servers have keys that live")
    elif told and not gaps:
        yield speaks_for(DECISIVE, "no key server has a key that lives", *(sample.seen for _, sample in told))


def rsa_key_differs(group: GroupScene) -> Iterator[Clue]:
    """Key servers sign rekeys with different RSA keys of one label.

    Members know the key of the policy they got, and throw away a rekey that another key signed (GDOI_REKEY_FAILURE,
    UNEXPECTED_SIGKEY): after an election nobody follows any more. Compare the public keys, not the labels.
    """
    yield from _differs(group, f"RSA key {group.label}", _key_data, lambda text: f"has …{text[-28:-10]}")
    yield from signatures(group)


def _key_data(server: ServerScene) -> Sample[str]:
    key = server.key
    return Sample(key.value.key_data.hex if key.value.key_data is not None else "", key.seen)


def acl_differs(group: GroupScene) -> Iterator[Clue]:
    """Key servers have different lists for the group: after an election members would get another one.

    IOS does not compare them (guide, "Key Server Design"). A member that encrypts a flow which another one does not
    drops the clear packets of that one.
    """
    yield from _differs(
        group,
        "the group's list",
        lambda server: server.lists,
        lambda form: f"has {sum(map(len, form))} lines",
    )


def policy_differs(group: GroupScene) -> Iterator[Clue]:
    """Key servers are configured with different lifetimes, rekey or replay settings; an election would change them."""
    told, gaps = _told(group, _policy)
    yield from gaps
    seen, differing = [sample.seen for _, sample in told], []
    for name in dict.fromkeys(name for _, sample in told for name in sample.value):
        camps: dict[str, list[str]] = defaultdict(list)
        for server, sample in told:
            if (value := sample.value.get(name)) is not None:
                camps[value].append(server.device)
        if len(camps) > 1:
            parts = (f"{', '.join(names)} {value}" for value, names in camps.items())
            differing.append(f"{name}: {'; '.join(parts)}")
    if differing:
        yield speaks_for(DECISIVE, f"the configured policy differs: {'. '.join(differing)}", *seen)
    elif len(told) > 1 and not gaps:
        yield against(DECISIVE, f"the configured policy is the same on all {len(told)} key servers", *seen)


def _policy(server: ServerScene) -> Sample[dict[str, str | None]]:
    """What it shows of its policy; None for what it leaves out, as 16/17 do while nobody is registered."""
    sample = server.view.gdoi()
    group, rekey = sample.value, sample.value.rekey
    found: dict[str, object] = {"identity": group.group_id, "transport": group.transport}
    found |= {"direction": group.sa_direction, "number of SAs": len(group.ipsec_sas) or None}
    if rekey is not None:
        found |= {"KEK lifetime": rekey.lifetime, "rekeys are repeated": rekey.retransmit_attempts}
        found |= {"rekeys are repeated every": rekey.retransmit_period}
    for place, item in enumerate(group.ipsec_sas, 1):
        found |= {f"TEK lifetime of SA {place}": item.lifetime, f"replay check of SA {place}": item.replay_method}
        found |= {f"replay window of SA {place}": item.replay_window or item.replay_interval}
    return Sample({name: None if value is None else str(value) for name, value in found.items()}, sample.seen)


def acl_too_long(group: GroupScene) -> Iterator[Clue]:
    """The group's list has more than 100 entries; what stands behind the hundredth has no effect (GDOI_ACL_NUM).

    Traffic that only those lines cover goes in clear, or in the other direction: what they deny is encrypted.
    """
    told, gaps = _told(group, lambda server: server.view.acl())
    yield from gaps
    for server, sample in told:
        lists = Counter(item.access_list for item in sample.value.entries if item.ace.action in {"permit", "deny"})
        count = max(lists.values(), default=0)
        if count > HONOURED:
            yield speaks_for(DECISIVE, f"{server.device} has {count} entries in the group's list", sample.seen)
        else:
            yield against(STRONG, f"{server.device} has {count} entries in the group's list", sample.seen)


def change_not_sent(group: GroupScene) -> Iterator[Clue]:
    """A policy was changed on a key server and not sent to the members: since 15.2(1)T that takes a command.

    Members go on with the old policy until `crypto gdoi ks rekey`; left to the next scheduled rekey, those that prefer
    a secondary may miss the new SPI (CSCvf89894).
    """
    for server in group.servers:
        yield from _pending(server)
    yield from _stale(group)


@look
def _pending(server: ServerScene) -> Iterator[Clue]:
    own = _logged(server, "POLICY_CHANGE", *_SENT)
    if own and own[-1].name == "POLICY_CHANGE":
        change, says = own[-1], f"{server.device} logged POLICY_CHANGE{own[-1].ago}"
        if server.is_primary:
            yield speaks_for(DECISIVE, f"{says}, and sent no rekey since", server.log.seen)
            return
        sent = [item for other in server.group.servers if other.has_log for item in _logged(other, *_SENT)]
        if any(item.age is None or change.age is None or item.age <= change.age for item in sent):
            return  # the primary sent it, or may have
        if all(other.has_log for other in server.group.servers if other.is_primary) and server.group.primaries:
            yield speaks_for(DECISIVE, f"{says}, and no key server sent a rekey since", server.log.seen)
        else:
            yield missing(f"whether the primary sent what {server.device} logged as POLICY_CHANGE{change.ago}")
    elif server.is_primary and server.log.holds(_DAY):
        yield against(STRONG, f"{server.device} logged no change of policy since its last rekey", server.log.seen)
    elif server.is_primary:
        yield missing(f"the log of {server.device} does not hold the last day")


def _logged(server: ServerScene, *names: str) -> list[Event]:
    return [item for item in server.log.named(names) if item.message.group in {None, server.view.local_name}]


def _stale(group: GroupScene) -> Iterator[Clue]:
    """All members that told have one list, and it is not the primary's."""
    told = [member for member in group.members if member.list_differs is not None]
    stale = [member for member in told if member.list_differs]
    if len(told) >= _FEW and len(stale) == len(told):
        yield speaks_for(STRONG, f"the lists of all {len(told)} members asked are not the primary's")


def receive_only_left(group: GroupScene) -> Iterator[Clue]:
    """The group is receive-only, though the migration is over: every member sends in clear.

    ``sa receive-only`` is meant for the first steps of a migration (guide, "Migrating to GETVPN"); whoever forgets it
    has registrations, keys and rekeys that look well, and no encryption.
    """
    intent = group.view.intent
    wanted = intent.direction if intent is not None else None
    told, gaps = _told(group, lambda server: server.view.gdoi())
    yield from gaps
    for server, sample in told:
        if sample.value.sa_direction is None:
            yield missing(f"{server.device}: {sample.seen.command} does not tell the direction of group {group.name}")
        elif sample.value.sa_direction.casefold() != _RECEIVE_ONLY:
            yield against(STRONG, f"{server.device} says direction {sample.value.sa_direction}", sample.seen)
        elif wanted is Direction.RECEIVE_ONLY:
            yield against(DECISIVE, "the group is meant to be receive-only", sample.seen)
        else:
            weight = STRONG if wanted is None else DECISIVE
            meant = "" if wanted is None else ", and the group is meant to encrypt"
            yield speaks_for(weight, f"{server.device} says direction {sample.value.sa_direction}{meant}", sample.seen)


def registration_storm(group: GroupScene) -> Iterator[Clue]:
    """Many members register again at once: someone cleared GDOI on a key server, or they all lost their keys.

    Registrations queue up at the key servers' processors; the storm ends by itself unless it is caused anew. Clear
    nothing while it lasts.
    """
    logs = [server for server in group.servers if server.has_log]
    if not logs:
        yield missing("no key server has a log")
        return
    if short := [server.device for server in logs if not server.log.holds(_STORM)]:
        yield missing(f"the log of {', '.join(short)} does not hold the last {in_words(_STORM)}")
    ages: dict[Address, list[timedelta]] = defaultdict(list)
    for server in logs:
        for item in server.log.named({"KS_REGS_COMPL"}):
            if item.message.group in {None, server.view.local_name} and item.message.addresses and item.age is not None:
                ages[item.message.addresses[0]].append(item.age)
        for item in server.log.named({"KS_CLEAR_REGISTER"}, within=_STORM):
            yield speaks_for(DECISIVE, f"`clear crypto gdoi` was typed on {server.device}{item.ago}", server.log.seen)
    again = sum(len(found) > 1 and min(found) <= _STORM for found in ages.values())
    seen = [server.log.seen for server in logs]
    says = f"{counted(again, 'member')} registered a second time within {in_words(_STORM)}"
    if again >= max(_FEW, len(group.members) // 2):
        yield speaks_for(STRONG, says, *seen)
    else:
        yield against(STRONG, says, *seen)


CAUSES = (
    Cause(
        id="split-brain",
        title="Two key servers of the group are primary",
        examine=split,
        explains=frozenset({Complaint.PRIMARIES, Complaint.DROPS, Complaint.NOT_DECRYPTING, Complaint.LIST_DIFFERS})
        | _REKEYS,
        confirm=((SERVER, "show crypto gdoi ks coop"), (SERVER, "show crypto isakmp sa")),
        heal=("mend the way between the key servers, and change nothing in the group until one primary is left",),
    ),
    Cause(
        id="no-primary",
        title="No key server of the group is primary",
        examine=no_primary,
        explains=OUT | {Complaint.PRIMARIES, Complaint.NO_KEYS} | _REKEYS,
        confirm=((SERVER, "show crypto gdoi ks coop"),),
        heal=("look at COOP on each key server; an election takes less than a minute",),
    ),
    Cause(
        id="no-keys",
        title="The key servers have no keys",
        examine=no_keys,
        explains=OUT | {Complaint.NO_KEYS} | _REKEYS,
        confirm=((SERVER, "show crypto gdoi ks policy"), (SERVER, CONFIGURED)),
        heal=("complete profile, transform set, list and RSA key on the primary",),
    ),
    Cause(
        id="rsa-key-differs",
        title="Key servers sign rekeys with different RSA keys",
        examine=rsa_key_differs,
        explains=frozenset({Complaint.SERVERS_DIFFER}) | _REKEYS,
        confirm=((SERVER, "show crypto key mypubkey rsa {label}"),),
        heal=("import one key pair everywhere under a new label, save, then change the label, primary last",),
        shows=Complaint.SERVERS_DIFFER,
    ),
    Cause(
        id="acl-mismatch",
        title="Key servers have different lists for the group",
        examine=acl_differs,
        explains=frozenset({Complaint.SERVERS_DIFFER, Complaint.LIST_DIFFERS, Complaint.DROPS}),
        confirm=((SERVER, "show crypto gdoi ks acl"),),
        heal=("make the lists equal, secondaries first, primary last; then one rekey",),
        shows=Complaint.SERVERS_DIFFER,
    ),
    Cause(
        id="policy-mismatch",
        title="Key servers are configured with different policies",
        examine=policy_differs,
        explains=frozenset({Complaint.SERVERS_DIFFER}),
        confirm=((SERVER, "show crypto gdoi"), (SERVER, "show running-config | section crypto ipsec profile")),
        heal=("make the policies equal, secondaries first, primary last",),
        shows=Complaint.SERVERS_DIFFER,
    ),
    Cause(
        id="acl-too-long",
        title="The group's list has more than 100 entries",
        examine=acl_too_long,
        explains=frozenset({Complaint.LIST_TOO_LONG, Complaint.LIST_DIFFERS, Complaint.DROPS}),
        confirm=((SERVER, "show crypto gdoi ks acl"), (SERVER, "show logging | include GDOI_ACL_NUM")),
        heal=("summarize the list to 100 entries at most, denies included",),
        shows=Complaint.LIST_TOO_LONG,
    ),
    Cause(
        id="change-not-sent",
        title="A changed policy was not sent to the members",
        examine=change_not_sent,
        explains=frozenset({Complaint.NOT_SHIPPED, Complaint.LIST_DIFFERS}),
        confirm=((SERVER, "show logging | include POLICY_CHANGE"), (SERVER, "show crypto gdoi ks acl")),
        heal=("`crypto gdoi ks rekey` on the primary, when every key server has the change",),
        shows=Complaint.NOT_SHIPPED,
    ),
    Cause(
        id="receive-only-left",
        title="The group is still receive-only",
        examine=receive_only_left,
        explains=frozenset({Complaint.IN_CLEAR}),
        confirm=((SERVER, "show crypto gdoi"), (SERVER, CONFIGURED)),
        heal=("finish the migration by its plan: never turn it off while some members are not passive yet",),
        shows=Complaint.IN_CLEAR,
    ),
    Cause(
        id="registration-storm",
        title="The members register again all at once",
        examine=registration_storm,
        explains=OUT | {Complaint.STORM, Complaint.OLD_KEYS},
        confirm=((SERVER, "show logging | include REGS_COMPL|CLEAR_REGISTER"), (SERVER, "show processes cpu sorted")),
        heal=("wait, and clear nothing; find out who cleared, or why the keys ended",),
        shows=Complaint.STORM,
    ),
)
