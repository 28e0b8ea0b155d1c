"""A group on one of its members (guide, "Basic Group Member Configuration" and the sections behind it)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature
from getvpn_ops.model.config.crypto import CryptoMap, CryptoMapEntry, FailClose, Keyring, PreSharedKey
from getvpn_ops.model.config.gdoi import ClientConfig, GdoiGroupConfig, GdoiServerConfig
from getvpn_ops.model.config.interface import IgmpJoin, InterfaceConfig
from getvpn_ops.model.intended import IntendedConfig
from getvpn_ops.model.intent.access import AccessListIntent
from getvpn_ops.model.intent.router import FailCloseIntent
from getvpn_ops.rendering import gikev2, ike, lists, names, pki
from getvpn_ops.rendering.key_server import identity, key_for, member_reference, multicast_of, ssm_list
from getvpn_ops.rendering.limits import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getvpn_ops.model.config.crypto import IsakmpPolicy, TransformSet
    from getvpn_ops.model.config.system import AccessList
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.model.intent.router import MemberIntent
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.rendering.group import GroupPlan
    from getvpn_ops.rendering.problems import Problems
    from getvpn_ops.rendering.secrets import Secrets

MAP_SEQUENCE = 10


def member_part(
    plan: GroupPlan, inventory: Inventory, device: Device, secrets: Secrets, problems: Problems
) -> IntendedConfig:
    """What one group needs on one of its members."""
    intent = plan.intent
    own = inventory.member_intent(intent.name, device.name)
    if not own.interfaces:
        problems.add(device.name, f"getvpn.{intent.name}.interfaces", "say which interfaces carry the crypto map")
    if own.vrf and plan.rekey_list is not None:
        problems.add(
            device.name, f"getvpn.{intent.name}.vrf", "rekeys by multicast in a VRF are not written: use unicast"
        )
    keys = () if intent.ike.pki else tuple(_keys(plan, own, device, secrets))
    names.checked(own.map_name or names.crypto_map(own.vrf), device.name, "map_name", problems)
    names.checked(own.group_name or intent.name, device.name, "group_name", problems)
    if own.vrf and not intent.ike.pki:
        names.checked(own.keyring or names.keyring(own.vrf), device.name, "keyring", problems)
    local = _exceptions(plan, own, device, problems)
    closing, closed = _fail_close(plan, own, device, problems)
    config = IntendedConfig(
        device=device.name,
        release=device.release,
        groups=(intent.name,),
        isakmp_policies=tuple(_ike(plan, own, device, problems)),
        isakmp_keys=() if own.vrf else keys,
        isakmp_identity=_proved(intent),
        keyrings=(Keyring(own.keyring or names.keyring(own.vrf), own.vrf, keys=keys),) if own.vrf and keys else (),
        trustpoints=pki.trustpoints(intent.ike.pki, device.name),
        transform_sets=tuple(dict.fromkeys(_accepted(plan, own))),
        df_bit=own.df_bit,
        gdoi_groups=(_group(plan, own, device, problems),),
        crypto_maps=(_map(plan, own, local, closing),),
        interfaces=tuple(_interfaces(plan, own)),
        access_lists=tuple(item for item in (local, closed) if item is not None and item.entries)  # else: named alone
        + ssm_list(plan, problems),
        multicast=multicast_of(plan, device, receiving=True),
    )
    return gikev2.on_member(config, plan, keys, own.vrf)


def _proved(intent: GdoiGroupIntent) -> str | None:
    """What a member calls itself where names may register: the kind of name that the key servers look for."""
    said = intent.authorization
    if intent.ike.pki is None or said is None or said.identity is None:
        return None
    return "hostname" if said.names and all(line.startswith("fqdn ") for line in said.names) else "dn"


def _accepted(plan: GroupPlan, own: MemberIntent) -> Iterator[TransformSet]:
    """The group's transform sets that a member names; others that it names are there already, and not ours to write."""
    wanted = own.client.transform_sets if own.client is not None else ()
    return (policy.transform_set for policy in plan.policies if policy.transform_set.name in wanted)


def servers_of(plan: GroupPlan, own: MemberIntent, device: str) -> tuple[str, ...]:
    """Key servers in the order in which a member tries them.

    As written; else all of them, beginning with one that depends on the member's name alone: members spread over the
    key servers, and a member that comes or goes changes no other one (guide, "Other Considerations").
    """
    if own.servers is not None:
        return own.servers
    known = [item.name for item in plan.key_servers]
    if not known:
        return ()
    first = int.from_bytes(hashlib.sha256(device.encode()).digest()[:8]) % len(known)
    return tuple(known[first:] + known[:first])


def _ike(plan: GroupPlan, own: MemberIntent, device: Device, problems: Problems) -> Iterator[IsakmpPolicy]:
    said, release = plan.intent.ike, plan.releases[device.name]
    if own.ike_policies is None:
        return ike.on_member(plan.ike, said, release, device.name, problems)
    policies = [ike.filled(item, plan.ike[0]) for item in own.ike_policies]
    return ike.of_its_own(policies, said, release, device.name, problems)


def _keys(plan: GroupPlan, own: MemberIntent, device: Device, secrets: Secrets) -> Iterator[PreSharedKey]:
    if own.keys is not None:
        for key in own.keys:
            yield PreSharedKey(secrets.get(key.reference), key.address, key.mask)
        return
    for server in plan.key_servers:
        if server.name in plan.servers:
            yield key_for(secrets.get(member_reference(plan, device)), plan.servers[server.name])


def _group(plan: GroupPlan, own: MemberIntent, device: Device, problems: Problems) -> GdoiGroupConfig:
    intent = plan.intent
    releases = {device.name: plan.releases[device.name]}
    number, by_address = identity(plan)
    if own.passive:
        needs(Feature.PASSIVE, releases, problems, "passive")
    for name in own.servers or ():
        if name not in plan.servers:
            problems.add(device.name, "servers", f"{name!r} is no key server of {intent.name}")
    return GdoiGroupConfig(
        name=own.group_name or intent.name,
        keyword=intent.keyword,
        ipv6=intent.ip == 6,  # noqa: PLR2004 -- IP version
        identity_number=number,
        identity_address=by_address,
        servers=tuple(
            GdoiServerConfig(plan.servers[name]) for name in servers_of(plan, own, device.name) if name in plan.servers
        ),
        passive=True if own.passive else None,
        client=_client(plan, own, device, problems),
    )


def _client(plan: GroupPlan, own: MemberIntent, device: Device, problems: Problems) -> ClientConfig:
    said = own.client
    closing = fail_close(plan, own)
    revert = True if closing is not None and closing.revert else None
    releases = {device.name: plan.releases[device.name]}
    if revert:
        needs(Feature.FAIL_CLOSE_REVERT, releases, problems, "fail_close.revert")
    if said is None:
        return ClientConfig(fail_close_revert=revert)
    needs(Feature.CLIENT, releases, problems, "client")
    for key, feature in (
        ("pfs", Feature.PFS),
        ("bypass_policy", Feature.BYPASS_POLICY),
        ("recovery_check_interval", Feature.RECOVERY_CHECK),
        ("status_track", Feature.STATUS_TRACK),
    ):
        if getattr(said, key):
            needs(feature, releases, problems, f"client.{key}")
    if any(word != "sha" for word in said.rekey_hash):
        needs(Feature.SIGNATURE_HASH, releases, problems, "client.rekey_hash")
    return ClientConfig(
        registration_interface=said.registration_interface,
        rekey_encryption=tuple(word for text in said.rekey_encryption for word in text.split()),
        rekey_hash=said.rekey_hash,
        transform_sets=said.transform_sets,
        recovery_check_interval=None
        if said.recovery_check_interval is None
        else timedelta(seconds=said.recovery_check_interval),
        status_track=said.status_track,
        bypass_policy=True if said.bypass_policy else None,
        fail_close_revert=revert,
        pfs=True if said.pfs else None,
    )


def fail_close(plan: GroupPlan, own: MemberIntent) -> FailCloseIntent | None:
    """What a member says of fail-close, or else the group."""
    if own.fail_close is False:
        return None
    if own.fail_close is None:
        return FailCloseIntent() if plan.intent.fail_close else None
    return own.fail_close


def _exceptions(plan: GroupPlan, own: MemberIntent, device: Device, problems: Problems) -> AccessList | None:
    if own.exceptions is None:
        return None
    where = f"{device.name}: exceptions"
    entries = lists.expand(own.exceptions, plan.intent.services, plan.intent.ip, problems, where)
    if any(text.startswith("permit") for text in entries):
        problems.add(where, "", "a permit in a local list drops what it matches (guide, Local Exception Policy)")
    name = own.exceptions.name or names.exceptions_list(plan.intent.name)
    return lists.made(names.checked(name, device.name, "exceptions", problems), entries, plan.intent.ip, problems)


def _fail_close(
    plan: GroupPlan, own: MemberIntent, device: Device, problems: Problems
) -> tuple[FailClose | None, AccessList | None]:
    said = fail_close(plan, own)
    if said is None:
        return None, None
    needs(Feature.FAIL_CLOSE, {device.name: plan.releases[device.name]}, problems, "fail_close")
    acl = said.acl or AccessListIntent()
    if acl.exempt is None and acl.entries is None:
        shared = [entry.text for policy in plan.policies for entry in policy.access_list.entries]
        entries = tuple(dict.fromkeys(text for text in shared if text.startswith("deny")))
    else:
        entries = lists.expand(acl, plan.intent.services, plan.intent.ip, problems, f"{device.name}: fail_close")
    if not any(text.startswith("deny") for text in entries):
        problems.add(device.name, "fail_close", "it exempts nothing, so the router could not even register: say acl")
    name = acl.name or names.fail_close_list(plan.intent.name)
    made = lists.made(names.checked(name, device.name, "fail_close", problems), entries, plan.intent.ip, problems)
    return FailClose(made.name, activated=True if said.activate else None), made


def _map(plan: GroupPlan, own: MemberIntent, local: AccessList | None, closing: FailClose | None) -> CryptoMap:
    return CryptoMap(
        name=own.map_name or names.crypto_map(own.vrf),
        ipv6=plan.intent.ip == 6,  # noqa: PLR2004 -- IP version
        local_address=own.local_address,
        entries=(
            CryptoMapEntry(
                own.map_sequence or MAP_SEQUENCE,
                "gdoi",
                group=own.group_name or plan.intent.name,
                match_acl=None if local is None else local.name,
            ),
        ),
        fail_close=closing,
        interfaces=own.interfaces or (),
    )


def _interfaces(plan: GroupPlan, own: MemberIntent) -> Iterator[InterfaceConfig]:
    carrying = own.interfaces or ()
    multicast = plan.intent.rekey.multicast if plan.rekey_list is not None else None
    sparse = () if multicast is None else (*carrying, *(own.multicast_interfaces or ()))
    joining = None if multicast is None else own.join_interface or next(iter(carrying), None)
    clamps = own.adjust_mss or {}
    version6 = plan.intent.ip == 6  # noqa: PLR2004 -- IP version
    for name in dict.fromkeys((*carrying, *sparse, *((joining,) if joining else ()), *clamps)):
        held = (own.map_name or names.crypto_map(own.vrf)) if name in carrying else None
        joins: tuple[IgmpJoin, ...] = ()
        if multicast is not None and name == joining:
            sources = tuple(plan.servers.values()) if multicast.ssm else (None,)
            joins = tuple(IgmpJoin(multicast.group, source) for source in sources)
        yield InterfaceConfig(
            name,
            crypto_map=None if version6 else held,
            ipv6_crypto_map=held if version6 else None,
            adjust_mss=clamps.get(name),
            pim="sparse-mode" if name in sparse else None,
            igmp_joins=joins,
        )
