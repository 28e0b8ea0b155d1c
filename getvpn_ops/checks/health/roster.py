"""Members that are registered against members that there should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.health.answers import ask, database
from getvpn_ops.checks.health.names import member_names
from getvpn_ops.checks.health.verdict import listed, not_applicable, undecided, verdict
from getvpn_ops.checks.views import gdoi_addresses
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.outcome import Finding, Severity
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.health.answers import Answers
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.state.ks import KsMember
    from getvpn_ops.model.values import Address

_SUBJECT = "members of the inventory"


def _expected(group: GroupView) -> dict[str, frozenset[Address]]:
    """Members that the inventory names, with their addresses, as far as those are known; also those not selected."""
    found = {device.name: frozenset(device.gdoi_addresses) for device in group.fleet.inventory.members(group.name)}
    states = group.fleet.devices
    return {name: known | gdoi_addresses(states[name]) if name in states else known for name, known in found.items()}


def _rows(answers: Answers[tuple[KsMember, ...]]) -> dict[Address, KsMember]:
    """Every registration that a key server knows; one that is whole in one database is registered."""
    rows: dict[Address, KsMember] = {}
    for answer in answers.told:
        for row in answer.value:
            known = rows.get(row.address)
            if known is None or not _registered(known):
                rows[row.address] = row
    return rows


def _registered(row: KsMember) -> bool:
    """``GM State`` of 16/17; older releases list members that are registered, without a word."""
    return row.state is None or row.state.casefold() == "registered"


def registered(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Every member that the inventory names must be in the database of the key servers.

    One that is not has no keys: it sends in clear and cannot read what the others encrypt, or is cut off where it fails
    closed. Members are found by the addresses that GDOI knows them by; one whose address nobody tells cannot be judged.
    """
    expected = _expected(group)
    if not expected:
        yield not_applicable(group, _SUBJECT, "no inventory says which members there should be")
        return
    answers = ask(group, _SUBJECT, database)
    yield from answers.silent
    if not answers.told:
        return
    rows = _rows(answers)
    sure = not answers.silent or _primary_told(group, answers)
    here = []
    for name, known in expected.items():
        found = [rows[address] for address in known if address in rows]
        if not known:
            yield undecided(name, "registration", "its GDOI address is in no inventory and it did not tell it")
        elif not found and not sure:
            yield undecided(name, "registration", "the key servers that told do not list it, others did not tell")
        elif not found or not any(_registered(row) for row in found):
            yield verdict(
                name,
                good=False,
                message="registration",
                expected="in the database of the key servers",
                actual=found[0].state or "another state"
                if found
                else f"{listed(sorted(known, key=str))} is not listed",
                device=name,
                seen=answers.seen,
                next_steps=(f"show crypto gdoi on {name}", f"getvpn-ops diagnose {name}"),
            )
        else:
            here.append(name)
    if here:
        yield verdict(
            group.name,
            good=True,
            message=_SUBJECT,
            expected=f"{len(expected)} registered",
            actual=f"{len(here)} registered",
            seen=answers.seen,
        )


def _primary_told(group: GroupView, answers: Answers[tuple[KsMember, ...]]) -> bool:
    """Whether the primary is among those that told: its database is the one that rekeys go by."""
    try:
        primary = group.primary().device
    except EvidenceMissingError:
        return False
    return primary in {answer.device for answer in answers.told}


def known(group: GroupView, _params: NoParams) -> Iterator[Finding]:
    """Nobody may be registered whom the inventory does not know.

    A member has the keys of the whole group: a stranger reads all its traffic. Most often it is a new site that nobody
    wrote down; then no plan counts with it, and a cut-over that looks safe is not.
    """
    what = "registered members"
    expected = _expected(group)
    if not expected:
        yield not_applicable(group, what, "no inventory says which members there should be")
        return
    answers = ask(group, what, database)
    yield from answers.silent
    names = member_names(group)
    nameless = listed(name for name, addresses in expected.items() if not addresses)
    good = 0
    for address, row in _rows(answers).items():
        name = names.get(address)
        if name in expected:
            good += 1
        elif name is None and nameless:
            reason = f"it may be {nameless}, whose address nobody tells"
            yield undecided(str(address), what, reason, *answers.seen)
        else:
            yield verdict(
                name or str(address),
                good=False,
                message=what,
                expected="a member of the group in the inventory",
                actual=f"{address} registered with {row.key_server}, "
                + (f"the inventory has {name} not in this group" if name else "the inventory does not know it"),
                device=name or "",
                seen=answers.seen,
                next_steps=(
                    f"show crypto gdoi ks members {address} on a key server",
                    "add it to the inventory, or take it off the list under authorization address ipv4",
                ),
            )
    if good:
        yield verdict(
            group.name,
            good=True,
            message=what,
            expected="known to the inventory",
            actual=f"{good} known",
            seen=answers.seen,
        )
    elif answers.told and not _rows(answers):
        yield not_applicable(group, what, "no member has registered", *answers.seen)


_TAGS = frozenset({"members"})
GROUP_CHECKS = (
    Spec(
        id="roster-registered",
        title="Every member of the inventory is registered",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=registered,
        tags=_TAGS,
    ),
    Spec(
        id="roster-known",
        title="Every registered member is in the inventory",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=known,
        tags=_TAGS,
    ),
)
