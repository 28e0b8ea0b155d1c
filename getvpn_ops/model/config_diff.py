"""How the configurations of a fleet differ from what they should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from getvpn_ops.errors import ExitCode
from getvpn_ops.model.change import ChangeSet, Drift


class Standing(StrEnum):
    """How one device stands. The words are part of the JSON (P18)."""

    AS_INTENDED = "as intended"
    DRIFT = "drift"
    UNKNOWN = "unknown"


class RemarkKind(StrEnum):
    """Why a line was neither found right nor wrong, or is wrong and not changed."""

    NOT_MANAGED = "not managed"
    """This program does not know the line and leaves it as it is."""
    LEFT_ALONE = "left alone"
    """It may belong to something else, or cannot be changed without harm."""
    NOT_COMPARED = "not compared"
    """A secret that nobody here can compare, and nobody promised to."""
    FAULT = "fault"
    """A rule about configurations finds it wrong, whatever the intent says; it is no drift and is not changed."""
    CANNOT_TELL = "cannot tell"
    """It could not be compared, although it should have been: the device is not known to be as intended."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something of a device that a person should know.

    Attributes:
        kind: of it.
        path: the lines that open the mode, outermost first.
        text: the line, secrets replaced; empty if it is about the whole device.
        reason: in words; empty if the kind says all.
    """

    kind: RemarkKind
    path: tuple[str, ...]
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeviceDiff:
    """One device.

    Attributes:
        device: its name.
        standing: how it stands.
        groups: GDOI groups in which it was compared.
        role: ``ks`` or ``gm``; empty if the inventory does not say.
        release: as the inventory has it.
        reason: why it is not known how it stands, for a person.
        next_step: what a person can do about that.
        drifts: every difference of a managed line.
        change: what makes it as it should be.
        remarks: what was not compared, or is not changed.
        taken_at: when its configuration was read, UTC; None if it was not.
    """

    device: str
    standing: Standing
    groups: tuple[str, ...] = ()
    role: str = ""
    release: str = ""
    reason: str = ""
    next_step: str = ""
    drifts: tuple[Drift, ...] = ()
    change: ChangeSet | None = None
    remarks: tuple[Remark, ...] = ()
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """A whole comparison.

    Attributes:
        run: id under which the answers are kept; empty for captures.
        source: ``devices``, ``lab``, or the captures' path.
        started: UTC.
        ended: likewise.
        devices: every device selected, in the order of the inventory.
        notes: what was left out of the selection, and remarks on the files.
    """

    run: str
    source: str
    started: datetime
    ended: datetime
    devices: tuple[DeviceDiff, ...]
    notes: tuple[str, ...] = ()

    def of(self, standing: Standing) -> tuple[DeviceDiff, ...]:
        """The devices that stand so."""
        return tuple(item for item in self.devices if item.standing is standing)


def exit_code(diff: ConfigDiff) -> ExitCode:
    """Drift before what is not known before good; nothing examined is not known."""
    if diff.of(Standing.DRIFT):
        return ExitCode.FINDINGS
    if diff.of(Standing.UNKNOWN) or not diff.devices:
        return ExitCode.UNDETERMINED
    return ExitCode.GOOD
