"""Bytes of a file that somebody made -> the text that a terminal showed, or why there is none."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_KINDS = (
    (b"%PDF-", "a PDF: save the log as plain text"),
    (b"{\\rtf", "rich text: save the log as plain text"),
    (b"PK\x03\x04", "an office document or archive: save the log as plain text"),
    (b"\xd0\xcf\x11\xe0", "an office document: save the log as plain text"),
    (b"\x89PNG", "a picture: the text is needed"),
    (b"\xff\xd8\xff", "a picture: the text is needed"),
    (b"GIF8", "a picture: the text is needed"),
)
_PAGE = re.compile(r"\s*<(?:!doctype html|html|\?xml)\b", re.IGNORECASE)
_NO_TEXT = bytes({*range(1, 7), *range(14, 27), *range(28, 32)})  # controls that no terminal log has many of
_SHARE = 20  # one such byte in so many, and it is no text
_NULS = 4  # telnet leaves a NUL here and there; one in so many bytes is no text
_HALF = 0.4  # of every second byte: UTF-16 without a mark

_STAMP = re.compile(
    r"(?:\[[^\]\n]{0,20}\d\d:\d\d:\d\d[^\]\n]{0,20}\]"  # [2021-03-01 10:44:12], [Mon Mar 01 10:44:12.123 2021]
    r"|\d{4}[-/.]\d\d[-/.]\d\d[ T_]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?)"
    r"(?: ?[|>:]| -)?(?: |$)"
)
_STAMPED_LINES = 3
_STAMPED_SHARE = 0.9


def readable(content: bytes) -> tuple[str, str]:
    """The text of a file, and why there is none.

    Bytes that are no UTF-8 come through as halves of characters (``surrogateescape``), to be turned back by
    ``as_bytes``; time stamps that a terminal program put before every line are taken off.
    """
    for magic, what in _KINDS:
        if content.startswith(magic):
            return "", what
    text = _decoded(content)
    if text is None:
        return "", "no text"
    if not text.strip():
        return "", "empty"
    if _PAGE.match(text):
        return "", "a web page: save the log as plain text"
    return _without_stamps(text), ""


def as_bytes(text: str) -> bytes:
    """Text of ``readable`` as UTF-8, with what was no UTF-8 as it came."""
    return text.encode("utf-8", "surrogateescape")


def _decoded(content: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        half = content[offset::2]
        if half and half.count(0) > _HALF * len(half) and content[1 - offset :: 2].count(0) * _NULS < len(half):
            return content.decode(encoding, errors="replace")
    odd = len(content) - len(content.translate(None, _NO_TEXT))
    if odd * _SHARE > len(content) or content.count(0) * _NULS > len(content):
        return None
    return content.decode("utf-8", "surrogateescape")


def _without_stamps(text: str) -> str:
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    stamped = sum(1 for line in filled if _STAMP.match(line))
    if len(filled) < _STAMPED_LINES or stamped < _STAMPED_SHARE * len(filled):
        return text
    return "\n".join(_STAMP.sub("", line, count=1) for line in lines)
