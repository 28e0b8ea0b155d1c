"""What several groups need on one router -> one configuration; two meanings of one name are told."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from getvpn_ops.model.config.system import MulticastConfig
from getvpn_ops.model.intended import IntendedConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from getvpn_ops.rendering.problems import Problems

_KEYS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "isakmp_policies": ("crypto isakmp policy", lambda item: item.number),
    "isakmp_keys": ("pre-shared key for", lambda item: (item.address, item.mask)),
    "keyrings": ("crypto keyring", lambda item: item.name),
    "ikev2_proposals": ("crypto ikev2 proposal", lambda item: item.name),
    "ikev2_policies": ("crypto ikev2 policy", lambda item: item.name),
    "ikev2_keyrings": ("crypto ikev2 keyring", lambda item: item.name),
    "ikev2_profiles": ("crypto ikev2 profile", lambda item: item.name),
    "trustpoints": ("crypto pki trustpoint", lambda item: item.name),
    "identities": ("crypto identity", lambda item: item.name),
    "transform_sets": ("crypto ipsec transform-set", lambda item: item.name),
    "ipsec_profiles": ("crypto ipsec profile", lambda item: item.name),
    "gdoi_groups": ("crypto gdoi group", lambda item: item.name),
    "access_lists": ("ip access-list", lambda item: item.name),
    "buffers": ("buffers", lambda item: item.pool),
}
_REMEDIES = {
    "isakmp_policies": "write ike.policies, with another number or equal values, in one of them",
    "isakmp_keys": "one address has one key: write the same psk in both",
    "keyrings": "write the same psk and key servers in both, or another keyring",
    "transform_sets": "write another transform.name in one of them",
    "access_lists": "write another name in one of them",
    "gdoi_groups": "write another group_name in one of them",
    "trustpoints": "write the same ike.pki in both, or another trustpoint",
    "identities": "write another authorization.identity in one of them",
}
"""What a person can do about it, where that is not plain."""
_SINGLE = ("isakmp_keepalive", "isakmp_identity", "df_bit")


def join(parts: Sequence[IntendedConfig], problems: Problems) -> IntendedConfig:
    """Join the parts of all groups of one router."""
    first = parts[0]
    if len(parts) == 1:
        return dataclasses.replace(first, isakmp_policies=_by_number(first.isakmp_policies))
    values: dict[str, Any] = {
        "device": first.device,
        "release": first.release,
        "groups": tuple(name for part in parts for name in part.groups),
    }
    for field, (what, key) in _KEYS.items():
        items = [(part.groups[0], item) for part in parts for item in getattr(part, field)]
        values[field] = tuple(_unlike(items, key, (what, _REMEDIES.get(field)), first.device, problems))
    for field in _SINGLE:
        said: dict[Any, str] = {}  # value -> the first group that wants it
        for part in parts:
            if (value := getattr(part, field)) is not None:
                said.setdefault(value, part.groups[0])
        if len(said) > 1:
            which = " and ".join(said.values())
            problems.add(first.device, field.replace("_", " "), f"{which} want different values: a router has one")
        values[field] = next(iter(said), None)
    values["crypto_maps"] = tuple(_maps(parts, problems))
    values["interfaces"] = tuple(_interfaces(parts, problems))
    values["multicast"] = _multicast(parts, problems)
    values["isakmp_policies"] = _by_number(values["isakmp_policies"])
    return IntendedConfig(**values)


def _by_number(policies: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(policies, key=lambda item: item.number))


def _unlike(
    items: Iterable[tuple[str, Any]],
    key: Callable[[Any], object],
    words: tuple[str, str | None],
    device: str,
    problems: Problems,
) -> Iterable[Any]:
    seen: dict[object, tuple[str, Any]] = {}
    what, remedy = words
    for group, item in items:
        first, held = seen.setdefault(key(item), (group, item))
        if held != item:
            name = key(item)
            shown = name[0] if isinstance(name, tuple) else name
            hint = f": {remedy}" if remedy else ""
            problems.add(device, f"{what} {shown}", f"{first} and {group} want it to be different things{hint}")
    return [item for _, item in seen.values()]


def _maps(parts: Iterable[IntendedConfig], problems: Problems) -> Iterable[Any]:
    """One map may serve several groups only by entries of different sequence."""
    seen: dict[tuple[str, bool], Any] = {}
    for part in parts:
        for item in part.crypto_maps:
            held = seen.get((item.name, item.ipv6))
            if held is None:
                seen[item.name, item.ipv6] = item
                continue
            numbers = {entry.sequence for entry in held.entries}
            if any(entry.sequence in numbers for entry in item.entries):
                problems.add(
                    part.device, f"crypto map {item.name}", "two groups have the same sequence in it: say map_sequence"
                )
            if held.local_address != item.local_address or (held.fail_close or item.fail_close) not in {
                held.fail_close,
                item.fail_close,
            }:
                problems.add(part.device, f"crypto map {item.name}", "two groups want it to be different things")
            seen[item.name, item.ipv6] = dataclasses.replace(
                held,
                entries=tuple(sorted((*held.entries, *item.entries), key=lambda entry: entry.sequence)),
                fail_close=held.fail_close or item.fail_close,
                interfaces=tuple(dict.fromkeys((*held.interfaces, *item.interfaces))),
            )
    return seen.values()


def _interfaces(parts: Iterable[IntendedConfig], problems: Problems) -> Iterable[Any]:
    seen: dict[str, Any] = {}
    for part in parts:
        for item in part.interfaces:
            held = seen.setdefault(item.name, item)
            if held is item:
                continue
            merged = {}
            for field in dataclasses.fields(item):
                mine, theirs = getattr(held, field.name), getattr(item, field.name)
                if mine and theirs and mine != theirs and field.name != "igmp_joins":
                    problems.add(part.device, f"interface {item.name}", f"two groups want another {field.name} on it")
                merged[field.name] = mine or theirs
            merged["igmp_joins"] = tuple(dict.fromkeys((*held.igmp_joins, *item.igmp_joins)))
            seen[item.name] = type(item)(**merged)
    return seen.values()


def _multicast(parts: Iterable[IntendedConfig], problems: Problems) -> MulticastConfig:
    said = [part for part in parts if part.multicast != MulticastConfig()]
    ranges = {part.multicast.ssm_range for part in said}
    if len(ranges) > 1:
        problems.add(said[0].device, "ip pim ssm range", "two of its groups want different lists")
    return said[0].multicast if said else MulticastConfig()
