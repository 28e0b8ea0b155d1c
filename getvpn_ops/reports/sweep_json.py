"""A sweep for programs. The shape is a promise (P18): it is written out here, so that no change of a model changes it.

``schema`` 1, one object:

- ``schema``, ``kind`` (``health``), ``run`` (empty if nothing was kept), ``source``, ``started``, ``ended`` (ISO 8601,
  UTC), ``depth`` (``ks``, ``sample``, ``full``), ``compared_with`` (empty if with nothing);
- ``summary``: ``status`` (the worst, as an outcome's), ``verdict`` (for a person), ``devices`` (``selected``,
  ``asked``, ``answered``), ``outcomes`` (how many of each status), ``failures`` (failed outcomes by severity);
- ``specs``: ``id``, ``title``, ``severity``; in the order of the manual;
- ``outcomes``: ``spec_id``, ``subject``, ``kind`` (``group``, ``member``, ``device``, ``list``), ``group``,
  ``device`` (empty where there is none), ``severity``, ``status`` (``fail`` as soon as a finding failed), ``reason``,
  ``findings``;
- ``findings``: ``status``, ``subject``, ``message``, ``expected``, ``actual``, ``device``, ``evidence`` (``device``,
  ``command``, ``taken_at``, ``age_seconds`` when the sweep ended), ``next_steps``;
- ``visits``: ``device``, ``started``, ``ended``, ``engine``, ``hostname``, ``commands``, ``trouble`` (null if it went
  well), ``reason``, ``next_step``;
- ``not_looked_at``: ``device``, ``why``;
- ``changes``: ``kind``, ``spec_id``, ``subject``, ``before`` and ``now`` (outcomes, or null if not asked);
- ``notes``: texts;
- ``lists``, only where access lists were read in place of devices: ``name`` and ``entries`` (lines that count).

Newer versions may add keys; what a key means changes with ``schema`` only. As lines (``ndjson``), each has ``record``:
first ``sweep`` with everything that is no list, then ``spec``, ``outcome``, ``visit``, ``not_looked_at``, ``change``
and ``note``, one a line.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from getvpn_ops.model.outcome import Severity, Status
from getvpn_ops.model.plain import to_plain
from getvpn_ops.model.verdict import status_of
from getvpn_ops.reports.console import UNSEEN
from getvpn_ops.reports.sweep_digest import Digest
from getvpn_ops.reports.sweep_words import overall, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from getvpn_ops.model.outcome import Finding, Outcome, Seen
    from getvpn_ops.model.report import Change, Sweep

SCHEMA = 1


def sweep_plain(sweep: Sweep) -> dict[str, Any]:
    """Everything a sweep holds as plain data."""
    digest = Digest(sweep)
    return _head(digest) | {key: list(items) for key, items in _lists(digest).items()}


def sweep_lines(sweep: Sweep) -> str:
    """The same as lines, one record each."""
    digest = Digest(sweep)
    records = [{"record": "sweep"} | _head(digest)]
    for key, items in _lists(digest).items():
        head = {"record": key.removesuffix("s")}
        records.extend(head | (item if isinstance(item, dict) else {"text": item}) for item in items)
    return "".join(f"{_safe(json.dumps(record, ensure_ascii=False))}\n" for record in records)


def _safe(text: str) -> str:
    return UNSEEN.sub(lambda unseen: f"\\u{ord(unseen[0]):04x}", text)


def _head(digest: Digest) -> dict[str, Any]:
    sweep = digest.sweep
    return {
        "schema": SCHEMA,
        "kind": sweep.kind,
        "run": sweep.run,
        "source": sweep.source,
        "started": to_plain(sweep.started),
        "ended": to_plain(sweep.ended),
        "depth": sweep.depth.value,
        "compared_with": sweep.compared_with,
        "summary": {
            "status": overall(digest).value,
            "verdict": verdict(digest),
            "devices": {
                "selected": sweep.selected,
                "asked": len(sweep.visits),
                "answered": len(sweep.visits) - len(digest.troubled),
            },
            "outcomes": {status.value: digest.counts[status] for status in reversed(Status)},
            "failures": {severity.value: digest.severities[severity] for severity in reversed(Severity)},
        },
    }


def _lists(digest: Digest) -> dict[str, Iterator[Any]]:
    sweep = digest.sweep
    read = ({"name": item.name, "entries": item.entries} for item in sweep.lists)
    return ({"lists": read} if sweep.lists else {}) | {
        "specs": ({"id": spec.id, "title": spec.title, "severity": spec.severity.value} for spec in sweep.specs),
        "outcomes": (_outcome(outcome, digest) for outcome in sweep.outcomes),
        "visits": (to_plain(visit) for visit in sweep.visits),
        "not_looked_at": ({"device": item.device, "why": item.why} for item in sweep.not_looked_at),
        "changes": (_change(change, digest) for change in sweep.changes),
        "notes": iter(sweep.notes),
    }


def _outcome(outcome: Outcome, digest: Digest) -> dict[str, Any]:
    subject = digest.subject_of(outcome)
    return {
        "spec_id": outcome.spec_id,
        "subject": outcome.subject,
        "kind": subject.kind.value,
        "group": subject.group,
        "device": subject.device,
        "severity": outcome.severity.value,
        "status": status_of(outcome).value,
        "reason": outcome.reason,
        "findings": [_finding(finding, digest.sweep.ended) for finding in outcome.findings],
    }


def _finding(finding: Finding, ended: datetime) -> dict[str, Any]:
    return {
        "status": finding.status.value,
        "subject": finding.subject,
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "device": finding.device,
        "evidence": [_seen(seen, ended) for seen in finding.evidence],
        "next_steps": list(finding.next_steps),
    }


def _seen(seen: Seen, ended: datetime) -> dict[str, Any]:
    return {
        "device": seen.device,
        "command": seen.command,
        "taken_at": to_plain(seen.taken_at),
        "age_seconds": round((ended - seen.taken_at).total_seconds(), 3),
    }


def _change(change: Change, digest: Digest) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "spec_id": change.spec_id,
        "subject": change.subject,
        "before": None if change.before is None else _outcome(change.before, digest),
        "now": None if change.now is None else _outcome(change.now, digest),
    }
