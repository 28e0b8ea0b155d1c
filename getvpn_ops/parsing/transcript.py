"""A whole terminal log -> every command in it, each with its state or the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.secrets import redact
from getvpn_ops.dialect.terminal import PAGER, PROMPT
from getvpn_ops.errors import ParseFailure, UnknownCommandError
from getvpn_ops.parsing.clean import LONGEST, decode, screen
from getvpn_ops.parsing.index import resolve
from getvpn_ops.parsing.parse import parse

if TYPE_CHECKING:
    from getvpn_ops.model.parsed import Parsed

_TYPED_BY_PEOPLE = re.compile(
    r"(?:do\s+)?(?:sh(?:ow|o)?|term\S*|conf\S*|en(?:able)?|dis(?:able)?|exit|end|quit|clear|ping|traceroute|write|wr|"
    r"copy|debug|undebug|un|no|crypto|logout|ssh|telnet|dir|verify|reload)(?:\s.*)?",
    re.IGNORECASE,
)
_SHOWS = re.compile(r"(?:do\s+)?sh(?:ow|o)?\s+\S", re.IGNORECASE)


class Fate(StrEnum):
    """What became of one command of a transcript."""

    PARSED = "parsed"
    FAILED = "failed"
    UNKNOWN = "unknown command"
    NO_OUTPUT = "no output"
    NOT_READ = "not a show command"


@dataclass(frozen=True, slots=True)
class Piece:
    """One command of a transcript.

    Attributes:
        hostname: from the prompt; None for a bare ``#``.
        typed: the command as typed.
        line: number of the prompt's line in the transcript; line numbers within ``parsed`` count from there too.
        fate: what became of it.
        parsed: the state, if there is one.
        reason: why there is none, for a person.
    """

    hostname: str | None
    typed: str
    line: int
    fate: Fate
    parsed: Parsed[Any] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Unsplit:
    """Lines that no prompt stands before: they answer nobody knows what."""

    first_line: int
    last_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command of a terminal log, and what came back.

    Attributes:
        hostname: from the prompt; None for a bare ``#``.
        typed: the command as typed; it may hold a secret.
        line: number of the prompt's line in the log; the output begins one line below.
        text: what a terminal shows between this prompt and the next; it may hold secrets.
        quit_at_pager: whether the output was left at ``--More--``, so that the rest was never shown.
        ends_the_log: whether no prompt follows, so that nothing shows that the answer is whole.
    """

    hostname: str | None
    typed: str
    line: int
    text: str
    quit_at_pager: bool = False
    ends_the_log: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """A terminal log, split at its prompts and not read yet.

    Attributes:
        exchanges: every command in order.
        hostnames: of its prompts, also of those that nothing was typed at, in order of appearance.
        unsplit: text that could not be given to a command.
    """

    exchanges: tuple[Exchange, ...]
    hostnames: tuple[str, ...] = ()
    unsplit: tuple[Unsplit, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """A terminal log, split at its prompts.

    Attributes:
        pieces: every command in order.
        unsplit: text that could not be given to a command.
        warnings: doubts about the text as a whole.
    """

    pieces: tuple[Piece, ...]
    unsplit: tuple[Unsplit, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every show command we know gave state, there was at least one, and no output is left over."""
        bad = {Fate.FAILED, Fate.NO_OUTPUT}
        return (
            not self.unsplit
            and any(piece.fate is Fate.PARSED for piece in self.pieces)
            and not any(piece.fate in bad for piece in self.pieces)
        )


def split_transcript(text: str) -> Split:
    """Split a terminal log at its prompts.

    A prompt is a line that begins with a host name and ``#`` or ``>``, where at least one such line of that host has
    nothing or an IOS command behind it. A bare ``#`` counts only with a show command behind it.

    Raises:
        ParseFailure: the text is empty or holds no prompt.
    """
    lines = screen(text).split("\n")
    if not any(line.strip() for line in lines):
        raise ParseFailure("transcript", "the text is empty")
    prompts = _prompts(lines)
    if not prompts:
        raise ParseFailure(
            "transcript",
            "no prompt such as 'KS1#show crypto gdoi' was found; name the command instead: parse COMMAND FILE",
        )
    sent = text.split("\n") if "ore" in text else lines  # as it came, with what the pager erased of itself
    unsplit: list[Unsplit] = []
    _left_over(lines, 0, prompts[0][0], unsplit)
    exchanges: list[Exchange] = []
    ends = [number for number, _, _ in prompts[1:]] + [len(lines)]
    for (number, hostname, typed), end in zip(prompts, ends, strict=True):
        if typed:
            body = "\n".join(lines[number + 1 : end]) + ("\n" if number + 1 < end < len(lines) else "")
            last = end == len(lines)
            left = not last and PAGER.search(sent[end]) is not None
            exchanges.append(Exchange(hostname, typed, number + 1, body, left, last))
        else:
            _left_over(lines, number + 1, end, unsplit)
    hostnames = dict.fromkeys(hostname for _, hostname, _ in prompts if hostname)
    return Split(tuple(exchanges), tuple(hostnames), tuple(unsplit))


def parse_transcript(text: str | bytes) -> Transcript:
    """Split a terminal log at its prompts (``split_transcript``) and parse every command in it.

    Raises:
        ParseFailure: the text is empty or holds no prompt.
    """
    decoded, warnings = decode(text) if isinstance(text, bytes) else (text, [])
    split = split_transcript(decoded)
    return Transcript(tuple(_piece(exchange) for exchange in split.exchanges), split.unsplit, tuple(warnings))


def _prompts(lines: list[str]) -> list[tuple[int, str | None, str]]:
    """Index, host name and typed text of every prompt line."""
    candidates = []
    hosts: set[str] = set()
    for index, line in enumerate(lines):
        if ("#" not in line and ">" not in line) or len(line) > LONGEST:
            continue
        found = PROMPT.fullmatch(line.strip())
        if found is None:
            continue
        typed = found["typed"].strip()
        candidates.append((index, found["host"], typed))
        if found["host"] and (_TYPED_BY_PEOPLE.fullmatch(typed) or not typed):
            hosts.add(found["host"])
    return [
        (index, host, typed)
        for index, host, typed in candidates
        if (host in hosts if host else (not typed and not hosts) or _SHOWS.match(typed))
    ]


def _left_over(lines: list[str], start: int, end: int, unsplit: list[Unsplit]) -> None:
    body = lines[start:end]
    filled = [start + offset + 1 for offset, line in enumerate(body) if line.strip()]
    if filled:
        first = lines[filled[0] - 1].strip()
        text = redact(first) if len(first) <= LONGEST else f"(a line of {len(first)} characters)"
        unsplit.append(Unsplit(filled[0], filled[-1], text))


def is_show(typed: str) -> bool:
    """Whether something typed is a show command, known or not."""
    return _SHOWS.match(typed) is not None


def _piece(exchange: Exchange) -> Piece:
    typed = exchange.typed

    def fate(what: Fate, reason: str | None = None, parsed: Parsed[Any] | None = None) -> Piece:
        return Piece(exchange.hostname, redact(typed), exchange.line, what, parsed, reason)

    if not is_show(typed):
        return fate(Fate.NOT_READ)
    if resolve(typed) is None:
        filled = sum(1 for line in exchange.text.split("\n") if line.strip())
        return fate(Fate.UNKNOWN, f"{filled} line{'s' if filled != 1 else ''} of output not read")
    if not exchange.text.strip():
        return fate(Fate.NO_OUTPUT, "nothing stands between this prompt and the next")
    padding = "\n" * exchange.line  # so that line numbers are those of the transcript
    try:
        parsed = parse(typed, f"{padding}{exchange.text}\n")
    except (ParseFailure, UnknownCommandError) as exc:
        return fate(Fate.FAILED, str(exc))
    return fate(Fate.PARSED, parsed=parsed)
