"""The one redactor: what is secret is replaced by value and by pattern before anything is written anywhere.

By value: every secret of the credential chain is made known here, and found again in each form in which libraries
write it. By pattern: whatever stands where a configuration has a secret, and private keys. In captures a weak value,
such as ``cisco``, is only replaced where it stands alone: it is a word of the device's own.
"""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
import threading
import urllib.parse
from functools import lru_cache
from typing import TYPE_CHECKING

from getvpn_ops.dialect.secrets import (
    KEY_CHAIN_PARENT,
    PRIVATE_BEGIN,
    PRIVATE_END,
    redact,
    words_of_secrets,
)
from getvpn_ops.model.config.secret import placeholder
from getvpn_ops.parsing.clean import screen
from getvpn_ops.parsing.index import resolve

if TYPE_CHECKING:
    from pydantic import SecretStr

LINE_MAX = 4096
"""Bytes of a line up to which patterns look at it as a whole; no router prints a longer one."""

_PIECE = 1024  # characters of a longer line that they look at
_CHAIN_MAX = 200  # lines of a key chain above one of its keys; without a chain above it a key is taken for a secret
_STRONG = 6  # characters; a value of so many, of two kinds, is no word
_FORM_MIN = 6  # characters of an encoded form that is looked for: shorter ones stand in texts by chance
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONFIGURATIONS = frozenset({"running_config", "show_logging"})
_PEM_LINE = re.compile(r"\s*(?:[A-Za-z0-9+/=]{1,128}|[A-Za-z-]+:\s.*)?\s*")
_PEM = re.compile(rf"({PRIVATE_BEGIN.pattern})(.*?)({PRIVATE_END.pattern}|\Z)", re.DOTALL)
_LINE_END = re.compile(r"((?:\\+r)?\\+n|\n)")  # also as it is written in the repr of a text, or in the repr of that
_KEY_NUMBER = re.compile(r"\s*(?:no\s+)?key\s+\d+\s*", re.IGNORECASE)
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n")
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_BEGIN = b"PRIVATE KEY-----"
_PLACED = re.compile(rb"(<redacted sha256:[0-9a-f]{12}>)")


class Redactor:
    """Knows the secrets of this process. Safe to use from many threads."""

    def __init__(self) -> None:
        """Know none yet; patterns work without."""
        self._lock = threading.Lock()
        self._owners: dict[str, str] = {}
        self._values: dict[str, dict[str, tuple[_Form, ...]]] = {}

    def know(self, secret: SecretStr | None, *, device: str = "") -> None:
        """Find this value from now on.

        Args:
            secret: may be absent or empty.
            device: the only one it belongs to; empty if it is shared. Captures of other devices are not searched for
                it: with a password for each of 5,000 devices that would take longer than asking them.
        """
        value = secret.get_secret_value() if secret is not None else ""
        if not value:
            return
        with self._lock:
            owner = self._owners.get(value)
            if owner is None:
                self._owners[value] = device
                self._values[device] = {**self._values.get(device, {}), value: _forms(value)}
            elif owner not in {"", device}:  # it is shared after all
                self._owners[value] = ""
                self._values[""] = {**self._values.get("", {}), value: self._values[owner][value]}

    def text(self, text: str) -> str:
        """A text for people or logs without any secret; what merely looks like one goes, too."""
        for values in tuple(self._values.values()):
            for forms in values.values():
                for form in forms:
                    text = form.replace(text)
        if _BEGIN.decode() in text:
            text = _PEM.sub(lambda found: f"{found[1]}{placeholder(found[2])}{found[3]}", text)
        pieces = _LINE_END.split(text)
        pieces[::2] = [_long(line, shown=False) for line in pieces[::2]]
        return "".join(pieces)

    def capture(self, text: bytes, command: str = "", *, device: str = "") -> bytes:
        """What a device printed, without secrets and with everything else as it was.

        Patterns come first: what stands for the key of a line must not depend on which other keys are known, one of
        which may begin it.

        Takes time in proportion to the length of the text, whatever is in it.

        Args:
            text: as it came; a text without secrets comes back as the same bytes.
            command: that it answers. In a known command that shows no configuration, words such as ``psk`` are the
                table's own.
            device: that printed it.
        """
        encoding = next((name for mark, name in _BOMS if text.startswith(mark)), None)
        if encoding is not None:
            plain = text.decode(encoding, errors="backslashreplace").encode(errors="backslashreplace")
            clean = self.capture(plain, command, device=device)
            return text if clean == plain else clean
        if _BEGIN in text:
            text = _without_private_keys(text)
        text = _by_pattern(text, shown=_is_table(command))
        for owner in {"", device}:
            for forms in self._values.get(owner, {}).values():
                for form in forms:
                    text = form.replace_bytes(text)
        return text


class _Form:
    """One way to write a value."""

    __slots__ = ("_alone", "_raw", "_stand_in", "_text", "_weak")

    def __init__(self, text: str, stand_in: str, *, weak: bool, short: bool) -> None:
        self._text = text
        self._raw = text.encode(errors="surrogateescape")
        self._stand_in = stand_in
        self._weak = weak
        alone = rf"(?<![\w-]){re.escape(text)}(?![\w-])"
        self._alone = re.compile(alone) if short or weak else None

    def replace(self, text: str) -> str:
        """For people: a weak value goes wherever it stands alone."""
        if self._text not in text:
            return text
        return text.replace(self._text, self._stand_in) if self._alone is None else self._alone.sub(self._put, text)

    def replace_bytes(self, text: bytes) -> bytes:
        """For captures, which are read again: a weak value stays, as it may be a word of the device's own."""
        if self._weak or self._raw not in text:
            return text
        pieces = _PLACED.split(text)
        pieces[::2] = [piece.replace(self._raw, self._stand_in.encode()) for piece in pieces[::2]]
        return b"".join(pieces)

    def _put(self, _found: re.Match[str]) -> str:
        return self._stand_in


def _forms(value: str) -> tuple[_Form, ...]:
    """A value as it is, and as libraries write it: escaped, quoted, encoded. The longest first."""
    raw = value.encode(errors="surrogateescape")
    written = {
        value,
        repr(value)[1:-1],
        repr(raw)[2:-1],
        json.dumps(value)[1:-1],
        html.escape(value),
        urllib.parse.quote(raw, safe=""),
        urllib.parse.quote_plus(raw),
    }
    encoded = {raw.hex(), raw.hex().upper()}
    for shift in range(3):
        skip = (0, 2, 3)[shift]  # digits that the bytes before it have a part in
        digits = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        whole = digits[skip : (len(raw) + shift) * 8 // 6]
        encoded |= {whole, whole.translate(str.maketrans("+/", "-_"))}
    stand_in = placeholder(value)
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]", r"[^A-Za-z0-9]"))
    weak = len(value) < _STRONG or kinds == 1
    texts = written | {text for text in encoded if len(text) >= _FORM_MIN}
    ordered = sorted(texts, key=lambda text: (-len(text), text))
    return tuple(
        _Form(text, stand_in, weak=weak and text in written, short=len(text) < _STRONG and text in written)
        for text in ordered
    )


@lru_cache(maxsize=1024)
def _is_table(command: str) -> bool:
    """Whether a command is known to show no configuration; what is not known may."""
    found = resolve(command) if command else None
    return found is not None and found.template.removesuffix(".textfsm") not in _CONFIGURATIONS


def _by_pattern(text: bytes, *, shown: bool) -> bytes:
    """Lines in which a secret may stand, without it."""
    starts = _suspicious(text, shown=shown)
    if not starts:
        return text
    above = _Above(text)
    pieces = []
    done = 0
    for start in sorted(starts):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        clean = _line(line, above, start, shown=shown)
        if clean is not line:
            pieces += [text[done:start], clean]
            done = end
    return b"".join((*pieces, text[done:])) if pieces else text


@lru_cache(maxsize=2)
def _raw_words(*, shown: bool) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in words_of_secrets(shown=shown))


def _suspicious(text: bytes, *, shown: bool) -> set[int]:
    """Where lines begin that hold a word of a secret, or controls that may hide one."""
    low = text.lower()
    starts: set[int] = set()
    for raw in _raw_words(shown=shown):
        at = low.find(raw)
        while at >= 0:
            starts.add(low.rfind(b"\n", 0, at) + 1)
            end = low.find(b"\n", at)
            at = low.find(raw, end) if end >= 0 else -1
    plain = text.replace(b"\r\n", b"\n\n")  # of the same length
    if len(plain.translate(None, _CONTROLS)) < len(plain):  # a fast look at what hardly any text has
        starts.update(text.rfind(b"\n", 0, found.start()) + 1 for found in _CONTROL.finditer(plain))
    return starts


def _line(line: bytes, above: _Above, start: int, *, shown: bool) -> bytes:
    """One line without its secrets; the same object if it has none."""
    body = line.decode(errors="surrogateescape")
    parent = ""
    if _KEY_NUMBER.fullmatch(body):
        parent = above.parent(start, len(body) - len(body.lstrip()))
    clean = "\r".join(_long(part, parent, shown=shown) for part in body.split("\r"))
    bare = body.rstrip("\r")
    if _CONTROL.search(bare.encode(errors="surrogateescape")):
        seen = screen(clean.rstrip("\r"))  # controls may stand within a word or a secret
        hidden = _long(seen, parent, shown=shown)
        if hidden != seen:
            clean = hidden + body[len(bare) :]
    return line if clean == body else clean.encode(errors="surrogateescape")


class _Above:
    """Finds what opened the sub-mode of a line. Asked from top to bottom, it looks at no line twice."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = self._indent = -1
        self._parent = ""

    def parent(self, start: int, indent: int) -> str:
        """The nearest line above one that is indented less, or opens a key chain.

        Args:
            start: where the line begins.
            indent: blanks before it.
        """
        found = self._look(start, indent, self._at if indent == self._indent else -1)
        if found is not None:
            self._parent = found
        elif indent != self._indent:
            self._parent = ""
        self._at, self._indent = start, indent
        return self._parent

    def _look(self, start: int, indent: int, until: int) -> str | None:
        end = start - 1
        for _ in range(_CHAIN_MAX):
            if end <= until or end < 0:
                break
            begin = self._text.rfind(b"\n", 0, end) + 1
            line = self._text[begin:end].decode(errors="surrogateescape")
            if line.strip() and (len(line) - len(line.lstrip()) < indent or KEY_CHAIN_PARENT.match(line.strip())):
                return line.strip()
            end = begin - 1
        return None


def _long(line: str, parent: str = "", *, shown: bool) -> str:
    """``redact`` in linear time: a line longer than any router's is looked at in pieces, twice, with other borders."""
    if len(line) <= LINE_MAX:
        return redact(line, parent, shown=shown)
    for first in (_PIECE, _PIECE // 2):
        cuts = [0, *range(first, len(line), _PIECE), len(line)]
        line = "".join(redact(line[begin:end], parent, shown=shown) for begin, end in itertools.pairwise(cuts))
    return line


def _without_private_keys(text: bytes) -> bytes:
    """Each line of a private key as the parser of configurations hides it; a key that was cut off, too."""
    clean: list[str] = []
    inside = False
    for line in text.decode(errors="surrogateescape").split("\n"):
        body = line.rstrip("\r")
        if PRIVATE_BEGIN.search(line):
            inside = PRIVATE_END.search(line) is None
            line = _PEM.sub(lambda found: f"{found[1]}{placeholder(found[2])}{found[3]}", line) if not inside else line  # noqa: PLW2901
        elif inside:
            if PRIVATE_END.search(line) or not _PEM_LINE.fullmatch(body):
                inside = False
            elif body.strip():
                line = placeholder(body.strip()) + line[len(body) :]  # noqa: PLW2901
        clean.append(line)
    return "\n".join(clean).encode(errors="surrogateescape")
