"""Which exec commands only read, which probe the network, and what makes a line unfit to be typed at all.

The lists name what is known to be harmless; every other line is a change. ``devices.permissions`` holds them against
each line that goes to a device (promise P16).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE_MAX = 254
"""Characters that IOS takes in one command line; it cuts or refuses what is longer."""

UNTYPABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029?]")
"""What is no text on a terminal: control characters (a tab completes, a newline ends the line and begins the next,
``^C`` and ``^Z`` leave it, ``^V`` quotes), the line ends of Unicode, and ``?``, which asks for help and leaves the line
standing."""

STAND_IN = "<redacted sha256:"
"""How the placeholder of a secret begins: a line that was redacted must never be sent in place of the true one."""

UNRESOLVED = "<secret:"
"""How the name of a secret begins that nobody looked up: such a line is to be read, never to be sent."""

SHOW = re.compile(r"sh(?:ow?)?", re.IGNORECASE)
"""``show`` as it may be typed; one letter less is ambiguous."""

READS = (
    re.compile(r"term(?:i(?:n(?:a(?:l)?)?)?)? (?:length|width) \d{1,3}", re.IGNORECASE),
    re.compile(r"terminal no monitor", re.IGNORECASE),
)
"""Commands beside ``show`` that change nothing but the session they are typed in. ``enable`` is the driver's own."""


@dataclass(frozen=True, slots=True)
class SideEffect:
    """A word that makes a show command do more than show.

    Attributes:
        word: in full.
        shortest: characters of its shortest abbreviation that is taken for it.
        effect: what it does, for a person.
        below: second word of the commands that have it; all if empty.
    """

    word: str
    shortest: int
    effect: str
    below: tuple[str, ...] = ()

    def is_meant(self, typed: str) -> bool:
        """Whether a typed word may be this one, or begins with it (``clear_drop``)."""
        low = typed.lower()
        return (len(low) >= self.shortest and self.word.startswith(low)) or low.startswith(f"{self.word}_")


SIDE_EFFECTS = (
    SideEffect("clear", 2, "sets counters back"),  # show platform hardware qfp active statistics drop clear
    SideEffect("clear", 1, "sets counters back", below=("platform",)),
    SideEffect("reset", 3, "sets counters back"),
    SideEffect("to-file", 3, "writes a file on the device"),  # show logging profile ... to-file bootflash:x
    SideEffect("to-file", 1, "writes a file on the device", below=("logging", "platform", "monitor")),
    SideEffect("redirect", 4, "writes a file"),
    SideEffect("append", 4, "writes a file"),
    SideEffect("tee", 3, "writes a file"),
    SideEffect("export", 4, "writes a file"),
    SideEffect("debug", 3, "searches all memory and may halt the device for minutes", below=("memory",)),
)
"""Words behind ``show X``. An object that bears such a name (a group called ``clear``) cannot be asked for by it."""

FILTERS = ("begin", "count", "exclude", "include", "section")
"""What may stand behind ``|``: filters that only choose lines. No two of IOS's words there share a first letter."""

WRITERS = ("append", "format", "redirect", "tee")
"""The others, which write files or read one; later releases take them behind a second ``|``, too."""

URL = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*://")
"""A file elsewhere: naming one makes the device connect to it."""

_COUNT = r"[1-9]\d{0,2}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,62}"


@dataclass(frozen=True, slots=True)
class Probe:
    """A command that sends some packets and ends by itself.

    Attributes:
        word: in full; probes are never abbreviated.
        options: behind the target: word -> what its values must match, in order; none for a word that has no value.
    """

    word: str
    options: Mapping[str, tuple[str, ...]]


PROBES = (
    Probe(
        "ping",
        MappingProxyType(
            {
                "repeat": (_COUNT,),
                "size": (r"[1-9]\d{1,4}",),
                "timeout": (r"[1-9]|10",),
                "source": (_NAME,),
                "df-bit": (),
            }
        ),
    ),
    Probe(
        "traceroute",
        MappingProxyType(
            {
                "numeric": (),
                "probe": (r"[1-5]",),
                "timeout": (r"[1-5]",),
                "ttl": (r"[1-9]\d?", r"[1-9]\d?"),
                "source": (_NAME,),
            }
        ),
    ),
)
"""Probes need a target: without one they open a dialog. A name is none: looking it up sends packets elsewhere."""

VRF_NAME = re.compile(_NAME)
