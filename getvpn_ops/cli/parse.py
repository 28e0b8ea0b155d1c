"""``getvpn-ops parse``: captured text -> typed state."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from getvpn_ops.cli.output import form_of, say, write_data, write_view
from getvpn_ops.errors import ExitCode, UsageError
from getvpn_ops.parsing import known_commands, parse, parse_transcript
from getvpn_ops.parsing.index import index_rows, resolve
from getvpn_ops.parsing.transcript import Fate
from getvpn_ops.reports.console import console
from getvpn_ops.reports.parsed import Output, parsed_view, transcript_plain, transcript_view

_STDIN = Path("-")


def command(
    text_of: Annotated[
        str | None, typer.Argument(metavar="COMMAND", help='The show command, as typed: "sh cry gdoi ks members".')
    ] = None,
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The captured text; - is standard input.")] = _STDIN,
    *,
    output: Annotated[
        Output | None,
        typer.Option("--output", "-o", case_sensitive=False, help="Format; a table on a terminal, else JSON."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file (mode 0600) instead of stdout.")] = None,
    transcript: Annotated[
        Path | None,
        typer.Option("--transcript", help="Split this terminal log at its prompts and parse every command in it."),
    ] = None,
    list_commands: Annotated[bool, typer.Option("--list", help="Show every command that is known.")] = False,
) -> None:
    """Turn what a router printed into typed state, or say exactly why not.

    Exit codes: 0 parsed; 2 unknown command or unusable input; 3 the text gives no state.
    """
    form = form_of(output, out)
    if list_commands:
        _list(form, out)
    elif transcript is not None:
        if text_of is not None:
            raise UsageError("give either a COMMAND or --transcript, not both")
        _transcript(transcript, form, out)
    elif text_of is None:
        raise UsageError('name the command whose output this is, such as: getvpn-ops parse "show crypto gdoi" FILE')
    else:
        _one(text_of, file, form, out)


def _one(text_of: str, file: Path, form: Output, out: Path | None) -> None:
    if resolve(text_of) is None and _is_file(text_of):
        msg = f'{text_of} is a file; name the command first: getvpn-ops parse "show crypto gdoi" {text_of}'
        raise UsageError(msg)
    if resolve(text_of) is None:  # before standard input is waited for
        parse(text_of, "")
    parsed = parse(text_of, _read(file))
    if form is Output.TABLE:
        write_view(parsed_view(parsed, console().width), out)
        return
    write_data(parsed, form, out)
    if parsed.unrecognized:
        count = len(parsed.unrecognized)
        say(f'left out: {count} line{"s" if count > 1 else ""}; see "unrecognized"', "yellow")


def _transcript(path: Path, form: Output, out: Path | None) -> None:
    found = parse_transcript(_read(path))
    if form is Output.TABLE:
        write_view(transcript_view(found, console().width), out)
    else:
        write_data(transcript_plain(found), form, out)
    shows = [piece for piece in found.pieces if piece.fate is not Fate.NOT_READ]
    read = sum(1 for piece in shows if piece.parsed is not None)
    say(f"{read} of {len(shows)} show commands gave state")
    for piece in found.pieces:
        if piece.parsed is None and piece.reason:
            say(f"line {piece.line}: {piece.typed}: {piece.fate.value}: {piece.reason}", "yellow")
    for gap in found.unsplit:
        say(f"lines {gap.first_line}-{gap.last_line} belong to no command", "yellow")
    if not found.is_whole:
        raise typer.Exit(ExitCode.UNDETERMINED)


def _list(form: Output, out: Path | None) -> None:
    if form is not Output.TABLE:
        rows = [{"command": row.canonical, "template": row.template} for row in index_rows()]
        write_data(rows, form, out)
        return
    table = Table(box=None, header_style="cyan", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("command")
    table.add_column("with")
    for name in known_commands():
        row = next(row for row in index_rows() if row.canonical == name)
        takes = [group for group in row.pattern.groupindex if group != "group"]
        words = (["group NAME"] if "group" in row.pattern.groupindex else []) + [f"[{word.upper()}]" for word in takes]
        table.add_row(Text(name), Text(" ".join(words), style="dim"))
    write_view(table, out)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a command may be too long for the name of a file
        return False


def _read(path: Path) -> bytes:
    if path == _STDIN:
        if sys.stdin.isatty():
            say("reading the output from standard input; end with Ctrl-D", "dim")
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as exc:
        msg = f"cannot read {path}: {exc.strerror}"
        raise UsageError(msg) from exc
