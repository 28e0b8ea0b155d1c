"""What a sweep comes to: the status of an outcome with all its findings, and how the process ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.outcome import Severity, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.outcome import Finding, Outcome
    from getvpn_ops.model.report import Sweep

_RANK = {severity: place for place, severity in enumerate(Severity)}
_UNCERTAIN = frozenset({Status.UNKNOWN, Status.ERROR})
_EXAMINED = frozenset({Status.PASS, Status.WAIVED, Status.FAIL})


def severity_rank(severity: Severity) -> int:
    """Place in the order; higher is worse."""
    return _RANK[severity]


def status_of(outcome: Outcome) -> Status:
    """The status of an outcome where a failure that was seen counts, also if later evidence was missing.

    A fault that was found is there, whatever was missing for the rest. A waiver speaks for all findings.
    """
    if outcome.status is Status.WAIVED:
        return Status.WAIVED
    failed = any(finding.status is Status.FAIL for finding in outcome.findings)
    return Status.FAIL if failed else outcome.status


def findings_of(outcome: Outcome, status: Status) -> Iterator[Finding]:
    """The findings of one status; of a waived outcome the waived ones only."""
    if outcome.status is Status.WAIVED and status is not Status.WAIVED:
        return iter(())
    return (finding for finding in outcome.findings if finding.status is status)


def exit_code(sweep: Sweep, fail_on: Severity | None = Severity.INFO) -> ExitCode:
    """How a sweep ends the process: 1 beats 4 beats 3 beats 0.

    Args:
        sweep: what was concluded.
        fail_on: the least severity of a failure that counts; below it neither a failure nor a missing answer does,
            since no answer to such a question would. None: no failure counts.

    Returns:
        INTERNAL if a visit ended by a defect of ours; FINDINGS if something failed; UNDETERMINED if a question has no
        answer, a check crashed, a device that was asked did not answer all, or nothing was examined at all; else GOOD.
        Devices that were not asked on purpose (``--depth``) change nothing.
    """
    if any(visit.trouble is Trouble.DEFECT for visit in sweep.visits):
        return ExitCode.INTERNAL
    least = _RANK[fail_on] if fail_on is not None else len(_RANK)
    statuses = [(status_of(outcome), _RANK[outcome.severity] >= least) for outcome in sweep.outcomes]
    if any(status is Status.FAIL and counts for status, counts in statuses):
        return ExitCode.FINDINGS
    if (
        any(status is Status.ERROR or (status in _UNCERTAIN and counts) for status, counts in statuses)
        or any(visit.trouble is not None for visit in sweep.visits)
        or not any(status in _EXAMINED for status, _ in statuses)
    ):
        return ExitCode.UNDETERMINED
    return ExitCode.GOOD
