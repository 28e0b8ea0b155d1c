"""One way to write findings of health checks, over groups, members and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Finding, Seen, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.checks.device_view import DeviceView
    from getvpn_ops.checks.views import GroupView, InGroup
    from getvpn_ops.errors import EvidenceMissingError
    from getvpn_ops.model.fleet import Sample

WORTH_A_STEP = frozenset({Status.FAIL, Status.UNKNOWN})
MANY = 5
"""So many names stand in one sentence; the rest are counted."""


def verdict(  # noqa: PLR0913 -- the parts of one record
    about: str | InGroup | DeviceView,
    good: bool | Status,  # noqa: FBT001 -- the answer itself
    message: str,
    *,
    expected: str = "",
    actual: str = "",
    device: str = "",
    seen: Iterable[Seen | Sample[object]] = (),
    next_steps: Iterable[str] = (),
) -> Finding:
    """A finding about a member or a device, or, by its name, about a group or a part of it.

    Args:
        about: whom.
        good: True is PASS, False is FAIL.
        message: what was looked at.
        expected: in words.
        actual: in words.
        device: to look at, where a name alone stands for whom it is about.
        seen: what it rests on.
        next_steps: left out where nothing is wrong.
    """
    status = good if isinstance(good, Status) else Status.PASS if good else Status.FAIL
    subject, owner = (about, device) if isinstance(about, str) else (about.name, about.device)
    return Finding(
        status=status,
        subject=subject,
        message=message,
        expected=expected,
        actual=actual,
        device=owner,
        evidence=tuple(item if isinstance(item, Seen) else item.seen for item in seen),
        next_steps=tuple(next_steps) if status in WORTH_A_STEP else (),
    )


def not_applicable(view: InGroup | DeviceView | GroupView, message: str, why: str, *seen: Seen) -> Finding:
    """Nothing is expected here: there is nothing that could be judged, and that is as it should be."""
    device = getattr(view, "device", "")  # a group has none
    return verdict(view.name, Status.NOT_APPLICABLE, message, actual=why, device=device, seen=seen)


def unknown(view: InGroup | DeviceView, message: str, missing: EvidenceMissingError | str) -> Finding:
    """One part of a check lacks its evidence; the others go on."""
    return verdict(view, Status.UNKNOWN, message, actual=str(missing))


def untold(device: str, what: str, reason: str, *seen: Seen) -> Finding:
    """UNKNOWN: a key server does not say what is looked at."""
    steps = (f"getvpn-ops doctor says whether {device} can be asked",)
    actual = f"not known: {reason}"
    return verdict(device, Status.UNKNOWN, what, actual=actual, device=device, seen=seen, next_steps=steps)


def undecided(subject: str, what: str, reason: str, *seen: Seen) -> Finding:
    """UNKNOWN, and no single device is to blame."""
    return verdict(subject, Status.UNKNOWN, what, actual=f"not known: {reason}", seen=seen)


def listed(names: Iterable[object]) -> str:
    """``a, b, c and 7 more``."""
    texts = [str(name) for name in names]
    shown = ", ".join(texts[:MANY])
    return f"{shown} and {len(texts) - MANY} more" if len(texts) > MANY else shown
