"""What stands in a backup in place of a secret: a placeholder, or the secret itself, encrypted.

AES-SIV (RFC 5297) encrypts without a nonce: an unchanged secret in an unchanged line gives the same text, so that only
what changed shows in the history. Each is bound to its device and to the rest of its line: moved elsewhere it does not
open.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from getvpn_ops.errors import BackupError, UsageError
from getvpn_ops.model.config.secret import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

KEY_MIN = 32
"""Bytes that a key file has at least."""
_KEY_MAX = 4096
_ID = 4  # bytes of a sealed text that name its key
_PLACEHOLDER = re.compile(r"<redacted sha256:([0-9a-f]{12})>")
_SEALED = re.compile(r"<sealed:([A-Za-z0-9+/]+={0,2})>")
_ANY = re.compile(f"{_PLACEHOLDER.pattern}|{_SEALED.pattern}")
_TRIES = 10_000  # places at which a secret may end that are looked at


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup with its secrets, in memory only.

    Attributes:
        text: with the secrets; what could not be opened is a placeholder that stands for nothing known.
        closed: lines, without secrets, whose secrets are not in it, each with the reason.
    """

    text: str = field(repr=False)
    closed: tuple[tuple[str, str], ...] = ()


class Sealer:
    """Seals secrets with the key of a file. Safe to use from many threads."""

    def __init__(self, material: bytes) -> None:
        """Derive the keys.

        Args:
            material: content of the key file, random, ``KEY_MIN`` bytes or more.
        """
        derived = HKDF(SHA256(), 64 + _ID, None, b"getvpn-ops: sealed secrets of backups").derive(material)
        self._cipher = AESSIV(derived[:64])
        self._id = derived[64:]

    @classmethod
    def from_file(cls, path: Path, folder: Path) -> Sealer:
        """Read the key.

        Args:
            path: of the key file.
            folder: the repository, in which it must not lie.

        Raises:
            UsageError: it cannot be read, is too short, others can read it, or it lies beside what it seals.
        """
        how = f"make one with: (umask 077; head -c {KEY_MIN} /dev/urandom > {path}), and keep a copy elsewhere"
        if path.resolve().is_relative_to(folder.resolve()):
            msg = f"{path} seals the backups and lies among them: keep it elsewhere"
            raise UsageError(msg)
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                material = file.read(_KEY_MAX + 1)
        except FileNotFoundError as exc:
            msg = f"{path}, which backup.key_file names, is not there; {how}"
            raise UsageError(msg) from exc
        except OSError as exc:
            msg = f"cannot read {path}, which backup.key_file names: {exc.strerror}"
            raise UsageError(msg) from exc
        if stat.S_IMODE(mode) & 0o077:
            msg = f"{path} opens the sealed secrets, and others can read it: chmod 600 {path}"
            raise UsageError(msg)
        if not KEY_MIN <= len(material) <= _KEY_MAX:
            msg = f"{path} is no key: expected {KEY_MIN} to {_KEY_MAX} bytes; {how}"
            raise UsageError(msg)
        return cls(material)

    def seal(self, device: str, printed: bytes, clean: bytes) -> bytes:
        """A text in which each secret stands sealed where it stood.

        Args:
            device: that printed it.
            printed: with its secrets.
            clean: the same with placeholders: what is a secret is decided there. A placeholder of which it cannot be
                told what it stands for stays.
        """
        before, after = _lines(printed), _lines(clean)
        if len(before) != len(after):
            return clean
        pairs = zip(before, after, strict=True)
        made = [hidden if line == hidden else self._line(device, line, hidden) for line, hidden in pairs]
        return "\n".join(made).encode(errors="surrogateescape")

    def open(self, device: str, text: str) -> Opened:
        """A backup with its secrets.

        Args:
            device: whose it is.
            text: of the file, with sealed secrets.
        """
        closed: list[tuple[str, str]] = []
        lines = [self._opened(device, line, closed) for line in text.split("\n")]
        return Opened("\n".join(lines), tuple(closed))

    def _line(self, device: str, line: str, hidden: str) -> str:
        pieces = _PLACEHOLDER.split(hidden)
        values = _values(line, pieces[::2], pieces[1::2])
        if values is None:
            return hidden
        bound = _bound(device, hidden)
        made = [pieces[0]]
        for value, literal in zip(values, pieces[2::2], strict=True):
            made += [self._token(value, bound), literal]
        return "".join(made)

    def _token(self, value: str, bound: list[bytes]) -> str:
        sealed = self._cipher.encrypt(value.encode(errors="surrogateescape"), bound)
        return f"<sealed:{base64.b64encode(self._id + sealed).decode()}>"

    def _opened(self, device: str, line: str, closed: list[tuple[str, str]]) -> str:
        tokens = _SEALED.findall(line)
        if not tokens:
            return line
        bound = _bound(device, line)
        try:
            return _SEALED.sub(lambda found: self._value(found[1], bound), line)
        except BackupError as exc:
            closed.append((shown(line), str(exc)))
            return _stood_for(line)

    def _value(self, token: str, bound: list[bytes]) -> str:
        try:
            raw = base64.b64decode(token, validate=True)
        except ValueError:
            raise BackupError("it is damaged") from None
        if raw[:_ID] != self._id:
            raise BackupError("it was sealed with another key than that of backup.key_file")
        try:
            return self._cipher.decrypt(raw[_ID:], bound).decode(errors="surrogateescape")
        except (InvalidTag, ValueError):
            raise BackupError("it was changed, or was sealed in another line or for another device") from None


def unopened(text: str) -> Opened:
    """A backup where no key is set."""
    reason = "it is sealed, and no backup.key_file is set"
    closed = tuple((shown(line), reason) for line in text.split("\n") if _SEALED.search(line))
    return Opened(_stood_for(text), closed)


def shown(text: str) -> str:
    """A text for people: sealed secrets are only told apart, like those that are redacted."""
    return _SEALED.sub(lambda found: f"<sealed sha256:{_digits(found[1])}>", text)


def _stood_for(text: str) -> str:
    """A text with placeholders where something sealed stood: it must never be typed."""
    return _SEALED.sub(lambda found: f"<redacted sha256:{_digits(found[1])}>", text)


def _digits(sealed: str) -> str:
    return hashlib.sha256(sealed.encode()).hexdigest()[:12]


def _lines(text: bytes) -> list[str]:
    return text.decode(errors="surrogateescape").replace("\r\n", "\n").split("\n")


def _bound(device: str, line: str) -> list[bytes]:
    """What a sealed text is bound to: the device, and the line without its secrets."""
    return [device.encode(), _ANY.sub("*", line).encode(errors="surrogateescape")]


def _values(line: str, literals: list[str], prints: list[str]) -> list[str] | None:
    """What the placeholders of a line stand for, each proven by its fingerprint; None if that cannot be told.

    Args:
        line: with its secrets.
        literals: what stands before, between and behind the placeholders.
        prints: their fingerprints, in order.
    """
    if not line.startswith(literals[0]):
        return None
    at = len(literals[0])
    values: list[str] = []
    for number, wanted in enumerate(prints):
        literal = literals[number + 1]
        is_last = number == len(prints) - 1
        end = _end(line, at, literal, wanted, is_last=is_last)
        if end is None:
            return None
        values.append(line[at:end])
        at = end + len(literal)
    return values


def _end(line: str, at: int, literal: str, wanted: str, *, is_last: bool) -> int | None:
    """Where a secret that begins at a place ends; None if no end fits its fingerprint."""
    if is_last:
        end = len(line) - len(literal)
        fits = end > at and line.endswith(literal) and fingerprint(line[at:end]) == wanted
        return end if fits else None
    end = at
    for _ in range(_TRIES):
        end = line.find(literal, end + 1)
        if end < 0:
            return None
        if fingerprint(line[at:end]) == wanted:
            return end
    return None
