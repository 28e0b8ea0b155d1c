"""Crypto sessions: IKE and IPsec of a peer in one view (``show crypto session``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.acl import Ace
from getvpn_ops.model.values import Address, Endpoint, Sentinel


@dataclass(frozen=True, slots=True)
class SessionIkeSa:
    """An IKE SA of a session.

    Attributes:
        session_id: 15.x and later; 0 for IKE version 1.
        version: ``IKE`` (12.4T), ``IKEv1`` or ``IKEv2``; None if only a session id was printed.
        sa_status: such as ``Active`` or ``Inactive``.
        capabilities: letters of the legend.
        remaining: lifetime left.
    """

    session_id: int | None = None
    version: str | None = None
    local: Endpoint | None = None
    remote: Endpoint | None = None
    sa_status: str | None = None
    capabilities: str | Sentinel | None = None
    connection_id: int | None = None
    remaining: timedelta | Sentinel | str | None = None


@dataclass(frozen=True, slots=True)
class SessionFlow:
    """An IPsec flow of a session.

    Attributes:
        active_sas: 0 if nothing protects the flow; two per TEK for GETVPN.
        origin: such as ``crypto map``.
        inbound_remaining_kilobytes: volume left, or ``KB Vol Rekey Disabled`` (16/17).
    """

    flow: Ace | str
    active_sas: int | None = None
    origin: str | None = None
    packets_decrypted: int | None = None
    inbound_drops: int | None = None
    inbound_remaining_kilobytes: int | str | None = None
    inbound_remaining: timedelta | Sentinel | str | None = None
    packets_encrypted: int | None = None
    outbound_drops: int | None = None
    outbound_remaining_kilobytes: int | str | None = None
    outbound_remaining: timedelta | Sentinel | str | None = None


@dataclass(frozen=True, slots=True)
class SessionPeer:
    """A peer of a session.

    Attributes:
        peer: None if the line has no address.
        peer_port: 848 for GDOI.
    """

    peer: Address | Sentinel | str | None = None
    peer_port: int | None = None
    front_vrf: str | Sentinel | None = None
    inside_vrf: str | Sentinel | None = None
    description: str | Sentinel | None = None
    phase1_id: str | Sentinel | None = None
    ike_sas: tuple[SessionIkeSa, ...] = ()
    flows: tuple[SessionFlow, ...] = ()


@dataclass(frozen=True, slots=True)
class CryptoSession:
    """A crypto session.

    Attributes:
        status: such as ``UP-ACTIVE``, ``UP-NO-IKE``, ``DOWN`` or ``DOWN-NEGOTIATING``.
    """

    interface: str
    username: str | None = None
    profile: str | None = None
    group_name: str | None = None
    assigned_address: Address | str | None = None
    uptime: timedelta | str | None = None
    status: str | None = None
    peers: tuple[SessionPeer, ...] = ()


@dataclass(frozen=True, slots=True)
class CryptoSessions:
    """``show crypto session [detail]``.

    Attributes:
        codes: lines of the legend.
    """

    codes: tuple[str, ...] = ()
    sessions: tuple[CryptoSession, ...] = ()


@dataclass(frozen=True, slots=True)
class BriefSession:
    """A row of ``show crypto session brief``.

    Attributes:
        interface: shortened, such as ``Tu0``.
        phase1_id: what the peer called itself, or its group.
        uptime: None while the session is down.
        status: letters of the legend, such as ``UA``.
    """

    peer: Address | Sentinel | str
    status: str
    interface: str | None = None
    username: str | None = None
    phase1_id: str | None = None
    uptime: timedelta | Sentinel | str | None = None


@dataclass(frozen=True, slots=True)
class BriefVrf:
    """The sessions of one inside VRF."""

    inside_vrf: str | Sentinel
    sessions: tuple[BriefSession, ...] = ()


@dataclass(frozen=True, slots=True)
class BriefSessions:
    """``show crypto session brief``.

    Attributes:
        codes: lines of the legend.
    """

    codes: tuple[str, ...] = ()
    vrfs: tuple[BriefVrf, ...] = ()
