"""What a router holds of GDOI. Screens read it; the machines of this package write it; it knows neither.

Moments are of the lab's clock. Nothing here is a wish: what the configuration asks for is in ``intent``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address  # noqa: TC003 -- dataclasses and their readers meet it at run time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Role(Enum):
    """Of a key server among its peers."""

    PRIMARY = "Primary"
    SECONDARY = "Secondary"
    UNKNOWN = "Unknown"


class PeerStatus(Enum):
    """Of another key server, as this one sees it."""

    ALIVE = "Alive"
    DEAD = "Dead"
    UNKNOWN = "Unknown"


class Registration(Enum):
    """Of a member."""

    NONE = "Not registered"
    REGISTERING = "Registering"
    REGISTERED = "Registered"
    EXPIRED = "Re-registering"


class Direction(Enum):
    """Of a security association at a member."""

    BOTH = "Both"
    INBOUND_ONLY = "Inbound Only"
    INBOUND_OPTIONAL = "Inbound Optional"


@dataclass(frozen=True, slots=True)
class Ace:
    """One line of a group's list, as it was when it was shipped.

    Attributes:
        permit: encrypt it; else leave it alone.
        protocol: ``ip``, a name or a number as IOS keeps it.
        source: address and wildcard.
        destination: address and wildcard.
        source_port: a port; None is any.
        destination_port: a port; None is any.
        text: the line as the configuration keeps it.
    """

    permit: bool
    protocol: str
    source: tuple[int, int]
    destination: tuple[int, int]
    source_port: int | None
    destination_port: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Kek:
    """Key that protects rekeys.

    Attributes:
        spi: 16 bytes.
        algorithm: ``DES``, ``3DES`` or ``AES``.
        key_bits: of the algorithm.
        sig_hash: ``sha``, ``sha256``, ...
        sig_key: label of the RSA key, at its key server.
        sig_fingerprint: SHA-256 of the RSA public key; members refuse rekeys signed with another one.
        sig_bits: modulus of the RSA key.
        unicast: how rekeys travel.
        address: group address of multicast rekeys, or None.
        lifetime: whole life.
        born: when it began.
        public: the RSA public key in DER, as members show it.
    """

    spi: bytes
    algorithm: str
    key_bits: int
    sig_hash: str
    sig_key: str
    sig_fingerprint: str
    sig_bits: int
    unicast: bool
    address: IPv4Address | None
    lifetime: timedelta
    born: datetime
    public: bytes = b""

    @property
    def ends(self) -> datetime:
        """The moment of its end."""
        return self.born + self.lifetime


@dataclass(frozen=True, slots=True)
class Tek:
    """Key that protects traffic: one for each ``sa ipsec`` of a group.

    Attributes:
        spi: 32 bits.
        sequence: number of the ``sa ipsec``.
        profile: name of the IPsec profile.
        transform: as the transform set spells it, such as ``("esp-aes 256", "esp-sha-hmac")``.
        acl: name of the list.
        entries: of the list when the key was made.
        receive_only: as the key server said when it was made.
        replay: ``("time", seconds)``, ``("counter", packets)`` or None.
        lifetime: whole life as configured.
        born: when it began.
        ends: when it ends; earlier than its life for one that was replaced by policy.
    """

    spi: int
    sequence: int
    profile: str
    transform: tuple[str, ...]
    acl: str
    entries: tuple[Ace, ...]
    receive_only: bool
    replay: tuple[str, int] | None
    lifetime: timedelta
    born: datetime
    ends: datetime


@dataclass(slots=True)
class MemberRecord:
    """A member in a key server's database.

    Attributes:
        address: identity of the member.
        server: the key server with which it registered.
        version: GETVPN software version of the member.
        local: registered here, not learnt from a peer.
        registered: when.
        rekeys_sent: since it registered.
        rekey_retries: retransmissions among them.
        acks_received: acknowledgements.
        acks_missed: rekeys without one.
        missed_in_a_row: rekeys without one since the last; the third drops the member.
        sent: sequence numbers of the last rekeys, newest first.
        received: sequence numbers of the last acknowledgements, newest first.
    """

    address: IPv4Address
    server: IPv4Address
    version: str
    local: bool
    registered: datetime
    rekeys_sent: int = 0
    rekey_retries: int = 0
    acks_received: int = 0
    acks_missed: int = 0
    missed_in_a_row: int = 0
    sent: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    received: list[int] = field(default_factory=lambda: [0, 0, 0, 0])


@dataclass(slots=True)
class Peer:
    """Another key server of the group, as this one sees it.

    Attributes:
        address: as configured.
        priority: as it announced; None before it did.
        role: as it announced.
        status: whether it is heard.
        version: of its GETVPN software; empty before it announced.
        heard: its last announcement.
        ann_sent: announcements sent to it.
        ann_received: announcements received from it.
        replies_lost: announcements that it did not answer in a row.
        sent_drops: packets that could not be sent.
        bytes_sent: of announcements.
        bytes_received: of announcements.
    """

    address: IPv4Address
    priority: int | None = None
    role: Role = Role.UNKNOWN
    status: PeerStatus = PeerStatus.UNKNOWN
    version: str = ""
    heard: datetime | None = None
    ann_sent: int = 0
    ann_received: int = 0
    replies_lost: int = 0
    sent_drops: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass(slots=True)
class KeyServerState:
    """A group on its key server.

    Attributes:
        group: name of the group.
        identity: number or address, as text.
        address: of the key server in the group.
        handle: number by which screens call the group.
        role: among its peers; Primary where there are none.
        priority: as configured.
        redundant: whether peers are configured.
        kek: None before the first registration, or without an RSA key.
        teks: keys that are valid, the newest first; ended ones stay for a while.
        members: by address, local and learnt.
        peers: by address.
        rekeys_sent: for the group.
        retransmits: of the last rekey.
        rekey_took: how long the last rekey took.
        sequence: number of the last rekey.
        next_tek_rekey: when the next one is due.
        next_kek_rekey: when the KEK is due.
        receive_only: as the policy that was shipped has it.
        pending: what differs between the configuration and the policy that was shipped, for people.
        pseudotime: seconds of the time-based anti-replay.
        timed: when the pseudotime was that.
        next_sync: when members are told the pseudotime again.
        blocked: whether registrations are refused for now.
    """

    group: str
    identity: str
    address: IPv4Address
    handle: int
    role: Role = Role.PRIMARY
    priority: int = 1
    redundant: bool = False
    kek: Kek | None = None
    teks: list[Tek] = field(default_factory=list)
    members: dict[IPv4Address, MemberRecord] = field(default_factory=dict)
    peers: dict[IPv4Address, Peer] = field(default_factory=dict)
    rekeys_sent: int = 0
    retransmits: int = 0
    rekey_took: timedelta = timedelta()
    sequence: int = 0
    next_tek_rekey: datetime | None = None
    next_kek_rekey: datetime | None = None
    receive_only: bool = False
    pending: tuple[str, ...] = ()
    pseudotime: float = 0.0
    timed: datetime | None = None
    next_sync: datetime | None = None
    blocked: bool = False


@dataclass(slots=True)
class Counters:
    """Packets at a member's crypto map.

    Attributes:
        encrypted: sent as ESP.
        decrypted: received as ESP and opened.
        sent_clear: sent as they were, though the list says nothing or denies them, or by receive-only.
        dropped_clear: received clear though the list says encrypt.
        dropped_no_match: received as ESP with a known SPI, not matching the list.
        dropped_unknown_spi: received as ESP with an SPI that is not known.
        dropped_send: not sent, for want of a key or by fail-close.
        dropped_replay: received too late.
    """

    encrypted: float = 0.0
    decrypted: float = 0.0
    sent_clear: float = 0.0
    dropped_clear: float = 0.0
    dropped_no_match: float = 0.0
    dropped_unknown_spi: float = 0.0
    dropped_send: float = 0.0
    dropped_replay: float = 0.0


@dataclass(slots=True)
class MemberState:
    """A group on a member.

    Attributes:
        group: name of the group.
        identity: number or address, as text.
        interfaces: where its crypto map is applied.
        crypto_map: name and sequence number of the map's entry.
        address: its identity: of the interface, or of the one that ``local-address`` names.
        vrf: of its interfaces; empty: the global table.
        servers: as configured, in order.
        registration: where it stands.
        server: with which it is or was registered.
        kek: as received.
        teks: as received, the newest first.
        direction: as the key server said, changed by ``passive`` or by command.
        commanded: ``crypto gdoi gm ipsec direction ...`` holds until the next rekey.
        passive: as configured, once it has taken effect.
        local_entries: of the map's own list: denies only have an effect.
        reregisters: when it will register again.
        attempts: registrations tried.
        successes: registrations that succeeded.
        rekeys_total: received since the group was configured.
        rekeys_since: received since the last registration.
        acks_sent: acknowledgements.
        last_rekey: when the last one came.
        last_rekey_from: from whom.
        last_sequence: its number.
        version: of its GETVPN software.
        fail_close: ``activate`` stands in the configuration.
        counters: of its packets.
        ever_registered: whether it has been registered since it booted.
        registered: when it registered last; its IKE SA lives from then on.
        pseudotime: of the time-based anti-replay, as the key server said it last.
        synced: when that was.
        downloaded: the list that came last. It stays when its keys end, and is forgotten with the policy: by
            ``clear crypto gdoi``, by a reload, by taking the map away.
        bypass: of the fail-close map's own list.
        reverts: ``client fail-close revert``: fail-close holds again once the keys have ended.
        refuses_clear: ``passive`` under Both accepts no clear packets here; one of the variants that nobody attests.
        gap: between two directions, without keys for a moment; another such variant.
        skew: seconds by which its pseudotime is ahead of the group's.
    """

    group: str
    identity: str
    interfaces: tuple[str, ...]
    crypto_map: tuple[str, int]
    address: IPv4Address | None
    vrf: str = ""
    servers: tuple[IPv4Address, ...] = ()
    registration: Registration = Registration.NONE
    server: IPv4Address | None = None
    kek: Kek | None = None
    teks: list[Tek] = field(default_factory=list)
    direction: Direction = Direction.BOTH
    commanded: bool = False
    passive: bool = False
    local_entries: tuple[Ace, ...] = ()
    reregisters: datetime | None = None
    attempts: int = 0
    successes: int = 0
    rekeys_total: int = 0
    rekeys_since: int = 0
    acks_sent: int = 0
    last_rekey: datetime | None = None
    last_rekey_from: IPv4Address | None = None
    last_sequence: int = 0
    version: str = "1.0.16"
    fail_close: bool = False
    counters: Counters = field(default_factory=Counters)
    ever_registered: bool = False
    registered: datetime | None = None
    pseudotime: float = 0.0
    synced: datetime | None = None
    downloaded: tuple[Ace, ...] = ()
    bypass: tuple[Ace, ...] = ()
    reverts: bool = False
    refuses_clear: bool = False
    gap: bool = False
    skew: float = 0.0


class Handles(Protocol):
    """What exec commands may do to GDOI on a router; the world takes them."""

    def clear(self, group: str | None) -> None:
        """``clear crypto gdoi [group NAME]``."""

    def clear_members(self, group: str | None) -> None:
        """``clear crypto gdoi ks members``: every member registers again."""

    def clear_role(self, group: str | None) -> None:
        """``clear crypto gdoi ks coop role``."""

    def rekey(self, group: str | None, *, replace_now: bool) -> None:
        """``crypto gdoi ks rekey [replace-now]``."""

    def direct(self, group: str | None, direction: Direction) -> None:
        """``crypto gdoi gm ipsec direction ...``."""

    def clear_sas(self) -> None:
        """``clear crypto sa``: members register at once to get theirs again; their lists stay."""


@dataclass(slots=True)
class GdoiState:
    """All that a router holds of GDOI.

    Attributes:
        servers: groups of which it is a key server, by name.
        members: groups of which it is a member, in the order of its crypto maps.
        handles: of exec commands; None where the router is in no lab.
        shown: what screens may show of a member's counters, which XE refreshes late; None: the counters themselves.
        ping: sends echo requests to an address, from one of its own or None, with size, DF, count and VRF; says whether
            replies come back. None: the router is in no lab.
        isakmp_cleared: when ``clear crypto isakmp`` was typed last; IKE and rekey SAs that are older are gone.
        debugs: what ``debug crypto ...`` switched on, such as ``crypto gdoi gm rekey``.
        debug_peers: addresses of ``debug crypto condition peer ipv4``.
        trace: moments and texts of the events that ``show monitor event-trace gdoi`` tells.
    """

    servers: dict[str, KeyServerState] = field(default_factory=dict)
    members: list[MemberState] = field(default_factory=list)
    handles: Handles | None = None
    shown: Callable[[MemberState], Counters] | None = None
    ping: Callable[[IPv4Address, IPv4Address | None, tuple[int, bool, int, str]], bool] | None = None
    isakmp_cleared: datetime | None = None
    debugs: set[str] = field(default_factory=set)
    debug_peers: set[str] = field(default_factory=set)
    trace: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=1000))
