"""A comparison for programs: JSON, lines of JSON, a sheet. The shapes are a promise (P18)."""

from __future__ import annotations

import csv
import io
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from getvpn_ops.model.config_diff import Standing, exit_code
from getvpn_ops.reports.config_diff import diff_markdown
from getvpn_ops.reports.console import UNSEEN
from getvpn_ops.reports.parsed import Output, structured
from getvpn_ops.reports.sweep_csv import cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from getvpn_ops.model.change import ChangeLine, ChangeSet
    from getvpn_ops.model.config_diff import ConfigDiff, DeviceDiff
    from getvpn_ops.model.intended import IntendedConfig

SCHEMA = 1
COLUMNS = ("device", "role", "groups", "standing", "kind", "where", "running", "intended", "reason")


class DiffForm(StrEnum):
    """Formats of ``-o`` of ``config diff``."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    MARKDOWN = "md"


def diff_document(diff: ConfigDiff, form: DiffForm, *, changes: bool = False, only_ascii: bool = False) -> str:
    """A comparison as a document; the table is a view (``reports.config_diff``).

    Args:
        diff: the comparison.
        form: any but TABLE.
        changes: with the change that each device needs; the sheet has none.
        only_ascii: in JSON, escape all that is not ASCII.

    Raises:
        ValueError: the form is TABLE.
    """
    match form:
        case DiffForm.JSON:
            return structured(diff_plain(diff, changes=changes), Output.JSON, only_ascii=only_ascii)
        case DiffForm.NDJSON:
            return "".join(_line(device_plain(item, changes=changes)) for item in diff.devices)
        case DiffForm.CSV:
            return _csv(diff)
        case DiffForm.MARKDOWN:
            return diff_markdown(diff, changes=changes)
        case DiffForm.TABLE:
            raise ValueError("a table is a view, not a document")


def diff_plain(diff: ConfigDiff, *, changes: bool = False) -> dict[str, Any]:
    """A comparison as plain data.

    Returns:
        ``schema``, ``kind``, ``run``, ``source``, ``started``, ``ended``, ``exit_code``, ``counts`` by standing,
        ``notes``, and ``devices``: all that were selected, as ``device_plain`` gives them.
    """
    return {
        "schema": SCHEMA,
        "kind": "config-diff",
        "run": diff.run,
        "source": diff.source,
        "started": diff.started.isoformat(),
        "ended": diff.ended.isoformat(),
        "exit_code": int(exit_code(diff)),
        "counts": {standing.value: len(diff.of(standing)) for standing in Standing},
        "notes": list(diff.notes),
        "devices": [device_plain(item, changes=changes) for item in diff.devices],
    }


def device_plain(item: DeviceDiff, *, changes: bool = False) -> dict[str, Any]:
    """One device as plain data.

    Returns:
        ``device``, ``role``, ``groups``, ``release``, ``standing``, ``reason`` and ``next_step`` (where it is not known
        how it stands), ``taken_at``, ``drifts`` (``kind``, ``path``, ``running``, ``intended``), ``remarks``
        (``kind``, ``path``, ``text``, ``reason``) and, where asked for, ``change``: its steps.
    """
    found: dict[str, Any] = {
        "device": item.device,
        "role": item.role,
        "groups": list(item.groups),
        "release": item.release,
        "standing": item.standing.value,
        "reason": item.reason,
        "next_step": item.next_step,
        "taken_at": None if item.taken_at is None else item.taken_at.isoformat(),
        "drifts": [
            {"kind": drift.kind.value, "path": list(drift.path), "running": drift.running, "intended": drift.intended}
            for drift in item.drifts
        ],
        "remarks": [
            {"kind": remark.kind.value, "path": list(remark.path), "text": remark.text, "reason": remark.reason}
            for remark in item.remarks
        ],
    }
    if changes:
        found["change"] = None if item.change is None else _change_plain(item.change)
    return found


def _change_plain(change: ChangeSet) -> list[dict[str, Any]]:
    return [
        {
            "kind": step.kind.value,
            "title": step.title,
            "effect": step.effect.value,
            "groups": list(step.groups),
            "lines": [_typed(line) for line in step.lines],
            "rollback": [_typed(line) for line in step.rollback],
            "notes": list(step.notes),
        }
        for step in change.steps
    ]


def _typed(line: ChangeLine) -> dict[str, Any]:
    return {"path": list(line.path), "text": line.text}


def _line(plain: dict[str, Any]) -> str:
    text = json.dumps(plain, ensure_ascii=False)
    return UNSEEN.sub(lambda unseen: f"\\u{ord(unseen[0]):04x}", text) + "\n"


def _csv(diff: ConfigDiff) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([cell(text) for text in row] for item in diff.devices for row in _sheet(item))
    return file.getvalue()


def _sheet(item: DeviceDiff) -> Iterator[Sequence[str]]:
    """A row for each difference and remark; one at least for each device."""
    head = (item.device, item.role, ", ".join(item.groups), item.standing.value)
    for drift in item.drifts:
        yield (*head, drift.kind.value, " / ".join(drift.path), drift.running or "", drift.intended or "", "")
    for remark in item.remarks:
        yield (*head, remark.kind.value, " / ".join(remark.path), remark.text, "", remark.reason)
    if not item.drifts and not item.remarks:
        yield (*head, "", "", "", "", item.reason)


def intended_plain(items: Sequence[tuple[IntendedConfig, str, str]]) -> dict[str, Any]:
    """Intended configurations as plain data.

    Args:
        items: each with the role of the device, and its text as it may be shown.

    Returns:
        ``schema``, ``kind`` and ``devices``: ``device``, ``role``, ``release``, ``groups``, ``text``.
    """
    return {
        "schema": SCHEMA,
        "kind": "config-render",
        "devices": [
            {
                "device": config.device,
                "role": role,
                "release": config.release,
                "groups": list(config.groups),
                "text": text,
            }
            for config, role, text in items
        ],
    }
