"""Crypto engines: what encrypts, what it can do, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from getvpn_ops.model.values import Address, Sentinel


@dataclass(frozen=True, slots=True)
class EngineResource:
    """A resource of a crypto engine.

    Attributes:
        resource: such as ``IPSec-Session``, ``IKE-Session`` or ``DH``.
        maximum: how many the engine can hold.
        failed: requests that were refused: the engine was full.
    """

    resource: str
    active: int
    maximum: int
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class EliEngine:
    """A crypto engine (``show crypto eli``).

    Attributes:
        capabilities: such as ``AES``, ``IPv6``, ``GDOI`` or ``FAILCLOSE``.
    """

    engine: str
    state: str | None = None
    capabilities: tuple[str, ...] = ()
    resources: tuple[EngineResource, ...] = ()


@dataclass(frozen=True, slots=True)
class Eli:
    """``show crypto eli``: the encryption layer.

    Attributes:
        hardware_encryption: ``ACTIVE`` or ``INACTIVE``.
    """

    hardware_encryption: str | None = None
    hardware_engines: int | None = None
    engines: tuple[EliEngine, ...] = ()


@dataclass(frozen=True, slots=True)
class CryptoEngine:
    """A crypto engine (``show crypto engine brief`` and ``configuration``).

    Attributes:
        time_running: text, such as ``51 seconds``.
        des: ``Yes`` or ``No``, as for the other algorithms; key lengths may follow.
        maximum_dh_index: as printed, with leading zeros.
        lock_count: of crypto adjacencies.
        others: further lines, as printed.
    """

    name: str
    type: str | None = None
    state: str | None = None
    location: str | None = None
    product_name: str | None = None
    hardware_version: str | None = None
    firmware_version: str | None = None
    serial_number: str | None = None
    slot: str | Sentinel | None = None
    time_running: str | None = None
    compression: str | None = None
    des: str | None = None
    triple_des: str | None = None
    aes_cbc: str | None = None
    aes_cntr: str | None = None
    maximum_buffer_bytes: int | None = None
    maximum_dh_index: str | None = None
    maximum_sa_index: str | None = None
    maximum_flow_index: str | None = None
    maximum_rsa_key_bits: int | None = None
    platform: str | None = None
    library_version: str | None = None
    lock_count: int | None = None
    unlock_count: int | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CryptoEngines:
    """``show crypto engine brief`` and ``configuration``."""

    engines: tuple[CryptoEngine, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineConnection:
    """A connection that a crypto engine holds (``show crypto engine connections active``).

    Attributes:
        interface: 12.4T.
        type: ``IKE`` or ``IPsec``.
        state: such as ``set`` (early 12.4T).
        last_sequence: last sequence number that anti-replay saw (15.x and later).
    """

    connection_id: int
    algorithm: str
    interface: str | None = None
    type: str | None = None
    state: str | None = None
    packets_encrypted: int | None = None
    packets_decrypted: int | None = None
    last_sequence: int | None = None
    address: Address | str | None = None


@dataclass(frozen=True, slots=True)
class EngineConnections:
    """``show crypto engine connections active``."""

    connections: tuple[EngineConnection, ...] = ()
