"""The worked example with its traffic, without a network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bank import INVENTORY, Bank
from screens import Screen

from getvpn_ops.lab import inventory
from getvpn_ops.lab.faults import kind
from getvpn_ops.lab.gdoi.harms import HARMS
from getvpn_ops.lab.packets.flows import standard_flows
from getvpn_ops.lab.packets.ledger import Ledger
from getvpn_ops.lab.packets.sites import read_sites
from getvpn_ops.lab.packets.surroundings import Around
from getvpn_ops.lab.packets.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from getvpn_ops.lab.gdoi.state import Counters, MemberState
    from getvpn_ops.lab.ios.router import Router


class FlowingBank(Bank):
    """29 routers between which packets flow."""

    def __init__(self, minutes: float = 5, configs: str = "running", only: Collection[str] = ()) -> None:
        super().__init__(minutes, configs, only)
        world = self.world
        sites = read_sites(
            [(host, world.routers[host.name]) for host in inventory.read(INVENTORY) if host.name in world.routers]
        )
        around = Around(world.routers, world.paths)
        self.traffic = Traffic(standard_flows(sites, 7), sites, around, self.clock, Ledger(self.clock.now))
        world.observers.append(lambda router, _member: self.traffic.changed(router.hostname))
        world.paths.changed.append(self.traffic.path_changed)
        for router in world.routers.values():
            router.applied.append(partial(self.traffic.configured, router.hostname))
            router.gdoi.shown = self._shown(router)
            router.gdoi.ping = partial(self.traffic.answers, router.hostname)

    def _shown(self, router: Router) -> Callable[[MemberState], Counters]:
        return lambda member: self.traffic.shown(router.hostname, member)

    def harm(self, name: str, device: str, **options: str) -> Callable[[], None] | None:
        """Put a fault on a device; returns how it is undone."""
        return HARMS[name](self.world, device, {**kind(name).options, **options})

    def type(self, device: str, *lines: str) -> str:
        """Type at a router's prompt."""
        screen = Screen(router=self.world.routers[device])
        shown = screen.enter(*lines)
        if screen.terminal in screen.router.sessions:
            screen.router.sessions.remove(screen.terminal)
        return shown

    def configure(self, device: str, *lines: str) -> str:
        """Type in configuration mode, and leave it."""
        return self.type(device, "configure terminal", *lines, "end")
