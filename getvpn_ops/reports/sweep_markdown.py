"""A sweep for a ticket.

Whatever a device or a person wrote stands in code spans, where nothing is a link, a mention or HTML. Backslashes would
not do: ticket systems make links and mentions of text that they have already unescaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.model.outcome import Status
from getvpn_ops.model.report import ChangeKind
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.sweep_digest import Digest
from getvpn_ops.reports.sweep_words import (
    evidence,
    facts,
    folded_changes,
    gap_next_step,
    heading,
    listed,
    next_commands,
    not_looked_at,
    overall,
    passed,
    questions,
    said,
    verdict,
)
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.model.report import Sweep
    from getvpn_ops.reports.sweep_digest import Gap, Problem

_KINDS = 8
_NAMES = 20
_GAPS = 20
_STEPS = 5
_CHANGES = 30
_LONG = 600
_HARMLESS = re.compile(r"(?:[A-Za-z0-9 ,;()%'-]|[.:?](?= |$))*")


def code(text: str) -> str:
    """A code span that holds any text (CommonMark 6.1): one line, fenced by more backticks than stand in it."""
    words = " ".join(visible(text).split()) or "-"
    if len(words) > _LONG:
        words = f"{words[:_LONG]}..."
    fence = "`" * (max(map(len, re.findall("`+", words)), default=0) + 1)
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence of ours as it is, unless what it names makes it more than words."""
    return text if _HARMLESS.fullmatch(text) else code(text)


def sweep_markdown(sweep: Sweep, *, changes_only: bool = False) -> str:
    """The document as text.

    Args:
        sweep: the run.
        changes_only: leave out what is as it was in the run compared with.
    """
    digest = Digest(sweep)
    lines = [f"# getvpn-ops {code(sweep.kind)}: {overall(digest).value.upper()}", "", prose(verdict(digest)), ""]
    lines += [f"- {name}: {code(value)}" for name, value in facts(digest)]
    if not changes_only:
        lines += _failures(digest)
        lines += _gaps(digest)
    lines += _changes(sweep, changes_only=changes_only)
    lines += ["", "## Passed", "", passed(digest)]
    lines += _rest(digest)
    return "\n".join(lines) + "\n"


def _failures(digest: Digest) -> Iterator[str]:
    if digest.problems:
        yield from ("", f"## Failed ({digest.counts[Status.FAIL]})")
    for place, problems in digest.problems.items():
        yield from ("", f"### {prose(heading(place, digest))}", "")
        for problem in problems:
            yield from _problem(problem, digest)


def _problem(problem: Problem, digest: Digest) -> Iterator[str]:
    yield f"- **{problem.severity.value.upper()}** {prose(problem.spec.title)} ({code(problem.spec.id)})"
    for kind in problem.kinds[:_KINDS]:
        yield f"  - {_alike(kind.subjects)}: {code(said(kind))}"
    if len(problem.kinds) > _KINDS:
        yield f"  - and {len(problem.kinds) - _KINDS} more with other values; `-o json` tells all"
    first = problem.kinds[0]
    if first.evidence:
        yield f"  - from {code(evidence(first.evidence, digest))}"
    yield from (f"  - next: {code(step)}" for step in first.next_steps[:_STEPS])


def _alike(subjects: Iterable[str]) -> str:
    who = list(subjects)
    return f"{len(who)} alike: {code(listed(who, _NAMES))}" if len(who) > 1 else code(listed(who, _NAMES))


def _gaps(digest: Digest) -> Iterator[str]:
    if digest.gaps:
        yield from ("", f"## Not known ({digest.unknown})", "")
    for gap in digest.gaps[:_GAPS]:
        yield from _gap(gap)
    yield from _more(len(digest.gaps) - _GAPS, "reason")


def _gap(gap: Gap) -> Iterator[str]:
    word = "CRASHED" if gap.status is Status.ERROR else "UNKNOWN"
    yield f"- **{word}** {code(gap.cause)}"
    yield f"  - about {code(listed(gap.who, _NAMES))}"
    yield f"  - open: {code(questions(gap))}"
    if step := gap_next_step(gap):
        yield f"  - next: {code(step)}"


def _changes(sweep: Sweep, *, changes_only: bool) -> Iterator[str]:
    if not sweep.compared_with:
        return
    yield from ("", f"## Since {code(sweep.compared_with)}", "")
    if not sweep.changes:
        yield "nothing changed: nothing was open then or is open now"
    for kind in dict.fromkeys(change.kind for change in sweep.changes):
        found = [change for change in sweep.changes if change.kind is kind]
        yield f"- **{kind.value.upper()}** {len(found)}"
        if kind is ChangeKind.STILL and not changes_only:
            continue
        folded = folded_changes(found)
        for (spec_id, words, what), subjects in list(folded.items())[:_CHANGES]:
            yield f"  - {code(spec_id)} {_alike(subjects)}: {code(words)}{f' {code(what)}' if what else ''}"
        if len(folded) > _CHANGES:
            yield f"  - and {len(folded) - _CHANGES} more; `-o json` tells all"


def _more(left: int, thing: str) -> Iterator[str]:
    if left > 0:
        yield f"- and {count(left, f'more {thing}')}; `-o json` tells all"


def _rest(digest: Digest) -> Iterator[str]:
    missing = not_looked_at(digest)
    if missing:
        yield from ("", "## Not looked at", "")
        yield from (f"- {code(listed(names, _NAMES))}: {code(why)}" for why, names in list(missing.items())[:_GAPS])
        yield from _more(len(missing) - _GAPS, "reason")
    if digest.sweep.notes:
        yield from ("", "## Notes", "")
        yield from (f"- {code(note)}" for note in digest.sweep.notes[:_GAPS])
        yield from _more(len(digest.sweep.notes) - _GAPS, "note")
    if commands := next_commands(digest):
        yield from ("", "## Next", "")
        yield from (f"- {code(command)}" for command in commands)
