"""Pre-shared keys of two configurations: compared by fingerprint where that tells, and set equal where nothing does.

A key is never shown and never needed in plain: both sides carry a fingerprint under one key of this installation
(``model.config.secret``). Equal fingerprints are equal keys. Different ones are different keys only if both stand for
the text of a key: not if the router encrypted its own (type 6, another text on every router), and not if a placeholder
came with the captures, from an installation that may have another key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.dialect.managed import Change, read
from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.config.tree import LineKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from getvpn_ops.model.config.tree import ConfigLine

_STAND_IN = "<redacted sha256:"
_PRINTED = re.compile(r"(?:\b(?P<type>\d) )?(?P<print><redacted sha256:[0-9a-f]{12}>)")
_NAMED = re.compile(r"<secret:([^>]+)>")
_PLAIN = frozenset({None, "0"})


@dataclass(frozen=True, slots=True)
class UntoldKey:
    """A key of which nobody here can say whether it is the right one.

    Attributes:
        path: the lines that open the mode.
        text: the running line, secrets replaced.
        reason: in words.
        was_promised: whether a source of secrets should have made it possible.
    """

    path: tuple[str, ...]
    text: str
    reason: str
    was_promised: bool


@dataclass(slots=True)
class KeyMatcher:
    """Goes through two trees at once.

    Attributes:
        why_not: why the secret of a name is not known here.
        has_source: whether any source of secrets is set.
        prints_are_ours: whether a placeholder on the running side was made here, of the text that the router printed.
        untold: what was found out to be uncomparable.
    """

    why_not: Callable[[str], str]
    has_source: bool
    prints_are_ours: bool
    untold: list[UntoldKey]

    def intended(
        self, running: Iterable[ConfigLine], intended: Iterable[ConfigLine], mode: str = "", path: tuple[str, ...] = ()
    ) -> tuple[ConfigLine, ...]:
        """The intended tree, in which a key that cannot be compared is as the router has it.

        Args:
            running: lines of one mode.
            intended: lines of the same mode.
            mode: which; empty for the global mode.
            path: the lines that open it.
        """
        here: dict[str, ConfigLine] = {}
        for line in running:
            found = read(mode, line.text) if line.kind is LineKind.COMMAND else None
            if found is not None and found.type.change in {Change.SECRET, Change.SECTION}:
                here.setdefault(found.key, line)
        made = []
        for line in intended:
            found = read(mode, line.text)
            if found is not None and found.type.change is Change.SECRET:
                made.append(self._key(here.get(found.key), line, path))
            elif found is not None and line.children:
                there = here.get(found.key)
                inner = () if there is None else there.children
                children = self.intended(inner, line.children, found.type.opens, (*path, line.text))
                made.append(line if children == line.children else replace(line, children=children))
            else:
                made.append(line)
        return tuple(made)

    def _key(self, running: ConfigLine | None, intended: ConfigLine, path: tuple[str, ...]) -> ConfigLine:
        name = _NAMED.search(intended.true_text)
        if running is None:
            return intended if name is None else replace(intended, text=intended.true_text, hidden=None)
        have = _PRINTED.search(running.text)
        if have is None:
            return intended
        if name is not None:
            reason = f"{name[1]} is not known here: {self.why_not(name[1])}"
            return self._as_it_is(running, intended, path, reason)
        want = _PRINTED.search(intended.text)
        if want is None or want["print"] == have["print"]:
            return intended
        if have["type"] not in _PLAIN:
            return self._as_it_is(running, intended, path, f"the router has it encrypted (type {have['type']})")
        if running.hidden is None and not self.prints_are_ours:
            reason = "the captures hold a placeholder in its place, which may be of another installation"
            return self._as_it_is(running, intended, path, reason)
        return intended

    def _as_it_is(self, running: ConfigLine, intended: ConfigLine, path: tuple[str, ...], reason: str) -> ConfigLine:
        self.untold.append(UntoldKey(path, running.text, reason, self.has_source))
        return replace(intended, text=running.text, hidden=running.hidden)


def typeable(lines: tuple[ConfigLine, ...]) -> tuple[ConfigLine, ...]:
    """The same lines, in which a placeholder that came with the text stands for its secret.

    So a plan can be shown for a configuration whose secrets are gone. No transport sends a placeholder.
    """
    made = tuple(_typeable(line) for line in lines)
    return lines if all(new is old for new, old in zip(made, lines, strict=True)) else made


def _typeable(line: ConfigLine) -> ConfigLine:
    children = typeable(line.children) if line.children else line.children
    hidden = line.hidden
    if hidden is None and _STAND_IN in line.text:
        hidden = Secret.of("config-line", line.text)
    if hidden is line.hidden and children is line.children:
        return line
    return replace(line, children=children, hidden=hidden)
