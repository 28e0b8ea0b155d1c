"""One way to write findings of health checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Finding, Seen, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.checks.device_view import DeviceView
    from getvpn_ops.checks.views import InGroup
    from getvpn_ops.errors import EvidenceMissingError
    from getvpn_ops.model.fleet import Sample

WORTH_A_STEP = frozenset({Status.FAIL, Status.UNKNOWN})


def verdict(  # noqa: PLR0913 -- the parts of one record
    view: InGroup | DeviceView,
    good: bool | Status,  # noqa: FBT001 -- the answer itself
    message: str,
    *,
    expected: str = "",
    actual: str = "",
    seen: Iterable[Seen | Sample[object]] = (),
    next_steps: tuple[str, ...] = (),
) -> Finding:
    """A finding about a member or a device.

    Args:
        view: about whom.
        good: True is PASS, False is FAIL.
        message: what was looked at.
        expected: in words.
        actual: in words.
        seen: what it rests on.
        next_steps: left out where nothing is wrong.
    """
    status = good if isinstance(good, Status) else Status.PASS if good else Status.FAIL
    return Finding(
        status=status,
        subject=view.name,
        message=message,
        expected=expected,
        actual=actual,
        device=view.device,
        evidence=tuple(item if isinstance(item, Seen) else item.seen for item in seen),
        next_steps=next_steps if status in WORTH_A_STEP else (),
    )


def not_applicable(view: InGroup | DeviceView, message: str, why: str) -> Finding:
    """Nothing is expected here."""
    return verdict(view, Status.NOT_APPLICABLE, message, actual=why)


def unknown(view: InGroup | DeviceView, message: str, missing: EvidenceMissingError | str) -> Finding:
    """One part of a check lacks its evidence; the others go on."""
    return verdict(view, Status.UNKNOWN, message, actual=str(missing))
