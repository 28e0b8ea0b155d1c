"""Commands of the session itself: privilege, terminal, ways in and out of modes, banners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.ios.session import lock
from getvpn_ops.lab.ios.session.dialog import Ask, Close, Dialog, Say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.lab.ios.session.shell import Shell

_TRIES = 3
_PRIVILEGED = 15


def enable(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``enable [LEVEL]``: asks for the level's password unless the level is already passed."""
    level = int(values[0]) if values else _PRIVILEGED
    if level <= shell.privilege:
        shell.privilege = level
        return
    if not shell.router.has_enable(level):
        yield Say(
            "% Error in authentication.\n\n" if shell.router.running.find("aaa new-model") else "% No password set\n"
        )
        return
    for _ in range(_TRIES):
        if shell.router.may_enable((yield Ask("Password: ", hidden=True)), level):
            shell.privilege = level
            return
    aaa = shell.router.running.find("aaa new-model") is not None
    yield Say("% Error in authentication.\n\n" if aaa else "% Bad secrets\n\n")


def disable(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``disable [LEVEL]``."""
    shell.privilege = min(shell.privilege, int(values[0]) if values else 1)
    yield from ()


def leave(_shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``exit``: the session ends."""
    yield Close()


def terminal_length(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``terminal length N``; 0 does not page."""
    shell.length = int(values[0])
    yield from ()


def terminal_width(shell: Shell, _words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``terminal width N``; 0 never shifts a long line."""
    shell.width = int(values[0])
    yield from ()


def terminal_monitor(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``terminal [no] monitor``."""
    shell.monitoring = "no" not in words
    yield from ()


def configure_terminal(shell: Shell, words: tuple[str, ...], _values: tuple[str, ...]) -> Dialog:
    """``configure terminal [lock]``."""
    if held := lock.refusal(shell):
        yield Say(held)
        return
    if "lock" in words:
        lock.take(shell)
    yield Say("Enter configuration commands, one per line.  End with CNTL/Z.\n")
    shell.router.archive.entered += 1
    shell.blocks = [shell.router.running.top]


def banner(shell: Shell, words: tuple[str, ...], values: tuple[str, ...]) -> Dialog:
    """``banner KIND #...#``: text until the delimiter comes again.

    The delimiter is the first character; so a pasted ``^C``, as printed, leaves its C in the text.
    """
    kind = words[1] if len(words) > 2 else "motd"  # noqa: PLR2004 -- banner, kind, text
    typed = values[-1]
    mark, body = typed[0], typed[1:]
    lines = []
    if mark not in body:
        yield Say(f"Enter TEXT message.  End with the character '{mark}'.\n")
        while mark not in body:
            lines.append(body)
            body = yield Ask("")
    lines.append(body.partition(mark)[0])
    text = "\n".join(lines)
    shell.router.running.store(f"banner {kind}", f"^C{text}^C")


def show_privilege(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show privilege``."""
    return [f"Current privilege level is {shell.privilege}"]


def show_history(shell: Shell, _words: tuple[str, ...], _values: tuple[str, ...]) -> Iterable[str]:
    """``show history``."""
    return [f"  {line}" for line in shell.history]


SHOWS = {"show-privilege": show_privilege, "show-history": show_history}
ACTIONS = {
    "enable": enable,
    "disable": disable,
    "exit": leave,
    "terminal-length": terminal_length,
    "terminal-width": terminal_width,
    "terminal-monitor": terminal_monitor,
    "configure-terminal": configure_terminal,
    "banner": banner,
}
