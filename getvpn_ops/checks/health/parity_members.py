"""Every key server of a group must know the same members (DOMAIN: "COOP")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.answers import ask, database
from getvpn_ops.checks.health.parity import single
from getvpn_ops.checks.health.verdict import listed, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.health.answers import Answer
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.state.gdoi import Group
    from getvpn_ops.model.values import Address


class CountParams(FrozenModel):
    """How far counts may be apart."""

    tolerance: int = Field(default=0, ge=0, description="members by which key servers may differ")


def members(group: GroupView, params: CountParams) -> Iterator[Finding]:
    """Every key server must know every member: LOCAL plus REDUNDANT is the same number everywhere.

    A primary sends rekeys to the members in *its* database. One that another key server registered, and that the
    primary was not told of, gets no rekey and must register again before its key ends, each time.
    """
    what = "members, LOCAL and REDUNDANT"
    lone = single(group, what)
    if lone is not None:
        yield lone
        return
    answers = ask(group, what, KeyServerView.gdoi)
    yield from answers.silent
    counts: list[tuple[Answer[Group], int]] = []
    for answer in answers.told:
        if answer.value.group_members is None:
            yield untold(answer.device, what, "show crypto gdoi does not count them", answer.seen)
        else:
            counts.append((answer, answer.value.group_members))
    totals = tuple(_totals(group, what, counts, params.tolerance))
    yield from totals
    if all(finding.status is not Status.FAIL for finding in totals):
        yield from _shares(group, params.tolerance)


def _totals(group: GroupView, what: str, counts: list[tuple[Answer[Group], int]], tolerance: int) -> Iterator[Finding]:
    if len(counts) < 2:  # noqa: PLR2004 -- nobody to compare with
        return
    most, highest = max(counts, key=lambda item: item[1])
    low = [(answer, count) for answer, count in counts if highest - count > tolerance]
    for answer, count in low:
        gone = _lacking(answer.server, most.server)
        yield verdict(
            answer.device,
            good=False,
            message=what,
            expected=f"{highest}, as on {most.device}",
            actual=f"{count}{f'; it lacks {listed(gone)}' if gone else ''}",
            device=answer.device,
            seen=(answer.seen, most.seen),
            next_steps=("show crypto gdoi ks members on both", "show crypto gdoi ks coop: do they hear each other?"),
        )
    if not low:
        yield verdict(
            group.name,
            good=True,
            message=what,
            expected="the same on all key servers",
            actual=f"{highest} on {listed(answer.device for answer, _ in counts)}",
            seen=(answer.seen for answer, _ in counts),
        )


def _lacking(server: KeyServerView, other: KeyServerView) -> list[Address]:
    """Members that another key server knows and this one does not; empty if one of them does not list any."""
    try:
        mine = {row.address for row in database(server).value}
        theirs = {row.address for row in database(other).value}
    except EvidenceMissingError:
        return []
    return sorted(theirs - mine, key=int)


def _shares(group: GroupView, tolerance: int) -> Iterator[Finding]:
    """How many registered where: what a key server calls LOCAL, the others call REDUNDANT (15.2 and later)."""
    what = "members by key server"
    answers = ask(group, what, KeyServerView.summary)
    if not answers.told:  # releases without the summary; the totals are judged all the same
        return
    yield from answers.silent
    own = {
        row.key_server: (answer, row.group_members)
        for answer in answers.told
        for row in answer.value.key_servers
        if row.gmdb_state.casefold() == "local"
    }
    for answer in answers.told:
        for row in answer.value.key_servers:
            owner, count = own.get(row.key_server, (answer, row.group_members))
            if abs(row.group_members - count) > tolerance:
                yield verdict(
                    answer.device,
                    good=False,
                    message=what,
                    expected=f"{count} registered with {owner.device}, as that one says",
                    actual=str(row.group_members),
                    device=answer.device,
                    seen=(answer.seen, owner.seen),
                    next_steps=("show crypto gdoi ks members summary on both", "show crypto gdoi ks coop on both"),
                )


GROUP_CHECKS = (
    Spec(
        id="parity-members",
        title="Key servers know the same members",
        severity=Severity.MAJOR,
        params=CountParams,
        examine=members,
        tags=frozenset({"parity", "members"}),
    ),
)
