"""Real types for what routers print: addresses, SPIs, sentinels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Interface = IPv4Interface | IPv6Interface
"""An address with the prefix of its network, as ``ip address A MASK`` configures it."""


class Sentinel(StrEnum):
    """A word that IOS prints where a value would stand. It is not absence: an absent line is None."""

    NEVER = "never"
    NOT_APPLICABLE = "n/a"
    UNKNOWN = "unknown"
    NONE = "none"
    ANY = "any"
    DISABLED = "disabled"
    ENABLED = "enabled"
    OFF = "off"
    DASHES = "---"
    EXPIRED = "expired"
    UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True)
class Spi:
    """A security parameter index: 32 bits for a TEK, 128 bits (two ISAKMP cookies) for a KEK.

    Attributes:
        value: the number.
        hex: the text as the router printed it, such as ``0x5A69F51E``.
    """

    value: int
    hex: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A transport address, printed as ``10.1.1.1/848``."""

    address: Address
    port: int


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """An RSA public key as IOS shows it: the DER SubjectPublicKeyInfo in hexadecimal.

    Attributes:
        hex: the whole DER text, upper case, without blanks.
        modulus_bits: length of the modulus; None if the text is not a whole RSA key, so that part of one never passes
            for a key.
    """

    hex: str
    modulus_bits: int | None
