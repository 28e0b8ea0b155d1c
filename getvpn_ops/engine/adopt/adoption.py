"""The door: what routers told -> the words of an inventory, proven by rendering them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from getvpn_ops.engine.adopt.checked import accepted
from getvpn_ops.engine.adopt.groups import FoundGroup, groups_of
from getvpn_ops.engine.adopt.hosts import HostWords, HostWriter
from getvpn_ops.engine.adopt.ike import by_certificates, ike_of, own_policies
from getvpn_ops.engine.adopt.keys import Keys, keys_of
from getvpn_ops.engine.adopt.leftover import look_for_leftovers
from getvpn_ops.engine.adopt.majority import hoisted
from getvpn_ops.engine.adopt.member import add_multicast, member_words, server_words, sparse_interfaces
from getvpn_ops.engine.adopt.policy import policy_of
from getvpn_ops.engine.adopt.proof import Proof, prove
from getvpn_ops.engine.adopt.told import Kind, Remark, Remarks
from getvpn_ops.model.intent.group import GdoiGroupIntent
from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent
from getvpn_ops.model.inventory import Inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from getvpn_ops.engine.adopt.seen import Router
    from getvpn_ops.model.values import Address

_COMMON = (
    "map_name", "map_sequence", "vrf", "keyring", "exceptions", "fail_close", "passive", "df_bit", "client",
    "servers", "ike_policies",
)  # fmt: skip
"""Words of members that may stand with the group. What names interfaces or addresses stays with the router."""
_LEAST = ("schema", "name", "identity", "key_servers", "direction")
"""What a file says that serves health checks alone."""
_DEFAULTS = {"map_name": "GETVPN-MAP", "map_sequence": 10}


@dataclass(frozen=True, slots=True)
class Adoption:
    """What came of it.

    Attributes:
        groups: words of each group's file, by name.
        hosts: words of each host, by name.
        inventory: the same as the rest of the program will read it.
        references: names of secrets that somebody has to provide, with the routers that need each.
        proofs: how each router compares with what was written of it.
        remarks: what a person should look at.
    """

    groups: Mapping[str, dict[str, Any]]
    hosts: Mapping[str, HostWords]
    inventory: Inventory
    references: Mapping[str, tuple[str, ...]]
    proofs: tuple[Proof, ...]
    remarks: tuple[Remark, ...]


def adopt(routers: Iterable[Router], inventory: Inventory, remarks: Remarks) -> Adoption:
    """Learn inventory data and intent from running routers. Nothing is asked, nothing is written.

    Args:
        routers: what was seen of each.
        inventory: what is known already; its words stay.
        remarks: what was told so far; gets the rest.
    """
    seen = tuple(routers)
    groups = groups_of(seen, inventory, remarks)
    keys = keys_of([group for group in groups if not _certified(group)], remarks)
    builder = _Builder(groups, keys, inventory, remarks)
    files = {group.name: builder.group(group) for group in groups}
    intents = {name: intent for name, (_, intent) in files.items()}
    hosts, devices = builder.host_writer().hosts(seen)
    made = Inventory({**inventory.devices, **devices}, {**inventory.gdoi_groups, **intents}, inventory.source)
    look_for_leftovers(seen, groups, remarks)
    in_groups = {router.name for group in groups for router in group.routers}
    proofs = prove([item for item in seen if item.name in in_groups], made, remarks)
    return Adoption(
        {name: words for name, (words, _) in files.items()},
        hosts,
        made,
        {name: tuple(sorted(held)) for name, held in sorted(keys.vault.seen.items())},
        proofs,
        remarks.all(),
    )


def _certified(group: FoundGroup) -> bool:
    """Whether a group's routers authenticate by certificates; the key servers' word counts where there is one."""
    return by_certificates(seat.router for seat in group.servers or group.members)


class _Builder:
    def __init__(self, groups: Sequence[FoundGroup], keys: Keys, inventory: Inventory, remarks: Remarks) -> None:
        self._groups = groups
        self._keys = keys
        self._inventory = inventory
        self._remarks = remarks
        self._addresses = self._all_addresses()
        self._places: dict[str, list[FoundGroup]] = {}
        for group in groups:
            for router in group.routers:
                self._places.setdefault(router.name, []).append(group)
        self._ike = {group.name: ike_of(group, remarks) for group in groups}
        self._own: dict[str, dict[str, dict[str, Any]]] = {}

    def _all_addresses(self) -> dict[str, tuple[Address, ...]]:
        """Addresses that GDOI knows each device by; the inventory's word comes first."""
        found: dict[str, dict[Address, None]] = {}
        for group in self._groups:
            for name, address in group.key_servers.items():
                found.setdefault(name, {})[address] = None
            for seat in group.members:
                found.setdefault(seat.router.name, {}).update(dict.fromkeys(seat.addresses))
        for name, those in found.items():
            device = self._inventory.devices.get(name)
            if device is not None and set(device.gdoi_addresses) >= set(those):
                found[name] = dict.fromkeys(device.gdoi_addresses)
        return {name: tuple(those) for name, those in found.items()}

    # -- groups

    def group(self, group: FoundGroup) -> tuple[dict[str, Any], GdoiGroupIntent]:
        """A group's file, and its intent; what its routers have of their own is kept for ``hosts``."""
        before = self._inventory.gdoi_groups.get(group.name)
        policy = policy_of(group, (before.coop.priorities if before else None) or {}, self._remarks)
        ike = dict(self._ike[group.name])
        if "pki" not in ike and group.name in self._keys.patterns:
            ike["psk"] = {"reference": self._keys.patterns[group.name]}
        words: dict[str, Any] = {
            "schema": 1,
            "name": group.name,
            "identity": group.identity,
            "key_servers": list(group.key_servers),
            **policy.words,
        }
        if ike and "policies" in words:
            words["ike"] = ike
        if "policies" not in words:
            reason = "no key server of it was seen" if not group.servers else "its policy cannot be said"
            self._remarks.add(Kind.NOT_PROVEN, group.name, "not described whole", f"{reason}: it serves health alone")
            words = {key: words[key] for key in _LEAST if key in words}
        members = self._members(group, (words.get("rekey") or {}).get("multicast"))
        servers = self._servers(group, policy.replays, multicast="multicast" in (words.get("rekey") or {}))
        common = hoisted(members, _COMMON)
        if group.name in self._keys.common:
            common["psk"] = self._keys.common[group.name]
        for key, value in _DEFAULTS.items():
            if common.get(key) == value:
                del common[key]
        if common:
            words["member_defaults"] = common
        for name, own in {**members, **servers}.items():
            self._own.setdefault(name, {})[group.name] = own
        intent = accepted(GdoiGroupIntent, words, group.name, self._remarks)
        if intent is None:
            least = {key: words[key] for key in _LEAST[:4]}
            return least, GdoiGroupIntent.model_validate(least)
        return words, intent

    def _members(self, group: FoundGroup, multicast: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
        found = {}
        for seat in group.members:
            name = seat.router.name
            places = self._places[name]
            words = member_words(seat, group, first=places[0] is group, remarks=self._remarks)
            add_multicast(words, seat, multicast)
            if set(seat.addresses) != set(self._of_version(name, group)):
                words["addresses"] = [str(address) for address in seat.addresses]
            if group.servers and (own := self._policies(seat.router, places, serves=False)) is not None:
                words["ike_policies"] = own
            words.update(self._keys.own.get(name, {}).get(group.name, {}))
            accepted(MemberIntent, words, name, self._remarks)
            found[name] = words
        return found

    def _servers(
        self, group: FoundGroup, replays: Mapping[str, dict[str, Any]], *, multicast: bool
    ) -> dict[str, dict[str, Any]]:
        found = {}
        for seat in group.servers:
            name = seat.router.name
            places = self._places[name]
            words = server_words(seat, group, self._addresses[name], first=places[0] is group)
            if multicast and (sparse := sparse_interfaces(seat)):
                words["multicast_interfaces"] = sparse
            if name in replays:
                words["replay"] = replays[name]
            if (own := self._policies(seat.router, places, serves=True)) is not None:
                words["ike_policies"] = own
            words.update(self._keys.own.get(name, {}).get(group.name, {}))
            accepted(KeyServerIntent, words, name, self._remarks)
            found[name] = words
        return found

    def _of_version(self, name: str, group: FoundGroup) -> tuple[Address, ...]:
        known = self._addresses[name]
        first = tuple(address for address in known if address.version == 4)  # noqa: PLR2004 -- IP version
        return first or (known if group.ip == 6 else ())  # noqa: PLR2004 -- IP version

    def _policies(self, router: Router, places: Iterable[FoundGroup], *, serves: bool) -> list[dict[str, Any]] | None:
        return own_policies(router, [self._ike[group.name] for group in places if group.servers], serves=serves)

    def host_writer(self) -> HostWriter:
        """Who writes the hosts, once every group is built."""
        return HostWriter(self._groups, self._inventory, self._addresses, self._places, self._own, self._remarks)
