"""Small fleets written as data: a group's intent and its routers, as the inventory's files would say it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from getvpn_ops.model.config.secret import Secret
from getvpn_ops.model.intent import GdoiGroupIntent, KeyServerIntent, MemberIntent
from getvpn_ops.model.inventory import Device, Inventory, Role
from getvpn_ops.rendering.resolve import Resolver
from getvpn_ops.rendering.secrets import Secrets
from getvpn_ops.rendering.text import true_text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD, T22, M151, M152, M155, XE16, XE17 = (
    "12.4(15)T8", "12.4(22)T2", "15.1(4)M10", "15.2(4)M11", "15.5(3)M9", "16.9.8", "17.6.5"
)  # fmt: skip
NOBODY: Mapping[str, Any] = {}


def device(name: str, said: Mapping[str, Any]) -> Device:
    """A router of a fleet; names with ``ks`` in them are key servers.

    Args:
        name: of it.
        said: ``release``, ``addresses``, and for each of its ``groups`` what it has otherwise than they.
    """
    serves = "ks" in name
    groups = said.get("groups", {"G": {}})
    of: dict[str, Any] = {"server_of": {}, "member_of": {}}
    for group, own in groups.items():
        if serves:
            of["server_of"][group] = KeyServerIntent.model_validate(own)
        else:
            of["member_of"][group] = MemberIntent.model_validate(own)
    return Device(
        name,
        role=Role.KEY_SERVER if serves else Role.MEMBER,
        gdoi_groups=tuple(groups),
        gdoi_addresses=tuple(map(ip_address, said.get("addresses", ()))),
        release=said.get("release", XE17),
        **of,
    )


def fleet(routers: Mapping[str, Mapping[str, Any]], *groups: Mapping[str, Any]) -> Inventory:
    """Routers and their groups; the key servers of a group are its routers with ``ks`` in their names."""
    devices = {name: device(name, said) for name, said in routers.items()}
    intents = {}
    for said in groups:
        name = said.get("name", "G")
        servers = tuple(
            item.name for item in devices.values() if name in item.gdoi_groups and item.role is Role.KEY_SERVER
        )
        intents[name] = GdoiGroupIntent.model_validate({"name": name, "key_servers": servers, **said})
    return Inventory(devices, intents, "a test")


def secret(reference: str) -> Secret:
    """A key of its own for each name."""
    return Secret.of("isakmp-key", f"Key-{reference}".replace("/", "."))


def texts(inventory: Inventory) -> dict[str, str]:
    """The configuration of each router, with its secrets."""
    resolver = Resolver(inventory, Secrets(secret))
    return {name: true_text_of(resolver.config(name)) for name in inventory.devices}


def paths(text: str) -> list[str]:
    """Lines with those they stand under, as ``crypto gdoi group G / server local / address ipv4 10.0.0.1``."""
    found: list[str] = []
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("!"):
            continue
        depth = len(line) - len(line.lstrip())
        above = [item for item in above if item[0] < depth]
        found.append(" / ".join([*(item[1] for item in above), bare]))
        above.append((depth, bare))
    return found
