"""Whether a member sends and accepts what its group intends (guide: "Receive only SA" and "Passive Mode")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.checks.health.verdict import not_applicable, unknown, verdict
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.fleet import Sample
from getvpn_ops.model.inventory import Direction
from getvpn_ops.model.outcome import Severity
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import InGroup, MemberView
    from getvpn_ops.model.outcome import Finding, Seen
    from getvpn_ops.model.state.gdoi import Group

_FILTERED = "the output was filtered"
_EITHER = "either, while the group is receive-only"


def shown_direction(group: Sample[Group]) -> str | None:
    """The direction in force on a member, as printed; None if it is not."""
    received = group.value.received
    return (received.sa_direction if received is not None else None) or group.value.sa_direction


def passive(member: InGroup) -> Sample[bool]:
    """Whether ``passive`` is configured: no show command tells.

    Raises:
        EvidenceMissingError: the group's configuration is missing, or may not be whole.
    """
    sample = member.state.latest(RunningConfig)
    group = next((item for item in sample.value.gdoi_groups if item.name == member.local_name), None)
    if group is None:
        msg = f"{member.device}: its configuration does not show group {member.local_name}"
        raise EvidenceMissingError(msg)
    doubts = [doubt for doubt in sample.doubts if not doubt.startswith(_FILTERED)]
    if doubts and not group.passive:
        msg = f"{member.device}: {sample.seen.command} may not be whole: {doubts[0]}"
        raise EvidenceMissingError(msg)
    return Sample(bool(group.passive), sample.seen)


def intended(member: MemberView, _params: NoParams) -> Iterator[Finding]:
    """Receive-only members send clear, and conformant ones drop it; the two may not live together.

    ``passive`` is for the days of a migration: left behind, that member accepts clear packets for good. Where the
    inventory does not say what is intended, the key server's word holds.
    """
    try:
        wanted, origin, evidence = _wanted(member)
    except EvidenceMissingError as exc:
        yield unknown(member, "direction of its SAs", exc)
        return
    if wanted is None:
        yield not_applicable(member, "direction of its SAs", "the inventory says none, and no key server is known")
        return
    try:
        configured = passive(member)
    except EvidenceMissingError as exc:
        yield unknown(member, "passive", exc)
        yield _direction(member, wanted, origin, evidence, by_passive=False)
        return
    migrating = wanted is Direction.RECEIVE_ONLY
    yield verdict(
        member,
        migrating or not configured.value,
        "passive",
        expected=_EITHER if migrating else "not configured",
        actual="configured" if configured.value else "not configured",
        seen=[configured],
        next_steps=("is a migration under way? If not: `no passive` under the group",),
    )
    yield _direction(member, wanted, origin, evidence, by_passive=configured.value)


def _wanted(member: MemberView) -> tuple[Direction | None, str, list[Seen]]:
    intent = member.whole.intent
    if intent is not None and intent.direction is not None:
        return intent.direction, "the inventory", []
    if not member.whole.key_servers:
        return None, "", []
    said, seen = member.whole.served.direction
    return (Direction.RECEIVE_ONLY if "inbound" in said.casefold() else Direction.BOTH), seen.device, [seen]


def _direction(
    member: MemberView, wanted: Direction, origin: str, evidence: list[Seen], *, by_passive: bool
) -> Finding:
    group = member.gdoi()
    shown = shown_direction(group)
    if shown is None:
        return unknown(member, "direction of its SAs", f"{member.device}: {group.seen.command} does not tell")
    inbound = "inbound" in shown.casefold()
    return verdict(
        member,
        not inbound if wanted is Direction.BOTH else inbound or by_passive,
        "direction of its SAs",
        expected=f"{'Both' if wanted is Direction.BOTH else 'Inbound Only'}, says {origin}",
        actual=f"{shown}{', with passive' * by_passive}",
        seen=[group.seen, *evidence],
        next_steps=(
            "show crypto gdoi on the member and on its key server",
            "did a rekey reach the member after the change? `sa receive-only` takes effect member by member",
        ),
    )


MEMBER_CHECKS = (
    Spec(
        id="direction-as-intended",
        title="The member sends and accepts what its group intends",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=intended,
        tags=frozenset({"policy", "migration"}),
    ),
)
