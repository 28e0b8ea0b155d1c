"""One file that somebody made -> the outputs in it, each with its command."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from getvpn_ops.dialect.secrets import redact
from getvpn_ops.dialect.terminal import SYSLOG
from getvpn_ops.errors import ParseFailure
from getvpn_ops.parsing import split_transcript
from getvpn_ops.parsing.clean import screen
from getvpn_ops.parsing.index import resolve
from getvpn_ops.parsing.transcript import is_show
from getvpn_ops.store.folder.found import Note
from getvpn_ops.store.folder.names import full, stem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import PurePosixPath

    from getvpn_ops.parsing import Exchange, Split
    from getvpn_ops.store.folder.names import Named

_HEADING = re.compile(
    r"[ \t]*[-=#*!+~>]+[ \t]*(?:(?P<host>[A-Za-z0-9][\w.\-]{0,62})[ \t]*[:>#|,][ \t]*)?"
    r"[`'\"]?(?P<command>sh(?:ow?)?[ \t]+[^`'\"#*=~\r\n]+?)[`'\"]?[ \t]*[-=#*!+~<:]*[ \t]*",
    re.IGNORECASE,
)
"""A command as a line of its own with ornaments before it, as ``show tech-support`` and scripts print it."""

_ECHO = re.compile(r"[ \t]*(?P<command>sh(?:ow?)?[ \t]+\S.*?)[ \t]*", re.IGNORECASE)
_LONGEST_HEADING = 240
_CONFIGURATION = (
    re.compile(r"^version \d+\.\d", re.MULTILINE),
    re.compile(r"^hostname \S+", re.MULTILINE),
    re.compile(r"^(?:Building configuration\.\.\.|Current configuration *:|Using \d+ out of \d+ bytes)", re.MULTILINE),
    re.compile(r"^! (?:Last configuration change|NVRAM config last updated)", re.MULTILINE),
    re.compile(r"^interface [A-Z]\S*\d", re.MULTILINE),
    re.compile(r"^crypto (?:isakmp|gdoi|gkm|map|ipsec) ", re.MULTILINE),
    re.compile(r"^end\s*$", re.MULTILINE),
)
_SIGNS = 3  # so many of them, and a text is a configuration
_STARTUP = re.compile(r"^Using \d+ out of \d+ bytes|startup", re.MULTILINE | re.IGNORECASE)
_HOSTNAME = re.compile(r"^hostname (?P<name>\S+)", re.MULTILINE)
_UPTIME = re.compile(r"^(?P<name>[A-Za-z0-9][\w.\-]{0,62}) uptime is \d", re.MULTILINE)
_LOG_HEADER = re.compile(r"=~=~|Script (?:started|done) |-{4,}|={4,}|\*{4,}")


@dataclass(frozen=True, slots=True)
class Output:
    """One command's output in a file.

    Attributes:
        hostname: of the router, if its prompt or the file's text tells; None if not.
        command: in full.
        text: what was shown; it may hold secrets.
        line: of the file at which the output's prompt or heading stands; 1 if the whole file is the output.
        cut: why the text is not the whole answer; empty if nothing says so.
        by_prompt: whether a prompt told the command.
    """

    hostname: str | None
    command: str
    text: str
    line: int = 1
    cut: str = ""
    by_prompt: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds.

    Attributes:
        outputs: in order.
        notes: what was left out of it.
    """

    outputs: tuple[Output, ...]
    notes: tuple[Note, ...] = ()


def contents(path: PurePosixPath, text: str, named: Named) -> Contents:
    """Take a file apart: a terminal log, outputs under headings, a configuration, or the output that its name says."""
    shown = screen(text)
    try:
        split = split_transcript(text)
    except ParseFailure:
        split = None
    if split is not None and any(is_show(exchange.typed) for exchange in split.exchanges):
        return _log(path, split)
    hostname = split.hostnames[0] if split is not None and len(split.hostnames) == 1 else hostname_in(shown)
    parts, before = _sections(shown)
    if parts:
        notes = [Note(str(path), "left out: stands before the first heading, which would tell the command", before)]
        return _known_only(
            path, [replace(part, hostname=part.hostname or hostname) for part in parts], notes if before else []
        )
    signs = sum(1 for sign in _CONFIGURATION if sign.search(shown))
    if named.command is not None:
        return Contents((Output(hostname, named.command, shown),))
    if signs >= _SIGNS:
        startup = _STARTUP.search(shown[:2000]) or _STARTUP.search(stem(path.name))
        return Contents((Output(hostname, "show startup-config" if startup else "show running-config", shown),))
    return Contents((), (Note(str(path), "left out: no prompt, heading or file name tells which command it answers"),))


def hostname_in(text: str) -> str | None:
    """The router's name, if a configuration or ``show version`` in the text tells one, and only one."""
    names = {match["name"] for pattern in (_HOSTNAME, _UPTIME) for match in pattern.finditer(text)}
    return names.pop() if len(names) == 1 else None


def _log(path: PurePosixPath, split: Split) -> Contents:
    outputs: list[Output] = []
    notes: list[Note] = []
    others: list[Exchange] = []
    for place, exchange in enumerate(split.exchanges):
        if not is_show(exchange.typed) or exchange.typed.rstrip().endswith("?"):
            if not SYSLOG.fullmatch(exchange.typed):
                others.append(exchange)
            continue
        following = split.exchanges[place + 1] if place + 1 < len(split.exchanges) else None
        if _is_completed(exchange, following):
            continue
        parts, _ = _sections(exchange.text) if resolve(exchange.typed) is None else ([], 0)
        if parts:  # show tech-support
            moved = [
                replace(part, hostname=exchange.hostname, line=exchange.line + part.line, by_prompt=True)
                for part in parts
            ]
            known = _known_only(path, moved, [])
            outputs.extend(known.outputs)
            notes.extend(known.notes)
            continue
        text = exchange.text
        if exchange.ends_the_log and text.strip():  # with its prompt, so that the parser sees that the next is missing
            text = f"{exchange.hostname or ''}#{exchange.typed}\n{text}"
        whole = Output(exchange.hostname, exchange.typed, text, exchange.line, _cut(exchange), by_prompt=True)
        known = _known_only(path, [whole], [])
        outputs.extend(known.outputs)
        notes.extend(known.notes)
    if others:
        words = list(dict.fromkeys(redact(item.typed).split(" ")[0] for item in others))
        shown = ", ".join(words[:4]) + (" ..." if len(words) > 4 else "")  # noqa: PLR2004 -- enough to recognise them
        count = f"{len(others)} lines typed that show" if len(others) > 1 else "1 line typed that shows"
        reason = f"{count} nothing, not read: {shown}"
        notes.append(Note(str(path), reason, others[0].line))
    for gap in split.unsplit:
        if gap.first_line == gap.last_line and _LOG_HEADER.match(gap.text):
            continue
        upto = f" (to line {gap.last_line})" if gap.last_line != gap.first_line else ""
        notes.append(Note(str(path), f"left out{upto}: no prompt tells which command it answers", gap.first_line))
    return Contents(tuple(outputs), tuple(sorted(notes, key=lambda note: note.line or 0)))


def _is_completed(exchange: Exchange, following: Exchange | None) -> bool:
    """Whether a line was only completed by the Tab key, or shown again after help: IOS prints it once more, longer."""
    return (
        following is not None
        and not exchange.text.strip()
        and following.hostname == exchange.hostname
        and following.line == exchange.line + 1
        and following.typed.lower().startswith(exchange.typed.rstrip().lower())
        and following.typed.strip().lower() != exchange.typed.strip().lower()
    )


def _cut(exchange: Exchange) -> str:
    if exchange.quit_at_pager:
        return "the output was left at --More--, so its end was never shown"
    if exchange.ends_the_log and not exchange.text.strip():
        return "the log ends before the answer"
    return ""


def _known_only(path: PurePosixPath, outputs: Sequence[Output], notes: list[Note]) -> Contents:
    """Outputs of commands that are known, in full; a note for each other one."""
    kept: list[Output] = []
    for output in outputs:
        resolved = resolve(output.command)
        if resolved is not None:
            kept.append(replace(output, command=full(resolved)))
            continue
        typed = redact(" ".join(output.command.split())[:80])
        notes.append(Note(str(path), f"left out: {typed!r} is no command that getvpn-ops reads", output.line))
    return Contents(tuple(kept), tuple(notes))


def _sections(text: str) -> tuple[list[Output], int]:
    """Outputs under headings, or under echoes without a prompt; and the first line before them, 0 if there is none.

    A bare echo counts only if the command is known: a text may hold a line that begins with ``show``.
    """
    lines = text.split("\n")
    heads: list[tuple[int, str | None, str]] = []
    for number, line in enumerate(lines):
        if len(line) > _LONGEST_HEADING or "sh" not in line.lower():
            continue
        if heading := _HEADING.fullmatch(line):
            heads.append((number, heading["host"], heading["command"]))
        elif (echo := _ECHO.fullmatch(line)) and resolve(echo["command"]) is not None:
            heads.append((number, None, echo["command"]))
    if not heads:
        return [], 0
    ends = [number for number, _, _ in heads[1:]] + [len(lines)]
    outputs = []
    for (number, host, command), end in zip(heads, ends, strict=True):
        body = "\n".join(lines[number + 1 : end]) + ("\n" if number + 1 < end < len(lines) else "")
        outputs.append(Output(host, command, body, number + 1))
    before = next((number for number, line in enumerate(lines[: heads[0][0]], 1) if line.strip()), 0)
    return outputs, before
