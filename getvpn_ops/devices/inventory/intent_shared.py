"""Two GDOI groups on one router: one name, number or place of its configuration cannot be two things.

Each group claims what it will write; the first one to claim a name is right. What is decided only while rendering, such
as values by profile and release, is compared there (``rendering.join``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.rendering import names
from getvpn_ops.rendering.group import TEK_LIFETIME, registering
from getvpn_ops.rendering.member import MAP_SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from getvpn_ops.devices.inventory.intent_routers import Fleet
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.values import Address
    from getvpn_ops.settings.mistakes import Mistakes, Where


@dataclass(frozen=True, slots=True)
class Claim:
    """What a group wants on a router.

    Attributes:
        what: such as ``IPsec profile GETVPN``.
        value: what it should be; two groups may share it only if both want the same.
        where: path in the group's file; or in the router's own words if ``own``.
        own: which of the two.
        text: in place of the usual words, before the name of the other group.
    """

    what: str
    value: Hashable
    where: Where
    own: bool = False
    text: str = ""


def look_at_shared(fleet: Fleet, mistakes: Mistakes) -> None:
    """Check every router that is in several groups which are described whole.

    Args:
        fleet: everything.
        mistakes: gets every name that two groups want to be two things.
    """
    whole = fleet.whole()
    serving: dict[str, list[str]] = defaultdict(list)
    joining: dict[str, list[str]] = defaultdict(list)
    for group in whole:
        for device in fleet.inventory.key_servers(group):
            serving[device.name].append(group)
        for device in fleet.inventory.members(group):
            joining[device.name].append(group)
    common = {group: tuple(_of_group(fleet.inventory.gdoi_groups[group])) for group in whole}
    for name, groups in serving.items():
        if len(groups) > 1:
            device = fleet.inventory.devices[name]
            claims = [(group, [*common[group], *_of_server(fleet, group, device)]) for group in groups]
            _compare(fleet, name, claims, mistakes, server=True)
    for name, groups in joining.items():
        if len(groups) > 1:
            device = fleet.inventory.devices[name]
            _compare(fleet, name, [(group, [*_of_member(fleet, group, device)]) for group in groups], mistakes)


def _compare(
    fleet: Fleet,
    device: str,
    claims: Iterable[tuple[str, Iterable[Claim]]],
    mistakes: Mistakes,
    *,
    server: bool = False,
) -> None:
    seen: dict[str, tuple[str, Hashable]] = {}
    told: set[tuple[str, Where]] = set()
    for group, wanted in claims:
        for claim in wanted:
            first, value = seen.setdefault(claim.what, (group, claim.value))
            if first == group or value == claim.value or (group, claim.where) in told:
                continue
            told.add((group, claim.where))  # of a thousand keys by one pattern, one will do
            place = (
                fleet.place(group, device, claim.where, server=server)
                if claim.own
                else (fleet.files[group].document, claim.where)
            )
            on = f" on {device}" if claim.own else ""
            does = "is taken by" if claim.value == group else "means something else in"
            mistakes.at(*place, f"{claim.text or f'{claim.what}{on} {does}'} {first}")


def _of_group(intent: GdoiGroupIntent) -> Iterator[Claim]:
    """What every key server of a group gets."""
    yield from _of_policies(intent)
    yield from _of_ike(intent)
    if intent.rekey.modulus is not None:
        label = intent.rekey.key_label or names.REKEY_KEY
        yield Claim(f"length of RSA key {label}", intent.rekey.modulus, ("rekey", "modulus"))
    if intent.buffers is not None:
        yield Claim("buffers huge size", intent.buffers, ("buffers",))
    said = intent.authorization
    if said is not None and said.acl_name is not None:
        yield Claim(f"access list {said.acl_name}", (said.acl, intent.name), ("authorization", "acl_name"))
    if said is not None and said.identity is not None:
        yield Claim(f"crypto identity {said.identity}", said.names, ("authorization", "identity"))
    multicast = intent.rekey.multicast  # by unicast it is prepared
    if multicast is not None:
        listed = multicast.acl_name or names.rekey_list(intent.name)
        yield Claim(f"access list {listed}", multicast.group, ("rekey", "multicast", "acl_name"))
        if multicast.ssm:
            sources = multicast.ssm_range or f"{multicast.group}/32"
            held = names.ssm_list(intent)
            yield Claim("ip pim ssm range", held, ("rekey", "multicast", "ssm_acl"))
            yield Claim(f"access list {held}", sources, ("rekey", "multicast", "ssm_range"))


def _of_policies(intent: GdoiGroupIntent) -> Iterator[Claim]:
    for place, policy in enumerate(intent.policies or ()):
        where: Where = ("policies", place)
        listed = policy.acl.name or names.policy_list(intent.name, policy.sequence)
        yield Claim(f"access list {listed}", (intent.ip, policy.acl), (*where, "acl"))
        transform = policy.transform
        if transform is not None and transform.name is not None:
            made_of = (transform.encryption, transform.integrity)
            yield Claim(f"transform set {transform.name}", made_of, (*where, "transform"))
        profile = policy.profile_name or names.profile(intent.name, policy.sequence)
        lifetime = policy.tek_lifetime or TEK_LIFETIME
        yield Claim(f"IPsec profile {profile}", (lifetime, transform), (*where, "profile_name"))


def _of_ike(intent: GdoiGroupIntent) -> Iterator[Claim]:
    ike = intent.ike
    for place, item in enumerate(ike.policies or ()):
        value = (item.encryption, item.hash, item.dh_group, item.lifetime or ike.key_server_lifetime, ike.pki is None)
        yield Claim(f"IKE policy {item.number}", value, ("ike", "policies", place))
    if ike.keepalive is not None:
        yield Claim("IKE keepalive", ike.keepalive, ("ike", "keepalive"))
    if ike.pki is not None:
        yield Claim(f"trustpoint {ike.pki.trustpoint}", ike.pki, ("ike", "pki"))
    if ike.gikev2 is not None:
        yield Claim(f"IKEv2 {ike.gikev2.name or names.ikev2(intent.name)}", ike.gikev2, ("ike", "gikev2"))


def _of_server(fleet: Fleet, group: str, device: Device) -> Iterator[Claim]:
    own: KeyServerIntent = fleet.inventory.key_server_intent(group, device.name)
    name = own.group_name or group
    yield Claim(f"group name {name}", group, ("group_name",), own=True)
    for interface in own.hold_queue_interfaces or ():
        yield Claim(f"hold queue of {interface}", own.hold_queue, ("hold_queue_interfaces",), own=True)
    if fleet.inventory.gdoi_groups[group].ike.pki is not None:
        return
    for key in own.keys or ():
        yield Claim(f"pre-shared key for {key.address}", (key.mask, key.reference), ("keys",), own=True)
    if own.keys is not None:
        return
    intent = fleet.inventory.gdoi_groups[group]
    for member in fleet.inventory.members(group):
        said = fleet.inventory.member_intent(group, member.name)
        reference = said.psk or _reference(intent, member.name)
        for address in said.addresses or registering(member.gdoi_addresses, intent.ip):
            yield Claim(f"pre-shared key for {address}", (None, reference), ("ike", "psk"))
    for other in fleet.inventory.key_servers(group):
        if other.name != device.name and (known := _server_address(fleet, group, other)) is not None:
            reference = _reference(intent, "-".join(sorted((device.name, other.name))))
            yield Claim(f"pre-shared key for {known}", (None, reference), ("ike", "psk"))


def _of_member(fleet: Fleet, group: str, device: Device) -> Iterator[Claim]:
    intent = fleet.inventory.gdoi_groups[group]
    own: MemberIntent = fleet.inventory.member_intent(group, device.name)
    held = own.map_name or names.crypto_map(own.vrf)
    sequence = own.map_sequence or MAP_SEQUENCE
    family = "" if intent.ip == 4 else "ipv6 "  # noqa: PLR2004 -- IP version
    yield Claim(f"group name {own.group_name or group}", group, ("group_name",), own=True)
    one = f"a member has one keyword for all its groups, and {device.name} has another one in"
    yield Claim("keyword", intent.keyword, ("keyword",), text=one)
    yield Claim(f"{family}crypto map {held} {sequence}", group, ("map_sequence",), own=True)
    yield Claim(f"VRF of crypto map {held}", own.vrf, ("vrf",), own=True)
    yield Claim(f"local-address of {family}crypto map {held}", own.local_address, ("local_address",), own=True)
    for place, interface in enumerate(own.interfaces or ()):
        yield Claim(f"{family}crypto map on {interface}", held, ("interfaces", place), own=True)
    for interface, size in (own.adjust_mss or {}).items():
        yield Claim(f"adjust_mss of {interface}", size, ("adjust_mss", interface), own=True)
    if own.df_bit is not None:
        yield Claim("df_bit", own.df_bit, ("df_bit",), own=True)
    if own.exceptions is not None:
        listed = own.exceptions.name or names.exceptions_list(group)
        yield Claim(f"access list {listed}", (intent.ip, own.exceptions), ("exceptions",), own=True)
    if own.vrf is not None:
        ring = own.keyring or names.keyring(own.vrf)
        yield Claim(f"keyring {ring}", own.vrf, ("keyring",), own=True)
    for place, item in enumerate(own.ike_policies or ()):
        meaning = item.model_copy(update={"lifetime": item.lifetime or intent.ike.member_lifetime})
        yield Claim(f"IKE policy {item.number}", meaning, ("ike_policies", place), own=True)
    if intent.ike.pki is not None:
        return
    inside = f" in VRF {own.vrf}" if own.vrf else ""
    for key in own.keys or ():
        yield Claim(f"pre-shared key for {key.address}{inside}", (key.mask, key.reference), ("keys",), own=True)
    for server in () if own.keys is not None else fleet.inventory.key_servers(group):
        if (address := _server_address(fleet, group, server)) is not None:
            reference = own.psk or _reference(intent, device.name)
            yield Claim(f"pre-shared key for {address}{inside}", (None, reference), ("psk",), own=True)


def _reference(intent: GdoiGroupIntent, member: str) -> str:
    pattern = intent.ike.psk.reference if intent.ike.psk is not None else "psk/{member}"
    return pattern.replace("{group}", intent.name).replace("{member}", member)


def _server_address(fleet: Fleet, group: str, device: Device) -> Address | None:
    said = fleet.inventory.key_server_intent(group, device.name).address
    version = fleet.inventory.gdoi_groups[group].ip
    return said if said is not None else next(iter(registering(device.gdoi_addresses, version)), None)
