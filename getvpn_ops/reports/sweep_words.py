"""The sentences of a sweep: what a reader is told first, how old evidence is, what to type next."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.reports.words import count, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from getvpn_ops.model.outcome import Finding, Outcome, Seen
    from getvpn_ops.model.report import Change
    from getvpn_ops.reports.sweep_digest import Digest, Gap, Same

_DAY = timedelta(days=1)
_FEW = 3  # groups that a sentence names
_DEPTHS = {
    Depth.KS: "key servers only",
    Depth.SAMPLE: "key servers and a sample of the members",
    Depth.FULL: "every device",
}


def overall(digest: Digest) -> Status:
    """One word for the whole; what was asked and did not answer makes it UNKNOWN."""
    counts = digest.counts
    if counts[Status.FAIL]:
        return Status.FAIL
    if counts[Status.ERROR]:
        return Status.ERROR
    examined = counts[Status.PASS] + counts[Status.WAIVED]
    return Status.UNKNOWN if counts[Status.UNKNOWN] or digest.troubled or not examined else Status.PASS


def verdict(digest: Digest) -> str:
    """The whole in one or two sentences: ``3 of 27 devices need attention: 1 critical failure`` and what is open."""
    counts = digest.counts
    selected = digest.sweep.selected
    opened = counts[Status.UNKNOWN] + counts[Status.ERROR]
    sentences = []
    if counts[Status.FAIL]:
        sentences.append(f"{_attention(digest)}: {_failures(digest)}.")
    elif opened or digest.troubled:
        sentences.append("Nothing failed, but not everything is known.")
    if digest.troubled:
        some = f"{len(digest.troubled)} of {count(max(selected, len(digest.troubled)), 'device')}"
        sentences.append(f"{some} did not answer all that was asked.")
    if opened:
        sentences.append(f"{count(opened, 'question')} {'has' if opened == 1 else 'have'} no answer.")
    if sentences:
        return " ".join(sentences)
    if not counts[Status.PASS] + counts[Status.WAIVED]:
        return "Nothing was examined."
    looked = count(selected - len(digest.sweep.not_looked_at), "device")
    if digest.sweep.lists:
        looked = count(len(digest.sweep.lists), "access list")
    waived = f", {counts[Status.WAIVED]} waived" if counts[Status.WAIVED] else ""
    good = f"{count(counts[Status.PASS], 'check')} passed{waived}"
    return f"All is well with {looked} looked at: {good}."


def _attention(digest: Digest) -> str:
    if digest.sweep.lists and not digest.failing_groups:
        number, every = len(digest.failing_lists), count(len(digest.sweep.lists), "access list")
        return f"{number} of {every} {'needs' if number == 1 else 'need'} attention"
    devices, groups = len(digest.failing_devices), sorted(digest.failing_groups)
    named = " and ".join(groups) if len(groups) <= _FEW else f"{len(groups)} groups"
    whole = f"{'group' if len(groups) == 1 else 'groups'} {named}" if len(groups) <= _FEW else named
    if not devices or digest.sweep.lists:
        return f"{whole[0].upper()}{whole[1:]} {'needs' if len(groups) == 1 else 'need'} attention"
    some = f"{devices} of {count(max(digest.sweep.selected, devices), 'device')}"
    if not groups:
        return f"{some} {'needs' if devices == 1 else 'need'} attention"
    return f"{some} and {whole} need attention"


def _failures(digest: Digest) -> str:
    found = [(number, severity.value) for severity in reversed(Severity) if (number := digest.severities[severity])]
    total = sum(number for number, _ in found)
    return f"{', '.join(f'{number} {word}' for number, word in found)} {'failure' if total == 1 else 'failures'}"


def facts(digest: Digest) -> list[tuple[str, str]]:
    """What the verdict rests on, as names and values."""
    sweep = digest.sweep
    asked = len(sweep.visits)
    answered = sum(1 for visit in sweep.visits if visit.trouble is None)
    found = []
    if digest.groups:
        found.append(("groups", listed(digest.groups, 8)))
    if sweep.lists:
        read = [f"{item.name} ({count(item.entries, 'line')})" for item in sweep.lists]
        found.append(("access lists", listed(read, 8)))
    else:
        found += [
            ("depth", f"{sweep.depth.value}: {_DEPTHS[sweep.depth]}"),
            ("devices", f"{sweep.selected} selected, {asked} asked, {answered} answered all that was asked"),
        ]
    found += [
        ("time", f"{moment(sweep.started)} UTC, took {span(_whole(sweep.ended - sweep.started))}"),
        ("source", sweep.source),
    ]
    engines = Counter(visit.engine for visit in sweep.visits if visit.engine)
    if engines:
        found.append(("engine", ", ".join(f"{name} ({number})" for name, number in engines.most_common())))
    if sweep.run:
        found.append(("run", sweep.run))
    if sweep.compared_with:
        found.append(("compared with", sweep.compared_with))
    return [(name, value) for name, value in found if value]


def moment(when: datetime) -> str:
    """``2026-03-01 08:05:00``."""
    return f"{when:%Y-%m-%d %H:%M:%S}"


def _whole(value: timedelta) -> timedelta:
    return timedelta(seconds=round(value.total_seconds()))


def age(seen: Seen, digest: Digest) -> str:
    """How old evidence was when the sweep ended; beyond a day, from when it is."""
    old = max(_whole(digest.sweep.ended - seen.taken_at), timedelta())
    return f"of {moment(seen.taken_at)} UTC" if old > _DAY else f"{span(old)} old"


def evidence(items: Sequence[Seen], digest: Digest, most: int = 4) -> str:
    """``show crypto gdoi ks coop on ks1, ks2 (12s old)``: each command once, with the age of its oldest answer."""
    by_command: dict[str, list[Seen]] = defaultdict(list)
    for item in items:
        by_command[item.command].append(item)
    said = []
    for command, seen in by_command.items():
        oldest = min(seen, key=lambda item: item.taken_at)
        devices = dict.fromkeys(item.device for item in seen)
        said.append(f"{command} on {listed(devices, most)} ({age(oldest, digest)})")
    return "; ".join(said[:most]) + (f"; and {len(said) - most} more" if len(said) > most else "")


def listed(names: Iterable[str], most: int) -> str:
    """``a, b and 3 more``."""
    every = list(names)
    if len(every) <= most + 1:  # "and 1 more" says less than the name
        return ", ".join(every)
    return f"{', '.join(every[:most])} and {len(every) - most} more"


def heading(place: str, digest: Digest) -> str:
    """Over the failures of a GDOI group, or of devices or lists as such."""
    if place:
        return f"group {place}"
    return "access lists" if digest.sweep.lists else "devices"


def said(same: Same) -> str:
    """``COOP primaries: expected exactly one, actual none``."""
    parts = [f"expected {same.expected}"] if same.expected else []
    parts += [f"actual {same.actual}"] if same.actual else []
    return f"{same.message}: {', '.join(parts)}" if parts else same.message


def sentence(finding: Finding) -> str:
    """``WAN - COOP primaries - expected exactly one - actual none``."""
    parts = [finding.subject, finding.message]
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"actual {finding.actual}"] if finding.actual else []
    return " - ".join(parts)


def questions(gap: Gap, most: int = 3) -> str:
    """How much is open for one cause: ``12 questions: coop-single-primary, member-registered and 4 more``."""
    if not gap.specs:
        return "no check speaks of it"
    return f"{count(gap.specs.total(), 'question')}: {listed((name for name, _ in gap.specs.most_common()), most)}"


def gap_next_step(gap: Gap) -> str:
    """What to do about it; a crashed check is a matter for us."""
    if gap.next_step or gap.status is not Status.ERROR:
        return gap.next_step
    if gap.cause.startswith("parameters: "):
        return "correct the parameters of the check"
    return "this is a defect of getvpn-ops; run again with GETVPN_OPS_DEBUG=1 and report what it shows"


def passed(digest: Digest) -> str:
    """One line for what is well, and for what was not judged on purpose."""
    counts = digest.counts
    parts = [f"{counts[Status.PASS]} passed"]
    parts += [f"{counts[Status.WAIVED]} waived"] if counts[Status.WAIVED] else []
    parts += [f"{counts[Status.NOT_APPLICABLE]} not applicable"] if counts[Status.NOT_APPLICABLE] else []
    return ", ".join(parts)


def not_looked_at(digest: Digest) -> dict[str, list[str]]:
    """Devices the verdict does not rest on, by reason; those that were asked in vain stand among the gaps."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in digest.sweep.not_looked_at:
        if item.device not in digest.troubled:
            found[item.why or "no reason was given"].append(item.device)
    return found


def folded_changes(changes: Iterable[Change]) -> dict[tuple[str, str, str], list[str]]:
    """Changes alike as one: spec, ``pass -> fail`` and what is seen -> subjects."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for change in changes:
        words = first_words(change.now or change.before)
        device = change.subject.partition(" (")[0]
        found[change.spec_id, change_words(change), words.removeprefix(f"{device}: ")].append(change.subject)
    return found


def change_words(change: Change) -> str:
    """``pass -> fail``."""
    before = change.before.status.value if change.before is not None else "not asked"
    now = change.now.status.value if change.now is not None else "not asked"
    return before if before == now else f"{before} -> {now}"


def first_words(outcome: Outcome | None) -> str:
    """What an outcome says in a line: its worst finding, else its reason."""
    if outcome is None:
        return ""
    worst = max(outcome.findings, key=lambda finding: finding.status.rank, default=None)
    if worst is None or (outcome.reason and worst.status is not Status.FAIL):
        return outcome.reason
    return f"{worst.message}: {worst.actual}" if worst.actual else worst.message


def next_commands(digest: Digest, most: int = 4) -> list[str]:
    """What to type next, the most telling first."""
    found = []
    is_health = digest.sweep.kind == "health"  # other sweeps look at this program's needs, and compare with nothing
    for place, problems in digest.problems.items():
        target = place if place in digest.groups else next(iter(problems[0].subjects), "")
        if is_health and (target in digest.groups or any(visit.device == target for visit in digest.sweep.visits)):
            found.append(f"getvpn-ops diagnose {shlex.quote(target)}{_same_source(digest.sweep.source)}")
        found.append(f"getvpn-ops explain {problems[0].spec.id}")
    if is_health and digest.sweep.run and digest.counts[Status.FAIL] + digest.counts[Status.UNKNOWN]:
        found.append(f"getvpn-ops health --since {digest.sweep.run} --changes{_same_source(digest.sweep.source)}")
    return list(dict.fromkeys(found))[:most]


def _same_source(source: str) -> str:
    """What makes the next command look where this one looked."""
    if source == "devices":
        return ""
    return " --lab" if source == "lab" else f" --from {shlex.quote(source)}"
