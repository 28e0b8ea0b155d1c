"""The state of a fleet: what each device told, when, and what it did not tell.

Checks read it and nothing else. Absence is loud: whoever asks for state that is not there gets
``EvidenceMissingError``, which makes an outcome UNKNOWN and says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.capture import Trouble
from getvpn_ops.model.outcome import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from getvpn_ops.model.capture import Visit
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.parsed import Parsed

_COMMAND = re.compile(r"``(show [^`]+)``")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Depth(StrEnum):
    """How many members are asked; key servers always are."""

    KS = "ks"
    SAMPLE = "sample"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One answer, or the lack of one.

    Attributes:
        device: who was asked.
        command: in full, with arguments, such as ``show crypto gdoi ks policy``.
        kind: class of the state that the command gives.
        taken_at: UTC.
        parsed: the state; None if there is none.
        trouble: why the device gave no whole answer; None if it did (the text may still not parse).
        reason: why there is no state, for a person.
        empty: whether the device answered, and said nothing. For some commands that means that there is nothing.
    """

    device: str
    command: str
    kind: type
    taken_at: datetime
    parsed: Parsed[Any] | None
    trouble: Trouble | None = None
    reason: str = ""
    empty: bool = False

    @property
    def seen(self) -> Seen:
        """For a finding."""
        return Seen(device=self.device, command=self.command, taken_at=self.taken_at)


@dataclass(frozen=True, slots=True)
class Sample(Generic[T_co]):
    """State with where and when it comes from.

    Attributes:
        value: the state.
        seen: for a finding.
        doubts: warnings of the parser about the text as a whole (cut, filtered, totals that do not agree).
    """

    value: T_co
    seen: Seen
    doubts: tuple[str, ...] = ()

    @property
    def taken_at(self) -> datetime:
        """When the answer was complete, UTC."""
        return self.seen.taken_at

    def certain(self) -> Sample[T_co]:
        """Itself, where a lost line would falsify the conclusion.

        Raises:
            EvidenceMissingError: the parser doubts that the text is whole, so that what is absent may only be lost.
        """
        if self.doubts:
            msg = f"{self.seen.device}: {self.seen.command} may not be whole: {self.doubts[0]}"
            raise EvidenceMissingError(msg)
        return self


@dataclass(frozen=True, slots=True)
class DeviceState:
    """One device in one run.

    Attributes:
        device: what the inventory says of it.
        visit: how asking it went; None if it was not asked in this run.
        evidence: in order of time; a command asked twice stands twice.
        why_not: why it was not asked, for a person.
    """

    device: Device
    visit: Visit | None = None
    evidence: tuple[Evidence, ...] = ()
    why_not: str = ""

    @property
    def name(self) -> str:
        """Of the device; makes this a view for checks."""
        return self.device.name

    @property
    def was_asked(self) -> bool:
        """Whether this run tried to reach it."""
        return self.visit is not None

    def latest(self, kind: type[T], command: str | None = None) -> Sample[T]:
        """The newest state of a kind.

        Args:
            kind: class of ``model.state``, such as ``KsPolicy``.
            command: how the command must begin, where several give the same kind.

        Raises:
            EvidenceMissingError: there is none; says why. An older answer never stands in for a newer failure.
        """
        asked = self._asked(kind, command)
        if not asked:
            raise EvidenceMissingError(self._nothing(kind, command))
        last = asked[-1]
        if last.parsed is None:
            msg = f"{self.name}: {last.command}: {last.reason or 'no answer'}"
            raise EvidenceMissingError(msg)
        return Sample(last.parsed.data, last.seen, last.parsed.warnings)

    def whole(self, kind: type[T], command: str | None = None) -> Sample[T]:
        """``latest``, for a question that a lost line would falsify (lists, counts, parity).

        Raises:
            EvidenceMissingError: as ``latest``, or the parser doubts that the text is whole.
        """
        return self.latest(kind, command).certain()

    def samples(self, kind: type[T], command: str | None = None) -> tuple[Sample[T], ...]:
        """Every state of a kind, oldest first; empty if there is none."""
        return tuple(
            Sample(item.parsed.data, item.seen, item.parsed.warnings)
            for item in self._asked(kind, command)
            if item.parsed is not None
        )

    def has(self, kind: type, command: str | None = None) -> bool:
        """Whether ``latest`` would give state."""
        asked = self._asked(kind, command)
        return bool(asked) and asked[-1].parsed is not None

    def refused(self, kind: type, command: str | None = None) -> bool:
        """Whether the device said that it does not know the command: an older release, or another role."""
        asked = self._asked(kind, command)
        return bool(asked) and asked[-1].trouble is Trouble.REFUSED

    def silent(self, kind: type, command: str | None = None) -> Seen | None:
        """Where the device answered with nothing at all; None if it said something or was not asked."""
        asked = self._asked(kind, command)
        return asked[-1].seen if asked and asked[-1].empty else None

    def _asked(self, kind: type, command: str | None) -> list[Evidence]:
        return [
            item
            for item in self.evidence
            if item.kind is kind and (command is None or item.command.startswith(command))
        ]

    def _nothing(self, kind: type, command: str | None) -> str:
        what = command or command_of(kind)
        if self.visit is None:
            return f"{self.name} was not asked{f': {self.why_not}' if self.why_not else ''}"
        if self.visit.trouble is not None:
            return f"{self.name}: {self.visit.trouble.value}{f': {self.visit.reason}' if self.visit.reason else ''}"
        return f"{self.name}: nothing here answers {what}"


def command_of(kind: type) -> str:
    """The command that gives a kind of state, in words: the first one that its docstring names."""
    named = _COMMAND.search(kind.__doc__ or "")
    return named[1].partition(" [")[0] if named else kind.__name__


@dataclass(frozen=True, slots=True)
class FleetState:
    """A fleet in one run.

    Attributes:
        devices: every device selected, asked or not.
        inventory: what is expected.
        started: of the run, UTC.
        ended: likewise.
        depth: how many members were to be asked.
        earlier: the state of an earlier run to compare with (``--since``).
    """

    devices: Mapping[str, DeviceState]
    inventory: Inventory
    started: datetime
    ended: datetime
    depth: Depth = Depth.FULL
    earlier: FleetState | None = field(default=None, repr=False)

    def not_asked(self) -> tuple[DeviceState, ...]:
        """Devices that this run did not look at."""
        return tuple(state for state in self.devices.values() if not state.was_asked)
