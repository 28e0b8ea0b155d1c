"""The configuration lines that this program manages: where each stands, how it is changed, and what that does to keys.

A line that no row of the table knows is never typed, changed or removed. Sources: the grammar of IOS-XE 17
(``crypto gdoi|gkm group``), the IOS security command reference, and the deployment guide, "Rekey Triggering" and
"Receive only SA", for what rekeys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed_table import ROWS
from getvpn_ops.dialect.spellings import spell

if TYPE_CHECKING:
    from collections.abc import Mapping


class Change(StrEnum):
    """How a line gets another value."""

    REPLACE = "replace"
    """Typing the new value overwrites the old one; ``no`` brings the default back."""
    FLAG = "flag"
    """It stands there or not."""
    LIST = "list"
    """Several may stand there; their order means nothing."""
    ORDERED = "ordered"
    """Several may stand there, in the order in which they were typed, and the order counts."""
    SECRET = "secret"  # noqa: S105 -- a kind of change
    """One for each peer; the old one must be removed before a new one is typed."""
    SECTION = "section"
    """It opens a mode and goes with everything in it."""


class Scope(StrEnum):
    """When a running line that is not intended is one too many."""

    OWN = "own"
    """Always: it stands in something that the intent names."""
    MENTIONED = "mentioned"
    """If the intent says something of this kind of line in the same place; else it is somebody else's."""
    SAID = "said"
    """If the intent says ``no`` to this very line: others of its kind serve others."""
    IKE = "ike"
    """If nothing else on the router uses IKE: such lines are common to all its VPNs."""
    KEPT = "kept"
    """Never: with a trustpoint go its certificates, with a group its members' keys; nothing names an IKEv2 policy."""


class Trigger(StrEnum):
    """What a changed line does to the keys of a group."""

    NONE = "none"
    POLICY = "policy"
    """The members must get another policy: by a rekey at once, or by command, as the release has it."""
    SCHEDULED = "scheduled"
    """Shows after the next scheduled rekey."""
    REGISTRATION = "registration"
    """Shows when a member registers or renews IKE."""


class On(StrEnum):
    """Which routers have the line."""

    KEY_SERVER = "ks"
    MEMBER = "gm"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class LineType:
    """One kind of managed line.

    Attributes:
        id: its name in this table.
        mode: where it stands, as in ``config_modes``; empty for the global mode.
        pattern: matches the whole line in the one spelling. Its groups: ``key`` and ``name`` tell lines of the kind
            apart; ``ref`` are names of other objects.
        change: see ``Change``.
        on: routers that have it.
        trigger: see ``Trigger``.
        scope: see ``Scope``.
        opens: the mode that it opens; empty: none.
        defines: kind of object that ``name`` names.
        refers: kind of objects that ``ref`` names.
        off: matches as much of a line as stands behind ``no``; None: all of it.
        reset: typed in place of ``no ...``, where that would say something else than the default.
        off_counts: its ``no`` form is a value of its own and no default.
        activates: inside a new section it is the line that makes the section work.
    """

    id: str
    mode: str
    pattern: re.Pattern[str]
    change: Change
    on: On
    trigger: Trigger
    scope: Scope
    opens: str
    defines: str
    refers: str
    off: re.Pattern[str] | None
    reset: str | None
    off_counts: bool
    activates: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a line is.

    Attributes:
        type: its row of the table.
        normal: the line in the one spelling that is compared.
        key: what it is among the lines of its mode: lines with one key replace each other.
        name: of the object that it defines; empty: none.
        refs: names of the objects it refers to.
        is_on: False for a ``no`` form that stands for the default.
    """

    type: LineType
    normal: str
    key: str
    name: str
    refs: tuple[str, ...]
    is_on: bool


def _row(words: Mapping[str, object]) -> LineType:
    def pattern(name: str) -> re.Pattern[str] | None:
        text = words.get(name)
        return None if text is None else re.compile(str(text), re.IGNORECASE)

    whole = pattern("pattern")
    assert whole is not None  # noqa: S101 -- every row has one
    reset = words.get("reset")
    return LineType(
        id=str(words["id"]),
        mode=str(words["mode"]),
        pattern=whole,
        change=Change(str(words["change"])),
        on=On(str(words.get("on", "both"))),
        trigger=Trigger(str(words.get("trigger", "none"))),
        scope=Scope(str(words.get("scope", "own"))),
        opens=str(words.get("opens", "")),
        defines=str(words.get("defines", "")),
        refers=str(words.get("refers", "")),
        off=pattern("off"),
        reset=None if reset is None else str(reset),
        off_counts=bool(words.get("off_counts", False)),
        activates=bool(words.get("activates", False)),
    )


LINES: tuple[LineType, ...] = tuple(_row(words) for words in ROWS)
"""The table."""

BY_ID: Mapping[str, LineType] = MappingProxyType({line.id: line for line in LINES})


def _by_mode() -> Mapping[str, tuple[LineType, ...]]:
    table: dict[str, list[LineType]] = {}
    for line in LINES:
        table.setdefault(line.mode, []).append(line)
    return MappingProxyType({mode: tuple(lines) for mode, lines in table.items()})


_BY_MODE = _by_mode()
_BEGINNINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "": (
            "crypto ", "interface ", "ip multicast-routing", "ip pim ", "ip igmp ssm-map", "buffers ",
            "snmp-server enable traps gdoi", "no crypto ", "no ip multicast-routing", "no ip pim ",
            "no ip igmp ssm-map", "no buffers ", "no snmp-server enable traps gdoi",
        ),
        "interface": ("crypto ", "ipv6 crypto map ", "ip tcp adjust-mss ", "ip pim ", "ip igmp ", "hold-queue ",
                      "no crypto ", "no ipv6 crypto map", "no ip tcp adjust-mss", "no ip pim", "no ip igmp",
                      "no hold-queue"),
    }
)  # fmt: skip
"""Most lines of these modes belong to others: looking at their beginning spares the rest."""


def read(mode: str, text: str) -> Found | None:
    """Tell what a line is.

    Args:
        mode: where it stands; empty for the global mode.
        text: as printed, with single blanks and secrets replaced (true ones never come here: answers are kept).

    Returns:
        None for a line that this program does not manage.
    """
    beginnings = _BEGINNINGS.get(mode)
    if beginnings is not None and not text.startswith(beginnings):
        return None
    return _read(mode, text)


@lru_cache(maxsize=16384)
def _read(mode: str, text: str) -> Found | None:
    said = spell(mode, text)
    negated = said.startswith("no ")
    body = said.removeprefix("no ")
    for line in _BY_MODE.get(mode, ()):
        if negated and line.off_counts and (found := line.pattern.fullmatch(said)):
            return _found(line, found, said, is_on=True)
        found = line.pattern.fullmatch(body)
        if found is not None:
            return _found(line, found, said, is_on=not negated)
    return None


def _found(line: LineType, found: re.Match[str], said: str, *, is_on: bool) -> Found:
    groups = found.groupdict()
    body = said if is_on else said.removeprefix("no ")
    if line.change in {Change.LIST, Change.ORDERED}:
        key = f"{line.id} {body}"
    else:
        key = " ".join(part for part in (line.id, groups.get("six"), groups.get("key"), groups.get("name")) if part)
    return Found(line, said, key, groups.get("name") or "", tuple((groups.get("ref") or "").split()), is_on)


def negated(line: LineType, text: str) -> str:
    """The line that takes one away, or brings its default back.

    Args:
        line: its kind.
        text: as it stands, true or shown.
    """
    if line.reset is not None:
        return line.reset
    if text.startswith("no "):
        return text.removeprefix("no ")
    if line.off is not None and (found := line.off.match(text)):
        return f"no {found[0]}"
    return f"no {text}"
