"""Modes, prompts and privilege: what a line does, and how it is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from getvpn_ops.lab.ios import archive
from getvpn_ops.lab.ios.commands import ACTIONS, SHOWS
from getvpn_ops.lab.ios.commands.show_sessions import timestamp
from getvpn_ops.lab.ios.configuration.syntax import Accepted, Ambiguous, GrammarError, Incomplete, Invalid, Syntax
from getvpn_ops.lab.ios.identity import accounts
from getvpn_ops.lab.ios.router import USER
from getvpn_ops.lab.ios.session import lock
from getvpn_ops.lab.ios.session.dialog import Ask, Dialog, Drop, Page, Say, Sleep, Step
from getvpn_ops.lab.ios.session.filters import output_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from getvpn_ops.lab.faults import Fault
    from getvpn_ops.lab.ios.configuration.config import Block, Statement
    from getvpn_ops.lab.ios.configuration.syntax import Outcome
    from getvpn_ops.lab.ios.releases import Release
    from getvpn_ops.lab.ios.router import Router

_EXEC = re.compile(r"(\d+) (.+?) = ([a-z0-9\-]+)((?: @\S+)*)")
_PRIVILEGE = re.compile(r"privilege exec (?:all )?level (\d+) (.+)")
_SECRET = re.compile(r"(?i)\b(key|secret|password|community|auth|priv|pem terminal \S+|pem terminal)\s.*")
_MOVED = re.compile(r"privilege (?!exec)\S+ (?:all )?level (\d+) (.+)")
_PRIVILEGED = 15
_WAYS_OUT = ("end", "exit")
_EVERYWHERE = ("default", "exit", "no")
_GLOBAL = ("do", "end", "help")
_ASKS_NOTHING = ("ping", "traceroute", "write-memory")
_INVALID = "% Invalid input detected at '^' marker."


@dataclass(frozen=True, slots=True)
class Command:
    """An exec command: who may use it, and its name among ``SHOWS`` or ``ACTIONS``."""

    privilege: int
    name: str


@cache
def _commands() -> tuple[tuple[str, Command, frozenset[str]], ...]:
    """The exec commands, whoever may use them, with the marks of releases that have them."""
    text = resources.files("getvpn_ops.lab.ios").joinpath("grammar", "exec.txt").read_text(encoding="utf-8")
    commands = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        found = _EXEC.fullmatch(line.strip())
        if found is None or found[3] not in {*SHOWS, *ACTIONS}:
            msg = f"exec.txt: {line!r}"
            raise GrammarError(msg)
        commands.append((found[2], Command(int(found[1]), found[3]), frozenset(found[4].split())))
    return tuple(commands)


def exec_syntax(release: Release, privilege: int, moved: tuple[tuple[int, str], ...] = ()) -> Syntax[Command]:
    """The exec commands that someone may use; releases with the same commands share them.

    Args:
        release: of the router.
        privilege: level of who asks.
        moved: levels and beginnings of commands that ``privilege exec level`` moved there.

    Raises:
        GrammarError: the grammar file is malformed.
    """
    return _exec_syntax(release.held(_exec_marks()), privilege, moved)


@cache
def _exec_marks() -> frozenset[str]:
    return frozenset().union(*(marks for _, _, marks in _commands()))


@cache
def _exec_syntax(held: frozenset[str], privilege: int, moved: tuple[tuple[int, str], ...]) -> Syntax[Command]:
    allowed = []
    for text, command, marks in _commands():
        level = command.privilege
        for to, start in moved:
            if f"{text} ".startswith(f"{start} ") or f"{start} ".startswith(f"{text} "):
                level = to
        if level <= privilege and (not marks or marks & held):
            allowed.append((text, command))
    return Syntax(allowed)


class Shell:
    """What is behind the prompt of one session."""

    def __init__(self, router: Router, privilege: int = USER, user: str = "") -> None:
        self.router = router
        self.privilege = privilege
        self.user = user
        self.line = 0
        self.length = 24
        self.width = 80
        self.monitoring = False
        self.timestamps = False
        self.history: list[str] = []
        self.blocks: list[Block] = []
        """The modes that are open, the global one first; empty outside of configuration."""

    @property
    def prompt(self) -> str:
        """What stands before the cursor."""
        if self.blocks:
            mode = self.router.running.mode(self.blocks[-1])
            is_part = mode.name == "interface" and "." in self.blocks[-1].text.split(" ")[1]
            return f"{self.router.name[:20]}{'(config-subif)' if is_part else mode.prompt}#"
        return f"{self.router.name}{'#' if self.privilege > USER else '>'}"

    @property
    def origin(self) -> str:
        """Who configures, as logs and headers say it."""
        return self.user or f"vty{self.line}"

    def exec_syntax(self) -> Syntax[Command]:
        """The exec commands of this session."""
        moved = tuple(
            (int(found[1]), found[2])
            for block in self.router.running.top.lines
            if (found := _PRIVILEGE.fullmatch(block.text))
        )
        return exec_syntax(self.router.release, self.privilege, moved)

    def syntax(self) -> Syntax[Statement] | Syntax[Command]:
        """The commands of the mode."""
        return self.router.running.mode(self.blocks[-1]).syntax if self.blocks else self.exec_syntax()

    def enter(self, line: str) -> Dialog:
        """A line is entered."""
        archive.typed(self.router)
        faults = {fault.kind.name: fault for fault in self.router.faults.meet("line", line)}
        if not faults:
            yield from self._apply(line)
        elif (yield from self._strike(faults)):
            return
        elif (reject := faults.get("reject")) is not None:
            text = reject.options["text"]
            caret = f"{' ' * len(self.prompt)}^\n" if text == _INVALID else ""
            yield Say(f"{caret}{text}\n\n")
            return
        elif "not-stored" not in faults:
            yield from self._apply(line)
        if (surprise := faults.get("dialog")) is not None:
            yield Ask(surprise.options["text"], one_key=surprise.options["text"].endswith("[confirm]"))
        for fault in self.router.faults.meet("applied", line):
            if fault.kind.name == "drop-after-apply":
                yield Drop()
            else:
                self.router.reload("Reload Command", float(fault.options["seconds"]))
            return

    def _strike(self, faults: dict[str, Fault]) -> Generator[Step, None, bool]:
        """Let faults strike before a line is applied; whether that is the end of it."""
        if "drop-before" in faults:
            yield Drop()
            return True
        if (reload := faults.get("reload")) is not None:
            self.router.reload("Reload Command", float(reload.options["seconds"]))
            return True
        if "hang" in faults:
            yield Sleep(float("inf"))
        if (slow := faults.get("slow-echo")) is not None:
            yield Sleep(float(slow.options["seconds"]))
        if (between := faults.get("log-between")) is not None:
            for number in range(int(between.options["count"])):
                self.router.log(
                    f"%LINEPROTO-5-UPDOWN: Line protocol on Interface Tunnel{900 + number}, changed state to down"
                )
        return False

    def _apply(self, line: str) -> Dialog:
        if not line.strip() or line.lstrip().startswith("!"):
            return
        if self.blocks:
            yield from self._configure(line)
        else:
            yield from self.execute(line)

    def execute(self, line: str, offset: int = 0) -> Dialog:
        """Run an exec command; columns of errors count from ``offset`` characters further left."""
        body, bar, pipe = line.partition("|")
        outcome = self.exec_syntax().read(body.rstrip())
        if not isinstance(outcome, Accepted):
            yield from self.refuse(outcome, line, offset)
            return
        name = outcome.meaning.name
        if name in ACTIONS:
            if bar:
                yield from self.refuse(Invalid(len(body)), line, offset)
            else:
                yield from ACTIONS[name](self, outcome.words, outcome.values)
            return
        keep: Callable[[list[str]], list[str]] = list
        if bar:
            found = output_filter(pipe)
            if isinstance(found, int):
                yield from self.refuse(Invalid(len(body) + 1 + found), line, offset)
                return
            if found is None:
                yield from self.refuse(Incomplete(), line, offset)
                return
            keep = found
        if self.timestamps:
            yield Say(timestamp(self))
        yield Page(keep(list(SHOWS[name](self, outcome.words, outcome.values))))

    def refuse(self, outcome: Outcome[object], line: str, offset: int = 0) -> Dialog:
        """Say why a line is no command."""
        if isinstance(outcome, Ambiguous):
            yield Say(f'% Ambiguous command:  "{line.strip()}"\n')
        elif isinstance(outcome, Incomplete):
            yield Say("% Incomplete command.\n\n")
        elif isinstance(outcome, Invalid):
            yield Say(f"{' ' * (len(self.prompt) + offset + outcome.column)}^\n{_INVALID}\n\n")

    def may_run_alone(self, line: str) -> bool:
        """Whether the exec channel takes a line: commands that show, and those that ask nothing."""
        outcome = self.exec_syntax().read(line.partition("|")[0].rstrip())
        return isinstance(outcome, Accepted) and outcome.meaning.name in {*SHOWS, *_ASKS_NOTHING}

    # -- configuration

    def _configure(self, line: str) -> Dialog:
        words = line.split()
        first = words[0].lower()
        if len(words) == 1 and first[0] == "e" and (way := self._way_out(first)) is not None:
            if way == "end" or (way == "exit" and len(self.blocks) == 1):
                yield from self.leave()
            elif way == "exit":
                self.blocks.pop()
            else:
                yield from self.refuse(Ambiguous(()), line)
            return
        if first == "do":
            offset = line.lower().index("do") + 2
            yield from self.execute(line[offset:], offset)
            return
        if not self._may_configure(line):
            yield from self.refuse(Invalid(len(line) - len(line.lstrip())), line)
            return
        outcome = self.router.running.type_line(self.blocks, line)
        if first in _WAYS_OUT and isinstance(outcome, Invalid):
            outcome = Invalid(len(line) - len(line.lstrip()[len(first) :].lstrip()))
        if not isinstance(outcome, Accepted):
            yield from self.refuse(outcome, line)
            return
        depth = len(self.blocks) - (2 if outcome.meaning.opens is not None else 1)
        archive.note(self.router, self.origin, self.line, depth, line, outcome.words)
        if outcome.meaning.action is not None:
            yield from ACTIONS[outcome.meaning.action](self, outcome.words, outcome.values)
        for remark in outcome.meaning.said:
            yield Say(f"{remark}\n")
        self.router.changed = f"{self.router.stamp()} by {self.origin}"
        self.router.configured()
        self.router.told("line", _SECRET.sub(r"\1 <cut>", accounts.safe(line.strip(), outcome.words)))

    def _may_configure(self, line: str) -> bool:
        """Whether the session's level has a line: below 15 only what ``privilege`` moved there."""
        if self.privilege >= _PRIVILEGED:
            return True
        running = self.router.running
        moved = [
            f"{found[2]} "
            for block in running.top.lines
            if (found := _MOVED.fullmatch(block.text)) and int(found[1]) <= self.privilege
        ]
        outcomes = (running.mode(block).read(line).outcome for block in reversed(self.blocks))
        words = next((outcome.words for outcome in outcomes if isinstance(outcome, Accepted)), ())
        return any(f"{' '.join(words)} ".startswith(start) for start in moved)

    def _way_out(self, typed: str) -> str | None:
        """``end`` or ``exit`` if a word means it, empty if it could mean something else as well; None if it does not.

        Every mode has ``exit``, the global one ``end``, where ``enable`` begins so, too.
        """
        if typed in _WAYS_OUT:
            return typed
        found = self.syntax().choices(typed)
        others = [word for word in found[0] if not word.isupper()] if found else []
        if "exit".startswith(typed):
            return "" if others else "exit"
        return "" if typed == "en" and (not others or len(self.blocks) == 1) else None

    def choices(self, text: str) -> tuple[tuple[str, ...], bool] | None:
        """What may stand next, as ``Syntax.choices`` says it, with the words that every configuration mode has."""
        syntax = self.syntax()
        words = text.split(maxsplit=1)
        fresh = not text or text[-1].isspace()
        if not self.blocks:
            return syntax.choices(text)
        if not words or (len(words) == 1 and not fresh):
            found = syntax.choices(text)
            own = (*_EVERYWHERE, *(_GLOBAL if len(self.blocks) == 1 else ()))
            more = {word for word in own if word.startswith(words[0].lower() if words else "")}
            return tuple(sorted({*more, *(found[0] if found else ())}, key=str.lower)), False
        rest = text.lstrip()[len(words[0]) :].lstrip()
        if words[0].lower() == "do":
            return self.exec_syntax().choices(rest)
        return syntax.choices(rest if words[0].lower() in {"no", "default"} else text)

    def leave(self) -> Dialog:
        """Out of configuration, which the router logs and may comment on."""
        if not self.blocks:
            return
        self.blocks.clear()
        lock.release(self)
        for warning in self.router.running.warnings():
            yield Say(f"{warning}\n")
        self.router.log(f"%SYS-5-CONFIG_I: Configured from console by {self.origin} on vty{self.line} (127.0.0.1)")
        self.router.configured(left=True)
