"""What each host's entry should say; a person's words stay, and contradictions are told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from getvpn_ops.engine.adopt.told import Kind
from getvpn_ops.model.intent.router import KeyServerIntent, MemberIntent
from getvpn_ops.model.inventory import Device, Inventory, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from getvpn_ops.engine.adopt.groups import FoundGroup
    from getvpn_ops.engine.adopt.seen import Router
    from getvpn_ops.engine.adopt.told import Remarks
    from getvpn_ops.model.values import Address


@dataclass(frozen=True, slots=True)
class HostWords:
    """What one host's entry should say.

    Attributes:
        data: keys of ``data`` that it does not say yet.
        known: whether the inventory has the host already.
        hint: an address that may be its management address; None if nothing tells.
    """

    data: dict[str, Any]
    known: bool
    hint: Address | None = None


@dataclass(frozen=True, slots=True)
class HostWriter:
    """Writes entries of hosts.

    Attributes:
        groups: that were found.
        inventory: what is known already.
        addresses: that GDOI knows each device by.
        places: groups of each router.
        own: words of each router by group.
        remarks: gets contradictions.
    """

    groups: Sequence[FoundGroup]
    inventory: Inventory
    addresses: Mapping[str, tuple[Address, ...]]
    places: Mapping[str, list[FoundGroup]]
    own: Mapping[str, dict[str, dict[str, Any]]]
    remarks: Remarks

    def hosts(self, routers: Iterable[Router]) -> tuple[dict[str, HostWords], dict[str, Device]]:
        """Entries of all hosts that are in a group, or could be; and the devices that they make."""
        entries: dict[str, HostWords] = {}
        devices: dict[str, Device] = {}
        for router in routers:
            entries[router.name], devices[router.name] = self._host(router)
        unseen: dict[str, list[str]] = {}
        for group in self.groups:
            for name in group.unseen:
                if name not in devices:
                    unseen.setdefault(name, []).append(group.name)
        for name, places in unseen.items():
            device = self.inventory.devices.get(name, Device(name))
            entries[name], devices[name] = self._entry(
                replace(
                    device,
                    role=Role.KEY_SERVER,
                    gdoi_groups=tuple(dict.fromkeys((*device.gdoi_groups, *places))),
                    gdoi_addresses=self.addresses[name],
                )
            )
        return entries, devices

    def _host(self, router: Router) -> tuple[HostWords, Device]:
        device = router.device
        places = self.places.get(router.name, [])
        role = self._role(router, places)
        groups = [group.name for group in places]
        known = [name for name in device.gdoi_groups if name not in groups]
        if known and places:
            text = f"the inventory has it in {', '.join(known)}"
            self.remarks.add(Kind.FINDING, router.name, text, "its configuration does not")
        own = self.own.get(router.name, {})
        member = {name: MemberIntent.model_validate(words) for name, words in own.items() if role is Role.MEMBER}
        server = {name: KeyServerIntent.model_validate(words) for name, words in own.items() if role is Role.KEY_SERVER}
        made = replace(
            device,
            role=role,
            gdoi_groups=tuple(dict.fromkeys((*groups, *known))) if role is not Role.OUTSIDER else (),
            gdoi_addresses=self.addresses.get(router.name, device.gdoi_addresses),
            release=router.release or device.release,
            model=device.model or router.model,
            serial=device.serial or router.serial,
            member_of={**device.member_of, **member},
            server_of={**device.server_of, **server},
        )
        self._contradictions(router)
        words, made = self._entry(made, own)
        return replace(words, hint=_loopback(router)), made

    def _role(self, router: Router, places: Sequence[FoundGroup]) -> Role | None:
        if not places:
            return router.device.role or (None if router.config.gdoi_groups else Role.OUTSIDER)
        serves = any(seat.router is router for group in places for seat in group.servers)
        seen = Role.KEY_SERVER if serves else Role.MEMBER
        if router.device.role not in {None, seen}:
            text = f"the inventory says role {router.device.role}, its configuration {seen}"
            self.remarks.add(Kind.FINDING, router.name, text, "mend the inventory: the two cannot stand together")
        return seen

    def _contradictions(self, router: Router) -> None:
        device = router.device
        for what, said, shown in (
            ("release", device.release, router.release),
            ("serial", device.serial, router.serial),
            ("model", device.model, router.model),
        ):
            if said and shown and said.casefold() != shown.casefold():
                self.remarks.add(
                    Kind.FINDING, router.name, f"{what} {shown}", f"the inventory says {said}: one of the two is old"
                )

    def _entry(self, made: Device, own: Mapping[str, dict[str, Any]] | None = None) -> tuple[HostWords, Device]:
        """What an entry must say beside what the inventory has already."""
        before = self.inventory.devices.get(made.name)
        words: dict[str, Any] = {
            "role": None if made.role is None else str(made.role),
            "gdoi_groups": list(made.gdoi_groups),
            "gdoi_addresses": [str(address) for address in made.gdoi_addresses],
            "release": made.release,
            "model": made.model,
            "serial": made.serial,
            "getvpn": {name: said for name, said in (own or {}).items() if said},
        }
        if before is not None:
            known = {
                "role": None if before.role is None else str(before.role),
                "gdoi_groups": list(before.gdoi_groups),
                "gdoi_addresses": [str(address) for address in before.gdoi_addresses],
                "release": before.release,
                "model": before.model,
                "serial": before.serial,
            }
            words = {key: value for key, value in words.items() if known.get(key) != value}
        kept = {key: value for key, value in words.items() if value}
        if made.role is Role.OUTSIDER and before is None:
            kept["gdoi_groups"] = []
        return HostWords(kept, known=before is not None), made


def _loopback(router: Router) -> Address | None:
    """The address of the first loopback, which often is the management address."""
    for item in router.config.interfaces:
        if item.name.startswith("Loopback") and item.vrf is None:
            for held in item.addresses:
                if held.interface is not None:
                    return held.interface.ip
    return None
