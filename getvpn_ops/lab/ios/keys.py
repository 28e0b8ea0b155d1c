"""RSA keys of a router: beside its configuration, and lost in a reload unless saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@dataclass(frozen=True, slots=True)
class RsaKey:
    """A named key pair.

    Attributes:
        label: its name.
        private: the pair.
        exportable: whether the router gives the private key away.
        made: when it was generated or imported.
    """

    label: str
    private: RSAPrivateKey
    exportable: bool
    made: datetime


@dataclass(slots=True)
class KeyStore:
    """The keys of one router."""

    held: dict[str, RsaKey] = field(default_factory=dict)
    saved: dict[str, RsaKey] = field(default_factory=dict)

    def save(self) -> None:
        """The configuration is saved, and the keys with it."""
        self.saved = dict(self.held)

    def restore(self) -> None:
        """The router boots."""
        self.held = dict(self.saved)
