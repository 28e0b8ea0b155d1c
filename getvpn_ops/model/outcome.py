"""What a check, a rule or a gate concludes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from getvpn_ops.model.base import FrozenModel

if TYPE_CHECKING:
    from collections.abc import Iterable


class Status(StrEnum):
    """Ordered from best to worst; ``worst`` folds with this order.

    FAIL is worse than ERROR: a crash of ours must not hide a fault of the network (in sweeps exit code 4 beats 3).
    """

    NOT_APPLICABLE = "not-applicable"
    PASS = "pass"  # noqa: S105 -- a verdict, not a password
    WAIVED = "waived"
    UNKNOWN = "unknown"
    ERROR = "error"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """Place in the order; higher is worse."""
        return _RANK[self]

    @property
    def opens_gate(self) -> bool:
        """Whether a gate may open on it: UNKNOWN and ERROR never do."""
        return self in {Status.PASS, Status.NOT_APPLICABLE, Status.WAIVED}


_RANK = {status: place for place, status in enumerate(Status)}


class Severity(StrEnum):
    """How much a failure matters."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class Seen(FrozenModel):
    """Where a fact comes from.

    Attributes:
        device: who was asked; a name of the inventory.
        command: in full.
        taken_at: when the answer was complete, UTC.
    """

    device: str
    command: str
    taken_at: datetime


class Finding(FrozenModel):
    """One thing examined, and what was seen: subject - message - expected x, actual y.

    Attributes:
        status: what it says about the subject.
        subject: device, member or thing that was examined.
        message: what was looked at, without verdict: ``COOP primaries``.
        expected: in words; empty if the message says it.
        actual: in words.
        device: the device to look at next, if there is one.
        evidence: what the verdict rests on.
        next_steps: what a person does now, best first; only where something is wrong.
    """

    status: Status
    subject: str
    message: str
    expected: str = ""
    actual: str = ""
    device: str = ""
    evidence: tuple[Seen, ...] = ()
    next_steps: tuple[str, ...] = ()


class Outcome(FrozenModel):
    """The conclusion of one spec over one view."""

    spec_id: str
    subject: str
    severity: Severity
    status: Status
    findings: tuple[Finding, ...] = ()
    reason: str = ""


def worst(statuses: Iterable[Status]) -> Status:
    """Fold to the worst status; nothing examined is UNKNOWN, never PASS."""
    return max(statuses, key=lambda status: status.rank, default=Status.UNKNOWN)
