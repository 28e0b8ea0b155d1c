"""Time-based anti-replay: the pseudo-time of members (guide: "Time Based Anti-Replay")."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.verdict import not_applicable, unknown, verdict
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Severity
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.outcome import Finding
    from getvpn_ops.model.state.gdoi import Group


class SkewParams(FrozenModel):
    """How far apart two pseudo-times may be.

    Attributes:
        slack_seconds: beyond the replay window: answers take time to travel, and both are asked one after the other.
        window_seconds: of the replay window, where no key of the member tells it.
    """

    slack_seconds: float = Field(default=2, ge=0)
    window_seconds: int = Field(default=5, ge=1)


def pseudotime(member: MemberView, params: SkewParams) -> Iterator[Finding]:
    """Packets of a member whose pseudo-time is off by more than the window are dropped by all others, and theirs by it.

    The pseudo-time has nothing to do with NTP: the key server counts it, and tells it at registrations and rekeys. Both
    values are moved to one moment before they are compared.
    """
    sample = member.replay()
    told = member.whole.served.pseudotime
    if sample.value.enabled is False and told is None:
        yield not_applicable(member, "pseudo-time", "time-based anti-replay is not enabled")
        return
    if told is None or sample.value.replay_value is None:
        who = sample.seen.device if told is not None else "the key server"
        yield unknown(member, "pseudo-time", f"{who} shows none, and the other side does")
        return
    zero, origin = told
    off = (sample.taken_at - zero - sample.value.replay_value).total_seconds()
    window = _window(member, params.window_seconds)
    good = abs(off) <= window + params.slack_seconds
    if not good and sample.value.input_packets is None:  # it stands below
        msg = f"{member.device}: {sample.seen.command} may have broken off within the value"
        raise EvidenceMissingError(msg)
    yield verdict(
        member,
        good,
        "pseudo-time",
        expected=f"that of {origin.device}, within the replay window of {window} s",
        actual=f"{abs(off):.1f} s {'behind' if off > 0 else 'ahead'}",
        seen=[sample.seen, origin],
        next_steps=(
            "clear crypto gdoi on this member: a registration sets the pseudo-time",
            "show crypto gdoi ks coop: two primaries have a pseudo-time each",
        ),
    )


def _window(member: MemberView, otherwise: int) -> int:
    try:
        group: Group = member.gdoi().value
    except EvidenceMissingError:
        return otherwise
    shown = [
        sa.replay_interval
        for policy in group.tek_policies
        for port in policy.interfaces
        for sa in port.sas
        if isinstance(sa.replay_interval, timedelta)
    ]
    return int(min(shown).total_seconds()) if shown else otherwise


MEMBER_CHECKS = (
    Spec(
        id="tbar-pseudotime",
        title="The member's pseudo-time is that of its key server",
        severity=Severity.MAJOR,
        params=SkewParams,
        examine=pseudotime,
        tags=frozenset({"tbar", "time"}),
    ),
)
