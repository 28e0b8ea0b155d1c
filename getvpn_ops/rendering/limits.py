"""What a group may not have: features that a router's release lacks, too many entries, values that IOS refuses."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from getvpn_ops.dialect.releases import Feature
from getvpn_ops.rendering import ike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from getvpn_ops.dialect.releases import Release
    from getvpn_ops.model.config.system import AccessList
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.rendering.problems import Problems

ENTRIES = 100
"""Entries that a key server ships for a group, denies included; it forgets the rest (guide, "Other Considerations")."""


def needs(feature: Feature, releases: Mapping[str, Release], problems: Problems, where: str) -> None:
    """Tell each router that does not have a feature."""
    for device, release in releases.items():
        if not release.has(feature):
            problems.add(where, device, ike.lacking(feature, release))


def look_at_group(
    intent: GdoiGroupIntent, releases: Mapping[str, Release], key_servers: tuple[str, ...], problems: Problems
) -> None:
    """Tell what a group's routers cannot do, and what contradicts itself.

    Args:
        intent: of the group.
        releases: of its routers whose release is known.
        key_servers: their names.
        problems: gets all of it.
    """
    for key, wanted, feature in (
        ("group_size", intent.group_size is not None, Feature.GROUP_SIZE),
        ("kssid", intent.kssid is not None, Feature.KSSID),
        ("d3p", intent.d3p is not None, Feature.D3P),
        ("pfs", intent.pfs, Feature.PFS),
        ("keyword", intent.keyword == "gkm", Feature.GKM),
        ("ip", intent.ip == 6, Feature.IPV6),  # noqa: PLR2004 -- IP version
    ):
        if wanted:
            needs(feature, releases, problems, f"{intent.name}: {key}")
    servers = {name: releases[name] for name in key_servers if name in releases}
    gikev2 = intent.ike.gikev2
    for key, wanted, feature in (
        ("coop.protocol_version", intent.coop.protocol_version is not None, Feature.COOP_VERSION),
        ("coop.pdu", intent.coop.pdu is not None, Feature.COOP_PDU),
        ("ike.gikev2", gikev2 is not None, Feature.GIKEV2),
    ):
        if wanted:
            needs(feature, servers, problems, f"{intent.name}: {key}")
    if gikev2 is not None and not gikev2.also_gdoi:
        needs(Feature.GIKEV2, releases, problems, f"{intent.name}: ike.gikev2")
    for key, text in _contradictions(intent, key_servers):
        problems.add(intent.name, key, text)


def _contradictions(intent: GdoiGroupIntent, key_servers: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if intent.name.lower() == "ipv6":
        yield "name", "IOS would take it for the word of an IPv6 group: choose another"
    if intent.identity is None:
        yield "identity", "say the number or address that its routers agree on"
    if intent.ike.gikev2 is not None and intent.d3p is not None:
        yield "d3p", "members with G-IKEv2 do not have it"
    said = intent.authorization
    if said is not None and said.identity is not None and intent.ike.pki is None:
        yield "authorization.identity", "a name can be proved by a certificate alone: say ike.pki"
    identified = () if intent.kssid is None else intent.kssid.values or ()
    for key, named in (("coop.priorities", intent.coop.priorities or ()), ("kssid.values", identified)):
        for name in named:
            if name not in key_servers:
                yield key, f"{name!r} is no key server of the group"
    if intent.kssid is not None and intent.kssid.values is not None:
        yield from _identifiers(intent.kssid.values, key_servers)
    multicast = intent.rekey.multicast
    if multicast is not None and multicast.group.version != 4:  # noqa: PLR2004 -- IP version
        yield "rekey.multicast.group", f"keys travel by IPv4 in groups of both kinds; found {multicast.group}"
    elif multicast is not None and multicast.ssm_range and multicast.group not in ip_network(multicast.ssm_range):
        yield "rekey.multicast.ssm_range", f"{multicast.ssm_range} does not hold the group {multicast.group}"


def _identifiers(values: Mapping[str, tuple[int, ...]], key_servers: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    owner: dict[int, str] = {}
    for name in key_servers:
        if not values.get(name):
            yield "kssid.values", f"{name} has none: members that register there could not encrypt"
        for value in values.get(name, ()):
            if (other := owner.setdefault(value, name)) != name:
                yield "kssid.values", f"{value} is of {other} and of {name}: two senders would use one counter"


def look_at_entries(group: str, lists: Iterable[AccessList], problems: Problems) -> None:
    """Tell if a group encrypts by more entries than its key servers ship; remarks do not count."""
    known = tuple(lists)
    found = sum(entry.action != "remark" for item in known for entry in item.entries)
    if found > ENTRIES:
        names = ", ".join(item.name for item in known)
        problems.add(
            group,
            f"access list {names}",
            f"{found} entries with the denies, and key servers ship {ENTRIES}: join prefixes, or move what "
            f"concerns single sites to their members' local exceptions",
        )
