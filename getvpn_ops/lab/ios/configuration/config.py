"""The lines that a router holds: what a typed line changes, and how the whole is printed.

The grammar file says which lines there are. A setting is named by its first words; typing it again replaces it, and
``no`` with these words removes it. Lines are printed in the order of the grammar, not of the typing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.configuration.access_lists import LISTS, entry_text, list_lines
from getvpn_ops.lab.ios.configuration.blocks import Block
from getvpn_ops.lab.ios.configuration.grammar_file import Mode, Reading, Statement, modes
from getvpn_ops.lab.ios.configuration.rules import RULES
from getvpn_ops.lab.ios.configuration.syntax import Accepted, Ambiguous, Incomplete, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.lab.ios.configuration.syntax import Outcome
    from getvpn_ops.lab.ios.releases import Release

__all__ = ["Block", "Configuration", "Mode", "Statement", "modes"]

_TOP, _RANGE = "config", "ifrange"
_INCOMPLETE = "%Warning Rekey Config is Incomplete, Rekey is disabled"
_BANNER = re.compile(
    r"\s*banner\s+(?:(?P<kind>motd|login|exec|incoming|prompt-timeout|slip-ppp)\s+)?(?P<text>\S.*)", re.IGNORECASE
)
_HEADER = ("Building configuration", "Current configuration", "Using ", "Load for ", "Time source is ")
_PROMPT = re.compile(r"[\w.\-]+[#>]")  # around a configuration that was copied from a terminal
_REMOVED = Statement(0)
_TAG = ("tag", "cts", "sgt")
_LOOSE = 2  # a keyword, and anything behind it
_NUMBERS_SINCE = (16, 12, 0)


class Configuration:
    """A router's configuration, running or saved."""

    def __init__(self, release: Release, top: Block | None = None) -> None:
        self.release = release
        self.top = top or Block("", opens=_TOP)
        self.loading = False
        self.random = Random(0)  # noqa: S311 -- a simulation must be repeatable
        self.master_key: str | None = None
        self._modes = modes(release)

    def copy(self) -> Configuration:
        """An independent copy."""
        made = Configuration(self.release, self.top.copy())
        made.random, made.master_key = self.random, self.master_key
        return made

    def mode(self, block: Block) -> Mode:
        """The mode whose lines a block holds."""
        return self._modes[block.opens or _TOP]

    # -- typing

    def enter(self, block: Block, line: str, *, loading: bool = False) -> tuple[Outcome[Statement], Block | None]:
        """Type a line in the mode of a block.

        Args:
            block: the line that opened the mode.
            line: what is typed.
            loading: the line is of a saved configuration, so that what has an action is kept as it stands.

        Returns:
            What the router understood, and the block of the mode that the line opens, if it opens one.
        """
        if block.opens == _RANGE:
            return self._enter_each(block, line)
        reading = self.mode(block).read(line)
        outcome = reading.outcome
        statement = reading.statement
        if statement is None or not isinstance(outcome, Accepted | Incomplete):
            return outcome, None
        if statement.alias is not None:
            word = "default " if reading.resets else "no " if reading.negated else ""
            line = f"{word}{' '.join((statement.alias, *outcome.values))}"
            return self.enter(block, line, loading=loading)
        if statement.rule is not None:
            self.loading = loading
            ruling = RULES[statement.rule](self, block, reading)
            if ruling is not None:
                done = replace(statement, said=ruling.said, refused=ruling.refused, action=ruling.action)
                return Accepted(done, outcome.words, outcome.values), ruling.opened
        if reading.negated:
            self.remove(block, reading)
            return Accepted(_REMOVED, ("no", *outcome.words), ()), None
        if statement.action is not None and not loading:
            return outcome, None  # a line that does something: what it stores, its action stores
        return outcome, None if statement.leaves else self.put(block, reading)

    def _enter_each(self, block: Block, line: str) -> tuple[Outcome[Statement], Block | None]:
        """Type a line on each interface of a range."""
        outcome: Outcome[Statement] = Invalid(0)
        for name in block.text.rpartition(" ")[2].split(","):
            interface = next((item for item in self.top.lines if item.text == f"interface {name}"), None)
            if interface is not None:
                outcome, _ = self.enter(interface, line)
        return outcome, None

    def type_line(self, stack: list[Block], line: str, *, loading: bool = False) -> Outcome[Statement]:
        """Type a line where ``stack`` says: the global mode first, the innermost one last; the stack follows the line.

        A line that the innermost mode does not know is tried in the ones around it, as IOS does when it reads its own
        configuration. If none knows it, the error is that of the mode that understood most of it.
        """
        depths: Iterable[int] = range(len(stack) - 1, -1, -1)
        if self.mode(stack[-1]).takes_all:
            depths = [*range(len(stack) - 2, -1, -1), len(stack) - 1]
        worst: Outcome[Statement] | None = None
        for depth in depths:
            if depth and self._is_meant_outside(stack[:depth], stack[depth], line):
                continue
            outcome, opened = self.enter(stack[depth], line, loading=loading)
            if isinstance(outcome, Accepted):
                if not outcome.meaning.refused:
                    del stack[depth + 1 :]
                if outcome.meaning.leaves and depth:
                    stack.pop()
                elif opened is not None:
                    stack.append(opened)
                return outcome
            if worst is None or _tells_more(outcome, worst):
                worst = outcome
            if isinstance(outcome, Incomplete) and _begins_in_full(outcome, line):
                break  # it is of this mode; an outer one might take its first word for an abbreviation
        return worst if worst is not None else Invalid(0)

    def _is_meant_outside(self, outer: list[Block], block: Block, line: str) -> bool:
        """Whether a first word that could only abbreviate a keyword of the mode means one of an outer mode.

        It does if it is that one in full, or if what follows makes sense only there: the mode would take anything.
        """
        mode = self.mode(block)
        if mode.takes_all:
            return False
        found = mode.read(line).outcome
        if not isinstance(found, Accepted):
            return False
        typed = line.split(maxsplit=1)[0].lower()
        keyword = found.words[0].lower()
        if typed == keyword or typed in {"no", "default"}:
            return False
        loose = len(found.words) == _LOOSE and mode.listed[found.meaning.rank - 1][0].rstrip(" ]").endswith("WORDS")
        for other in outer:
            there = self.mode(other).read(line).outcome
            if not isinstance(there, Accepted):
                continue
            other_keyword = there.words[0].lower()
            says_more = len(there.words) > _LOOSE or there.meaning.opens is not None
            if other_keyword == typed or (loose and other_keyword != keyword and says_more):
                return True
        return False

    def load(self, lines: Iterable[str]) -> list[str]:
        """Read a saved configuration, as at boot.

        Returns:
            The lines that the router does not understand.
        """
        refused = []
        stack = [self.top]
        waiting = iter(lines)
        for line in waiting:
            text = line.strip()
            if not text or text[0] == "!" or text == "end" or line.startswith(_HEADER) or _PROMPT.match(line):
                continue
            if text == "exit":
                del stack[max(1, len(stack) - 1) :]
                continue
            if text == "no ip address":
                continue  # printed for an interface that has none
            if text.startswith("banner ") and (banner := _BANNER.fullmatch(text)):
                del stack[1:]
                self._load_banner(banner, waiting)
                continue
            outcome = self.type_line(stack, text, loading=True)
            if not isinstance(outcome, Accepted) or outcome.meaning.refused:
                refused.append(line)
        return refused

    def _load_banner(self, found: re.Match[str], lines: Iterator[str]) -> None:
        text = found["text"]
        mark = "^C" if text.startswith("^C") else text[0]
        body = text.removeprefix(mark)
        while mark not in body:
            line = next(lines, None)
            if line is None:
                break
            body += "\n" + line.rstrip("\r\n")
        self.store(f"banner {(found['kind'] or 'motd').lower()}", f"^C{body.partition(mark)[0]}^C")

    def put(self, block: Block, reading: Reading) -> Block | None:
        """Keep a line, in place of the one with its key; returns its block if it opens a mode."""
        statement, mode = reading.statement, self.mode(block)
        if statement is None:
            return None
        if mode.is_noted("on", reading.text):
            self._drop(block, reading.key)
            return None
        held = block.named(reading.key)
        if held is not None and held.opens == statement.opens and held.order == reading.order:
            held.text = reading.text
            return held if statement.opens else None
        if held is not None:
            self._drop(block, reading.key)
        made = Block(reading.text, statement.rank, reading.key, statement.opens, [], reading.order)
        block.add(made)
        return made if statement.opens else None

    @staticmethod
    def _drop(block: Block, key: tuple[str, ...]) -> None:
        if block.named(key) is not None:
            block.keep([line for line in block.lines if line.key != key])

    def remove(self, block: Block, reading: Reading) -> None:
        """Forget what a line names, and remember that it is off where it would be on by itself."""
        text = reading.text
        start = f"{text} "
        kept = [
            line
            for line in block.lines
            if line.key != reading.key and line.text != text and not line.text.startswith(start)
        ]
        if len(kept) != len(block.lines):
            block.keep(kept)
        mode = self.mode(block)
        if not reading.resets and (mode.is_noted("on", text) or mode.is_noted("both", text)):
            self._drop(block, reading.key)
            rank = reading.statement.rank if reading.statement else 0
            block.add(Block(f"no {text}", rank, reading.key, None, [], reading.order))

    # -- reading

    def find(self, start: str) -> Block | None:
        """The first line of the global mode that begins so."""
        return next((line for line in self.top.lines if line.text.startswith(start)), None)

    def all(self, start: str) -> list[Block]:
        """The lines of the global mode that begin so."""
        return [line for line in self.top.lines if line.text.startswith(start)]

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

    def store(self, start: str, rest: str) -> None:
        """Keep a line of the global mode that begins with ``start``, in place of the one that began so."""
        rank = next(
            (st.place for text, st in self.mode(self.top).listed if text.startswith(start.split(maxsplit=1)[0])), 0
        )
        self.top.keep([line for line in self.top.lines if not line.text.startswith(f"{start} ")])
        self.top.add(Block(f"{start} {rest}", rank, (start,), None, [], (rank, (), 0, ())))

    # -- printing

    def lines(self) -> Iterator[str]:
        """The lines as a router prints them between its header and ``end``."""
        group = ""
        mode = self.mode(self.top)
        for block in self.top.lines:
            if mode.printed(block.text) is None:
                continue
            first = block.text.removeprefix("no ").split(" ", 1)[0]
            alone = bool(block.lines or block.opens)
            if block.opens in LISTS and not self.shows_numbers and block.text.rpartition(" ")[2].isdigit():
                first, alone = "access-list", False
            if alone or first != group:
                yield "!"
            group = "" if alone else first
            yield from self.block_lines(block)
        yield "!"

    def block_lines(self, block: Block) -> Iterator[str]:
        """A line of the global mode with what stands below it, as printed."""
        if block.opens in LISTS and not self.shows_numbers and (number := block.text.split()[-1]).isdigit():
            yield from (f"access-list {number} {entry_text(line)}" for line in block.lines)
            return
        text = self.mode(self.top).printed(block.text)
        if text is None:
            return
        # IOS leaves a blank behind the line of a crypto map entry
        yield from (text + (" " if block.opens == "cryptomap" else "")).split("\n")
        yield from self._below(block, 1)

    @property
    def shows_numbers(self) -> bool:
        """Whether entries of access lists are printed with their sequence numbers."""
        return self.release.numbers >= _NUMBERS_SINCE

    def _below(self, block: Block, depth: int) -> Iterator[str]:
        mode = self.mode(block)
        indent = " " * (depth * mode.indent)
        remarks = [indent + remark for remark in _remarks(mode.name, [line.text for line in block.lines])]
        if mode.name != "interface":
            yield from remarks
            remarks = []
        if block.opens in LISTS:
            yield from (indent + text for text in list_lines(self, block))
            return
        for line in block.lines:
            if remarks and not line.text.startswith(_BEFORE_ADDRESS):
                yield from remarks
                remarks = []
            text = mode.printed(line.text)
            if text is not None:
                if line.opens and mode.divides:
                    yield f"{indent}!"
                yield indent + text
            if line.opens:
                yield from self._below(line, depth + 1)
                if line.opens == "saipsec" and self.release.is_xe and line.named(_TAG) is None:
                    yield f"{indent} no tag"
                closing = self.mode(line).closing
                if closing is not None and (line.lines or line.opens != "hex"):
                    yield indent + closing
        yield from remarks


def _begins_in_full(outcome: Incomplete, line: str) -> bool:
    """Whether the first keyword of an incomplete line is typed in full."""
    words = line.lower().split()
    at = len(words) - len(outcome.words)
    return bool(outcome.words) and 0 <= at <= 1 and words[at] == outcome.words[0].lower()


def _tells_more(new: Outcome[Statement], old: Outcome[Statement]) -> bool:
    """Whether the error of an outer mode says more of a line than the one of an inner mode."""
    if not isinstance(old, Invalid):
        return False
    return new.column > old.column if isinstance(new, Invalid) else isinstance(new, Ambiguous | Incomplete)


def _remarks(mode: str, texts: list[str]) -> list[str]:
    """What a router adds to the lines of a mode that lack something."""
    if mode == "interface" and not any(text.startswith(_ADDRESSED) for text in texts):
        return ["no ip address"]
    if mode == "ks" and _lacks_rekey_key(texts):
        return ["! Incomplete unicast rekey configuration", "! Rekey authentication is not configured"]
    return []


_ADDRESSED = ("ip address ", "ip unnumbered ", "switchport")
_BEFORE_ADDRESS = (
    "description ",
    "bandwidth ",
    "mtu ",
    "encapsulation dot1Q ",
    "vrf forwarding ",
    "ip vrf forwarding ",
)


def _lacks_rekey_key(texts: list[str]) -> bool:
    """Whether a key server is to rekey by unicast without a key to sign with."""
    return "rekey transport unicast" in texts and not any("mypubkey" in text for text in texts)
