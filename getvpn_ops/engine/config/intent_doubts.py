"""What would go wrong although each file is right by itself: who could not register, or what its router would refuse.

Nothing here keeps a group from being rendered: brownfield networks have such routers, and adoption keeps them as they
are. But whoever describes a network should read it before anything is typed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature, release_of
from getvpn_ops.engine.config.intent_entries import exempts_gdoi, is_mask
from getvpn_ops.errors import MistakesError
from getvpn_ops.model.intent.crypto import COUNTER_MODE, Profile, TransformIntent
from getvpn_ops.model.values import Sentinel
from getvpn_ops.rendering.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from getvpn_ops.model.config.crypto import IsakmpPolicy, PreSharedKey
    from getvpn_ops.model.config.gdoi import GdoiGroupConfig
    from getvpn_ops.model.config.system import AccessList
    from getvpn_ops.model.intended import IntendedConfig
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Address
    from getvpn_ops.rendering.group import GroupPlan

_FEW = 5
_SHIELD = (17, 11, 0)
"""IOS-XE from here on refuses weak algorithms (Cisco field notice 72510)."""
_SHIELD_GROUPS = frozenset({1, 2, 5})
_SHIELD_CIPHERS = frozenset({"des", "3des"})
_SHIELD_TRANSFORMS = frozenset({"esp-des", "esp-3des", "esp-md5-hmac", "esp-gmac"})
_HOST_MASKS = frozenset({"255.255.255.255", "/128"})


@dataclass(frozen=True, slots=True)
class _Served:
    """What one key server would take, looked up once for all members.

    Attributes:
        name: of the key server.
        address: that members register with.
        policies: of IKE.
        known: addresses that have a pre-shared key of their own.
        wide: keys of several addresses.
        listed: list of who may register; None: anyone.
        permitted: addresses that the list names.
    """

    name: str
    address: Address
    policies: frozenset[tuple[object, ...]]
    known: frozenset[Address]
    wide: tuple[PreSharedKey, ...]
    listed: AccessList | None
    permitted: frozenset[Address]

    def has_key(self, address: Address) -> bool:
        """Whether it has a pre-shared key for a member."""
        return address in self.known or _covers(self.wide, address)

    def permits(self, address: Address) -> bool:
        """Whether a member may register."""
        return self.listed is None or address in self.permitted or _permits(self.listed, address)


def doubts_of(inventory: Inventory, devices: Collection[str] | None = None) -> tuple[str, ...]:
    """Sentences for a person, each with the group and the routers that it is about.

    Args:
        inventory: with groups that are described whole; others are left out.
        devices: only of these routers and their groups; None: of all.
    """
    resolver = Resolver(inventory)
    found: dict[str, None] = {}
    for name, intent in inventory.gdoi_groups.items():
        everyone = {item.name for item in (*inventory.key_servers(name), *inventory.members(name))}
        asked = everyone if devices is None else everyone & set(devices)
        if intent.policies is None or not asked:
            continue
        try:
            plan = resolver.group(name)
        except MistakesError as exc:
            found |= dict.fromkeys(f"GDOI group {name}: cannot be rendered: {text}" for text in exc.mistakes)
            continue
        told: dict[str, list[str]] = defaultdict(list)
        for text, device in _of_group(inventory, plan, resolver, asked):
            told[text] += [device] if device else []
        for text, who in told.items():
            found[f"GDOI group {name}: " + (f"{_few(who)}: " if who else "") + text] = None
    return tuple(found)


def _of_group(
    inventory: Inventory, plan: GroupPlan, resolver: Resolver, asked: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Each doubt, and the router that it is about, if it is about one."""
    group = plan.intent.name
    servers: list[_Served] = []
    for text in _of_lists(plan):
        yield text, ""
    for device in (*plan.key_servers, *plan.members):
        serves = device in plan.key_servers
        if not serves and (device.name not in asked or not inventory.member_intent(group, device.name).interfaces):
            continue  # of those without interfaces the inventory's own notes speak
        try:
            config = resolver.config(device.name)
        except MistakesError as exc:
            for text in exc.mistakes:
                yield f"cannot be rendered: {text}", ""
            continue
        if serves:
            servers.append(_served(plan, device, config))
        if device.name in asked:
            for text in _of_release(config):
                yield text, device.name
        if not serves:
            for text in dict.fromkeys(_of_member(inventory, plan, config, servers)):
                yield text, device.name


def _served(plan: GroupPlan, device: Device, config: IntendedConfig) -> _Served:
    own = device.server_of.get(plan.intent.name)
    name = (own.group_name if own is not None else None) or plan.intent.name
    local = next((item.server_local for item in config.gdoi_groups if item.name == name), None)
    listed = next((x for x in config.access_lists if local is not None and x.name == local.authorization_acl), None)
    wide = tuple(key for key in config.isakmp_keys if key.mask not in {None, *_HOST_MASKS})
    permits = (
        entry.source.network
        for entry in (listed.entries if listed is not None and _only_permits(listed) else ())
        if entry.source is not None
    )
    return _Served(
        device.name,
        plan.servers[device.name],
        _meanings(config.isakmp_policies),
        frozenset(key.address for key in config.isakmp_keys if key.address is not None and key not in wide),
        wide,
        listed,
        frozenset(
            network.network_address
            for network in permits
            if isinstance(network, IPv4Network) and network.prefixlen == network.max_prefixlen
        ),
    )


def _only_permits(held: AccessList) -> bool:
    return all(entry.action != "deny" for entry in held.entries)


def _of_lists(plan: GroupPlan) -> Iterator[str]:
    for policy in plan.policies:
        if not exempts_gdoi(policy.access_list):
            yield (
                f"policy {policy.intent.sequence}: nothing in {policy.access_list.name} exempts UDP 848, so what it "
                "permits may encrypt registrations and rekeys: put gdoi under exempt"
            )
        for entry in policy.access_list.entries:
            if any(end is not None and is_mask(end.wildcard) for end in (entry.source, entry.destination)):
                yield f"policy {policy.intent.sequence}: {entry.text!r} has a mask where IOS takes a wildcard"
        said = policy.intent.transform or TransformIntent()
        unable = [name for name, release in plan.releases.items() if not release.has(Feature.ESP_SHA2)]
        if (
            plan.intent.profile is Profile.TODAY
            and said.integrity is None
            and unable
            and said.encryption not in COUNTER_MODE
        ):
            yield (
                f"policy {policy.intent.sequence}: SHA-1 for all, since {_few(unable)} can do no SHA-2: write "
                "transform, so that no router that comes or goes changes it"
            )


def _of_release(config: IntendedConfig) -> Iterator[str]:
    release = release_of(config.release)
    if release is None or release.number < _SHIELD:
        return
    ends = "no longer taken by 17.11.1 and later unless `crypto engine compliance shield disable` stands there"
    for policy in config.isakmp_policies:
        if policy.dh_group in _SHIELD_GROUPS:
            yield f"IKE policy {policy.number} with Diffie-Hellman group {policy.dh_group} is {ends}"
        if policy.encryption in _SHIELD_CIPHERS or policy.hash == "md5":
            yield f"IKE policy {policy.number} with {policy.encryption} and {policy.hash} is {ends}"
    for made in config.transform_sets:
        if any(word.split()[0] in _SHIELD_TRANSFORMS for word in made.transforms):
            yield f"transform set {made.name} ({' '.join(made.transforms)}) is {ends}"
    for proposal in config.ikev2_proposals:
        weak = [word for word in (*proposal.encryption, *proposal.integrity) if word in {*_SHIELD_CIPHERS, "md5"}]
        if weak:
            yield f"IKEv2 proposal {proposal.name} with {' and '.join(weak)} is {ends}"


def _of_member(
    inventory: Inventory, plan: GroupPlan, config: IntendedConfig, servers: Iterable[_Served]
) -> Iterator[str]:
    intent = plan.intent
    own = inventory.member_intent(intent.name, config.device)
    addresses = plan.addresses[config.device]
    group = next(item for item in config.gdoi_groups if item.name == (own.group_name or intent.name))
    if own.local_address is None and addresses and len(addresses) < len(own.interfaces or ()):
        yield "more interfaces with the crypto map than addresses, and no local_address: key servers know some only"
    if own.local_address is not None and len(addresses) > 1:
        yield "local_address names one address, and key servers are told of several: say addresses"
    for wanted, meant, what in (
        (group.client.rekey_encryption, (plan.rekey.algorithm, str(plan.rekey.key_size_bits or "")), "encryption"),
        (group.client.rekey_hash, (plan.rekey.sig_hash or "sha",), "hash"),
    ):
        text = " ".join(word for word in meant if word)
        if wanted and text not in _said(wanted):
            yield f"client rekey {what} does not accept the group's {text}, so it could not register"
    yield from _registering(plan, config, group, servers)
    for closing in (item.fail_close for item in config.crypto_maps):
        held = next((item for item in config.access_lists if closing and item.name == closing.match_acl), None)
        if held is not None and not exempts_gdoi(held):
            yield f"fail-close: nothing in {held.name} lets UDP 848 pass: put gdoi under exempt"


def _registering(
    plan: GroupPlan, config: IntendedConfig, group: GdoiGroupConfig, servers: Iterable[_Served]
) -> Iterator[str]:
    """What keeps a member from registering with a key server that it asks."""
    addresses, by_key = plan.addresses[config.device], plan.intent.ike.pki is None
    asked = {server.address for server in group.servers}
    keys = (*config.isakmp_keys, *(key for ring in config.keyrings for key in ring.keys))
    for server in servers:
        if server.address not in asked:
            continue
        if group.client.protocol != "gikev2" and not _meanings(config.isakmp_policies) & server.policies:
            yield f"no IKE policy in common with {server.name}, so it could not register there"
        if by_key and not _covers(keys, server.address):
            yield f"no pre-shared key for {server.name}, so it could not register there"
        if by_key and not all(map(server.has_key, addresses)):
            yield f"{server.name} has no pre-shared key for it"
        if server.listed is not None and not all(map(server.permits, addresses)):
            yield f"{server.listed.name} of {server.name} does not permit it to register"


def _meanings(policies: Iterable[IsakmpPolicy]) -> frozenset[tuple[object, ...]]:
    return frozenset((x.encryption, x.key_size_bits, x.hash, x.authentication, x.dh_group) for x in policies)


def _covers(keys: Iterable[PreSharedKey], address: Address) -> bool:
    for key in keys:
        if key.address is None or key.address.version != address.version:
            continue
        mask = (key.mask or str(address.max_prefixlen)).removeprefix("/")
        if address in ip_network(f"{key.address}/{mask}", strict=False):
            return True
    return False


def _permits(held: AccessList, address: Address) -> bool:
    """Whether a standard list permits an address; an entry that no network can say is taken to do so."""
    for entry in held.entries:
        if entry.source is None:
            continue
        network = entry.source.network
        if network is None or isinstance(network, Sentinel) or address in network:
            return entry.action == "permit"
    return False


def _said(words: Iterable[str]) -> set[str]:
    """``aes 256`` is written as two words; ``aes`` alone is AES-128."""
    found: list[str] = []
    for word in words:
        if word.isdigit() and found:
            found[-1] = f"{found[-1]} {word}"
        else:
            found.append(word)
    return {"aes 128" if word == "aes" else word for word in found}


def _few(names: list[str]) -> str:
    rest = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {rest} more" if rest > 0 else "")
