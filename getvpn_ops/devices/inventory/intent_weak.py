"""What an intent may say and nobody should want for long: weak algorithms, keys that many hold, a single key server."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature, release_of
from getvpn_ops.model.intent.crypto import Cipher, Digest, Profile, PskIntent
from getvpn_ops.model.inventory import Role
from getvpn_ops.rendering import ike, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.dialect.releases import Release
    from getvpn_ops.model.intent.crypto import IkePolicyIntent
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.model.inventory import Device, Inventory

_CIPHERS = {
    Cipher.DES: "has 56 bits (RFC 8221, RFC 8247: MUST NOT)",
    Cipher.TRIPLE_DES: "has blocks of 64 bits (RFC 8221: SHOULD NOT; SP 800-131A: disallowed)",
}
_DIGESTS = {Digest.MD5: "is broken (RFC 8221, RFC 8247: MUST NOT)"}
_DH_GROUPS = {
    1: "768 bits (RFC 8247: MUST NOT)",
    2: "1024 bits (RFC 8247: SHOULD NOT)",
    5: "1536 bits (RFC 8247: SHOULD NOT)",
    24: "a small subgroup (RFC 8247: SHOULD NOT)",
}
_ONE_HOST = "255.255.255.255"
_FEW = 5  # names in a note


def weak_notes(inventory: Inventory) -> Iterator[str]:
    """What is allowed in an intent and weak, with the source that says so; of groups that are described whole.

    What nobody wrote is judged as it will be rendered: by the profile, within what the routers' releases can do.
    """
    whole = {name: intent for name, intent in inventory.gdoi_groups.items() if intent.policies is not None}
    for name, intent in whole.items():
        for text in dict.fromkeys((*_algorithms(inventory, intent), *_keys(inventory, intent))):
            yield f"GDOI group {name}: {text}"
        servers = inventory.key_servers(name)
        if len(servers) == 1:
            yield (
                f"GDOI group {name}: {servers[0].name} is its only key server: when it fails, no key is renewed and "
                "nobody registers (guide, Co-operative Key Server)"
            )
    yield from _labels(inventory, whole)


def _algorithms(inventory: Inventory, intent: GdoiGroupIntent) -> Iterator[str]:
    servers = _releases(item.release for item in inventory.key_servers(intent.name))
    members = inventory.members(intent.name)
    others = _releases(item.release for item in members)
    for policy in intent.policies or ():
        said = policy.transform
        if said is not None:
            yield from _weak(f"policy {policy.sequence}: transform", said.encryption, said.integrity)
    yield from _weak("rekey.algorithm", intent.rekey.algorithm)
    yield from _signature(intent, [*servers, *others])
    if intent.ike.gikev2 is not None:
        yield from _weak("ike.gikev2", intent.ike.gikev2.encryption, intent.ike.gikev2.integrity)
    for text in _of_ike(ike.decided(intent.ike, intent.profile, servers, others)):
        yield f"IKE {text}"
    told: dict[str, list[str]] = defaultdict(list)
    for device in (*inventory.key_servers(intent.name), *members):
        for text in _of_ike(_own_policies(inventory, intent.name, device)):
            told[text].append(device.name)
    for text, devices in told.items():
        yield f"ike_policies of {_few(devices)}: {text}"


def _own_policies(inventory: Inventory, group: str, device: Device) -> tuple[IkePolicyIntent, ...]:
    """Those that a router has in place of its group's."""
    if device.role is Role.KEY_SERVER:
        return inventory.key_server_intent(group, device.name).ike_policies or ()
    return inventory.member_intent(group, device.name).ike_policies or ()


def _releases(texts: Iterable[str]) -> list[Release]:
    return [release for text in dict.fromkeys(texts) if (release := release_of(text)) is not None]


def _signature(intent: GdoiGroupIntent, releases: Iterable[Release]) -> Iterator[str]:
    said = intent.rekey.signature_hash
    unable = [release.text for release in releases if not release.has(Feature.SIGNATURE_HASH)]
    if said is Digest.SHA1 or (said is None and (intent.profile is Profile.GUIDE or unable)):
        why = f"; {unable[0]} can do no other" if unable else ""
        yield f"rekeys are signed with SHA-1, no longer allowed for signatures (SP 800-131A){why}"


def _of_ike(policies: Iterable[IkePolicyIntent]) -> Iterator[str]:
    for policy in policies:
        what = f"policy {policy.number}"
        yield from _weak(what, policy.encryption, policy.hash)
        if policy.dh_group in _DH_GROUPS:
            yield f"{what}: DH group {policy.dh_group} has {_DH_GROUPS[policy.dh_group]}"


def _weak(what: str, cipher: Cipher | None, digest: Digest | None = None) -> Iterator[str]:
    if cipher in _CIPHERS:
        yield f"{what}: {cipher} {_CIPHERS[cipher]}"
    if digest in _DIGESTS:
        yield f"{what}: {digest} {_DIGESTS[digest]}"


def _keys(inventory: Inventory, intent: GdoiGroupIntent) -> Iterator[str]:
    """Pre-shared keys that more than two routers know."""
    if intent.ike.pki is not None:
        return
    holders: dict[str, list[str]] = defaultdict(list)
    wide: dict[str, None] = {}
    for device in inventory.members(intent.name):
        own = inventory.member_intent(intent.name, device.name)
        if own.keys is None:
            holders[own.psk or _reference(intent, device.name)].append(device.name)
        for key in own.keys or ():
            holders[key.reference].append(device.name)
            wide |= _wide(key.address, key.mask)
    for device in inventory.key_servers(intent.name):
        for key in inventory.key_server_intent(intent.name, device.name).keys or ():
            wide |= _wide(key.address, key.mask)
    for reference, found in holders.items():
        who = list(dict.fromkeys(found))
        if len(who) > 1:
            yield (
                f"one pre-shared key, {reference}, is common to {_few(who)}: whoever takes one of them can be any "
                "other; psk: {reference: psk/{member}} gives each its own"
            )
    for text in wide:
        yield f"a pre-shared key for {text} is taken from every router there: a key for each address says who it is"


def _reference(intent: GdoiGroupIntent, member: str) -> str:
    pattern = intent.ike.psk.reference if intent.ike.psk is not None else PskIntent().reference
    return pattern.replace("{group}", intent.name).replace("{member}", member)


def _wide(address: object, mask: str | None) -> dict[str, None]:
    return {f"{address} {mask}": None} if mask not in {None, _ONE_HOST} else {}


def _labels(inventory: Inventory, groups: dict[str, GdoiGroupIntent]) -> Iterator[str]:
    """RSA keys that sign the rekeys of several groups."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, intent in groups.items():
        for device in inventory.key_servers(name):
            holders[intent.rekey.key_label or names.REKEY_KEY, device.name].append(name)
    told: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (label, server), found in holders.items():
        if len(found) > 1:
            told[label, tuple(found)].append(server)
    for (label, sharing), servers in told.items():
        yield (
            f"GDOI groups {' and '.join(sharing)}: one RSA key, {label}, signs the rekeys of all of them on "
            f"{_few(servers)}: whoever changes it changes it for all"
        )


def _few(items: list[str]) -> str:
    rest = len(items) - _FEW
    return ", ".join(items[:_FEW]) + (f" and {rest} more" if rest > 0 else "")
