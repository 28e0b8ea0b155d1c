"""What a typed line means to a router.

A grammar is written as Cisco's command references write it: ``rekey retransmit <10-60> [{number <1-60> | periodic}]``.
It becomes a graph of words; a line walks it. Keywords may be abbreviated as long as no other keyword begins so. Where
the walk ends early, the router says why in IOS's way: the caret stands under the first character that cannot match.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache
from os.path import commonprefix
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

_TOKEN = re.compile(r"<\d+-\d+>|[\[\]{}|]|[^\s\[\]{}|]+")
_RANGE = re.compile(r"<(\d+)-(\d+)>")
_INTERFACE_KINDS = (
    "Loopback",
    "Tunnel",
    "Vlan",
    "Port-channel",
    "Null",
    "BVI",
    "Dialer",
    "TenGigabitEthernet",
    "GigabitEthernet",
    "FastEthernet",
    "Ethernet",
    "Serial",
)
_INTERFACE_TYPED = re.compile(r"(?P<kind>[A-Za-z][A-Za-z\-]*)(?P<number>\d+(?:/\d+)*(?:\.\d+)?)")
_WORDS = {"WORD", "LINE", "A.B.C.D", "X:X:X:X::X", "X:X:X:X::X/<0-128>", "IFNAME"}


class GrammarError(Exception):
    """A line of a grammar file is malformed: a defect of the lab."""


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One word that may stand next.

    Attributes:
        word: a keyword, ``<low-high>``, or the name of a kind of value such as ``A.B.C.D``.
        target: number of the node behind it.
    """

    word: str
    target: int

    @property
    def is_keyword(self) -> bool:
        """Whether the word stands for itself."""
        return self.word not in _WORDS and self.word[0] != "<"


@dataclass(slots=True)
class _Node(Generic[T]):
    edges: list[Edge[T]] = field(default_factory=list)
    ends: list[T] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """The line is a command.

    Attributes:
        meaning: what the grammar attached to it.
        words: keywords in full, values as the router keeps them.
        values: the words that are no keywords, in order.
    """

    meaning: T
    words: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invalid:
    """No command begins so. ``column`` counts from the start of the line as typed."""

    column: int


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The command needs more words. ``words`` are those it has, keywords in full."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An abbreviation could be several keywords."""

    choices: tuple[str, ...]


Outcome = Accepted[T] | Invalid | Incomplete | Ambiguous


class Syntax(Generic[T]):
    """The commands of one mode."""

    def __init__(self, commands: Iterable[tuple[str, T]]) -> None:
        """Build the graph.

        Args:
            commands: grammar text and what it means, in order of preference.

        Raises:
            GrammarError: brackets do not match, or an alternative is empty.
        """
        self._nodes: list[_Node[T]] = [_Node()]
        for text, meaning in commands:
            tokens = _TOKEN.findall(text)
            ends, rest = self._sequence(tokens, 0, {0})
            if rest != len(tokens) or not tokens:
                msg = f"unbalanced or empty: {text!r}"
                raise GrammarError(msg)
            for node in ends:
                self._nodes[node].ends.append(meaning)

    def _sequence(self, tokens: list[str], at: int, starts: set[int]) -> tuple[set[int], int]:
        """Add words until the sequence ends; returns the nodes it ends in and the next token."""
        here = starts
        while at < len(tokens) and tokens[at] not in {"]", "}", "|"}:
            token = tokens[at]
            if token in {"[", "{"}:
                ends: set[int] = set(here) if token == "[" else set()  # noqa: S105 -- a bracket
                at += 1
                while True:
                    branch, at = self._sequence(tokens, at, here)
                    ends |= branch
                    if at < len(tokens) and tokens[at] == "|":
                        at += 1
                        continue
                    break
                if at >= len(tokens) or tokens[at] != {"[": "]", "{": "}"}[token]:
                    raise GrammarError("a bracket is not closed")
                at += 1
                here = ends
                continue
            here = {self._step(node, token, shared=len(here) == 1) for node in here}
            at += 1
        return here, at

    def _step(self, node: int, word: str, *, shared: bool) -> int:
        """The node behind a word; commands that begin alike share their beginning."""
        if shared:
            for edge in self._nodes[node].edges:
                if edge.word == word:
                    return edge.target
        self._nodes.append(_Node())
        target = len(self._nodes) - 1
        self._nodes[node].edges.append(Edge(word, target))
        return target

    def read(self, line: str) -> Outcome[T]:
        """Understand a line.

        Args:
            line: as typed, without the prompt; columns of errors count from its first character.
        """
        here, words, values = {0}, [], []
        for match in re.finditer(r"\S+", line):
            typed, column = match[0], match.start()
            edges = [edge for node in sorted(here) for edge in self._nodes[node].edges]
            rest = [edge for edge in edges if edge.word == "LINE"]
            keywords = self._keywords(edges, typed)
            if len(keywords) > 1:
                return Ambiguous(tuple(sorted(keywords)))
            if keywords:
                (keyword,) = keywords
                here = {edge.target for edge in edges if edge.word == keyword}
                words.append(keyword)
                continue
            taken = [(edge, kept) for edge in edges if not edge.is_keyword and edge.word != "LINE"
                     and (kept := value(edge.word, typed)) is not None]  # fmt: skip
            if taken:
                kept = taken[0][1]
                here = {edge.target for edge, _ in taken}
                words.append(kept)
                values.append(kept)
                continue
            if rest:
                text = line[column:].rstrip()
                return self._end({edge.target for edge in rest}, (*words, text), (*values, text))
            return Invalid(column + self._matching(edges, typed))
        return self._end(here, tuple(words), tuple(values))

    def _end(self, here: set[int], words: tuple[str, ...], values: tuple[str, ...]) -> Outcome[T]:
        for node in sorted(here):
            if self._nodes[node].ends:
                return Accepted(self._nodes[node].ends[0], words, values)
        return Incomplete(words)

    def _keywords(self, edges: list[Edge[T]], typed: str) -> set[str]:
        """The keywords that a word can mean; one that is typed in full means itself alone."""
        lower = typed.lower()
        begins = {edge.word for edge in edges if edge.is_keyword and edge.word.lower().startswith(lower)}
        exact = {word for word in begins if word.lower() == lower}
        return exact or begins

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
            keywords = self._keywords(edges, typed)
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


def _address_prefix(typed: str) -> int:
    """Characters of a dotted address before the first impossible one; ``0255.1`` is wrong from its 0."""
    at = 0
    for place, part in enumerate(typed.split(".")):
        if place > 3 or not part.isdigit() or int(part) > 255 or (len(part) > 1 and part[0] == "0"):  # noqa: PLR2004 -- four bytes
            return at
        at += len(part) + 1
    return at


@lru_cache(maxsize=8192)
def value(kind: str, typed: str) -> str | None:
    """A typed value as the router keeps it, or None if it is not of the kind.

    Args:
        kind: ``<low-high>``, ``WORD``, ``A.B.C.D``, ``X:X:X:X::X``, ``X:X:X:X::X/<0-128>`` or ``IFNAME``.
        typed: one word.
    """
    if found := _RANGE.fullmatch(kind):
        number = typed.isascii() and typed.isdigit() and int(typed[:12])
        return str(number) if number is not False and int(found[1]) <= number <= int(found[2]) else None
    if kind == "WORD":
        return typed
    if kind == "IFNAME":
        return interface_name(typed)
    try:
        if kind == "A.B.C.D":
            return str(ipaddress.IPv4Address(typed))
        if kind == "X:X:X:X::X":
            return str(ipaddress.IPv6Address(typed)).upper()
        if kind == "X:X:X:X::X/<0-128>" and "/" in typed:
            return str(ipaddress.IPv6Interface(typed)).upper()
    except ValueError:
        pass
    return None


def interface_name(typed: str) -> str | None:
    """The full name of an interface: ``gi0/1`` -> ``GigabitEthernet0/1``; None if it is none, or not unique."""
    found = _INTERFACE_TYPED.fullmatch(typed)
    if found is None:
        return None
    kinds = [kind for kind in _INTERFACE_KINDS if kind.lower().startswith(found["kind"].lower())]
    exact = [kind for kind in kinds if kind.lower() == found["kind"].lower()]
    chosen = exact or kinds
    return f"{chosen[0]}{found['number']}" if len(chosen) == 1 else None
