"""What a typed line means to a router.

A grammar is written as Cisco's command references write it: ``rekey retransmit <10-60> [{number <1-60> | periodic}]``.
It becomes a graph of words; a line walks it. Keywords may be abbreviated as long as no other keyword begins so. Where
the walk ends early, the router says why in IOS's way: the caret stands under the first character that cannot match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import TYPE_CHECKING, Generic, TypeVar

from getvpn_ops.lab.ios.configuration.values import KINDS, interface_kind, interface_name, is_port_number, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "Accepted",
    "Ambiguous",
    "Edge",
    "GrammarError",
    "Incomplete",
    "Invalid",
    "Outcome",
    "Syntax",
    "interface_name",
]

T = TypeVar("T")

_TOKEN = re.compile(r"<\d+-\d+>|[\[\]{}|]|[^\s\[\]{}|]+")
_TYPED = re.compile(r"\S+")
_KEPT = 20000
"""Lines whose meaning a grammar remembers; routers of a fleet hold the same lines again and again."""


class GrammarError(Exception):
    """A line of a grammar file is malformed: a defect of the lab."""


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One word that may stand next.

    Attributes:
        word: a keyword, ``<low-high>``, or the name of a kind of value such as ``A.B.C.D``.
        target: number of the node behind it.
        is_keyword: whether the word stands for itself.
    """

    word: str
    target: int
    is_keyword: bool


@dataclass(slots=True)
class _Node(Generic[T]):
    edges: list[Edge[T]] = field(default_factory=list)
    ends: list[T] = field(default_factory=list)
    keys: list[T] = field(default_factory=list)
    stops: list[T] = field(default_factory=list)
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """The line is a command.

    Attributes:
        meaning: what the grammar attached to it.
        words: keywords in full, values as the router keeps them.
        values: the words that are no keywords, in order.
        key: how many words name the setting, where the grammar says so with a slash; else 0.
    """

    meaning: T
    words: tuple[str, ...]
    values: tuple[str, ...]
    key: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Invalid:
    """No command begins so. ``column`` counts from the start of the line as typed."""

    column: int


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The command needs more words.

    Attributes:
        words: those it has, keywords in full.
        meanings: of the commands whose settings they name already, so that ``no`` may stand before them alone.
        values: the words that are no keywords.
    """

    words: tuple[str, ...] = ()
    meanings: tuple[object, ...] = field(default=(), compare=False)
    values: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An abbreviation could be several keywords."""

    choices: tuple[str, ...]


Outcome = Accepted[T] | Invalid | Incomplete | Ambiguous
_WEIGHT = {Invalid: 0, Ambiguous: 1, Incomplete: 2, Accepted: 3}


@dataclass(frozen=True, slots=True)
class _Way:
    """How far a line was followed: the nodes where it is, the words so far, and the nodes passed."""

    here: tuple[int, ...]
    words: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    passed: tuple[tuple[int, ...], ...] = ()

    def on(self, here: tuple[int, ...], word: str, *, is_value: bool) -> _Way:
        values = (*self.values, word) if is_value else self.values
        return _Way(here, (*self.words, word), values, (*self.passed, here))


class Syntax(Generic[T]):
    """The commands of one mode."""

    def __init__(self, commands: Iterable[tuple[str, T]]) -> None:
        """Build the graph.

        Args:
            commands: grammar text and what it means, in order of preference. A slash ends the words that name the
                setting, a tilde stands where ``no`` may end, too.

        Raises:
            GrammarError: brackets do not match, or an alternative is empty.
        """
        self._nodes: list[_Node[T]] = [_Node()]
        self._known: dict[str, Outcome[T]] = {}
        for text, meaning in commands:
            tokens = _TOKEN.findall(text)
            ends, rest = self._sequence(tokens, 0, {0}, meaning)
            if rest != len(tokens) or not tokens:
                msg = f"unbalanced or empty: {text!r}"
                raise GrammarError(msg)
            for node in ends:
                self._nodes[node].ends.append(meaning)

    def _sequence(self, tokens: list[str], at: int, starts: set[int], meaning: T) -> tuple[set[int], int]:
        """Add words until the sequence ends; returns the nodes it ends in and the next token."""
        here = starts
        while at < len(tokens) and tokens[at] not in {"]", "}", "|"}:
            token = tokens[at]
            if token == "(":  # noqa: S105 -- a bracket
                here, at = self._any_order(tokens, at, here, meaning)
                continue
            if token in {"[", "{"}:
                here, at = self._choice(tokens, at, here, meaning)
                continue
            if token in {"/", "~"}:
                for node in here:
                    self._nodes[node].stops.append(meaning)
                    if token == "/":  # noqa: S105 -- a slash
                        self._nodes[node].keys.append(meaning)
            else:
                here = {self._step(here, token)}
            at += 1
        return here, at

    def _choice(self, tokens: list[str], at: int, here: set[int], meaning: T) -> tuple[set[int], int]:
        """Add what stands in brackets; returns the nodes behind it and the token behind the closing bracket."""
        opening = tokens[at]
        ends: set[int] = set(here) if opening == "[" else set()
        at += 1
        plain = _plain_words(tokens, at)
        if len(plain) > 1:  # they all lead to one node, which keeps the graph small
            return ends | {self._link(here, plain)}, at + 2 * len(plain)
        while True:
            branch, at = self._sequence(tokens, at, here, meaning)
            ends |= branch
            if at >= len(tokens) or tokens[at] != "|":
                break
            at += 1
        if at >= len(tokens) or tokens[at] != {"[": "]", "{": "}"}[opening]:
            raise GrammarError("a bracket is not closed")
        return ends, at + 1

    def _any_order(self, tokens: list[str], at: int, here: set[int], meaning: T) -> tuple[set[int], int]:
        """Add what stands in round brackets: each choice once or not at all, in any order."""
        if ")" not in tokens[at:]:
            raise GrammarError("a bracket is not closed")
        end = tokens.index(")", at)
        choices: list[list[str]] = [[]]
        depth = 0
        for token in tokens[at + 1 : end]:
            depth += (token in {"[", "{"}) - (token in {"]", "}"})
            if token == "|" and not depth:  # noqa: S105 -- a bar
                choices.append([])
            else:
                choices[-1].append(token)
        return self._orders(choices, here, meaning), end + 1

    def _orders(self, choices: list[list[str]], here: set[int], meaning: T) -> set[int]:
        ends = set(here)
        for number, choice in enumerate(choices):
            behind, _ = self._sequence(choice, 0, here, meaning)
            ends |= self._orders(choices[:number] + choices[number + 1 :], behind, meaning)
        return ends

    def _step(self, starts: set[int], word: str) -> int:
        """The node behind a word; commands that begin alike share their beginning."""
        if len(starts) == 1:
            (start,) = starts
            for edge in self._nodes[start].edges:
                if edge.word == word and self._nodes[edge.target].entries == 1:
                    return edge.target
        return self._link(starts, [word])

    def _link(self, starts: set[int], words: list[str]) -> int:
        """A new node behind any of some words."""
        self._nodes.append(_Node(entries=len(starts) * len(words)))
        target = len(self._nodes) - 1
        for word in words:
            edge: Edge[T] = Edge(word, target, word not in KINDS and word[0] != "<")
            for start in starts:
                self._nodes[start].edges.append(edge)
        return target

    def read(self, line: str) -> Outcome[T]:
        """Understand a line.

        Args:
            line: as typed, without the prompt; columns of errors count from its first character.
        """
        known = self._known.get(line)
        if known is None:
            if len(self._known) > _KEPT:
                self._known.clear()
            typed = [(match[0], match.start()) for match in _TYPED.finditer(line)]
            known = self._known[line] = self._walk(line, typed, 0, _Way((0,)))
        return known

    def _walk(self, line: str, typed: list[tuple[str, int]], at: int, way: _Way) -> Outcome[T]:
        """Follow the line from a word on: keywords before values, and these before the rest of the line."""
        if at == len(typed):
            return self._end(way)
        best: Outcome[T] | None = None
        for outcome in self._ways(line, typed, at, way):
            if isinstance(outcome, Accepted):
                return outcome
            if best is None or _better(outcome, best):
                best = outcome
        word, column = typed[at]
        return best if best is not None else Invalid(column + self._matching(self._edges(way.here), word))

    def _ways(self, line: str, typed: list[tuple[str, int]], at: int, way: _Way) -> Iterator[Outcome[T]]:
        """What comes of each reading of a word."""
        word, column = typed[at]
        edges = self._edges(way.here)
        keywords, exact = self._keywords(edges, word)
        if len(keywords) == 1:
            (keyword,) = keywords
            here = tuple(sorted({edge.target for edge in edges if edge.word == keyword}))
            yield self._walk(line, typed, at + 1, way.on(here, keyword, is_value=False))
        if not exact:
            yield from self._by_value(line, typed, at, way)
        if len(keywords) > 1:
            yield Ambiguous(tuple(sorted(keywords)))
        if rest := [edge for edge in edges if edge.word in {"LINE", "WORDS"}]:
            text = line[column:].rstrip()
            text = text if rest[0].word == "LINE" else " ".join(text.split())
            yield self._end(way.on(tuple(sorted({edge.target for edge in rest})), text, is_value=True))

    def _by_value(self, line: str, typed: list[tuple[str, int]], at: int, way: _Way) -> Iterator[Outcome[T]]:
        word, _ = typed[at]
        by_text: dict[tuple[str, int], set[int]] = {}
        for edge in self._edges(way.here):
            if edge.is_keyword or edge.word in {"LINE", "WORDS"}:
                continue
            kept = value(edge.word, word)
            if kept is not None:
                by_text.setdefault((kept, 1), set()).add(edge.target)
            elif (
                edge.word == "IFNAME"
                and at + 1 < len(typed)
                and is_port_number(typed[at + 1][0])
                and (kind := interface_kind(word)) is not None
            ):  # Interface Loopback 0
                by_text.setdefault((f"{kind}{typed[at + 1][0]}", 2), set()).add(edge.target)
        for (kept, count), targets in by_text.items():
            yield self._walk(line, typed, at + count, way.on(tuple(sorted(targets)), kept, is_value=True))

    def _edges(self, here: tuple[int, ...]) -> list[Edge[T]]:
        if len(here) == 1:
            return self._nodes[here[0]].edges
        return [edge for node in here for edge in self._nodes[node].edges]

    def _end(self, way: _Way) -> Outcome[T]:
        for node in way.here:
            if self._nodes[node].ends:
                meaning = self._nodes[node].ends[0]
                named = (
                    at for at, nodes in enumerate(way.passed, 1) if any(meaning in self._nodes[n].keys for n in nodes)
                )
                return Accepted(meaning, way.words, way.values, next(named, 0))
        stops = tuple(meaning for node in way.here for meaning in self._nodes[node].stops)
        return Incomplete(way.words, stops, way.values)

    @staticmethod
    def _keywords(edges: list[Edge[T]], typed: str) -> tuple[set[str], bool]:
        """The keywords that a word can mean, and whether it is one in full, which means itself alone."""
        lower = typed.lower()
        begins = {edge.word for edge in edges if edge.is_keyword and edge.word.lower().startswith(lower)}
        exact = {word for word in begins if word.lower() == lower}
        return exact or begins, bool(exact)

    def _matching(self, edges: list[Edge[T]], typed: str) -> int:
        """How many characters of a wrong word could still belong to a keyword or a number that may stand there."""
        best = 0
        for edge in edges:
            if edge.is_keyword:
                count = len(commonprefix([typed.lower(), edge.word.lower()]))  # noqa: RUF071 -- character by character is meant
            elif edge.word == "A.B.C.D":
                count = _address_prefix(typed)
            else:
                count = 0
            best = max(best, count)
        return min(best, len(typed) - 1)

    def choices(self, line: str) -> tuple[tuple[str, ...], bool] | None:
        """What may stand next, for ``?``.

        Args:
            line: the text before the question mark; if it ends in a blank the next word is asked for, else words that
                begin like its last one.

        Returns:
            The words in alphabetical order, and whether the line may end here; None if it is wrong already.
        """
        parts = line.split()
        fresh = not line or line[-1].isspace()
        begun = "" if fresh or not parts else parts.pop()
        here = {0}
        for typed in parts:
            edges = [edge for node in sorted(here) for edge in self._nodes[node].edges]
            keywords, _ = self._keywords(edges, typed)
            if len(keywords) > 1:
                return None
            targets = {edge.target for edge in edges if edge.word in keywords} or {
                edge.target for edge in edges if not edge.is_keyword and value(edge.word, typed) is not None
            }
            if not targets:
                return None
            here = targets
        words = {edge.word for node in here for edge in self._nodes[node].edges}
        if begun:
            return tuple(sorted(word for word in words if word.lower().startswith(begun.lower()))), False
        return tuple(sorted(words, key=str.lower)), any(self._nodes[node].ends for node in here)


def _plain_words(tokens: list[str], at: int) -> list[str]:
    """The alternatives from a place on, if each is a single word; else none."""
    words = []
    while at + 1 < len(tokens) and tokens[at] not in "[{(/~" and tokens[at + 1] in {"|", "]", "}"}:
        words.append(tokens[at])
        if tokens[at + 1] != "|":
            return words
        at += 2
    return []


def _better(new: Outcome[T], old: Outcome[T]) -> bool:
    """Whether an outcome tells more of a line than another."""
    if isinstance(new, Invalid) and isinstance(old, Invalid):
        return new.column > old.column
    return _WEIGHT[type(new)] > _WEIGHT[type(old)]


def _address_prefix(typed: str) -> int:
    """Characters of a dotted address before the first impossible one; ``0255.1`` is wrong from its 0."""
    at = 0
    for place, part in enumerate(typed.split(".")):
        if place > 3 or not part.isdigit() or int(part) > 255 or (len(part) > 1 and part[0] == "0"):  # noqa: PLR2004 -- four bytes
            return at
        at += len(part) + 1
    return at
