"""The lines that a router holds: what a typed line changes, and how the whole is printed.

The grammar files say which lines there are. A setting is named by its first words; typing it again replaces it, and
``no`` with these words removes it. Lines are printed in the order of the grammar, not of the typing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from getvpn_ops.lab.syntax import Accepted, GrammarError, Incomplete, Invalid, Syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from getvpn_ops.lab.syntax import Outcome

_FLAVOUR = re.compile(r"\s@(\S+)")
_OPENS = re.compile(r"\s>\s(\w+)")
_NOTE = re.compile(r"  ! (?:hide (?P<hide>.+)|print (?P<word>\S+) as (?P<other>\S+))")
_TOP = "config"
_DEFAULTS = frozenset(
    {"ip source-route", "ip domain lookup", "ipv6 cef", "negotiation auto", "autostate", "modem enable"}
)
"""Settings that are on unless ``no`` stands before them, as far as the worked configurations type that."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One command of the grammar.

    Attributes:
        rank: place in the printed order.
        key_words: how many of its words name the setting; 0 if every such line stands for itself.
        opens: the mode it opens, or None.
    """

    rank: int
    key_words: int
    opens: str | None


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode of configuration.

    Attributes:
        name: in the grammar file.
        prompt: what it adds to the host name.
        syntax: its commands.
        takes_all: any line belongs to it; so a line that the global mode knows leaves it.
        hidden: lines that are the default, and are not printed back.
        spellings: first words that are printed in another spelling.
    """

    name: str
    prompt: str
    syntax: Syntax[Statement]
    takes_all: bool
    hidden: frozenset[str]
    spellings: Mapping[str, str]

    def printed(self, text: str) -> str | None:
        """A line as the router prints it, or None if it does not."""
        if text in self.hidden:
            return None
        word, blank, rest = text.partition(" ")
        return f"{self.spellings.get(word, word)}{blank}{rest}"


@dataclass(slots=True)
class Block:
    """A line with the lines of the mode it opens."""

    text: str
    rank: int = 0
    key: tuple[str, ...] = ()
    opens: str | None = None
    lines: list[Block] = field(default_factory=list)

    def copy(self) -> Block:
        """An independent copy, lines and all."""
        return Block(self.text, self.rank, self.key, self.opens, [line.copy() for line in self.lines])


@cache
def modes(release: str) -> Mapping[str, Mode]:
    """The configuration modes of a release (``12.4``, ``15`` or ``17``).

    Raises:
        GrammarError: the grammar file is malformed.
    """
    text = resources.files("getvpn_ops.lab").joinpath("grammar", "config.txt").read_text(encoding="utf-8")
    keyword = "gdoi" if release == "12.4" else "gkm"
    prompts: dict[str, str] = {}
    commands: dict[str, list[tuple[str, Statement]]] = {}
    hidden: dict[str, set[str]] = {}
    spellings: dict[str, dict[str, str]] = {}
    name = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("mode "):
            _, name, prompt = line.split(maxsplit=2)
            prompts[name] = prompt.replace("{g}", keyword)
            commands[name], hidden[name], spellings[name] = [], set(), {}
            continue
        if note := _NOTE.fullmatch(line):
            if note["hide"]:
                hidden[name].add(note["hide"])
            else:
                spellings[name][note["word"]] = note["other"]
            continue
        if not line.startswith("  ") or not name:
            msg = f"config.txt: line {number}: {line!r}"
            raise GrammarError(msg)
        only = _FLAVOUR.findall(line)
        if only and release not in only:
            continue
        body = _FLAVOUR.sub("", line).strip()
        opens = _OPENS.search(body)
        body = _OPENS.sub("", body)
        several = body.endswith(" +")
        body = body.removesuffix(" +")
        head, slash, tail = body.partition(" / ")
        keys = len(head.split()) if slash else _leading_keywords(body)
        statement = Statement(number, 0 if several or (opens and not slash) else keys, opens[1] if opens else None)
        commands[name].append((f"{head} {tail}" if slash else body, statement))
    return {
        name: Mode(
            name,
            prompts[name],
            Syntax(listed),
            [text for text, _ in listed] == ["LINE"],
            frozenset(hidden[name]),
            spellings[name],
        )
        for name, listed in commands.items()
    }


def _leading_keywords(body: str) -> int:
    count = 0
    for word in body.split():
        if word[0] in "<[{" or word in {"WORD", "LINE", "A.B.C.D", "X:X:X:X::X", "IFNAME"}:
            break
        count += 1
    return count


class Configuration:
    """A router's configuration, running or saved."""

    def __init__(self, release: str, top: Block | None = None) -> None:
        self.release = release
        self.top = top or Block("", opens=_TOP)

    def copy(self) -> Configuration:
        """An independent copy."""
        return Configuration(self.release, self.top.copy())

    def mode(self, block: Block) -> Mode:
        """The mode whose lines a block holds."""
        return modes(self.release)[block.opens or _TOP]

    def enter(self, block: Block, line: str) -> tuple[Outcome[Statement], Block | None]:
        """Type a line in the mode of a block.

        Returns:
            What the router understood, and the block of the mode that the line opens, if it opens one.
        """
        words = line.split()
        negated = bool(words) and len(words[0]) > 1 and "no".startswith(words[0].lower())
        offset = line.lower().index("no") + 2 if negated else 0
        body = " " * offset + line[offset:] if negated else line
        outcome = self.mode(block).syntax.read(body)
        if negated and isinstance(outcome, Accepted | Incomplete) and outcome.words:
            self._remove(block, outcome)
            return Accepted(Statement(0, 0, None), ("no", *outcome.words), ()), None
        if not isinstance(outcome, Accepted):
            return outcome, None
        return outcome, self._put(block, outcome)

    def type_line(self, stack: list[Block], line: str) -> Outcome[Statement]:
        """Type a line where ``stack`` says: the global mode first, the innermost one last; the stack follows the line.

        A line that the innermost mode does not know is tried in the ones around it, as IOS does when it reads its own
        configuration. If none knows it, the error is that of the mode that understood most of it.
        """
        depths = list(range(len(stack) - 1, -1, -1))
        if self.mode(stack[-1]).takes_all:
            depths = [*depths[1:], depths[0]]
        worst: Outcome[Statement] | None = None
        for depth in depths:
            outcome, opened = self.enter(stack[depth], line)
            if isinstance(outcome, Accepted):
                del stack[depth + 1 :]
                if opened is not None:
                    stack.append(opened)
                return outcome
            if worst is None or (
                isinstance(worst, Invalid) and (not isinstance(outcome, Invalid) or outcome.column > worst.column)
            ):
                worst = outcome
        return worst if worst is not None else Invalid(0)

    def _put(self, block: Block, outcome: Accepted[Statement]) -> Block | None:
        statement, words = outcome.meaning, outcome.words
        text = " ".join(words)
        key = words[: statement.key_words] if statement.key_words else (text,)
        block.lines = [line for line in block.lines if line.text != f"no {text}"]
        for line in block.lines:
            if (line.rank, line.key) == (statement.rank, key) or line.key == key:
                line.text, line.rank = text, statement.rank
                return line if statement.opens else None
        made = Block(text, statement.rank, tuple(key), statement.opens)
        if text in _DEFAULTS:
            return None
        place = next((at for at, line in enumerate(block.lines) if line.rank > statement.rank), len(block.lines))
        block.lines.insert(place, made)
        return made if statement.opens else None

    def _remove(self, block: Block, outcome: Accepted[Statement] | Incomplete) -> None:
        words = outcome.words
        text = " ".join(words)
        kept = [line for line in block.lines if not f"{line.text} ".startswith(f"{text} ")]
        if isinstance(outcome, Accepted) and outcome.meaning.key_words:
            key = words[: outcome.meaning.key_words]
            kept = [line for line in kept if line.key != key]
        if len(kept) == len(block.lines) and text in _DEFAULTS and isinstance(outcome, Accepted):
            kept.append(Block(f"no {text}", outcome.meaning.rank, ("no", text)))
            kept.sort(key=lambda line: line.rank)
        block.lines = kept

    def find(self, start: str) -> Block | None:
        """The first line of the global mode that begins so."""
        return next((line for line in self.top.lines if line.text.startswith(start)), None)

    def lines(self) -> Iterator[str]:
        """The lines as a router prints them between its header and ``end``."""
        group = ""
        for block in self.top.lines:
            first = block.text.split()[0]
            if block.lines or block.opens or first != group:
                yield "!"
            group = "" if block.opens else first
            yield block.text + (" " if block.opens == "cryptomap" else "")  # IOS leaves a blank behind this one
            yield from self._below(block, 1)
        yield "!"

    def _below(self, block: Block, depth: int) -> Iterator[str]:
        mode = self.mode(block)
        for remark in _remarks(mode.name, [line.text for line in block.lines]):
            yield " " * depth + remark
        for line in block.lines:
            if (text := mode.printed(line.text)) is not None:
                yield " " * depth + text
            if line.opens:
                yield from self._below(line, depth + 1)


def _remarks(mode: str, texts: list[str]) -> list[str]:
    """What a router adds to the lines of a mode that lack something."""
    if mode == "interface" and not any(text.startswith(("ip address ", "switchport ")) for text in texts):
        return ["no ip address"]
    if mode == "ks" and "rekey transport unicast" in texts and not any("mypubkey" in text for text in texts):
        return ["! Incomplete unicast rekey configuration", "! Rekey authentication is not configured"]
    return []
