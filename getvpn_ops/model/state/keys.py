"""RSA key pairs of the router itself (``show crypto key mypubkey rsa``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from getvpn_ops.model.values import RsaPublicKey


@dataclass(frozen=True, slots=True)
class RsaKeyPair:
    """A key pair; all key servers of a group must hold the same one for rekeys.

    Attributes:
        generated: when, in the clock of the router.
        time_zone: zone name of the router's clock.
        key_name: the label of ``crypto key generate rsa label``.
        key_size_bits: printed by some releases of 16/17; ``key_data`` knows it for all.
        temporary: a pair that is not stored, such as the server key of SSH.
        storage_device: such as ``not specified`` (12.4T, 15.x) or ``private-config`` (16/17).
        exportable: ``exportable`` or ``not exportable``: only the former can be copied to another key server.
        redundancy: whether the pair is copied to a standby supervisor or router (16/17).
        protection: ``LOCKED`` or ``UNLOCKED``, if a passphrase encrypts the pair.
        on_device: token or chip that holds the pair.
        key_data: the public half.
    """

    key_name: str
    generated: datetime | str | None = None
    time_zone: str | None = None
    key_type: str | None = None
    key_size_bits: int | None = None
    temporary: str | None = None
    storage_device: str | None = None
    usage: str | None = None
    exportable: str | None = None
    redundancy: bool | None = None
    protection: str | None = None
    on_device: str | None = None
    key_data: RsaPublicKey | None = None


@dataclass(frozen=True, slots=True)
class RsaKeyPairs:
    """``show crypto key mypubkey rsa [NAME]``."""

    keys: tuple[RsaKeyPair, ...] = ()
