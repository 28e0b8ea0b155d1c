"""What adoption has to tell beside the files: what was left alone, what differs, what was not seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Why a person should look. The words are part of the JSON."""

    LEFT_ALONE = "left alone"
    """It stands on the router and is in no intent: nothing will touch it."""
    DIFFERS = "differs"
    """It is managed and the intent cannot say it: ``config diff`` will show it, and a push would change it."""
    FINDING = "finding"
    """It was adopted, and is worth a look."""
    NOT_SEEN = "not seen"
    """Something speaks of it and no capture holds it."""
    NOT_PROVEN = "not proven"
    """It could not be rendered and compared with what is running."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to tell.

    Attributes:
        kind: why.
        subject: the device, or the GDOI group.
        text: the line, secrets replaced; or what it is about.
        reason: in words; empty if the kind says all.
        line: its number in the configuration; None if it is about no line, or several.
    """

    kind: Kind
    subject: str
    text: str
    reason: str = ""
    line: int | None = None


class Remarks:
    """Collects them; the same one is kept once."""

    def __init__(self) -> None:
        self._found: dict[Remark, None] = {}
        self._lines: set[tuple[Kind, str, int]] = set()

    def add(self, kind: Kind, subject: str, text: str, reason: str = "", line: int | None = None) -> None:
        """Add one."""
        self._found[Remark(kind, subject, text, reason, line)] = None
        if line is not None:
            self._lines.add((kind, subject, line))

    def has(self, kind: Kind, subject: str, line: int | None) -> bool:
        """Whether a line was told already, with a better reason."""
        return line is not None and (kind, subject, line) in self._lines

    def all(self) -> tuple[Remark, ...]:
        """All of them: those that differ first, in the order in which they were found."""
        order = [Kind.DIFFERS, Kind.NOT_PROVEN, Kind.NOT_SEEN, Kind.FINDING, Kind.LEFT_ALONE]
        return tuple(sorted(self._found, key=lambda item: order.index(item.kind)))
