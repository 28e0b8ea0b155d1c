"""Public halves of RSA keys: how they are compared and shown. Nothing here knows a private one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.errors import EvidenceMissingError
from getvpn_ops.model.state.keys import RsaKeyPairs

if TYPE_CHECKING:
    from getvpn_ops.model.fleet import DeviceState
    from getvpn_ops.model.state.keys import RsaKeyPair

COMMAND = "show crypto key mypubkey rsa"
_SHOWN = 16  # hexadecimal digits of SHA-256, as the health check of parity shows them
_EXPORTABLE = "exportable"


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key pair of a router, by its public half.

    Attributes:
        label: of it.
        digest: SHA-256 (hexadecimal) of the DER public key: equal for equal key pairs, and for no others.
        bits: of the modulus.
        exportable: whether the private half can be copied to another router.
    """

    label: str
    digest: str
    bits: int
    exportable: bool

    def __str__(self) -> str:
        """For people: ``2048 bits, SHA-256 0123456789abcdef, exportable``."""
        way = "exportable" if self.exportable else "not exportable"
        return f"{self.bits} bits, SHA-256 {self.digest[:_SHOWN]}, {way}"


def key_of(pairs: tuple[RsaKeyPair, ...], label: str) -> HeldKey | None:
    """The key pair of a label; None if there is none.

    Raises:
        EvidenceMissingError: the label is there, and its public key is not printed whole: nothing can be said of it.
    """
    found = [pair for pair in pairs if pair.key_name == label]
    if not found:
        return None
    data = found[0].key_data
    if len(found) > 1:
        msg = f"{label} has several keys (usage-keys): rekeys are signed with one general-purpose key"
        raise EvidenceMissingError(msg)
    if data is None or data.modulus_bits is None:
        msg = f"{COMMAND} does not print the public key of {label} whole"
        raise EvidenceMissingError(msg)
    digest = hashlib.sha256(bytes.fromhex(data.hex)).hexdigest()
    return HeldKey(label, digest, data.modulus_bits, (found[0].exportable or "") == _EXPORTABLE)


def held_by(state: DeviceState, label: str) -> HeldKey | None:
    """The key pair of a label on a router; None if it has none of it.

    Raises:
        EvidenceMissingError: it did not tell.
    """
    if state.silent(RsaKeyPairs) is not None:
        return None
    try:
        return key_of(state.whole(RsaKeyPairs).value.keys, label)
    except EvidenceMissingError as missing:
        text = str(missing)
        raise EvidenceMissingError(text if text.startswith(state.name) else f"{state.name}: {text}") from None
