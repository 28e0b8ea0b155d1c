"""A sweep for a reader: equal findings folded into one, causes instead of their hundred consequences.

The views for people (terminal, Markdown, HTML) are made of this; they differ in how much of it they show.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.model.report import SpecTitle, Subject, SubjectKind
from getvpn_ops.model.verdict import findings_of, severity_rank, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.model.capture import Trouble, Visit
    from getvpn_ops.model.outcome import Finding, Outcome, Seen
    from getvpn_ops.model.report import Sweep


@dataclass(slots=True)
class Same:
    """Findings that say the same of different subjects.

    Attributes:
        message: what was looked at.
        expected: in words.
        actual: in words.
        subjects: of whom it is said, in order.
        evidence: of the first of them.
        next_steps: of the first of them.
    """

    message: str
    expected: str
    actual: str
    subjects: dict[str, None] = field(default_factory=dict)
    evidence: tuple[Seen, ...] = ()
    next_steps: tuple[str, ...] = ()


@dataclass(slots=True)
class Problem:
    """All failures of one spec in one GDOI group, or over devices.

    Attributes:
        spec: which.
        severity: of the worst outcome.
        kinds: what was found, most subjects first.
        reason: why an outcome failed that has no finding.
    """

    spec: SpecTitle
    severity: Severity
    kinds: list[Same]
    reason: str = ""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everyone concerned."""
        return tuple(dict.fromkeys(name for kind in self.kinds for name in kind.subjects))


@dataclass(slots=True)
class Gap:
    """Questions without an answer that have one cause.

    Attributes:
        status: UNKNOWN, or ERROR where a check of ours could not be made.
        cause: why, for a person.
        who: devices the cause lies with; where it lies with none, subjects.
        specs: how often each is open, by id.
        next_step: what to do about it.
    """

    status: Status
    cause: str
    who: dict[str, None] = field(default_factory=dict)
    specs: Counter[str] = field(default_factory=Counter)
    next_step: str = ""


class Digest:
    """What stands in the reports for people, computed once."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.subjects: Mapping[str, Subject] = {subject.name: subject for subject in sweep.subjects}
        self._specs = {spec.id: spec for spec in sweep.specs}
        self._place = {spec.id: place for place, spec in enumerate(sweep.specs)}
        self.troubled: Mapping[str, Visit] = {
            visit.device: visit for visit in sweep.visits if visit.trouble is not None
        }

    def subject_of(self, outcome: Outcome) -> Subject:
        """Who is behind an outcome."""
        known = self.subjects.get(outcome.subject)
        return known or Subject(outcome.subject, SubjectKind.DEVICE, device=outcome.subject)

    def spec_of(self, outcome: Outcome) -> SpecTitle:
        """Its title."""
        return self._specs.get(outcome.spec_id) or SpecTitle(outcome.spec_id, outcome.spec_id, outcome.severity)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """GDOI groups that were judged."""
        return tuple(item.name for item in self.sweep.subjects if item.kind is SubjectKind.GROUP)

    @cached_property
    def counts(self) -> Counter[Status]:
        """Outcomes by status."""
        return Counter(status_of(outcome) for outcome in self.sweep.outcomes)

    @cached_property
    def unknown(self) -> int:
        """Outcomes with something open, those among them that failed in another part."""
        return sum(any(True for _ in _open(outcome)) for outcome in self.sweep.outcomes)

    @cached_property
    def severities(self) -> Counter[Severity]:
        """Failed outcomes by severity."""
        return Counter(item.severity for item in self.sweep.outcomes if status_of(item) is Status.FAIL)

    @cached_property
    def failing_devices(self) -> frozenset[str]:
        """Devices to look at; a failure of a group that names no device counts for none."""
        return frozenset(
            name for outcome in self._failed() for name in self._blamed(outcome) if name not in self.failing_groups
        )

    @cached_property
    def failing_groups(self) -> frozenset[str]:
        """Groups that a check over the whole group fails for."""
        return frozenset(
            outcome.subject for outcome in self._failed() if self.subject_of(outcome).kind is SubjectKind.GROUP
        )

    @cached_property
    def failing_lists(self) -> frozenset[str]:
        """Access lists with a failure, where lists were read in place of devices."""
        return frozenset(
            outcome.subject for outcome in self._failed() if self.subject_of(outcome).kind is not SubjectKind.GROUP
        )

    @cached_property
    def problems(self) -> dict[str, list[Problem]]:
        """Failures by GDOI group, and under ``""`` those of devices as such; the worst first everywhere."""
        same: dict[tuple[str, str], dict[tuple[str, str, str], Same]] = defaultdict(dict)
        problems: dict[tuple[str, str], Problem] = {}
        for outcome in self._failed():
            subject = self.subject_of(outcome)
            key = (subject.group, outcome.spec_id)
            problem = problems.setdefault(key, Problem(self.spec_of(outcome), outcome.severity, []))
            problem.severity = max(problem.severity, outcome.severity, key=severity_rank)
            failures = list(findings_of(outcome, Status.FAIL))
            for finding in failures:
                _fold(same[key], finding, _name(finding, subject))
            if not failures:
                _fold_reason(same[key], outcome.reason, subject)
        for key, problem in problems.items():
            problem.kinds = sorted(same[key].values(), key=lambda kind: -len(kind.subjects))
        return self._by_place(problems)

    def _by_place(self, problems: Mapping[tuple[str, str], Problem]) -> dict[str, list[Problem]]:
        found: dict[str, list[Problem]] = defaultdict(list)
        for (place, _), problem in problems.items():
            found[place].append(problem)
        for listed in found.values():
            listed.sort(key=lambda item: (-severity_rank(item.severity), self._place.get(item.spec.id, 0)))
        order = sorted(found, key=lambda place: (-severity_rank(found[place][0].severity), not place))
        return {place: found[place] for place in order}

    @cached_property
    def gaps(self) -> list[Gap]:
        """Open questions by cause: crashed checks, then devices that did not answer, then the rest by how many."""
        silent = {trouble: Gap(Status.UNKNOWN, cause) for trouble, cause in _causes(self.troubled.values()).items()}
        for visit in self.troubled.values():
            gap = silent[visit.trouble]
            gap.who[visit.device] = None
            gap.next_step = gap.next_step or visit.next_step
        devices = {visit.device for visit in self.sweep.visits} | {item.device for item in self.sweep.not_looked_at}
        found: dict[tuple[Status, str], Gap] = {}
        for outcome in self.sweep.outcomes:
            subject = self.subject_of(outcome)
            for status, reason, finding in _open(outcome):
                device, cause = _split(reason, devices)
                mute = self.troubled.get(device or (finding.device if finding is not None else ""))
                if mute is not None and _is_of_visit(cause, mute):
                    silent[mute.trouble].specs[outcome.spec_id] += 1
                    continue
                gap = found.setdefault((status, cause), Gap(status, cause))
                gap.who[device or _who(finding, subject)] = None
                gap.specs[outcome.spec_id] += 1
                if finding is not None and finding.next_steps:
                    gap.next_step = gap.next_step or finding.next_steps[0]
        rest = sorted(found.values(), key=lambda gap: -gap.specs.total())
        crashed = [gap for gap in rest if gap.status is Status.ERROR]
        return [*crashed, *silent.values(), *(gap for gap in rest if gap.status is not Status.ERROR)]

    def _failed(self) -> Iterator[Outcome]:
        return (outcome for outcome in self.sweep.outcomes if status_of(outcome) is Status.FAIL)

    def _blamed(self, outcome: Outcome) -> set[str]:
        subject = self.subject_of(outcome)
        named = {finding.device for finding in findings_of(outcome, Status.FAIL)} - {""}
        return named or ({subject.device} - {""})


def _fold(into: dict[tuple[str, str, str], Same], finding: Finding, name: str) -> None:
    key = (finding.message, finding.expected, finding.actual)
    if key not in into:
        into[key] = Same(*key, evidence=finding.evidence, next_steps=finding.next_steps)
    into[key].subjects[name] = None


def _fold_reason(into: dict[tuple[str, str, str], Same], reason: str, subject: Subject) -> None:
    key = (reason or "failed", "", "")
    into.setdefault(key, Same(*key)).subjects[subject.device or subject.name] = None


def _name(finding: Finding, subject: Subject) -> str:
    """Whom a finding speaks of; the GDOI group stands above it and need not be said again."""
    if finding.subject == subject.name:
        return subject.device or subject.name
    if finding.device and finding.device not in finding.subject:
        return f"{finding.subject} (see {finding.device})"
    return finding.subject


def _who(finding: Finding | None, subject: Subject) -> str:
    return (finding.device if finding is not None else "") or subject.device or subject.name


def _open(outcome: Outcome) -> Iterator[tuple[Status, str, Finding | None]]:
    """Every reason of an outcome not to know."""
    if outcome.status is Status.WAIVED:
        return
    said = False
    for finding in outcome.findings:
        if finding.status in {Status.UNKNOWN, Status.ERROR}:
            said = True
            yield finding.status, f"{finding.message}: {finding.actual}" if finding.actual else finding.message, finding
    if outcome.status in {Status.UNKNOWN, Status.ERROR} and (outcome.reason or not said):
        yield outcome.status, outcome.reason or "no reason was given", None
    elif outcome.status is Status.FAIL and outcome.findings and outcome.reason:  # it broke off after a failure
        yield Status.UNKNOWN, outcome.reason, None


def _split(reason: str, devices: set[str]) -> tuple[str, str]:
    """``peers: not known: gm1: unreachable`` -> (``gm1``, ``unreachable``), so that equal causes on many are one."""
    pieces = reason.split(": ")
    for place, piece in enumerate(pieces):
        name, _, rest = (piece, "", "") if piece in devices else piece.partition(" ")
        if name in devices:
            cause = ": ".join([*([rest] if rest else []), *pieces[place + 1 :]])
            return (name, cause) if cause else ("", reason)
    return "", reason


def _causes(visits: Iterable[Visit]) -> dict[Trouble | None, str]:
    """Each trouble in words; where devices say it differently, with the words of the first."""
    reasons: dict[Trouble | None, dict[str, None]] = defaultdict(dict)
    for visit in visits:
        reasons[visit.trouble][visit.reason] = None
    causes = {}
    for trouble, said in reasons.items():
        word = trouble.value if trouble is not None else ""
        example = next((reason for reason in said if reason), "")
        causes[trouble] = word if not example else f"{word}{', such as' if len(said) > 1 else ''}: {example}"
    return causes


def _is_of_visit(cause: str, visit: Visit) -> bool:
    """Whether evidence is missing because the whole visit went wrong; a device that told nothing lacks all of it so."""
    said = [visit.trouble.value] if visit.trouble is not None else []
    said += [visit.reason] if visit.reason else []
    return not visit.commands or any(words in cause for words in said)
