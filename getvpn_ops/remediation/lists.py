"""Access lists as objects that are compared and typed as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.dialect.spellings import spell_entry, split_number
from getvpn_ops.model.change import ChangeLine
from getvpn_ops.model.config.tree import ConfigLine, LineKind

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMED = re.compile(
    r"(?:ip access-list (?P<kind>extended|standard)|(?P<six>ipv6) access-list) (?P<name>\S+)", re.IGNORECASE
)
_NUMBERED = re.compile(r"access-list (?P<name>\d+) (?P<entry>\S.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry.

    Attributes:
        normal: in the one spelling.
        text: as it stands, with its number if that is printed.
    """

    normal: str
    text: str


@dataclass(frozen=True, slots=True)
class ListText:
    """An access list.

    Attributes:
        name: or number.
        kind: ``standard``, ``extended`` or ``ipv6``.
        opener: the line that opens its mode; empty for one that stands as ``access-list N ...`` lines.
        entries: in order, without remarks.
        lines: all its lines as they are typed, without their mode, remarks included.
    """

    name: str
    kind: str
    opener: str
    entries: tuple[Entry, ...]
    lines: tuple[str, ...]

    @property
    def content(self) -> tuple[object, ...]:
        """What it says: remarks, sequence numbers and spellings say nothing, the order of entries does."""
        return (self.kind, tuple(entry.normal for entry in self.entries))

    @property
    def as_set(self) -> tuple[object, ...]:
        """What it says where the order means nothing: a list of permits only."""
        return (self.kind, frozenset(entry.normal for entry in self.entries))

    @property
    def only_permits(self) -> bool:
        """Whether no entry but permits stands in it."""
        return all(entry.normal.startswith("permit ") for entry in self.entries)

    def renamed(self, name: str) -> ListText:
        """The same list under another name; a number becomes a name, so its kind is said."""
        opener = self.opener or f"ip access-list {self.kind} {self.name}"
        return replace(self, name=name, opener=f"{opener[: -len(self.name)]}{name}")

    def typed(self) -> tuple[ChangeLine, ...]:
        """The lines that make it."""
        if not self.opener:
            return tuple(ChangeLine(f"access-list {self.name} {line}") for line in self.lines)
        return (ChangeLine(self.opener), *(ChangeLine(line, (self.opener,)) for line in self.lines))

    def removed(self) -> tuple[ChangeLine, ...]:
        """The line that removes it."""
        return (ChangeLine(f"no {self.opener}" if self.opener else f"no access-list {self.name}"),)


def read_lists(tree: Iterable[ConfigLine]) -> dict[str, ListText]:
    """The access lists of a configuration by name; a list that is continued later in the text is one."""
    found: dict[str, ListText] = {}
    for line in tree:
        if line.kind is not LineKind.COMMAND or "access-list" not in line.text[:16]:
            continue
        if (named := _NAMED.fullmatch(line.text)) is not None:
            kind = (named["kind"] or "ipv6").lower()
            lines = [child.text for child in line.children if child.kind is LineKind.COMMAND]
            _add(found, named["name"], kind, line.text, [text for text in lines if text != "exit"])
        elif (numbered := _NUMBERED.fullmatch(line.text)) is not None:
            number = int(numbered["name"])
            standard = 1 <= number <= 99 or 1300 <= number <= 1999  # noqa: PLR2004 -- IOS's ranges
            _add(found, numbered["name"], "standard" if standard else "extended", "", [numbered["entry"]])
    return found


def _add(found: dict[str, ListText], name: str, kind: str, opener: str, lines: list[str]) -> None:
    entries = []
    for text in lines:
        split = split_number(text)
        if split is None or not split[1].lower().startswith("remark"):
            entries.append(Entry(spell_entry(text), text))
    held = found.get(name)
    if held is not None:
        entries, lines, opener = [*held.entries, *entries], [*held.lines, *lines], held.opener
    found[name] = ListText(name, kind, opener, tuple(entries), tuple(lines))


def without_number(text: str) -> str:
    """An entry without its sequence number: what stands behind ``no``."""
    split = split_number(text)
    return text if split is None else split[1]
