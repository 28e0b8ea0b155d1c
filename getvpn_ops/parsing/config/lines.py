"""The lines of a configuration before nesting: what the router prints above it, verbatim blocks, comments, commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from getvpn_ops.dialect.config_modes import DELIMITED, HEX, HEX_OPENER, HEX_QUIT, MACRO
from getvpn_ops.dialect.secrets import PRIVATE_BEGIN, PRIVATE_END, find_secrets
from getvpn_ops.model.config.secret import Secret, placeholder
from getvpn_ops.model.config.system import ConfigHeader
from getvpn_ops.model.config.tree import LineKind
from getvpn_ops.model.parsed import Noise
from getvpn_ops.parsing.convert import date_time

if TYPE_CHECKING:
    from getvpn_ops.parsing.clean import Cleaned

_STAMP = r"at (?P<at>.+?\d{4})(?: by (?P<by>\S.*?))?\s*"
_HEADER = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"Building configuration\s*\.\.\.\s*", "building"),
        (r"Current configuration with default configurations exposed\s*:\s*(?P<size>\d+) bytes\s*", "all"),
        (r"Current configuration\s*:\s*(?P<size>\d+) bytes\s*", "size"),
        (r"Using (?P<size>\d+) out of (?P<nvram>\d+) bytes(?:, uncompressed size = (?P<full>\d+) bytes)?\s*", "using"),
        (rf"!\s*Last configuration change {_STAMP}", "changed"),
        (r"!\s*No configuration change since last restart\s*", "unchanged"),
        (rf"!\s*NVRAM config last updated {_STAMP}", "saved"),
    )
)
_MULTILINE_MAX = 400


@dataclass(slots=True)
class Line:
    """One line, not yet nested.

    Attributes:
        number: in the text.
        indent: blanks before it.
        text: without them, single blanks.
        kind: command, comment or verbatim.
        block: verbatim lines below it.
        hidden: its true text, once secrets are replaced.
        separated: whether a bare ``!`` stands before it.
    """

    number: int
    indent: int
    text: str
    kind: LineKind = LineKind.COMMAND
    block: list[Line] = field(default_factory=list)
    hidden: Secret | None = None
    separated: bool = False


@dataclass(slots=True)
class Lexed:
    """What the text holds."""

    header: ConfigHeader
    lines: list[Line]
    header_lines: int
    warnings: list[str]


def lex(cleaned: Cleaned) -> Lexed:
    """Tell header, comments, commands and verbatim blocks apart. Line numbers are those of the text."""
    header: dict[str, Any] = {}
    seen: list[str] = []
    lines: list[Line] = []
    warnings: list[str] = []
    raw = cleaned.raw
    at = 0
    separated = False
    while at < len(raw):
        shown = raw[at].expandtabs()
        text = shown.strip()
        number = at + 1
        at += 1
        if not text:
            continue
        if _header(text, header, number, warnings):
            seen.append(text)
            continue
        line = Line(number, len(shown) - len(shown.lstrip()), " ".join(text.split()))
        if text[0] == "!":
            if text.strip("! "):
                line.kind = LineKind.COMMENT
                lines.append(line)
            else:
                separated = True
            continue
        line.separated, separated = separated, False
        lines.append(line)
        at = _block(line, text, at, cleaned, warnings)
    return Lexed(ConfigHeader(**header, lines=tuple(seen)), lines, len(seen), warnings)


def _header(text: str, header: dict[str, Any], number: int, warnings: list[str]) -> bool:
    if text[0] not in "!BbCcUu":
        return False
    for pattern, name in _HEADER:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        if name in {"building", "unchanged"}:
            header["building" if name == "building" else "unchanged_since_restart"] = True
        elif name in {"changed", "saved"}:
            try:
                header[name] = date_time(found["at"])
            except ValueError as exc:
                warnings.append(f"line {number}: {exc}")
            header[f"{name}_by"] = found["by"]
        else:
            header["size_bytes"] = int(found["size"])
            if name == "all":
                header["with_defaults"] = True
            if name == "using":
                header["nvram_bytes"] = int(found["nvram"])
                header["uncompressed_bytes"] = int(found["full"]) if found["full"] else None
        return True
    return False


def _block(line: Line, text: str, at: int, cleaned: Cleaned, warnings: list[str]) -> int:
    """Take the verbatim lines behind ``line``; returns where the next command stands."""
    if HEX_OPENER.match(text):
        return _hex(line, at, cleaned)
    if MACRO.fullmatch(text):
        return _until(line, at, cleaned, lambda shown: shown.strip() == "@", warnings)
    if PRIVATE_BEGIN.search(text):
        line.kind = LineKind.VERBATIM
        end = _until(line, at, cleaned, lambda shown: PRIVATE_END.search(shown) is not None, warnings)
        for inner in line.block:
            if not PRIVATE_END.search(inner.text):
                inner.hidden = Secret.of("private-key", inner.text)
                inner.text = placeholder(inner.text)
        return end
    opened = DELIMITED.fullmatch(text)
    if opened is None:
        return at
    rest = opened["rest"]
    delimiter = rest[:2] if rest[0] == "^" and len(rest) > 1 else rest[0]
    if delimiter in rest[len(delimiter) :] and delimiter != "^":
        line.text = text
        return at
    if opened["head"].lower().startswith("aaa") and len(rest) > len(delimiter) and delimiter[0] not in "^\x03":
        return at  # a one-line text without delimiter
    line.text = text
    return _until(line, at, cleaned, lambda shown: delimiter in shown, warnings)


def _hex(line: Line, at: int, cleaned: Cleaned) -> int:
    while at < len(cleaned.raw):
        text = cleaned.lines[at]
        if HEX.fullmatch(text) or HEX_QUIT.fullmatch(text):
            line.block.append(Line(at + 1, 0, " ".join(text.split()), LineKind.VERBATIM))
            at += 1
            if HEX_QUIT.fullmatch(text):
                break
        elif text and text != "!":
            break
        elif any(HEX.fullmatch(later) for later in cleaned.lines[at + 1 : at + 3]):
            at += 1  # a blank line or a page break inside the block
        else:
            break
    return at


def _until(line: Line, at: int, cleaned: Cleaned, ends: Any, warnings: list[str]) -> int:  # noqa: ANN401 -- a predicate
    """Take lines up to the one that ends the block; nothing if it never ends."""
    shown = {item.line: item.text for item in cleaned.set_aside if item.kind in {Noise.PROMPT, Noise.ECHO}}
    for end in range(at, min(len(cleaned.raw), at + _MULTILINE_MAX)):
        if not ends(cleaned.raw[end] or shown.get(end + 1, "")):
            continue
        for place in range(at, end + 1):
            number = place + 1
            if not cleaned.raw[place] and number in shown:  # a line of the block that looked like a prompt
                cleaned.raw[place] = cleaned.lines[place] = shown[number]
                cleaned.set_aside[:] = [item for item in cleaned.set_aside if item.line != number]
            line.block.append(Line(number, 0, cleaned.raw[place], LineKind.VERBATIM))
        return end + 1
    warnings.append(f"line {line.number}: the text that begins here has no end")
    return at


def hide(line: Line, parent: str, *, prose: bool = False) -> None:
    """Replace the secrets of a line, and remember its true text.

    Args:
        line: is changed.
        parent: the line that opened the mode or the block.
        prose: a line of a banner, which may speak of passwords. Commands stand there only if its end was misread.
    """
    if line.hidden is not None:
        return
    found = find_secrets(line.text, parent)
    if prose:
        found = [item for item in found if item.secret.kind != "password" or item.secret.encryption is not None]
    if not found:
        return
    line.hidden = Secret.of("config-line", line.text)
    for item in reversed(found):
        line.text = f"{line.text[: item.start]}{placeholder(item.secret.reveal())}{line.text[item.end :]}"
