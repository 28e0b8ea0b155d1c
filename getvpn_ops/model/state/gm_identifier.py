"""``show crypto gdoi gm identifier``: sender identifiers, which counter-mode transforms (Suite B) need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.values import Address, Sentinel


@dataclass(frozen=True, slots=True)
class CurrentInterface:
    """An interface with the crypto map, and how many identifiers it got.

    Attributes:
        mtu: bytes.
    """

    interface: str
    bandwidth_kbps: int
    mtu: int
    sids: int | None = None


@dataclass(frozen=True, slots=True)
class NextInterface:
    """An interface with the crypto map, and how many identifiers the next request asks for it.

    Attributes:
        mtu: bytes.
    """

    interface: str
    bandwidth_kbps: int
    mtu: int
    sids: int | None = None


@dataclass(frozen=True, slots=True)
class CurrentSids:
    """The identifiers in use.

    Attributes:
        shared_across_interfaces: whether all interfaces use the same ones.
        sid_length_bits: length of an identifier.
        group_size: the word for that length, such as ``MEDIUM``.
        first_sid: as printed, hexadecimal.
        last_sid: as printed, hexadecimal.
    """

    shared_across_interfaces: bool | str | None = None
    sid_length_bits: int | None = None
    group_size: str | None = None
    sids_downloaded: int | None = None
    first_sid: str | None = None
    last_sid: str | None = None
    interfaces: tuple[CurrentInterface, ...] = ()


@dataclass(frozen=True, slots=True)
class NextRequest:
    """What the next registration will ask for (``detail``)."""

    tek_lifetime: timedelta | None = None
    sid_length_bits: int | None = None
    group_size: str | None = None
    interfaces: tuple[NextInterface, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentifierMember:
    """A member of this router.

    Attributes:
        vrf: ``none`` is the global table.
        transform_mode: ``Non-Counter (Non-Suite-B)`` needs no identifiers.
        current_sids: ``none`` if there are none; else see ``current``.
    """

    address: Address
    vrf: Sentinel | str | None = None
    transform_mode: str | None = None
    sids_last_requested: int | None = None
    current_sids: Sentinel | str | None = None
    current: CurrentSids | None = None
    next_request: NextRequest | None = None


@dataclass(frozen=True, slots=True)
class IdentifierGroup:
    """A group with its members of this router."""

    group_name: str
    members: tuple[IdentifierMember, ...] = ()


@dataclass(frozen=True, slots=True)
class GmIdentifier:
    """``show crypto gdoi gm identifier [detail]``."""

    groups: tuple[IdentifierGroup, ...] = ()
