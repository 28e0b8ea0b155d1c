"""What stands on routers, has to do with encryption, and is in no intent: named, and left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.engine.adopt.told import Kind
from getvpn_ops.remediation.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from getvpn_ops.engine.adopt.groups import FoundGroup
    from getvpn_ops.engine.adopt.seen import Router
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.config import ConfigLine, RunningConfig

Left = tuple[str, str, int | None]
"""Line, reason, number."""


def look_for_leftovers(routers: Iterable[Router], groups: Iterable[FoundGroup], remarks: Remarks) -> None:
    """Tell what was not adopted of each router that holds anything of GETVPN.

    Args:
        routers: what was seen.
        groups: that were found.
        remarks: gets it.
    """
    in_groups = {router.name for group in groups for router in group.routers}
    for router in routers:
        config = router.config
        found = list(_other_vpns(config))
        if router.name in in_groups:
            found += [*_unused(config), *_dead_lists(config)]
        found += list(_dangling(config))
        for text, reason, line in found:
            remarks.add(Kind.LEFT_ALONE, router.name, text, reason, line)


def _other_vpns(config: RunningConfig) -> Iterator[Left]:
    for crypto_map in config.crypto_maps:
        for entry in crypto_map.entries:
            text = f"crypto map {crypto_map.name} {entry.sequence} {entry.type}"
            if entry.type != "gdoi":
                yield text, "another VPN", entry.line
            elif not crypto_map.interfaces:
                yield text, "no interface carries this map", entry.line
        for line in crypto_map.other:
            yield line, f"of crypto map {crypto_map.name}", crypto_map.line
    for profile in config.crypto.isakmp_profiles:
        yield f"crypto isakmp profile {profile.name}", "another VPN, or one that the intent cannot say", profile.line


def _unused(config: RunningConfig) -> Iterator[Left]:
    """Transform sets and profiles that no GDOI group needs."""
    profiles = {sa.profile for group in config.gdoi_groups if group.server_local for sa in group.server_local.sas}
    sets = {name for item in config.crypto.ipsec_profiles if item.name in profiles for name in item.transform_sets}
    sets |= {name for group in config.gdoi_groups for name in group.client.transform_sets}
    for profile in config.crypto.ipsec_profiles:
        if profile.name not in profiles:
            yield f"crypto ipsec profile {profile.name}", "no GDOI group uses it", profile.line
    for held in config.crypto.transform_sets:
        if held.name not in sets:
            yield f"crypto ipsec transform-set {held.name}", "no GDOI group uses it", held.line


def _dead_lists(config: RunningConfig) -> Iterator[Left]:
    for held in config.access_lists:
        own = (
            f"access-list {held.name} ",
            f"ip access-list {held.type} {held.name} ",
            f"ipv6 access-list {held.name} ",
        )

        def passes(line: ConfigLine, own: tuple[str, ...] = own) -> bool:
            return f"{line.text} ".startswith(own)

        if next(mentions(config.tree, held.name, passes), None) is None:
            yield f"access list {held.name}", "nothing refers to it", held.line


def _dangling(config: RunningConfig) -> Iterator[Left]:
    """Names of lists that nothing defines, where the router has a GDOI group."""
    known = {item.name for item in config.access_lists}
    for group in config.gdoi_groups:
        local = group.server_local
        if local is None:
            continue
        for what, name in (
            ("rekey address ipv4", local.rekey.address_acl),
            ("authorization address ipv4", local.authorization_acl),
        ):
            if name is not None and name not in known:
                yield f"{what} {name}", "it is named and not defined", local.line
