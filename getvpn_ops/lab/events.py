"""What happened in the lab, for spectators and for tests."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class LabEvent:
    """One thing that happened.

    Attributes:
        number: counts from 1.
        when: by the lab's clock.
        device: where; empty for the lab as a whole.
        kind: ``log``, ``session``, ``line``, ``save``, ``reload``, ``fault``, ``clock`` or ``mark``.
        text: what, for people. Never a password: lines with secrets are cut before it.
    """

    number: int
    when: datetime
    device: str
    kind: str
    text: str


class Events:
    """The last events, numbered."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Begin with none.

        Args:
            now: the lab's clock.
        """
        self._now = now
        self._kept: deque[LabEvent] = deque(maxlen=_KEPT)
        self._count = 0

    def add(self, kind: str, text: str, device: str = "") -> None:
        """Something happened."""
        self._count += 1
        self._kept.append(LabEvent(self._count, self._now(), device, kind, text))

    def since(self, number: int = 0, *, device: str = "", kind: str = "") -> list[LabEvent]:
        """The events after a number, the oldest first."""
        return [
            event
            for event in self._kept
            if event.number > number and (not device or event.device == device) and (not kind or event.kind == kind)
        ]
