"""Parse results -> JSON, YAML or tables. The JSON shape is a promise (P18); golden tests hold it."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Group
from rich.text import Text

from getvpn_ops.model.plain import to_plain
from getvpn_ops.reports.console import UNSEEN, indented
from getvpn_ops.reports.state import state_view

if TYPE_CHECKING:
    from rich.console import RenderableType

    from getvpn_ops.model.parsed import Parsed
    from getvpn_ops.parsing.transcript import Piece, Transcript


class Output(StrEnum):
    """Formats of ``-o``."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


def structured(plain: object, output: Output, *, only_ascii: bool = False) -> str:
    """Plain data as JSON or YAML text, ending in a line end; what commands a terminal stands in it as an escape.

    Args:
        plain: dicts, lists, strings, numbers.
        output: the format; everything but YAML is JSON.
        only_ascii: whether to escape all that is not ASCII, for a stream that is not UTF-8.
    """
    if output is Output.YAML:
        text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=not only_ascii, width=120)
        return yaml.safe_dump(plain, sort_keys=False, width=120) if UNSEEN.search(text) else text
    text = json.dumps(plain, indent=2, ensure_ascii=only_ascii) + "\n"
    return UNSEEN.sub(lambda unseen: f"\\u{ord(unseen[0]):04x}", text)


def transcript_plain(transcript: Transcript) -> dict[str, Any]:
    """A transcript as plain data; a piece that gave state has the keys of ``parse`` beside its own."""
    pieces = []
    for piece in transcript.pieces:
        head = {"hostname": piece.hostname, "typed": piece.typed, "line": piece.line, "fate": piece.fate.value}
        tail = to_plain(piece.parsed) if piece.parsed is not None else {"reason": piece.reason}
        pieces.append(head | tail)
    return {
        "pieces": pieces,
        "unsplit": to_plain(transcript.unsplit),
        "warnings": list(transcript.warnings),
    }


def parsed_view(parsed: Parsed[Any], width: int = 120) -> RenderableType:
    """State, and what is not in it."""
    return Group(Text(parsed.command, style="bold reverse"), state_view(parsed.data, width), *_account(parsed))


def _account(parsed: Parsed[Any]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if parsed.unrecognized:
        parts.append(Text(f"\nnot in the state ({len(parsed.unrecognized)})", style="bold red"))
        parts.extend(
            indented(
                Text(f"line {item.line}: ", style="red") + Text(item.text) + Text(f"  -- {item.reason}", style="dim")
            )
            for item in parsed.unrecognized
        )
    if parsed.warnings:
        parts.append(Text(f"\nwarnings ({len(parsed.warnings)})", style="bold yellow"))
        parts.extend(indented(Text(warning, style="yellow")) for warning in parsed.warnings)
    if parsed.set_aside:
        kinds = sorted({item.kind.value for item in parsed.set_aside})
        parts.append(Text(f"\nset aside: {len(parsed.set_aside)} ({', '.join(kinds)})", style="dim"))
    return parts


def transcript_view(transcript: Transcript, width: int = 120) -> RenderableType:
    """Every command of a transcript, one below the other."""
    parts: list[RenderableType] = []
    for piece in transcript.pieces:
        parts.append(_piece_heading(piece))
        if piece.parsed is not None:
            parts.append(indented(Group(state_view(piece.parsed.data, width - 2), *_account(piece.parsed), Text(""))))
    parts.extend(
        Text(f"lines {gap.first_line}-{gap.last_line} belong to no command: ", style="red") + Text(gap.text)
        for gap in transcript.unsplit
    )
    parts.extend(Text(warning, style="yellow") for warning in transcript.warnings)
    return Group(*parts)


def _piece_heading(piece: Piece) -> Text:
    name = piece.parsed.command if piece.parsed is not None else piece.typed
    heading = Text(f"{piece.hostname or '(no name)'}  {name}", style="bold reverse")
    heading += Text(f"  line {piece.line}", style="dim not bold not reverse")
    if piece.parsed is None:
        heading += Text(
            f"  {piece.fate.value}{f': {piece.reason}' if piece.reason else ''}", style="yellow not bold not reverse"
        )
    return heading
