"""GETVPN software of a group's routers, and whether its COOP protocol carries so many members (DOMAIN: "Versions")."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.answers import ask, database
from getvpn_ops.checks.health.coop import addresses
from getvpn_ops.checks.health.verdict import listed, not_applicable, undecided, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity
from getvpn_ops.model.state.version import Version
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.checks.health.answers import Answers
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.coop import CoopGroup

_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_OPTIMIZED = frozenset({"optimize", "optimized", "scale"})
_BASE = frozenset({"base", "default"})

Number = tuple[int, int]


def _number(text: str | None) -> Number | None:
    """Major and minor of a GETVPN software version."""
    found = _NUMBERS.match(text or "")
    return (int(found[1]), int(found[2])) if found else None


def versions(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Routers of different major versions cannot be in one group, and neither can key servers of different minors.

    A version is major.minor.mini: the major must match everywhere, the minor among key servers and among members, the
    mini is free. Releases before GETVPN had a version are compared by their IOS release: the guide wants the same one
    on all key servers.
    """
    coop = ask(group, "GETVPN version", KeyServerView.coop)
    names = addresses(coop, group.key_servers)
    said = {answer.device: answer.value.local_version for answer in coop.told if answer.value.local_version}
    for answer in coop.told:
        for peer in answer.value.peers:
            if peer.address is not None and peer.version:
                said.setdefault(names.get(peer.address, str(peer.address)), peer.version)
    numbers = {name: number for name, text in said.items() if (number := _number(text)) is not None}
    unsaid = [server for server in group.key_servers if server.device not in numbers]
    if numbers:
        yield from _same(numbers, said, "key servers", coop.seen)
        yield from (_unsaid(server, coop) for server in unsaid)
    else:
        yield from _same_release(unsaid, group)
    yield from _members(group, numbers)


def _unsaid(server: KeyServerView, coop: Answers[CoopGroup]) -> Finding:
    silent = next((finding for finding in coop.silent if finding.device == server.device), None)
    return silent or untold(server.device, "GETVPN version", "its release prints none", *coop.seen)


def _same(
    numbers: Mapping[str, Number], said: Mapping[str, str], whose: str, seen: tuple[Seen, ...]
) -> Iterator[Finding]:
    by_number: dict[Number, list[str]] = defaultdict(list)
    for name, number in numbers.items():
        by_number[number].append(name)
    newest = max(by_number)
    for number, holders in sorted(by_number.items(), reverse=True):
        yield verdict(
            f"{len(holders)} {whose}" if len(holders) > 1 else holders[0],
            number == newest,
            f"GETVPN version of {whose}",
            expected=f"{newest[0]}.{newest[1]}.x, as the others",
            actual=f"{number[0]}.{number[1]}.x on {listed(f'{name} ({said[name]})' for name in holders)}",
            device=holders[0] if whose == "key servers" else "",
            seen=seen,
            next_steps=(
                "upgrade the older ones, key servers before members",
                "show crypto gdoi feature on a key server",
            ),
        )


def _same_release(servers: list[KeyServerView], group: GroupView) -> Iterator[Finding]:
    """By IOS release, where no key server prints a GETVPN version."""
    releases: dict[str, str] = {}
    evidence = []
    for server in servers:
        try:
            sample = server.state.latest(Version)
        except EvidenceMissingError as missing:
            yield untold(server.device, "IOS release", str(missing))
            continue
        evidence.append(sample.seen)
        if sample.value.release:
            releases[server.device] = sample.value.release
        else:
            yield untold(server.device, "IOS release", "it is not printed", sample.seen)
    if len(servers) == 1:
        yield not_applicable(group, "IOS releases of key servers", "there is one key server", *evidence)
    elif len(releases) > 1:
        yield verdict(
            group.name,
            len(set(releases.values())) == 1,
            "IOS releases of key servers",
            expected="the same on all key servers",
            actual=listed(f"{name} {release}" for name, release in releases.items()),
            seen=evidence,
            next_steps=("upgrade the older key servers, the primary last",),
        )


def _members(group: GroupView, servers: Mapping[str, Number]) -> Iterator[Finding]:
    """Members, as the key servers list them: 12.4T and 15.x list no versions."""
    what = "GETVPN version of members"
    found = ask(group, what, database)
    yield from found.silent
    said = {str(row.address): row.version for answer in found.told for row in answer.value if row.version}
    if not said:
        listing = any(answer.value for answer in found.told)
        if found.told and not listing:
            yield not_applicable(group, what, "no member has registered", *found.seen)
        elif listing:
            yield undecided(group.name, what, "the releases of the key servers do not print it", *found.seen)
        return
    numbers = {name: number for name, text in said.items() if (number := _number(text)) is not None}
    for name in said.keys() - numbers.keys():
        yield undecided(name, what, f"it is printed as {said[name]!r}", *found.seen)
    yield from _same(numbers, said, "members", found.seen)
    majors = {number[0] for number in servers.values()}
    odd = [f"{name} ({said[name]})" for name, number in numbers.items() if majors and number[0] not in majors]
    if odd:
        yield verdict(
            listed(odd),
            good=False,
            message="GETVPN version against key servers",
            expected=f"major {listed(sorted(majors))}, as the key servers",
            actual=listed(odd),
            seen=found.seen,
            next_steps=("upgrade the key servers first, then these members",),
        )


class SizeParams(FrozenModel):
    """How many members a group may have."""

    base_limit: int = Field(default=4000, ge=1, description="members that COOP protocol version base carries")
    limit: int = Field(default=8000, ge=1, description="members that a group may have at all")


def protocol_version(group: GroupView, params: SizeParams) -> Iterator[Finding]:
    """Announcements of ``protocol version base`` carry 4,000 members; the rest of a larger group is not shared.

    Over 4,000 members every key server must be on ``optimize`` before the group crosses that size, and back on
    ``base`` before it comes down; 8,000 is the end. A key server tells its peers' protocol only, not its own.
    """
    what = "COOP protocol for this many members"
    gdoi = ask(group, what, KeyServerView.gdoi)
    counts = [answer.value.group_members for answer in gdoi.told if answer.value.group_members is not None]
    if not counts:
        yield from gdoi.silent or (undecided(group.name, what, "no key server counts its members", *gdoi.seen),)
        return
    size = max(counts)
    yield verdict(
        group.name,
        size <= params.limit,
        "members",
        expected=f"at most {params.limit}",
        actual=str(size),
        seen=gdoi.seen,
        next_steps=("split the group: some members into another one",),
    )
    if size <= params.base_limit:
        yield from gdoi.silent
        return
    coop = ask(group, what, KeyServerView.coop)
    yield from coop.silent
    names = addresses(coop, group.key_servers)
    told: dict[str, str] = {}
    for answer in coop.told:
        for peer in answer.value.peers:
            if peer.address is not None and peer.coop_protocol:
                told[names.get(peer.address, str(peer.address))] = peer.coop_protocol.casefold()
    for server in group.key_servers:
        word = told.get(server.device)
        if word in _OPTIMIZED | _BASE:
            yield verdict(
                server.device,
                word in _OPTIMIZED,
                what,
                expected=f"optimize, over {params.base_limit} members",
                actual=f"{word}, {size} members",
                device=server.device,
                seen=coop.seen,
                next_steps=(f"redundancy / protocol version optimize on {server.device}, the primary last",),
            )
        elif len(group.key_servers) > 1:
            yield untold(server.device, what, f"its peers print {word or 'no protocol'}", *coop.seen)


_TAGS = frozenset({"coop", "software"})
GROUP_CHECKS = (
    Spec(
        id="coop-versions",
        title="GETVPN versions go together",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=versions,
        tags=_TAGS,
    ),
    Spec(
        id="coop-protocol-version",
        title="The COOP protocol carries as many members as there are",
        severity=Severity.MAJOR,
        params=SizeParams,
        examine=protocol_version,
        tags=_TAGS,
    ),
)
