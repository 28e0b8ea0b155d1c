"""What key servers and members say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- of dataclasses
from enum import Enum
from ipaddress import IPv4Address  # noqa: TC003 -- of dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getvpn_ops.lab.gdoi.intent import Serving
    from getvpn_ops.lab.gdoi.state import Kek, Role, Tek


class Refusal(Enum):
    """Why a key server does not register a member."""

    IDENTITY = "no such group"
    UNAUTHORIZED = "not authorized"


@dataclass(frozen=True, slots=True)
class Grant:
    """A registration that succeeded.

    Attributes:
        server: address to which the member spoke.
        kek: None: there are no rekeys.
        teks: that live, the newest first.
        sequence: of the last rekey under the KEK.
        pseudotime: seconds.
    """

    server: IPv4Address
    kek: Kek | None
    teks: tuple[Tek, ...]
    sequence: int
    pseudotime: float = 0.0


@dataclass(frozen=True, slots=True)
class Rekey:
    """A rekey on its way.

    Attributes:
        source: address of the key server.
        sequence: its number.
        under: SPIs of the KEKs that it can be protected with: the ones that members may hold.
        signed: fingerprint of the RSA key that signed it.
        kek: that members use from now on.
        teks: that live, the newest first.
        replaces: all other keys are to be dropped at once.
        unicast: how it travels: as the members' KEK says, not as the one that it brings.
        group: where to, if by multicast.
        pseudotime: seconds, when it was made; a copy tells the time at which it is sent.
        made: when that was; None: only now.
    """

    source: IPv4Address
    sequence: int
    under: frozenset[bytes]
    signed: str
    kek: Kek
    teks: tuple[Tek, ...]
    replaces: bool = False
    unicast: bool = True
    group: IPv4Address | None = None
    pseudotime: float = 0.0
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A member in the database that key servers share."""

    address: IPv4Address
    server: IPv4Address
    version: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a key server tells its peers.

    Attributes:
        source: its address.
        priority: as configured.
        role: as it is.
        version: of its software.
        electing: it looks for a primary.
        relinquishes: it was the primary and is no longer, by command.
        merging: it gives way to another primary and hands its keys over.
        kek: in use.
        keks: all that members may hold.
        teks: that live.
        sequence: of the last rekey.
        members: its own, and as the primary all.
        shipped: the policy that members have, as the primary knows it.
        policy: compares configurations.
        pseudotime: seconds.
    """

    source: IPv4Address
    priority: int
    role: Role
    version: str
    electing: bool
    relinquishes: bool
    merging: bool
    kek: Kek | None
    keks: tuple[Kek, ...]
    teks: tuple[Tek, ...]
    sequence: int
    members: tuple[Registered, ...]
    shipped: Serving | None
    policy: int
    pseudotime: float

    @property
    def rank(self) -> tuple[int, IPv4Address]:
        """Decides elections."""
        return (self.priority, self.source)

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return 240 + 72 * len(self.teks) + 28 * len(self.members)
