"""One session on a router: what comes in are keys, what goes out is what a terminal shows."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from getvpn_ops.lab.ios.identity.accounts import is_secret
from getvpn_ops.lab.ios.router import USER
from getvpn_ops.lab.ios.session.dialog import Ask, Cancelled, Close, Dialog, Drop, Page, Say, Sleep, Step, Work
from getvpn_ops.lab.ios.session.editor import Editor
from getvpn_ops.lab.ios.session.shell import Shell
from getvpn_ops.lab.ios.session.vtys import exec_timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from getvpn_ops.lab.clock import Event
    from getvpn_ops.lab.faults import Fault
    from getvpn_ops.lab.ios.router import Router

_MORE = " --More-- "
_ERASE = "\b" * 9 + " " * 8 + "\b" * 9
_EDITING = "\x7f\b\x04\x15\x18\x0b\x17\x01\x05\x02\x06\x10\x0e"
_PARAMETERS = "0123456789;"
_SEQUENCES = {
    **{arrow: arrow for arrow in "ABCD"},
    **dict.fromkeys(("H", "1~", "7~"), "\x01"),
    **dict.fromkeys(("F", "4~", "8~"), "\x05"),
    "3~": "\x04",
}
_ANSI = "\x1b[1;31m", "\x1b[0m\x1b[K"
_NOT_UTF8 = "\xff\xfe\x80"


class Terminal:
    """Feed it keys; it writes to ``send`` and calls ``close`` when the session ends."""

    def __init__(  # noqa: PLR0913 -- what a session is made of
        self,
        router: Router,
        send: Callable[[str], None],
        close: Callable[[], None],
        privilege: int = USER,
        *,
        user: str = "",
        drop: Callable[[], None] | None = None,
        work: Callable[[Callable[[], Any], Callable[[Any], None]], None] = lambda task, done: done(task()),
        sleep: Callable[[float, Callable[[], None]], None] = lambda _seconds, done: done(),
    ) -> None:
        """Open it; ``start`` shows the first prompt.

        Args:
            router: the device.
            send: takes what the terminal shows.
            close: ends the session in good order.
            privilege: of who logged in.
            user: who logged in.
            drop: breaks the connection; ``close`` if absent.
            work: does a task beside everything else and hands its result on.
            sleep: waits for real seconds; infinity for ever.
        """
        self.router = router
        self.shell = Shell(router, privilege, user)
        self.since: datetime = router.clock.now()
        self.closed = False
        self._send = send
        self._close = close
        self._drop = drop or close
        self._work = work
        self._sleep = sleep
        self._editor = Editor()
        self._dialog: Dialog | None = None
        self._ask: Ask | None = None
        self._busy = False
        self._waiting = ""  # keys that came while the router was busy
        self._escape = ""
        self._pages: Iterator[str] | None = None
        self._after_cr = False
        self._alone = False
        self._idle: Event | None = None
        self._used = self.since

    # -- as its router sees it

    @property
    def line(self) -> int:
        """Number of its line."""
        return self.shell.line

    @line.setter
    def line(self, number: int) -> None:
        self.shell.line = number

    @property
    def user(self) -> str:
        """Who logged in."""
        return self.shell.user

    @property
    def privilege(self) -> int:
        """What who logged in may do by now."""
        return self.shell.privilege

    @property
    def used(self) -> datetime:
        """When a key came last."""
        return self._used

    def show_log(self, text: str) -> None:
        """A log message comes when it comes, also into the middle of a line."""
        if self.shell.monitoring and not self.closed:
            self._write(f"\n{text}\n")

    def announce(self, text: str) -> None:
        """What every terminal shows, such as a reload that is near."""
        if not self.closed:
            self._write(text)

    def drop(self) -> None:
        """The connection breaks off."""
        if not self.closed:
            self.closed = True
            self.stop()
            self._drop()

    # -- the session

    def start(self) -> None:
        """The session is open."""
        banners = [text for kind in ("motd", "exec") if (text := self.router.running.banner(kind))]
        self._write("".join(f"\n{text}" for text in banners) + "\n")
        self._prompt()

    def run(self, command: str) -> None:
        """The exec channel: one command without echo, prompt or paging; then the session ends."""
        self._alone = True
        self.shell.length = 0
        if self.shell.may_run_alone(command):
            self._send("\r\n")
            self._begin(self.shell.enter(command))
        else:
            self._write(f'Line has invalid autocommand "{command}"')
            self._end()

    def stop(self) -> None:
        """The session has ended, from whichever side."""
        self.closed = True
        if self._idle is not None:
            self._idle.cancel()
        if self in self.router.sessions:
            self.router.sessions.remove(self)
        if self.shell.blocks:  # a session that is lost leaves configuration by itself
            for _ in self.shell.leave():
                pass

    def resize(self, columns: int, rows: int) -> None:
        """The terminal has another size."""
        self.shell.width = columns or self.shell.width
        self.shell.length = rows or self.shell.length

    def feed(self, keys: str) -> None:
        """Take keys as they arrive."""
        self._used = self.router.clock.now()
        for at, key in enumerate(keys):
            if self.closed:
                return
            if self._busy:
                self._waiting += keys[at:]
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
        if not key.isprintable() and key != "\x1b":
            self._escape = ""
        if self._ask is not None and self._ask.one_key:
            self._write("\n" if key in "\r\n" else f"{key}\n")
            self._answer("" if key in "\r\n" else key)
        elif key == "\x1b" or (self._escape and key.isprintable()):
            self._escaped(key)
        elif key in "\r\n":
            line = self._editor.take(remember=self._ask is None and not is_secret(self._editor.text))
            self.shell.history = self._editor.history
            self._write("\n")
            if self._ask is not None:
                self._answer(line)
            else:
                self._begin(self.shell.enter(line))
        elif key in _EDITING:
            self._send(self._editor.command(key))
        elif key in "\x03\x1a":
            self._break_off(key)
        elif key in "?\t" and self._ask is None:
            (self._help if key == "?" else self._complete)()
        elif key.isprintable():
            self._send(self._editor.insert(key))
            if self._ask is None and self.router.faults.armed and self.router.faults.meet("key", self._editor.text):
                self.drop()

    def _escaped(self, key: str) -> None:
        """A key that is a sequence: an arrow, Home, End, Delete; others do nothing."""
        self._escape = key if key == "\x1b" else self._escape + key
        if self._escape in {"\x1b", "\x1b[", "\x1bO"} or (self._escape.startswith("\x1b[") and key in _PARAMETERS):
            return
        sequence, self._escape = self._escape, ""
        if self._ask is None and (editing := _SEQUENCES.get(sequence[2:])) is not None:
            self._send(self._editor.command(editing))

    def _break_off(self, key: str) -> None:
        """Ctrl-C and Ctrl-Z: the line is gone, and so is the question or the configuration mode."""
        typed = self._editor.take() if key == "\x1a" and self._ask is None else ""
        self._editor.start(0)
        self._write(("^C\n" if self.shell.blocks else "\n") if key == "\x03" else "^Z\n")
        dialog, self._dialog, self._ask = self._dialog, None, None
        if dialog is not None:
            with contextlib.suppress(Cancelled, StopIteration):
                dialog.throw(Cancelled)
        if typed.strip() and self.shell.blocks:
            self._begin(self._last_line(typed))
        else:
            self._begin(self.shell.leave())

    def _last_line(self, line: str) -> Dialog:
        """Ctrl-Z behind a configuration line applies it and leaves."""
        yield from self.shell.enter(line)
        yield from self.shell.leave()

    # -- dialogs

    def _begin(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._drive(None)

    def _answer(self, text: str) -> None:
        self._ask = None
        self._drive(text)

    def _drive(self, sent: object) -> None:
        """Carry out the steps of a dialog until it must wait, or ends."""
        while self._dialog is not None and not self.closed:
            try:
                step = self._dialog.send(sent)
            except StopIteration:
                self._dialog = None
                self._done()
                return
            sent = None
            if self._takes_time(step):
                return

    def _takes_time(self, step: Step) -> bool:
        """Carry out a step; whether the dialog must wait for it."""
        if isinstance(step, Say):
            self._write(step.text)
        elif isinstance(step, Page):
            return self._show(self._damaged(list(step.lines)))
        elif isinstance(step, Ask):
            self._ask = step
            self._write(step.question)
            self._editor.start(len(step.question.rpartition("\n")[2]), hidden=step.hidden)
            return True
        elif isinstance(step, Work):
            self._busy = True
            self._work(step.task, self._resume)
            return True
        elif isinstance(step, Sleep):
            self._busy = True
            self._sleep(step.seconds, lambda: self._resume(None))
            return True
        elif isinstance(step, Close):
            self._end()
            return True
        elif isinstance(step, Drop):
            self.drop()
            return True
        return False

    def _resume(self, result: object) -> None:
        """What took its time is done: go on, and take the keys that came meanwhile."""
        self._busy = False
        if self.closed:
            return
        self._drive(result)
        keys, self._waiting = self._waiting, ""
        if keys:
            self.feed(keys)

    def _done(self) -> None:
        if self.closed:
            return
        if self._alone:
            self._end()
        else:
            self._prompt()

    def _end(self) -> None:
        self.closed = True
        self.stop()
        self._close()

    def _prompt(self) -> None:
        prompt = self.shell.prompt
        self._editor.width = self.shell.width
        self._editor.start(len(prompt))
        self._send(prompt)
        self._watch_idle()

    def _watch_idle(self) -> None:
        """Begin to wait for the end of the session by idleness, as the line's exec-timeout says."""
        if self._idle is None:
            limit = exec_timeout(self.router.running, self.line)
            if limit:
                self._idle = self.router.clock.after(limit, self._idled)

    def _idled(self) -> None:
        self._idle = None
        if self.closed:
            return
        limit = exec_timeout(self.router.running, self.line)
        idle = (self.router.clock.now() - self._used).total_seconds()
        if not limit:
            return
        if idle >= limit:
            self._end()
        else:
            self._idle = self.router.clock.after(limit - idle, self._idled)

    # -- output

    def _write(self, text: str) -> None:
        self._send(text.replace("\n", "\r\n"))

    def _damaged(self, lines: list[str]) -> list[str]:
        """Output as a fault leaves it."""
        for fault in self.router.faults.meet("output", self._editor.history[-1] if self._editor.history else ""):
            lines = _damage(lines, fault)
        return lines

    def _show(self, lines: list[str]) -> bool:
        """Print lines, page by page where the terminal is short; whether more are to come."""
        if self._alone:
            self._write("\n".join(lines))  # the exec channel ends without a line end
            return False
        if not self.shell.length or len(lines) < self.shell.length:
            self._write("".join(f"{line}\n" for line in lines))
            return False
        self._pages = iter(lines)
        return self._page(self.shell.length - 1)

    def _page(self, count: int) -> bool:
        """Print a page; whether more are to come."""
        for _ in range(count):
            line = next(self._pages, None) if self._pages is not None else None
            if line is None:
                self._pages = None
                return False
            self._write(f"{line}\n")
        self._send(_MORE)
        return True

    def _turn(self, key: str) -> None:
        """A key at ``--More--``."""
        self._send(_ERASE)
        if key in " \r\n":
            if self._page(self.shell.length - 1 if key == " " else 1):
                return
        else:
            self._pages = None
        self._after_cr = key == "\r"
        self._drive(None)

    # -- help

    def _help(self) -> None:
        text = self._editor.text
        self._write("?\n")
        found = self.shell.choices(text)
        fresh = not text or text[-1].isspace()
        if found is None or not (found[0] or fresh):
            self._write("% Unrecognized command\n")
        elif not fresh:
            self._write("  ".join(found[0]) + "\n")
        else:
            words, may_end = found
            self._write("".join(f"  {word}\n" for word in words) + ("  <cr>  <cr>\n" if may_end else ""))
        self._write(f"\n{self.shell.prompt}")
        self._send(self._editor.reshow())

    def _complete(self) -> None:
        text = self._editor.text
        found = self.shell.choices(text)
        if found and len(found[0]) == 1 and text and not text[-1].isspace() and found[0][0][0] not in "<A":
            begun = text.split()[-1]
            self._editor.replace(f"{text[: -len(begun)]}{found[0][0]} ")
        self._write(f"\n{self.shell.prompt}")
        self._send(self._editor.reshow())


def _damage(lines: list[str], fault: Fault) -> list[str]:
    if not lines:
        return lines
    if fault.kind.name == "truncate":
        kept = lines[: max(1, int(len(lines) * float(fault.options["share"])))]
        return [*kept[:-1], kept[-1][: len(kept[-1]) // 2]]
    if fault.kind.name == "huge":
        more = int(fault.options["lines"])
        return [*lines, *(lines[at % len(lines)] for at in range(more))]
    if fault.kind.name == "non-utf8":
        return [
            line if at % 3 else f"{line[: len(line) // 2]}{_NOT_UTF8}{line[len(line) // 2 :]}"
            for at, line in enumerate(lines)
        ]
    return [f"{_ANSI[0]}{line}{_ANSI[1]}" for line in lines]
