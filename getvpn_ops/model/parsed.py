"""What parsing one command's text gives: the state, and an account of every line that is not in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Unrecognized:
    """A line of output whose value is not in the state.

    Attributes:
        line: its number in the text, 1 is the first.
        text: the line, without control characters.
        reason: why it was left out.
    """

    line: int
    text: str
    reason: str


class Noise(StrEnum):
    """What may stand around or between the lines of an output without belonging to it."""

    PROMPT = "prompt"
    ECHO = "echo"
    LOAD = "load"
    CLOCK = "clock"
    SYSLOG = "syslog"
    PAGER = "pager"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that belongs to the terminal and not to the command."""

    line: int
    kind: Noise
    text: str


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T_co]):
    """Typed state from one command's text.

    Attributes:
        command: canonical, such as ``show crypto gdoi group G1 ks members``.
        data: the typed state.
        unrecognized: lines whose values are not in ``data``; nothing else was left out.
        warnings: doubts about the text as a whole (cut, filtered, counts that do not agree).
        set_aside: prompts, echoes, syslog lines and the like.
    """

    command: str
    data: T_co
    unrecognized: tuple[Unrecognized, ...] = ()
    warnings: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
