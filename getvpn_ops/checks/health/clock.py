"""The time of routers."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.verdict import unknown, verdict
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity
from getvpn_ops.model.state.system import Clock, NtpStatus
from getvpn_ops.registry import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.device_view import DeviceView
    from getvpn_ops.model.fleet import Sample

_UNIVERSAL = frozenset({"UTC", "GMT", "Z"})
_QUARTER = timedelta(minutes=15)
_FARTHEST = timedelta(hours=14, minutes=15)
"""From UTC, of any time zone."""


class ClockParams(FrozenModel):
    """How right a clock must be.

    Attributes:
        seconds: between the router's clock and this station's.
        ntp: whether a router must also be synchronized by NTP; else a clock that is right will do.
    """

    seconds: float = Field(default=30, gt=0)
    ntp: bool = False


def right(device: DeviceView, params: ClockParams) -> Iterator[Finding]:
    """A wrong clock refuses good certificates, accepts ended ones, and makes logs of two routers tell two stories.

    The clock is compared with this station's at the moment of the answer. The name of a time zone does not tell its
    distance from UTC, but zones lie quarters of an hour apart, so what is left beyond them is the error; with UTC and
    GMT all of it is. Captures of someone else's terminal cannot be placed in time: there NTP's word has to do.
    """
    ntp = _synchronized(device)
    try:
        sample = device.state.latest(Clock)
    except EvidenceMissingError as exc:
        yield _by_ntp(device, ntp, str(exc))
        return
    if device.state.visit is None or not device.state.visit.engine:
        yield _by_ntp(device, ntp, "when this was captured is not known to the second")
        return
    off = _error(sample)
    yield verdict(
        device,
        abs(off) <= timedelta(seconds=params.seconds),
        "clock",
        expected=f"that of this station, within {params.seconds:g} s",
        actual=f"{_words(off)}; {_source(ntp)}",
        seen=[sample.seen, *([ntp.seen] if ntp is not None else [])],
        next_steps=(
            "show ntp associations",
            "show running-config | include ^ntp|^clock timezone",
            "is this station's own clock right?",
        ),
    )
    if params.ntp:
        yield _by_ntp(device, ntp, "")


def _synchronized(device: DeviceView) -> Sample[NtpStatus] | None:
    return device.state.latest(NtpStatus) if device.state.has(NtpStatus) else None


def _by_ntp(device: DeviceView, ntp: Sample[NtpStatus] | None, why: str) -> Finding:
    message = "clock, synchronized by NTP"
    if ntp is None:
        return unknown(device, message, why or f"{device.name}: nothing here tells the state of NTP")
    good = (ntp.value.state or "").casefold() == "synchronized"
    if not good and why:
        return unknown(device, message, f"{_source(ntp)}, and the clock itself cannot be judged: {why}")
    return verdict(
        device,
        good,
        message,
        expected="synchronized",
        actual=_source(ntp),
        seen=[ntp],
        next_steps=("show ntp associations", "does UDP 123 pass, in clear, to the servers?"),
    )


def _source(ntp: Sample[NtpStatus] | None) -> str:
    if ntp is None:
        return "NTP not told"
    value = ntp.value
    if value.not_running:
        return "NTP is not configured"
    if value.state is None:
        return "NTP not told"
    at = f" by {value.reference}" if value.reference and value.state.casefold() == "synchronized" else ""
    return f"NTP {value.state}{at}"


def _error(sample: Sample[Clock]) -> timedelta:
    """By how much a clock is ahead (positive) or behind."""
    now = sample.value.now
    off = now.time - sample.taken_at.astimezone(UTC).replace(tzinfo=None)
    if now.zone in _UNIVERSAL or abs(off) > _FARTHEST:
        return off
    return off - round(off / _QUARTER) * _QUARTER


def _words(off: timedelta) -> str:
    if abs(off) < timedelta(seconds=1):
        return "right to the second"
    return f"{int(abs(off).total_seconds())} s {'ahead' if off > timedelta() else 'behind'}"


DEVICE_CHECKS = (
    Spec(
        id="clock-right",
        title="The device's clock is right",
        severity=Severity.MINOR,
        params=ClockParams,
        examine=right,
        tags=frozenset({"device", "time"}),
    ),
)
