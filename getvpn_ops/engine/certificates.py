"""Certificates of a fleet as rows: each one in use, each trustpoint without one, each device that did not tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from getvpn_ops.checks.health.certificates import in_use, is_of_ios, time_of
from getvpn_ops.errors import EvidenceMissingError, ExitCode
from getvpn_ops.model.certificates import CertificateRow, Standing
from getvpn_ops.model.state.pki import TrustpointStatuses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.fleet import DeviceState, FleetState
    from getvpn_ops.model.state.pki import Certificate, DistinguishedName, EnrollmentState, TrustpointStatus

_DAY = timedelta(days=1)
_ORDER = (
    Standing.ENDED, Standing.NOT_BEGUN, Standing.ENDS_SOON, Standing.PENDING, Standing.UNKNOWN, Standing.VALID,
    Standing.NOT_ENROLLED, Standing.NONE,
)  # fmt: skip
_WRONG = frozenset({Standing.ENDED, Standing.NOT_BEGUN, Standing.ENDS_SOON, Standing.PENDING})
_UNTOLD = "not told"
_SELF_SIGNED = "tp-self-signed"


def certificate_rows(fleet: FleetState, days: int) -> tuple[CertificateRow, ...]:
    """Every device with its certificates, the most urgent first.

    Args:
        fleet: devices that were asked (``engine.questions.certificate_script``), or captures of them.
        days: that must be left, unless the router renews by itself before the end.
    """
    found = [row for state in fleet.devices.values() for row in _rows(state, days)]
    return tuple(sorted(found, key=lambda row: (_ORDER.index(row.standing), _left(row), row.device, row.trustpoint)))


def exit_code(rows: Iterable[CertificateRow]) -> ExitCode:
    """FINDINGS if one ended, ends soon, has not begun or is waited for; UNDETERMINED if one is unknown, or no row."""
    standings = {row.standing for row in rows}
    if standings & _WRONG:
        return ExitCode.FINDINGS
    return ExitCode.UNDETERMINED if Standing.UNKNOWN in standings or not standings else ExitCode.GOOD


def _left(row: CertificateRow) -> int:
    return row.days_left if row.days_left is not None else 0


def _rows(state: DeviceState, days: int) -> Iterator[CertificateRow]:
    trustpoints = _trustpoints(state)
    try:
        used = in_use(state)
    except EvidenceMissingError as exc:
        yield CertificateRow(state.name, Standing.UNKNOWN, reason=str(exc).removeprefix(f"{state.name}: "))
        return
    named: set[str] = set()
    if used is not None:
        sample, certificates = used
        now = time_of(state, sample)
        for item in certificates:
            named.update(item.trustpoints)
            yield _row(state.name, item, now, days, trustpoints)
    bare = [status for name, status in trustpoints.items() if name not in named]
    for status in bare:
        yield CertificateRow(
            state.name,
            Standing.PENDING if _waits(status.state) else Standing.NOT_ENROLLED,
            status.trustpoint,
            enrolment=_enrolment(status.state),
            reason="the CA has not given it yet" if _waits(status.state) else "",
        )
    if used is None and not bare:
        yield CertificateRow(state.name, Standing.NONE)


def _trustpoints(state: DeviceState) -> dict[str, TrustpointStatus]:
    """Those that are not of IOS itself; none where the device does not tell, which leaves enrolments untold."""
    if not state.has(TrustpointStatuses):
        return {}
    every = state.latest(TrustpointStatuses).value.trustpoints
    return {
        item.trustpoint: item
        for item in every
        if not is_of_ios(item.trustpoint) and not item.trustpoint.casefold().startswith(_SELF_SIGNED)
    }


def _row(
    device: str, item: Certificate, now: datetime, days: int, trustpoints: dict[str, TrustpointStatus]
) -> CertificateRow:
    begins, ends, renews = (_date(value) for value in (item.start_date, item.end_date, item.renew_date))
    status = next((trustpoints[name] for name in item.trustpoints if name in trustpoints), None)
    is_own = not item.kind.casefold().startswith("ca ")
    left = None if ends is None else (ends - now) // _DAY
    renews = renews if renews is not None and ends is not None and now <= renews < ends else None
    standing, reason = _standing(item, (begins, ends, renews), now, days)
    return CertificateRow(
        device=device,
        standing=standing,
        trustpoint=", ".join(item.trustpoints),
        kind=item.kind,
        issuer=_name(item.issuer),
        subject=_name(item.subject) or item.subject_name or "",
        serial=item.serial_number or "",
        status=item.status or "",
        begins=begins,
        ends=ends,
        days_left=left,
        renews=renews,
        enrolment=(_enrolment(status.state) if status is not None else _UNTOLD) if is_own else "",
        reason=reason,
    )


def _standing(
    item: Certificate, dates: tuple[datetime | None, datetime | None, datetime | None], now: datetime, days: int
) -> tuple[Standing, str]:
    begins, ends, renews = dates
    if ends is None:
        if (item.status or "").casefold() == "pending":
            return Standing.PENDING, "the CA has not given it yet"
        return Standing.UNKNOWN, f"it does not tell when it ends ({item.status or 'no status'})"
    if ends <= now:
        return Standing.ENDED, "nobody accepts it any more"
    if begins is not None and begins > now:
        return Standing.NOT_BEGUN, f"by the router's clock, which says {now:%Y-%m-%d %H:%M}"
    if ends - now < timedelta(days=days) and renews is None:
        return Standing.ENDS_SOON, f"fewer than {days} days are left, and the router does not renew it by itself"
    return Standing.VALID, ""


def _date(value: datetime | str | None) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _name(name: DistinguishedName | None) -> str:
    return ", ".join(name.parts) if name is not None else ""


def _waits(state: EnrollmentState | None) -> bool:
    return state is not None and (state.requests or "").casefold() == "pending"


def _enrolment(state: EnrollmentState | None) -> str:
    """``granted, again at 2031-02-16 01:58``."""
    if state is None:
        return _UNTOLD
    said = []
    if _waits(state):
        said.append("requested, not given yet")
    elif state.last_enrollment_status:
        said.append(state.last_enrollment_status.lower())
    elif state.requests and state.requests.casefold() == "none":
        said.append("never requested")
    if state.ca_authenticated is False or state.ca_authenticated == "No":
        said.append("the CA is not authenticated")
    if isinstance(state.next_enrollment, datetime):
        said.append(f"again at {state.next_enrollment:%Y-%m-%d %H:%M}")
    return ", ".join(said) or _UNTOLD
