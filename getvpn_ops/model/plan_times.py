"""When a plan may be applied, and how long its stages may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import AwareDatetime, ConfigDict

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """When forward stages of a plan may be done.

    Attributes:
        days: of the week, ``mon`` to ``sun``, by the day on which it opens; empty: every day.
        start: time of day, ``HH:MM`` or ``HH:MM:SS``.
        end: likewise; before ``start``: on the next day.
        zone: IANA name of the time zone.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    days: tuple[str, ...]
    start: str
    end: str
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class PlannedFreeze:
    """When no forward step may be begun.

    Attributes:
        start: of it.
        end: of it; it is over then.
        reason: for people.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    start: AwareDatetime
    end: AwareDatetime
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedTime:
    """How long a stage may take, in seconds.

    Attributes:
        lowest: if nothing has to be waited for that need not be.
        usual: as the basis says.
        longest: if every patience is used up; never more than the timeout of its waits and the typing.
        basis: what that rests on, in words.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    lowest: float
    usual: float
    longest: float
    basis: tuple[str, ...] = ()
