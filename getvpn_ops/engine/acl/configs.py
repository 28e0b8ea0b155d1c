"""Access lists out of configurations, where no show command tells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from getvpn_ops.checks.acl.views import RekeyTransport
from getvpn_ops.model.config import RunningConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from getvpn_ops.checks.views import InGroup
    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.config.gdoi import LocalServerConfig
    from getvpn_ops.model.fleet import DeviceState, Sample
    from getvpn_ops.model.outcome import Seen

_FILTERED = "the output was filtered by"
_REPEATS = "repeats the line above it"
_REPEATED = re.compile(rf"line (?P<line>\d+) {_REPEATS}")
_LIST = re.compile(r"(?:ip |ipv6 )?access-list ")
_PLACED = "by what they say, not by their indentation"
"""An entry that lost its indentation, as in print, is one of the list above it, and of nothing else."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Entries, and where they were seen.

    Attributes:
        entries: of one list, or of several in the order of their effect.
        seen: where; None if nothing was.
        missing: why there are none; empty if they are known.
    """

    entries: tuple[Ace, ...] = ()
    seen: Seen | None = None
    missing: str = ""


def config_of(state: DeviceState) -> Sample[RunningConfig] | None:
    """The newest configuration of a device that holds its access lists; None if there is none."""
    samples = [sample for sample in state.samples(RunningConfig) if _has_lists(sample)]
    return samples[-1] if samples else None


def _has_lists(sample: Sample[RunningConfig]) -> bool:
    """Whether it is whole, or was filtered for access lists."""
    _, _, shown = sample.seen.command.partition("|")
    return not shown or "access-list" in shown


def doubt_of(sample: Sample[RunningConfig]) -> str:
    """Why a configuration may lack lines about access lists, in words; empty if it surely has them all.

    A filter for access lists hides none of them. It shows ``crypto map`` once for each interface that has the map, so
    that equal lines follow each other.
    """
    filtered = "|" in sample.seen.command
    harmless = (_PLACED, *((_FILTERED, _REPEATS) if filtered else ()))
    doubts = (text for text in sample.doubts if not any(words in text for words in harmless))
    return next((text for text in doubts if not _elsewhere(text, sample.value)), "")


def _elsewhere(doubt: str, config: RunningConfig) -> bool:
    """Whether a doubt is about a repeated line outside of access lists, such as two NTP servers made anonymous."""
    found = _REPEATED.match(doubt)
    if found is None:
        return False
    lists = (line for line in config.tree if _LIST.match(line.text))
    return int(found["line"]) not in {item.line + more for line in lists for item in line.walk() for more in (0, 1)}


def policy_from_config(server: InGroup, reason: str) -> Lists:
    """What a key server is configured to encrypt for a group.

    Args:
        server: in the group.
        reason: why no show command tells; given back if the configuration does not either.
    """
    config, local = _server(server)
    if config is None or local is None:
        return Lists(missing=reason)
    return _named(config, [sa.match_acl for sa in local.sas if sa.match_acl is not None], server, reason)


def local_from_config(member: InGroup, reason: str) -> dict[str, Lists]:
    """A member's own list for a group, as configured, by crypto map; without entries where its map names none.

    Args:
        member: in the group.
        reason: why no show command tells; given back under an empty name if there is no configuration either.
    """
    config = config_of(member.state)
    if config is None:
        return {"": Lists(missing=reason)}
    maps = maps_of(config.value, member.local_name)
    if not maps:
        return {"": Lists(missing=f"{member.device}: no crypto map of its configuration has group {member.local_name}")}
    doubt = doubt_of(config)
    none = Lists(seen=config.seen, missing=f"{member.device}: {doubt}" if doubt else "")
    return {name: _named(config, lists, member, reason) if lists else none for name, lists in maps.items()}


def maps_of(config: RunningConfig, group: str) -> dict[str, tuple[str, ...]]:
    """The crypto maps by which a member is in a group, with the own lists that each names."""
    found: dict[str, tuple[str, ...]] = {}
    for crypto_map in config.crypto_maps:
        entries = [entry for entry in crypto_map.entries if entry.group == group]
        if entries:
            found[crypto_map.name] = tuple(dict.fromkeys(item.match_acl for item in entries if item.match_acl))
    return found


def _named(config: Sample[RunningConfig], names: Iterable[str], device: InGroup, reason: str) -> Lists:
    found: list[Ace] = []
    wanted = list(names)
    for name in wanted:
        lists = [item for item in config.value.access_lists if item.name == name]
        if not lists:
            return Lists(missing=f"{device.device}: access list {name} is named and not defined")
        if strange := [line for item in lists for line in item.other]:
            return Lists(
                missing=f"{device.device}: access list {name} holds a line that is not understood: {strange[0]}"
            )
        found += [ace for item in lists for ace in item.entries]
    if not wanted:
        return Lists(missing=f"{device.device}: its configuration names no access list for group {device.local_name}")
    if doubt := doubt_of(config):
        return Lists(missing=f"{device.device}: {config.seen.command} may not be whole: {doubt}")
    return Lists(tuple(found), config.seen) if found else Lists(missing=reason)


def _server(server: InGroup) -> tuple[Sample[RunningConfig] | None, LocalServerConfig | None]:
    config = config_of(server.state)
    if config is None:
        return None, None
    for group in config.value.gdoi_groups:
        if group.name == server.local_name and group.server_local is not None:
            return config, group.server_local
    return config, None


def rekey_from_config(server: InGroup) -> RekeyTransport | None:
    """Where a key server is configured to send rekeys; None if that is not known.

    Multicast is the default of ``rekey transport``; its address is the destination of the list that ``rekey address``
    names.
    """
    config, local = _server(server)
    if config is None or local is None:
        return None
    if local.rekey.transport_unicast:
        return RekeyTransport(seen=(config.seen,))
    if local.rekey.address_acl is None:
        return None
    lists = _named(config, [local.rekey.address_acl], server, "")
    networks = [ace.destination.network for ace in lists.entries if ace.action == "permit" and ace.destination]
    addresses = tuple(
        network.network_address
        for network in networks
        if isinstance(network, IPv4Network | IPv6Network) and network.num_addresses == 1
    )
    if not addresses:
        reason = lists.missing or f"{server.device}: access list {local.rekey.address_acl} names no single address"
        return RekeyTransport(missing=reason)
    return RekeyTransport(addresses, seen=(config.seen,))


def used_by_servers(config: RunningConfig) -> frozenset[str]:
    """Names of the lists that say what groups of this key server encrypt."""
    served = [group.server_local for group in config.gdoi_groups if group.server_local is not None]
    return frozenset(sa.match_acl for local in served for sa in local.sas if sa.match_acl is not None)


def used_locally(config: RunningConfig) -> frozenset[str]:
    """Names of the lists that are this member's own exceptions."""
    entries = [entry for crypto_map in config.crypto_maps for entry in crypto_map.entries if entry.type == "gdoi"]
    return frozenset(entry.match_acl for entry in entries if entry.match_acl is not None)
