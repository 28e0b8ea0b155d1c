"""IKE version 1 security associations; those of GETVPN are ``GDOI_IDLE`` (registration) and ``GDOI_REKEY``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.values import Address, Sentinel


@dataclass(frozen=True, slots=True)
class IsakmpSa:
    """An ISAKMP SA (``show crypto isakmp sa``).

    Attributes:
        destination: the responder; for ``GDOI_REKEY`` the member, or the multicast address rekeys go to.
        source: the initiator; for ``GDOI_REKEY`` the key server.
        state: such as ``QM_IDLE``, ``MM_NO_STATE``, ``GDOI_IDLE`` or ``GDOI_REKEY``.
        connection_id: 0 for the rekey SA of a key server.
        slot: slot of the crypto engine (12.4T).
        status: such as ``ACTIVE``, ``STDBY`` or ``ACTIVE (deleted)``.
    """

    destination: Address | str
    source: Address | str
    state: str
    connection_id: int
    slot: int | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class IsakmpSas:
    """``show crypto isakmp sa [active | standby]``."""

    sas: tuple[IsakmpSa, ...] = ()


@dataclass(frozen=True, slots=True)
class IsakmpSaCount:
    """``show crypto isakmp sa count``.

    Attributes:
        dead: SAs that were deleted and wait to be removed.
    """

    active: int | None = None
    standby: int | None = None
    negotiating: int | None = None
    dead: int | None = None


@dataclass(frozen=True, slots=True)
class IsakmpSaDetail:
    """An ISAKMP SA (``show crypto isakmp sa detail``).

    Attributes:
        destination: instead of ``remote`` or ``local`` where IPv6 SAs are printed line by line (12.4T, 15.x).
        source: see ``destination``.
        vrf: inside VRF.
        dh_group: Diffie-Hellman group; 0 for a rekey SA.
        remaining: lifetime left.
        capabilities: letters of the legend, such as ``D`` for Dead Peer Detection.
        engine_connection: crypto engine and its connection id, such as ``SW:12609``; ``????`` if there is none.
        connection_engine: early 12.4T says it the other way round, such as ``1:2(hardware)``.
    """

    connection_id: int
    local: Address | str | None = None
    remote: Address | str | None = None
    destination: Address | str | None = None
    source: Address | str | None = None
    vrf: str | None = None
    status: str | None = None
    encryption: str | None = None
    hash: str | None = None
    authentication: str | None = None
    dh_group: int | None = None
    remaining: timedelta | Sentinel | str | None = None
    capabilities: str | None = None
    engine_connection: str | None = None
    connection_engine: str | None = None


@dataclass(frozen=True, slots=True)
class IsakmpSaDetails:
    """``show crypto isakmp sa detail``.

    Attributes:
        codes: lines of the legend.
    """

    codes: tuple[str, ...] = ()
    sas: tuple[IsakmpSaDetail, ...] = ()
