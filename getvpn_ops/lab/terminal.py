"""One session on a router: what comes in are keys, what goes out is what a terminal shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getvpn_ops.lab.router import PRIVILEGED, USER, Command, exec_syntax
from getvpn_ops.lab.syntax import Accepted, Ambiguous, Incomplete, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from getvpn_ops.lab.config import Block, Statement
    from getvpn_ops.lab.router import Router
    from getvpn_ops.lab.syntax import Outcome, Syntax

_MORE = " --More-- "
_ERASE = "\b" * 9 + " " * 8 + "\b" * 9
_ENABLE_TRIES = 3
_FILTERS = ("append", "begin", "count", "exclude", "include", "redirect", "section")
_LINE_MAX = 254  # characters of a command line, as IOS takes


class Terminal:
    """Feed it keys; it writes to ``send`` and calls ``close`` when the session ends."""

    def __init__(
        self, router: Router, send: Callable[[str], None], close: Callable[[], None], privilege: int = USER
    ) -> None:
        self.router = router
        self.privilege = privilege
        self.length = 24
        self._send = send
        self._close = close
        self._line = ""
        self._blocks: list[Block] = []  # the modes that are open; empty outside of configuration
        self._ask: Callable[[str], None] | None = None  # takes the next line instead of the command line
        self._hidden = False
        self._pages: Iterator[str] | None = None
        self._after_cr = False
        self._silent = False
        self.closed = False

    @property
    def prompt(self) -> str:
        """What stands before the cursor."""
        if self._blocks:
            return f"{self.router.name[:20]}{self.router.running.mode(self._blocks[-1]).prompt}#"
        return f"{self.router.name}{'#' if self.privilege >= PRIVILEGED else '>'}"

    def start(self) -> None:
        """The session is open."""
        self._write(f"\n{self.prompt}")

    def run(self, command: str) -> None:
        """The exec channel: one command without echo, prompt or paging; then the session ends."""
        self.length = 0
        outcome = exec_syntax(self.privilege).read(command.partition("|")[0].rstrip())
        if isinstance(outcome, Accepted) and outcome.meaning.name.startswith("show-"):
            self._send("\r\n")
            self._silent = True
            self._execute(command, offset=0)
        else:
            self._write(f'Line has invalid autocommand "{command}"')
        self.closed = True
        self._close()

    def feed(self, keys: str) -> None:
        """Take keys as they arrive."""
        for key in keys:
            if self.closed:
                return
            if self._pages is not None:
                self._turn(key)
                continue
            if key == "\n" and self._after_cr:
                self._after_cr = False
                continue
            self._after_cr = key == "\r"
            self._key(key)

    def _key(self, key: str) -> None:
        if key in "\r\n":
            line, self._line = self._line, ""
            self._write("\n")
            self._entered(line)
        elif key in "\x7f\b":
            self._rub_out(1)
        elif key in "\x15\x18":  # Ctrl-U, Ctrl-X: the whole line
            self._rub_out(len(self._line))
        elif key == "\x17":  # Ctrl-W: a word
            self._rub_out(len(self._line) - len(self._line.rstrip().rpartition(" ")[0]) - (" " in self._line.rstrip()))
        elif key in "\x03\x1a":
            self._break_off(key)
        elif key in "?\t" and self._ask is None:
            (self._help if key == "?" else self._complete)()
        elif key.isprintable() and len(self._line) < _LINE_MAX:
            self._line += key
            if not self._hidden:
                self._send(key)

    def _rub_out(self, count: int) -> None:
        count = min(count, len(self._line))
        self._line = self._line[: len(self._line) - count]
        if not self._hidden:
            self._send("\b \b" * count)

    def _break_off(self, key: str) -> None:
        """Ctrl-C and Ctrl-Z: the line is gone, and so is the configuration mode."""
        self._line = ""
        self._write(("^C\n" if self._blocks else "\n") if key == "\x03" else "^Z\n")
        self._leave()
        self._ask, self._hidden = None, False
        self._send(self.prompt)

    # -- output

    def _write(self, text: str) -> None:
        self._send(text.replace("\n", "\r\n"))

    def _show(self, lines: list[str]) -> None:
        """Print lines, page by page where the terminal is short."""
        if self._silent:
            self._write("\n".join(lines))  # the exec channel ends without a line end
            return
        if not self.length or len(lines) < self.length:
            self._write("".join(f"{line}\n" for line in lines))
            self._send(self.prompt)
            return
        self._pages = iter(lines)
        self._page(self.length - 1)

    def _page(self, count: int) -> None:
        for _ in range(count):
            line = next(self._pages, None) if self._pages is not None else None
            if line is None:
                self._pages = None
                self._send(self.prompt)
                return
            self._write(f"{line}\n")
        self._send(_MORE)

    def _turn(self, key: str) -> None:
        """A key at ``--More--``."""
        self._send(_ERASE)
        if key == " ":
            self._page(self.length - 1)
        elif key in "\r\n":
            self._page(1)
        else:
            self._pages = None
            self._send(self.prompt)

    # -- command lines

    def _entered(self, line: str) -> None:
        if self._ask is not None:
            ask, self._ask, self._hidden = self._ask, None, False
            ask(line)
            return
        if not line.strip() or line.lstrip().startswith("!"):
            self._send(self.prompt)
            return
        if self._blocks:
            self._configure(line)
        else:
            self._execute(line, offset=0)

    def _syntax(self) -> Syntax[Statement] | Syntax[Command]:
        """The commands of the mode."""
        return self.router.running.mode(self._blocks[-1]).syntax if self._blocks else exec_syntax(self.privilege)

    def _execute(self, line: str, *, offset: int) -> None:
        """Run an exec command; columns of errors count from ``offset`` characters further left."""
        body, bar, pipe = line.partition("|")
        outcome = exec_syntax(self.privilege).read(body.rstrip())
        if not isinstance(outcome, Accepted):
            self._refuse(outcome, line, offset)
            return
        keep = None
        if bar:
            keep = self._filter(pipe.strip())
            if keep is None:
                self._refuse(Invalid(len(body) + 2), line, offset)
                return
        self._run(outcome, keep)

    def _refuse(self, outcome: Outcome[object], line: str, offset: int) -> None:
        if isinstance(outcome, Ambiguous):
            self._write(f'% Ambiguous command:  "{line.strip()}"\n')
        elif isinstance(outcome, Incomplete):
            self._write("% Incomplete command.\n\n")
        elif isinstance(outcome, Invalid):
            column = len(self.prompt) + offset + outcome.column
            self._write(f"{' ' * column}^\n% Invalid input detected at '^' marker.\n\n")
        self._send(self.prompt)

    def _filter(self, pipe: str) -> Callable[[list[str]], list[str]] | None:
        """The output filter behind ``|``, or None if it is none."""
        word, _, pattern = pipe.partition(" ")
        names = [name for name in _FILTERS if word and name.startswith(word.lower())]
        if len(names) != 1 or not pattern.strip():
            return None
        try:
            regex = re.compile(pattern.strip())
        except re.error:
            regex = re.compile(re.escape(pattern.strip()))
        return {
            "include": lambda lines: [line for line in lines if regex.search(line)],
            "exclude": lambda lines: [line for line in lines if not regex.search(line)],
            "begin": lambda lines: _begin(lines, regex),
            "count": lambda lines: [
                f"Number of lines which match regexp = {sum(bool(regex.search(x)) for x in lines)}"
            ],
            "section": lambda lines: _section(lines, regex),
        }.get(names[0])

    def _run(self, outcome: Accepted[Command], keep: Callable[[list[str]], list[str]] | None) -> None:
        router = self.router
        name, values = outcome.meaning.name, outcome.values
        shows: dict[str, Callable[[], list[str]]] = {
            "show-clock": lambda: [f"*{router.stamp()}"],
            "show-version": router.show_version,
            "show-privilege": lambda: [f"Current privilege level is {self.privilege}"],
            "show-users": lambda: ["    Line       User       Host(s)              Idle       Location", "*   0 vty 0"],
            "show-ip-interface-brief": router.show_interfaces_brief,
            "show-running-config": router.show_configuration,
            "show-startup-config": lambda: router.show_configuration(saved=True),
            "show-running-config-interface": lambda: router.show_interface_configuration(values[0]),
        }
        if name in shows:
            lines = shows[name]()
            self._show(keep(lines) if keep else lines)
            return
        actions: dict[str, Callable[..., None]] = {
            "enable": self._do_enable,
            "disable": self._do_disable,
            "exit": self._do_exit,
            "terminal-length": self._do_terminal_length,
            "terminal-width": self._do_terminal_width,
            "terminal-monitor": self._do_terminal_monitor,
            "terminal-no-monitor": self._do_terminal_no_monitor,
            "configure-terminal": self._do_configure_terminal,
            "write-memory": self._do_write_memory,
            "copy-running-startup": self._do_copy_running_startup,
            "reload": self._do_reload,
        }
        actions[name](*values)

    # -- what exec commands do

    def _do_enable(self, *_level: str) -> None:
        if self.privilege >= PRIVILEGED:
            self._send(self.prompt)
        elif self.router.enable_secret is None:
            self._write("% No password set\n")
            self._send(self.prompt)
        else:
            self._password(_ENABLE_TRIES)

    def _password(self, tries: int) -> None:
        def answer(typed: str) -> None:
            if typed == self.router.enable_secret:
                self.privilege = PRIVILEGED
                self._send(self.prompt)
            elif tries > 1:
                self._password(tries - 1)
            else:
                self._write("% Bad secrets\n\n")
                self._send(self.prompt)

        self._ask, self._hidden = answer, True
        self._send("Password: ")

    def _do_disable(self, *_level: str) -> None:
        self.privilege = USER
        self._send(self.prompt)

    def _do_exit(self) -> None:
        self.closed = True
        self._close()

    def _do_terminal_length(self, length: str) -> None:
        self.length = int(length)
        self._send(self.prompt)

    def _do_terminal_width(self, _width: str) -> None:
        self._send(self.prompt)

    def _do_terminal_monitor(self) -> None:
        if self._watch not in self.router.watchers:
            self.router.watchers.append(self._watch)
        self._send(self.prompt)

    def _do_terminal_no_monitor(self) -> None:
        self.stop()
        self._send(self.prompt)

    def _watch(self, line: str) -> None:
        """A log message comes when it comes, also into the middle of a line."""
        self._write(f"\n{line}\n")

    def stop(self) -> None:
        """The session has ended, or wants no more messages."""
        if self._watch in self.router.watchers:
            self.router.watchers.remove(self._watch)

    def _do_configure_terminal(self) -> None:
        self._write("Enter configuration commands, one per line.  End with CNTL/Z.\n")
        self._blocks = [self.router.running.top]
        self._send(self.prompt)

    def _do_write_memory(self) -> None:
        self.router.save()
        self._write("Building configuration...\n[OK]\n")
        self._send(self.prompt)

    def _do_copy_running_startup(self) -> None:
        def answer(_name: str) -> None:
            self._do_write_memory()

        self._ask = answer
        self._send("Destination filename [startup-config]? ")

    def _do_reload(self) -> None:
        def confirm(answer: str) -> None:
            if answer.strip().lower() in {"", "y", "yes", "confirm"}:
                self.router.reload()
                self.closed = True
                self._close()
            else:
                self._send(self.prompt)

        def save(answer: str) -> None:
            if answer.strip().lower() in {"y", "yes"}:
                self.router.save()
            self._ask = confirm
            self._send("Proceed with reload? [confirm]")

        saved = self.router.startup is not None and list(self.router.startup.lines()) == list(
            self.router.running.lines()
        )
        if saved:
            self._ask = confirm
            self._send("Proceed with reload? [confirm]")
        else:
            self._ask = save
            self._send("System configuration has been modified. Save? [yes/no]: ")

    # -- configuration

    def _configure(self, line: str) -> None:
        words = line.split()
        first = words[0].lower()
        if len(words) == 1 and len(first) > 1 and "end".startswith(first):
            self._leave()
            self._send(self.prompt)
            return
        if len(words) == 1 and len(first) > 1 and "exit".startswith(first):
            if len(self._blocks) == 1:
                self._leave()
            else:
                self._blocks.pop()
            self._send(self.prompt)
            return
        if first == "do" and len(words) > 1:
            offset = line.lower().index("do") + 2
            self._execute(line[offset:], offset=offset)
            return
        outcome = self.router.running.type_line(self._blocks, line)
        if isinstance(outcome, Accepted):
            self.router.changed = f"{self.router.stamp()} by console"
            self._send(self.prompt)
        else:
            self._refuse(outcome, line, 0)

    def _leave(self) -> None:
        """Out of configuration, which the router logs."""
        if self._blocks:
            self._blocks.clear()
            self.router.log("%SYS-5-CONFIG_I: Configured from console by vty0")

    # -- help

    def _help(self) -> None:
        self._write("?\n")
        found = self._syntax().choices(self._line)
        if found is None:
            self._write("% Unrecognized command\n")
        elif self._line and not self._line[-1].isspace():
            self._write("  ".join(found[0]) + "\n" if found[0] else "% Unrecognized command\n")
        else:
            words, may_end = found
            self._write("".join(f"  {word}\n" for word in words) + ("  <cr>  <cr>\n" if may_end else ""))
        self._write("\n")
        self._send(f"{self.prompt}{self._line}")

    def _complete(self) -> None:
        found = self._syntax().choices(self._line)
        if found and len(found[0]) == 1 and self._line and not self._line[-1].isspace() and found[0][0][0] not in "<A":
            begun = self._line.split()[-1]
            self._line = f"{self._line[: -len(begun)]}{found[0][0]} "
        self._write("\n")
        self._send(f"{self.prompt}{self._line}")


def _begin(lines: list[str], regex: re.Pattern[str]) -> list[str]:
    at = next((place for place, line in enumerate(lines) if regex.search(line)), len(lines))
    return lines[at:]


def _section(lines: list[str], regex: re.Pattern[str]) -> list[str]:
    """Matching lines with everything indented below them."""
    kept: list[str] = []
    depth: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and line.strip() and indent <= depth:
            depth = None
        if depth is None and regex.search(line):
            depth = indent
        if depth is not None:
            kept.append(line)
    return kept
