"""The report of a run for a ticket; escaped as ``sweep_markdown`` says. Pictures are words here."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from getvpn_ops.model.plan import Statement
from getvpn_ops.reports.config_diff import fenced
from getvpn_ops.reports.config_rows import Row
from getvpn_ops.reports.run_digest import NAMES, RunDigest
from getvpn_ops.reports.sweep_markdown import code, prose
from getvpn_ops.reports.sweep_words import listed
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.reports.run_record import RunRecord
    from getvpn_ops.reports.run_stages import StageTold, Told

_MANY = 40
_EVIDENCE = 6
_DEVICES = 20
_LINES = 80
_SIGNS = {True: "passed", False: "**HELD**", None: "not asked"}


def run_markdown(record: RunRecord) -> str:
    """The document as text."""
    digest = RunDigest(record)
    lines = [f"# Run {code(digest.shown.run.id)}: {prose(digest.state)}", "", prose(digest.verdict), ""]
    lines += [f"- {name}: {code(value)}" for name, value in digest.facts]
    lines += _listed("Left open", digest.pending)
    lines += _traffic(digest)
    lines += _preflight(digest)
    if digest.rekeys:
        lines += ["", "## Rekeys", ""]
        for rekey in digest.rekeys[:_MANY]:
            at = f"{digest.clock(rekey.at)} " if rekey.at else ""
            lines.append(f"- {at}group {code(rekey.group)}, planned {code(rekey.planned)}: {code(rekey.text)}")
        lines += _more(len(digest.rekeys))
    if digest.stages:
        lines += ["", "## Stages"]
    for stage in digest.stages:
        lines += _stage(stage, digest)
    lines += _words(digest)
    lines += _seen(digest)
    lines += _devices(digest)
    lines += _listed("Next", digest.commands)
    return "\n".join(lines) + "\n"


def _listed(title: str, texts: tuple[str, ...]) -> Iterator[str]:
    if not texts:
        return
    yield from ("", f"## {title}", "")
    yield from (f"- {code(text)}" for text in texts[:_MANY])
    yield from _more(len(texts))


def _more(number: int, most: int = _MANY) -> Iterator[str]:
    if number > most:
        yield f"- and {number - most} more"


def _traffic(digest: RunDigest) -> Iterator[str]:
    if not digest.predicted and not digest.traffic:
        return
    yield from ("", "## Traffic", "")
    for words, what in digest.predicted[:_MANY]:
        yield f"- foretold: {code(words)}" if what is Statement.HITLESS else f"- **foretold:** {code(words)}"
    yield from _more(len(digest.predicted))
    yield from (_told(told, digest) for told in digest.traffic[:_MANY])
    if not digest.traffic:
        yield "- no step of this run proved traffic by itself: see the gates"


def _preflight(digest: RunDigest) -> Iterator[str]:
    if not digest.preflight:
        return
    yield from ("", "## Pre-flight", "")
    for row in digest.preflight[:_MANY]:
        yield f"- {row.status.value}: {code(row.device)}, {code(row.question)}: {code(row.text)}"
    yield from _more(len(digest.preflight))


def _stage(stage: StageTold, digest: RunDigest) -> Iterator[str]:
    yield from ("", f"### {code(stage.id)}: {stage.state.value}", "")
    if stage.title and stage.title != stage.id:
        yield f"- {code(stage.title)}"
    proven = f"{stage.steps[1]} of {count(stage.steps[0], 'step')} proven"
    yield f"- {proven if stage.steps[0] else 'nothing had to be done'}"
    if stage.devices:
        yield f"- on {code(listed(stage.devices, NAMES))}"
    if stage.spans:
        yield f"- from {digest.at_work(stage)}"
    for kind in (stage.approvals, stage.gates, stage.evidence):
        worst = sorted(kind, key=lambda told: {False: 0, True: 1, None: 2}[told.is_good])
        yield from (_told(told, digest) for told in worst[:_EVIDENCE])
        yield from _more(len(kind), _EVIDENCE)


def _told(told: Told, digest: RunDigest) -> str:
    at = f"{digest.clock(told.at)} " if told.at else ""
    who = f" ({code(listed(told.devices, NAMES))})" if len(told.devices) > 1 else ""
    return f"- {at}{_SIGNS[told.is_good]}: {code(told.title)}{who}: {code(told.text)}"


def _words(digest: RunDigest) -> Iterator[str]:
    if not digest.said:
        return
    yield from ("", "## Words of operators, and holds", "")
    for at, what, who, text in digest.said[:_MANY]:
        yield f"- {code(digest.when(at))} {prose(what)}, {code(who)}: {code(text)}"
    yield from _more(len(digest.said))


def _seen(digest: RunDigest) -> Iterator[str]:
    if not digest.seen.roles and not digest.seen.modes:
        return
    yield from ("", "## Roles and modes over time", "")
    for group, servers in digest.seen.roles.items():
        for name, states in list(servers.items())[:_MANY]:
            told = ", ".join(f"{state} from {digest.clock(at)}" for at, state in states)
            yield f"- group {code(group)}, {code(name)}: {code(told)}"
    for group in digest.seen.modes:
        for at, found in digest.seen.crowd(group)[-_MANY:]:
            told = ", ".join(f"{number} {mode}" for mode, number in Counter(found).most_common())
            yield f"- group {code(group)}, members at {digest.clock(at)}: {code(told)}"


def _devices(digest: RunDigest) -> Iterator[str]:
    if not digest.changes:
        return
    yield from ("", "## Devices, before and after", "")
    if digest.record.note:
        yield from (prose(digest.record.note), "")
    for change in digest.changes[:_DEVICES]:
        yield from (f"### {code(change.device)}", "", f"{prose(change.source)}:")
        rows = [_row(line) if change.is_diff else Row(line) for line in change.lines[:_LINES]]
        yield fenced(rows, "diff" if change.is_diff else "").rstrip("\n")
        if len(change.lines) > _LINES:
            yield from ("", f"and {count(len(change.lines) - _LINES, 'more line')}")
        yield ""
    if len(digest.changes) > _DEVICES:
        yield f"And {count(len(digest.changes) - _DEVICES, 'more device')}; the HTML form shows more."


def _row(line: str) -> Row:
    return Row(line[1:], line[:1] or " ")
