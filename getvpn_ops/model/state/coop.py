"""Cooperating key servers, and the sender identifiers that they share out for counter-mode ciphers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from getvpn_ops.model.values import Address, Sentinel


@dataclass(frozen=True, slots=True)
class CoopPeer:
    """A peer, as the key server asked sees it.

    Attributes:
        session: number of the session in this output.
        handle: an internal number of the peer.
        version: GETVPN software version; 16/17, as are coop_version and coop_protocol.
        coop_protocol: ``base`` unless another one is configured.
        role: ``Primary``, ``Secondary``, or ``Unknown`` as long as no announcement came.
        status: ``Alive``, ``Dead`` or ``Unknown``.
        antireplay_sequence: of the last announcement from it.
        ike_status: ``Established`` if announcements can flow.
        ann_sent: announcements; ann_received likewise.
        ann_sent_reply_requested: those of them that asked for an answer; ann_received_reply_requested likewise.
        send_drops: packets not sent; some are seen on healthy pairs too.
    """

    session: int
    handle: int | None = None
    address: Address | None = None
    version: str | None = None
    coop_version: str | None = None
    coop_protocol: str | None = None
    priority: int | Sentinel | str | None = None
    role: str | None = None
    status: str | None = None
    antireplay_sequence: int | None = None
    ike_status: str | None = None
    ann_sent: int | None = None
    ann_sent_reply_requested: int | None = None
    ann_received: int | None = None
    ann_received_reply_requested: int | None = None
    send_drops: int | None = None
    receive_drops: int | None = None
    bytes_sent: int | None = None
    bytes_received: int | None = None


@dataclass(frozen=True, slots=True)
class CoopGroup:
    """A group with the state of this key server in it.

    Attributes:
        group_handle: an internal number, as is local_handle.
        redundancy_configured: False if the router says so; None if it prints the state instead.
        local_version: GETVPN software version; 16/17, as is local_coop_version.
        timers: ``Primary`` or ``Secondary``: whose timers run.
        primary_refresh: a primary announces itself so often.
        primary_periodic: a secondary checks so often whether the primary did.
        remaining: until that timer ends.
        retries: printed with the timers of a secondary.
        per_user_timer_remaining: 16/17.
        invalid_ann_received: ``Invalid ANN PST recvd``: announcements with an invalid pseudo-time.
        new_members_blocked: ``New GM Temporary Blocking Enforced?`` of a secondary.
        antireplay_sequence: of the last announcement sent.
    """

    group_name: str
    group_handle: int | None = None
    local_handle: int | None = None
    redundancy_configured: bool | None = None
    local_address: Address | None = None
    local_priority: int | Sentinel | str | None = None
    local_role: str | None = None
    local_status: str | None = None
    local_version: str | None = None
    local_coop_version: str | None = None
    timers: str | None = None
    primary_refresh: timedelta | Sentinel | str | None = None
    primary_periodic: timedelta | Sentinel | str | None = None
    remaining: timedelta | Sentinel | str | None = None
    retries: int | None = None
    per_user_timer_remaining: timedelta | Sentinel | str | None = None
    invalid_ann_received: int | None = None
    new_members_blocked: bool | str | None = None
    antireplay_sequence: int | None = None
    peers: tuple[CoopPeer, ...] = ()


@dataclass(frozen=True, slots=True)
class KsCoop:
    """``show crypto gdoi ks coop [detail]``."""

    groups: tuple[CoopGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class CoopClient:
    """A part of the key server software whose state COOP carries."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class KsCoopVersion:
    """``show crypto gdoi ks coop version``.

    Attributes:
        version: of the COOP infrastructure.
    """

    version: str
    clients: tuple[CoopClient, ...] = ()


@dataclass(frozen=True, slots=True)
class CoopSidPeer:
    """Sender identifiers of a peer; the fields are those of ``CoopSidGroup``."""

    role: str
    status: str
    address: Address | None = None
    next_operation: str | None = None
    reinitializing: bool | str | None = None
    kssid_overlap: bool | str | None = None
    sid_length_configured_bits: int | None = None
    group_size_configured: str | None = None
    sid_length_used_bits: int | None = None
    group_size_used: str | None = None
    kssid_in_use: str | None = None
    kssids_assigned: str | None = None
    kssids_used: str | None = None
    old_kssids_used: str | None = None


@dataclass(frozen=True, slots=True)
class CoopSidGroup:
    """Sender identifiers (SID) of this key server in a group, and of its peers.

    Attributes:
        next_operation: what this key server does next towards its peers (``NOTIFY``).
        reinitializing: whether the group changes to new identifiers.
        kssid_overlap: whether two key servers claim one key server identifier (KSSID): members would reuse nonces.
        sid_length_configured_bits: None if the size is printed without it.
        group_size_configured: ``SMALL``, ``MEDIUM`` or ``LARGE``.
        kssid_in_use: the one that members get identifiers from now; ``none`` without a counter-mode cipher.
        kssids_assigned: ranges as printed, or ``none``; so are the two that follow.
    """

    group_name: str
    local_role: str | None = None
    local_status: str | None = None
    local_address: Address | None = None
    next_operation: str | None = None
    reinitializing: bool | str | None = None
    kssid_overlap: bool | str | None = None
    sid_length_configured_bits: int | None = None
    group_size_configured: str | None = None
    sid_length_used_bits: int | None = None
    group_size_used: str | None = None
    kssid_in_use: str | None = None
    kssids_assigned: str | None = None
    kssids_used: str | None = None
    old_kssids_used: str | None = None
    peers: tuple[CoopSidPeer, ...] = ()


@dataclass(frozen=True, slots=True)
class KsCoopIdentifier:
    """``show crypto gdoi ks coop identifier [detail]``."""

    groups: tuple[CoopSidGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class SidGroup:
    """Sender identifiers of a group on its key server.

    Attributes:
        transform_mode: counter mode or not, as printed.
        reinitializing: whether the group changes to new identifiers.
        sid_length_bits: None if the size is printed without it.
        group_size: ``SMALL``, ``MEDIUM`` or ``LARGE``.
        kssid_in_use: the key server identifier that members get identifiers from now, or ``none``.
        last_gmsid: the last member identifier given out, or ``none``.
        kssids_assigned: ranges as printed, or ``none``; this and what follows only with ``detail``.
        remaining_sids: the lines under ``REMAINING SIDs``, or ``none``.
    """

    UNIFORM: ClassVar[bool] = True

    group_name: str
    transform_mode: str | None = None
    reinitializing: bool | str | None = None
    sid_length_bits: int | None = None
    group_size: str | None = None
    kssid_in_use: str | None = None
    last_gmsid: str | None = None
    kssids_assigned: str | None = None
    kssids_used: str | None = None
    old_kssids_used: str | None = None
    kssids_available: str | None = None
    remaining_sids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KsIdentifier:
    """``show crypto gdoi ks identifier [detail]``."""

    groups: tuple[SidGroup, ...] = ()
