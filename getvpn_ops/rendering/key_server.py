"""A group on one of its key servers (guide, "Configuring Key Server", "COOP Key Server Configuration")."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Family
from getvpn_ops.model.config.crypto import IsakmpKeepalive, PreSharedKey
from getvpn_ops.model.config.gdoi import (
    CoopPeerConfig,
    GdoiGroupConfig,
    GdoiSaConfig,
    IdentifierConfig,
    LocalServerConfig,
    RedundancyConfig,
)
from getvpn_ops.model.config.interface import InterfaceConfig
from getvpn_ops.model.config.pki import CryptoIdentity
from getvpn_ops.model.config.system import Buffers, MulticastConfig
from getvpn_ops.model.intended import IntendedConfig
from getvpn_ops.model.intent.crypto import KeepaliveIntent
from getvpn_ops.model.intent.group import Direction
from getvpn_ops.rendering import gikev2, ike, lists, names, pki

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.config.secret import Secret
    from getvpn_ops.model.config.system import AccessList
    from getvpn_ops.model.intent.router import KeyServerIntent
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Address
    from getvpn_ops.rendering.group import GroupPlan, PolicyPlan
    from getvpn_ops.rendering.problems import Problems
    from getvpn_ops.rendering.secrets import Secrets

HOLD_QUEUE = 4096  # packets; guide, "Other Considerations"
_IDENTIFIERS = 128
_SHARES = 8
"""Identifiers are kept for so many key servers: one that comes last changes those of no other."""
_PRIORITY_FIRST, _PRIORITY_STEP = 100, 5


def key_server_part(
    plan: GroupPlan, inventory: Inventory, device: Device, secrets: Secrets, problems: Problems
) -> IntendedConfig:
    """What one group needs on one of its key servers."""
    intent, release = plan.intent, plan.releases[device.name]
    own = inventory.key_server_intent(intent.name, device.name)
    alone = len(plan.key_servers) == 1
    own_policies = tuple(ike.filled(policy, plan.ike[0]) for policy in own.ike_policies or plan.ike)
    said = intent.ike.keepalive
    keepalive = (None if alone else KeepaliveIntent()) if said is None else said or None
    lists_used = [policy.access_list for policy in plan.policies]
    if plan.rekey_list is not None:
        lists_used.append(plan.rekey_list)
    authorized = _authorization(plan, problems)
    if authorized is not None:
        lists_used.append(authorized)
    config = IntendedConfig(
        device=device.name,
        release=device.release,
        groups=(intent.name,),
        isakmp_policies=tuple(ike.on_key_server(own_policies, intent.ike, release, device.name, problems)),
        isakmp_keys=() if intent.ike.pki else tuple(_keys(plan, own, device, secrets, problems)),
        isakmp_keepalive=None
        if keepalive is None
        else IsakmpKeepalive(
            timedelta(seconds=keepalive.interval),
            None if keepalive.retry is None else timedelta(seconds=keepalive.retry),
            periodic=keepalive.periodic,
        ),
        trustpoints=pki.trustpoints(intent.ike.pki, device.name),
        identities=_identity(plan),
        transform_sets=tuple(dict.fromkeys(policy.transform_set for policy in plan.policies)),
        ipsec_profiles=tuple(policy.profile for policy in plan.policies),
        gdoi_groups=(_group(plan, own, device, authorized),),
        interfaces=tuple(_interfaces(plan, own, device, problems)),
        access_lists=(*lists_used, *ssm_list(plan, problems)),
        multicast=multicast_of(plan, device),
        buffers=() if intent.buffers is None else (Buffers("huge", "size", intent.buffers),),
    )
    return gikev2.on_key_server(config, plan, problems)


def _keys(
    plan: GroupPlan, own: KeyServerIntent, device: Device, secrets: Secrets, problems: Problems
) -> Iterator[PreSharedKey]:
    """A key for each address of each member, and for each other key server."""
    if own.keys is not None:
        for key in own.keys:
            yield PreSharedKey(secrets.get(key.reference), key.address, key.mask)
        return
    for member in plan.members:
        addresses = plan.addresses[member.name]
        if not addresses:
            problems.add(member.name, "gdoi_addresses", "no address, and its pre-shared key is looked up by address")
        for address in addresses:
            yield key_for(secrets.get(member_reference(plan, member)), address)
    for other in plan.key_servers:
        if other.name != device.name and other.name in plan.servers:
            pair = "-".join(sorted((device.name, other.name)))
            yield key_for(secrets.get(reference(plan, pair)), plan.servers[other.name])


def key_for(secret: Secret, address: Address) -> PreSharedKey:
    """A key for one address; IOS wants a prefix length behind one of IPv6."""
    return PreSharedKey(secret, address, None if address.version == 4 else "/128")  # noqa: PLR2004 -- IP version


def member_reference(plan: GroupPlan, member: Device) -> str:
    """Name of the secret that a member shares with the key servers."""
    said = member.member_of.get(plan.intent.name)
    own = said.psk if said is not None and said.psk is not None else plan.intent.member_defaults.psk
    return own or reference(plan, member.name)


def reference(plan: GroupPlan, member: str) -> str:
    """Name of a secret by the group's pattern."""
    psk = plan.intent.ike.psk
    pattern = psk.reference if psk is not None else "psk/{member}"
    return pattern.replace("{group}", plan.intent.name).replace("{member}", member)


def _authorization(plan: GroupPlan, problems: Problems) -> AccessList | None:
    said = plan.intent.authorization
    if said is not None and (said.identity is not None or not (said.members or said.acl)):
        return None
    base = (said.acl_name if said else None) or names.members_list(plan.intent.name)
    if said is not None and said.acl is not None:
        entries = said.acl
    else:
        addresses = (address for member in plan.members for address in plan.addresses[member.name])
        entries = tuple(f"permit {address}" for address in dict.fromkeys(addresses))
        if any(":" in text for text in entries):
            problems.add(plan.intent.name, "authorization", "by address it is for IPv4 alone: say members: false")
        for member in plan.members:
            if not plan.addresses[member.name]:
                problems.add(member.name, "gdoi_addresses", "no address, so it could not register")
    names.checked(base, plan.intent.name, "authorization: acl_name", problems)
    return lists.made(base, entries, 4, problems, "standard")


def _identity(plan: GroupPlan) -> tuple[CryptoIdentity, ...]:
    said = plan.intent.authorization
    if said is None or said.identity is None or not said.names:
        return ()
    return (CryptoIdentity(said.identity, said.names),)


def _group(plan: GroupPlan, own: KeyServerIntent, device: Device, authorized: AccessList | None) -> GdoiGroupConfig:
    intent = plan.intent
    address = plan.servers.get(device.name)
    number, by_address = identity(plan)
    said = intent.authorization
    server = LocalServerConfig(
        rekey=plan.rekey,
        sas=tuple(_sa(plan, own, policy) for policy in plan.policies),
        address=address if address is not None and address.version == 4 else None,  # noqa: PLR2004 -- IP version
        address_ipv6=address if address is not None and address.version == 6 else None,  # noqa: PLR2004 -- IP version
        receive_only=True if intent.direction is Direction.RECEIVE_ONLY else None,
        d3p_window=None if intent.d3p is None else timedelta(milliseconds=intent.d3p.window),
        redundancy=_redundancy(plan, device),
        authorization_acl=None if authorized is None else authorized.name,
        authorization_identity=None if said is None else said.identity,
        identifier=_identifier(plan, device),
        group_size=intent.group_size,
        pfs=True if intent.pfs else None,
        registration_interface=own.registration_interface,
    )
    return GdoiGroupConfig(
        name=own.group_name or intent.name,
        keyword=intent.keyword,
        ipv6=intent.ip == 6,  # noqa: PLR2004 -- IP version
        identity_number=number,
        identity_address=by_address,
        server_local=server,
    )


def identity(plan: GroupPlan) -> tuple[int | None, Address | None]:
    """The group's number, or its address."""
    said = plan.intent.identity
    return (said, None) if isinstance(said, int) else (None, None if said is None else ip_address(said))


def _sa(plan: GroupPlan, own: KeyServerIntent, policy: PolicyPlan) -> GdoiSaConfig:
    replay = own.replay or policy.replay
    return GdoiSaConfig(
        sequence=policy.intent.sequence,
        profile=policy.profile.name,
        match_acl=policy.access_list.name,
        match_family="ipv4" if plan.intent.ip == 4 else "ipv6",  # noqa: PLR2004 -- IP version
        replay_time_window=None if replay.time is None else timedelta(seconds=replay.time),
        replay_counter_window=replay.counter,
        replay=False if replay.off else None,
        tag="cts sgt" if policy.intent.tag_cts_sgt else None,
    )


def _redundancy(plan: GroupPlan, device: Device) -> RedundancyConfig | None:
    if len(plan.key_servers) == 1:
        return None
    coop = plan.intent.coop
    place = plan.key_servers.index(device)
    falling = max(_PRIORITY_FIRST - place * _PRIORITY_STEP, 1)
    return RedundancyConfig(
        priority=(coop.priorities or {}).get(device.name, falling),
        peers=tuple(
            CoopPeerConfig(plan.servers[other.name])
            for other in plan.key_servers
            if other.name != device.name and other.name in plan.servers
        ),
        pdu_size=coop.pdu,
        protocol_version=coop.protocol_version,
    )


def _identifier(plan: GroupPlan, device: Device) -> IdentifierConfig | None:
    kssid = plan.intent.kssid
    if kssid is None:
        return None
    if kssid.values is not None:
        return IdentifierConfig(values=kssid.values.get(device.name, ()))
    share = _IDENTIFIERS // max(len(plan.key_servers), _SHARES)
    first = plan.key_servers.index(device) * share
    return IdentifierConfig(ranges=(f"{first} - {first + share - 1}",))


def _interfaces(plan: GroupPlan, own: KeyServerIntent, device: Device, problems: Problems) -> Iterator[InterfaceConfig]:
    queues = own.hold_queue_interfaces or ()
    sparse = (own.multicast_interfaces or ()) if plan.rekey_list is not None else ()
    if plan.rekey_list is not None and not sparse:
        problems.add(device.name, f"getvpn.{plan.intent.name}.multicast_interfaces", "say where rekeys are multicast")
    for name in dict.fromkeys((*queues, *sparse)):
        depth = (own.hold_queue or HOLD_QUEUE) if name in queues else None
        yield InterfaceConfig(
            name, pim="sparse-mode" if name in sparse else None, hold_queue_in=depth, hold_queue_out=depth
        )


def multicast_of(plan: GroupPlan, device: Device, *, receiving: bool = False) -> MulticastConfig:
    """Multicast routing of a router; IOS-XE forwards it in hardware, and says so by ``distributed``.

    Args:
        plan: of the group.
        device: on which.
        receiving: it joins the group: IGMP of version 2 then learns its sources.
    """
    said = plan.intent.rekey.multicast
    if plan.rekey_list is None or said is None:
        return MulticastConfig()
    return MulticastConfig(
        routing=True,
        distributed=plan.releases[device.name].family is Family.IOS_XE,
        ssm_range=names.ssm_list(plan.intent) if said.ssm else None,
        igmp_ssm_map=True if said.ssm and receiving else None,
    )


def ssm_list(plan: GroupPlan, problems: Problems) -> tuple[AccessList, ...]:
    """The list of ``ip pim ssm range``."""
    said = plan.intent.rekey.multicast
    if plan.rekey_list is None or said is None or not said.ssm:
        return ()
    network = ip_network(said.ssm_range or f"{said.group}/32")
    text = lists.address_text(network).removeprefix("host ")
    return (lists.made(names.ssm_list(plan.intent), [f"permit {text}"], 4, problems, "standard"),)
