"""Two runs side by side: what is new, what is fixed, what nobody asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Status
from getvpn_ops.model.report import Change, ChangeKind
from getvpn_ops.model.verdict import severity_rank, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.outcome import Outcome

_OPEN = frozenset({Status.UNKNOWN, Status.ERROR, Status.FAIL})
_ORDER = (
    ChangeKind.WORSE,
    ChangeKind.NEW,
    ChangeKind.NO_LONGER_ASKED,
    ChangeKind.STILL,
    ChangeKind.BETTER,
    ChangeKind.FIXED,
)


def compare(before: Iterable[Outcome], now: Iterable[Outcome]) -> tuple[Change, ...]:
    """What became of each question (a spec over a subject) since an earlier run.

    Only what is open in one of the two runs is a change: a failure, a question without an answer, a crashed check.

    Returns:
        The worst first: WORSE, NEW, NO_LONGER_ASKED, STILL, BETTER, FIXED; within these by severity, spec and subject.
        A failure that can no longer be judged, or that does not apply any more, was not shown to be fixed: the first
        is STILL open and the second NO_LONGER_ASKED.
    """
    earlier, later = _by_question(before), _by_question(now)
    changes = []
    for question in dict.fromkeys([*later, *earlier]):
        old, new = earlier.get(question), later.get(question)
        kind = _kind(old, new)
        if kind is not None:
            changes.append(Change(kind, *question, old, new))
    return tuple(sorted(changes, key=_place))


def _by_question(outcomes: Iterable[Outcome]) -> dict[tuple[str, str], Outcome]:
    """Outcomes by spec and subject; where one stands twice the worse counts."""
    found: dict[tuple[str, str], Outcome] = {}
    for outcome in outcomes:
        question = (outcome.spec_id, outcome.subject)
        other = found.get(question)
        if other is None or status_of(outcome).rank > status_of(other).rank:
            found[question] = outcome
    return found


def _kind(old: Outcome | None, new: Outcome | None) -> ChangeKind | None:
    was_open = old is not None and status_of(old) in _OPEN
    is_open = new is not None and status_of(new) in _OPEN
    if old is None or not was_open:
        return ChangeKind.NEW if is_open else None
    if new is None:
        return ChangeKind.NO_LONGER_ASKED
    if is_open:
        return _between(old, new)
    return _closed(status_of(old), status_of(new))


def _closed(was: Status, status: Status) -> ChangeKind:
    """What was open and is no more."""
    if status is Status.NOT_APPLICABLE:
        return ChangeKind.NO_LONGER_ASKED
    return ChangeKind.FIXED if status is Status.PASS and was is Status.FAIL else ChangeKind.BETTER


def _between(old: Outcome, new: Outcome) -> ChangeKind:
    """Both open: worse or better by what failed."""
    was, status = status_of(old), status_of(new)
    if status is Status.FAIL and was is not Status.FAIL:
        return ChangeKind.WORSE
    if status is not Status.FAIL:
        return ChangeKind.STILL
    failed, fails = _failing(old), _failing(new)
    if fails > failed:
        return ChangeKind.WORSE
    return ChangeKind.BETTER if fails < failed and _is_whole(new) else ChangeKind.STILL


def _is_whole(outcome: Outcome) -> bool:
    """Whether a failure was judged to its end: what was not looked at this time may fail as it did."""
    open_too = any(item.status in {Status.UNKNOWN, Status.ERROR} for item in outcome.findings)
    return outcome.status is Status.FAIL and not outcome.reason and not open_too


def _failing(outcome: Outcome) -> frozenset[tuple[str, str]]:
    return frozenset((item.subject, item.message) for item in outcome.findings if item.status is Status.FAIL)


def _place(change: Change) -> tuple[int, int, str, str]:
    severity = max(severity_rank(outcome.severity) for outcome in (change.before, change.now) if outcome is not None)
    return _ORDER.index(change.kind), -severity, change.spec_id, change.subject
