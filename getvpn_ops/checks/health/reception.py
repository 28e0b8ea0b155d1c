"""Whether rekeys arrive, and arrive when they should (guide: "Rekey"; DOMAIN "Rekey")."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks import logbook
from getvpn_ops.checks.health.convergence import server_of
from getvpn_ops.checks.health.verdict import not_applicable, verdict
from getvpn_ops.checks.held import traffic_keys
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.model.state.version import Version
from getvpn_ops.model.values import Sentinel
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.checks.served import Ring
    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.outcome import Seen
    from getvpn_ops.model.state.gm import Member

_BY_HAND = ("GM_CLEAR_REGISTER", "GM_CM_ATTACH")
_STEPS = (
    "show crypto gdoi gm rekey on the member, show crypto gdoi ks members on its key server",
    "is UDP 848 open from the key server to the member? For multicast: show ip mroute, show ip igmp groups",
    "show logging | include REKEY: can it read and verify them?",
)


class RekeyParams(FrozenModel):
    """What is waited for.

    Attributes:
        spread_seconds: from the first packet of a rekey to the last member.
    """

    spread_seconds: int = Field(default=60, ge=0)


def received(member: MemberView, params: RekeyParams) -> Iterator[Finding]:
    """A member that gets no rekeys lives from one registration to the next.

    It works, so nobody notices, until a key server is away at the wrong moment. What tells: the key in use was made
    after the last rekey that arrived, and the member, which was there, got it by registering again. A member that was
    registered once, booted or was cleared since has missed nothing.
    """
    group = member.gdoi()
    ring = member.whole.served.ring(server_of(member))
    if not ring.keks and ring.doubt:
        msg = f"{ring.device}: {ring.seen.command} may not be whole: {ring.doubt}"
        raise EvidenceMissingError(msg)
    if not ring.keks:
        yield not_applicable(member, "rekeys", "the key server sends none")
        return
    made = max((key.born for key in ring.current() if key.born is not None), default=None)
    if made is None:
        msg = f"{ring.device}: {ring.seen.command} does not tell when the key was made"
        raise EvidenceMissingError(msg)
    last = _last(group.value.members, [item.last_rekey for item in group.value.cumulative], group.taken_at)
    spread = timedelta(seconds=params.spread_seconds)
    seen = [group.seen, ring.seen]

    def found(status: bool | Status, actual: str) -> Finding:  # noqa: FBT001 -- the answer itself
        return verdict(
            member,
            status,
            "rekeys",
            expected=f"one for the key that was made at {made:%H:%M:%S} UTC",
            actual=actual,
            seen=seen,
            next_steps=_STEPS,
        )

    if last is not None and last + spread >= made:
        yield found(status=True, actual=f"the last one came at {last:%H:%M:%S} UTC")
        return
    if made + spread > group.taken_at:
        yield found(Status.UNKNOWN, "the rekey may still be under way")
        return
    came = f"the last one came at {last:%Y-%m-%d %H:%M:%S} UTC" if last is not None else "none came so far"
    if (lacking := _lacking(member, ring)) is not None:
        status, text = lacking
        yield found(status, f"{came}; {text}")
        return
    excuse = _excuse(member, made, group.taken_at, none_came=last is None)
    if excuse:
        yield found(status=True, actual=f"{came}; none was due: {excuse}")
        return
    yield found(*_blame(member, made, came, seen))


def _last(members: tuple[Member, ...], others: list[object], now: datetime) -> datetime | None:
    """When the last rekey came; None if none did.

    Raises:
        EvidenceMissingError: the member does not tell.
    """
    told = [item.last_rekey for item in members] + others
    ages = [age for age in told if isinstance(age, timedelta)]
    if ages:
        return now - min(ages)
    if Sentinel.NEVER in told:
        return None
    msg = "the member does not tell when the last rekey came"
    raise EvidenceMissingError(msg)


def _excuse(member: MemberView, made: datetime, now: datetime, *, none_came: bool) -> str:
    """Why a member may have the key without a rekey; empty if there is no reason."""
    items = member.gdoi().value.members
    done = [item.succeeded_registrations for item in items if item.succeeded_registrations is not None]
    if none_came and done and max(done) == 1:
        return "the key came with its only registration"
    if member.whole.served.rekeys_sent == 0:
        return "the key servers have sent none"
    state = member.state
    if state.has(Version):
        version = state.latest(Version)
        if version.value.uptime is not None and version.taken_at - version.value.uptime > made - timedelta(minutes=1):
            return "it was started after the key was made"
    try:
        log = logbook.since(state, now - made)
    except EvidenceMissingError:
        return ""
    return "someone cleared it, or put its crypto map on an interface" if log.surely(*_BY_HAND) else ""


def _lacking(member: MemberView, ring: Ring) -> tuple[Status, str] | None:
    """What a member has in place of the new key; None if it has that, or does not tell.

    An older key of the same key server proves that the member was there when the new one was made.
    """
    try:
        keys = traffic_keys(member)
    except EvidenceMissingError:
        return None
    held, current = keys.value, {key.spi for key in ring.current()}
    if held.spis & current:
        return None
    old = held.spis & {key.spi for key in ring.teks}
    shown = ", ".join(held.hexes.values()) or "no key"
    if old and not keys.doubts:
        return Status.FAIL, f"it still has {shown}"
    return Status.UNKNOWN, f"it has {shown}, and not the key of {ring.device}"


def _blame(member: MemberView, made: datetime, came: str, seen: list[Seen]) -> tuple[Status, str]:
    """Whether it is sure that the member was there when the rekey was sent."""
    items = member.gdoi().value.members
    done = max((item.succeeded_registrations or 0 for item in items), default=0)
    if done > 1:
        return Status.FAIL, f"{came}; it registered {done} times"
    try:
        log = logbook.since(member.state, member.gdoi().taken_at - made + timedelta(hours=1))
    except EvidenceMissingError as exc:
        return Status.UNKNOWN, f"{came}; {exc}"
    seen.append(log.seen)
    if log.of("GM_RE_REGISTER"):
        return Status.FAIL, f"{came}; it registered again"
    return Status.UNKNOWN, f"{came}; nothing tells whether it was registered when the rekey was sent"


MEMBER_CHECKS = (
    Spec(
        id="reception-rekeys",
        title="Rekeys reach the member",
        severity=Severity.MAJOR,
        params=RekeyParams,
        examine=received,
        tags=frozenset({"rekey"}),
    ),
)
