"""How a sweep ends the process: 1 beats 4 beats 3 beats 0, and what nobody examined is never good."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sweeps
from sweeps import CPU, PRIMARY, REACHABLE, TRAFFIC, finding, outcome, visit

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.outcome import Outcome, Severity, Status
from getvpn_ops.model.report import NotLookedAt
from getvpn_ops.model.verdict import exit_code, findings_of, status_of

GOOD, UNDETERMINED, FINDINGS, INTERNAL = ExitCode.GOOD, ExitCode.UNDETERMINED, ExitCode.FINDINGS, ExitCode.INTERNAL
WELL = outcome(REACHABLE, "gm1", Status.PASS)
FAILED_BEFORE_EVIDENCE_ENDED = outcome(
    PRIMARY, "WAN", Status.UNKNOWN, finding(Status.FAIL, "WAN", "COOP primaries"), reason="then a key server was silent"
)
WAIVED = outcome(PRIMARY, "WAN", Status.WAIVED, finding(Status.FAIL, "WAN", "COOP primaries"))

CASES: dict[str, tuple[tuple[Outcome, ...], tuple[Trouble | None, ...], Severity | None, ExitCode]] = {
    "well": ((WELL,), (None,), Severity.INFO, GOOD),
    "no-outcome": ((), (None,), Severity.INFO, UNDETERMINED),
    "nothing-applies": ((outcome(CPU, "gm1", Status.NOT_APPLICABLE),), (None,), Severity.INFO, UNDETERMINED),
    "nothing-applies-and-no-severity-counts": ((outcome(CPU, "a", Status.NOT_APPLICABLE),), (), None, UNDETERMINED),
    "waived-is-examined": ((WAIVED,), (None,), Severity.INFO, GOOD),
    "not-applicable-beside-pass": ((WELL, outcome(CPU, "a", Status.NOT_APPLICABLE)), (None,), Severity.INFO, GOOD),
    "unknown": ((WELL, outcome(PRIMARY, "WAN", Status.UNKNOWN)), (None,), Severity.INFO, UNDETERMINED),
    "crash": ((WELL, outcome(PRIMARY, "WAN", Status.ERROR)), (None,), Severity.INFO, UNDETERMINED),
    "fail": ((WELL, outcome(PRIMARY, "WAN", Status.FAIL)), (None,), Severity.INFO, FINDINGS),
    "fail-beats-unknown": (
        (outcome(CPU, "a", Status.UNKNOWN), outcome(CPU, "b", Status.FAIL), outcome(CPU, "c", Status.ERROR)),
        (Trouble.UNREACHABLE,), Severity.INFO, FINDINGS,
    ),
    "fail-among-unknown-findings": ((FAILED_BEFORE_EVIDENCE_ENDED,), (None,), Severity.INFO, FINDINGS),
    "a-failure-below-the-threshold": ((WELL, outcome(TRAFFIC, "a", Status.FAIL)), (None,), Severity.MAJOR, GOOD),
    "a-failure-at-the-threshold": ((WELL, outcome(TRAFFIC, "a", Status.FAIL)), (None,), Severity.MINOR, FINDINGS),
    "unknown-below-the-threshold": ((WELL, outcome(TRAFFIC, "a", Status.UNKNOWN)), (None,), Severity.MAJOR, GOOD),
    "crash-below-the-threshold": ((WELL, outcome(TRAFFIC, "a", Status.ERROR)), (None,), Severity.MAJOR, UNDETERMINED),
    "no-failure-counts": ((WELL, outcome(PRIMARY, "WAN", Status.FAIL)), (None,), None, GOOD),
    "silent-device": ((WELL,), (None, Trouble.UNREACHABLE), Severity.CRITICAL, UNDETERMINED),
    "defect": ((outcome(PRIMARY, "WAN", Status.FAIL),), (Trouble.DEFECT,), Severity.INFO, INTERNAL),
}  # fmt: skip


@pytest.mark.parametrize(("outcomes", "troubles", "fail_on", "code"), CASES.values(), ids=CASES)
def test_exit_code(
    outcomes: tuple[Outcome, ...], troubles: tuple[Trouble | None, ...], fail_on: Severity | None, code: ExitCode
) -> None:
    visits = tuple(visit(f"gm{number}", trouble) for number, trouble in enumerate(troubles))
    sweep = replace(sweeps.empty(), outcomes=outcomes, visits=visits)
    assert exit_code(sweep, fail_on) is code


def test_devices_left_out_on_purpose_change_nothing() -> None:
    sweep = replace(sweeps.all_well(), not_looked_at=(NotLookedAt("gm9", "not in the sample"),))
    assert exit_code(sweep) is GOOD


def test_every_exit_code_has_a_case() -> None:
    assert {code for *_, code in CASES.values()} == {GOOD, UNDETERMINED, FINDINGS, INTERNAL}


def test_a_waiver_speaks_for_its_findings() -> None:
    assert status_of(WAIVED) is Status.WAIVED
    assert list(findings_of(WAIVED, Status.FAIL)) == []
    assert [item.message for item in findings_of(FAILED_BEFORE_EVIDENCE_ENDED, Status.FAIL)] == ["COOP primaries"]
