"""Whether packets are encrypted and decrypted, and which are lost (DOMAIN: proof by counters on both ends)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks import counters, logbook
from getvpn_ops.checks.health.direction import passive, shown_direction
from getvpn_ops.checks.health.verdict import not_applicable, unknown, verdict
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.counters import Movement
    from getvpn_ops.checks.views import MemberView

_REPLAYS = ("PKT_REPLAY_ERR", "TIMEBASED_REPLAY_FAILED", "REPLAY_FAILED")
_ONE_LOOK = "one look only: counters must be seen twice to move"
_BOTH_ENDS = "the same command on a member of another site: whose counter stands still?"


class FlowParams(FrozenModel):
    """How much traffic says something.

    Attributes:
        least: packets one way that make silence the other way a fault; fewer may well be one-sided.
        minutes: between two looks at most: packets of a longer time say that they passed once, not that they pass.
    """

    least: int = Field(default=50, ge=1)
    minutes: int = Field(default=120, ge=1)


def both_ways(member: MemberView, params: FlowParams) -> Iterator[Finding]:
    """Keys on both ends prove nothing: a provider that drops ESP lets UDP 848 pass, and registrations look well.

    Only packets that are encrypted here and decrypted there do. Two looks are compared, for IOS-XE counts late. Without
    any traffic nothing is proven either way; a receive-only member sends in clear by intent, and has nothing to prove.
    """
    found = counters.dataplane(member) or counters.ipsec(member)
    group = member.gdoi()
    shown = (shown_direction(group) or "").casefold()
    out, into = found.moved("encrypted"), found.moved("decrypted")
    if out is None or into is None:
        why = _ONE_LOOK if found.first is None else "the counters were cleared between the two looks, or are not shown"
        yield unknown(member, "packets encrypted and decrypted", why)
        return
    by_passive = _by_passive(member) if "inbound only" in shown and out else False
    receive_only = "inbound only" in shown and not by_passive
    if receive_only and not out:
        yield not_applicable(
            member, "packets encrypted and decrypted", f"receive-only: it sends in clear; {into} decrypted"
        )
        return
    enough = params.least
    status: bool | Status = bool(out and into)
    if by_passive is None:
        status = Status.UNKNOWN
    elif receive_only:
        status = False
    elif not (out or into) and member.state.device.idle:
        yield not_applicable(member, "packets encrypted and decrypted", "none, and the inventory says that it is idle")
        return
    elif "inbound" in shown:  # passive: it sends encrypted, whatever the others do
        status = bool(out) or (Status.UNKNOWN if into < enough else False)
    elif not status and max(out, into) < enough:
        status = Status.UNKNOWN
    seconds = int(found.span.total_seconds()) if found.span is not None else 0
    long = status is True and seconds > params.minutes * 60
    if long:
        status = Status.UNKNOWN
    more = "; too long ago to say that they pass now: look twice" * long
    yield verdict(
        member,
        status,
        "packets encrypted and decrypted",
        expected="none sent while receive-only" if receive_only else "both ways",
        actual=f"{out} encrypted, {into} decrypted in {seconds} s"
        f"{'' if out or into else ': no traffic to judge by'}{more}",
        seen=found.seen,
        next_steps=(
            _BOTH_ENDS,
            "does the provider let ESP (IP protocol 50) pass? ping a host of another site from behind this member",
            "show crypto gdoi on both: the same SPI? the same list?",
        ),
    )


def _by_passive(member: MemberView) -> bool | None:
    """Whether ``passive`` makes a member send encrypted; None if its configuration does not tell.

    No capture of a passive member exists, so that it may print the direction of the others.
    """
    try:
        return passive(member).value
    except EvidenceMissingError:
        return None


class LossParams(FrozenModel):
    """How many lost packets are no reason to look.

    Attributes:
        allowed: between the two looks.
        minutes: of the log, where no earlier run says how far to look back.
    """

    allowed: int = Field(default=0, ge=0)
    minutes: int = Field(default=60, ge=1)


def errors(member: MemberView, params: LossParams) -> Iterator[Finding]:
    """Packets that should have been encrypted or decrypted, and were dropped.

    No SA, a failed integrity check, a packet that matches no line of the list: each is a user's packet that is gone,
    and a counter that grows shows it before anyone calls.
    """
    plane = counters.dataplane(member)
    if plane is not None:
        yield _growth(member, "packets lost in the data plane", plane, counters.DATAPLANE_ERRORS, params)
    yield _growth(member, "send and receive errors", counters.ipsec(member), counters.IPSEC_ERRORS, params)


def _growth(member: MemberView, message: str, found: Movement, names: tuple[str, ...], params: LossParams) -> Finding:
    shown = {name: found.last.counts[name] for name in names if name in found.last.counts}
    if not shown:
        return unknown(member, message, f"{member.device}: {found.last.seen.command} shows no such counter")
    grown = {name: found.moved(name) for name in shown}
    known = {name: count for name, count in grown.items() if count is not None}
    status: bool | Status
    if (doubt := _doubt(found, names)) and not any(known.values()):
        status, actual = Status.UNKNOWN, f"{found.last.seen.command} may not be whole: {doubt}"
    elif not any(shown.values()):
        status, actual = True, "none since the counters were cleared"
    elif len(known) < len(shown):
        status = Status.UNKNOWN
        actual = f"{_listed(shown)} so far; {_ONE_LOOK if found.first is None else 'they were cleared in between'}"
    else:
        status = sum(known.values()) <= params.allowed
        seconds = int(found.span.total_seconds()) if found.span is not None else 0
        actual = f"{_listed(known) or 'none'} in {seconds} s"
    return verdict(
        member,
        status,
        message,
        expected=f"{params.allowed} more at most" if params.allowed else "no more",
        actual=actual,
        seen=found.seen,
        next_steps=(
            "show crypto ipsec sa detail: which counter grows?",
            "show crypto gdoi on this member and at the peer: the same SPI? the same list?",
        ),
    )


def _doubt(found: Movement, names: tuple[str, ...]) -> str:
    """Why counters that show no loss may have lost a line; empty if there is no reason."""
    if found.last.doubt or found.first is None:
        return found.last.doubt
    lost = [name for name in names if name in found.first.counts and name not in found.last.counts]
    if lost:
        return f"it no longer shows {', '.join(lost)}"
    gone = len(found.first.parts - found.last.parts)
    return f"{gone} lines of the list that it showed before are gone" if gone else ""


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


def invalid_spi(member: MemberView, params: LossParams) -> Iterator[Finding]:
    """A packet with an SPI that this member does not know comes from one that has other keys.

    One of the two missed a rekey, or two primaries rekey side by side. Such packets are dropped, and the counter is
    often the first sign of a split. Releases without the counter log it.
    """
    plane = counters.dataplane(member)
    if plane is not None and "invalid SPI" in plane.last.counts:
        yield _growth(member, "packets with an unknown SPI", plane, ("invalid SPI",), params)
        return
    yield _logged(member, params, "packets with an unknown SPI", "RECVD_PKT_INV_SPI")


def not_ipsec(member: MemberView, params: LossParams) -> Iterator[Finding]:
    """A clear packet that should have been encrypted is dropped by a conformant member.

    Its sender is no member, is not registered, is still receive-only, or has another list. No counter of IOS shows it:
    the log does, and not for every packet.
    """
    yield _logged(member, params, "clear packets that should be encrypted", "RECVD_PKT_NOT_IPSEC")


def _logged(member: MemberView, params: LossParams, message: str, *entries: str) -> Finding:
    log = logbook.recent(member.state, member.whole.fleet.earlier, timedelta(minutes=params.minutes))
    said = [item for item in log.of(*entries) if item.group in {member.local_name, None}]
    good = len(said) <= params.allowed
    actual = f"{len(said)} logged, the last: {said[-1].text}" if said else "none logged"
    return verdict(
        member,
        Status.UNKNOWN if good and log.gap else good,
        message,
        expected=f"{params.allowed} messages at most" if params.allowed else "none",
        actual=log.gap if good and log.gap else actual,
        seen=[log.seen],
        next_steps=("look the source address up in the inventory: is it a member?", "show crypto gdoi at that member"),
    )


def replay(member: MemberView, params: LossParams) -> Iterator[Finding]:
    """A packet outside the replay window is dropped.

    Seldom it is an attack, often a clock: pseudo-times that drifted apart, or two primaries with one each. Packets of
    one sender then all fail, and only at some receivers.
    """
    sample = member.replay()
    value = sample.value
    if value.enabled is False:
        yield not_applicable(member, "packets dropped as replays", "time-based anti-replay is not enabled")
    elif value.input_error_packets is None:
        yield unknown(member, "packets dropped as replays", f"{member.device}: {sample.seen.command} counts none")
    else:
        yield _dropped(member, params)
    try:
        yield _logged(member, params, "replays in the log", *_REPLAYS)
    except EvidenceMissingError as exc:
        yield unknown(member, "replays in the log", exc)


def _dropped(member: MemberView, params: LossParams) -> Finding:
    looks = [*member.replays()]
    if len(looks) == 1 and member.earlier is not None:
        looks = [*member.earlier.replays()[-1:], *looks]
    first, last = looks[0], looks[-1]
    now = last.value.input_error_packets or 0
    before = first.value.input_error_packets
    status: bool | Status
    if not now:
        status, actual = True, "none"
    elif len(looks) == 1 or before is None or before > now:
        status, actual = Status.UNKNOWN, f"{now} so far; {_ONE_LOOK}"
    else:
        status = now - before <= params.allowed
        seconds = int((last.taken_at - first.taken_at).total_seconds())
        actual = f"{now - before} more in {seconds} s, {now} in all"
    return verdict(
        member,
        status,
        "packets dropped as replays",
        expected=f"{params.allowed} more at most" if params.allowed else "no more",
        actual=actual,
        seen=[item.seen for item in looks],
        next_steps=(
            "show crypto gdoi gm replay here, show crypto gdoi ks replay: do the pseudo-times agree?",
            "show crypto gdoi ks coop: is there one primary?",
        ),
    )


MEMBER_CHECKS = (
    Spec(
        id="traffic-both-ways",
        title="Packets are encrypted and decrypted",
        severity=Severity.MAJOR,
        params=FlowParams,
        examine=both_ways,
        tags=frozenset({"traffic"}),
    ),
    Spec(
        id="traffic-errors",
        title="No packets are lost in encryption",
        severity=Severity.MAJOR,
        params=LossParams,
        examine=errors,
        tags=frozenset({"traffic", "growing"}),
    ),
    Spec(
        id="traffic-invalid-spi",
        title="No packets come with unknown keys",
        severity=Severity.MAJOR,
        params=LossParams,
        examine=invalid_spi,
        tags=frozenset({"traffic", "growing", "rekey"}),
    ),
    Spec(
        id="traffic-not-ipsec",
        title="No packets come in clear that should be encrypted",
        severity=Severity.MAJOR,
        params=LossParams,
        examine=not_ipsec,
        tags=frozenset({"traffic", "growing", "migration"}),
    ),
    Spec(
        id="traffic-replay",
        title="No packets are dropped as replays",
        severity=Severity.MAJOR,
        params=LossParams,
        examine=replay,
        tags=frozenset({"traffic", "growing", "tbar"}),
    ),
)
