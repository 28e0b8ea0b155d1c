"""What a key server tells of its keys: policies, rekeys, the clock of time-based anti-replay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from getvpn_ops.model.values import Address, Sentinel, Spi


@dataclass(frozen=True, slots=True)
class KekPolicy:
    """A key encryption key.

    Attributes:
        transport: ``Unicast`` or ``Multicast``.
        spi: 128 bits, the two cookies of the rekey SA.
        management_algorithm: ``disabled`` without a key hierarchy (LKH).
        encryption: such as ``AES`` or ``3DES``.
        remaining: until the key ends.
        time_to_rekey: until the key server sends the next key; ``n/a`` for a key that is replaced already.
        signature_hash: ``enabled`` if rekeys are signed.
        signature_key_length_bytes: of the DER public key, not of its modulus: 162 for 1024 bits, 294 for 2048.
        signature_size_bytes: the length of the modulus: 128 for 1024 bits.
        signature_key_name: label of the RSA key pair.
        acknowledgement: ``Cisco`` or ``Interop`` (15.x and later).
        multicast_address: where multicast rekeys go; this and what follows only with multicast.
        multicast_access_list: the list that says so in the configuration.
    """

    transport: str
    spi: Spi | None = None
    management_algorithm: str | None = None
    encryption: str | None = None
    iv_length_bytes: int | None = None
    key_size_bytes: int | None = None
    lifetime: timedelta | None = None
    remaining: timedelta | Sentinel | None = None
    time_to_rekey: timedelta | Sentinel | None = None
    signature_hash: str | None = None
    signature_key_length_bytes: int | None = None
    signature_size_bytes: int | None = None
    signature_key_name: str | None = None
    acknowledgement: str | None = None
    multicast_address: Address | None = None
    multicast_port: int | None = None
    source_address: Address | None = None
    source_port: int | None = None
    multicast_access_list: str | None = None


@dataclass(frozen=True, slots=True)
class TekPolicy:
    """A traffic encryption key. An old one stays listed after its end.

    Attributes:
        encapsulation: ``ENCAPS_TUNNEL`` or ``ENCAPS_TRANSPORT``.
        access_list: what is encrypted with it.
        transform_count: ``# of transforms`` of 12.4T, which is 0 also where one is used.
        transform: such as ``esp-256-aes esp-sha256-hmac``; ``ESP_AES`` in 12.4T.
        hmac: 12.4T only; later it is part of the transform.
        tag_method: what tags packets carry (``CTS SGT``), if tagging is on.
        lifetime: as configured when the key was made.
        remaining: until the key ends; 0 for one that ended.
        tek_lifetime: of the key, which a lifetime changed since does not touch.
        elapsed: since the key was made; more than the lifetime for one that ended.
        override_lifetime: shortened lifetime of a replaced key; 0 if it is not shortened.
        replay_window: packets for a counter, seconds for time-based anti-replay; 0 if there is none.
        time_to_rekey: until the key server sends the next key; ``n/a`` for a key that is replaced already.
    """

    UNIFORM: ClassVar[bool] = True

    encapsulation: str
    spi: Spi | None = None
    access_list: str | None = None
    transform_count: int | None = None
    transform: str | None = None
    hmac: str | None = None
    tag_method: str | None = None
    key_size_bytes: int | None = None
    signature_key_size_bytes: int | None = None
    lifetime: timedelta | None = None
    remaining: timedelta | Sentinel | None = None
    tek_lifetime: timedelta | None = None
    elapsed: timedelta | None = None
    override_lifetime: timedelta | None = None
    replay_window: int | Sentinel | str | None = None
    time_to_rekey: timedelta | Sentinel | None = None


@dataclass(frozen=True, slots=True)
class ReplayClock:
    """The pseudo-time of time-based anti-replay, counted in seconds."""

    replay_value: timedelta


@dataclass(frozen=True, slots=True)
class ServerPolicy:
    """What one key server of a group has for it. Only the server that made the policy has keys.

    Attributes:
        group_handle: an internal number; printed hexadecimal in 16/17, where ``ks coop`` prints it decimal.
        server: the key server's address.
        tek_count: ``# of teks``.
        sequence: of the rekey messages.
        replay: with time-based anti-replay only.
    """

    group_name: str
    group_handle: int
    server: Address
    server_handle: int
    tek_count: int | None = None
    sequence: int | None = None
    keks: tuple[KekPolicy, ...] = ()
    teks: tuple[TekPolicy, ...] = ()
    replay: ReplayClock | None = None


@dataclass(frozen=True, slots=True)
class KsPolicy:
    """``show crypto gdoi ks policy``: one entry for each group and key server."""

    policies: tuple[ServerPolicy, ...] = ()


@dataclass(frozen=True, slots=True)
class SaRekey:
    """Rekeying of the TEK of one ``sa ipsec``.

    Attributes:
        sa: its number in the configuration.
        lifetime: of a TEK.
        birth: when the TEK was made, as printed.
        delete_in_progress: whether members are being told to drop it.
    """

    sa: int
    lifetime: timedelta | None = None
    birth: str | None = None
    remaining: timedelta | Sentinel | None = None
    time_to_rekey: timedelta | Sentinel | None = None
    delete_in_progress: bool | str | None = None


@dataclass(frozen=True, slots=True)
class GroupRekey:
    """Rekeying of a group.

    Attributes:
        transport: ``Unicast`` or ``Multicast``.
        acknowledgement: what members answer a rekey with.
        lifetime: of the KEK, and so are birth, remaining and time_to_rekey.
        birth: as printed.
        retransmit_period: between two transmissions of one rekey.
        retransmissions: how often a rekey is sent again.
        current_retransmission: of the rekey in progress.
    """

    group_name: str
    transport: str | None = None
    acknowledgement: str | None = None
    in_progress: bool | str | None = None
    rekeys_sent: int | None = None
    rekeys_retransmitted: int | None = None
    lifetime: timedelta | None = None
    birth: str | None = None
    remaining: timedelta | Sentinel | None = None
    time_to_rekey: timedelta | Sentinel | None = None
    retransmit_period: timedelta | None = None
    retransmissions: int | None = None
    current_retransmission: int | None = None
    sas: tuple[SaRekey, ...] = ()


@dataclass(frozen=True, slots=True)
class KsRekey:
    """``show crypto gdoi ks rekey``."""

    groups: tuple[GroupRekey, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupReplay:
    """Time-based anti-replay of a group.

    Attributes:
        enabled: False if the router says so; None if it prints a replay value instead.
        replay_value: the pseudo-time.
        next_sync: until members are told the pseudo-time again.
        last_sync: as printed.
    """

    group_name: str
    enabled: bool | None = None
    replay_value: timedelta | Sentinel | None = None
    next_sync: timedelta | Sentinel | None = None
    last_sync: str | None = None


@dataclass(frozen=True, slots=True)
class KsReplay:
    """``show crypto gdoi ks replay``."""

    groups: tuple[GroupReplay, ...] = ()
