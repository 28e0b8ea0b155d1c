"""What one router has otherwise than its group: ``getvpn: {GROUP: ...}`` in the data of a host or host group.

A host's word comes before its host groups', those before the group file's ``member_defaults`` and
``key_server_defaults``, field by field.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from getvpn_ops.model.base import FrozenModel
from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.model.intent.crypto import IkePolicyIntent, ReplayIntent
from getvpn_ops.model.intent.written import (
    Addresses,
    InterfaceName,
    InterfaceNames,
    Mask,
    Name,
    Names,
    SecretReference,
    Sequence,
    Whole,
    WrittenAddress,
)

Mss = Annotated[Whole, Field(ge=500, le=1460)]


class PeerKeyIntent(FrozenModel):
    """A pre-shared key that does not follow the group's pattern.

    Attributes:
        address: of the peer.
        mask: of a range of peers (a wildcard key: allowed, and a finding).
        reference: name of the secret.
    """

    address: WrittenAddress
    mask: Mask | None = None
    reference: SecretReference

    @model_validator(mode="after")
    def _of_ipv4(self) -> PeerKeyIntent:
        if self.mask is not None and self.address.version != 4:  # noqa: PLR2004 -- IP version
            raise ValueError("a mask with an IPv4 address only")
        return self


class FailCloseIntent(FrozenModel):
    """Nothing but what ``acl`` exempts passes before the first registration (guide, "Fail Close mode").

    Attributes:
        acl: exemptions; None: the services of the group's list.
        activate: whether it is in force; prepared only if not.
        revert: close again when a re-registration fails (``client fail-close revert``).
    """

    acl: AccessListIntent | None = None
    activate: bool = True
    revert: bool = False


def _in_short(value: object) -> object:
    return {} if value is True else value


FailClose = Annotated[FailCloseIntent | Literal[False], BeforeValidator(_in_short)]
"""``true`` is fail-close with everything as usual."""


class ClientIntent(FrozenModel):
    """Further lines of a member (``client ...``), none of which is a default; see ``ClientConfig``."""

    registration_interface: InterfaceName | None = None
    rekey_encryption: tuple[Literal["des-cbc", "3des-cbc", "aes", "aes 128", "aes 192", "aes 256"], ...] = ()
    rekey_hash: tuple[Literal["sha", "sha256", "sha384", "sha512"], ...] = ()
    transform_sets: Names = ()
    recovery_check_interval: Annotated[Whole, Field(ge=100, le=1000)] | None = None
    status_track: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    bypass_policy: bool = False
    pfs: bool = False


class MemberIntent(FrozenModel):
    """One member in one group.

    Attributes:
        addresses: that the key servers know it by in this group; None: all of its GDOI addresses.
        interfaces: that carry the crypto map; needed before anything can be rendered.
        local_address: loopback that names the member where it has several interfaces.
        servers: key servers in the order of attempts, by name. None: all, turned so that members spread over them.
        group_name: what the group is called on this router; None: as in the file.
        map_name: of the crypto map; None: ``GETVPN-MAP``, with the VRF's name where there is one.
        map_sequence: of its entry.
        vrf: of the interfaces; None: the global table.
        keyring: that holds the pre-shared keys of a VRF; None: made from the VRF's name.
        exceptions: local exceptions (denies only), checked before the group's list.
        fail_close: None: the group's ``fail_close``.
        passive: encrypts although the group is receive-only.
        adjust_mss: largest TCP segment in bytes, by LAN interface.
        df_bit: of the outer header, for the whole router.
        multicast_interfaces: interfaces in sparse mode besides those with the map.
        join_interface: that joins the rekey group; None: the first with the map.
        client: further lines.
        ike_policies: in place of the group's.
        keys: pre-shared keys in place of those by pattern.
        psk: name of this member's secret, in place of that by pattern.
    """

    addresses: Annotated[Addresses, Field(min_length=1)] | None = None
    interfaces: Annotated[InterfaceNames, Field(min_length=1)] | None = None
    local_address: InterfaceName | None = None
    servers: Annotated[Names, Field(min_length=1)] | None = None
    group_name: Name | None = None
    map_name: Name | None = None
    map_sequence: Sequence | None = None
    vrf: Name | None = None
    keyring: Name | None = None
    exceptions: AccessListIntent | None = None
    fail_close: FailClose | None = None
    passive: bool | None = None
    adjust_mss: dict[InterfaceName, Mss] | None = None
    df_bit: Literal["clear", "copy", "set"] | None = None
    multicast_interfaces: InterfaceNames | None = None
    join_interface: InterfaceName | None = None
    client: ClientIntent | None = None
    ike_policies: Annotated[tuple[IkePolicyIntent, ...], Field(min_length=1)] | None = None
    keys: tuple[PeerKeyIntent, ...] | None = None
    psk: SecretReference | None = None


class KeyServerIntent(FrozenModel):
    """One key server in one group.

    Attributes:
        address: it is known by; None: its first GDOI address.
        group_name: what the group is called on this router; None: as in the file.
        hold_queue_interfaces: interfaces towards the other key servers, whose queues are enlarged.
        hold_queue: packets, in and out.
        multicast_interfaces: in sparse mode, where rekeys are multicast.
        replay: otherwise than the group's policy (a parity fault: kept only because adoption found it).
        ike_policies: in place of the group's.
        keys: pre-shared keys in place of those by pattern.
        registration_interface: serves registrations there alone.
    """

    address: WrittenAddress | None = None
    group_name: Name | None = None
    hold_queue_interfaces: InterfaceNames | None = None
    hold_queue: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    multicast_interfaces: InterfaceNames | None = None
    replay: ReplayIntent | None = None
    ike_policies: Annotated[tuple[IkePolicyIntent, ...], Field(min_length=1)] | None = None
    keys: tuple[PeerKeyIntent, ...] | None = None
    registration_interface: InterfaceName | None = None
