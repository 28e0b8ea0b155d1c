"""When two configurations say the same: the form that is compared, all lines included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Change, read
from getvpn_ops.dialect.spellings import spell_entry, split_number
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.remediation.lists import read_lists
from getvpn_ops.remediation.nodes import counts, has_lifetime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.model.config.tree import ConfigLine

_LISTS = ("ip access-list ", "ipv6 access-list ", "access-list ")


def sameness(tree: Iterable[ConfigLine], *, loose: frozenset[str] = frozenset()) -> tuple[object, ...]:
    """A value that is equal for two configurations that say the same.

    Managed lines are compared in the one spelling, without defaults, and in order only where the order counts; access
    lists by their entries; every other line as it stands and in its place among the others.

    Args:
        tree: of a configuration.
        loose: names of lists whose order means nothing, since they hold permits only.
    """
    lines = tuple(tree)
    lists = frozenset(
        (name, held.as_set if name in loose and held.only_permits else held.content)
        for name, held in read_lists(lines).items()
    )
    return (*_level("", lines, own_lifetime=has_lifetime(lines)), lists)


def managed_sameness(tree: Iterable[ConfigLine]) -> tuple[object, ...]:
    """Like ``sameness``, of managed lines and access lists alone; an interface counts once a managed line stands in it.

    Args:
        tree: of a configuration.
    """
    lines = tuple(tree)
    lists = frozenset((name, held.content) for name, held in read_lists(lines).items())
    return (*_level("", lines, own_lifetime=has_lifetime(lines), managed=True), lists)


def managed_line(line: ConfigLine, *, own_lifetime: bool) -> tuple[object, ...]:
    """What one line of the global mode, with all below it, brings into ``managed_sameness``, access lists apart.

    Args:
        line: of the global mode.
        own_lifetime: of its configuration; see ``has_lifetime``.

    Returns:
        What stands there in any order, what in its order, and what is not managed; all empty for a line that says
        nothing.
    """
    return _level("", (line,), own_lifetime=own_lifetime, managed=True)


def _level(mode: str, lines: Iterable[ConfigLine], *, own_lifetime: bool, managed: bool = False) -> tuple[object, ...]:
    free, ordered, others = [], [], []
    for line in lines:
        if line.kind is LineKind.COMMAND and not mode and line.text.startswith(_LISTS):
            continue
        found = read(mode, line.text) if line.kind is LineKind.COMMAND and mode != "-" else None
        if found is None:
            if line.kind is LineKind.COMMAND and not managed:
                others.append((line.text, _level("-", line.children, own_lifetime=own_lifetime)))
            continue
        if not counts(found, own_lifetime=own_lifetime):
            continue
        if found.type.change is Change.ORDERED:
            ordered.append(found.normal)
        else:
            below = _level(found.type.opens or "-", line.children, own_lifetime=own_lifetime, managed=managed)
            if managed and found.type.id == "interface" and not any(below):
                continue  # it is there whoever manages it
            free.append((found.normal, below))
    return (frozenset(free), tuple(ordered), tuple(others))


def remarks(tree: Iterable[ConfigLine]) -> tuple[str, ...]:
    """Every remark of every access list, in order; they say nothing, but nobody may lose one."""
    return tuple(
        spell_entry(child.text)
        for line in tree
        for child in line.children
        if (split := split_number(child.text)) is not None and split[1].startswith("remark")
    )
