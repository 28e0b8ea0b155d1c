"""Fingerprints of the managed lines before a step and after each of its lines, also where it has thousands of them.

They are those of ``fingerprint.managed_of``. A line that is typed changes one line of the global mode or what stands
below it; everything else keeps its text, and is not worked out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.dialect.spellings import spell_entry, split_number
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.remediation.apply import Typing
from getvpn_ops.remediation.lists import read_lists
from getvpn_ops.remediation.nodes import has_lifetime
from getvpn_ops.remediation.sameness import managed_line
from getvpn_ops.workflow.fingerprint import canonical, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from getvpn_ops.model.change import ChangeLine
    from getvpn_ops.model.config.tree import ConfigLine

_LISTS = ("ip access-list ", "ipv6 access-list ", "access-list ")
_NUMBERED = "access-list "


class Simulation:
    """One device while the steps of a plan are typed on it, one after the other.

    Args:
        tree: of its whole running configuration, secrets replaced by placeholders.
    """

    def __init__(self, tree: Iterable[ConfigLine]) -> None:
        self._typing = Typing(tree)
        self._texts = _Texts()
        self.state = self._texts.fingerprint(self.tree)

    @property
    def tree(self) -> tuple[ConfigLine, ...]:
        """The configuration as it is now."""
        return self._typing.tree

    def typed(self, lines: Sequence[ChangeLine]) -> tuple[str, ...]:
        """Type the lines of one step.

        Returns:
            Fingerprints of the managed lines before the first of them and after each: one more than ``lines``.

        Raises:
            RefusedLineError: a router would refuse one of them.
        """
        states = [self.state]
        for line in lines:
            self._typing.type(line)
            states.append(self._texts.fingerprint(self.tree))
        self.state = states[-1]
        return tuple(states)


class _Texts:
    """Canonical texts of lines of the global mode; kept as long as the line is the same object."""

    def __init__(self) -> None:
        self._own_lifetime = False
        self._lines: dict[int, tuple[ConfigLine, str, str, bool]] = {}
        self._named: dict[int, tuple[ConfigLine, str]] = {}
        self._entries: dict[str, str] = {}

    def fingerprint(self, tree: tuple[ConfigLine, ...]) -> str:
        """Equal to ``managed_of`` of the tree."""
        own = has_lifetime(tree)
        if own is not self._own_lifetime:
            self._own_lifetime = own
            self._lines.clear()
        held = self._lines
        for line in tree:
            if (known := held.get(id(line))) is None or known[0] is not line:
                held[id(line)] = (line, *self._line(line))
        found = [held[id(line)] for line in tree]
        free = "{" + ",".join(sorted({one for _, one, _, _ in found if one})) + "}"
        ordered = "(" + ",".join([more for _, _, more, _ in found if more]) + ")"
        lists = self._of_lists([line for line, _, _, is_list in found if is_list])
        return digest_of(f"({free},{ordered},(),{lists})")

    def _line(self, line: ConfigLine) -> tuple[str, str, bool]:
        """What it brings that stands in any order, what in its order, and whether it is one of an access list."""
        if line.kind is not LineKind.COMMAND:
            return "", "", False
        if line.text.startswith(_LISTS):
            return "", "", True
        free, ordered, _ = map(canonical, managed_line(line, own_lifetime=self._own_lifetime))
        return free[1:-1], ordered[1:-1], False

    def _of_lists(self, lines: Sequence[ConfigLine]) -> str:
        openers = [line.text for line in lines]
        if len(set(openers)) < len(openers) or any(text.startswith(_NUMBERED) for text in openers):
            found = frozenset((name, held.content) for name, held in read_lists(lines).items())
            return canonical(found)
        return "{" + ",".join(sorted(text for line in lines if (text := self._list(line)))) + "}"

    def _list(self, line: ConfigLine) -> str:
        held = self._named.get(id(line))
        if held is None or held[0] is not line:
            held = self._named[id(line)] = line, self._read(line)
        return held[1]

    def _read(self, line: ConfigLine) -> str:
        """One named list: name, kind, entries; without remarks, as ``read_lists`` has it."""
        head = read_lists((_bare(line),))
        if not head:
            return ""
        name, held = next(iter(head.items()))
        told = self._entries
        texts = []
        for child in line.children:
            if child.kind is not LineKind.COMMAND or child.text == "exit":
                continue
            text = told.get(child.text)
            if text is None:
                text = told[child.text] = _entry(child.text)
            if text:
                texts.append(text)
        return f"({name!r},({held.kind!r},({','.join(texts)})))"


def _bare(line: ConfigLine) -> ConfigLine:
    return type(line)(line.text, line.line, line.kind)


def _entry(text: str) -> str:
    split = split_number(text)
    if split is not None and split[1].lower().startswith("remark"):
        return ""
    return repr(spell_entry(text))
