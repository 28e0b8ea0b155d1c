"""The grammar file of configuration: modes, their prompts, their commands, and how these are stored and printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.syntax import Accepted, GrammarError, Incomplete, Syntax
from getvpn_ops.lab.ios.configuration.values import KINDS, natural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.lab.ios.configuration.blocks import Order
    from getvpn_ops.lab.ios.configuration.syntax import Outcome
    from getvpn_ops.lab.ios.releases import Release

_MARK = re.compile(r"\s@(\S+)")
_SUFFIXES = {
    "action": re.compile(r"\s=\s([a-z0-9\-]+)"),
    "alias": re.compile(r"\s->\s(.+)$"),
    "opens": re.compile(r"\s>\s([a-z0-9]+)"),
    "sorted": re.compile(r"\s%\s([a-z0-9\-]+)"),
    "rule": re.compile(r"\s&\s([a-z0-9\-]+)"),
}
_NOTE = re.compile(r"  ! (?P<what>hide|on|both|print|indent|divide) ?(?P<text>.*?)(?: as (?P<other>.+))?")
_MACRO = re.compile(r"\$(\w+)")
_KEPT = 20000


@dataclass(frozen=True, slots=True)
class Statement:
    """One command of the grammar.

    Attributes:
        rank: place in the printed order.
        several: each such line stands for itself; else the words before the slash name one setting.
        opens: the mode it opens, or None.
        action: name of what it does instead of being stored; None for a line that is stored.
        said: remarks of the router on it.
        refused: it was understood, and not taken; ``said`` tells why.
        place: rank of the lines among which it is sorted.
        is_sorted: the lines of its place are printed in the order of their values.
        alias: the words that its keywords stand for.
        rule: name of what is checked, or done, when it is typed.
        leaves: it ends its mode.
    """

    rank: int
    several: bool = False
    opens: str | None = None
    action: str | None = None
    said: tuple[str, ...] = ()
    refused: bool = False
    place: int = 0
    is_sorted: bool = False
    alias: str | None = None
    rule: str | None = None
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line means in a mode, worked out once for all routers of a release.

    Attributes:
        outcome: of the line without its ``no``.
        statement: the command; None if the line is none.
        negated: ``no`` or ``default`` stood before it.
        resets: it was ``default``.
        text: the line as it is kept.
        key: names the setting among the lines of its mode.
        order: sorts it among them.
    """

    outcome: Outcome[Statement]
    statement: Statement | None
    negated: bool
    resets: bool
    text: str
    key: tuple[str, ...]
    order: Order


@dataclass(slots=True)
class Mode:
    """One mode of configuration.

    Attributes:
        name: in the grammar file.
        prompt: what it adds to the host name.
        listed: the commands, as the grammar file has them.
        takes_all: any line belongs to it; so a line that the global mode knows leaves it.
        notes: patterns of lines by what the grammar notes of them.
        spellings: first words that are printed in another spelling.
        closing: the line that is printed at its end, one level further out; None: nothing.
        indent: blanks before its lines, for each level.
        divides: a ``!`` is printed before each of its lines that opens a mode.
    """

    name: str
    prompt: str
    listed: tuple[tuple[str, Statement], ...]
    notes: Mapping[str, tuple[re.Pattern[str], ...]]
    spellings: Mapping[str, str]
    takes_all: bool = False
    closing: str | None = None
    indent: int = 1
    divides: bool = False
    _syntax: Syntax[Statement] | None = None
    _readings: dict[str, Reading] = field(default_factory=dict)
    _noted: dict[tuple[str, str], bool] = field(default_factory=dict)

    @property
    def syntax(self) -> Syntax[Statement]:
        """Its commands; made when the first line is typed in it, since most modes of a router never are entered.

        Raises:
            GrammarError: a command is malformed.
        """
        if self._syntax is None:
            self._syntax = Syntax(self.listed)
        return self._syntax

    def is_noted(self, what: str, text: str) -> bool:
        """Whether the grammar notes of a line: ``hide`` (a default), ``on`` by itself, or printed ``both`` ways."""
        known = self._noted.get((what, text))
        if known is None:
            if len(self._noted) > _KEPT:
                self._noted.clear()
            known = any(pattern.fullmatch(text) for pattern in self.notes[what])
            self._noted[what, text] = known
        return known

    def printed(self, text: str) -> str | None:
        """A line as the router prints it, or None if it does not."""
        if self.is_noted("hide", text):
            return None
        word, blank, rest = text.partition(" ")
        return f"{self.spellings.get(word, word)}{blank}{rest}"

    def read(self, line: str) -> Reading:
        """Understand a line typed in this mode."""
        known = self._readings.get(line)
        if known is None:
            if len(self._readings) > _KEPT:
                self._readings.clear()
            known = self._readings[line] = self._reading(line)
        return known

    def _reading(self, line: str) -> Reading:
        first = line.split(maxsplit=1)[0].lower() if line.strip() else ""
        resets = len(first) > 3 and "default".startswith(first)  # noqa: PLR2004 -- def is short for several words
        negated = resets or (len(first) > 1 and "no".startswith(first))
        outcome = self.syntax.read(line)
        if negated and not isinstance(outcome, Accepted):
            start = line.lower().index(first) + len(first)
            outcome = self.syntax.read(" " * start + line[start:])
        else:
            negated = resets = False
        if not isinstance(outcome, Accepted | Incomplete):
            return Reading(outcome, None, negated, resets, "", (), ())
        words, values, text = outcome.words, outcome.values, " ".join(outcome.words)
        if isinstance(outcome, Accepted):
            statement = outcome.meaning
            key = words[: outcome.key] if outcome.key and not statement.several else (text,)
        else:
            named = next((meaning for meaning in outcome.meanings if negated and isinstance(meaning, Statement)), None)
            if named is None:
                return Reading(outcome, None, negated, resets, text, words, ())
            statement, key = named, words
        order: Order = (statement.place, (), 0, ())
        if statement.is_sorted:
            rest = () if statement.several else tuple(natural(word) for word in values[1:])
            order = (statement.place, natural(values[0]) if values else (), statement.rank, rest)
        return Reading(outcome, statement, negated, resets, text, key, order)


def modes(release: Release) -> Mapping[str, Mode]:
    """The configuration modes of a release; releases with the same commands share them.

    Raises:
        GrammarError: a grammar file is malformed.
    """
    return _modes(release.gdoi, release.held(_marks()))


@cache
def _text() -> str:
    return resources.files("getvpn_ops.lab.ios").joinpath("grammar", "config.txt").read_text(encoding="utf-8")


@cache
def _marks() -> frozenset[str]:
    """All that a line of the file is marked with."""
    return frozenset(_MARK.findall(_text()))


@cache
def _modes(gdoi: str, marks: frozenset[str]) -> Mapping[str, Mode]:
    """The modes with the lines that bear one of these marks, or none."""
    reader = _Reader(gdoi, marks)
    for number, line in enumerate(_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            reader.take(number, line.rstrip())
        except (GrammarError, ValueError, KeyError, IndexError) as error:
            msg = f"config.txt: line {number}: {line!r}: {error}"
            raise GrammarError(msg) from error
    return reader.modes()


class _Reader:
    """Reads the lines of a grammar file into modes."""

    def __init__(self, gdoi: str, marks: frozenset[str]) -> None:
        self._gdoi = gdoi
        self._marks = marks
        self._macros: dict[str, str] = {}
        self._prompts: dict[str, str] = {}
        self._commands: dict[str, list[tuple[str, Statement]]] = {}
        self._notes: dict[str, dict[str, list[re.Pattern[str]]]] = {}
        self._spellings: dict[str, dict[str, str]] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._indents: dict[str, int] = {}
        self._dividing: set[str] = set()
        self._name = ""

    def _has(self, marks: list[str]) -> bool:
        return not marks or not self._marks.isdisjoint(marks)

    def take(self, number: int, line: str) -> None:
        marks = _MARK.findall(line)
        if line.startswith("define "):
            _, name, text = _MARK.sub("", line).split(maxsplit=2)
            if self._has(marks):
                self._macros[name] = self._expanded(text)
        elif line.startswith("mode "):
            _, name, prompt = line.split(maxsplit=2)
            self._name = name
            self._prompts[name] = prompt.replace("{g}", self._gdoi)
            self._commands.setdefault(name, [])
            self._notes.setdefault(name, {"hide": [], "on": [], "both": []})
            self._spellings.setdefault(name, {})
        elif not line.startswith("  ") or not self._name:
            msg = "neither a mode nor a line of one"
            raise GrammarError(msg)
        elif self._has(marks):
            body = _MARK.sub("", line)
            if note := _NOTE.fullmatch(body):
                self._note(note)
            elif body.startswith("  & "):
                self._commands[self._name].append((body.strip(), Statement(0)))
            else:
                self._command(number, body.strip())

    def _expanded(self, text: str) -> str:
        return _MACRO.sub(lambda found: self._macros[found[1]], text)

    def _note(self, note: re.Match[str]) -> None:
        if note["what"] == "indent":
            self._indents[self._name] = int(note["text"])
        elif note["what"] == "divide":
            self._dividing.add(self._name)
        elif note["what"] == "print":
            self._spellings[self._name][note["text"]] = note["other"]
        else:
            pattern = re.escape(note["text"]).replace(r"\*", ".+")
            self._notes[self._name][note["what"]].append(re.compile(pattern))

    def _command(self, number: int, body: str) -> None:
        given: dict[str, str] = {}
        for name, pattern in _SUFFIXES.items():
            if found := pattern.search(body):
                given[name] = found[1]
                body = pattern.sub("", body)
        leaves = body.endswith(" <")
        body = body.removesuffix(" <")
        several = body.endswith(" +")
        body = self._expanded(body.removesuffix(" +"))
        opens = given.get("opens")
        if not several and opens is None and "/" not in body.split():
            body = _keyed(body)
        group = given.get("sorted")
        place = self._places.setdefault((self._name, group), number) if group else number
        statement = Statement(
            number,
            several or (opens is not None and "/" not in body.split()),
            opens,
            given.get("action"),
            place=place,
            is_sorted=group is not None,
            alias=given.get("alias"),
            rule=given.get("rule"),
            leaves=leaves,
        )
        self._commands[self._name].append((body, statement))

    def _included(self, name: str) -> list[tuple[str, Statement]]:
        """The commands of a mode, with those of the modes that it has, too."""
        found: list[tuple[str, Statement]] = []
        for text, statement in self._commands[name]:
            if text.startswith("& "):
                found += self._included(text[2:])
            else:
                found.append((text, statement))
        return found

    def modes(self) -> Mapping[str, Mode]:
        for name, listed in self._commands.items():
            for text, _ in listed:
                if text.startswith("& "):
                    for what, patterns in self._notes[text[2:]].items():
                        self._notes[name][what] += patterns
        self._commands = {name: _ranked(self._included(name)) for name in self._commands}
        for listed in self._commands.values():
            for text, statement in listed:
                if statement.opens is not None and statement.opens not in self._commands:
                    msg = f"config.txt: {text!r} opens {statement.opens!r}, which is no mode"
                    raise GrammarError(msg)
        return {
            name: Mode(
                name,
                self._prompts[name],
                tuple(listed),
                {what: tuple(patterns) for what, patterns in self._notes[name].items()},
                self._spellings[name],
                takes_all=[text for text, _ in listed] == ["LINE"],
                closing=next((_closing(text) for text, statement in listed if statement.leaves), None),
                indent=self._indents.get(name, 1),
                divides=name in self._dividing,
            )
            for name, listed in self._commands.items()
        }


def _ranked(listed: list[tuple[str, Statement]]) -> list[tuple[str, Statement]]:
    """The commands of a mode with their places in it, also of those that it has from another mode."""
    places: dict[int, int] = {}
    return [
        (text, replace(statement, rank=rank, place=places.setdefault(statement.place, rank)))
        for rank, (text, statement) in enumerate(listed, 1)
    ]


def _keyed(body: str) -> str:
    """A command with a slash behind its leading keywords, which name the setting where nothing else is said."""
    words = body.split()
    for at, word in enumerate(words):
        if word[0] in "<[{" or word in KINDS:
            return " ".join([*words[:at], "/", *words[at:]]) if at else body
    return f"{body} /"


def _closing(text: str) -> str:
    """The line that ends a mode, as printed; a TAB stands before the one that ends a certificate."""
    word = text.split(maxsplit=1)[0]
    return " \tquit" if word == "quit" else word
