"""The door: text of one command -> typed state with an account of every line, or a ``ParseFailure``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.secrets import redact
from getvpn_ops.dialect.terminal import REFUSALS
from getvpn_ops.errors import GetvpnOpsError, ParseFailure, TemplateError
from getvpn_ops.model.parsed import Parsed, Unrecognized
from getvpn_ops.parsing.clean import Cleaned, clean, decode
from getvpn_ops.parsing.commands import commands_by_template
from getvpn_ops.parsing.index import Resolved, index_rows, resolve_or_raise

if TYPE_CHECKING:
    from getvpn_ops.parsing.command import Command

logger = logging.getLogger(__name__)

_REFUSAL_WORDS = ("%", "uthorization", "autocommand")  # one of them stands in every refusal
_QUOTED = 160  # characters of a line that a reason quotes
_FOREIGN_SHARE = 4  # a text of which fewer than one line in so many is known is another command's output


def known_commands() -> tuple[str, ...]:
    """Every command that can be parsed, in full, in the order of the index."""
    return tuple(dict.fromkeys(row.canonical for row in index_rows()))


def parse(command: str, text: str | bytes) -> Parsed[Any]:
    """Read what a router printed.

    Args:
        command: as typed; abbreviations, ``gkm`` and a filter behind ``|`` are understood.
        text: the output; prompts, echoes, pager remains, log lines and control characters in it do no harm.

    Returns:
        The typed state of ``model.state`` for this command, and every line that is not in it.

    Raises:
        UnknownCommandError: no template for this command.
        ParseFailure: the text gives no state; says why. Nothing else is raised, whatever the text. (A broken
            installation shows as ``TemplateError`` or ``ResourceMissingError``.)
    """
    resolved = resolve_or_raise(command)
    reader = commands_by_template().get(resolved.template)
    if reader is None:
        msg = f"parsers/index names {resolved.template}, which has no parser"
        raise TemplateError(msg)
    try:
        return _parse(resolved, reader, text)
    except GetvpnOpsError:
        raise
    except Exception as exc:  # a defect of ours must not look like a defect of the network, nor stop a sweep
        logger.exception("parsing %s crashed", resolved.canonical)
        msg = f"the parser crashed, which is a defect of getvpn-ops: {type(exc).__name__}"
        raise ParseFailure(resolved.canonical, msg) from exc


def _parse(resolved: Resolved, reader: Command, text: str | bytes) -> Parsed[Any]:
    decoded, warnings = decode(text) if isinstance(text, bytes) else (text, [])
    cleaned = clean(decoded, resolved, syslog_is_data=reader.syslog_is_data)
    if any(word in decoded for word in _REFUSAL_WORDS):
        _refused(cleaned, resolved)
    reading = reader.read(cleaned)
    unrecognized = tuple(
        Unrecognized(number, redact(cleaned.lines[number - 1]), redact(reason))
        for number, reason in sorted(reading.left_out.items())
    )
    _foreign(resolved, reading.recognized, unrecognized)
    if reading.data is None:
        first = unrecognized[0] if unrecognized else None
        raise ParseFailure(
            resolved.canonical,
            f"an essential value is missing{f'; first line not understood: {_quote(first.text)}' if first else ''}",
            first.line if first else None,
        )
    if resolved.output_filter is not None:
        shown = redact(resolved.output_filter)  # it may search for a secret
        warnings.append(f"the output was filtered by '| {shown}': what is absent may only be hidden")
    if _last(cleaned.lines) in reading.left_out:
        warnings.append("the last line is not understood: the text may be cut there")
    return Parsed(
        command=resolved.canonical,
        data=reading.data,
        unrecognized=unrecognized,
        warnings=(*warnings, *cleaned.warnings, *reading.warnings),
        set_aside=tuple(cleaned.set_aside),
    )


def _last(lines: list[str]) -> int:
    """Number of the last line that says something; 0 if none does."""
    return next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip()), 0)


def _quote(text: str) -> str:
    """A line as reasons quote it: it may be a long one."""
    return repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}...")


def _refused(cleaned: Cleaned, resolved: Resolved) -> None:
    for number, line in enumerate(cleaned.lines, 1):
        if any(word in line for word in _REFUSAL_WORDS) and any(form.match(line) for form in REFUSALS):
            raise ParseFailure(resolved.canonical, f"the device refused the command: {_quote(redact(line))}", number)


def _foreign(resolved: Resolved, recognized: int, unrecognized: tuple[Unrecognized, ...]) -> None:
    if recognized == 0 or recognized * _FOREIGN_SHARE < len(unrecognized):
        known = (
            f"only {recognized} of {recognized + len(unrecognized)} lines are known"
            if recognized
            else "no line is known"
        )
        first = unrecognized[0] if unrecognized else None
        raise ParseFailure(
            resolved.canonical,
            f"this is not the output of the command: {known}{f', first {_quote(first.text)} is not' if first else ''}",
            first.line if first else None,
        )
