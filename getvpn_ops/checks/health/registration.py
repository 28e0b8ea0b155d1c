"""Whether members are registered, with whom, and how often they had to try."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks import logbook
from getvpn_ops.checks.health.verdict import not_applicable, verdict
from getvpn_ops.checks.held import traffic_keys
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.config import RunningConfig
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.model.state.gdoi import Gdoi
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.views import MemberView
    from getvpn_ops.model.outcome import Finding
    from getvpn_ops.model.state.gm import Member

_HEALTHY = "registered"
_LOOK = (
    "show crypto gdoi on the member: to which key server does it register?",
    "is UDP 848 open both ways between the two?",
    "show crypto isakmp sa, and the log of both: IKMP_BAD_MESSAGE is another pre-shared key",
)


def complete(member: MemberView, _params: NoParams) -> Iterator[Finding]:
    """A member without a registration has no keys.

    With fail-open it sends in clear, which the others drop; with fail-close, or once its keys have ended, it sends
    nothing. 12.4T prints no status: there, keys that live stand for a registration.
    """
    if not member.configured():
        shown = member.state.latest(Gdoi)
        shown.certain()
        _sure(member)
        yield verdict(
            member,
            good=False,
            message="registration",
            expected="a member of the group",
            actual="the group is not configured",
            seen=[shown],
            next_steps=("show running-config | section crypto gdoi", "show crypto map"),
        )
        return
    sample = member.members()
    told = [item for item in sample.value if item.registration_status is not None]
    for item in told:
        status = (item.registration_status or "").casefold()
        good = status == _HEALTHY
        cut = not good and _HEALTHY.startswith(status)  # the text broke off within the word
        yield verdict(
            member,
            Status.UNKNOWN if cut else good,
            f"registration{_where(item)}",
            expected="Registered",
            actual=_with(item) if good else f"{item.registration_status}, trying {item.registering_with or 'nobody'}",
            seen=[sample],
            next_steps=_LOOK,
        )
    if not told:
        keys = traffic_keys(member)
        if not keys.value.spis:
            keys.certain()
        yield verdict(
            member,
            bool(keys.value.spis),
            "registration (this release prints no status; keys that live stand for it)",
            expected="keys of the group",
            actual=", ".join(keys.value.hexes.values()) or "none",
            seen=[keys],
            next_steps=_LOOK,
        )


def _sure(member: MemberView) -> None:
    """Ask before a group is called absent.

    Raises:
        EvidenceMissingError: the configuration has it, so that the text of the other command has lost it.
    """
    if not member.state.has(RunningConfig):
        return
    sample = member.state.latest(RunningConfig)
    for group in sample.value.gdoi_groups:
        identity = group.identity_number if group.identity_number is not None else group.identity_address
        if group.name == member.group and (member.identity is None or str(identity) == member.identity):
            msg = f"{member.device}: {sample.seen.command} shows group {member.group}, and show crypto gdoi does not"
            raise EvidenceMissingError(msg)


def _where(item: Member) -> str:
    return f" of {item.address}" if item.address is not None else ""


def _with(item: Member) -> str:
    return f"{item.registration_status} with {item.registered_with}" if item.registered_with else "Registered"


def known_server(member: MemberView, _params: NoParams) -> Iterator[Finding]:
    """A key server decides what is encrypted and with which keys.

    One that the inventory does not know can switch encryption off, or read along; CVE-2023-20109 needs such a server
    too. So both the server of the registration and every server that the member may turn to must be ours.
    """
    served = member.whole.served
    if not served.expected:
        yield not_applicable(member, "key server", "the inventory names no key server of the group")
        return
    group = member.gdoi()
    used = [("registered with", item.registered_with) for item in group.value.members]
    used.append(("registered with", group.value.active_server))
    listed = [("may turn to", server.address) for server in group.value.servers]
    judged: set[object] = set()
    for how, address in [*used, *listed]:
        if not isinstance(address, IPv4Address | IPv6Address) or not int(address) or address in judged:
            continue
        judged.add(address)
        device = served.devices_by_address.get(address)
        ours = device in served.expected
        unsure = not ours and device is None and served.without_address
        yield verdict(
            member,
            Status.UNKNOWN if unsure else ours,
            f"key server that it {how}" if how.startswith("may") else f"key server that it is {how}",
            expected=f"one of {', '.join(served.expected)}",
            actual=f"{address} ({device})" if device else f"{address}, which the inventory does not know",
            seen=[group],
            next_steps=(
                f"tell the inventory the GDOI addresses of {', '.join(served.without_address)}"
                if unsure
                else f"whose address is {address}? If it is not yours, take it out of the group on this member now",
                "show running-config | section crypto gdoi",
            ),
        )
    if not judged:
        msg = f"{member.device}: {group.seen.command} names no key server"
        raise EvidenceMissingError(msg)


class AttemptParams(FrozenModel):
    """How much is normal.

    Attributes:
        repeated: registrations since the run to compare with that are no reason to look.
        failed: tries without success since the last clear that are none, where there is no run to compare with.
        minutes: of the log that stand in for counters on releases without any.
    """

    repeated: int = Field(default=0, ge=0)
    failed: int = Field(default=3, ge=0)
    minutes: int = Field(default=60, ge=1)


def attempts(member: MemberView, params: AttemptParams) -> Iterator[Finding]:
    """A member that gets its rekeys registers once.

    Each further registration means that a rekey was missed; each try without success, that packets are lost or that it
    is refused. The group works until the next key ends, so this shows days before users notice.
    """
    sample = member.members()
    counted = [item for item in sample.value if item.attempted_registrations is not None]
    before = _earlier_counts(member)
    for item in counted:
        tried, done = item.attempted_registrations or 0, item.succeeded_registrations or 0
        past = before.get(item.address)
        if past is not None and past[0] <= tried and past[1] <= done:
            again = tried - past[0]
            yield verdict(
                member,
                again <= params.repeated,
                f"registrations since the earlier run{_where(item)}",
                expected=f"{params.repeated} at most",
                actual=f"{again} tried, {done - past[1]} succeeded",
                seen=[sample],
                next_steps=_MISSED,
            )
        else:
            failed = tried - done
            yield verdict(
                member,
                failed <= max(params.failed, done),
                f"registrations that failed{_where(item)}",
                expected=f"{max(params.failed, done)} at most",
                actual=f"{failed} of {tried}",
                seen=[sample],
                next_steps=_MISSED,
            )
    if not counted:
        yield _by_log(member, params)


_MISSED = (
    "show crypto gdoi gm rekey: do rekeys arrive?",
    "on the key server: show crypto gdoi ks members (rekeys sent and acknowledged for this member)",
    "show logging | include GDOI|CRYPTO",
)


def _earlier_counts(member: MemberView) -> dict[object, tuple[int, int]]:
    earlier = member.earlier
    if earlier is None:
        return {}
    try:
        items = earlier.members().value
    except EvidenceMissingError:
        return {}
    return {
        item.address: (item.attempted_registrations, item.succeeded_registrations or 0)
        for item in items
        if item.attempted_registrations is not None
    }


def _by_log(member: MemberView, params: AttemptParams) -> Finding:
    span = timedelta(minutes=params.minutes)
    log = logbook.recent(member.state, member.whole.fleet.earlier, span, logbook.NOTICES)
    named = {member.local_name, None}
    again = [item for item in log.of("GM_RE_REGISTER") if item.group in named]
    begun = [item for item in log.of("GM_REGISTER") if item.group in named]
    done = [item for item in log.of("GM_REGS_COMPL") if item.group in named]
    good = len(again) <= params.repeated and len(begun) - len(done) <= params.failed
    return verdict(
        member,
        Status.UNKNOWN if good and log.gap else good,
        "registrations in the log (this release counts none)",
        expected=f"{params.repeated} repeated at most",
        actual=log.gap if good and log.gap else f"{len(again)} repeated, {len(begun)} begun, {len(done)} complete",
        seen=[log.seen],
        next_steps=_MISSED,
    )


MEMBER_CHECKS = (
    Spec(
        id="registration-complete",
        title="The member is registered",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=complete,
        tags=frozenset({"registration"}),
    ),
    Spec(
        id="registration-known-server",
        title="The member's key servers are those of the inventory",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=known_server,
        tags=frozenset({"registration", "security"}),
    ),
    Spec(
        id="registration-attempts",
        title="Registrations succeed and are not repeated",
        severity=Severity.MINOR,
        params=AttemptParams,
        examine=attempts,
        tags=frozenset({"registration", "growing"}),
    ),
)
