"""A secret of a configuration: it can be compared and used, and no representation of it shows it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_DIGITS = 12
_KEY_MIN = 16  # bytes
_salt = [secrets.token_bytes(32)]  # of this process, until use_key: two threads must never make one each
_PLACEHOLDER = re.compile(r"<redacted sha256:([0-9a-f]{12})>")


def use_key(key: bytes) -> None:
    """Key the fingerprints of this process with the key of this installation, before anything is read.

    Without it the key is random: then fingerprints of different processes say nothing to each other. With it, changed
    and unchanged secrets can be told apart between runs. The key itself is used for nothing else than to derive others.

    Args:
        key: 16 random bytes or more, from a file that only its owner can read.

    Raises:
        ValueError: the key is too short.
    """
    if len(key) < _KEY_MIN:
        msg = f"the key of this installation has {len(key)} bytes; it needs {_KEY_MIN}"
        raise ValueError(msg)
    _salt[0] = hmac.new(key, b"getvpn-ops: fingerprints of secrets", hashlib.sha256).digest()


def fingerprint(text: str) -> str:
    """Twelve hexadecimal digits that stand for a secret.

    Keyed (``use_key``): equal secrets can be told, and nobody who finds a stored result can try a dictionary against
    it. A placeholder has the fingerprint of the secret that it stands for, so that a text that was redacted before it
    was read tells the same as the true one.
    """
    if (redacted := _PLACEHOLDER.fullmatch(text)) is not None:
        return redacted[1]
    return hmac.new(_salt[0], text.encode(errors="backslashreplace"), hashlib.sha256).hexdigest()[:_DIGITS]


def placeholder(text: str) -> str:
    """What stands in a line in place of a secret: ``<redacted sha256:0123456789ab>``."""
    return f"<redacted sha256:{fingerprint(text)}>"


class _Hidden:
    """Holds the text outside the fields, where neither ``asdict`` nor ``pickle`` nor ``to_plain`` looks."""

    __slots__ = ("_text",)


@dataclass(frozen=True, slots=True)
class Secret(_Hidden):
    """A key, password or community.

    Attributes:
        kind: what it is, such as ``isakmp-key``.
        encryption: IOS's number for how the printed text is encrypted (``0`` plain, ``6`` AES with the master key,
            ``7`` obfuscated, ``5``, ``8`` and ``9`` hashes) as printed; None if it is not printed.
        fingerprint: equal for equal texts under one key; see ``use_key``.
    """

    kind: str
    encryption: str | None
    fingerprint: str

    @classmethod
    def of(cls, kind: str, text: str, encryption: str | None = None) -> Secret:
        """Wrap a text."""
        made = cls(kind, encryption, fingerprint(text))
        object.__setattr__(made, "_text", text)
        return made

    def reveal(self) -> str:
        """The text as printed.

        Raises:
            ValueError: this is a copy that went through a file or another process, which does not carry the text.
        """
        try:
            return self._text  # type: ignore[attr-defined, no-any-return]
        except AttributeError:
            raise ValueError("this copy of the secret does not carry its text") from None

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __copy__(self) -> Secret:
        return self

    def __str__(self) -> str:
        return f"<redacted sha256:{self.fingerprint}>"
