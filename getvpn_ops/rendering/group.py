"""What is decided once for a whole group: its routers, keys, policies and lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature, release_of
from getvpn_ops.model.config.crypto import IpsecProfile, TransformSet
from getvpn_ops.model.config.gdoi import RekeyConfig
from getvpn_ops.model.intent.crypto import Cipher, Digest, Profile, ReplayIntent, TransformIntent
from getvpn_ops.rendering import ike, limits, lists, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.dialect.releases import Release
    from getvpn_ops.model.config.system import AccessList
    from getvpn_ops.model.intent.crypto import IkePolicyIntent, PolicyIntent
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Address
    from getvpn_ops.rendering.problems import Problems

TEK_LIFETIME = 7200  # seconds; guide, "TEK Lifetime"
KEK_LIFETIME = 86400  # guide, "KEK Lifetime": at least three TEKs
REPLAY = ReplayIntent(time=5)
_RETRANSMIT_NUMBER = 3
_DAY = 86400
_TRANSFORMS = {
    Cipher.DES: "esp-des",
    Cipher.TRIPLE_DES: "esp-3des",
    Cipher.AES_128: "esp-aes",
    Cipher.AES_192: "esp-aes 192",
    Cipher.AES_256: "esp-aes 256",
    Cipher.GCM_128: "esp-gcm",
    Cipher.GCM_192: "esp-gcm 192",
    Cipher.GCM_256: "esp-gcm 256",
    Cipher.GMAC_128: "esp-gmac",
    Cipher.GMAC_192: "esp-gmac 192",
    Cipher.GMAC_256: "esp-gmac 256",
}
_COUNTER_MODE = frozenset(item for item in Cipher if item.startswith(("gcm", "gmac")))


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """One ``sa ipsec`` with everything it refers to.

    Attributes:
        intent: as written.
        access_list: what is encrypted; named after its base.
        transform_set: how.
        profile: joins transform set and lifetime.
        replay: as decided.
    """

    intent: PolicyIntent
    access_list: AccessList
    transform_set: TransformSet
    profile: IpsecProfile
    replay: ReplayIntent


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A group, decided.

    Attributes:
        intent: as written.
        key_servers: devices in the order of the file.
        members: devices.
        releases: by name, of those whose release is known.
        servers: address of each key server, by name.
        addresses: that members register with, by name.
        policies: in order of their sequence.
        rekey: the same on every key server.
        ike: policies of the key servers.
        rekey_list: that names the multicast address; None by unicast.
    """

    intent: GdoiGroupIntent
    key_servers: tuple[Device, ...]
    members: tuple[Device, ...]
    releases: Mapping[str, Release]
    servers: Mapping[str, Address]
    addresses: Mapping[str, tuple[Address, ...]]
    policies: tuple[PolicyPlan, ...]
    rekey: RekeyConfig
    ike: tuple[IkePolicyIntent, ...]
    rekey_list: AccessList | None


def plan_group(inventory: Inventory, name: str, problems: Problems) -> GroupPlan:
    """Decide what is common to a group's routers.

    Args:
        inventory: with the group's intent, described whole.
        name: of the group.
        problems: gets what keeps it from being rendered.
    """
    intent = inventory.gdoi_groups[name]
    key_servers, members = inventory.key_servers(name), inventory.members(name)
    releases = _releases(intent, (*key_servers, *members), problems)
    if not key_servers:
        problems.add(name, "key_servers", "it has none: name the devices that serve it")
    limits.look_at_group(intent, releases, tuple(item.name for item in key_servers), problems)
    servers = _server_addresses(inventory, name, key_servers, problems)
    policies = tuple(
        _policy(intent, policy, releases, problems)
        for policy in sorted(intent.policies or (), key=lambda item: item.sequence)
    )
    limits.look_at_entries(name, [policy.access_list for policy in policies], problems)
    rekey, rekey_list = _rekey(intent, releases, problems)
    return GroupPlan(
        intent=intent,
        key_servers=key_servers,
        members=members,
        releases=releases,
        servers=servers,
        addresses={item.name: _member_addresses(inventory, name, item, intent.ip) for item in members},
        policies=policies,
        rekey=rekey,
        ike=ike.decided(
            intent.ike,
            intent.profile,
            [releases[item.name] for item in key_servers if item.name in releases],
            [releases[item.name] for item in members if item.name in releases],
        ),
        rekey_list=rekey_list,
    )


def _releases(intent: GdoiGroupIntent, devices: Iterable[Device], problems: Problems) -> dict[str, Release]:
    """Releases by device. One that is not known matters here only where the profile goes by what all routers can do."""
    found = {}
    for device in devices:
        release = release_of(device.release)
        if release is not None:
            found[device.name] = release
        elif _goes_by_release(intent):
            problems.add(device.name, "release", unknown_release(device))
    return found


def unknown_release(device: Device) -> str:
    """A sentence about a release that nobody said, or that cannot be read."""
    said = f"{device.release!r} is no release that this program knows" if device.release else "it is not said"
    return f"{said}; what can be configured depends on it"


def _goes_by_release(intent: GdoiGroupIntent) -> bool:
    """Whether something is left to the profile that depends on what the routers can do."""
    if intent.profile is Profile.GUIDE:
        return False
    transforms = [policy.transform or TransformIntent() for policy in intent.policies or ()]
    open_transform = any(item.integrity is None and item.encryption not in _COUNTER_MODE for item in transforms)
    return open_transform or intent.rekey.signature_hash is None or intent.ike.policies is None


def _server_addresses(
    inventory: Inventory, group: str, devices: Iterable[Device], problems: Problems
) -> dict[str, Address]:
    found: dict[str, Address] = {}
    for device in devices:
        said = inventory.key_server_intent(group, device.name).address
        known = registering(device.gdoi_addresses, inventory.gdoi_groups[group].ip)
        if said is None and not known:
            problems.add(device.name, "gdoi_addresses", "no address that members could register with: say one")
            continue
        found[device.name] = said if said is not None else known[0]
    return found


def registering(addresses: Iterable[Address], version: int) -> tuple[Address, ...]:
    """Those of a device's addresses that GDOI itself uses.

    Keys of an IPv6 group travel by IPv4 as well (``Crypto Path: ipv6``, ``Key Management Path: ipv4``), so its routers
    need an IPv6 address only where they have no other.
    """
    known = tuple(addresses)
    first = tuple(address for address in known if address.version == 4)  # noqa: PLR2004 -- IP version
    return first or (known if version == 6 else ())  # noqa: PLR2004 -- IP version


def _member_addresses(inventory: Inventory, group: str, device: Device, version: int) -> tuple[Address, ...]:
    said = inventory.member_intent(group, device.name).addresses
    return said if said is not None else registering(device.gdoi_addresses, version)


def _policy(
    intent: GdoiGroupIntent, policy: PolicyIntent, releases: Mapping[str, Release], problems: Problems
) -> PolicyPlan:
    where = f"{intent.name}: policy {policy.sequence}"
    transform = _transform(intent, policy, releases, problems, where)
    lifetime = policy.tek_lifetime or TEK_LIFETIME
    if lifetime > _DAY:
        limits.needs(Feature.LONG_LIFETIME, releases, problems, f"{where}: tek_lifetime")
        if not transform.transforms[0].startswith(("esp-aes", "esp-gcm", "esp-gmac")):
            problems.add(where, "tek_lifetime", "more than a day needs AES")
    if policy.tag_cts_sgt:
        limits.needs(Feature.TAG, releases, problems, f"{where}: tag_cts_sgt")
    base = policy.acl.name or names.policy_list(intent.name, policy.sequence)
    entries = lists.expand(policy.acl, intent.services, intent.ip, problems, where)
    if not any(text.startswith("permit") for text in entries):
        problems.add(where, "acl", "it encrypts nothing: say what under encrypt")
    profile = policy.profile_name or names.profile(intent.name, policy.sequence)
    for made in (base, profile):
        names.checked(made, intent.name, "name", problems)
    return PolicyPlan(
        intent=policy,
        access_list=lists.made(base, entries, intent.ip, problems),
        transform_set=transform,
        profile=IpsecProfile(profile, lifetime=timedelta(seconds=lifetime), transform_sets=(transform.name,)),
        replay=policy.replay or REPLAY,
    )


def _transform(
    intent: GdoiGroupIntent,
    policy: PolicyIntent,
    releases: Mapping[str, Release],
    problems: Problems,
    where: str,
) -> TransformSet:
    said = policy.transform or TransformIntent()
    guide = intent.profile is Profile.GUIDE
    encryption = said.encryption or (Cipher.AES_128 if guide else Cipher.AES_256)
    integrity = said.integrity
    if integrity is None and encryption not in _COUNTER_MODE:
        able = all(release.has(Feature.ESP_SHA2) for release in releases.values())
        integrity = Digest.SHA256 if able and not guide else Digest.SHA1
    if encryption in _COUNTER_MODE:
        limits.needs(Feature.ESP_GCM, releases, problems, f"{where}: transform")
        if intent.kssid is None:
            problems.add(where, "transform", f"{encryption} needs key server identifiers: say kssid")
        if integrity is not None:
            problems.add(where, "transform", f"{encryption} has its own integrity: leave it out")
    elif integrity not in {Digest.MD5, Digest.SHA1}:
        limits.needs(Feature.ESP_SHA2, releases, problems, f"{where}: transform")
    settled = TransformIntent(encryption=encryption, integrity=integrity)
    words = [_TRANSFORMS[encryption]]
    if integrity is not None:
        words.append(f"esp-{ike.hash_word(integrity)}-hmac")
    return TransformSet(said.name or names.transform_set(settled), tuple(words), "tunnel")


def _rekey(
    intent: GdoiGroupIntent, releases: Mapping[str, Release], problems: Problems
) -> tuple[RekeyConfig, AccessList | None]:
    said = intent.rekey
    guide = intent.profile is Profile.GUIDE
    name, bits = ike.cipher_words(said.algorithm or (Cipher.AES_128 if guide else Cipher.AES_256))
    signature = said.signature_hash
    able = bool(releases) and all(release.has(Feature.SIGNATURE_HASH) for release in releases.values())
    if signature is None and able and not guide:
        signature = Digest.SHA256
    if signature is Digest.SHA1 and not able:
        signature = None  # it holds without the line
    if signature is not None:
        limits.needs(Feature.SIGNATURE_HASH, releases, problems, f"{intent.name}: rekey: signature_hash")
    lifetime = said.kek_lifetime or KEK_LIFETIME
    if lifetime > _DAY:
        limits.needs(Feature.LONG_LIFETIME, releases, problems, f"{intent.name}: rekey: kek_lifetime")
    if said.acknowledgement is not None:
        limits.needs(Feature.ACKNOWLEDGEMENT, releases, problems, f"{intent.name}: rekey: acknowledgement")
    retransmit = said.retransmit
    if retransmit is not None and retransmit.periodic:
        limits.needs(Feature.PERIODIC_RETRANSMIT, releases, problems, f"{intent.name}: rekey: retransmit")
    multicast = said.multicast  # by unicast it is prepared: IOS then ignores ``rekey address``
    rekey_list = None
    if multicast is not None:
        base = multicast.acl_name or names.rekey_list(intent.name)
        names.checked(base, intent.name, "rekey: multicast: acl_name", problems)
        entries = multicast.entries or (f"permit ip any host {multicast.group}",)
        rekey_list = lists.made(base, entries, 4, problems)
    periodic = retransmit is not None and retransmit.periodic
    return RekeyConfig(
        algorithm=name if bits else f"{name}-cbc",
        key_size_bits=bits,
        lifetime=timedelta(seconds=lifetime),
        retransmit_interval=timedelta(seconds=retransmit.interval if retransmit else 10),
        retransmit_number=None if periodic else (retransmit.number if retransmit else _RETRANSMIT_NUMBER),
        retransmit_periodic=True if periodic else None,
        authentication_key=said.key_label or names.REKEY_KEY,
        sig_hash=None if signature is None else ike.hash_word(signature),
        transport_unicast=None if said.transport == "multicast" else True,
        address_acl=None if rekey_list is None else rekey_list.name,
        acknowledgement=said.acknowledgement,
    ), rekey_list
