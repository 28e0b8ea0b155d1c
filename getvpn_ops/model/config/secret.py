"""A secret of a configuration: it can be compared and used, and no representation of it shows it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cache

_DIGITS = 12


@cache
def _salt() -> bytes:
    return secrets.token_bytes(32)


def fingerprint(text: str) -> str:
    """Twelve hexadecimal digits that stand for a secret.

    Keyed with random bytes of this process: two parse results of one process can be compared, and nobody who finds a
    stored result can try a dictionary against it. Fingerprints of different processes say nothing to each other.
    """
    return hmac.new(_salt(), text.encode(errors="backslashreplace"), hashlib.sha256).hexdigest()[:_DIGITS]


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
        fingerprint: equal for equal texts within one process.
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
