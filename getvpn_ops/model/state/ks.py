"""What a key server tells of its groups, members and policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class LastRekey:
    """Summary of a group's last rekey, printed before its members (16/17).

    Attributes:
        rekeys_sent: since the group was configured or cleared.
        retransmits: of the last rekey.
        duration: of the last rekey, from first packet to last acknowledgement.
    """

    group_name: str
    rekeys_sent: int
    retransmits: int | None = None
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class KsMember:
    """A group member in the database of a key server, LOCAL or REDUNDANT (``show crypto gdoi ks members``).

    Attributes:
        address: the identity it registered with.
        version: GETVPN software version of the member (16/17).
        key_server: where it registered.
        acks_missed: unacknowledged unicast rekeys; the key server drops a member after three in a row.
        sent_sequences: sequence numbers of the last rekeys sent, oldest first.
        received_sequences: the same of the acknowledgements, shifted by one.
    """

    UNIFORM: ClassVar[bool] = True

    address: Address
    version: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    group_type: str | None = None
    state: str | None = None
    key_server: Address | None = None
    rekeys_sent: int | None = None
    rekey_retries: int | None = None
    acks_received: int | None = None
    acks_missed: int | None = None
    sent_sequences: tuple[int, ...] = ()
    received_sequences: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KsMembers:
    """``show crypto gdoi ks members [ADDRESS]``.

    Attributes:
        heading: missing in some captures of 16/17.
        not_found: ``Group Member not Found``, once for each group without a member of the address asked for.
    """

    heading: str | None = None
    rekeys: tuple[LastRekey, ...] = ()
    members: tuple[KsMember, ...] = ()
    not_found: tuple[str, ...] = ()
