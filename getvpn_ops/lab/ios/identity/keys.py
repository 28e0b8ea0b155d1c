"""RSA keys of a router: beside its configuration, and lost in a reload unless saved."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

GENERAL, SIGNATURE, ENCRYPTION = "General Purpose Key", "Signature Key", "Encryption Key"
_EXPONENT = 65537
_LIBRARY_LEAST = 1024  # bits; shorter keys, which old routers make, the library does not
_WITNESSES = 24  # rounds of Miller-Rabin
_GROUP, _GROUPS = 4, 8  # bytes in a group of hexadecimal digits, groups in a line


@dataclass(frozen=True, slots=True)
class RsaKey:
    """A named key pair.

    Attributes:
        label: its name.
        private: the pair.
        exportable: whether the router gives the private key away.
        made: when it was generated or imported.
        usage: as ``show crypto key mypubkey rsa`` says it.
        second: the pair for encryption, where there are two under the name.
        device: where it lies if not in the router's private configuration, such as ``usbtoken0``.
    """

    label: str
    private: RSAPrivateKey
    exportable: bool
    made: datetime
    usage: str = GENERAL
    second: RSAPrivateKey | None = None
    device: str = ""

    @property
    def pairs(self) -> list[tuple[str, RSAPrivateKey]]:
        """The pairs under the name, each with its usage."""
        found = [(self.usage, self.private)]
        return found if self.second is None else [*found, (ENCRYPTION, self.second)]


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

    def is_saved(self, key: RsaKey) -> bool:
        """Whether a key outlives a reload."""
        return self.saved.get(key.label) == key


def rsa_key(label: str, bits: int, *, exportable: bool, made: datetime) -> RsaKey:
    """Make a key pair; takes the processor a while.

    Args:
        label: its name.
        bits: length of the modulus.
        exportable: whether the router gives the private key away.
        made: the moment by the lab's clock.
    """
    return RsaKey(label, generate(bits), exportable, made)


def generate(bits: int) -> RSAPrivateKey:
    """A new pair. Routers of 12.4 make keys of 360 bits and more, which no library does any longer."""
    if bits >= _LIBRARY_LEAST:
        return rsa.generate_private_key(public_exponent=_EXPONENT, key_size=bits)
    while True:
        p, q = _prime((bits + 1) // 2), _prime(bits // 2)
        if p != q and (p * q).bit_length() == bits:
            break
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public).private_key()


def _prime(bits: int) -> int:
    chance = random.SystemRandom()
    while True:
        candidate = chance.getrandbits(bits) | 3 << bits - 2 | 1
        if candidate % _EXPONENT != 1 and _is_prime(candidate, chance):
            return candidate


def _is_prime(number: int, chance: random.Random) -> bool:
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(_WITNESSES):
        power = pow(chance.randrange(2, number - 1), odd, number)
        if power in {1, number - 1}:
            continue
        for _ in range(twos - 1):
            power = pow(power, 2, number)
            if power == number - 1:
                break
        else:
            return False
    return True


def public_der(key: RSAPublicKey) -> bytes:
    """The SubjectPublicKeyInfo that ``Key Data`` shows."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def hex_groups(data: bytes) -> list[str]:
    """Bytes in groups of eight digits."""
    text = data.hex().upper()
    return [text[at : at + 2 * _GROUP] for at in range(0, len(text), 2 * _GROUP)]


def hex_lines(data: bytes) -> Iterable[str]:
    """Bytes as IOS prints a public key: eight groups a line, a blank behind each but the last.

    A rest of less than a group stays on the line before it, as captures show.
    """
    groups = hex_groups(data)
    rows = [groups[at : at + _GROUPS] for at in range(0, len(groups), _GROUPS)]
    if len(rows) > 1 and len(rows[-1]) == 1 and len(rows[-1][0]) < 2 * _GROUP:
        rows[-2:] = [rows[-2] + rows[-1]]
    for number, row in enumerate(rows):
        yield "  " + " ".join(row) + ("" if number == len(rows) - 1 else " ")
