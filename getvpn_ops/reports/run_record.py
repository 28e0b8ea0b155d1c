"""What the report of a run is made of: the journal, the plan, and what backups say of the devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.model.journal import Entry
    from getvpn_ops.reports.story import ShownRun


class RunForm(StrEnum):
    """Forms of the report."""

    HTML = "html"
    MARKDOWN = "md"


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device before and after a run.

    Attributes:
        device: its name.
        lines: of the difference as ``diff -u`` has it, or as they were typed; no secrets.
        source: what they are taken from.
        is_diff: whether they are a difference of two configurations.
    """

    device: str
    lines: tuple[str, ...]
    source: str
    is_diff: bool = True


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run that changes devices, with all that its report says.

    Attributes:
        shown: the run with its plan.
        entries: its events, in order.
        made: when the report is made, by the clock of the run.
        zone: in which times stand beside UTC.
        changes: of devices, from backups; a device that is not there is shown by the lines that were typed.
        note: why backups do not show all of it; empty if they do.
    """

    shown: ShownRun
    entries: tuple[Entry, ...]
    made: datetime
    zone: tzinfo = UTC
    changes: tuple[DeviceChange, ...] = ()
    note: str = ""
