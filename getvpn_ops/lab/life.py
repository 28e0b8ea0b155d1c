"""Everything that lives in a lab, tied together: machines, packets, and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getvpn_ops.lab.gdoi.variants import chosen
from getvpn_ops.lab.gdoi.world import World
from getvpn_ops.lab.packets.flow_file import read_flows
from getvpn_ops.lab.packets.flows import standard_flows
from getvpn_ops.lab.packets.ledger import Ledger
from getvpn_ops.lab.packets.sites import read_sites
from getvpn_ops.lab.packets.surroundings import Around
from getvpn_ops.lab.packets.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from getvpn_ops.lab.clock import Clock
    from getvpn_ops.lab.inventory import Host
    from getvpn_ops.lab.ios.router import Router


class Life:
    """A world with its traffic. Belongs to the thread of its clock."""

    def __init__(
        self,
        clock: Clock,
        fleet: Sequence[tuple[Host, Router]],
        seed: int,
        begins: datetime,
        flows: str | None = None,
    ) -> None:
        """Let it begin.

        Args:
            clock: of the lab.
            fleet: each host of the inventory with its router, configured.
            seed: of all chance.
            begins: when packets begin to flow; the machines live before, so that a working group works by then.
            flows: text of a file of flows; None: the standard ones.

        Raises:
            FlowError: the file of flows is wrong.
            ValueError: a host's ``variants`` are none.
        """
        routers = {router.hostname: router for _, router in fleet}
        self.world = World(clock, routers.values(), str(seed))
        for host, router in fleet:
            if given := host.data.get("variants"):
                self.world.variants[router.hostname] = chosen(given)
        self.world.start()
        clock.advance(max(begins, clock.now()))
        self.ledger = Ledger(clock.now)
        sites = read_sites(fleet)
        self.traffic = Traffic(
            standard_flows(sites, seed) if flows is None else read_flows(flows, sites),
            sites,
            Around(routers, self.world.paths),
            clock,
            self.ledger,
        )
        self.world.observers.append(lambda router, _member: self.traffic.changed(router.hostname))
        self.world.paths.changed.append(self.traffic.path_changed)
        for router in routers.values():
            self._listen(router)

    def _listen(self, router: Router) -> None:
        router.applied.append(lambda: self.traffic.configured(router.hostname))
        router.gdoi.shown = lambda member: self.traffic.shown(router.hostname, member)
        router.gdoi.ping = lambda *asked: self.traffic.answers(router.hostname, *asked)
