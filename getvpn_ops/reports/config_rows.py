"""What differs, line by line, for people: the same rows make the screen, the text of a pipe, and Markdown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.model.change import DriftKind, RekeyEffect
from getvpn_ops.model.config_diff import RemarkKind, Standing
from getvpn_ops.reports.console import visible
from getvpn_ops.reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from getvpn_ops.model.change import ChangeLine, ChangeSet, ChangeStep, Drift
    from getvpn_ops.model.config_diff import ConfigDiff, DeviceDiff, Remark

NAMES = 6
"""Devices of a camp that are named."""
_REMARKS = 8
EFFECTS = {
    RekeyEffect.NONE: "",
    RekeyEffect.AT_ONCE: "rekeys at once, when configuration mode is left",
    RekeyEffect.BY_COMMAND: "needs `crypto gdoi ks rekey` on the primary",
    RekeyEffect.NEXT_REKEY: "shows after the next scheduled rekey",
    RekeyEffect.REGISTRATION: "shows when a member registers again",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a report.

    Attributes:
        text: without its mark and indentation.
        mark: ``-`` is on the router and should not be, ``+`` should be and is not; ``@`` is where; else a blank.
        indent: blanks before the text.
    """

    text: str
    mark: str = " "
    indent: int = 0

    def __str__(self) -> str:
        return visible(f"{self.mark} {' ' * self.indent}{self.text}".rstrip())


@dataclass(slots=True)
class Camp:
    """Devices of which the same is to be said.

    Attributes:
        devices: at least one.
        rows: what is said.
        steps: of the change, each with its rows.
    """

    devices: list[DeviceDiff]
    rows: tuple[Row, ...]
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a change.

    Attributes:
        title: with number and kind.
        said: effect on keys, and notes.
        rows: the lines to type.
        undo: the lines that take them back.
    """

    title: str
    said: tuple[str, ...]
    rows: tuple[Row, ...]
    undo: tuple[Row, ...]


def camps(diff: ConfigDiff, standing: Standing, *, changes: bool = False) -> tuple[Camp, ...]:
    """Devices that stand so, those alike together.

    Args:
        diff: all of it.
        standing: which of them.
        changes: whether their change is shown too: then they must be alike in it as well.
    """
    found: dict[object, Camp] = {}
    for device in diff.of(standing):
        steps = tuple(_steps(device.change)) if changes and device.change is not None else ()
        rows = (*_drift_rows(device.drifts), *_remark_rows(device.remarks))
        key = (rows, steps, device.reason, device.next_step, device.groups)
        if key in found:
            found[key].devices.append(device)
        else:
            found[key] = Camp([device], rows, steps)
    return tuple(found.values())


def headline(diff: ConfigDiff) -> str:
    """What came of it, in one line."""
    drift, unknown = diff.of(Standing.DRIFT), diff.of(Standing.UNKNOWN)
    good = diff.of(Standing.AS_INTENDED)
    keys = sum(remark.kind is RemarkKind.NOT_COMPARED for device in good for remark in device.remarks)
    parts = [f"{len(good)} as intended" + (f" but for {count(keys, 'key')} not compared" if keys else "")]
    if drift:
        lines = sum(len(item.drifts) for item in drift)
        parts.append(f"{len(drift)} {'differs' if len(drift) == 1 else 'differ'} ({count(lines, 'line')})")
    if unknown:
        parts.append(f"{len(unknown)} could not be told")
    return f"{count(len(diff.devices), 'device')}: {', '.join(parts)}"


def names_of(devices: Sequence[DeviceDiff]) -> str:
    """Their names, the first ones."""
    shown = ", ".join(item.device for item in devices[:NAMES])
    return f"{shown} and {len(devices) - NAMES} more" if len(devices) > NAMES else shown


def about(device: DeviceDiff) -> str:
    """Role, groups and release."""
    role = {"ks": "key server", "gm": "member"}.get(device.role, device.role)
    where = f"of {', '.join(device.groups)}" if device.groups else ""
    return ", ".join(part for part in (f"{role} {where}".strip(), device.release) if part)


def not_compared(diff: ConfigDiff) -> tuple[str, ...]:
    """Secrets that nobody compared and nobody promised to, by reason: without them nothing is said to be equal."""
    found: Counter[str] = Counter()
    where: dict[str, dict[str, None]] = {}
    for device in diff.devices:
        for remark in device.remarks:
            if remark.kind is RemarkKind.NOT_COMPARED:
                reason = remark.reason.partition(": ")[2] or remark.reason
                found[reason] += 1
                where.setdefault(reason, {})[device.device] = None
    return tuple(
        f"{count(number, 'key')} on {count(len(where[reason]), 'device')} not compared: {reason}"
        for reason, number in found.items()
    )


def _drift_rows(drifts: Iterable[Drift]) -> Iterator[Row]:
    path: tuple[str, ...] | None = None
    for drift in drifts:
        if drift.path != path:
            path = drift.path
            yield Row(" / ".join(path) if path else "(global)", "@")
        if drift.kind is not DriftKind.MISSING:
            yield Row(drift.running or "", "-")
        if drift.kind is not DriftKind.EXTRA:
            yield Row(drift.intended or "", "+")


def _remark_rows(remarks: Iterable[Remark]) -> Iterator[Row]:
    told = [item for item in remarks if item.kind is not RemarkKind.NOT_COMPARED]
    for item in told[:_REMARKS]:
        where = f" in '{item.path[-1]}'" if item.path else ""
        what = item.text if item.kind is RemarkKind.FAULT else f"'{item.text}'"
        yield Row(f"{item.kind.value}: {what}{where}{f': {item.reason}' if item.reason else ''}", "!")
    if len(told) > _REMARKS:
        yield Row(f"and {count(len(told) - _REMARKS, 'more remark')}; -o json tells all", "!")


def _steps(change: ChangeSet) -> Iterator[Step]:
    for number, step in enumerate(change.steps, 1):
        yield Step(
            f"{number}. {step.kind.value}: {step.title}",
            tuple(_said(step)),
            tuple(typed(step.lines)),
            tuple(typed(step.rollback)),
        )


def _said(step: ChangeStep) -> Iterator[str]:
    if EFFECTS[step.effect]:
        groups = f" of {', '.join(step.groups)}" if step.groups else ""
        yield f"keys{groups}: {EFFECTS[step.effect]}"
    yield from step.notes


def typed(lines: Iterable[ChangeLine]) -> Iterator[Row]:
    """Lines as they are typed, indented, each mode opened once."""
    opened: tuple[str, ...] = ()
    for line in lines:
        same = 0
        while same < min(len(opened), len(line.path)) and opened[same] == line.path[same]:
            same += 1
        yield from (Row(text, indent=depth) for depth, text in enumerate(line.path) if depth >= same)
        yield Row(line.text, indent=len(line.path))
        opened = (*line.path, line.text)
