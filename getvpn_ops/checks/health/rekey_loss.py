"""Rekeys that members did not acknowledge, and those that were repeated (guide: ``show crypto gdoi ks members``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.answers import ask, database
from getvpn_ops.checks.health.names import member_names
from getvpn_ops.checks.health.verdict import listed, not_applicable, untold, verdict
from getvpn_ops.checks.views import KeyServerView
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.outcome import Severity
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.checks.health.answers import Answer, Answers
    from getvpn_ops.checks.views import GroupView
    from getvpn_ops.model.outcome import Finding
    from getvpn_ops.model.state.ks import KsMember, LastRekey
    from getvpn_ops.model.values import Address

_DROPPED_AFTER = 3


@dataclass(frozen=True, slots=True)
class _Database:
    """Members of a group on a key server.

    Attributes:
        rows: LOCAL and REDUNDANT.
        last: the summary above them; None if there is none.
    """

    rows: tuple[KsMember, ...]
    last: LastRekey | None


def _database(server: KeyServerView) -> Sample[_Database]:
    sample = database(server)
    try:
        last = server.last_rekey().value
    except EvidenceMissingError:
        last = None
    return Sample(_Database(sample.value, last), sample.seen, sample.doubts)


def _not_acknowledged(group: GroupView, what: str) -> Finding | None:
    """NOT_APPLICABLE where rekeys travel by multicast: nobody acknowledges those, and they are always repeated."""
    transports = set()
    evidence = []
    for server in group.key_servers:
        try:
            gdoi = server.gdoi()
        except EvidenceMissingError:
            continue
        evidence.append(gdoi.seen)
        transports.add((gdoi.value.transport or "").casefold())
    if transports == {"multicast"}:
        return not_applicable(group, what, "rekeys travel by multicast, which nobody acknowledges", *evidence)
    return None


class MissParams(FrozenModel):
    """How many rekeys a member may leave unacknowledged."""

    missed: int = Field(default=0, ge=0, description="rekeys, since the earlier run if there is one")


def acknowledged(group: GroupView, params: MissParams) -> Iterator[Finding]:
    """A member that does not acknowledge rekeys is dropped after the third in a row, and has old keys until then.

    Either the rekey does not reach it, or its answer does not come back; both are found on the path between key server
    and member. Where an earlier run is at hand only what was missed since then counts, for the counters never go back.
    """
    what = "rekeys not acknowledged"
    multicast = _not_acknowledged(group, what)
    if multicast is not None:
        yield multicast
        return
    answers = ask(group, what, _database)
    yield from answers.silent
    names = member_names(group)
    for answer in answers.told:
        yield from _misses(group, answer, params.missed, names)


def _misses(
    group: GroupView, answer: Answer[_Database], allowed: int, names: Mapping[Address, str]
) -> Iterator[Finding]:
    what = "rekeys not acknowledged"
    rows = [row for row in answer.value.rows if row.acks_missed is not None]
    if not answer.value.rows:
        yield _nobody(group, answer, what)
        return
    if len(rows) < len(answer.value.rows):
        reason = f"{answer.seen.command} prints no counters for {len(answer.value.rows) - len(rows)} members"
        yield untold(answer.device, what, reason, answer.seen)
    before = _earlier(group, answer)
    good = 0
    for row in rows:
        missed, known = row.acks_missed or 0, before.get(row.address)
        since = missed - (known or 0)
        if since <= allowed:
            good += 1
            continue
        name = names.get(row.address)
        yield verdict(
            name or str(row.address),
            good=False,
            message=what,
            expected=f"at most {allowed}" if allowed else "none",
            actual=f"{since}{' since the earlier run' if known is not None else ''}, {answer.device} has sent it "
            f"{row.rekeys_sent}; it is dropped after {_DROPPED_AFTER} in a row",
            device=name or answer.device,
            seen=(answer.seen,),
            next_steps=(
                f"show crypto gdoi gm rekey on {name or row.address}",
                f"is UDP 848 open both ways between {answer.device} and {row.address}?",
            ),
        )
    if good:
        yield verdict(
            answer.device,
            good=True,
            message=what,
            expected=f"at most {allowed} a member" if allowed else "none",
            actual=f"none of {good} members has missed more",
            device=answer.device,
            seen=(answer.seen,),
        )


def _nobody(group: GroupView, answer: Answer[_Database], what: str) -> Finding:
    """An empty database has nobody who could miss a rekey."""
    return not_applicable(group, what, f"{answer.device} has no member of the group", answer.seen)


def _earlier(group: GroupView, answer: Answer[_Database]) -> dict[Address, int]:
    """Rekeys missed by member, as a key server said in the earlier run; empty without one.

    Counters that went back began again in between, as those of a member that registered anew: nothing is taken off.
    """
    state = group.fleet.earlier.devices.get(answer.device) if group.fleet.earlier is not None else None
    if state is None:
        return {}
    try:
        rows = KeyServerView(state, group.name, group.identity).members().value
    except EvidenceMissingError:
        return {}
    now = {row.address: row for row in answer.value.rows}
    return {
        row.address: row.acks_missed
        for row in rows
        if row.acks_missed is not None
        and row.address in now
        and row.acks_missed <= (now[row.address].acks_missed or 0)
        and (row.rekeys_sent or 0) <= (now[row.address].rekeys_sent or 0)
    }


class RetransmitParams(FrozenModel):
    """How many repetitions a rekey may take."""

    share: float = Field(default=0.05, ge=0, description="repetitions over members; one is always allowed")


def retransmits(group: GroupView, params: RetransmitParams) -> Iterator[Finding]:
    """Rekeys that must be repeated are lost on the way, or members are too busy to answer.

    A member gets as many copies as ``rekey retransmit`` says; when all of them are lost the rekey is missed. 16/17
    count the repetitions of the last rekey; older releases count those of every member since it registered.
    """
    what = "rekeys repeated"
    multicast = _not_acknowledged(group, what)
    if multicast is not None:
        yield multicast
        return
    answers: Answers[_Database] = ask(group, what, _database)
    yield from answers.silent
    names = member_names(group)
    for answer in answers.told:
        yield _repeated(group, answer, params.share, names)


def _repeated(group: GroupView, answer: Answer[_Database], share: float, names: Mapping[Address, str]) -> Finding:
    what, rows, last = "rekeys repeated", answer.value.rows, answer.value.last
    if not rows:
        return _nobody(group, answer, what)
    sent = sum(row.rekeys_sent or 0 for row in rows)
    if last is not None and last.retransmits is not None:
        repeated, packets, which = last.retransmits, len(rows), "the last rekey"
    elif any(row.rekey_retries is not None for row in rows):
        repeated, packets, which = sum(row.rekey_retries or 0 for row in rows), sent, "all rekeys so far"
    else:
        return untold(answer.device, what, f"{answer.seen.command} does not count repetitions", answer.seen)
    if not sent and not repeated:
        return not_applicable(group, what, f"{answer.device} has sent no rekey", answer.seen)
    allowed = max(1, int(share * packets))
    worst = [names.get(row.address, str(row.address)) for row in rows if row.rekey_retries]
    return verdict(
        answer.device,
        repeated <= allowed,
        what,
        expected=f"at most {allowed} in {which}",
        actual=f"{repeated}{f'; to {listed(worst)}' if worst and repeated > allowed else ''}",
        device=answer.device,
        seen=(answer.seen,),
        next_steps=(
            f"show crypto gdoi ks members on {answer.device}",
            "is UDP 848 open to these members, and answered?",
        ),
    )


_TAGS = frozenset({"rekey"})
GROUP_CHECKS = (
    Spec(
        id="rekey-acknowledged",
        title="Members acknowledge rekeys",
        severity=Severity.MAJOR,
        params=MissParams,
        examine=acknowledged,
        tags=_TAGS,
    ),
    Spec(
        id="rekey-retransmits",
        title="Rekeys arrive without much repetition",
        severity=Severity.MINOR,
        params=RetransmitParams,
        examine=retransmits,
        tags=_TAGS,
    ),
)
