"""The router itself: does it answer, is it the right one, what does it run, is it well."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from getvpn_ops.checks.health.verdict import not_applicable, verdict
from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.outcome import Finding, Severity, Status
from getvpn_ops.model.state.system import ProcessesCpu
from getvpn_ops.model.state.version import Version
from getvpn_ops.registry import NoParams, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.checks.device_view import DeviceView

_ILL = frozenset({Trouble.HOST_KEY_CHANGED, Trouble.WRONG_DEVICE, Trouble.UNEXPECTED_PROMPT, Trouble.VTYS_FULL})
"""Troubles in which something answered, and is not as it should be. All others say nothing about the device."""
_NUMBER = re.compile(r"\d+|[A-Za-z]+")
_SERIAL = ("was the router replaced? Then tell the inventory", "which router answers at this address?")
_EVALUATION = re.compile(r"eval", re.IGNORECASE)


def reachable(device: DeviceView, _params: NoParams) -> Iterator[Finding]:
    """What does not answer cannot be judged, and cannot be helped when it matters.

    Something that answers as another device (host key, serial number, prompt), or has no line free, is wrong. Of a
    device that gives no answer, or lets nobody in, or that was not tried for a reason on this side, nothing is known:
    it may well encrypt as it should.
    """
    state, visit = device.state, device.state.visit
    if (visit is None and state.evidence) or (visit is not None and visit.trouble is None and not visit.engine):
        yield not_applicable(device, "reachable", "this is read from captures; nobody asked the device")
        return
    if visit is None:
        msg = f"{device.name} was not asked{f': {state.why_not}' if state.why_not else ''}"
        raise EvidenceMissingError(msg)
    if visit.trouble is None:
        if not visit.commands:
            raise EvidenceMissingError(f"{device.name} answered no command")
        yield verdict(device, good=True, message="reachable", actual=f"{visit.commands} commands answered")
        return
    why = f"{visit.trouble.value}{f': {visit.reason}' if visit.reason else ''}"
    yield verdict(
        device,
        Status.FAIL if visit.trouble in _ILL else Status.UNKNOWN,
        "reachable",
        expected="every command answered",
        actual=f"{why} ({visit.commands} commands answered)" if visit.commands else why,
        next_steps=tuple(step for step in (visit.next_step, f"getvpn-ops doctor --limit {device.name}") if step),
    )


def serial(device: DeviceView, _params: NoParams) -> Iterator[Finding]:
    """Another serial number is another router: replaced without a word, or an address that now belongs to it.

    All that is planned for the one would be done to the other.
    """
    wanted = device.state.device.serial
    if not wanted:
        yield not_applicable(device, "serial number", "the inventory does not say it")
        return
    visit = device.state.visit
    if visit is not None and visit.trouble is Trouble.WRONG_DEVICE:  # it was told so, and asked no further
        yield verdict(
            device, good=False, message="serial number", expected=wanted, actual=visit.reason, next_steps=_SERIAL
        )
        return
    sample = device.state.latest(Version)
    shown = {number for number in (sample.value.board_id, *(udi.serial_number for udi in sample.value.udis)) if number}
    if not shown:
        msg = f"{device.name}: {sample.seen.command} shows no serial number"
        raise EvidenceMissingError(msg)
    good = wanted.upper() in {number.upper() for number in shown}
    cut = not good and any(wanted.upper().startswith(number.upper()) for number in shown)
    yield verdict(
        device,
        Status.UNKNOWN if cut else good,  # the text broke off within the number
        "serial number",
        expected=wanted,
        actual=", ".join(sorted(shown)),
        seen=[sample],
        next_steps=_SERIAL,
    )


def release(device: DeviceView, _params: NoParams) -> Iterator[Finding]:
    """What a router can do, and what it does on leaving configuration mode, depends on its release.

    Plans are made for the release of the inventory.
    """
    wanted = device.state.device.release
    if not wanted:
        yield not_applicable(device, "release", "the inventory does not say it")
        return
    sample = device.state.latest(Version)
    shown = [text for text in (sample.value.release, sample.value.xe_release) if text]
    if not shown:
        msg = f"{device.name}: {sample.seen.command} shows no release"
        raise EvidenceMissingError(msg)
    good = any(same_release(wanted, text) for text in shown)
    cut = sample.value.uptime is None  # which stands below it: the text broke off, maybe within the release
    yield verdict(
        device,
        Status.UNKNOWN if cut else good,
        "release",
        expected=wanted,
        actual=shown[0],
        seen=[sample],
        next_steps=("was it upgraded, or did it boot another image? show version; show boot", "tell the inventory"),
    )


def same_release(one: str, other: str) -> bool:
    """Whether two spellings mean one release: ``17.03.04a`` and ``17.3.4a`` do."""
    return _parts(one) == _parts(other)


def _parts(text: str) -> tuple[str, ...]:
    """Numbers without leading zeros, and letters."""
    return tuple(part.lstrip("0").upper() or "0" for part in _NUMBER.findall(text))


class ReloadParams(FrozenModel):
    """How exactly a start can be placed.

    Attributes:
        slack_minutes: routers print how long they are up in whole minutes, so that a start seems up to one too late.
    """

    slack_minutes: int = Field(default=1, ge=1)


def reload(device: DeviceView, params: ReloadParams) -> Iterator[Finding]:
    """A router that restarted since the last look lost its keys, its counters, and what was not saved.

    Until it was registered again its site sent in clear or not at all.
    """
    earlier = device.earlier
    if earlier is None:
        yield not_applicable(device, "restart", "there is no earlier run to compare with (`--since`)")
        return
    sample, before = device.state.latest(Version), earlier.latest(Version)
    if sample.value.uptime is None:
        msg = f"{device.name}: {sample.seen.command} does not tell how long it is up"
        raise EvidenceMissingError(msg)
    started = sample.taken_at - sample.value.uptime
    good = started - timedelta(minutes=params.slack_minutes) <= before.taken_at
    why = sample.value.last_reload_reason or sample.value.returned_by or "for a reason that it does not tell"
    yield verdict(
        device,
        good,
        "restart",
        expected=f"none since {before.taken_at:%Y-%m-%d %H:%M} UTC",
        actual=f"up since {started:%Y-%m-%d %H:%M} UTC{'' if good else f' ({why})'}",
        seen=[sample.seen, before.seen],
        next_steps=("was it planned?", "show version | include reload|returned", "show logging"),
    )


class CpuParams(FrozenModel):
    """How busy is too busy.

    Attributes:
        percent: mean of five minutes.
    """

    percent: float = Field(default=80, gt=0, le=100)


def cpu(device: DeviceView, params: CpuParams) -> Iterator[Finding]:
    """A busy control plane loses IKE, rekeys and acknowledgements first: a member is dropped after three."""
    sample = device.state.latest(ProcessesCpu)
    load = sample.value.total_5m
    if load is None:
        msg = f"{device.name}: {sample.seen.command} shows no mean of five minutes"
        raise EvidenceMissingError(msg)
    top = sorted(sample.value.processes, key=lambda item: -item.percent_5m)[:3]
    busiest = ", ".join(f"{item.name} {item.percent_5m:g} %" for item in top if item.percent_5m)
    yield verdict(
        device,
        load < params.percent,
        "CPU in five minutes",
        expected=f"under {params.percent:g} %",
        actual=f"{load:g} %{f' ({busiest})' if busiest and load >= params.percent else ''}",
        seen=[sample],
        next_steps=("show processes cpu sorted 5min", "show processes cpu history"),
    )


def licence(device: DeviceView, _params: NoParams) -> Iterator[Finding]:
    """Without the security package a router knows no crypto command after its next start; an evaluation ends.

    Releases before 15.0 have no licences.
    """
    sample = device.state.latest(Version)
    value = sample.value
    security = [item for item in value.packages if "security" in f"{item.technology} {item.current}".casefold()]
    for item in security:
        missing = item.current.casefold() == "none"
        ends = bool(_EVALUATION.search(item.license_type))
        lost = not missing and item.next_reboot.casefold() == "none"
        yield verdict(
            device,
            not (missing or ends or lost),
            "licence of the security package",
            expected="in use, for good",
            actual=f"{item.current} ({item.license_type}), after the next start {item.next_reboot}",
            seen=[sample],
            next_steps=("show license", "install the security licence before the next restart"),
        )
    if security:
        return
    if value.packages or value.license_level or value.smart_licensing:
        words = [*(item.current for item in value.packages), value.license_level, value.smart_licensing]
        ends = any(_EVALUATION.search(text or "") for text in (value.license_type, value.smart_licensing))
        yield verdict(
            device,
            not ends,
            "licence",
            expected="no evaluation",
            actual=", ".join(word for word in words if word and word.casefold() != "none"),
            seen=[sample],
            next_steps=("show license", "install a licence before the evaluation ends"),
        )
    else:
        yield not_applicable(device, "licence", "this release shows none")


DEVICE_CHECKS = (
    Spec(
        id="device-reachable",
        title="The device answers",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=reachable,
        tags=frozenset({"device"}),
    ),
    Spec(
        id="device-serial",
        title="The device is the one of the inventory",
        severity=Severity.CRITICAL,
        params=NoParams,
        examine=serial,
        tags=frozenset({"device", "inventory"}),
    ),
    Spec(
        id="device-release",
        title="The device runs the release of the inventory",
        severity=Severity.MINOR,
        params=NoParams,
        examine=release,
        tags=frozenset({"device", "inventory"}),
    ),
    Spec(
        id="device-reload",
        title="The device has not restarted since the last look",
        severity=Severity.MAJOR,
        params=ReloadParams,
        examine=reload,
        tags=frozenset({"device"}),
    ),
    Spec(
        id="device-cpu",
        title="The device's processor has time",
        severity=Severity.MAJOR,
        params=CpuParams,
        examine=cpu,
        tags=frozenset({"device", "load"}),
    ),
    Spec(
        id="device-licence",
        title="The device is licensed for encryption",
        severity=Severity.MAJOR,
        params=NoParams,
        examine=licence,
        tags=frozenset({"device", "licence"}),
    ),
)
