"""A finished sweep as people and programs read it: what was looked at, what was concluded, what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from getvpn_ops.model.capture import Visit
from getvpn_ops.model.fleet import Depth
from getvpn_ops.model.outcome import Outcome, Severity


@dataclass(frozen=True, slots=True)
class NotLookedAt:
    """A device that the verdict does not rest on.

    Attributes:
        device: its name.
        why: for a person.
    """

    device: str
    why: str


class ChangeKind(StrEnum):
    """How an outcome compares with that of an earlier run."""

    NEW = "new"
    FIXED = "fixed"
    WORSE = "worse"
    BETTER = "better"
    STILL = "still open"
    NO_LONGER_ASKED = "no longer asked"


@dataclass(frozen=True, slots=True)
class Change:
    """One spec over one subject, then and now.

    Attributes:
        before: None if it was not asked then.
        now: None if it was not asked now.
    """

    kind: ChangeKind
    spec_id: str
    subject: str
    before: Outcome | None
    now: Outcome | None


@dataclass(frozen=True, slots=True)
class SpecTitle:
    """What a report says of a spec besides its outcomes."""

    id: str
    title: str
    severity: Severity


class SubjectKind(StrEnum):
    """What an outcome is about."""

    GROUP = "group"
    MEMBER = "member"
    DEVICE = "device"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is behind the name that outcomes carry, so that reports can sort by GDOI group and count devices.

    Attributes:
        name: as outcomes have it.
        kind: what it is.
        group: name of the GDOI group; empty for a device as such.
        device: name in the inventory; empty for a group.
    """

    name: str
    kind: SubjectKind
    group: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class ReadList:
    """An access list that was read where no device was asked.

    Attributes:
        name: of the list, as outcomes have it.
        entries: lines that permit or deny.
    """

    name: str
    entries: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """One run of ``health``, ``doctor`` or the like.

    Attributes:
        kind: the command.
        run: id in the store; empty if nothing was kept.
        source: ``devices``, ``lab``, or the folder it was read from.
        started: UTC.
        ended: UTC; the age of evidence counts back from here.
        depth: how many members were to be asked.
        selected: how many devices the verdict speaks of.
        visits: how asking went, by device in order.
        outcomes: everything that was judged.
        specs: titles, in the order of the manual.
        not_looked_at: devices that were not asked, or did not answer.
        compared_with: id of the earlier run; empty if none.
        changes: against that run.
        notes: remarks for a person, such as lines of a folder that were left out.
        subjects: everything that was judged, groups first; a report takes an outcome whose subject is missing here
            for one about a device of that name.
        lists: what was read in place of devices, a file or an intent; then no device was to be asked.
    """

    kind: str
    run: str
    source: str
    started: datetime
    ended: datetime
    depth: Depth
    selected: int
    visits: tuple[Visit, ...]
    outcomes: tuple[Outcome, ...]
    specs: tuple[SpecTitle, ...]
    not_looked_at: tuple[NotLookedAt, ...] = ()
    compared_with: str = ""
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    lists: tuple[ReadList, ...] = ()
