"""GDOI groups that are described whole, held against their routers: names, addresses, lists, releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.devices.inventory.intent_lists import Lists
from getvpn_ops.devices.inventory.own_words import own_place
from getvpn_ops.dialect.releases import Feature, first_text, release_of
from getvpn_ops.model.intent.router import FailCloseIntent
from getvpn_ops.rendering.group import registering
from getvpn_ops.settings.mistakes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nornir.core.inventory import Host

    from getvpn_ops.devices.inventory.gdoi_groups import GroupFile
    from getvpn_ops.devices.inventory.own_words import OwnWords
    from getvpn_ops.devices.inventory.source import Origins
    from getvpn_ops.model.intent.group import GdoiGroupIntent
    from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Address
    from getvpn_ops.settings.mistakes import Mistakes, Where
    from getvpn_ops.settings.yaml_file import Document


_FEW = 5  # names in a note


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything that is checked together.

    Attributes:
        inventory: devices and groups, as the rest of the program will see them.
        files: of the groups.
        words: what routers have otherwise, by device and group.
        hosts: as Nornir has them, by name.
        origins: where they stand.
    """

    inventory: Inventory
    files: Mapping[str, GroupFile]
    words: Mapping[tuple[str, str], OwnWords]
    hosts: Mapping[str, Host]
    origins: Origins

    def whole(self) -> tuple[str, ...]:
        """Groups that are described whole."""
        return tuple(name for name, intent in self.inventory.gdoi_groups.items() if intent.policies is not None)

    def host_place(self, device: str, key: str) -> tuple[Document | str, Where]:
        """File and path of a value in a host's data."""
        return self.origins.of_data(self.hosts[device], (key,))

    def place(self, group: str, device: str, where: Where, *, server: bool = False) -> tuple[Document | str, Where]:
        """File and path of what is said of a router in a group: its own word, or the group's for all.

        Where nobody says it, the path is that of the router's own word.
        """
        words = self.words.get((device, group))
        said = words is not None and where[0] in words.said_by
        intent = self.files[group].intent
        defaults = intent.key_server_defaults if server else intent.member_defaults
        if not said and where[0] in defaults.model_fields_set:
            return self.files[group].document, ("key_server_defaults" if server else "member_defaults", *where)
        return own_place(self.origins, self.hosts[device], group, where) if words is None else words.place(where)


def look_at_routers(fleet: Fleet, mistakes: Mistakes) -> None:
    """Check each group that is described whole against its routers.

    Args:
        fleet: everything.
        mistakes: gets every contradiction.
    """
    for group in fleet.whole():
        _GroupCheck(fleet, group, mistakes).run()


def router_notes(inventory: Inventory) -> Iterator[str]:
    """What keeps routers from being rendered, and is no mistake while a group is being written."""
    for name, intent in inventory.gdoi_groups.items():
        if intent.policies is None:
            continue
        members = inventory.members(name)
        bare = [item.name for item in members if not inventory.member_intent(name, item.name).interfaces]
        if bare:
            few = ", ".join(bare[:_FEW]) + (f" and {len(bare) - _FEW} more" if len(bare) > _FEW else "")
            yield f"GDOI group {name}: getvpn: {name}: interfaces is not said, so nothing can be rendered for: {few}"


@dataclass(frozen=True, slots=True)
class _GroupCheck:
    fleet: Fleet
    group: str
    mistakes: Mistakes

    @property
    def intent(self) -> GdoiGroupIntent:
        return self.fleet.files[self.group].intent

    @property
    def servers(self) -> tuple[Device, ...]:
        return self.fleet.inventory.key_servers(self.group)

    @property
    def server_names(self) -> tuple[str, ...]:
        """Also of those that are wrong by themselves."""
        return self.intent.key_servers or tuple(item.name for item in self.servers)

    def run(self) -> None:
        servers, members = self.servers, self.fleet.inventory.members(self.group)
        if not self.server_names:
            self._tell(("policies",), f"a group with policies needs key servers, and {self.group} has none")
        self._priorities()
        self._identifiers()
        self._releases((*servers, *members))
        self._server_addresses(servers)
        self._member_addresses(members)
        lists = Lists(self.intent, self.fleet.files[self.group].document, self.mistakes)
        for device in members:
            self._member(device, lists)
        for device in servers:
            self._numbers(device.name, self.fleet.inventory.key_server_intent(self.group, device.name))

    def _tell(self, where: Where, text: str) -> None:
        self.mistakes.at(self.fleet.files[self.group].document, where, text)

    def _no_server(self, name: str) -> str:
        near = nearest(name, self.server_names)
        return f"{name!r} is no key server of {self.group}{f'; did you mean {near}?' if near else ''}"

    def _priorities(self) -> None:
        said, where = self.intent.coop.priorities, ("coop", "priorities")
        if said is None:
            return
        seen: dict[int, str] = {}
        for name, priority in said.items():
            if name not in self.server_names:
                self._tell((*where, name), self._no_server(name))
            elif (first := seen.setdefault(priority, name)) != name:
                self._tell((*where, name), f"{first} has the priority {priority} already")
        if missing := [name for name in self.server_names if name not in said]:
            self._tell(where, f"expected a priority for every key server, and {', '.join(missing)} has none")

    def _identifiers(self) -> None:
        kssid, where = self.intent.kssid, ("kssid", "values")
        if kssid is None or kssid.values is None:
            return
        seen: dict[int, str] = {}
        for name, values in kssid.values.items():
            if name not in self.server_names:
                self._tell((*where, name), self._no_server(name))
                continue
            for place, value in enumerate(values):
                if value in seen:
                    self._tell((*where, name, place), f"{seen[value]} has the identifier {value} already")
                seen.setdefault(value, name)
        if missing := [name for name in self.server_names if not kssid.values.get(name)]:
            self._tell(where, f"expected identifiers for every key server, and {', '.join(missing)} has none")

    def _releases(self, devices: Iterable[Device]) -> None:
        if self.intent.keyword != "gkm":
            return
        old = [
            f"{item.name} ({item.release})"
            for item in devices
            if (release := release_of(item.release)) is not None and not release.has(Feature.GKM)
        ]
        if old:
            needed = f"gkm needs {first_text(Feature.GKM)} or later"
            self._tell(("keyword",), f"{needed}: expected gdoi for {', '.join(old)}")

    def _server_addresses(self, servers: Iterable[Device]) -> None:
        version = self.intent.ip
        seen: dict[Address, str] = {}
        for device in servers:
            said = self.fleet.inventory.key_server_intent(self.group, device.name).address
            known = registering(device.gdoi_addresses, version) if said is None else (said,)
            place = self.fleet.place(self.group, device.name, ("address",), server=True)
            if said is not None and said.version == 6 and version == 4:  # noqa: PLR2004 -- IP versions
                self.mistakes.at(*place, f"expected an IPv4 address, found {said}")
            elif not known:
                self.mistakes.at(
                    *self.fleet.host_place(device.name, "gdoi_addresses"),
                    f"expected {_an_address(version)} that members of {self.group} register with, found none",
                )
            elif (first := seen.setdefault(known[0], device.name)) != device.name:
                self.mistakes.at(*place, f"{device.name} has the address {known[0]} of {first}")

    def _member_addresses(self, members: Iterable[Device]) -> None:
        """Addresses that the text of key servers needs: of keys, and of the list of who may register."""
        intent, said = self.intent, self.intent.authorization
        listed = said is None or (said.members and not said.acl and not said.identity)
        seen: dict[Address, str] = {}
        for device in members:
            own = self.fleet.inventory.member_intent(self.group, device.name).addresses
            known = device.gdoi_addresses if own is None else own
            if (listed or not intent.ike.pki) and not registering(known, intent.ip):
                self.mistakes.at(
                    *self.fleet.host_place(device.name, "gdoi_addresses"),
                    f"expected {_an_address(intent.ip)} that key servers of {self.group} know it by, found none",
                )
            for number, address in enumerate(own or ()):
                place = self.fleet.place(self.group, device.name, ("addresses", number))
                if address.version == 6 and intent.ip == 4:  # noqa: PLR2004 -- IP versions
                    self.mistakes.at(*place, f"expected an IPv4 address, found {address}")
                elif address not in device.gdoi_addresses:
                    self.mistakes.at(*place, f"{address} is not among the gdoi_addresses of {device.name}")
                elif (first := seen.setdefault(address, device.name)) != device.name:
                    self.mistakes.at(*place, f"{device.name} has the address {address} of {first}")

    def _member(self, device: Device, lists: Lists) -> None:
        own = self.fleet.inventory.member_intent(self.group, device.name)

        def place(where: Where) -> tuple[Document | str, Where]:
            return self.fleet.place(self.group, device.name, where)

        for number, name in enumerate(own.servers or ()):
            if name not in self.server_names:
                self.mistakes.at(*place(("servers", number)), self._no_server(name))
        if own.keyring is not None and own.vrf is None:
            self.mistakes.at(*place(("keyring",)), "a keyring holds the keys of a VRF: expected vrf beside it")
        if (self.fleet.words.get((device.name, self.group))) is not None:
            self._closes(own, device)
            lists.member(own, place)
        self._numbers(device.name, own)

    def _closes(self, own: MemberIntent, device: Device) -> None:
        """Health checks hold every member to the group's ``fail_close``: its own word must not contradict it."""
        expected, said = self.intent.fail_close, own.fail_close
        if expected is None or said is None:
            return
        if (isinstance(said, FailCloseIntent) and said.activate) is not expected:
            text = f"fail_close of {self.group} is {str(expected).lower()}: expected the same of {device.name}"
            self.mistakes.at(*self.fleet.place(self.group, device.name, ("fail_close",)), text)

    def _numbers(self, device: str, own: MemberIntent | KeyServerIntent) -> None:
        words = self.fleet.words.get((device, self.group))
        if words is None or "ike_policies" not in words.said_by:
            return  # those of the group's file are looked at once
        seen: set[int] = set()
        for place, policy in enumerate(own.ike_policies or ()):
            if policy.number in seen:
                where: Where = ("ike_policies", place, "number")
                self.mistakes.at(*words.place(where), f"policy {policy.number} stands twice")
            seen.add(policy.number)


def _an_address(version: int) -> str:
    """What a router needs: routers of an IPv6 group register by IPv4 where they have it."""
    return "an IPv4 address" if version == 4 else "an address"  # noqa: PLR2004 -- IP version
