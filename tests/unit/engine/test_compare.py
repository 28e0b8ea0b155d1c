"""What became of a question between two runs."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweeps import CPU, PRIMARY, SPECS, finding, outcome

from getvpn_ops.engine.compare import compare
from getvpn_ops.model.outcome import Outcome, Status
from getvpn_ops.model.report import ChangeKind
from getvpn_ops.model.verdict import severity_rank, status_of

NEW, FIXED, WORSE, BETTER = ChangeKind.NEW, ChangeKind.FIXED, ChangeKind.WORSE, ChangeKind.BETTER
STILL, GONE = ChangeKind.STILL, ChangeKind.NO_LONGER_ASKED


def failing(*subjects: str, status: Status = Status.FAIL, actual: str = "down") -> Outcome:
    found = (finding(Status.FAIL, subject, "peer", actual=actual) for subject in subjects)
    return outcome(PRIMARY, "WAN", status, *found)


def plain(status: Status) -> Outcome:
    return outcome(PRIMARY, "WAN", status)


CASES: dict[str, tuple[Outcome | None, Outcome | None, ChangeKind | None]] = {
    "never-asked-now-pass": (None, plain(Status.PASS), None),
    "never-asked-now-fail": (None, plain(Status.FAIL), NEW),
    "never-asked-now-unknown": (None, plain(Status.UNKNOWN), NEW),
    "pass-pass": (plain(Status.PASS), plain(Status.PASS), None),
    "pass-fail": (plain(Status.PASS), plain(Status.FAIL), NEW),
    "pass-unknown": (plain(Status.PASS), plain(Status.UNKNOWN), NEW),
    "pass-crash": (plain(Status.PASS), plain(Status.ERROR), NEW),
    "pass-waived": (plain(Status.PASS), plain(Status.WAIVED), None),
    "pass-not-applicable": (plain(Status.PASS), plain(Status.NOT_APPLICABLE), None),
    "pass-not-asked": (plain(Status.PASS), None, None),
    "fail-pass": (plain(Status.FAIL), plain(Status.PASS), FIXED),
    "fail-waived": (plain(Status.FAIL), plain(Status.WAIVED), BETTER),
    "fail-unknown-is-not-better": (plain(Status.FAIL), plain(Status.UNKNOWN), STILL),
    "fail-not-applicable-is-not-fixed": (plain(Status.FAIL), plain(Status.NOT_APPLICABLE), GONE),
    "fail-not-asked": (plain(Status.FAIL), None, GONE),
    "fail-fail": (plain(Status.FAIL), plain(Status.FAIL), STILL),
    "unknown-pass-was-never-broken": (plain(Status.UNKNOWN), plain(Status.PASS), BETTER),
    "unknown-fail": (plain(Status.UNKNOWN), plain(Status.FAIL), WORSE),
    "unknown-unknown": (plain(Status.UNKNOWN), plain(Status.UNKNOWN), STILL),
    "unknown-crash": (plain(Status.UNKNOWN), plain(Status.ERROR), STILL),
    "unknown-not-asked": (plain(Status.UNKNOWN), None, GONE),
    "waived-fail": (plain(Status.WAIVED), plain(Status.FAIL), NEW),
    "more-fail": (failing("ks1"), failing("ks1", "ks2"), WORSE),
    "fewer-fail": (failing("ks1", "ks2"), failing("ks2"), BETTER),
    "others-fail": (failing("ks1"), failing("ks2"), STILL),
    "the-same-fail-with-other-figures": (failing("ks1", actual="1"), failing("ks1", actual="2"), STILL),
    "fewer-seen-but-not-all-looked-at": (failing("ks1", "ks2"), failing("ks1", status=Status.UNKNOWN), STILL),
    "fewer-seen-and-the-rest-broke-off": (
        failing("ks1", "ks2"), failing("ks1").model_copy(update={"reason": "ks2: unreachable"}), STILL,
    ),
    "fewer-seen-and-one-of-them-unknown": (
        failing("ks1", "ks2"), outcome(PRIMARY, "WAN", Status.FAIL, *failing("ks1").findings,
                                       finding(Status.UNKNOWN, "ks2", "peer")), STILL,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "now", "kind"), CASES.values(), ids=CASES)
def test_kind(before: Outcome | None, now: Outcome | None, kind: ChangeKind | None) -> None:
    changes = compare([before] if before else [], [now] if now else [])
    assert [(change.kind, change.before, change.now) for change in changes] == ([(kind, before, now)] if kind else [])


def test_every_kind_has_a_case() -> None:
    assert {kind for *_, kind in CASES.values()} == {*ChangeKind, None}


def test_a_question_that_stands_twice_counts_with_its_worse_answer() -> None:
    answers = [plain(Status.PASS), plain(Status.FAIL), plain(Status.UNKNOWN)]
    (change,) = compare([plain(Status.PASS)], answers)
    assert change.now is answers[1]


def test_the_worst_comes_first() -> None:
    before = [outcome(CPU, "c", Status.FAIL), outcome(PRIMARY, "c", Status.FAIL), outcome(CPU, "d", Status.UNKNOWN)]
    now = [
        outcome(CPU, "a", Status.FAIL), outcome(PRIMARY, "b", Status.FAIL), outcome(CPU, "c", Status.PASS),
        outcome(PRIMARY, "c", Status.PASS), outcome(CPU, "d", Status.FAIL),
    ]  # fmt: skip
    assert [(change.kind, change.spec_id, change.subject) for change in compare(before, now)] == [
        (WORSE, CPU.id, "d"),
        (NEW, PRIMARY.id, "b"),
        (NEW, CPU.id, "a"),
        (FIXED, PRIMARY.id, "c"),
        (FIXED, CPU.id, "c"),
    ]


_RUNS = st.lists(
    st.builds(outcome, st.sampled_from(SPECS), st.sampled_from(["a", "b", "c"]), st.sampled_from(Status)), max_size=12
)
_OPEN = {Status.FAIL, Status.UNKNOWN, Status.ERROR}


@given(_RUNS, _RUNS)
def test_nothing_open_is_lost(before: list[Outcome], now: list[Outcome]) -> None:
    changes = compare(before, now)
    open_questions = {(item.spec_id, item.subject) for item in (*before, *now) if status_of(item) in _OPEN}
    assert {(change.spec_id, change.subject) for change in changes} == open_questions
    assert len(changes) == len(open_questions)
    for change in changes:
        if change.kind in {FIXED, BETTER}:
            assert change.now is not None
            assert status_of(change.now) in {Status.PASS, Status.WAIVED}


@given(_RUNS)
def test_a_run_does_not_differ_from_itself(run: list[Outcome]) -> None:
    assert {change.kind for change in compare(run, run)} <= {STILL}


def test_severity_has_an_order() -> None:
    ranks = [severity_rank(spec.severity) for spec in (CPU, PRIMARY)]
    assert all(low < high for low, high in product(ranks[:1], ranks[1:]))
