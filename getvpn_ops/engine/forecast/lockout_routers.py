"""Configurations and inventory -> routers as packets meet them, for ``analysis.lockout``.

Members are taken as registered, with the list and direction that their key servers give: steady states are judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lists.indexed import IndexedList
from getvpn_ops.analysis.lockout.routers import Door, Filter, Holder, Router
from getvpn_ops.analysis.traffic.members import Member, TrafficKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from getvpn_ops.model.acl import Ace
    from getvpn_ops.model.config import ConfigLine, RunningConfig
    from getvpn_ops.model.config.crypto import CryptoMap, CryptoMapEntry
    from getvpn_ops.model.config.gdoi import GdoiGroupConfig, LocalServerConfig
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.config.system import AccessList
    from getvpn_ops.model.inventory import Device
    from getvpn_ops.model.values import Address, Network

_NOT_SEEN = "its configuration was not seen"


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """What the key servers of one group give.

    Attributes:
        entries: the list.
        receive_only: ``sa receive-only``.
        name: of the list, for people.
        missing: why nothing is known of it; empty if something is.
    """

    entries: tuple[Ace, ...] = ()
    receive_only: bool = False
    name: str = ""
    missing: str = ""


def identity(group: GdoiGroupConfig) -> str:
    """What routers of a group agree on, as text; names are local."""
    return str(group.identity_number if group.identity_number is not None else group.identity_address or group.name)


def policies(configs: Mapping[str, RunningConfig]) -> dict[str, GroupPolicy]:
    """What key servers are configured to give, by identity of the group. Where they differ, nothing is known."""
    found: dict[str, tuple[str, GroupPolicy]] = {}
    for device, config in configs.items():
        lists = _lists(config)
        for group in config.gdoi_groups:
            if group.server_local is None:
                continue
            key, policy = identity(group), _policy(device, group.server_local, lists)
            first, held = found.setdefault(key, (device, policy))
            if _said(held) != _said(policy) and not held.missing:
                reason = f"{first} and {device} are configured to give group {group.name} different things"
                found[key] = first, GroupPolicy(missing=policy.missing or reason)
    return {key: policy for key, (_, policy) in found.items()}


def _said(policy: GroupPolicy) -> object:
    entries = tuple(ace.text for ace in policy.entries if ace.action != "remark")
    return entries, policy.receive_only, policy.missing


def _policy(device: str, local: LocalServerConfig, lists: Mapping[str, AccessList]) -> GroupPolicy:
    names = [sa.match_acl for sa in local.sas if sa.match_acl is not None]
    entries: list[Ace] = []
    for name in names:
        item = lists.get(name)
        if item is None or item.other:
            what = "is not defined" if item is None else f"holds a line that is not understood: {item.other[0]}"
            return GroupPolicy(missing=f"{device}: access list {name} {what}")
        entries += item.entries
    if not names:
        return GroupPolicy(missing=f"{device}: no access list says what the group encrypts")
    return GroupPolicy(tuple(entries), bool(local.receive_only), ", ".join(names))


def _lists(config: RunningConfig) -> dict[str, AccessList]:
    return {item.name: item for item in config.access_lists}


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the routers of a fleet; equal lists become one object.

    Attributes:
        given: what key servers give, by identity of the group.
    """

    given: Mapping[str, GroupPolicy]
    _shared: dict[tuple[object, object], IndexedList] = field(default_factory=dict)

    def router(self, device: Device, config: RunningConfig | None) -> Router:
        """One router.

        Args:
            device: of the inventory.
            config: of it; None: it was not seen.
        """
        if config is None:
            return Router(
                device.name,
                prefixes=tuple(("", prefix) for prefix in device.prefixes),
                addresses=known_addresses(device),
                idle=device.idle,
                unseen=_NOT_SEEN,
            )
        lists = _lists(config)
        ports = [port for port in config.interfaces if not port.shutdown]
        maps = {item.name: item for item in config.crypto_maps}
        gdoi = {name: item for name, item in maps.items() if any(entry.type == "gdoi" for entry in item.entries)}
        doors = tuple(self._door(device.name, port, config, gdoi, maps) for port in ports)
        vty = [line for line in config.tree if line.text.startswith("line vty ")]
        return Router(
            device.name,
            doors,
            {name: self._members(device.name, item, config, lists) for name, item in gdoi.items()},
            {name: closing for name, item in gdoi.items() if (closing := _closing(device.name, item, lists))},
            tuple(_access_class(device.name, line, lists) for line in vty),
            _no_ssh(vty),
            tuple((_vrf(prefix, doors), prefix) for prefix in device.prefixes),
            idle=device.idle,
        )

    def _door(
        self,
        device: str,
        port: InterfaceConfig,
        config: RunningConfig,
        gdoi: Mapping[str, CryptoMap],
        maps: Mapping[str, CryptoMap],
    ) -> Door:
        lists = _lists(config)
        lender = next((item for item in config.interfaces if item.name == port.unnumbered), None)
        held = [*port.addresses, *port.ipv6_addresses, *(lender.addresses if lender is not None else ())]
        addresses = tuple(item.interface for item in held if item.interface is not None)
        six = any(address.version != 4 for address in addresses) and port.acl_in is None  # noqa: PLR2004 -- IPv6
        carried = [name for name in (port.crypto_map, port.ipv6_crypto_map) if name is not None and name in maps]
        name = next((name for name in carried if name in gdoi), "")
        others = [maps[name] for name in carried]
        return Door(
            port.name,
            addresses,
            port.vrf or "",
            port.name.casefold().startswith("loopback"),
            _filter(device, Holder.ACCESS_GROUP, port.ipv6_acl_in if six else port.acl_in, lists, f"{port.name} in"),
            _filter(device, Holder.ACCESS_GROUP, port.ipv6_acl_out if six else port.acl_out, lists, f"{port.name} out"),
            name,
            tuple(
                found
                for item in others
                for entry in item.entries
                if entry.type != "gdoi"
                and (found := _filter(device, Holder.MAP, entry.match_acl, lists, f"{item.name} {entry.sequence}"))
            ),
            self._names(gdoi[name], config) if name else {},
        )

    def _names(self, item: CryptoMap, config: RunningConfig) -> dict[Holder, str]:
        entry = next(entry for entry in item.entries if entry.type == "gdoi")
        group = _group(entry, config)
        given = self.given.get(identity(group)) if group is not None else None
        closes = item.fail_close.match_acl if item.fail_close is not None else None
        found = {
            Holder.LOCAL: entry.match_acl,
            Holder.GROUP: given.name if given is not None else None,
            Holder.FAIL_CLOSE: closes,
        }
        return {holder: name for holder, name in found.items() if name}

    def _members(
        self, device: str, item: CryptoMap, config: RunningConfig, lists: Mapping[str, AccessList]
    ) -> tuple[Member, ...]:
        entries = sorted((entry for entry in item.entries if entry.type == "gdoi"), key=lambda entry: entry.sequence)
        return tuple(self._member(device, entry, config, lists) for entry in entries)

    def _member(
        self, device: str, entry: CryptoMapEntry, config: RunningConfig, lists: Mapping[str, AccessList]
    ) -> Member:
        group = _group(entry, config)
        if group is None:
            return Member(device, unseen=f"group {entry.group} of its crypto map is not defined")
        given = self.given.get(identity(group))
        if given is None or given.missing:
            reason = given.missing if given is not None else f"what the key servers of {group.name} give was not seen"
            return Member(device, unseen=reason)
        local: tuple[Ace, ...] = ()
        if entry.match_acl is not None:
            own = lists.get(entry.match_acl)
            if own is None or own.other:
                return Member(device, unseen=f"its own list {entry.match_acl} is not defined, or not understood")
            local = own.entries
        key = tuple(ace.text for ace in local), identity(group)
        effective = self._shared.setdefault(key, IndexedList(local, given.entries))
        spi = TrafficKey(sorted(self.given).index(identity(group)) + 1)
        return Member(
            device,
            keys=(spi,),
            lists=effective,
            downloaded=True,
            receive_only=given.receive_only,
            passive=bool(group.passive),
        )


def _group(entry: CryptoMapEntry, config: RunningConfig) -> GdoiGroupConfig | None:
    return next((group for group in config.gdoi_groups if group.name == entry.group), None)


def _closing(device: str, item: CryptoMap, lists: Mapping[str, AccessList]) -> Member | None:
    """What it is before it has registered; a list that is not defined lets nothing pass."""
    closes = item.fail_close
    if closes is None or not closes.activated:
        return None
    held = lists.get(closes.match_acl or "")
    return Member(device, fail_close=True, bypass=held.entries if held is not None else ())


def _filter(
    device: str, holder: Holder, name: str | None, lists: Mapping[str, AccessList], where: str
) -> Filter | None:
    if name is None:
        return None
    held = lists.get(name)
    strange = held.other[0] if held is not None and held.other else ""
    return Filter(device, holder, f"{name} ({where})", held.entries if held is not None else None, strange)


def _access_class(device: str, line: ConfigLine, lists: Mapping[str, AccessList]) -> Filter | None:
    for child in line.commands:
        words = child.text.split()
        if words[0] == "access-class" and "in" in words[2:]:
            return _filter(device, Holder.ACCESS_CLASS, words[1], lists, line.text)
    return None


def _no_ssh(vty: Iterable[ConfigLine]) -> str:
    """The ``transport input`` line that keeps SSH out, if every VTY line has one."""
    found = []
    for line in vty:
        said = [child.text for child in line.commands if child.text.startswith("transport input ")]
        if not said or {"ssh", "all"} & set(said[-1].split()):
            return ""
        found.append(said[-1])
    return found[0] if found else ""


def _vrf(prefix: Network, doors: Iterable[Door]) -> str:
    """The VRF of a network behind a router: that of the interface in it."""
    for door in doors:
        near = any(a.version == prefix.version and a.network.overlaps(prefix) for a in door.addresses)
        if near and not door.crypto and not door.loopback:
            return door.vrf
    return ""


def known_addresses(device: Device) -> tuple[Address, ...]:
    """Addresses of a router by the inventory."""
    try:
        own: tuple[Address, ...] = (ip_address(device.hostname),)
    except ValueError:
        own = ()
    return tuple(dict.fromkeys((*own, *device.gdoi_addresses)))
