"""Crypto maps (``show crypto map``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from getvpn_ops.model.acl import Ace
from getvpn_ops.model.values import Address, Sentinel


@dataclass(frozen=True, slots=True)
class ListedAce:
    """An ACE with the name of its list in front of it.

    Attributes:
        access_list: None if the line does not name it.
    """

    access_list: str | None
    ace: Ace


@dataclass(frozen=True, slots=True)
class TransformSet:
    """A transform set of a crypto map.

    Attributes:
        transforms: empty before 15.x, which prints the name alone.
    """

    name: str
    transforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MapLocalAddress:
    """``crypto map M local-address X``: the interface whose address the map uses."""

    crypto_map: str
    interface: str
    local_address: Address | str


@dataclass(frozen=True, slots=True)
class MapSetting:
    """A line that holds for all entries of a map.

    Attributes:
        authorization_list: of AAA, for remote access; ``authentication_list`` likewise.
        client_addresses: ``respond`` or ``initiate``: who starts to configure the client's address.
    """

    crypto_map: str
    ikev2_profile: str | None = None
    isakmp_profile: str | None = None
    authorization_list: str | None = None
    authentication_list: str | None = None
    client_addresses: str | None = None


@dataclass(frozen=True, slots=True)
class CryptoMapEntry:
    """An entry of a crypto map.

    Attributes:
        family: ``IPv4`` or ``IPv6`` (15.x and later).
        kind: such as ``gdoi`` or ``ipsec-isakmp``.
        warnings: why the entry does not work.
        group_name: GDOI group of a gdoi entry.
        group_id: identity of the group.
        servers: key servers of the group.
        local_access_list: list of a gdoi entry (``match address``): what this member does not encrypt.
        access_list_for_dynamic: list that the line with ``dynamic`` names.
        dynamic: whether that list is dynamic.
        created_from: dynamic map and entry that this one is an instance of.
        lifetime_kilobytes: ``disabled`` or a text if the volume does not end an SA.
        idle_time_source: such as ``default``.
        responder_only: whether this router waits for the peer.
        replay_window: packets.
        ipsec_profile: of a tunnel's protection.
        notes: lines without a value.
        interfaces_of: the map named in the heading of the interfaces.
    """

    crypto_map: str
    sequence: int
    kind: str
    family: str | None = None
    description: str | None = None
    warnings: tuple[str, ...] = ()
    group_name: str | None = None
    group_id: str | None = None
    servers: tuple[Address | str, ...] = ()
    local_access_list: str | None = None
    registration_interface: str | None = None
    client_protocol: str | None = None
    peers: tuple[Address | str, ...] = ()
    current_peer: Address | str | None = None
    access_list: str | None = None
    aces: tuple[ListedAce, ...] = ()
    access_list_for_dynamic: str | None = None
    dynamic: bool | None = None
    created_from: str | None = None
    lifetime_kilobytes: int | Sentinel | str | None = None
    lifetime: timedelta | None = None
    idle_time: timedelta | None = None
    idle_time_source: str | None = None
    dualstack: bool | None = None
    responder_only: bool | None = None
    pfs: bool | None = None
    dh_group: str | Sentinel | None = None
    mixed_mode: bool | None = None
    transform_sets: tuple[TransformSet, ...] = ()
    ipsec_profile: str | None = None
    isakmp_profile: str | None = None
    ikev2_profile: str | None = None
    identity: str | None = None
    dynamic_map: str | None = None
    replay_window: int | None = None
    notes: tuple[str, ...] = ()
    interfaces_of: str | None = None
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CryptoMaps:
    """``show crypto map``.

    Attributes:
        no_maps: the text if there are none.
        internal_maps: maps of IOS itself, such as ``NiStTeSt1`` (15.x): no interface uses them.
    """

    no_maps: str | None = None
    internal_maps: tuple[str, ...] = ()
    local_addresses: tuple[MapLocalAddress, ...] = ()
    settings: tuple[MapSetting, ...] = ()
    entries: tuple[CryptoMapEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class FailClose:
    """Fail-close of a gdoi crypto map: what passes in clear before the member has registered.

    Attributes:
        activate: whether unregistered means closed.
        revert: whether the map closes again when the registration is lost (later 15.x).
        access_list: name of the list, if its heading names it.
        aces: deny forwards in clear, permit drops.
    """

    crypto_map: str
    sequence: int | None = None
    kind: str | None = None
    activate: bool | None = None
    revert: bool | None = None
    access_list: str | None = None
    aces: tuple[ListedAce, ...] = ()


@dataclass(frozen=True, slots=True)
class FailCloses:
    """``show crypto map gdoi fail-close``.

    Attributes:
        no_maps: the text if there are none.
    """

    no_maps: str | None = None
    maps: tuple[FailClose, ...] = ()
