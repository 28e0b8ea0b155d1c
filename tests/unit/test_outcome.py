"""Outcomes fold to the worst, and nothing examined is never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from getvpn_ops.errors import EvidenceMissingError, RegistryError
from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.outcome import Finding, Severity, Status, worst
from getvpn_ops.registry import NoParams, Registry, Spec, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

WORST = {
    "nothing": ((), Status.UNKNOWN),
    "pass": ((Status.PASS,), Status.PASS),
    "not-applicable-only": ((Status.NOT_APPLICABLE,), Status.NOT_APPLICABLE),
    "pass-beats-not-applicable": ((Status.NOT_APPLICABLE, Status.PASS), Status.PASS),
    "waived-beats-pass": ((Status.PASS, Status.WAIVED), Status.WAIVED),
    "unknown-beats-waived": ((Status.WAIVED, Status.UNKNOWN), Status.UNKNOWN),
    "error-beats-unknown": ((Status.UNKNOWN, Status.ERROR), Status.ERROR),
    "fail-beats-error": ((Status.ERROR, Status.FAIL, Status.PASS), Status.FAIL),
}


@pytest.mark.parametrize(("statuses", "expected"), WORST.values(), ids=WORST)
def test_worst(statuses: tuple[Status, ...], expected: Status) -> None:
    assert worst(statuses) is expected


def test_only_certainty_opens_a_gate() -> None:
    assert {status for status in Status if status.opens_gate} == {Status.PASS, Status.NOT_APPLICABLE, Status.WAIVED}


class Box(FrozenModel):
    """A view for the tests."""

    name: str
    primaries: int | None = None


class Limit(FrozenModel):
    """Parameters for the tests."""

    most: int = 1


def one_primary(box: Box, params: Limit) -> Iterator[Finding]:
    """Two primaries are a split."""
    if box.primaries is None:
        raise EvidenceMissingError("show crypto gdoi ks coop was not collected")
    if box.primaries < 0:
        raise RuntimeError("boom")
    if box.primaries:
        status = Status.PASS if box.primaries <= params.most else Status.FAIL
        yield Finding(status=status, subject=box.name, message="primaries", actual=str(box.primaries))


SPEC: Spec[Box, Limit] = Spec(
    id="coop-single-primary", title="One primary", severity=Severity.CRITICAL, params=Limit, examine=one_primary
)

EVALUATED = {
    "pass": (1, {}, Status.PASS, ""),
    "fail": (2, {}, Status.FAIL, ""),
    "pass-by-parameter": (2, {"most": 2}, Status.PASS, ""),
    "nothing-examined": (0, {}, Status.UNKNOWN, "nothing was examined"),
    "no-evidence": (None, {}, Status.UNKNOWN, "show crypto gdoi ks coop was not collected"),
    "crash": (-1, {}, Status.ERROR, "RuntimeError: boom"),
    "typo-in-parameters": (1, {"mosst": 2}, Status.ERROR, "mosst"),
}


@pytest.mark.parametrize(("primaries", "raw", "status", "reason"), EVALUATED.values(), ids=EVALUATED)
def test_evaluate(primaries: int | None, raw: dict[str, object], status: Status, reason: str) -> None:
    outcome = evaluate(SPEC, Box(name="ks1", primaries=primaries), raw)
    assert outcome.status is status
    assert reason in outcome.reason
    assert (outcome.subject, outcome.severity) == ("ks1", Severity.CRITICAL)


@pytest.mark.parametrize(
    ("seen", "error", "status"),
    [
        (Status.FAIL, EvidenceMissingError("and then nothing"), Status.FAIL),
        (Status.FAIL, RuntimeError("and then a crash"), Status.FAIL),
        (Status.PASS, EvidenceMissingError("and then nothing"), Status.UNKNOWN),
        (Status.PASS, RuntimeError("and then a crash"), Status.ERROR),
    ],
)
def test_findings_before_a_crash_are_kept_and_a_failure_stays_one(
    seen: Status, error: Exception, status: Status
) -> None:
    def examine(box: Box, params: NoParams) -> Iterator[Finding]:
        """Why."""
        del params
        yield Finding(status=seen, subject=box.name, message="seen before the crash")
        raise error

    spec = Spec(id="half-way", title="t", severity=Severity.INFO, params=NoParams, examine=examine)
    outcome = evaluate(spec, Box(name="gm1"))
    assert outcome.status is status
    assert "and then" in outcome.reason
    assert [finding.message for finding in outcome.findings] == ["seen before the crash"]


def _undocumented(box: Box, params: NoParams) -> Iterator[Finding]:
    del box, params
    yield from ()


_undocumented.__doc__ = None


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ((SPEC, SPEC), "stands twice"),
        ((Spec(id="Bad Id", title="t", severity=Severity.INFO, params=Limit, examine=one_primary),), "kebab-case"),
        ((Spec(id="no-doc", title="t", severity=Severity.INFO, params=NoParams, examine=_undocumented),), "docstring"),
    ],
    ids=["twice", "id", "undocumented"],
)
def test_registry_refuses(specs: tuple[Spec[Box, Limit], ...], words: str) -> None:
    with pytest.raises(RegistryError, match=words):
        Registry("check", specs)


def test_registry_finds_and_helps() -> None:
    registry: Registry[Box] = Registry("check", (SPEC,))
    assert registry["coop-single-primary"] is SPEC
    assert (len(registry), [spec.id for spec in registry], "x" in registry) == (1, ["coop-single-primary"], False)
    with pytest.raises(RegistryError, match="did you mean coop-single-primary"):
        registry["coop-single-primry"]
