"""The lists, keys and counters behind a group member: ``show crypto gdoi gm acl``, ``rekey``, ``replay`` and others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from getvpn_ops.model.state.gm import AclDownload, LocalAcl
from getvpn_ops.model.values import Address, RsaPublicKey, Sentinel


@dataclass(frozen=True, slots=True)
class GmAclGroup:
    """The lists of a group: local ones are matched first."""

    group_name: str
    acl_downloads: tuple[AclDownload, ...] = ()
    local_acls: tuple[LocalAcl, ...] = ()


@dataclass(frozen=True, slots=True)
class GmAcl:
    """``show crypto gdoi gm acl [download | local]``; what is not asked for is absent."""

    groups: tuple[GmAclGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class KekSa:
    """A row of the table of KEK SAs; ``---`` in every column if the slot is empty.

    Attributes:
        slot: ``New``, ``Current`` or ``Previous``.
        destination: this member, or the multicast group.
        source: the key server.
        connection_id: as in ``show crypto isakmp sa``.
        my_cookie: hexadecimal.
        his_cookie: hexadecimal.
    """

    slot: str
    destination: Address | Sentinel
    source: Address | Sentinel
    connection_id: int | Sentinel
    my_cookie: str
    his_cookie: str


@dataclass(frozen=True, slots=True)
class GmRekeyGroup:
    """Rekeys of a group.

    Attributes:
        transport: ``Unicast`` or ``Multicast``.
        rekeys_received: since the group was configured or cleared.
        received_after_registration: since the latest registration.
        acks_sent: unicast only.
        multicast_address: multicast only: where rekeys go.
        kek_sas: with ``detail``.
    """

    group_name: str
    transport: str | None = None
    rekeys_received: int | None = None
    received_after_registration: int | None = None
    acks_sent: int | None = None
    multicast_address: Address | None = None
    kek_sas: tuple[KekSa, ...] = ()


@dataclass(frozen=True, slots=True)
class GmRekey:
    """``show crypto gdoi gm rekey [detail]``."""

    groups: tuple[GmRekeyGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class TbarError:
    """A packet that failed the time-based replay check.

    Attributes:
        time: when, by this router's clock; the text if it is in another format.
        time_zone: name of that clock's zone.
        weekday: as printed.
        source: sender of the packet.
        my_pseudotime: of this member.
        peer_pseudotime: in the packet.
        window: width of the replay window.
    """

    time: datetime | str
    source: Address | str
    my_pseudotime: timedelta | str
    peer_pseudotime: timedelta | str
    window: timedelta | str
    time_zone: str | None = None
    weekday: str | None = None


@dataclass(frozen=True, slots=True)
class GmReplayGroup:
    """Time-based anti-replay (TBAR) of a group.

    Attributes:
        enabled: False if the key server does not ask for it; None if its values are printed instead.
        replay_value: pseudo-time now.
        time_sync_errors: pseudo-time updates that failed.
        max_time_delta: the largest correction by an update.
        sampling: rate at which failures are kept, such as ``10pak/min``.
        tbar_error_history: ``No TBAR errors detected``; absent if there are some.
    """

    group_name: str
    enabled: bool | None = None
    replay_value: timedelta | None = None
    input_packets: int | None = None
    output_packets: int | None = None
    input_error_packets: int | None = None
    output_error_packets: int | None = None
    time_sync_errors: int | None = None
    max_time_delta: timedelta | None = None
    sampling: str | None = None
    tbar_error_history: str | None = None
    tbar_errors: tuple[TbarError, ...] = ()


@dataclass(frozen=True, slots=True)
class GmReplay:
    """``show crypto gdoi gm replay``."""

    groups: tuple[GmReplayGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class GmPublicKey:
    """The public key of the rekeys of a key server."""

    key_server: Address
    connection_id: int | Sentinel | None = None
    my_cookie: str | None = None
    his_cookie: str | None = None
    key_data: RsaPublicKey | None = None


@dataclass(frozen=True, slots=True)
class GmPubkeyGroup:
    """The keys of a group."""

    group_name: str
    keys: tuple[GmPublicKey, ...] = ()


@dataclass(frozen=True, slots=True)
class GmPubkey:
    """``show crypto gdoi gm pubkey``."""

    groups: tuple[GmPubkeyGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class DataplaneCounters:
    """Packets of a group since the counters were cleared; 0 errors is healthy.

    Attributes:
        packets_tagged: sent with a tag (TrustSec); ``untagged`` are those received and relieved of theirs.
        packets_no_sa_sent: to be encrypted without an SA.
        packets_invalid_sa_received: with an SPI that this member does not have.
    """

    group_name: str
    packets_encrypted: int | None = None
    packets_decrypted: int | None = None
    packets_tagged: int | None = None
    packets_untagged: int | None = None
    packets_no_sa_sent: int | None = None
    packets_invalid_sa_received: int | None = None
    packets_encaps_failed: int | None = None
    packets_decaps_failed: int | None = None
    packets_invalid_protocol_received: int | None = None
    packets_verify_failed: int | None = None
    packets_not_tagged: int | None = None
    packets_not_untagged: int | None = None
    packets_internal_errors_sent: int | None = None
    packets_internal_errors_received: int | None = None


@dataclass(frozen=True, slots=True)
class GmDataplane:
    """``show crypto gdoi gm dataplane counters``."""

    groups: tuple[DataplaneCounters, ...] = ()
