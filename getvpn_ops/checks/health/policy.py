"""The group as its key servers serve it, against what the inventory asks for and what members can take."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.answers import ask, servers
from getvpn_ops.checks.health.verdict import listed, not_applicable, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.inventory import Direction
from getvpn_ops.model.outcome import Severity
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.outcome import Finding, Seen
    from getvpn_ops.model.state.gdoi import Group

_COMMAND = "show crypto gdoi"
_DIRECTIONS = {
    "both": Direction.BOTH,
    "inbound only": Direction.RECEIVE_ONLY,
    "inbound-only": Direction.RECEIVE_ONLY,
    "receive only": Direction.RECEIVE_ONLY,
}


_STEPS = {
    Direction.BOTH: "is a migration under way? The cut-over playbook has members encrypt one by one first; a bare "
    "`no sa receive-only` loses packets while the rekey spreads",
    Direction.RECEIVE_ONLY: "a way back from encryption: `sa receive-only` on every key server, the primary last, and "
    "crypto gdoi ks rekey; all traffic is in clear then, and packets are lost while the rekey spreads",
}


def served(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Every key server that the inventory names must serve the group, under its identity.

    The name of a group is local to each router; members and key servers meet by the identity. A key server that has the
    name with another identity, or does not serve the group at all, refuses every member that turns to it.
    """
    expected = bool(group.fleet.inventory.key_servers(group.name))
    for server in servers(group):
        groups: tuple[Group, ...] = ()
        try:
            sample = server.state.whole(Gdoi)
        except EvidenceMissingError as missing:
            silent = server.state.silent(Gdoi)
            if silent is None:
                yield untold(server.device, "group served", str(missing))
                continue
            seen = silent
        else:
            groups, seen = sample.value.groups, sample.seen
        own = next((item for item in groups if _is(item.group_id, item.group_name, group)), None)
        namesake = next((item for item in groups if item.group_name == group.name), None)
        identity = group.identity or "its identity"
        if own is not None and own.is_key_server:
            actual = f"identity {own.group_id} as {own.group_name}"
        elif own is not None:
            actual = f"it is a member of {own.group_name}, identity {own.group_id}"
        elif namesake is not None:
            actual = f"its group {group.name} has identity {namesake.group_id}"
        else:
            actual = f"it has {listed(item.group_name for item in groups)}" if groups else "it has no GDOI group"
        yield verdict(
            server.device,
            own is not None and own.is_key_server,
            "group served",
            expected=f"identity {identity}" + ("" if expected else ", as its other key servers"),
            actual=actual,
            device=server.device,
            seen=(seen,),
            next_steps=(f"crypto gdoi group {group.name} / identity number {identity} on {server.device}", _COMMAND),
        )


def _is(group_id: str | None, name: str, group: GroupView) -> bool:
    return group_id == group.identity if group.identity is not None and group_id is not None else name == group.name


def identity(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """All routers that use the name of a group should mean the same identity by it.

    Where one name stands for two identities people mix them up: members of one cannot register with the key servers of
    the other, and the screens of both look alike.
    """
    what = "identity behind the name"
    meant: dict[str, str] = {}
    evidence: dict[str, Seen] = {}
    for state in group.fleet.devices.values():
        if state.has(Gdoi):
            sample = state.latest(Gdoi)
            for item in sample.value.groups:
                if item.group_name == group.name and item.group_id is not None:
                    meant[state.name] = item.group_id
                    if len(evidence) < len(group.key_servers) or item.group_id != group.identity:
                        evidence[state.name] = sample.seen
    silent = [server for server in servers(group) if server.device not in meant and not server.state.has(Gdoi)]
    for server in silent:
        yield untold(server.device, what, f"{_COMMAND} is missing")
    if not meant:
        if not silent:
            yield not_applicable(group, what, "no router uses this name")
        return
    usual = group.identity or Counter(meant.values()).most_common(1)[0][0]
    odd = {name: number for name, number in meant.items() if number != usual}
    for name, number in odd.items():
        yield verdict(
            name,
            good=False,
            message=what,
            expected=usual,
            actual=number,
            device=name,
            seen=[evidence[name]],
            next_steps=(f"crypto gdoi group {group.name} / identity number {usual} on {name}",),
        )
    if not odd:
        yield verdict(
            group.name,
            good=True,
            message=what,
            expected=usual,
            actual=f"{usual} on {len(meant)} routers",
            seen=evidence.values(),
        )


def direction(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Receive-only that was left behind means that nobody encrypts; Both too early, that members drop clear packets.

    ``sa receive-only`` is for a migration (guide, "Receive Only SA"): members decrypt, and send everything in clear.
    Judged against ``direction`` of the group's intent.
    """
    what = "SA direction"
    wanted = group.intent.direction if group.intent is not None else None
    if wanted is None:
        yield not_applicable(group, what, "the inventory does not say which direction is intended")
        return
    answers = ask(group, what, KeyServerView.gdoi)
    yield from answers.silent
    for answer in answers.told:
        word = (answer.value.sa_direction or "").strip().casefold()
        found = _DIRECTIONS.get(word)
        if found is None:
            yield untold(answer.device, what, f"{_COMMAND} prints {answer.value.sa_direction or 'none'}", answer.seen)
            continue
        yield verdict(
            answer.device,
            found is wanted,
            what,
            expected=wanted.value,
            actual=found.value,
            device=answer.device,
            seen=(answer.seen,),
            next_steps=(_STEPS[wanted],),
        )


class AclParams(FrozenModel):
    """How long a list may be."""

    entries: int = Field(default=100, ge=1, description="lines of one list, permits and denies together")


def acl_size(group: GroupView, params: AclParams) -> Iterator[Finding]:
    """A list of the group may have 100 lines; GDOI honours the first 100 and forgets the rest (``GDOI_ACL_NUM``).

    The guide, "Other Considerations": 100 ACEs including denies. What stands behind them is not encrypted, or not
    exempt, and no screen of a key server shows it. An empty list encrypts nothing.
    """
    what = "lines of the access list"
    answers = ask(group, what, KeyServerView.acl)
    yield from answers.silent
    for answer in answers.told:
        sizes = Counter(entry.access_list for entry in answer.value.entries if entry.ace.action != "remark")
        if not sizes:
            sizes[None] = 0
        for name, size in sizes.items():
            yield verdict(
                answer.device,
                0 < size <= params.entries,
                f"{what} {name}" if name else what,
                expected=f"1 to {params.entries}",
                actual=str(size),
                device=answer.device,
                seen=(answer.seen,),
                next_steps=(
                    "cover the networks with fewer lines: symmetric ones, or permit ip any any with denies",
                    "show logging: GDOI_ACL_NUM",
                ),
            )


_TAGS = frozenset({"policy"})
GROUP_CHECKS = (
    Spec(
        id="policy-served",
        title="Every key server serves the group",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=served,
        tags=_TAGS,
    ),
    Spec(
        id="policy-identity",
        title="The group's name means one identity",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=identity,
        tags=_TAGS,
    ),
    Spec(
        id="policy-direction",
        title="SAs have the direction that is intended",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=direction,
        tags=_TAGS,
    ),
    Spec(
        id="policy-acl-size",
        title="The access list is not longer than GDOI honours",
        severity=Severity.MAJOR,
        params=AclParams,
        examine=acl_size,
        tags=_TAGS,
    ),
)
