"""Where GETVPN will begin and end on a router, by intent and configuration: nothing of it need be there yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from getvpn_ops.analysis.lockout.needs import Addresses
from getvpn_ops.analysis.traffic.sizes import USUAL_MTU
from getvpn_ops.engine.change.migrating.performers.probing import lan_of
from getvpn_ops.model.inventory import Role
from getvpn_ops.rendering.group import plan_group
from getvpn_ops.rendering.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from getvpn_ops.model.config import RunningConfig
    from getvpn_ops.model.config.interface import InterfaceConfig
    from getvpn_ops.model.inventory import Device, Inventory
    from getvpn_ops.model.values import Address
    from getvpn_ops.rendering.group import GroupPlan

_HEADERS = 40
"""Bytes of an IP and a TCP header without options."""


@dataclass(frozen=True, slots=True)
class End:
    """A router in a group.

    Attributes:
        device: of the inventory.
        group: name of it.
        why: what keeps all else from being known; empty: nothing.
        vrf: in which it speaks with key servers; empty: the global table.
        address: by which it does.
        outer: names of the interfaces to the provider: of a key server those that hold its address.
        nat: its interface with ``ip nat``, and which word; empty: none.
        lan: address in a network behind it; None: it has none, or is a key server.
        lan_vrf: of that network.
        mtu: bytes of its links to the provider.
        clamp: bytes of the largest TCP packet that it lets pass; None: any.
        df_bit: of the outer header, by intent or configuration.
        servers: addresses of the key servers that it speaks with, by name.
    """

    device: Device
    group: str
    why: str = ""
    vrf: str = ""
    address: Address | None = None
    outer: tuple[str, ...] = ()
    nat: str = ""
    lan: Address | None = None
    lan_vrf: str = ""
    mtu: int = USUAL_MTU
    clamp: int | None = None
    df_bit: str = "copy"
    servers: Mapping[str, Address] | None = None

    @property
    def name(self) -> str:
        """Of the device."""
        return self.device.name

    @property
    def is_member(self) -> bool:
        """Whether it is a member, and no key server."""
        return self.device.role is not Role.KEY_SERVER

    @property
    def site(self) -> str:
        """Of the device, which is one of its own where none is said."""
        return self.device.site or self.device.name


class Ends:
    """The ends of one group."""

    def __init__(self, inventory: Inventory, group: str) -> None:
        """Decide what the group is, as it will be rendered."""
        self._inventory = inventory
        self._group = group
        self.plan: GroupPlan = plan_group(inventory, group, Problems())

    def of(self, device: Device, config: RunningConfig | None) -> End:
        """One router.

        Args:
            device: in the group.
            config: of it, whole; None: it was not read.
        """
        if config is None:
            return End(device, self._group, "its configuration was not read")
        book = Addresses(config)
        if device in self.plan.key_servers:
            return self._server(device, book)
        return self._member(device, config, book)

    def _server(self, device: Device, book: Addresses) -> End:
        address = self.plan.servers.get(device.name)
        if address is None:
            return End(device, self._group, "the inventory does not say its address")
        holding = [port for port in book.ports if any(address == item.ip for item in book.on(port))]
        if not holding:
            return End(device, self._group, f"no interface of it that is up has {address}")
        others = {name: known for name, known in self.plan.servers.items() if name != device.name}
        leading = [port for port in book.ports if (port.vrf or "") == (holding[0].vrf or "")]
        translating = next((port for port in (*holding, *leading) if port.nat is not None), None)
        return End(
            device,
            self._group,
            vrf=holding[0].vrf or "",
            address=address,
            outer=tuple(port.name for port in holding),
            nat=f"ip nat {translating.nat} on {translating.name}" if translating is not None else "",
            servers=others,
        )

    def _member(self, device: Device, config: RunningConfig, book: Addresses) -> End:
        own = self._inventory.member_intent(self._group, device.name)
        named = own.interfaces or ()
        outer = [port for name in named if (port := book.named(name)) is not None and port in book.ports]
        if missing := sorted(set(named) - {port.name for port in outer}):
            return End(device, self._group, f"{', '.join(missing)}, of its intent, is not there or shut down")
        if not outer:
            return End(device, self._group, "its intent names no interface for the crypto map")
        single = (own.client.registration_interface if own.client is not None else None) or own.local_address
        speaking = book.named(single) if single else outer[0]
        found = () if speaking is None else tuple(item.ip for item in book.on(speaking))
        if speaking is None or not found:
            return End(device, self._group, f"{single or outer[0].name} has no address to register from")
        vrf = own.vrf or outer[0].vrf or ""
        lan = lan_of(config, device, vrf, [port.name for port in outer])
        inner = [port for port in book.ports if (port.vrf or "") == vrf]
        clamps = [*(own.adjust_mss or {}).values(), *(port.adjust_mss for port in inner if port.adjust_mss)]
        bits = [port.df_bit for port in outer if port.df_bit is not None]
        translating = next((port for port in outer if port.nat is not None), None)
        asked = own.servers or tuple(self.plan.servers)
        return End(
            device,
            self._group,
            vrf=speaking.vrf or "",
            address=found[0],
            outer=tuple(port.name for port in outer),
            nat=f"ip nat {translating.nat} on {translating.name}" if translating is not None else "",
            lan=lan[1].ip if lan is not None else None,
            lan_vrf=vrf,
            mtu=min(_mtu(port) for port in outer),
            clamp=min(clamps) + _HEADERS if clamps else None,
            df_bit=own.df_bit or next(iter(bits), None) or config.crypto.df_bit or "copy",
            servers={name: self.plan.servers[name] for name in asked if name in self.plan.servers},
        )


def _mtu(port: InterfaceConfig) -> int:
    return port.ip_mtu or port.mtu or USUAL_MTU


def partners(ends: list[End], each: int) -> dict[str, tuple[End, ...]]:
    """With whom each member speaks: the next ones at other sites, all around, so that everybody is asked for as often.

    Args:
        ends: of one group; key servers are left out.
        each: how many.
    """
    ring = sorted((end for end in ends if end.is_member and not end.why), key=lambda end: (end.site, end.name))
    found: dict[str, tuple[End, ...]] = {}
    for at, end in enumerate(ring):
        around = (ring[(at + step) % len(ring)] for step in range(1, len(ring)))
        chosen: dict[str, End] = {}
        for other in around:
            if other.site != end.site:
                chosen.setdefault(other.site, other)
            if len(chosen) == each:
                break
        found[end.name] = tuple(chosen.values())
    return found
