"""Certificates with which members and key servers know each other, and lists of revoked ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks import logbook
from getvpn_ops.checks.health.verdict import not_applicable, unknown, verdict
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.model.state.pki import Certificate, Certificates
from getvpn_ops.model.state.system import Clock
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.device_view import DeviceView
    from getvpn_ops.model.fleet import DeviceState, Sample

_OTHERS = ("trustpool", "cisco_idevid_sudi", "sla-trustpoint")
"""How names of trustpoints begin that belong to IOS (16/17), not to GETVPN: routers have them from the factory."""
_NONE = "the device has none: it uses pre-shared keys"
_FAILED = ("FAIL", "ERR", "INVALID", "NOTFOUND", "NOT_FOUND", "EXPIRE")


class ExpiryParams(FrozenModel):
    """When it is urgent.

    Attributes:
        days: left at least.
    """

    days: int = Field(default=7, ge=0)


class RenewalParams(FrozenModel):
    """When it is time.

    Attributes:
        days: left at least, unless the router will enrol by itself before the end.
    """

    days: int = Field(default=30, ge=0)


def in_use(state: DeviceState) -> tuple[Sample[Certificates], list[Certificate]] | None:
    """The certificates that a device uses for GETVPN; None if there are none.

    Raises:
        EvidenceMissingError: it did not tell.
    """
    if state.silent(Certificates) is not None:
        return None
    sample = state.latest(Certificates)
    found = [
        item
        for item in sample.value.certificates
        if "self-signed" not in item.kind.casefold()
        and not (item.trustpoints and all(map(is_of_ios, item.trustpoints)))  # one of ours may be in the trust pool too
    ]
    if not found:
        sample.certain()
        return None
    return sample, found


def is_of_ios(trustpoint: str) -> bool:
    """Whether a trustpoint serves IOS alone."""
    return trustpoint.casefold().startswith(_OTHERS)


def valid(device: DeviceView, params: ExpiryParams) -> Iterator[Finding]:
    """With an ended certificate a member cannot register, and a key server registers nobody.

    Nothing shows until the next registration: then every site falls out by itself, at its own hour.
    """
    ours = in_use(device.state)
    if ours is None:
        yield not_applicable(device, "certificates", _NONE)
        return
    sample, found = ours
    now = time_of(device.state, sample)
    for item in found:
        if not isinstance(item.end_date, datetime):
            what = item.status or "no status"
            yield unknown(device, _name(item), f"{device.name}: it does not tell when it ends ({what})")
            continue
        left = item.end_date - now
        begun = not isinstance(item.start_date, datetime) or item.start_date <= now + timedelta(days=1)
        yield verdict(
            device,
            left >= timedelta(days=params.days) and begun,
            _name(item),
            expected=f"valid for {params.days} days more",
            actual=f"{_left(left)} ({item.end_date:%Y-%m-%d})" if begun else f"begins {item.start_date:%Y-%m-%d}",
            seen=[sample],
            next_steps=("crypto pki enroll TRUSTPOINT", "is the clock right? show clock detail"),
        )


def renewal(device: DeviceView, params: RenewalParams) -> Iterator[Finding]:
    """A certificate that ends within weeks is renewed while there is time, at a quiet hour."""
    ours = in_use(device.state)
    if ours is None:
        yield not_applicable(device, "renewal of certificates", _NONE)
        return
    sample, found = ours
    now = time_of(device.state, sample)
    for item in found:
        if not isinstance(item.end_date, datetime):
            yield unknown(device, _name(item), f"{device.name}: it does not tell when it ends")
            continue
        left = item.end_date - now
        renews = isinstance(item.renew_date, datetime) and now <= item.renew_date < item.end_date
        by_itself = f", renewed by itself on {item.renew_date:%Y-%m-%d}" if renews else ""
        yield verdict(
            device,
            left >= timedelta(days=params.days) or renews,
            _name(item),
            expected=f"{params.days} days left, or a date of renewal",
            actual=f"{_left(left)}{by_itself}",
            seen=[sample],
            next_steps=("crypto pki enroll TRUSTPOINT, or `auto-enroll` under the trustpoint",),
        )


def _name(item: Certificate) -> str:
    whose = f" of {', '.join(item.trustpoints)}" if item.trustpoints else ""
    return f"{item.kind}{whose}"


def _left(left: timedelta) -> str:
    days = abs(left) // timedelta(days=1)
    if left < timedelta():
        return f"ended {days} day{'s' * (days != 1)} ago" if days else "ended today"
    return f"{days} day{'s' * (days != 1)} left"


def time_of(state: DeviceState, sample: Sample[Certificates]) -> datetime:
    """The time by which the router judges its certificates, without a zone; that of the capture if it does not tell."""
    if state.has(Clock):
        clock = state.latest(Clock)
        return clock.value.now.time + (sample.taken_at - clock.taken_at)
    return sample.taken_at.astimezone(UTC).replace(tzinfo=None)


class LogParams(FrozenModel):
    """How far to look back.

    Attributes:
        minutes: of the log, where no earlier run says.
    """

    minutes: int = Field(default=60, ge=1)


def revocation(device: DeviceView, params: LogParams) -> Iterator[Finding]:
    """A router that cannot fetch the list of revoked certificates accepts nobody, or accepts everybody.

    Which of the two `revocation-check` decides. Only the log tells.
    """
    ours = in_use(device.state)
    if ours is None:
        yield not_applicable(device, "revocation lists", _NONE)
        return
    sample, _ = ours
    log = logbook.recent(device.state, device.fleet.earlier, timedelta(minutes=params.minutes))
    said = [
        message
        for message, _ in log.messages
        if message.facility == "PKI"
        and ("CRL" in message.mnemonic or "OCSP" in message.mnemonic or "REVOKED" in message.mnemonic)
        and (any(word in message.mnemonic for word in _FAILED) or "REVOKED" in message.mnemonic)
    ]
    good = not said
    yield verdict(
        device,
        Status.UNKNOWN if good and log.gap else good,
        "revocation lists",
        expected="no failure logged",
        actual=log.gap
        if good and log.gap
        else f"%PKI-{said[-1].severity}-{said[-1].mnemonic}: {said[-1].text}"
        if said
        else "none logged",
        seen=[log.seen, sample.seen],
        next_steps=(
            "show crypto pki crls",
            "is the distribution point reachable from the router, in clear? ping, telnet HOST 80",
        ),
    )


DEVICE_CHECKS = (
    Spec(
        id="certificates-valid",
        title="Certificates are valid",
        severity=Severity.CRITICAL,
        params=ExpiryParams,
        examine=valid,
        tags=frozenset({"device", "pki"}),
    ),
    Spec(
        id="certificates-renewal",
        title="Certificates are renewed in time",
        severity=Severity.MINOR,
        params=RenewalParams,
        examine=renewal,
        tags=frozenset({"device", "pki"}),
    ),
    Spec(
        id="certificates-revocation",
        title="Lists of revoked certificates can be fetched",
        severity=Severity.MAJOR,
        params=LogParams,
        examine=revocation,
        tags=frozenset({"device", "pki", "log"}),
    ),
)
