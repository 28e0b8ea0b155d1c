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

from getvpn_ops.lab.ios.syntax import Accepted, GrammarError, Incomplete, Invalid, Syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.lab.ios.syntax import Outcome

_MARK = re.compile(r"\s@(\S+)")
_ACTION = re.compile(r"\s=\s([a-z0-9\-]+)")
_OPENS = re.compile(r"\s>\s(\w+)")
_NOTE = re.compile(r"  ! (?:hide (?P<hide>.+)|print (?P<word>\S+) as (?P<other>\S+))")
_TOP = "config"
_INCOMPLETE = "%Warning Rekey Config is Incomplete, Rekey is disabled"
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
        action: name of what it does besides being stored, or instead; None for a line that is only stored.
        said: remarks of the router on accepting it.
    """

    rank: int
    key_words: int
    opens: str | None
    action: str | None = None
    said: tuple[str, ...] = ()


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
        listed: the commands, as the grammar file has them.
    """

    name: str
    prompt: str
    syntax: Syntax[Statement]
    takes_all: bool
    hidden: frozenset[str]
    spellings: Mapping[str, str]
    listed: tuple[tuple[str, Statement], ...] = ()

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
def modes(release: Release) -> Mapping[str, Mode]:
    """The configuration modes of a release.

    Raises:
        GrammarError: the grammar file is malformed.
    """
    text = resources.files("getvpn_ops.lab.ios").joinpath("grammar", "config.txt").read_text(encoding="utf-8")
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
            prompts[name] = prompt.replace("{g}", release.gdoi)
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
        if not release.has(_MARK.findall(line)):
            continue
        body = _MARK.sub("", line).strip()
        action = _ACTION.search(body)
        body = _ACTION.sub("", body)
        opens = _OPENS.search(body)
        body = _OPENS.sub("", body)
        several = body.endswith(" +")
        body = body.removesuffix(" +")
        head, slash, tail = body.partition(" / ")
        keys = len(head.split()) if slash else _leading_keywords(body)
        statement = Statement(
            number,
            0 if several or (opens and not slash) else keys,
            opens[1] if opens else None,
            action[1] if action else None,
        )
        commands[name].append((f"{head} {tail}" if slash else body, statement))
    return {
        name: Mode(
            name,
            prompts[name],
            Syntax(listed),
            [text for text, _ in listed] == ["LINE"],
            frozenset(hidden[name]),
            spellings[name],
            tuple(listed),
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

    def __init__(self, release: Release, top: Block | None = None) -> None:
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
        if outcome.meaning.action is not None:
            return outcome, None  # a line that does something: what it stores, its action stores
        return outcome, self._put(block, outcome)

    def load(self, lines: Iterable[str]) -> list[str]:
        """Read a saved configuration, as at boot.

        Returns:
            The lines that the router does not understand.
        """
        refused = []
        stack = [self.top]
        for line in lines:
            if not line.strip() or line.lstrip().startswith("!") or line.strip() in {"end", "exit"}:
                continue
            if line.startswith(("Building configuration", "Current configuration", "version ")):
                continue
            if line.strip() == "no ip address":
                continue  # printed for an interface that has none
            if not isinstance(self.type_line(stack, line.strip()), Accepted):
                refused.append(line)
        return refused

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

    def all(self, start: str) -> list[Block]:
        """The lines of the global mode that begin so."""
        return [line for line in self.top.lines if line.text.startswith(start)]

    def exec_timeout(self, number: int) -> float:
        """Seconds after which an idle session on a line ends; 0 never. Ten minutes unless configured."""
        seconds = 600.0
        for block in self.all("line vty "):
            first, *last = (int(word) for word in block.text.split()[2:])
            if not first <= number <= (last or [first])[0]:
                continue
            for line in block.lines:
                if line.text.startswith("exec-timeout "):
                    minutes, *rest = (int(word) for word in line.text.split()[1:])
                    seconds = minutes * 60.0 + (rest or [0])[0]
        return seconds

    def banner(self, kind: str) -> str:
        """The text of a banner (``motd``, ``login``, ``exec``), lines joined; empty if there is none."""
        block = self.find(f"banner {kind} ")
        if block is None:
            return ""
        body = block.text.removeprefix(f"banner {kind} ")
        mark = "^C" if body.startswith("^C") else body[:1]
        return body.removeprefix(mark).partition(mark)[0]

    def warnings(self) -> list[str]:
        """What the router complains about when configuration mode is left."""
        groups = [block for block in self.top.lines if block.opens == "gdoi"]
        servers = [line for group in groups for line in group.lines if line.opens == "ks"]
        return [_INCOMPLETE for ks in servers if _lacks_rekey_key([line.text for line in ks.lines])][:1]

    def lines(self) -> Iterator[str]:
        """The lines as a router prints them between its header and ``end``."""
        group = ""
        for block in self.top.lines:
            first = block.text.split()[0]
            if block.lines or block.opens or first != group:
                yield "!"
            group = "" if block.opens else first
            yield from self.block_lines(block)
        yield "!"

    def block_lines(self, block: Block) -> Iterator[str]:
        """A line of the global mode with what stands below it, as printed."""
        # IOS leaves a blank behind the line of a gdoi crypto map
        yield from (block.text + (" " if block.opens == "cryptomap" else "")).split("\n")
        yield from self._below(block, 1)

    def store(self, start: str, rest: str) -> None:
        """Keep a line of the global mode that begins with ``start``, in place of the one that began so."""
        rank = next((st.rank for text, st in self.mode(self.top).listed if text.startswith(start.split()[0])), 0)
        self.top.lines = [line for line in self.top.lines if not line.text.startswith(f"{start} ")]
        place = next((at for at, line in enumerate(self.top.lines) if line.rank > rank), len(self.top.lines))
        self.top.lines.insert(place, Block(f"{start} {rest}", rank, (start,)))

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
    if mode == "ks" and _lacks_rekey_key(texts):
        return ["! Incomplete unicast rekey configuration", "! Rekey authentication is not configured"]
    return []


def _lacks_rekey_key(texts: list[str]) -> bool:
    """Whether a key server is to rekey by unicast without a key to sign with."""
    return "rekey transport unicast" in texts and not any("mypubkey" in text for text in texts)
